-- Other servers that this node follows or hands things to, and what came from them.

-- A peer. Its token stays in a file; here is only where.
CREATE TABLE peers (
    name TEXT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    username TEXT,
    token_file TEXT,
    ca TEXT,
    certificate TEXT,
    key TEXT,
    hourly BIGINT NOT NULL,
    overlap BIGINT NOT NULL,
    acknowledges BIGINT NOT NULL,
    leaves_out TEXT NOT NULL,
    ledger TEXT,
    checkpoint TEXT,
    made BIGINT NOT NULL,
    author TEXT NOT NULL
);

-- A collection of a peer that is followed. `added_after` and `next` say where to go on; `last` is the latest `date_added` that was
-- seen. `held` says why a person has to look first.
CREATE TABLE feeds (
    peer TEXT NOT NULL,
    collection TEXT NOT NULL,
    added_after TEXT NOT NULL,
    next TEXT NOT NULL,
    last TEXT NOT NULL,
    hour BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    synced BIGINT,
    failures BIGINT NOT NULL,
    retry BIGINT NOT NULL,
    because TEXT NOT NULL,
    held TEXT,
    PRIMARY KEY (peer, collection)
);

-- How a recipient is reached: into a collection of a peer, or of this node where `peer` is empty; sealed to a key where one is given.
CREATE TABLE routes (
    recipient TEXT NOT NULL PRIMARY KEY,
    peer TEXT NOT NULL,
    collection TEXT NOT NULL,
    seal_to TEXT,
    failures BIGINT NOT NULL,
    retry BIGINT NOT NULL,
    because TEXT NOT NULL
);

-- Journal of what peers sent. What was taken is in `objects`, with the source `peer:` and the peer's name.
CREATE TABLE received (
    place BIGINT NOT NULL PRIMARY KEY,
    peer TEXT NOT NULL,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    type TEXT NOT NULL,
    date_added TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    what TEXT NOT NULL
);
CREATE INDEX received_id ON received (id, place);

-- What was not taken: a person decides.
CREATE TABLE quarantine (
    place BIGINT NOT NULL PRIMARY KEY,
    peer TEXT NOT NULL,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    hash TEXT NOT NULL,
    json TEXT NOT NULL,
    because TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    decided BIGINT,
    author TEXT,
    outcome TEXT
);
CREATE UNIQUE INDEX quarantine_hash ON quarantine (peer, hash);
CREATE INDEX quarantine_open ON quarantine (place) WHERE decided IS NULL;

-- SHA-256 of objects that recipients said they have.
CREATE TABLE acknowledged (
    recipient TEXT NOT NULL,
    hash TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (recipient, hash)
);
