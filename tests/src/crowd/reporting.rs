//! A box that reports, over a connection that stays, and says what its machine is made of.

use super::Member;
use super::https::Line;
use anyhow::{Result, ensure};
use contract::exchange::{Answer, REPORT_PATH};
use contract::parts::{Part, PartType, PartsReport};
use contract::report::Report;
use serde_json::json;
use std::time::SystemTime;

/// Says how it is, as often as it is asked to.
pub struct Reporting {
    line: Line,
    report: Report,
    parts: Vec<Part>,
    wants_parts: bool,
}

impl Reporting {
    /// A box that has said nothing yet.
    ///
    /// # Errors
    /// When the fleet does not answer.
    pub async fn open(member: &Member, parts: Vec<Part>) -> Result<Self> {
        let line = member.identity.line(member.control).await?;
        Ok(Self { line, report: first(member)?, parts, wants_parts: false })
    }

    /// Says it once.
    ///
    /// # Errors
    /// When the fleet refuses.
    pub async fn report(&mut self) -> Result<()> {
        self.report.sequence += 1;
        self.report.made_at_us = SystemTime::now().into();
        let parts = PartsReport::of(self.parts.clone());
        self.report.parts = Some(if self.wants_parts { parts } else { parts.short() });
        let asked = self.line.post(REPORT_PATH, serde_json::to_string(&self.report)?).await?;
        ensure!(asked.status.is_success(), "{}: {}", self.report.device, asked.text());
        self.wants_parts = serde_json::from_slice::<Answer>(&asked.body)?.wants_parts;
        Ok(())
    }

    /// One of its disks is a little more worn than before.
    pub fn wears(&mut self) {
        if let Some(disk) = self.parts.iter_mut().find(|part| part.part_type == PartType::Disk) {
            disk.wear_percent = Some(disk.wear_percent.map_or(1, |percent| (percent + 1) % 100));
        }
    }
}

/// What a box with a dozen disks says that serves and has nothing to fill.
fn first(member: &Member) -> Result<Report> {
    let disks: Vec<_> = (0..12)
        .map(|at| {
            json!({"folder": format!("/disks/nvme{at}"), "class": "nvme",
                "capacity_bytes": 7_680_000_000_000_u64, "used_bytes": 7_000_000_000_000_u64,
                "objects": 120_000, "io_errors": 0, "bad_blocks": 0, "read_p99_us": 800})
        })
        .collect();
    let held = json!({"manifest_version": 0, "objects_wanted": 0, "bytes_wanted": 0,
        "objects_held": 0, "bytes_held": 0, "filled_from": []});
    Ok(serde_json::from_value(json!({
        "schema": contract::SCHEMA,
        "device": member.device,
        "boot_id": format!("boot of {}", member.device),
        "sequence": 0,
        "made_at_us": 0,
        "uptime_s": 1,
        "version": "0.1.0",
        "engine": "uring",
        "documents": [],
        "held": held,
        "hardware": {"cpu_model": "A CPU", "cpus": 32, "memory_bytes": 1_u64 << 38, "kernel": "6.1.0"},
        "disks": disks,
        "load": {"connections": 4000, "load_1m": 3.5, "rate_bytes_per_s": 5_000_000_000_u64,
            "ram_used_bytes": 1_u64 << 37},
        "traffic": [{"group": "open", "protocol": "http/1.1", "engine": "uring", "requests": 1,
            "ram_hits": 1, "disk_hits": 0, "misses": 0, "bytes_sent": 1}],
        "events": [],
    }))?)
}
