-- What devices really run, as they said it: without secrets and noise, revision by revision. It outlives the
-- devices, and so refers to none. A text that stands in many revisions is kept once.

CREATE TABLE config_texts (
    -- SHA-256, in hexadecimal digits.
    digest      TEXT COLLATE "C" PRIMARY KEY,
    bytes       BIGINT NOT NULL,
    text        TEXT COLLATE "C" NOT NULL
);

CREATE TABLE config_revisions (
    -- Rises over all devices, and is seen in its order: who has seen one has seen, or will never see, those below.
    id          BIGINT PRIMARY KEY,
    device      TEXT COLLATE "C" NOT NULL,
    -- Of this device, from 1.
    number      BIGINT NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    taken_at_us BIGINT NOT NULL,
    -- 'schedule', 'asked' or 'change'.
    cause       TEXT COLLATE "C" NOT NULL,
    -- So many secrets were taken out.
    redacted    BIGINT NOT NULL,
    files       BIGINT NOT NULL,
    UNIQUE (device, number)
);
CREATE INDEX config_revisions_by_device ON config_revisions (device, id);

CREATE TABLE config_revision_files (
    revision    BIGINT NOT NULL REFERENCES config_revisions (id) ON DELETE CASCADE,
    path        TEXT COLLATE "C" NOT NULL,
    digest      TEXT COLLATE "C" NOT NULL REFERENCES config_texts (digest),
    PRIMARY KEY (revision, path)
);
CREATE INDEX config_revision_files_by_digest ON config_revision_files (digest, revision);

-- How the last try went, device by device.

CREATE TABLE config_backups (
    device      TEXT COLLATE "C" PRIMARY KEY,
    tried_at_us BIGINT NOT NULL,
    -- When it went well last.
    taken_at_us BIGINT,
    -- The number of what the device ran then.
    latest      BIGINT,
    -- Why the last try failed; NULL: it did not.
    why         TEXT COLLATE "C"
);

INSERT INTO counters (name, value) VALUES ('config_revision', 0);
