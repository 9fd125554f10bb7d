-- The inventory as kinds of records: a table for each kind, a column for each field, what is of several
-- parts as JSON. What one record names of another is its key. Sites, appliances and content groups were
-- there before.

-- Sites.

ALTER TABLE sites RENAME COLUMN name TO "key";
ALTER TABLE sites ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sites ADD COLUMN changed_at_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sites ADD COLUMN "status" TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN region TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN provider TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN facility TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN physical_address TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN shipping_address TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN client_prefixes TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN time_zone TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN maintenance_windows TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN may_fill_sites TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN client_scope TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN off_net_cap_bytes_per_s BIGINT;
ALTER TABLE sites ADD COLUMN remote_hands TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN remote_hands_terms TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN out_of_band TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN description TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN "comments" TEXT COLLATE "C";
ALTER TABLE sites ADD COLUMN tags TEXT COLLATE "C";
CREATE INDEX sites_by_region ON sites (region, "key");
CREATE INDEX sites_by_provider ON sites (provider, "key");
CREATE INDEX sites_by_status ON sites ("status", "key");

UPDATE sites SET changed_at_us = created_at_us, status = 'active', client_scope = 'any';
--postgres-- UPDATE sites SET client_prefixes = (SELECT json_agg(prefix ORDER BY place)::text
--postgres--     FROM site_prefixes WHERE site = sites."key");
--sqlite-- UPDATE sites SET client_prefixes = (SELECT json_group_array(prefix ORDER BY place)
--sqlite--     FROM site_prefixes WHERE site = sites."key" HAVING COUNT(*) > 0);
DROP TABLE site_prefixes;

-- Appliances become devices that are told to be one.

ALTER TABLE appliances RENAME TO devices;
ALTER TABLE devices RENAME COLUMN name TO "key";
DROP INDEX appliances_by_site;
CREATE INDEX devices_by_site ON devices (site, "key");
ALTER TABLE devices ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN changed_at_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN "role" TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN "status" TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN status_reason TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN device_type TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN serial TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN asset_tag TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN rack TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN "position" DOUBLE PRECISION;
ALTER TABLE devices ADD COLUMN face TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN airflow TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN cluster TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN appliance TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN bmc TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN has_bmc BIGINT;
ALTER TABLE devices ADD COLUMN description TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN "comments" TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN tags TEXT COLLATE "C";
CREATE INDEX devices_by_status ON devices ("status", "key");
CREATE INDEX devices_by_role ON devices ("role", "key");
CREATE INDEX devices_by_device_type ON devices (device_type, "key");
CREATE INDEX devices_by_serial ON devices (serial, "key");
CREATE INDEX devices_by_rack ON devices (rack, "key");
CREATE INDEX devices_by_cluster ON devices (cluster, "key");

UPDATE devices SET changed_at_us = created_at_us, "role" = 'appliance', "status" = 'active', has_bmc = 1;
--postgres-- UPDATE devices SET serial = spec::jsonb ->> 'serial',
--postgres--     appliance = (spec::jsonb - 'name' - 'site' - 'serial' - 'admin')::text;
--sqlite-- UPDATE devices SET serial = spec ->> 'serial',
--sqlite--     appliance = json_remove(spec, '$.name', '$.site', '$.serial', '$.admin');
ALTER TABLE devices DROP COLUMN spec;

-- Content groups.

ALTER TABLE content_groups RENAME COLUMN name TO "key";
ALTER TABLE content_groups ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE content_groups ADD COLUMN changed_at_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE content_groups ADD COLUMN owner TEXT COLLATE "C";
ALTER TABLE content_groups ADD COLUMN host_pattern TEXT COLLATE "C";
ALTER TABLE content_groups ADD COLUMN origin_url TEXT COLLATE "C";
ALTER TABLE content_groups ADD COLUMN origin_s3 TEXT COLLATE "C";
ALTER TABLE content_groups ADD COLUMN cors_origins TEXT COLLATE "C";
ALTER TABLE content_groups ADD COLUMN log_requests BIGINT;
ALTER TABLE content_groups ADD COLUMN on_miss TEXT COLLATE "C";
ALTER TABLE content_groups ADD COLUMN demand_share_percent BIGINT;
ALTER TABLE content_groups ADD COLUMN tags TEXT COLLATE "C";

