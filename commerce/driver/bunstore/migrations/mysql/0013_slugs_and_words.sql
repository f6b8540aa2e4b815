-- Slugs that products and categories had before. Who has a slug now comes first.
CREATE TABLE IF NOT EXISTS mercer_old_slug (
    kind VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    slug VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    owner VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (kind, slug),
    KEY old_slug_owner (owner),
    CHECK (kind IN ('product', 'category'))
) ENGINE = InnoDB;

-- The words of the lists of a market, each by what is left of it without one of
-- its letters, and by itself.
CREATE TABLE IF NOT EXISTS mercer_search_word (
    market VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    near VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    word VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (market, near, word),
    KEY search_word_word (market, word)
) ENGINE = InnoDB;
