-- Products are documents; the other columns are what they are found by. Documents
-- are text: type JSON would change numbers and the order of keys in metadata.
CREATE TABLE IF NOT EXISTS mercer_product (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    slug VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    status VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    published BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    doc LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY product_slug (slug),
    KEY product_status (status, id),
    CHECK (status IN ('draft', 'active', 'archived')),
    CHECK (version > 0)
) ENGINE = InnoDB;

-- The keys of variants, which stand in the documents of their products.
-- combo is the SHA-256 of the option values.
CREATE TABLE IF NOT EXISTS mercer_variant (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    product_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    sku VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    combo CHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY variant_sku (sku),
    UNIQUE KEY variant_combo (product_id, combo),
    CHECK (sku <> '')
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS mercer_category (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    parent_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    slug VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    position INT NOT NULL,
    doc MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY category_slug (slug),
    CHECK (parent_id <> id)
) ENGINE = InnoDB;

-- What lists of one market know of a product. price_up and price_down are the
-- lowest price in minor units; without one they stand last in either order.
CREATE TABLE IF NOT EXISTS mercer_listing (
    market VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    product_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    published BIGINT NOT NULL,
    price_up BIGINT NOT NULL,
    price_down BIGINT NOT NULL,
    price_most BIGINT NOT NULL,
    in_stock TINYINT NOT NULL,
    title_key VARCHAR(150) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    card MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (market, product_id),
    KEY listing_product (product_id),
    KEY listing_newest (market, published, product_id),
    KEY listing_cheap (market, price_up, product_id),
    KEY listing_dear (market, price_down, product_id),
    KEY listing_title (market, title_key, product_id),
    CHECK (price_up >= 0),
    CHECK (price_down >= -1),
    CHECK (price_most >= -1)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS mercer_listing_word (
    market VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    word VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    product_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    in_title TINYINT NOT NULL,
    PRIMARY KEY (market, word, product_id),
    KEY listing_word_product (product_id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS mercer_listing_key (
    market VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    kind VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    value VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    product_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (market, kind, name, value, product_id),
    KEY listing_key_product (product_id)
) ENGINE = InnoDB;

-- Counters that grow with each change, and rows that only one unit of work at a
-- time may hold ("lock:…").
CREATE TABLE IF NOT EXISTS mercer_generation (
    name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL,
    CHECK (n > 0)
) ENGINE = InnoDB;
