-- What operators expect of titles that nobody has watched yet.

CREATE TABLE title_expectations (
    content_group TEXT COLLATE "C" NOT NULL,
    title         TEXT COLLATE "C" NOT NULL,
    -- 'film' or 'series'.
    kind          TEXT COLLATE "C" NOT NULL,
    -- The part of all that is watched that it is expected to be, in its first days; NULL: as others of its kind were.
    share         DOUBLE PRECISION,
    made_at_us    BIGINT NOT NULL,
    made_by       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (content_group, title)
);
