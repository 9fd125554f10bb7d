-- Where a title may be shown, from when to when, and what it lacks there: nothing is said of most.

ALTER TABLE titles ADD COLUMN terms TEXT COLLATE "C";
