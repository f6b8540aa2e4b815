-- doc is the cart as JSON text. open_key is "customer|market|currency" of a
-- customer's open cart: there is one.
CREATE TABLE IF NOT EXISTS mercer_cart (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    status TEXT NOT NULL,
    customer_id TEXT,
    market TEXT NOT NULL,
    currency TEXT NOT NULL,
    open_key TEXT UNIQUE,
    updated INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    doc TEXT NOT NULL,
    CHECK ((open_key IS NOT NULL) = (status = 'open' AND customer_id IS NOT NULL))
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_cart_customer ON mercer_cart (customer_id, status, updated);
CREATE INDEX IF NOT EXISTS mercer_cart_idle ON mercer_cart (status, expires, id);
