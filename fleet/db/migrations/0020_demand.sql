-- What viewers asked for, title by title: of each day and site, from each source, which is a box and its boot, or a
-- file. It outlives the boxes that said it, and so refers to nothing. Rows are JSON, compressed by zstd.

CREATE TABLE demand_days (
    day            BIGINT NOT NULL,
    site           TEXT COLLATE "C" NOT NULL,
    source         TEXT COLLATE "C" NOT NULL,
    received_at_us BIGINT NOT NULL,
    "rows"         BYTEA NOT NULL,
    PRIMARY KEY (day, site, source)
);

-- Rises with what is said of days that are over.

INSERT INTO counters (name, value) VALUES ('demand', 0);
