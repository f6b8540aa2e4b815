-- An order: what is searched for, and the document that has everything. expires is when somebody must look at it, 0 never.
-- doc is text, because a copy has to be exact: the type JSON of MySQL rounds numbers and refuses some (1e400), that of MariaDB more than 32 levels.
CREATE TABLE IF NOT EXISTS mercer_orders (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    checkout_id VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    number VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    version BIGINT NOT NULL,
    status VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    payment_status VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    fulfillment_status VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    customer_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    email VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    placed BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    currency CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    total BIGINT NOT NULL,
    doc MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY orders_checkout (checkout_id),
    UNIQUE KEY orders_number (number),
    KEY orders_placed (placed, id),
    KEY orders_status (status, placed, id),
    KEY orders_customer (customer_id, placed, id),
    KEY orders_email (email, placed, id),
    KEY orders_expires (expires, id),
    CONSTRAINT orders_sane CHECK (version > 0 AND total >= 0 AND expires >= 0)
) ENGINE = InnoDB;

-- The history of an order: one line for each version of it.
CREATE TABLE IF NOT EXISTS mercer_order_timeline (
    order_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    version BIGINT NOT NULL,
    kind VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    from_state VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    to_state VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    text TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL,
    actor VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    cause_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (order_id, version)
) ENGINE = InnoDB;

-- Which order a fulfillment is of.
CREATE TABLE IF NOT EXISTS mercer_fulfillment (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    order_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    KEY fulfillment_order (order_id)
) ENGINE = InnoDB;

-- Numbers that were given out last.
CREATE TABLE IF NOT EXISTS mercer_counter (
    name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL
) ENGINE = InnoDB;
