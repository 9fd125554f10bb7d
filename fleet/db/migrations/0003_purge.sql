-- What the objects of a title can be purged by, separated by spaces; and when they are served.

ALTER TABLE titles ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE titles ADD COLUMN serve_from_us BIGINT;
ALTER TABLE titles ADD COLUMN serve_until_us BIGINT;

-- What was asked for, in words: boxes know a version of an object by a hash alone.
ALTER TABLE purges ADD COLUMN subject TEXT NOT NULL DEFAULT '';

-- 1: stands for this purge and all older ones of its group, which are forgotten.
ALTER TABLE purges ADD COLUMN folded BIGINT NOT NULL DEFAULT 0;
