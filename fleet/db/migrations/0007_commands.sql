-- What boxes were asked to do once, and how it ended: action and result as documents have them.

CREATE TABLE commands (
    id          TEXT COLLATE "C" PRIMARY KEY,
    appliance   TEXT COLLATE "C" NOT NULL REFERENCES appliances (name) ON DELETE CASCADE,
    action      TEXT NOT NULL,
    made_at_us  BIGINT NOT NULL,
    deadline_us BIGINT NOT NULL,
    result      TEXT
);
CREATE INDEX commands_by_appliance ON commands (appliance, made_at_us);

INSERT INTO counters (name, value) VALUES ('command', 0);
