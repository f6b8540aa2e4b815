-- Addresses of customers, one document for each customer who has any.
CREATE TABLE IF NOT EXISTS mercer_account_book (
    user_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    doc MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    CHECK (version > 0)
) ENGINE = InnoDB;

-- Groups of customers.
CREATE TABLE IF NOT EXISTS mercer_account_group (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    code VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    doc MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY account_group_code (code),
    CHECK (version > 0)
) ENGINE = InnoDB;

-- Roles of the staff. The row of the owner is there to be locked; what that role
-- says is not from here.
CREATE TABLE IF NOT EXISTS mercer_account_role (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    doc MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    CHECK (version > 0)
) ENGINE = InnoDB;

-- What is searched of people, and which groups and roles they have. Both are
-- written with the person, of whom they repeat a part.
CREATE TABLE IF NOT EXISTS mercer_account_search (
    user_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    words VARCHAR(1500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS mercer_account_member (
    set_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    user_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    disabled BIGINT NOT NULL,
    PRIMARY KEY (set_id, user_id),
    KEY account_member_user (user_id)
) ENGINE = InnoDB;
