-- Who may become a box: tokens, by the digest of what makes them one.

CREATE TABLE join_tokens (
    id            TEXT COLLATE "C" PRIMARY KEY,
    appliance     TEXT COLLATE "C" NOT NULL REFERENCES appliances (name) ON DELETE CASCADE,
    serial        TEXT NOT NULL,
    secret_digest TEXT NOT NULL,
    made_at_us    BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    used_at_us    BIGINT,
    -- The key that it was used for: the same machine may ask again, whose answer was lost.
    key_digest    TEXT
);
CREATE INDEX join_tokens_by_appliance ON join_tokens (appliance, made_at_us);

-- What was issued. It outlives the appliance: a certificate of one that is gone is still good
-- until it ends, or is revoked.

CREATE TABLE certificates (
    serial       TEXT COLLATE "C" PRIMARY KEY,
    appliance    TEXT COLLATE "C" NOT NULL,
    purpose      TEXT NOT NULL,
    authority    TEXT NOT NULL,
    key_digest   TEXT NOT NULL,
    chain        TEXT NOT NULL,
    issued_at_us BIGINT NOT NULL,
    not_after_us BIGINT NOT NULL
);
CREATE INDEX certificates_by_appliance ON certificates (appliance, purpose, key_digest);
