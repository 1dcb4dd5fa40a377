-- What is exchanged with others over TAXII 2.1: collections, what is in them, who may use them.

-- `number` stands in the rows of objects: it is shorter than an id.
CREATE TABLE collections (
    number BIGINT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    root TEXT NOT NULL,
    alias TEXT,
    title TEXT NOT NULL,
    description TEXT,
    can_read BIGINT NOT NULL,
    can_write BIGINT NOT NULL,
    profile TEXT,
    most_tlp BIGINT NOT NULL,
    most_pap BIGINT NOT NULL,
    made BIGINT NOT NULL
);
CREATE UNIQUE INDEX collections_alias ON collections (root, alias);

-- Objects in collections, byte for byte as they came. `date_added` is unique in the whole store and counts up with every commit: rows are
-- appended, and read in that order. `instant` is the version as text that sorts by time. `stands`: 0 not shown, 1 a version between,
-- 2 the first of several, 3 the newest of several, 4 the only one.
CREATE TABLE collection_objects (
    date_added INTEGER PRIMARY KEY,
    collection BIGINT NOT NULL,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    instant TEXT NOT NULL,
    type TEXT NOT NULL,
    source TEXT NOT NULL,
    tlp BIGINT NOT NULL,
    pap BIGINT NOT NULL,
    stands BIGINT NOT NULL,
    json TEXT NOT NULL
);
CREATE UNIQUE INDEX collection_objects_id ON collection_objects (collection, id, instant, source);
CREATE INDEX collection_objects_added ON collection_objects (collection, stands, date_added);
CREATE INDEX collection_objects_type ON collection_objects (collection, type, stands, date_added);
CREATE INDEX collection_objects_instant ON collection_objects (collection, instant, date_added);

-- What became of a request to add objects (TAXII 2.1, section 4.3).
CREATE TABLE statuses (
    id TEXT NOT NULL PRIMARY KEY,
    root TEXT NOT NULL,
    client TEXT NOT NULL,
    asked BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX statuses_asked ON statuses (asked);

-- Who may use the node; of a token only its SHA-256 is kept.
CREATE TABLE clients (
    name TEXT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    made BIGINT NOT NULL,
    revoked BIGINT
);

CREATE TABLE client_rights (
    client TEXT NOT NULL,
    collection BIGINT NOT NULL,
    can_read BIGINT NOT NULL,
    can_write BIGINT NOT NULL,
    PRIMARY KEY (client, collection)
);

-- One row: the last `date_added` that was given, and how often clients or collections changed.
CREATE TABLE exchange_clock (
    place BIGINT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL,
    changes BIGINT NOT NULL
);
