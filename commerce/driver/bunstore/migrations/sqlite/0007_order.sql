-- An order: what is searched for, and the document that has everything. expires is when somebody must look at it, 0 never.
CREATE TABLE IF NOT EXISTS mercer_orders (
    id TEXT NOT NULL PRIMARY KEY,
    checkout_id TEXT NOT NULL UNIQUE,
    number TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    status TEXT NOT NULL,
    payment_status TEXT NOT NULL,
    fulfillment_status TEXT NOT NULL,
    customer_id TEXT NULL,
    email TEXT NOT NULL,
    placed INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    currency TEXT NOT NULL,
    total INTEGER NOT NULL,
    doc TEXT NOT NULL,
    CONSTRAINT orders_sane CHECK (version > 0 AND total >= 0 AND expires >= 0)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_orders_placed ON mercer_orders (placed, id);
CREATE INDEX IF NOT EXISTS mercer_orders_status ON mercer_orders (status, placed, id);
CREATE INDEX IF NOT EXISTS mercer_orders_customer ON mercer_orders (customer_id, placed, id);
CREATE INDEX IF NOT EXISTS mercer_orders_email ON mercer_orders (email, placed, id);
CREATE INDEX IF NOT EXISTS mercer_orders_expires ON mercer_orders (expires, id);

-- The history of an order: one line for each version of it.
CREATE TABLE IF NOT EXISTS mercer_order_timeline (
    order_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    text TEXT NOT NULL,
    actor TEXT NOT NULL,
    cause_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (order_id, version)
) STRICT;

-- Which order a fulfillment is of.
CREATE TABLE IF NOT EXISTS mercer_fulfillment (
    id TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_fulfillment_order ON mercer_fulfillment (order_id);

-- Numbers that were given out last.
CREATE TABLE IF NOT EXISTS mercer_counter (
    name TEXT NOT NULL PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT;
