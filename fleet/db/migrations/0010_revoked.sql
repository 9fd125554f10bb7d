-- Identities that count no more before they end, and why; and how often that has changed.
ALTER TABLE certificates ADD COLUMN revoked_at_us BIGINT;
ALTER TABLE certificates ADD COLUMN revoked_because TEXT;
INSERT INTO counters (name, value) VALUES ('revocation', 0);
