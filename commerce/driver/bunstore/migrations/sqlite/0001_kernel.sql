-- Events that wait to be published. seq counts the events of one aggregate (k).
CREATE TABLE IF NOT EXISTS mercer_outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    part INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    k TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    trace TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (k, seq)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_outbox_part ON mercer_outbox (part, position);

CREATE TABLE IF NOT EXISTS mercer_event_seq (
    k TEXT NOT NULL PRIMARY KEY,
    n INTEGER NOT NULL
) STRICT;

-- Commands that count once. state: 1 done, 2 undone; was: the state before the last try.
CREATE TABLE IF NOT EXISTS mercer_once (
    op TEXT NOT NULL,
    k TEXT NOT NULL,
    state INTEGER NOT NULL,
    was INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    PRIMARY KEY (op, k)
) STRICT;
