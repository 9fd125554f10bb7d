//! The report: what a box says of itself.
//!
//! It carries aggregates only. Client addresses, CMCD session ids and titles of a single
//! viewer stay on the box: see [`demand`](crate::demand) for what it says of titles.

use crate::autonomy::Autonomy;
use crate::command::CommandResult;
use crate::config::DiskClass;
use crate::demand::DemandReport;
use crate::envelope::Generation;
use crate::names::{DeviceName, GroupName};
use crate::parts::PartsReport;
use crate::progress::FillProgress;
use crate::smart::SmartReport;
use crate::sources::SourceKind;
use crate::time::TimeUs;
use serde::{Deserialize, Serialize};

/// The most bytes a report may have.
pub const MAX_REPORT_BYTES: usize = 4 << 20;

/// The most events one report carries; older ones wait for the next.
pub const MAX_EVENTS: usize = 256;

/// What a box says of itself, every few seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// Who says it.
    pub device: DeviceName,
    /// Made anew at each start of the process, so that counters that begin again can be told.
    pub boot_id: String,
    /// Rises by one with each report of this boot.
    pub sequence: u64,
    /// When it was made, by the box's clock.
    pub made_at_us: TimeUs,
    /// Since the process began.
    pub uptime_s: u64,
    /// The software.
    pub version: String,
    /// What carries the bytes.
    pub engine: String,
    /// Why it is not the faster one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_reason: Option<String>,
    /// Who seals records, where the engine leaves that open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_engine: Option<String>,
    /// Why it is not the kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_reason: Option<String>,
    /// What it has heard of the root.
    #[serde(default)]
    pub trust: TrustState,
    /// The documents in force, and those refused.
    pub documents: Vec<DocumentState>,
    /// The last purge that was carried out, of the epoch of the tombstones in force.
    #[serde(default)]
    pub purged_up_to: u64,
    /// What it holds.
    pub held: Held,
    /// How far filling has come.
    #[serde(default)]
    pub fill: FillProgress,
    /// What it runs on.
    pub hardware: Hardware,
    /// What it is made of; of a box that does not say, nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<PartsReport>,
    /// Its disks.
    pub disks: Vec<DiskReport>,
    /// What moves between them.
    #[serde(default)]
    pub moves: MovesReport,
    /// How busy it is.
    pub load: Load,
    /// What it served, since the process began.
    pub traffic: Vec<Traffic>,
    /// What viewers asked it for, title by title, where there is news of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demand: Option<DemandReport>,
    /// Prefixes learned by BGP.
    #[serde(default)]
    pub routes: Vec<ipnet::IpNet>,
    /// What happened since the last report that was answered.
    pub events: Vec<Event>,
    /// The commands that ended last, no more than [`MAX_RESULTS`](crate::command::MAX_RESULTS).
    #[serde(default)]
    pub results: Vec<CommandResult>,
    /// How long it can serve alone.
    #[serde(default)]
    pub autonomy: Autonomy,
    /// What protects its private keys; of a box that does not say, nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<KeyProtection>,
    /// What it keeps of the time in which nobody could be told.
    #[serde(default)]
    pub spool: SpoolReport,
}

/// What protects the private keys of a box where they stand, on its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyProtection {
    /// They are sealed: its TPM alone unseals them.
    Tpm,
    /// The permissions of their files, and it has no TPM.
    NoTpm,
    /// The same, though it has one.
    TpmUnused,
}

/// What a box has heard of the root.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TrustState {
    /// The version that it believes; 0 for a box that has no fleet.
    pub version: u64,
    /// Why it did not believe what came last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Which list of revoked identities it knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Generation>,
}

impl Report {
    /// The last purge of an epoch that was carried out; 0 for none. Versions of another epoch
    /// say nothing of this one: a fleet that was restored from a backup counts them again.
    #[must_use]
    pub fn has_purged_up_to(&self, epoch: u32) -> u64 {
        let tombstones = |state: &&DocumentState| state.kind == crate::envelope::Kind::Tombstones;
        let in_force = self.documents.iter().find(tombstones).and_then(|state| state.in_force);
        in_force.filter(|it| it.epoch == epoch).map_or(0, |_| self.purged_up_to)
    }
}

/// Which generation of a kind of document is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentState {
    /// The kind.
    pub kind: crate::envelope::Kind,
    /// In force now.
    pub in_force: Option<Generation>,
    /// When that was signed: tells two fleets apart that have given the same number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at_us: Option<TimeUs>,
    /// Came from the fleet and cannot be carried out, with the reason. Counts as seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<(Generation, String)>,
    /// What came last and was not believed, with the reason. Does not count as seen: who sends
    /// such a thing could make the box deaf to what it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<(Generation, String)>,
}

/// What a box keeps because it could not be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SpoolReport {
    /// Late reports that wait.
    pub reports: u64,
    /// Their bytes on disk.
    pub bytes: u64,
    /// When the oldest was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_us: Option<TimeUs>,
    /// How many were dropped or could not be kept, since the process began.
    pub dropped: u64,
}

