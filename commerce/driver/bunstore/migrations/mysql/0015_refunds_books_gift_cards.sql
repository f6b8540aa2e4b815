-- Money that goes back. doc is the refund as JSON text; the columns beside it are
-- what it is found by. provider_id is its id at the provider, once it is known.
CREATE TABLE IF NOT EXISTS mercer_refund (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    payment_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    order_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    status VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    amount BIGINT NOT NULL,
    currency CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    version BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    provider VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    provider_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    doc MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY refund_provider_id (provider, provider_id),
    KEY refund_order (order_id, created),
    KEY refund_pending (status, updated, id),
    CONSTRAINT mercer_refund_status CHECK (status IN ('pending', 'succeeded', 'failed')),
    CONSTRAINT mercer_refund_amount CHECK (amount > 0),
    CONSTRAINT mercer_refund_version CHECK (version > 0)
) ENGINE = InnoDB;

-- What our books and those of a provider do not agree on, once for each kind and
-- object.
CREATE TABLE IF NOT EXISTS mercer_recon_break (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    kind VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    object VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    provider VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    payment_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    order_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    ours TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    theirs TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    state VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    note TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    actor VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE KEY recon_break_object (kind, object),
    KEY recon_break_state (state, id),
    KEY recon_break_order (order_id, id),
    CONSTRAINT mercer_recon_break_state CHECK (state IN ('open', 'resolved')),
    CONSTRAINT mercer_recon_break_version CHECK (version > 0)
) ENGINE = InnoDB;

-- Up to when the books were compared.
CREATE TABLE IF NOT EXISTS mercer_recon_mark (
    name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
) ENGINE = InnoDB;

-- code_hash is the SHA-256 of the code; the code itself is nowhere.
CREATE TABLE IF NOT EXISTS mercer_gift_card (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    code_hash VARBINARY(32) NOT NULL,
    last4 VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    initial BIGINT NOT NULL,
    balance BIGINT NOT NULL,
    currency CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    disabled TINYINT NOT NULL,
    expires BIGINT NULL,
    note TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    version BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    UNIQUE KEY gift_card_code (code_hash),
    CONSTRAINT mercer_gift_card_initial CHECK (initial > 0),
    CONSTRAINT mercer_gift_card_balance CHECK (balance >= 0 AND balance <= initial),
    CONSTRAINT mercer_gift_card_version CHECK (version > 0)
) ENGINE = InnoDB;

-- Changes of balances. Rows are only ever added, once for each cause.
CREATE TABLE IF NOT EXISTS mercer_gift_card_move (
    card_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    kind VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    cause VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    delta BIGINT NOT NULL,
    currency CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (card_id, kind, cause),
    CONSTRAINT mercer_gift_card_move_delta CHECK (delta <> 0)
) ENGINE = InnoDB;

-- Books are compared by time and by object; people look at notices by time, and at
-- those about a payment.
CREATE INDEX ledger_at ON mercer_ledger (at, id);
CREATE INDEX ledger_of ON mercer_ledger (object);
CREATE INDEX webhook_inbox_received ON mercer_webhook_inbox (received);
CREATE INDEX webhook_inbox_payment ON mercer_webhook_inbox (payment_id);
CREATE INDEX webhook_inbox_provider ON mercer_webhook_inbox (provider, provider_id);
