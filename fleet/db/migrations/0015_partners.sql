-- Whose partner somebody is. A provider stays as long as it has partners here.

ALTER TABLE people ADD COLUMN provider TEXT COLLATE "C" REFERENCES providers ("key");
