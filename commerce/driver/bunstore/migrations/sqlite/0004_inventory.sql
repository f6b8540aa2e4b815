-- Places where stock lies. A shop has "main" whether it is here or not.
CREATE TABLE IF NOT EXISTS mercer_location (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    priority INTEGER NOT NULL
) STRICT;

-- What lies where. reserved is the sum of the reservations held or allocated.
CREATE TABLE IF NOT EXISTS mercer_stock (
    variant_id TEXT NOT NULL,
    location_id TEXT NOT NULL,
    on_hand INTEGER NOT NULL CHECK (on_hand >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    tracked INTEGER NOT NULL,
    backorder INTEGER NOT NULL CHECK (backorder >= 0),
    version INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (variant_id, location_id),
    CHECK (tracked = 0 OR reserved <= on_hand + backorder)
) STRICT;

-- Every change of on_hand, once for each cause. Rows are only ever added.
CREATE TABLE IF NOT EXISTS mercer_stock_movement (
    id TEXT NOT NULL PRIMARY KEY,
    variant_id TEXT NOT NULL,
    location_id TEXT NOT NULL,
    delta INTEGER NOT NULL,
    on_hand INTEGER NOT NULL CHECK (on_hand >= 0),
    reason TEXT NOT NULL,
    cause_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (reason, cause_id, variant_id, location_id)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_stock_movement_at ON mercer_stock_movement (at, id);
CREATE INDEX IF NOT EXISTS mercer_stock_movement_variant ON mercer_stock_movement (variant_id, at, id);
CREATE INDEX IF NOT EXISTS mercer_stock_movement_cause_at ON mercer_stock_movement (cause_id, at, id);

-- What is or was kept for an order. state: held, allocated, shipped, released.
CREATE TABLE IF NOT EXISTS mercer_reservation (
    order_id TEXT NOT NULL,
    variant_id TEXT NOT NULL,
    location_id TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 0),
    shipped INTEGER NOT NULL CHECK (shipped >= 0),
    state TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (order_id, variant_id, location_id)
) STRICT;
