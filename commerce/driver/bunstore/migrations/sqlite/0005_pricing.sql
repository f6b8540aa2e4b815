-- Prices in minor units. market '' is the base price of the currency.
CREATE TABLE IF NOT EXISTS mercer_price (
    variant_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    market TEXT NOT NULL,
    min_quantity INTEGER NOT NULL CHECK (min_quantity >= 1),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    compare_at INTEGER CHECK (compare_at >= 0),
    PRIMARY KEY (variant_id, currency, market, min_quantity)
) STRICT;

CREATE TABLE IF NOT EXISTS mercer_market (
    id TEXT NOT NULL PRIMARY KEY,
    doc TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS mercer_tax_rate (
    id TEXT NOT NULL PRIMARY KEY,
    doc TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS mercer_shipping_method (
    id TEXT NOT NULL PRIMARY KEY,
    doc TEXT NOT NULL
) STRICT;

-- n rises in every unit that writes one of the tables above.
CREATE TABLE IF NOT EXISTS mercer_price_generation (
    name TEXT NOT NULL PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT;
INSERT INTO mercer_price_generation (name, n) VALUES ('pricing', 0) ON CONFLICT (name) DO NOTHING;
