-- Addresses of customers, one document for each customer who has any.
CREATE TABLE IF NOT EXISTS mercer_account_book (
    user_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    doc TEXT NOT NULL
) STRICT;

-- Groups of customers.
CREATE TABLE IF NOT EXISTS mercer_account_group (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    code TEXT NOT NULL UNIQUE,
    doc TEXT NOT NULL
) STRICT;

-- Roles of the staff. The row of the owner is there to be locked; what that role
-- says is not from here.
CREATE TABLE IF NOT EXISTS mercer_account_role (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    doc TEXT NOT NULL
) STRICT;

-- What is searched of people, and which groups and roles they have. Both are
-- written with the person, of whom they repeat a part.
CREATE TABLE IF NOT EXISTS mercer_account_search (
    user_id TEXT NOT NULL PRIMARY KEY,
    words TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS mercer_account_member (
    set_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    disabled INTEGER NOT NULL,
    PRIMARY KEY (set_id, user_id)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_account_member_user ON mercer_account_member (user_id);
