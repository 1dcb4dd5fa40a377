-- What this member does about accounts, clients, fingerprints and networks: decisions, what happened to them, changes in order.

-- A decision. `body` is the decision as JSON, without its history; the other columns are what it is looked up by.
-- `made_by` is `rule`, `person` or `allow-list`, `author` its name. No row is ever deleted, no number used again.
CREATE TABLE decisions (
    id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    made_by TEXT NOT NULL,
    author TEXT NOT NULL,
    campaign TEXT,
    state TEXT NOT NULL,
    expires BIGINT,
    body TEXT NOT NULL
);
CREATE INDEX decisions_subject ON decisions (kind, value, id);
CREATE INDEX decisions_author ON decisions (made_by, author, id);
CREATE INDEX decisions_campaign ON decisions (campaign, id) WHERE campaign IS NOT NULL;
CREATE INDEX decisions_state ON decisions (state, id);

-- What happened to a decision, in order from 0; only ever added to.
CREATE TABLE decision_history (
    decision BIGINT NOT NULL,
    place BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    author TEXT NOT NULL,
    what TEXT NOT NULL,
    because TEXT NOT NULL,
    PRIMARY KEY (decision, place)
);

-- What enforcement points are told, numbered without gaps. Old ones go: who was away longer asks for everything.
CREATE TABLE decision_changes (
    number BIGINT NOT NULL PRIMARY KEY,
    decision BIGINT NOT NULL,
    done TEXT NOT NULL,
    recorded BIGINT NOT NULL
);

-- At most one row: the number of the last decision and of the last change; the latest time that decisions were looked up at.
CREATE TABLE decision_clock (
    place BIGINT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    seen BIGINT NOT NULL
);

-- What the gate keeps besides, JSON: what was hit within the hour, what waits for a person's answer, where bouncers stand.
CREATE TABLE gate_kept (
    name TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);
