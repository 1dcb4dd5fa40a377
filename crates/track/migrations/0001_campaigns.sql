-- Campaigns over time. One text for SQLite and PostgreSQL: only types and clauses that both know.
-- Instants are microseconds since 1970-01-01T00:00:00Z, so that they sort as numbers; lists and summaries are JSON text.

-- A run of `detect --save`: it is taken in once.
CREATE TABLE runs (
    run TEXT NOT NULL PRIMARY KEY,
    window_from BIGINT NOT NULL,
    window_to BIGINT NOT NULL,
    exchanges BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    campaigns BIGINT NOT NULL,
    saved BIGINT NOT NULL,
    author TEXT NOT NULL
);

-- A campaign. What is in `body` and most columns is folded from its sightings; name, status, verdict and assignee are people's.
CREATE TABLE campaigns (
    id TEXT NOT NULL PRIMARY KEY,
    absorbed TEXT,
    name TEXT,
    technique TEXT NOT NULL,
    status TEXT NOT NULL,
    ended BIGINT,
    verdict TEXT,
    assignee TEXT,
    score DOUBLE PRECISION NOT NULL,
    severity BIGINT NOT NULL,
    actionable BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    exchanges BIGINT NOT NULL,
    techniques TEXT NOT NULL,
    capabilities TEXT NOT NULL,
    body TEXT NOT NULL
);
-- One index a filter, each in the order of the list: latest first.
-- The first has all that is filtered by, so that a filter that nothing matches reads the index and no row.
CREATE INDEX campaigns_latest ON campaigns (last_seen DESC, id DESC, score, severity, status, assignee, name, technique)
    WHERE absorbed IS NULL;
CREATE INDEX campaigns_status ON campaigns (status, last_seen DESC, id DESC) WHERE absorbed IS NULL;
CREATE INDEX campaigns_severity ON campaigns (severity, last_seen DESC, id DESC) WHERE absorbed IS NULL;
CREATE INDEX campaigns_assignee ON campaigns (assignee, last_seen DESC, id DESC) WHERE absorbed IS NULL;

-- Techniques and capabilities of a campaign, in the order of the list.
CREATE TABLE traits (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    last_seen BIGINT NOT NULL,
    campaign TEXT NOT NULL,
    PRIMARY KEY (kind, value, last_seen, campaign)
);
CREATE INDEX traits_campaign ON traits (campaign);

-- Every id that ever meant a campaign: findings' ids, and ids of absorbed campaigns.
CREATE TABLE aliases (
    alias TEXT NOT NULL PRIMARY KEY,
    campaign TEXT NOT NULL
);
CREATE INDEX aliases_campaign ON aliases (campaign);

-- Campaigns that a person took apart: they are never put together again by a run.
CREATE TABLE apart (
    one TEXT NOT NULL,
    other TEXT NOT NULL,
    PRIMARY KEY (one, other)
);

-- One finding of one run.
CREATE TABLE sightings (
    run TEXT NOT NULL,
    finding TEXT NOT NULL,
    campaign TEXT NOT NULL,
    window_from BIGINT NOT NULL,
    window_to BIGINT NOT NULL,
    exchanges BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    body TEXT NOT NULL,
    expires BIGINT,
    PRIMARY KEY (run, finding)
);
CREATE INDEX sightings_campaign ON sightings (campaign, window_from, window_to, run, finding);
CREATE INDEX sightings_expires ON sightings (expires) WHERE expires IS NOT NULL;

-- Who was in a finding.
CREATE TABLE sighting_accounts (
    run TEXT NOT NULL,
    finding TEXT NOT NULL,
    account TEXT NOT NULL,
    exchanges BIGINT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (run, finding, account)
);

-- Who is in a campaign, with the window of the first run that saw it there; `left_to` names the campaign that it split off to.
CREATE TABLE members (
    campaign TEXT NOT NULL,
    account TEXT NOT NULL,
    first_from BIGINT NOT NULL,
    first_to BIGINT NOT NULL,
    first_run TEXT NOT NULL,
    last_to BIGINT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    because TEXT NOT NULL,
    left_to TEXT,
    verdict TEXT,
    PRIMARY KEY (campaign, account)
);
CREATE INDEX members_account ON members (account, campaign);

-- Values of the slots of a campaign's text sketches: by these, campaigns of one text are found without reading all.
CREATE TABLE text_keys (
    slot BIGINT NOT NULL,
    campaign TEXT NOT NULL,
    PRIMARY KEY (slot, campaign)
);
CREATE INDEX text_keys_campaign ON text_keys (campaign);

CREATE TABLE evidence (
    id TEXT NOT NULL PRIMARY KEY,
    campaign TEXT NOT NULL,
    factor TEXT NOT NULL,
    basis TEXT NOT NULL,
    statement TEXT NOT NULL,
    source TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    expires BIGINT,
    deleted BIGINT
);
CREATE INDEX evidence_campaign ON evidence (campaign, recorded, id);
CREATE INDEX evidence_expires ON evidence (expires) WHERE deleted IS NULL;

-- Shortened local exchanges.
CREATE TABLE examples (
    id TEXT NOT NULL PRIMARY KEY,
    campaign TEXT NOT NULL,
    run TEXT NOT NULL,
    account TEXT NOT NULL,
    body TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    expires BIGINT
);
CREATE INDEX examples_campaign ON examples (campaign, recorded, id);
CREATE INDEX examples_expires ON examples (expires);

CREATE TABLE claims (
    id TEXT NOT NULL PRIMARY KEY,
    campaign TEXT NOT NULL,
    actor TEXT NOT NULL,
    likelihood TEXT NOT NULL,
    source TEXT NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    withdrawn BIGINT
);
CREATE INDEX claims_campaign ON claims (campaign, recorded, id);

CREATE TABLE notes (
    id TEXT NOT NULL PRIMARY KEY,
    campaign TEXT NOT NULL,
    author TEXT NOT NULL,
    said TEXT NOT NULL,
    recorded BIGINT NOT NULL
);
CREATE INDEX notes_campaign ON notes (campaign, recorded, id);

-- Every change: who, when, what, before and after. `place` counts up over the whole store.
CREATE TABLE history (
    place BIGINT NOT NULL PRIMARY KEY,
    campaign TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    author TEXT NOT NULL,
    what TEXT NOT NULL,
    was TEXT NOT NULL,
    became TEXT NOT NULL,
    because TEXT NOT NULL
);
CREATE INDEX history_campaign ON history (campaign, place);

-- What was deleted: its hash, when, and by which rule.
CREATE TABLE tombstones (
    id TEXT NOT NULL PRIMARY KEY,
    campaign TEXT NOT NULL,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL,
    rule TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    author TEXT NOT NULL
);
CREATE INDEX tombstones_campaign ON tombstones (campaign, recorded, id);

-- Days that each kind is kept.
CREATE TABLE retention (
    kind TEXT NOT NULL PRIMARY KEY,
    days BIGINT NOT NULL
);

-- STIX objects as they were received or made, byte for byte. An id begins with its type (STIX 2.1, section 2.9): one key serves both.
CREATE TABLE objects (
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    received BIGINT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (id, version, source)
);
CREATE INDEX objects_source ON objects (source, id, version);
