-- What is placed where: each run with what was asked, and what each box is to hold from a run on.

CREATE TABLE prefill_runs (
    version         BIGINT PRIMARY KEY,
    parent          BIGINT NOT NULL,
    base            BIGINT NOT NULL,
    day             BIGINT NOT NULL,
    made_at_us      BIGINT NOT NULL,
    question        BYTEA NOT NULL,
    question_digest TEXT COLLATE "C" NOT NULL,
    answer_digest   TEXT COLLATE "C" NOT NULL,
    outcome         TEXT COLLATE "C" NOT NULL
);
CREATE INDEX prefill_runs_by_day ON prefill_runs (day, version);

CREATE TABLE prefill_holds (
    appliance TEXT COLLATE "C" NOT NULL,
    version   BIGINT NOT NULL,
    titles    BYTEA NOT NULL,
    PRIMARY KEY (appliance, version)
);

INSERT INTO counters (name, value) VALUES ('placement', 0);
