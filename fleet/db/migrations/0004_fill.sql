-- When and how fast the boxes of a site fill, as JSON; at any hour without it.

ALTER TABLE sites ADD COLUMN fill TEXT;
