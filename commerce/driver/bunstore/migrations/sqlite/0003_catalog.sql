-- Products are documents; the other columns are what they are found by.
CREATE TABLE IF NOT EXISTS mercer_product (
    id TEXT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('draft', 'active', 'archived')),
    published INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    doc TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_product_status ON mercer_product (status, id);

-- The keys of variants, which stand in the documents of their products.
-- combo is the SHA-256 of the option values.
CREATE TABLE IF NOT EXISTS mercer_variant (
    id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL,
    sku TEXT UNIQUE CHECK (sku <> ''),
    combo TEXT NOT NULL,
    UNIQUE (product_id, combo)
) STRICT;

CREATE TABLE IF NOT EXISTS mercer_category (
    id TEXT NOT NULL PRIMARY KEY,
    parent_id TEXT NOT NULL CHECK (parent_id <> id),
    slug TEXT NOT NULL UNIQUE,
    position INTEGER NOT NULL,
    doc TEXT NOT NULL
) STRICT;

-- What lists of one market know of a product. price_up and price_down are the
-- lowest price in minor units; without one they stand last in either order.
CREATE TABLE IF NOT EXISTS mercer_listing (
    market TEXT NOT NULL,
    product_id TEXT NOT NULL,
    published INTEGER NOT NULL,
    price_up INTEGER NOT NULL CHECK (price_up >= 0),
    price_down INTEGER NOT NULL CHECK (price_down >= -1),
    price_most INTEGER NOT NULL CHECK (price_most >= -1),
    in_stock INTEGER NOT NULL CHECK (in_stock IN (0, 1)),
    title_key TEXT NOT NULL,
    card TEXT NOT NULL,
    PRIMARY KEY (market, product_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mercer_listing_product ON mercer_listing (product_id);
CREATE INDEX IF NOT EXISTS mercer_listing_newest ON mercer_listing (market, published, product_id);
CREATE INDEX IF NOT EXISTS mercer_listing_cheap ON mercer_listing (market, price_up, product_id);
CREATE INDEX IF NOT EXISTS mercer_listing_dear ON mercer_listing (market, price_down, product_id);
CREATE INDEX IF NOT EXISTS mercer_listing_title ON mercer_listing (market, title_key, product_id);

CREATE TABLE IF NOT EXISTS mercer_listing_word (
    market TEXT NOT NULL,
    word TEXT NOT NULL,
    product_id TEXT NOT NULL,
    in_title INTEGER NOT NULL CHECK (in_title IN (0, 1)),
    PRIMARY KEY (market, word, product_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mercer_listing_word_product ON mercer_listing_word (product_id);

CREATE TABLE IF NOT EXISTS mercer_listing_key (
    market TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('tag', 'category', 'option')),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    product_id TEXT NOT NULL,
    PRIMARY KEY (market, kind, name, value, product_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mercer_listing_key_product ON mercer_listing_key (product_id);

-- Counters that grow with each change, and rows that only one unit of work at a
-- time may hold ("lock:…").
CREATE TABLE IF NOT EXISTS mercer_generation (
    name TEXT NOT NULL PRIMARY KEY,
    n INTEGER NOT NULL CHECK (n > 0)
) STRICT;
