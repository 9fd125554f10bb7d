//! A disk on the command line, and as it is shown.

use super::super::quantity::{bytes, parse_bytes};
use inventory::{Disk, DiskClass};

const EXPECTED: &str = "expected FOLDER:CLASS:CAPACITY, such as /srv/disk0:nvme:2TB, and what its \
maker rates it for, such as ,rated=1200TB,life=1826d";

/// `FOLDER:CLASS:CAPACITY[,rated=BYTES[,life=DAYSd]]`; the folder may hold colons and commas.
pub(in super::super) fn parse(value: &str) -> Result<Disk, String> {
    let (rest, tail) = value.rsplit_once(':').ok_or(EXPECTED)?;
    let (folder, class) = rest.rsplit_once(':').ok_or(EXPECTED)?;
    let class = match class {
        "nvme" => DiskClass::Nvme,
        "ssd" => DiskClass::Ssd,
        "hdd" => DiskClass::Hdd,
        other => return Err(format!("class {other:?}: expected nvme, ssd or hdd")),
    };
    let mut parts = tail.split(',');
    let capacity = parts.next().unwrap_or_default();
    let mut disk = Disk::new(folder, class, parse_bytes(capacity)?);
    for part in parts {
        match part.split_once('=').ok_or(EXPECTED)? {
            ("rated", rated) if disk.rated_write_bytes.is_none() => {
                disk.rated_write_bytes = Some(parse_bytes(rated)?);
            }
            ("life", life) if disk.service_life_days.is_none() => {
                let days = life.strip_suffix('d').and_then(|days| days.parse().ok());
                let days = days.ok_or_else(|| format!("life {life:?}: expected days: 1826d"))?;
                disk.service_life_days = Some(days);
            }
            _ => return Err(EXPECTED.to_owned()),
        }
    }
    Ok(disk)
}

/// For people.
pub(in super::super) fn shown(disk: &Disk) -> String {
    let (class, capacity) = (disk.class.as_str(), bytes(disk.capacity_bytes));
    let rated = disk.rated_write_bytes.map(|rated| format!(", rated for {}", bytes(rated)));
    let life = disk.service_life_days.map(|days| format!(" in {days} d"));
    let rating = rated.unwrap_or_default() + &life.unwrap_or_default();
    format!("{} ({class}, {capacity}{rating})", disk.folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_and_shown() {
        let plain = Disk::new("/srv/a:b,c", DiskClass::Nvme, 2_000_000_000_000);
        assert_eq!(parse("/srv/a:b,c:nvme:2TB"), Ok(plain.clone()));
        let rated = Disk { rated_write_bytes: Some(1_200_000_000_000_000), ..plain };
        assert_eq!(parse("/srv/a:b,c:nvme:2TB,rated=1200TB"), Ok(rated.clone()));
        assert_eq!(shown(&rated), "/srv/a:b,c (nvme, 2.0 TB, rated for 1.2 PB)");
        let short = Disk { service_life_days: Some(365), ..rated };
        assert_eq!(parse("/srv/a:b,c:nvme:2TB,rated=1200TB,life=365d"), Ok(short.clone()));
        assert_eq!(shown(&short), "/srv/a:b,c (nvme, 2.0 TB, rated for 1.2 PB in 365 d)");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in [
            "/srv/disk0",
            "/srv/disk0:nvme",
            "/srv/disk0:tape:2TB",
            "/srv/disk0:nvme:lots",
            "/srv/disk0:nvme:2TB,rated",
            "/srv/disk0:nvme:2TB,rated=lots",
            "/srv/disk0:nvme:2TB,rated=1TB,rated=2TB",
            "/srv/disk0:nvme:2TB,life=five years",
            "/srv/disk0:nvme:2TB,colour=red",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
