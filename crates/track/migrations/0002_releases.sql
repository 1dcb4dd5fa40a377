-- Releases: what is proposed to leave, who approved it, and what became of it on its way.

-- Profiles that a person put in force, with the files that were signed.
CREATE TABLE profiles (
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    files TEXT NOT NULL,
    adopted BIGINT NOT NULL,
    author TEXT NOT NULL,
    PRIMARY KEY (name, version)
);

-- A release. `revokes` names the one that it takes back; `content` is the hash of all that would leave.
CREATE TABLE releases (
    id TEXT NOT NULL PRIMARY KEY,
    place BIGINT NOT NULL,
    state TEXT NOT NULL,
    subject TEXT NOT NULL,
    revokes TEXT,
    profile TEXT NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    purpose TEXT NOT NULL,
    legal_basis TEXT NOT NULL,
    needed BIGINT NOT NULL,
    content TEXT NOT NULL,
    author TEXT NOT NULL,
    proposed BIGINT NOT NULL,
    lapses BIGINT NOT NULL,
    settled BIGINT
);
CREATE UNIQUE INDEX releases_place ON releases (place);
CREATE INDEX releases_state ON releases (state, place);
CREATE INDEX releases_subject ON releases (subject, place);
CREATE INDEX releases_revokes ON releases (revokes) WHERE revokes IS NOT NULL;

-- One object for one recipient: what would leave, byte for byte; or that the recipient has it; or why it is held.
CREATE TABLE release_items (
    release TEXT NOT NULL,
    recipient TEXT NOT NULL,
    object TEXT NOT NULL,
    place BIGINT NOT NULL,
    kind TEXT NOT NULL,
    version TEXT NOT NULL,
    fate TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    tlp TEXT NOT NULL,
    pap TEXT NOT NULL,
    until BIGINT NOT NULL,
    because TEXT NOT NULL,
    notes TEXT NOT NULL,
    owed BIGINT,
    PRIMARY KEY (release, recipient, object)
);
CREATE INDEX release_items_object ON release_items (recipient, object);

CREATE TABLE approvals (
    release TEXT NOT NULL,
    author TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (release, author)
);

-- What goes to one recipient. The id stays the same however often sending it is tried.
CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    release TEXT NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    because TEXT NOT NULL
);
CREATE UNIQUE INDEX deliveries_release ON deliveries (release, recipient);
CREATE INDEX deliveries_state ON deliveries (state, recipient);

-- Every step of a release: who, when, what. `place` counts up over the whole store.
CREATE TABLE release_history (
    place BIGINT NOT NULL PRIMARY KEY,
    release TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    author TEXT NOT NULL,
    what TEXT NOT NULL,
    because TEXT NOT NULL
);
CREATE INDEX release_history_release ON release_history (release, place);

-- What the ledger is owed: written with the change that owes it, taken over in order. `since` is the ledger's size when
-- that was begun: an entry that an interrupted attempt left there is found behind it, and not written twice.
CREATE TABLE owed (
    place BIGINT NOT NULL PRIMARY KEY,
    about TEXT NOT NULL,
    body TEXT NOT NULL,
    since BIGINT,
    entry BIGINT
);
CREATE INDEX owed_open ON owed (place) WHERE entry IS NULL;
CREATE INDEX owed_about ON owed (about, place);

-- How far a follower has come in a journal of this store.
CREATE TABLE cursors (
    name TEXT NOT NULL PRIMARY KEY,
    place BIGINT NOT NULL
);
