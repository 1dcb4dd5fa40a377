-- Keys that members and a hub make together for an epoch: what each node knows of them. Never a share, an element or an output.

CREATE TABLE epochs (
    id TEXT NOT NULL PRIMARY KEY,
    hub TEXT NOT NULL,
    namespace TEXT NOT NULL,
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    setup TEXT NOT NULL,
    terms TEXT NOT NULL,
    profile TEXT NOT NULL,
    public TEXT,
    begun BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    settled BIGINT,
    because TEXT NOT NULL,
    round BIGINT NOT NULL
);
CREATE INDEX epochs_of ON epochs (hub, namespace, number);

-- What a holder keeps before it answers: budgets, and each member's last request.
CREATE TABLE epoch_holders (
    epoch TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL
);

-- Elements asked, by hours since 1970.
CREATE TABLE epoch_hours (
    epoch TEXT NOT NULL,
    member TEXT NOT NULL,
    hour BIGINT NOT NULL,
    asked BIGINT NOT NULL,
    PRIMARY KEY (epoch, member, hour)
);

CREATE TABLE epoch_alarms (
    epoch TEXT NOT NULL,
    member TEXT NOT NULL,
    what TEXT NOT NULL,
    told TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (epoch, member, what)
);

-- A set that was committed to before anything of it was evaluated.
CREATE TABLE epoch_commitments (
    epoch TEXT NOT NULL,
    member TEXT NOT NULL,
    root TEXT NOT NULL,
    size BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (epoch, member)
);

-- Files that were taken, given or published, whole.
CREATE TABLE epoch_files (
    epoch TEXT NOT NULL,
    member TEXT NOT NULL,
    what TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    hash TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (epoch, member, what)
);
