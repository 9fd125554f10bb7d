-- Rules that make one text do for SQLite and PostgreSQL: BIGINT for every number, booleans and
-- microseconds included; TEXT keys compare bytewise (the COLLATE clause is dropped on SQLite, where
-- that is the default); BYTEA for bytes.

-- Versions of data sets, and other numbers that only rise. A writer bumps its row first and so
-- holds it until the end: writers of one data set follow one another.
CREATE TABLE counters (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES
    ('inventory', 0), ('catalogue', 0), ('ordinal', 0), ('purge', 0);

-- Inventory.

CREATE TABLE sites (
    name          TEXT COLLATE "C" PRIMARY KEY,
    latitude      DOUBLE PRECISION NOT NULL,
    longitude     DOUBLE PRECISION NOT NULL,
    created_at_us BIGINT NOT NULL
);

CREATE TABLE site_prefixes (
    prefix TEXT COLLATE "C" PRIMARY KEY,
    site   TEXT COLLATE "C" NOT NULL REFERENCES sites (name) ON DELETE CASCADE,
    place  BIGINT NOT NULL
);

CREATE TABLE content_groups (
    name          TEXT COLLATE "C" PRIMARY KEY,
    spec          TEXT NOT NULL,
    created_at_us BIGINT NOT NULL
);

CREATE TABLE appliances (
    name          TEXT COLLATE "C" PRIMARY KEY,
    site          TEXT COLLATE "C" NOT NULL REFERENCES sites (name),
    spec          TEXT NOT NULL,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX appliances_by_site ON appliances (site);

-- Catalogue. An ordinal is given once; an object whose bytes change gets another.

CREATE TABLE titles (
    content_group TEXT COLLATE "C" NOT NULL REFERENCES content_groups (name),
    title         TEXT COLLATE "C" NOT NULL,
    display_name  TEXT NOT NULL,
    base_path     TEXT NOT NULL,
    hls_path      TEXT,
    hls_text      TEXT,
    dash_path     TEXT,
    dash_text     TEXT,
    revision      BIGINT NOT NULL,
    added_at_us   BIGINT NOT NULL,
    PRIMARY KEY (content_group, title)
);

CREATE TABLE objects (
    ordinal       BIGINT PRIMARY KEY,
    content_group TEXT COLLATE "C" NOT NULL,
    title         TEXT COLLATE "C" NOT NULL,
    path          TEXT COLLATE "C" NOT NULL,
    size_bytes    BIGINT NOT NULL,
    blake3        TEXT NOT NULL,
    modified_us   BIGINT NOT NULL,
    removed_at_us BIGINT
);
CREATE UNIQUE INDEX objects_in_force ON objects (content_group, path) WHERE removed_at_us IS NULL;
CREATE INDEX objects_by_title ON objects (content_group, title) WHERE removed_at_us IS NULL;

CREATE TABLE imports (
    id            TEXT COLLATE "C" PRIMARY KEY,
    spec          TEXT NOT NULL,
    started_at_us BIGINT NOT NULL
);

CREATE TABLE import_objects (
    import_id   TEXT COLLATE "C" NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    path        TEXT COLLATE "C" NOT NULL,
    size_bytes  BIGINT NOT NULL,
    blake3      TEXT NOT NULL,
    modified_us BIGINT NOT NULL,
    PRIMARY KEY (import_id, path)
);

CREATE TABLE catalogue_segments (
    digest        TEXT COLLATE "C" PRIMARY KEY,
    bytes         BYTEA NOT NULL,
    last_used_us  BIGINT NOT NULL
);

CREATE TABLE purges (
    version       BIGINT PRIMARY KEY,
    content_group TEXT COLLATE "C" NOT NULL,
    what          TEXT NOT NULL,
    made_at_us    BIGINT NOT NULL
);

-- The newest document of each kind for each box.

CREATE TABLE documents (
    appliance       TEXT COLLATE "C" NOT NULL REFERENCES appliances (name) ON DELETE CASCADE,
    kind            TEXT COLLATE "C" NOT NULL,
    epoch           BIGINT NOT NULL,
    number          BIGINT NOT NULL,
    content_version BIGINT NOT NULL,
    content_digest  TEXT NOT NULL,
    body            TEXT NOT NULL,
    issued_at_us    BIGINT NOT NULL,
    not_after_us    BIGINT NOT NULL,
    PRIMARY KEY (appliance, kind)
);

-- What boxes said.

CREATE TABLE appliance_reports (
    appliance        TEXT COLLATE "C" PRIMARY KEY REFERENCES appliances (name) ON DELETE CASCADE,
    boot_id          TEXT NOT NULL,
    previous_boot_id TEXT,
    sequence         BIGINT NOT NULL,
    received_at_us   BIGINT NOT NULL,
    report           TEXT NOT NULL
);

CREATE TABLE appliance_events (
    appliance      TEXT COLLATE "C" NOT NULL REFERENCES appliances (name) ON DELETE CASCADE,
    boot_id        TEXT COLLATE "C" NOT NULL,
    sequence       BIGINT NOT NULL,
    at_us          BIGINT NOT NULL,
    received_at_us BIGINT NOT NULL,
    severity       TEXT NOT NULL,
    kind           TEXT NOT NULL,
    subject        TEXT NOT NULL,
    detail         TEXT NOT NULL,
    PRIMARY KEY (appliance, boot_id, sequence)
);
CREATE INDEX appliance_events_by_time ON appliance_events (appliance, received_at_us);

-- Which revision of which title a box was last known to hold whole.
CREATE TABLE holdings (
    appliance     TEXT COLLATE "C" NOT NULL REFERENCES appliances (name) ON DELETE CASCADE,
    content_group TEXT COLLATE "C" NOT NULL,
    title         TEXT COLLATE "C" NOT NULL,
    revision      BIGINT NOT NULL,
    PRIMARY KEY (appliance, content_group, title)
);
