-- doc is the promotion as JSON text, but for used and version; the columns beside it
-- are what it is found and guarded by. An archived one has no code. automatic: it
-- applies by itself, now.
CREATE TABLE IF NOT EXISTS mercer_promotion (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT UNIQUE,
    automatic INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    usage_limit INTEGER,
    used INTEGER NOT NULL CHECK (used >= 0),
    version INTEGER NOT NULL CHECK (version > 0),
    doc TEXT NOT NULL,
    CHECK (usage_limit IS NULL OR used <= usage_limit)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_promotion_automatic ON mercer_promotion (automatic, id);

-- Uses by orders that are not canceled; k is of the run that placed the order. slot
-- is from 1 to the limit of one buyer, if the promotion has one.
CREATE TABLE IF NOT EXISTS mercer_promotion_use (
    k TEXT NOT NULL,
    promotion_id TEXT NOT NULL,
    buyer TEXT NOT NULL,
    slot INTEGER CHECK (slot >= 1),
    at INTEGER NOT NULL,
    PRIMARY KEY (k, promotion_id),
    UNIQUE (promotion_id, buyer, slot)
) STRICT;
