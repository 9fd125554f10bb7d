-- What operators say of where titles belong: pinned, or banned.

CREATE TABLE placement_rules (
    content_group TEXT COLLATE "C" NOT NULL,
    title         TEXT COLLATE "C" NOT NULL,
    -- Where it counts: '' everywhere, 'site NAME', 'tag NAME', 'region NAME'.
    scope         TEXT COLLATE "C" NOT NULL,
    -- 'pin' or 'ban'.
    rule          TEXT COLLATE "C" NOT NULL,
    -- Of a pin: at least so many. Of a ban: 0.
    copies        BIGINT NOT NULL,
    made_at_us    BIGINT NOT NULL,
    made_by       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (content_group, title, scope)
);

INSERT INTO counters (name, value) VALUES ('placement_rules', 0);