UPDATE content_groups SET changed_at_us = created_at_us;
--postgres-- UPDATE content_groups SET
--postgres--     owner = spec::jsonb ->> 'owner',
--postgres--     host_pattern = spec::jsonb ->> 'host_pattern',
--postgres--     origin_url = spec::jsonb ->> 'origin_url',
--postgres--     origin_s3 = spec::jsonb ->> 'origin_s3',
--postgres--     cors_origins = COALESCE(spec::jsonb ->> 'cors_origins', '["*"]'),
--postgres--     log_requests = CASE WHEN spec::jsonb ->> 'log_requests' = 'false' THEN 0 ELSE 1 END,
--postgres--     on_miss = COALESCE(spec::jsonb ->> 'on_miss', 'refuse'),
--postgres--     demand_share_percent = COALESCE(CAST(spec::jsonb ->> 'demand_share_percent' AS BIGINT), 10);
--sqlite-- UPDATE content_groups SET
--sqlite--     owner = spec ->> 'owner',
--sqlite--     host_pattern = spec ->> 'host_pattern',
--sqlite--     origin_url = spec ->> 'origin_url',
--sqlite--     origin_s3 = spec ->> 'origin_s3',
--sqlite--     cors_origins = COALESCE(spec ->> 'cors_origins', '["*"]'),
--sqlite--     log_requests = COALESCE(spec ->> 'log_requests', 1),
--sqlite--     on_miss = COALESCE(spec ->> 'on_miss', 'refuse'),
--sqlite--     demand_share_percent = COALESCE(spec ->> 'demand_share_percent', 10);
ALTER TABLE content_groups DROP COLUMN spec;

-- All else that there is.

CREATE TABLE tags (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    description   TEXT COLLATE "C"
);

CREATE TABLE regions (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    parent        TEXT COLLATE "C",
    description   TEXT COLLATE "C",
    tags          TEXT COLLATE "C"
);
CREATE INDEX regions_by_parent ON regions (parent, "key");

CREATE TABLE providers (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    asns          TEXT COLLATE "C",
    contacts      TEXT COLLATE "C",
    description   TEXT COLLATE "C",
    "comments"    TEXT COLLATE "C",
    tags          TEXT COLLATE "C"
);

CREATE TABLE racks (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    site          TEXT COLLATE "C",
    name          TEXT COLLATE "C",
    facility_id   TEXT COLLATE "C",
    "status"      TEXT COLLATE "C",
    u_height      BIGINT,
    desc_units    BIGINT,
    serial        TEXT COLLATE "C",
    asset_tag     TEXT COLLATE "C",
    max_power_w   BIGINT,
    max_weight_kg BIGINT,
    description   TEXT COLLATE "C",
    "comments"    TEXT COLLATE "C",
    tags          TEXT COLLATE "C"
);
CREATE INDEX racks_by_site ON racks (site, "key");

CREATE TABLE device_types (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    manufacturer  TEXT COLLATE "C",
    model         TEXT COLLATE "C",
    part_number   TEXT COLLATE "C",
    u_height      DOUBLE PRECISION,
    is_full_depth BIGINT,
    airflow       TEXT COLLATE "C",
    weight_kg     DOUBLE PRECISION,
    max_power_w   BIGINT,
    description   TEXT COLLATE "C",
    "comments"    TEXT COLLATE "C",
    tags          TEXT COLLATE "C"
);

CREATE TABLE clusters (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    site          TEXT COLLATE "C",
    description   TEXT COLLATE "C",
    tags          TEXT COLLATE "C"
);
CREATE INDEX clusters_by_site ON clusters (site, "key");

CREATE TABLE components (
    "key"             TEXT COLLATE "C" PRIMARY KEY,
    version           BIGINT NOT NULL,
    created_at_us     BIGINT NOT NULL,
    changed_at_us     BIGINT NOT NULL,
    "type"            TEXT COLLATE "C",
    serial            TEXT COLLATE "C",
    manufacturer      TEXT COLLATE "C",
    part_id           TEXT COLLATE "C",
    asset_tag         TEXT COLLATE "C",
    "status"          TEXT COLLATE "C",
    device            TEXT COLLATE "C",
    bay               TEXT COLLATE "C",
    firmware          TEXT COLLATE "C",
    disk_class        TEXT COLLATE "C",
    capacity_bytes    BIGINT,
    rated_write_bytes BIGINT,
    wear_percent      BIGINT,
    erased_at         BIGINT,
    description       TEXT COLLATE "C",
    tags              TEXT COLLATE "C"
);
CREATE INDEX components_by_device ON components (device, "key");
CREATE INDEX components_by_serial ON components (serial, "key");
CREATE INDEX components_by_status ON components ("status", "key");