/// What a box holds against what it should.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Held {
    /// The manifest that this is measured against.
    pub manifest_version: u64,
    /// Objects the manifest lists.
    pub objects_wanted: u64,
    /// Their bytes.
    pub bytes_wanted: u64,
    /// Of these, objects that are verified and readable.
    pub objects_held: u64,
    /// Their bytes: verified by BLAKE3 before they became visible.
    pub bytes_held: u64,
    /// Where the bytes came from, since the folder was made.
    pub filled_from: Vec<FilledFrom>,
}

/// Bytes filled from one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledFrom {
    /// The source.
    pub source: SourceKind,
    /// Objects published from it.
    pub objects: u64,
    /// Their bytes, all verified.
    pub bytes: u64,
    /// Attempts that failed.
    pub failures: u64,
}

/// What the machine is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hardware {
    /// As the kernel names it.
    pub cpu_model: String,
    /// Logical processors.
    pub cpus: u32,
    /// Memory.
    pub memory_bytes: u64,
    /// Kernel release.
    pub kernel: String,
    /// The machine's serial number, where the firmware tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

/// One disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskReport {
    /// Its folder.
    pub folder: String,
    /// How fast it is; of a box that does not say, nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<DiskClass>,
    /// What the configuration lets it use.
    pub capacity_bytes: u64,
    /// What objects take.
    pub used_bytes: u64,
    /// Objects on it.
    pub objects: u64,
    /// Reads and writes that failed.
    pub io_errors: u64,
    /// Blocks whose checksum was wrong.
    pub bad_blocks: u64,
    /// Within how long 99 of 100 reads ended, over the past seconds; `None` where they were few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_p99_us: Option<u64>,
    /// What is written to it at most, because its reads got slow; `None` where nothing is held
    /// back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_limit_bytes_per_s: Option<u64>,
    /// What may be written to it within its rated endurance; `None` where it has no rating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_budget: Option<WriteBudgetReport>,
    /// Why it is not in use; `None` where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ejected: Option<String>,
    /// The pass over its blocks that is under way, or was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrub: Option<ScrubReport>,
    /// What it says of its own health; `None` where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smart: Option<SmartReport>,
}

/// What may be written to a disk within what its maker rates it for, over its service life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteBudgetReport {
    /// What may be written to it in its life.
    pub rated_bytes: u64,
    /// What was ever written to it: by its own count where it tells, else by ours.
    pub written_bytes: u64,
    /// What is left of its service life.
    pub life_left_s: u64,
    /// What may be written in a day, as things are.
    pub daily_bytes: u64,
    /// What may be written now; below 0 nothing begins until it is paid back.
    pub balance_bytes: i64,
    /// Whether nothing may be begun now.
    pub is_exhausted: bool,
    /// When something may; `None` where all of its rating is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_us: Option<TimeUs>,
}

/// Objects that move to the class of disks where their rank belongs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MovesReport {
    /// Objects that are to be moved.
    pub objects_planned: u64,
    /// What they take on the disks.
    pub bytes_planned: u64,
    /// What belongs on another class and finds no room there.
    pub bytes_blocked: u64,
    /// Objects that were moved, since the process began.
    pub objects_moved: u64,
    /// Bytes that were copied for it.
    pub bytes_copied: u64,
    /// The one that is being moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under_way: Option<MoveReport>,
}

/// One object that is being moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveReport {
    /// From the disk with this folder.
    pub from: String,
    /// To the disk with this one.
    pub to: String,
}

/// A pass over every block of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScrubReport {
    /// When it began.
    pub began_us: TimeUs,
    /// When it ended; `None` while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_us: Option<TimeUs>,
    /// What was read.
    pub bytes_done: u64,
    /// What there was to read.
    pub bytes_total: u64,
    /// Blocks that did not match, or could not be read.
    pub bad_blocks: u64,
}

/// How busy a box is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Load {
    /// Open player connections.
    pub connections: u64,
    /// Runnable tasks over the last minute.
    pub load_1m: f64,
    /// Bytes a second sent to players since the last report.
    pub rate_bytes_per_s: u64,
    /// RAM tier in use.
    pub ram_used_bytes: u64,
}

/// Requests and bytes of one content group over one protocol and engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// The content group.
    pub group: GroupName,
    /// `http/1.1` or `h2`.
    pub protocol: String,
    /// What carried it: `uring` or `portable`.
    pub engine: String,
    /// Requests answered.
    pub requests: u64,
    /// Of these, from RAM.
    pub ram_hits: u64,
    /// Of these, from disk.
    pub disk_hits: u64,
    /// Of these, not held here.
    pub misses: u64,
    /// Bytes of content sent.
    pub bytes_sent: u64,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Rises by one with each event of this boot.
    pub sequence: u64,
    /// When.
    pub at_us: TimeUs,
    /// How bad.
    pub severity: Severity,
    /// A stable name, such as `block_corrupt`.
    pub kind: String,
    /// What it happened to: an object, a disk, a source.
    pub subject: String,
    /// In words.
    pub detail: String,
}

/// How bad an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Someone should look.
    Warning,
    /// Someone must look.
    Critical,
}
