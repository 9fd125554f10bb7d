-- What devices are told beside what they are, each for as many of them as it names.

CREATE TABLE config_contexts (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    device_type   TEXT COLLATE "C",
    site          TEXT COLLATE "C",
    device        TEXT COLLATE "C",
    expires       BIGINT,
    data          TEXT COLLATE "C",
    description   TEXT COLLATE "C",
    tags          TEXT COLLATE "C"
);
CREATE INDEX config_contexts_by_device_type ON config_contexts (device_type, "key");
CREATE INDEX config_contexts_by_site ON config_contexts (site, "key");
CREATE INDEX config_contexts_by_device ON config_contexts (device, "key");
