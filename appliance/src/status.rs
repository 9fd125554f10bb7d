//! `appliance status`: asks the running appliance and tells a person, or a program.

use crate::inquiry::ask;
use crate::{autonomy, filling, keys};
use anyhow::{Context, Result};
use contract::config::ApplianceConfig;
use contract::quantity::{BitRate, ByteCount};
use contract::report::{MovesReport, Report, ScrubReport, WriteBudgetReport};
use contract::smart::SmartReport;

/// Prints the status.
#[expect(clippy::print_stdout, reason = "answers to a person go to standard output")]
pub(crate) fn show(config: &ApplianceConfig, as_json: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let text = runtime.block_on(ask(config, "/status"))?;
    if as_json {
        println!("{}", String::from_utf8_lossy(&text));
    } else {
        let report: Report = serde_json::from_slice(&text).context("the status cannot be read")?;
        print!("{}", tell(&report));
    }
    Ok(())
}

fn engine(report: &Report) -> String {
    let with = |name: &str, reason: &Option<String>| match reason {
        Some(reason) => format!("{name} ({reason})"),
        None => name.to_owned(),
    };
    let engine = with(&report.engine, &report.engine_reason);
    match &report.tls_engine {
        Some(tls) => format!("{engine}, TLS {}", with(tls, &report.tls_reason)),
        None => engine,
    }
}

fn tell(report: &Report) -> String {
    let held = &report.held;
    let mut lines = vec![
        format!("{}  appliance {}, engine {}", report.device, report.version, engine(report)),
        format!("  up          {} s", report.uptime_s),
        format!("  alone       {}", autonomy::tell(&report.autonomy, report.made_at_us)),
        format!("  connections {}", report.load.connections),
        format!(
            "  holds       {} of {} objects, {} of {}",
            held.objects_held,
            held.objects_wanted,
            ByteCount(held.bytes_held),
            ByteCount(held.bytes_wanted)
        ),
        format!("  RAM tier    {}", ByteCount(report.load.ram_used_bytes)),
    ];
    lines.extend(report.keys.map(|it| format!("  keys        {}", keys::told(it))));
    let parts = report.parts.as_ref().and_then(|parts| parts.parts.as_ref());
    lines.extend(
        parts.map(|parts| format!("  parts       {}, see appliance hardware", parts.len())),
    );
    let spool = &report.spool;
    if let Some(oldest) = spool.oldest_us {
        let (since, bytes) = (filling::when(oldest), ByteCount(spool.bytes));
        lines.push(format!(
            "  untold      {} late reports since {since}, {bytes}, {} dropped",
            spool.reports, spool.dropped
        ));
    }
    for from in &held.filled_from {
        let (bytes, failures) = (ByteCount(from.bytes), from.failures);
        lines.push(format!("  filled      {bytes} from {}, {failures} failures", from.source));
    }
    lines.extend(filling::tell(&report.fill));
    for disk in &report.disks {
        if let Some(reason) = &disk.ejected {
            lines.push(format!("  disk        {}: EJECTED: {reason}", disk.folder));
            continue;
        }
        lines.push(format!(
            "  disk        {}{}: {} of {}, {} I/O errors, {} bad blocks",
            disk.folder,
            disk.class.map(|class| format!(" ({})", class.name())).unwrap_or_default(),
            ByteCount(disk.used_bytes),
            ByteCount(disk.capacity_bytes),
            disk.io_errors,
            disk.bad_blocks
        ));
        lines.extend(disk.write_limit_bytes_per_s.map(|limit| {
            let limit = BitRate::of_bytes_per_s(limit);
            format!("              its reads are slow: written to with {limit} at most")
        }));
        lines.extend(disk.write_budget.as_ref().map(budget_line));
        lines.extend(disk.scrub.map(|scrub| scrub_line(&scrub)));
        lines.extend(disk.smart.as_ref().map(smart_line));
    }
    lines.extend(moves_line(&report.moves));
    for row in report.traffic.iter().filter(|row| row.requests > 0) {
        lines.push(format!(
            "  served      {} over {} on {}: {} requests, {}",
            row.group,
            row.protocol,
            row.engine,
            row.requests,
            ByteCount(row.bytes_sent)
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// What may be written to a disk, within what it is rated for.
fn budget_line(budget: &WriteBudgetReport) -> String {
    let (written, rated) = (ByteCount(budget.written_bytes), ByteCount(budget.rated_bytes));
    let (daily, days) = (ByteCount(budget.daily_bytes), budget.life_left_s / 86_400);
    let now = match (budget.is_exhausted, budget.until_us) {
        (false, _) => {
            let bytes = ByteCount(u64::try_from(budget.balance_bytes).unwrap_or(0));
            format!("{bytes} may be written now")
        }
        (true, Some(until)) => format!("USED UP until {}", filling::when(until)),
        (true, None) => "ALL OF ITS RATING IS USED UP".to_owned(),
    };
    format!("              endurance: {written} of {rated}, {daily} a day for {days} days; {now}")
}

/// What a disk says of itself, in its own order of weight.
fn smart_line(smart: &SmartReport) -> String {
    let judged = smart.is_healthy.map(|is| if is { "healthy" } else { "IT SAYS THAT IT FAILS" });
    let count = |count: Option<u64>, what: &str| {
        count.filter(|count| *count > 0).map(|count| format!("{count} {what}"))
    };
    let words = [
        smart.model.clone(),
        judged.map(str::to_owned),
        smart.temperature_celsius.map(|celsius| format!("{celsius} °C")),
        smart.wear_percent.map(|percent| format!("{percent} % of its endurance used")),
        smart.written_bytes.map(|bytes| format!("{} written", ByteCount(bytes))),
        count(smart.media_errors, "media errors"),
        count(smart.reallocated_sectors, "reallocated sectors"),
        count(smart.pending_sectors, "pending sectors"),
    ];
    let words = words.into_iter().flatten().chain(smart.warnings.iter().cloned());
    format!("              {}", words.collect::<Vec<_>>().join(", "))
}

/// What moves between classes of disks, where anything does.
fn moves_line(moves: &MovesReport) -> Option<String> {
    if *moves == MovesReport::default() {
        return None;
    }
    let (planned, blocked) = (ByteCount(moves.bytes_planned), ByteCount(moves.bytes_blocked));
    let under_way = moves.under_way.as_ref();
    let now = under_way.map(|it| format!(", now from {} to {}", it.from, it.to));
    Some(format!(
        "  moves       {} objects to go, {planned}{}; {} done; {blocked} find no room",
        moves.objects_planned,
        now.unwrap_or_default(),
        moves.objects_moved,
    ))
}

/// How far the pass over a disk's blocks is.
fn scrub_line(scrub: &ScrubReport) -> String {
    let bad = scrub.bad_blocks;
    if scrub.ended_us.is_some() {
        return format!(
            "              scrubbed: {}, {bad} bad blocks",
            ByteCount(scrub.bytes_done)
        );
    }
    let percent = scrub.bytes_done.saturating_mul(100) / scrub.bytes_total.max(1);
    let total = ByteCount(scrub.bytes_total);
    format!("              scrub: {percent} % of {total}, {bad} bad blocks")
}
