//! What `smartctl --json` prints: shapes differ by kind of disk and by version of the program, so
//! everything is looked for, and nothing is needed.

use contract::smart::{MAX_SMART_TEXT, MAX_SMART_WARNINGS, SmartReport};
use contract::time::TimeUs;
use serde_json::Value;

/// Why there is no report in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoReport {
    #[error("smartctl has not answered in JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("smartctl: {0}")]
    Says(String),
    #[error("the device says nothing of its health")]
    Silent,
}

/// The unit of an NVMe disk's counters of data: a thousand times 512 bytes.
const DATA_UNIT_BYTES: u64 = 512_000;

/// The bits of an NVMe disk's critical warning, lowest first.
const CRITICAL: [&str; 6] = [
    "its spare blocks are nearly used up",
    "it is too hot or too cold",
    "it is no longer reliable",
    "it can only be read",
    "its volatile memory cannot be saved any more",
    "its persistent memory region is unreliable",
];

/// Attributes of ATA disks (SMART numbers).
const REALLOCATED: u64 = 5;
const UNCORRECTABLE: u64 = 187;
const PENDING: u64 = 197;

/// An answer.
pub(super) struct Answer(Value);

impl Answer {
    pub(super) fn parse(text: &[u8]) -> Result<Self, NoReport> {
        Ok(Self(serde_json::from_slice(text)?))
    }

    pub(super) fn report(&self, asked_at_us: TimeUs) -> Result<SmartReport, NoReport> {
        let mut report = SmartReport {
            asked_at_us,
            model: self.text("/model_name"),
            serial: self.text("/serial_number"),
            firmware: self.text("/firmware_version"),
            is_healthy: self.0.pointer("/smart_status/passed").and_then(Value::as_bool),
            temperature_celsius: self.0.pointer("/temperature/current").and_then(Value::as_i64),
            wear_percent: self.wear_percent(),
            written_bytes: self.written_bytes(),
            power_on_hours: self.number("/power_on_time/hours"),
            media_errors: self.number(&nvme("media_errors")).or_else(|| self.raw(UNCORRECTABLE)),
            reallocated_sectors: self.raw(REALLOCATED),
            pending_sectors: self.raw(PENDING),
            warnings: self.critical().chain(self.failing()).collect(),
        };
        report.warnings.truncate(MAX_SMART_WARNINGS);
        let is_silent = SmartReport { asked_at_us, ..SmartReport::default() }
            == SmartReport { model: None, serial: None, firmware: None, ..report.clone() };
        match (is_silent, self.complaint()) {
            (false, _) => Ok(report),
            (true, Some(complaint)) => Err(NoReport::Says(complaint)),
            (true, None) => Err(NoReport::Silent),
        }
    }

    fn number(&self, place: &str) -> Option<u64> {
        self.0.pointer(place)?.as_u64()
    }

    fn text(&self, place: &str) -> Option<String> {
        let text = clean(self.0.pointer(place)?.as_str()?);
        (!text.is_empty()).then_some(text)
    }

    /// What the program itself says went wrong.
    fn complaint(&self) -> Option<String> {
        self.text("/smartctl/messages/0/string")
    }

    fn wear_percent(&self) -> Option<u64> {
        let by_page = || self.statistic("Percentage Used Endurance Indicator");
        self.number("/endurance_used/current_percent")
            .or_else(|| self.number(&nvme("percentage_used")))
            .or_else(by_page)
    }

    fn written_bytes(&self) -> Option<u64> {
        let units = self.number(&nvme("data_units_written"));
        let sector_bytes = self.number("/logical_block_size").unwrap_or(512);
        let sectors = self.statistic("Logical Sectors Written");
        let by_units = units.map(|units| units.saturating_mul(DATA_UNIT_BYTES));
        let by_sectors = sectors.map(|sectors| sectors.saturating_mul(sector_bytes));
        by_units.or(by_sectors).or_else(|| self.written_by_attribute(sector_bytes))
    }

    /// Makers count it under one number in many units; the name that smartctl knows says which.
    fn written_by_attribute(&self, sector_bytes: u64) -> Option<u64> {
        self.attributes().find_map(|attribute| {
            let unit_bytes = match attribute.get("name")?.as_str()? {
                "Total_LBAs_Written" => sector_bytes,
                "Host_Writes_32MiB" => 32 << 20,
                "Host_Writes_GiB" | "Total_Writes_GiB" | "Lifetime_Writes_GiB" => 1 << 30,
                _ => return None,
            };
            Some(attribute.pointer("/raw/value")?.as_u64()?.saturating_mul(unit_bytes))
        })
    }

    fn list(&self, place: &str) -> impl Iterator<Item = &Value> {
        self.0.pointer(place).and_then(Value::as_array).into_iter().flatten()
    }

    fn attributes(&self) -> impl Iterator<Item = &Value> {
        self.list("/ata_smart_attributes/table")
    }

    fn raw(&self, number: u64) -> Option<u64> {
        let is_it = |it: &&Value| it.get("id").and_then(Value::as_u64) == Some(number);
        self.attributes().find(is_it)?.pointer("/raw/value")?.as_u64()
    }

    /// A device statistic (ACS-3), by its name.
    fn statistic(&self, name: &str) -> Option<u64> {
        let pages = self.list("/ata_device_statistics/pages");
        let lines = pages.filter_map(|page| page.get("table")?.as_array()).flatten();
        let is_it = |it: &&Value| it.get("name").and_then(Value::as_str) == Some(name);
        lines.filter(is_it).find_map(|line| line.get("value")?.as_u64())
    }

    fn critical(&self) -> impl Iterator<Item = String> {
        let bits = self.number(&nvme("critical_warning")).unwrap_or(0);
        let is_set = move |at: &usize| bits & (1 << at) != 0;
        (0..CRITICAL.len()).filter(is_set).map(|at| CRITICAL[at].to_owned())
    }

    /// Attributes that are at or below their threshold.
    fn failing(&self) -> impl Iterator<Item = String> {
        self.attributes().filter_map(|attribute| {
            let when = attribute.get("when_failed")?.as_str()?;
            let name = clean(attribute.get("name")?.as_str()?);
            when.eq_ignore_ascii_case("now").then(|| format!("{name} is below its threshold"))
        })
    }
}

fn nvme(name: &str) -> String {
    format!("/nvme_smart_health_information_log/{name}")
}

/// Disks pad with spaces, and a broken one may say anything.
fn clean(text: &str) -> String {
    let kept = text.trim().chars().filter(|char| !char.is_control());
    kept.take(MAX_SMART_TEXT).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
