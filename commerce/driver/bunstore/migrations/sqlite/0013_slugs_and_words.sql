-- Slugs that products and categories had before. Who has a slug now comes first.
CREATE TABLE IF NOT EXISTS mercer_old_slug (
    kind TEXT NOT NULL CHECK (kind IN ('product', 'category')),
    slug TEXT NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (kind, slug)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mercer_old_slug_owner ON mercer_old_slug (owner);

-- The words of the lists of a market, each by what is left of it without one of
-- its letters, and by itself.
CREATE TABLE IF NOT EXISTS mercer_search_word (
    market TEXT NOT NULL,
    near TEXT NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (market, near, word)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mercer_search_word_word ON mercer_search_word (market, word);
