-- Places where stock lies. A shop has "main" whether it is here or not.
CREATE TABLE IF NOT EXISTS mercer_location (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL,
    priority INT NOT NULL
) ENGINE = InnoDB;

-- What lies where. reserved is the sum of the reservations held or allocated.
CREATE TABLE IF NOT EXISTS mercer_stock (
    variant_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    location_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    on_hand BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    tracked INT NOT NULL,
    backorder BIGINT NOT NULL,
    version BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (variant_id, location_id),
    CONSTRAINT mercer_stock_on_hand CHECK (on_hand >= 0),
    CONSTRAINT mercer_stock_reserved CHECK (reserved >= 0),
    CONSTRAINT mercer_stock_backorder CHECK (backorder >= 0),
    CONSTRAINT mercer_stock_promised CHECK (tracked = 0 OR reserved <= on_hand + backorder)
) ENGINE = InnoDB;

-- Every change of on_hand, once for each cause. Rows are only ever added.
CREATE TABLE IF NOT EXISTS mercer_stock_movement (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    variant_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    location_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    delta BIGINT NOT NULL,
    on_hand BIGINT NOT NULL,
    reason VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    cause_id VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    actor VARCHAR(250) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    at BIGINT NOT NULL,
    UNIQUE KEY stock_movement_cause (reason, cause_id, variant_id, location_id),
    KEY stock_movement_at (at, id),
    KEY stock_movement_variant (variant_id, at, id),
    KEY stock_movement_cause_at (cause_id, at, id),
    CONSTRAINT mercer_stock_movement_on_hand CHECK (on_hand >= 0)
) ENGINE = InnoDB;

-- What is or was kept for an order. state: held, allocated, shipped, released.
CREATE TABLE IF NOT EXISTS mercer_reservation (
    order_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    variant_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    location_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    quantity BIGINT NOT NULL,
    shipped BIGINT NOT NULL,
    state VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (order_id, variant_id, location_id),
    CONSTRAINT mercer_reservation_quantity CHECK (quantity >= 0),
    CONSTRAINT mercer_reservation_shipped CHECK (shipped >= 0)
) ENGINE = InnoDB;
