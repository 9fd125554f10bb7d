//! `/metrics`: what the report says, as Prometheus reads it. Names follow its conventions:
//! base units in the name, `_total` for what only rises.

use crate::reporter::Reporter;
use contract::progress::{Admission, FillProgress};
use contract::report::{DiskReport, MovesReport, Report, Traffic, WriteBudgetReport};
use contract::smart::SmartReport;
use contract::time::TimeUs;
use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, Error, GaugeVec, IntCounterVec, Opts, TextEncoder};
use serve::Counters;

/// The exposition text.
pub(crate) fn encode(reporter: &Reporter) -> Result<String, Error> {
    let report = reporter.snapshot();
    let mut families = Families(Vec::new());
    traffic(&mut families, &report.traffic)?;
    connections(&mut families, &reporter.counters())?;
    storage(&mut families, &report)?;
    moves(&mut families, &report.moves)?;
    filling(&mut families, &report.fill)?;
    demand(&mut families, &reporter.demand_bytes())?;
    alone(&mut families, &report)?;
    let mut text = Vec::new();
    // The encoder takes a family without samples for a mistake; a box that has filled
    // nothing yet has such families.
    families.0.retain(|family| !family.get_metric().is_empty());
    TextEncoder::new().encode(&families.0, &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

struct Families(Vec<MetricFamily>);

type Sample<'a> = (Vec<&'a str>, u64);

impl Families {
    fn counter(
        &mut self,
        name: &str,
        help: &str,
        labels: &[&str],
        samples: &[Sample<'_>],
    ) -> Result<(), Error> {
        let family = IntCounterVec::new(Opts::new(name, help), labels)?;
        for (values, value) in samples {
            family.with_label_values(values).inc_by(*value);
        }
        self.0.extend(family.collect());
        Ok(())
    }

    fn gauge(
        &mut self,
        name: &str,
        help: &str,
        labels: &[&str],
        samples: &[Sample<'_>],
    ) -> Result<(), Error> {
        let family = GaugeVec::new(Opts::new(name, help), labels)?;
        for (values, value) in samples {
            #[expect(clippy::cast_precision_loss, reason = "Prometheus has only floats")]
            family.with_label_values(values).set(*value as f64);
        }
        self.0.extend(family.collect());
        Ok(())
    }
}

fn traffic(families: &mut Families, rows: &[Traffic]) -> Result<(), Error> {
    let labels = ["group", "protocol", "engine"];
    let mut add = |name, help, value: fn(&Traffic) -> u64| {
        let samples: Vec<Sample<'_>> = rows
            .iter()
            .map(|row| (vec![row.group.as_str(), &row.protocol, &row.engine], value(row)))
            .collect();
        families.counter(name, help, &labels, &samples)
    };
    add("headend_requests_total", "Requests of players answered.", |row| row.requests)?;
    add("headend_ram_hits_total", "Requests answered from RAM.", |row| row.ram_hits)?;
    add("headend_disk_hits_total", "Requests answered from disk.", |row| row.disk_hits)?;
    add("headend_misses_total", "Requests for what is not here.", |row| row.misses)?;
    add("headend_sent_bytes_total", "Bytes of content sent to players.", |row| row.bytes_sent)
}

fn connections(families: &mut Families, counters: &Counters) -> Result<(), Error> {
    let one = |value| vec![(Vec::new(), value)];
    let open = one(counters.connections_open.get());
    families.gauge("headend_connections_open", "Connections open now.", &[], &open)?;
    let total = one(counters.connections_total.get());
    families.counter("headend_connections_total", "Connections accepted.", &[], &total)?;
    let refused = one(counters.connections_refused.get());
    let help = "Connections closed as they arrived: too many were open.";
    families.counter("headend_connections_refused_total", help, &[], &refused)?;
    let handshakes = [
        (vec!["full"], counters.handshakes_full.get()),
        (vec!["resumed"], counters.handshakes_resumed.get()),
        (vec!["failed"], counters.handshakes_failed.get()),
    ];
    families.counter(
        "headend_tls_handshakes_total",
        "TLS handshakes.",
        &["outcome"],
        &handshakes,
    )?;
    let timeouts = &counters.timeouts;
    let timeouts = [
        (vec!["handshake"], timeouts.handshake.get()),
        (vec!["header"], timeouts.header.get()),
        (vec!["idle"], timeouts.idle.get()),
        (vec!["write"], timeouts.write.get()),
    ];
    families.counter(
        "headend_timeouts_total",
        "Connections ended by the clock.",
        &["what"],
        &timeouts,
    )?;
    let classes: Vec<String> = (1..=5).map(|class| format!("{class}xx")).collect();
    let answers: Vec<Sample<'_>> = (1u16..)
        .zip(&classes)
        .map(|(class, name)| (vec![name.as_str()], counters.answers(class)))
        .collect();
    families.counter(
        "headend_answers_total",
        "Answers by class of status.",
        &["class"],
        &answers,
    )?;
    let kernel = &counters.kernel_tls;
    let outcomes = [
        (vec!["begun"], kernel.begun.get()),
        (vec!["refused"], kernel.refused.get()),
        (vec!["closed"], kernel.closed.get()),
    ];
    let help = "Connections whose records the kernel was to seal: it took the key, did not, or \
                could not change it when the client asked.";
    families.counter("headend_kernel_tls_connections_total", help, &["outcome"], &outcomes)?;
    let sends = [
        (vec!["as_is"], counters.zero_copy.as_is.get()),
        (vec!["copied"], counters.zero_copy.copied.get()),
    ];
    let help = "Sends from where records stood: taken as they were, or copied all the same.";
    families.counter("headend_zero_copy_sends_total", help, &["outcome"], &sends)?;
    let pacing = &counters.pacing;
    let paced = one(pacing.connections.get());
    families.gauge("headend_connections_paced", "Connections with a pace.", &[], &paced)?;
    let changes = one(pacing.changes.get());
    families.counter("headend_pacing_changes_total", "Changes of pace.", &[], &changes)?;
    let bound = one(pacing.box_bound.get());
    let help = "Answers that were slowed by what the box may send.";
    families.counter("headend_pacing_box_bound_total", help, &[], &bound)?;
    let redirects = one(counters.redirects.get());
    let help = "Viewers sent to another box of the site for what is not here.";
    families.counter("headend_redirects_total", help, &[], &redirects)?;
    let cut = one(counters.answers_cut.get());
    let help = "Answers cut off because a block could not be read.";
    families.counter("headend_answers_cut_total", help, &[], &cut)?;
    let enters = one(counters.ring_enters.get());
    let help = "How often the kernel was entered to move bytes.";
    families.counter("headend_ring_enters_total", help, &[], &enters)?;
    let peers = one(counters.peer_bytes_sent.get());
    families.counter("headend_peer_sent_bytes_total", "Bytes sent to sibling boxes.", &[], &peers)
}

fn demand(families: &mut Families, groups: &[(String, u64)]) -> Result<(), Error> {
    let samples: Vec<Sample<'_>> =
        groups.iter().map(|(group, bytes)| (vec![group.as_str()], *bytes)).collect();
    let help = "What nobody ordered takes of the disks.";
    families.gauge("headend_demand_bytes", help, &["group"], &samples)
}

fn storage(families: &mut Families, report: &Report) -> Result<(), Error> {
    let tls = report.tls_engine.as_deref().unwrap_or("rustls");
    let engine = vec![(vec![report.engine.as_str(), tls, report.version.as_str()], 1)];
    families.gauge("headend_info", "What runs.", &["engine", "tls", "version"], &engine)?;
    let one = |value| vec![(Vec::new(), value)];
    let held = &report.held;
    families.gauge(
        "headend_objects_wanted",
        "Objects in the manifest.",
        &[],
        &one(held.objects_wanted),
    )?;
    families.gauge(
        "headend_objects_held",
        "Of these, verified here.",
        &[],
        &one(held.objects_held),
    )?;
    families.gauge(
        "headend_wanted_bytes",
        "Bytes in the manifest.",
        &[],
        &one(held.bytes_wanted),
    )?;
    families.gauge("headend_held_bytes", "Of these, verified here.", &[], &one(held.bytes_held))?;
    let ram = one(report.load.ram_used_bytes);
    families.gauge("headend_ram_used_bytes", "Blocks in the RAM tier.", &[], &ram)?;
    let names: Vec<String> = held.filled_from.iter().map(|from| from.source.to_string()).collect();
    let filled: Vec<Sample<'_>> = names
        .iter()
        .zip(&held.filled_from)
        .map(|(name, from)| (vec![name.as_str()], from.bytes))
        .collect();
    families.counter(
        "headend_filled_bytes_total",
        "Bytes filled, by source.",
        &["source"],
        &filled,
    )?;
    let disks = |value: fn(&DiskReport) -> u64| -> Vec<Sample<'_>> {
        report.disks.iter().map(|disk| (vec![disk.folder.as_str()], value(disk))).collect()
    };
    let labels = ["disk"];
    families.gauge(
        "headend_disk_used_bytes",
        "What objects take.",
        &labels,
        &disks(|d| d.used_bytes),
    )?;
    families.gauge(
        "headend_disk_objects",
        "Objects on the disk.",
        &labels,
        &disks(|d| d.objects),
    )?;
    let errors = disks(|disk| disk.io_errors);
    families.counter(
        "headend_disk_io_errors_total",
        "Reads and writes that failed.",
        &labels,
        &errors,
    )?;
    let help = "Blocks that came back with a wrong checksum; none was served.";
    families.counter("headend_disk_bad_blocks_total", help, &labels, &disks(|d| d.bad_blocks))?;
    let help = "Whether the disk is in use (1), or was ejected (0).";
    let in_use = disks(|disk| u64::from(disk.ejected.is_none()));
    families.gauge("headend_disk_in_use", help, &labels, &in_use)?;
    let some = |value: fn(&DiskReport) -> Option<u64>| -> Vec<Sample<'_>> {
        let with = report.disks.iter().filter_map(|disk| Some((disk, value(disk)?)));
        with.map(|(disk, value)| (vec![disk.folder.as_str()], value)).collect()
    };
    let help = "Within how long 99 of 100 reads ended, over the past seconds.";
    let p99 = some(|disk| disk.read_p99_us);
    families.gauge("headend_disk_read_p99_microseconds", help, &labels, &p99)?;
    let help = "What is written to a disk at most, because its reads got slow.";
    let limit = some(|disk| disk.write_limit_bytes_per_s);
    families.gauge("headend_disk_write_limit_bytes_per_second", help, &labels, &limit)?;
    endurance(families, &report.disks)?;
    smart(families, &report.disks)?;
    let help = "What the pass over its blocks has read, or the last one has.";
    let done = disks(|disk| disk.scrub.map_or(0, |scrub| scrub.bytes_done));
    families.gauge("headend_scrub_done_bytes", help, &labels, &done)?;
    let help = "What there was to read for that pass.";
    let total = disks(|disk| disk.scrub.map_or(0, |scrub| scrub.bytes_total));
    families.gauge("headend_scrub_bytes", help, &labels, &total)
}

/// What may be written to disks; those without a rating are not in it.
fn endurance(families: &mut Families, disks: &[DiskReport]) -> Result<(), Error> {
    let mut add = |name, help, value: fn(&WriteBudgetReport) -> u64| {
        let with = disks.iter().filter_map(|disk| Some((disk, value(disk.write_budget.as_ref()?))));
        let samples: Vec<Sample<'_>> =
            with.map(|(disk, value)| (vec![disk.folder.as_str()], value)).collect();
        families.gauge(name, help, &["disk"], &samples)
    };
    let help = "What may be written to the disk now, within its rated endurance.";
    let now = |it: &WriteBudgetReport| u64::try_from(it.balance_bytes).unwrap_or(0);
    add("headend_disk_write_budget_bytes", help, now)?;
    let help = "What may be written to it in a day, as things are.";
    add("headend_disk_write_budget_daily_bytes", help, |it| it.daily_bytes)?;
    let help = "What it is rated for.";
    add("headend_disk_rated_write_bytes", help, |it| it.rated_bytes)?;
    let help = "What of that was written, by the disk's own count or ours.";
    add("headend_disk_rated_written_bytes", help, |it| it.written_bytes)?;
    let help = "Whether nothing may be written to it now (1).";
    add("headend_disk_write_budget_exhausted", help, |it| u64::from(it.is_exhausted))
}

/// What disks say of themselves; those that say nothing are not in it.
fn smart(families: &mut Families, disks: &[DiskReport]) -> Result<(), Error> {
    let some = |value: fn(&SmartReport) -> Option<u64>| -> Vec<Sample<'_>> {
        let with = disks.iter().filter_map(|disk| Some((disk, value(disk.smart.as_ref()?)?)));
        with.map(|(disk, value)| (vec![disk.folder.as_str()], value)).collect()
    };
    let labels = ["disk"];
    let help = "Whether the disk says that it is well (1) or fails (0).";
    let healthy = some(|smart| smart.is_healthy.map(u64::from));
    families.gauge("headend_disk_healthy", help, &labels, &healthy)?;
    let celsius = some(|smart| u64::try_from(smart.temperature_celsius?).ok());
    let help = "How warm the disk is.";
    families.gauge("headend_disk_temperature_celsius", help, &labels, &celsius)?;
    let help = "What of the disk's rated endurance is used up, in percent.";
    families.gauge("headend_disk_wear_percent", help, &labels, &some(|it| it.wear_percent))?;
    let help = "What was ever written to the disk, by its own count.";
    families.counter(
        "headend_disk_written_bytes_total",
        help,
        &labels,
        &some(|it| it.written_bytes),
    )?;
    let help = "Errors of the medium that the disk could not mend.";
    families.counter("headend_disk_media_errors_total", help, &labels, &some(|it| it.media_errors))
}

