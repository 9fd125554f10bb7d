-- The catalogue as a data set: what was announced, version by version, and what was refused. What a version
-- says of a title is kept once, by its digest; a version holds what it changed, forwards and backwards.

CREATE TABLE catalogue_versions (
    version         BIGINT PRIMARY KEY,
    parent          BIGINT NOT NULL,
    digest          TEXT COLLATE "C" NOT NULL,
    titles          BIGINT NOT NULL,
    objects         BIGINT NOT NULL,
    bytes           BIGINT NOT NULL,
    made_at_us      BIGINT NOT NULL,
    announced_at_us BIGINT,
    announced_by    TEXT COLLATE "C",
    reason          TEXT COLLATE "C",
    findings        TEXT COLLATE "C" NOT NULL
);

CREATE TABLE catalogue_records (
    digest        TEXT COLLATE "C" PRIMARY KEY,
    bytes         BYTEA NOT NULL
);

CREATE TABLE catalogue_changes (
    version       BIGINT NOT NULL REFERENCES catalogue_versions (version) ON DELETE CASCADE,
    content_group TEXT COLLATE "C" NOT NULL,
    title         TEXT COLLATE "C" NOT NULL,
    before        TEXT COLLATE "C",
    after         TEXT COLLATE "C",
    PRIMARY KEY (version, content_group, title)
);
CREATE INDEX catalogue_changes_by_title ON catalogue_changes (content_group, title, version);

-- What is in force: the newest that was announced.

CREATE TABLE catalogue_in_force (
    content_group TEXT COLLATE "C" NOT NULL,
    title         TEXT COLLATE "C" NOT NULL,
    record        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (content_group, title)
);

-- Which sites stay with a version: those with a tag, or all of them ('').

CREATE TABLE catalogue_pins (
    cohort        TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL REFERENCES catalogue_versions (version),
    pinned_at_us  BIGINT NOT NULL,
    pinned_by     TEXT COLLATE "C" NOT NULL
);

INSERT INTO counters (name, value) VALUES ('announced', 0);
