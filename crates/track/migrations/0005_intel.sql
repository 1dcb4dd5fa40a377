-- What received objects mean here: indicators that peers tell, what others say of them, what we found and think of them.

-- An indicator as one peer tells it: its newest version. `instant` and `created` are the version's and the first one's time.
-- `gone`: when the peer had it no longer. `unread`: a marking isn't known here yet; until it is, the strictest is taken.
CREATE TABLE indicators (
    id TEXT NOT NULL,
    peer TEXT NOT NULL,
    version TEXT NOT NULL,
    instant BIGINT NOT NULL,
    created BIGINT NOT NULL,
    producer TEXT NOT NULL,
    name TEXT NOT NULL,
    pattern TEXT NOT NULL,
    pattern_type TEXT NOT NULL,
    kind TEXT NOT NULL,
    confidence BIGINT,
    tlp TEXT NOT NULL,
    pap TEXT NOT NULL,
    unread BIGINT NOT NULL,
    valid_from BIGINT,
    valid_until BIGINT,
    revoked BIGINT NOT NULL,
    gone BIGINT,
    first_received BIGINT NOT NULL,
    last_received BIGINT NOT NULL,
    PRIMARY KEY (id, peer)
);
CREATE INDEX indicators_latest ON indicators (last_received DESC, id DESC, peer);

-- Values of which each alone meets an indicator's pattern: a network, a JA4 fingerprint, an account.
CREATE TABLE indicator_values (
    what TEXT NOT NULL,
    value TEXT NOT NULL,
    indicator TEXT NOT NULL,
    peer TEXT NOT NULL,
    PRIMARY KEY (what, value, indicator, peer)
);
CREATE INDEX indicator_values_of ON indicator_values (indicator, peer);

-- A sighting or an opinion of others about an indicator: its newest version. `word` is an opinion's; times and count a sighting's.
CREATE TABLE remarks (
    id TEXT NOT NULL,
    peer TEXT NOT NULL,
    about TEXT NOT NULL,
    what TEXT NOT NULL,
    version TEXT NOT NULL,
    instant BIGINT NOT NULL,
    producer TEXT NOT NULL,
    word TEXT,
    count BIGINT,
    first_seen BIGINT,
    last_seen BIGINT,
    tlp TEXT NOT NULL,
    pap TEXT NOT NULL,
    revoked BIGINT NOT NULL,
    gone BIGINT,
    received BIGINT NOT NULL,
    PRIMARY KEY (id, peer, about)
);
CREATE INDEX remarks_about ON remarks (about, instant);

-- Draft sightings: indicators that matched own traffic, one each.
CREATE TABLE hits (
    id TEXT NOT NULL PRIMARY KEY,
    indicator TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    strength BIGINT NOT NULL,
    because TEXT NOT NULL,
    made BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    release TEXT
);
CREATE INDEX hits_state ON hits (state, changed);

-- What single hunts found of an indicator: the same again is the same row.
CREATE TABLE hit_hunts (
    hit TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (hit, first_seen, last_seen, count)
);

-- Accounts of ours that matched.
CREATE TABLE hit_accounts (
    hit TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (hit, account)
);
CREATE INDEX hit_accounts_account ON hit_accounts (account);

-- What we think of an indicator.
CREATE TABLE verdicts (
    indicator TEXT NOT NULL PRIMARY KEY,
    word TEXT NOT NULL,
    code TEXT NOT NULL,
    author TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    state TEXT NOT NULL,
    release TEXT
);

-- What people and hunts did: who, when, what. `place` counts up over the whole store.
CREATE TABLE intel_history (
    place BIGINT NOT NULL PRIMARY KEY,
    indicator TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    author TEXT NOT NULL,
    what TEXT NOT NULL,
    because TEXT NOT NULL
);
CREATE INDEX intel_history_of ON intel_history (indicator, place);
