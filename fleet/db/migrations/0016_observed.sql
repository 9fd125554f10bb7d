-- What machines say that they are made of, where that differs from the inventory, and what is to run in
-- parts of a model.

CREATE TABLE observed_hardware (
    device        TEXT COLLATE "C" PRIMARY KEY REFERENCES devices ("key") ON DELETE CASCADE,
    digest        TEXT COLLATE "C" NOT NULL,
    serial        TEXT COLLATE "C",
    parts         TEXT COLLATE "C" NOT NULL,
    epoch         BIGINT,
    generation    BIGINT,
    seen_at_us    BIGINT NOT NULL
);

CREATE TABLE firmware_policies (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    "type"        TEXT COLLATE "C",
    part_id       TEXT COLLATE "C",
    oldest        TEXT COLLATE "C",
    description   TEXT COLLATE "C",
    tags          TEXT COLLATE "C"
);

CREATE TABLE differences (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    device        TEXT COLLATE "C",
    reason        TEXT COLLATE "C",
    part          TEXT COLLATE "C",
    detail        TEXT COLLATE "C",
    intended      TEXT COLLATE "C",
    observed      TEXT COLLATE "C",
    acknowledged  BIGINT,
    description   TEXT COLLATE "C"
);
CREATE INDEX differences_by_device ON differences (device, "key");
CREATE INDEX differences_by_reason ON differences (reason, "key");
CREATE INDEX differences_by_part ON differences (part, "key");
CREATE INDEX components_by_model ON components (part_id, "key");