fn alone(families: &mut Families, report: &Report) -> Result<(), Error> {
    let second = |at: TimeUs| u64::try_from(at.unix_s()).unwrap_or(0);
    let limits = report.autonomy.limits.iter();
    let limits: Vec<Sample<'_>> =
        limits.map(|it| (vec![it.kind.as_str()], second(it.until_us))).collect();
    let help = "When the first limit of each kind ends this box's service without a fleet.";
    families.gauge("headend_serves_alone_until_timestamp_seconds", help, &["limit"], &limits)?;
    let one = |value| vec![(Vec::new(), value)];
    let waiting = one(report.spool.reports);
    families.gauge("headend_late_reports", "Reports the fleet is to hear later.", &[], &waiting)?;
    let bytes = one(report.spool.bytes);
    families.gauge("headend_late_reports_bytes", "Their bytes on disk.", &[], &bytes)?;
    let dropped = one(report.spool.dropped);
    let help = "Late reports that were dropped or could not be kept.";
    families.counter("headend_late_reports_dropped_total", help, &[], &dropped)
}

fn moves(families: &mut Families, moves: &MovesReport) -> Result<(), Error> {
    let one = |value| vec![(Vec::new(), value)];
    let help = "Bytes of objects that are to move to another class of disks.";
    families.gauge("headend_moves_planned_bytes", help, &[], &one(moves.bytes_planned))?;
    let help = "Bytes of objects that belong on another class of disks, which has no room.";
    families.gauge("headend_moves_blocked_bytes", help, &[], &one(moves.bytes_blocked))?;
    let help = "Objects that were moved to another class of disks.";
    families.counter("headend_moved_objects_total", help, &[], &one(moves.objects_moved))?;
    let help = "Bytes that were copied to another class of disks.";
    families.counter("headend_moved_bytes_total", help, &[], &one(moves.bytes_copied))
}

fn filling(families: &mut Families, fill: &FillProgress) -> Result<(), Error> {
    let one = |value| vec![(Vec::new(), value)];
    let is_open = one(u64::from(fill.admission == Admission::All));
    families.gauge("headend_fill_open", "Whether everything may be filled now.", &[], &is_open)?;
    let missing = one(fill.bytes_missing);
    families.gauge("headend_missing_bytes", "Bytes in the manifest, not here.", &[], &missing)?;
    let cap: Vec<Sample<'_>> =
        fill.cap_bytes_per_s.map(|cap| (Vec::new(), cap)).into_iter().collect();
    let help = "The most that may be drawn from all sources together, now.";
    families.gauge("headend_fill_cap_bytes_per_second", help, &[], &cap)?;
    let names: Vec<String> = fill.sources.iter().map(|each| each.source.to_string()).collect();
    let rates = names.iter().zip(&fill.sources);
    let rates: Vec<Sample<'_>> =
        rates.map(|(name, each)| (vec![name.as_str()], each.rate_bytes_per_s)).collect();
    let help = "What is drawn from each source, over the past ten seconds.";
    families.gauge("headend_fill_rate_bytes_per_second", help, &["source"], &rates)
}
