-- Where the fleet finds a device by itself, and by what it knows that it is that one.

ALTER TABLE devices ADD COLUMN management_address TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN ssh_host_keys TEXT COLLATE "C";
