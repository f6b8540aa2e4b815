-- What is known of each run of a flow. err is 'null' unless the run is undone.
CREATE TABLE IF NOT EXISTS mercer_journal (
    flow TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    phase TEXT NOT NULL,
    next_step TEXT NOT NULL,
    last_step TEXT NOT NULL,
    input TEXT NOT NULL,
    state TEXT NOT NULL,
    err TEXT NOT NULL,
    touched INTEGER NOT NULL,
    PRIMARY KEY (flow, id)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_journal_stale ON mercer_journal (flow, phase, touched);

-- Which relay publishes a part of the outbox. fence counts the owners.
CREATE TABLE IF NOT EXISTS mercer_outbox_lease (
    part INTEGER NOT NULL,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    PRIMARY KEY (part)
) STRICT;

-- Events that were published, to publish them again.
CREATE TABLE IF NOT EXISTS mercer_outbox_archive (
    position INTEGER NOT NULL,
    part INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    k TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    trace TEXT NOT NULL,
    data TEXT NOT NULL,
    published INTEGER NOT NULL,
    PRIMARY KEY (id)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_outbox_archive_position ON mercer_outbox_archive (position);
CREATE INDEX IF NOT EXISTS mercer_outbox_archive_published ON mercer_outbox_archive (published);

-- Events that a consumer has taken.
CREATE TABLE IF NOT EXISTS mercer_inbox (
    consumer TEXT NOT NULL,
    event_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (consumer, event_id)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_inbox_at ON mercer_inbox (at);

-- The last event of an aggregate (k) that a consumer in order has taken.
CREATE TABLE IF NOT EXISTS mercer_inbox_cursor (
    consumer TEXT NOT NULL,
    k TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (consumer, k)
) STRICT;

-- Events that a consumer failed on. state: trying, dead, again.
CREATE TABLE IF NOT EXISTS mercer_dead_letter (
    consumer TEXT NOT NULL,
    event_id TEXT NOT NULL,
    state TEXT NOT NULL,
    event TEXT NOT NULL,
    error TEXT NOT NULL,
    tries INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (consumer, event_id)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_dead_letter_state ON mercer_dead_letter (state, last_at);

-- Idempotency keys. state: running, applied, done. memo is the result of the unit of work, answer what was answered.
CREATE TABLE IF NOT EXISTS mercer_idem (
    scope TEXT NOT NULL,
    k TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL,
    fence INTEGER NOT NULL,
    until INTEGER NOT NULL,
    memo_type TEXT NOT NULL,
    memo TEXT NOT NULL,
    answer TEXT NOT NULL,
    at INTEGER NOT NULL,
    saves INTEGER NOT NULL,
    PRIMARY KEY (scope, k)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_idem_at ON mercer_idem (at);

CREATE INDEX IF NOT EXISTS mercer_idem_state ON mercer_idem (state, until);

-- Periodic work. fence counts the owners; last_error is empty after a success.
CREATE TABLE IF NOT EXISTS mercer_job (
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    last_start INTEGER NOT NULL,
    last_end INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    runs INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT;
