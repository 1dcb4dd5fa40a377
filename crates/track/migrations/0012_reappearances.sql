-- Campaigns that look like an earlier one that was acted on, and are kept apart from it: shown by a run, confirmed or refused by people.

-- `acted` is when the earlier one was first acted on, or ended; `run` is empty where a person alone says so. Shares are 0 to 1.
CREATE TABLE reappearances (
    campaign TEXT NOT NULL,
    earlier TEXT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    texts DOUBLE PRECISION NOT NULL,
    addresses DOUBLE PRECISION NOT NULL,
    clients DOUBLE PRECISION NOT NULL,
    habits DOUBLE PRECISION NOT NULL,
    acted BIGINT NOT NULL,
    state TEXT NOT NULL,
    run TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    author TEXT NOT NULL,
    because TEXT NOT NULL,
    PRIMARY KEY (campaign, earlier)
);
CREATE INDEX reappearances_earlier ON reappearances (earlier, campaign);
