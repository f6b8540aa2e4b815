-- doc is the payment as JSON text. provider_id is the payment's id at its
-- provider, once it is known.
CREATE TABLE IF NOT EXISTS mercer_payment (
    id TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    provider TEXT NOT NULL,
    provider_id TEXT,
    doc TEXT NOT NULL,
    UNIQUE (provider, provider_id)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_payment_order ON mercer_payment (order_id, created);
CREATE INDEX IF NOT EXISTS mercer_payment_unsettled ON mercer_payment (status, updated, id);

-- Movements of money. Rows are only ever added; news that comes twice counts once.
CREATE TABLE IF NOT EXISTS mercer_ledger (
    id TEXT NOT NULL PRIMARY KEY,
    payment_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    reference TEXT NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (kind, object)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_ledger_order ON mercer_ledger (order_id, at);
