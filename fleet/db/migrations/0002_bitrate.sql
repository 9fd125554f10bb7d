-- What a viewer who plays an object receives a second, where somebody knows.

ALTER TABLE objects ADD COLUMN bitrate_bits_per_s BIGINT;
ALTER TABLE import_objects ADD COLUMN bitrate_bits_per_s BIGINT;
