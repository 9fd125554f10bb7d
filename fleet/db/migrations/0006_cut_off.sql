-- What boxes would have said while nobody could be told. They say how it was; the newest report
-- stands in appliance_reports and is moved by none of these.

CREATE TABLE late_reports (
    appliance        TEXT COLLATE "C" NOT NULL REFERENCES appliances (name) ON DELETE CASCADE,
    boot_id          TEXT COLLATE "C" NOT NULL,
    sequence         BIGINT NOT NULL,
    made_at_us       BIGINT NOT NULL,
    received_at_us   BIGINT NOT NULL,
    dropped_before   BIGINT NOT NULL,
    objects_wanted   BIGINT NOT NULL,
    objects_held     BIGINT NOT NULL,
    bytes_held       BIGINT NOT NULL,
    connections      BIGINT NOT NULL,
    load_1m          DOUBLE PRECISION NOT NULL,
    rate_bytes_per_s BIGINT NOT NULL,
    traffic          TEXT NOT NULL,
    PRIMARY KEY (appliance, boot_id, sequence)
);
CREATE INDEX late_reports_by_time ON late_reports (appliance, made_at_us);
CREATE INDEX late_reports_by_arrival ON late_reports (appliance, received_at_us);

-- Epochs after the first, each with the leave that boxes ask for.

CREATE TABLE epochs (
    epoch         BIGINT PRIMARY KEY,
    epoch_grant   TEXT NOT NULL,
    began_at_us   BIGINT NOT NULL
);
