-- Prices in minor units. market '' is the base price of the currency.
CREATE TABLE IF NOT EXISTS mercer_price (
    variant_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    currency CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    market VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    min_quantity INT NOT NULL CHECK (min_quantity >= 1),
    amount BIGINT NOT NULL CHECK (amount >= 0),
    compare_at BIGINT NULL CHECK (compare_at >= 0),
    PRIMARY KEY (variant_id, currency, market, min_quantity)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS mercer_market (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    doc JSON NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS mercer_tax_rate (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    doc JSON NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS mercer_shipping_method (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    doc JSON NOT NULL
) ENGINE = InnoDB;

-- n rises in every unit that writes one of the tables above.
CREATE TABLE IF NOT EXISTS mercer_price_generation (
    name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL
) ENGINE = InnoDB;
INSERT INTO mercer_price_generation (name, n) VALUES ('pricing', 0) ON DUPLICATE KEY UPDATE name = 'pricing';
