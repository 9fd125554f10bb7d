-- A site may be known before it is known where it is. A column that has to hold something is made again,
-- for SQLite takes that from none.

ALTER TABLE sites ADD COLUMN north DOUBLE PRECISION;
ALTER TABLE sites ADD COLUMN east DOUBLE PRECISION;
UPDATE sites SET north = latitude, east = longitude;
ALTER TABLE sites DROP COLUMN latitude;
ALTER TABLE sites DROP COLUMN longitude;
ALTER TABLE sites RENAME COLUMN north TO latitude;
ALTER TABLE sites RENAME COLUMN east TO longitude;
