-- What the root has said, version by version, as it was signed.

CREATE TABLE trust (
    version         BIGINT PRIMARY KEY,
    signed          TEXT NOT NULL,
    installed_at_us BIGINT NOT NULL
);

-- The root says which epoch it is.
DROP TABLE epochs;

-- Which version of what the root said a document was issued under.
ALTER TABLE documents ADD COLUMN trust_version BIGINT NOT NULL DEFAULT 0;
