-- Whose partner somebody is, by the key of a provider of the inventory.

ALTER TABLE people ADD COLUMN provider TEXT COLLATE "C";
