-- Money that goes back. doc is the refund as JSON text; the columns beside it are
-- what it is found by. provider_id is its id at the provider, once it is known.
CREATE TABLE IF NOT EXISTS mercer_refund (
    id TEXT NOT NULL PRIMARY KEY,
    payment_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    provider TEXT NOT NULL,
    provider_id TEXT,
    doc TEXT NOT NULL,
    UNIQUE (provider, provider_id)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_refund_order ON mercer_refund (order_id, created);
CREATE INDEX IF NOT EXISTS mercer_refund_pending ON mercer_refund (status, updated, id);

-- What our books and those of a provider do not agree on, once for each kind and
-- object.
CREATE TABLE IF NOT EXISTS mercer_recon_break (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    provider TEXT NOT NULL,
    payment_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    ours TEXT NOT NULL,
    theirs TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'resolved')),
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    note TEXT NOT NULL,
    actor TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    UNIQUE (kind, object)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_recon_break_state ON mercer_recon_break (state, id);
CREATE INDEX IF NOT EXISTS mercer_recon_break_order ON mercer_recon_break (order_id, id);

-- Up to when the books were compared.
CREATE TABLE IF NOT EXISTS mercer_recon_mark (
    name TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;

-- code_hash is the SHA-256 of the code; the code itself is nowhere.
CREATE TABLE IF NOT EXISTS mercer_gift_card (
    id TEXT NOT NULL PRIMARY KEY,
    code_hash BLOB NOT NULL UNIQUE,
    last4 TEXT NOT NULL,
    initial INTEGER NOT NULL CHECK (initial > 0),
    balance INTEGER NOT NULL,
    currency TEXT NOT NULL,
    disabled INTEGER NOT NULL,
    expires INTEGER,
    note TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    CHECK (balance >= 0 AND balance <= initial)
) STRICT;

-- Changes of balances. Rows are only ever added, once for each cause.
CREATE TABLE IF NOT EXISTS mercer_gift_card_move (
    card_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    delta INTEGER NOT NULL CHECK (delta <> 0),
    currency TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (card_id, kind, cause)
) STRICT, WITHOUT ROWID;

-- Books are compared by time and by object; people look at notices by time, and at
-- those about a payment.
CREATE INDEX IF NOT EXISTS mercer_ledger_at ON mercer_ledger (at, id);
CREATE INDEX IF NOT EXISTS mercer_ledger_of ON mercer_ledger (object);
CREATE INDEX IF NOT EXISTS mercer_webhook_inbox_received ON mercer_webhook_inbox (received);
CREATE INDEX IF NOT EXISTS mercer_webhook_inbox_payment ON mercer_webhook_inbox (payment_id);
CREATE INDEX IF NOT EXISTS mercer_webhook_inbox_provider ON mercer_webhook_inbox (provider, provider_id);
