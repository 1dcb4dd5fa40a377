-- What a hub keeps besides: sharing groups, what peers told of theirs, to whom may be sealed, and trends of weeks that are over.

CREATE TABLE sharing_groups (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    collection BIGINT NOT NULL UNIQUE,
    made BIGINT NOT NULL,
    ended BIGINT,
    changes BIGINT NOT NULL
);

-- Who left stays on record; who comes again has a further row.
CREATE TABLE group_members (
    group_id TEXT NOT NULL,
    client TEXT NOT NULL,
    joined BIGINT NOT NULL,
    departed BIGINT,
    PRIMARY KEY (group_id, client, joined)
);
CREATE INDEX group_members_client ON group_members (client, group_id);

-- Public keys to which others seal what is for a client.
CREATE TABLE seal_keys (
    client TEXT NOT NULL PRIMARY KEY,
    recipient TEXT NOT NULL
);

-- What a peer told of its groups; `lost` is when it stopped telling of one. `digest` is over what it told.
CREATE TABLE peer_groups (
    peer TEXT NOT NULL,
    group_id TEXT NOT NULL,
    name TEXT NOT NULL,
    changes BIGINT NOT NULL,
    digest TEXT NOT NULL,
    learned BIGINT NOT NULL,
    lost BIGINT,
    PRIMARY KEY (peer, group_id)
);
CREATE INDEX peer_groups_id ON peer_groups (group_id);

CREATE TABLE peer_group_members (
    peer TEXT NOT NULL,
    group_id TEXT NOT NULL,
    member TEXT NOT NULL,
    joined BIGINT NOT NULL,
    departed BIGINT,
    seal_to TEXT,
    PRIMARY KEY (peer, group_id, member, joined)
);

-- Weeks, by their first microsecond, whose trends were counted: they don't change any more, whatever is removed later.
CREATE TABLE trend_weeks (
    week BIGINT NOT NULL PRIMARY KEY,
    settled BIGINT NOT NULL
);

-- Cells to which enough contributed; others are never written.
CREATE TABLE trends (
    week BIGINT NOT NULL,
    collection BIGINT NOT NULL,
    what TEXT NOT NULL,
    name TEXT NOT NULL,
    objects BIGINT NOT NULL,
    PRIMARY KEY (week, collection, what, name)
);
