-- The hashes of the slices of objects that have several, by the BLAKE3 of the object: 32 bytes
-- each. They prove themselves, so that titles and groups share them.

CREATE TABLE slice_hashes (
    blake3 TEXT PRIMARY KEY,
    hashes BYTEA NOT NULL
);

-- Those of an import go with it, until it is committed.
ALTER TABLE import_objects ADD COLUMN slice_hashes BYTEA;

-- Whether an object in force still has some bytes, and which have just gone.
CREATE INDEX objects_by_blake3 ON objects (blake3) WHERE removed_at_us IS NULL;
CREATE INDEX objects_by_removal ON objects (removed_at_us) WHERE removed_at_us IS NOT NULL;
