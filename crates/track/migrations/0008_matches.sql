-- Private matching: with whom, what was agreed on, what was asked, what came of it.

-- A member with whom is matched: the public key of its channels (X25519, hexadecimal), and the peer whose server is asked: the
-- member's own, or one that passes on.
CREATE TABLE match_members (
    name TEXT NOT NULL PRIMARY KEY,
    key TEXT NOT NULL,
    peer TEXT NOT NULL,
    relayed BIGINT NOT NULL,
    made BIGINT NOT NULL,
    author TEXT NOT NULL
);

-- What may be matched with a member. `source` is `campaigns`, or a file. `may` says what a label may hold, as JSON, by the profile
-- of that version. `state` is proposed, agreed or ended.
CREATE TABLE agreements (
    member TEXT NOT NULL,
    namespace TEXT NOT NULL,
    source TEXT NOT NULL,
    two_sided BIGINT NOT NULL,
    budget BIGINT NOT NULL,
    profile TEXT NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    may TEXT NOT NULL,
    needed BIGINT NOT NULL,
    until BIGINT NOT NULL,
    state TEXT NOT NULL,
    made BIGINT NOT NULL,
    author TEXT NOT NULL,
    PRIMARY KEY (member, namespace)
);
CREATE TABLE agreement_approvals (
    member TEXT NOT NULL,
    namespace TEXT NOT NULL,
    author TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (member, namespace, author)
);

-- Evaluations that a member asked for, by hour since 1970. A budget is for a week, which is a sum of hours.
CREATE TABLE match_hours (
    member TEXT NOT NULL,
    namespace TEXT NOT NULL,
    hour BIGINT NOT NULL,
    asked BIGINT NOT NULL,
    PRIMARY KEY (member, namespace, hour)
);

-- A round: one match with one member in one direction. Sizes are padded; roots are of the commitments. `salt` opens our own.
CREATE TABLE rounds (
    id TEXT NOT NULL PRIMARY KEY,
    member TEXT NOT NULL,
    namespace TEXT NOT NULL,
    side TEXT NOT NULL,
    terms TEXT NOT NULL,
    own BIGINT NOT NULL,
    theirs BIGINT NOT NULL,
    profile TEXT NOT NULL,
    state TEXT NOT NULL,
    because TEXT NOT NULL,
    begun BIGINT NOT NULL,
    ended BIGINT,
    found BIGINT
);
CREATE INDEX rounds_latest ON rounds (begun DESC, id DESC);

-- What was found in common: our own value, and what the other side attached to it.
CREATE TABLE round_matches (
    round TEXT NOT NULL,
    element TEXT NOT NULL,
    value TEXT NOT NULL,
    campaign TEXT NOT NULL,
    first_seen BIGINT,
    last_seen BIGINT,
    confidence BIGINT,
    magnitude BIGINT,
    likeness DOUBLE PRECISION,
    PRIMARY KEY (round, element, campaign)
);
CREATE INDEX round_matches_campaign ON round_matches (campaign, round);