CREATE TABLE interfaces (
    "key"             TEXT COLLATE "C" PRIMARY KEY,
    version           BIGINT NOT NULL,
    created_at_us     BIGINT NOT NULL,
    changed_at_us     BIGINT NOT NULL,
    device            TEXT COLLATE "C",
    name              TEXT COLLATE "C",
    "label"           TEXT COLLATE "C",
    "type"            TEXT COLLATE "C",
    enabled           BIGINT,
    lag               TEXT COLLATE "C",
    parent            TEXT COLLATE "C",
    mac_address       TEXT COLLATE "C",
    mtu               BIGINT,
    speed_kbits_per_s BIGINT,
    mgmt_only         BIGINT,
    purpose           TEXT COLLATE "C",
    description       TEXT COLLATE "C",
    tags              TEXT COLLATE "C"
);
CREATE INDEX interfaces_by_device ON interfaces (device, "key");
CREATE INDEX interfaces_by_lag ON interfaces (lag, "key");
CREATE INDEX interfaces_by_parent ON interfaces (parent, "key");

CREATE TABLE links (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    "a"           TEXT COLLATE "C",
    "b"           TEXT COLLATE "C",
    "status"      TEXT COLLATE "C",
    "type"        TEXT COLLATE "C",
    "label"       TEXT COLLATE "C",
    length_m      DOUBLE PRECISION,
    description   TEXT COLLATE "C",
    tags          TEXT COLLATE "C"
);
CREATE INDEX links_by_a ON links ("a", "key");
CREATE INDEX links_by_b ON links ("b", "key");

CREATE TABLE prefixes (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    "status"      TEXT COLLATE "C",
    site          TEXT COLLATE "C",
    purpose       TEXT COLLATE "C",
    description   TEXT COLLATE "C",
    tags          TEXT COLLATE "C"
);
CREATE INDEX prefixes_by_site ON prefixes (site, "key");

CREATE TABLE ip_addresses (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    "status"      TEXT COLLATE "C",
    "role"        TEXT COLLATE "C",
    interface     TEXT COLLATE "C",
    dns_name      TEXT COLLATE "C",
    description   TEXT COLLATE "C",
    tags          TEXT COLLATE "C"
);
CREATE INDEX ip_addresses_by_interface ON ip_addresses (interface, "key");

CREATE TABLE bgp_sessions (
    "key"         TEXT COLLATE "C" PRIMARY KEY,
    version       BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    device        TEXT COLLATE "C",
    peer_address  TEXT COLLATE "C",
    peer_asn      BIGINT,
    local_asn     BIGINT,
    "status"      TEXT COLLATE "C",
    max_prefixes  BIGINT,
    description   TEXT COLLATE "C",
    tags          TEXT COLLATE "C"
);
CREATE INDEX bgp_sessions_by_device ON bgp_sessions (device, "key");
CREATE INDEX bgp_sessions_by_peer_asn ON bgp_sessions (peer_asn, "key");

-- Who has made it so. The version is that of the inventory; places tell changes of one request apart.

CREATE TABLE changes (
    version       BIGINT NOT NULL,
    place         BIGINT NOT NULL,
    at_us         BIGINT NOT NULL,
    who           TEXT NOT NULL,
    request_id    TEXT COLLATE "C" NOT NULL,
    message       TEXT,
    kind          TEXT COLLATE "C" NOT NULL,
    "key"         TEXT COLLATE "C" NOT NULL,
    action        TEXT NOT NULL,
    -- Fields that differ, as JSON.
    before_fields TEXT NOT NULL,
    after_fields  TEXT NOT NULL,
    PRIMARY KEY (version, place)
);
CREATE INDEX changes_by_key ON changes (kind, "key", version);

-- What was answered to requests that may come again, and what they were.

CREATE TABLE answers (
    who        TEXT COLLATE "C" NOT NULL,
    once       TEXT COLLATE "C" NOT NULL,
    digest     TEXT NOT NULL,
    status     BIGINT NOT NULL,
    body       TEXT NOT NULL,
    made_at_us BIGINT NOT NULL,
    PRIMARY KEY (who, once)
);
CREATE INDEX answers_by_time ON answers (made_at_us);
