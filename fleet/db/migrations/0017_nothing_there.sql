-- Where nothing stands in most records, there is nothing to look for: each entry costs as much as any other.

DROP INDEX interfaces_by_lag;
CREATE INDEX interfaces_by_lag ON interfaces (lag, "key") WHERE lag IS NOT NULL;
DROP INDEX interfaces_by_parent;
CREATE INDEX interfaces_by_parent ON interfaces (parent, "key") WHERE parent IS NOT NULL;
