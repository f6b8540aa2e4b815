-- doc is the cart as JSON text: a JSON column would sort the keys and round the
-- numbers of its metadata, which are compared. open_key is "customer|market|currency"
-- of a customer's open cart: there is one.
CREATE TABLE IF NOT EXISTS mercer_cart (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    status VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    customer_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    market VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    currency CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    open_key VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    updated BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    closed BIGINT NOT NULL,
    doc MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY cart_open (open_key),
    KEY cart_customer (customer_id, status, updated),
    KEY cart_idle (status, expires, id),
    CONSTRAINT mercer_cart_version CHECK (version > 0),
    CONSTRAINT mercer_cart_open_key CHECK ((open_key IS NOT NULL) = (status = 'open' AND customer_id IS NOT NULL))
) ENGINE = InnoDB;
