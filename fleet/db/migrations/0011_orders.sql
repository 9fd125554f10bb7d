-- Certificates that were ordered from an authority elsewhere, and what became of it: what was
-- ordered counts against what may be, and what failed says when to try again.

CREATE TABLE certificate_orders (
    id          BIGINT PRIMARY KEY,
    authority   TEXT NOT NULL,
    appliance   TEXT COLLATE "C" NOT NULL,
    -- One a line.
    host_names  TEXT NOT NULL,
    begun_at_us BIGINT NOT NULL,
    -- Nothing of these while it is under way: issued, refused, failed or cut_off.
    outcome     TEXT,
    problem     TEXT,
    retry_at_us BIGINT
);
CREATE INDEX certificate_orders_by_time ON certificate_orders (authority, begun_at_us);
CREATE INDEX certificate_orders_by_appliance ON certificate_orders (authority, appliance, id);

INSERT INTO counters (name, value) VALUES ('order', 0);
