-- Who may ask the fleet for something, and as what.

CREATE TABLE people (
    name            TEXT COLLATE "C" PRIMARY KEY,
    role            TEXT NOT NULL,
    -- A PHC string: nothing that a password could be made of.
    password_hash   TEXT NOT NULL,
    created_at_us   BIGINT NOT NULL,
    password_at_us  BIGINT NOT NULL,
    logged_in_at_us BIGINT
);

-- Who has logged in, by the digest of what he shows.

CREATE TABLE sessions (
    token_digest  TEXT COLLATE "C" PRIMARY KEY,
    person        TEXT COLLATE "C" NOT NULL REFERENCES people (name) ON DELETE CASCADE,
    made_at_us    BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person, made_at_us);
CREATE INDEX sessions_by_end ON sessions (expires_at_us);

-- SSH certificates that were issued. They outlive person and appliance: who was let in where is asked
-- for afterwards.

CREATE TABLE ssh_certificates (
    serial       BIGINT PRIMARY KEY,
    key_id       TEXT NOT NULL,
    person       TEXT COLLATE "C" NOT NULL,
    appliance    TEXT COLLATE "C" NOT NULL,
    -- The one command that it is good for; without one, a shell.
    command      TEXT,
    -- From where, one a line; nothing: from anywhere.
    sources      TEXT NOT NULL,
    -- Of the key that it is for, as OpenSSH writes it.
    fingerprint  TEXT NOT NULL,
    issued_at_us BIGINT NOT NULL,
    not_after_us BIGINT NOT NULL
);
CREATE INDEX ssh_certificates_by_time ON ssh_certificates (issued_at_us, serial);
CREATE INDEX ssh_certificates_by_appliance ON ssh_certificates (appliance, issued_at_us, serial);

-- The keys that a box's SSH server shows, as it said when it joined.

CREATE TABLE ssh_host_keys (
    appliance    TEXT COLLATE "C" NOT NULL REFERENCES appliances (name) ON DELETE CASCADE,
    place        BIGINT NOT NULL,
    public_key   TEXT NOT NULL,
    pinned_at_us BIGINT NOT NULL,
    PRIMARY KEY (appliance, place)
);
