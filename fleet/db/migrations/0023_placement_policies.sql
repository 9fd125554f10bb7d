-- How everything is placed, as operators say: versions, each in place of the one before. The policy is JSON.

CREATE TABLE placement_policies (
    version    BIGINT PRIMARY KEY,
    made_at_us BIGINT NOT NULL,
    made_by    TEXT COLLATE "C" NOT NULL,
    policy     TEXT COLLATE "C" NOT NULL
);

INSERT INTO counters (name, value) VALUES ('placement_policy', 0);

-- Runs follow one another in lines: 0 is what boxes are told, others are worked out beside it.

ALTER TABLE prefill_runs ADD COLUMN line BIGINT NOT NULL DEFAULT 0;
ALTER TABLE prefill_holds ADD COLUMN line BIGINT NOT NULL DEFAULT 0;

DROP INDEX prefill_runs_by_day;
CREATE INDEX prefill_runs_by_line ON prefill_runs (line, version);
