//! Disks, for people.

use super::super::output::{Mood, Output, Shown, number, text};
use super::super::quantity::{age, bytes};
use crate::api::{DiskHealthItem, DiskItem, ScrubItem};

pub(super) fn of(output: &Output, disks: &[DiskItem]) -> String {
    let header =
        ["appliance", "folder", "class", "state", "used", "objects", "health", "scrub", "report"];
    let mut table = output.columns(&header);
    for disk in disks {
        let used = format!("{} of {}", bytes(disk.used_bytes), bytes(disk.capacity_bytes));
        table.row([
            text(&disk.appliance),
            text(&disk.folder),
            text(disk.class.as_deref().unwrap_or("-")),
            state(disk),
            number(&used),
            number(&disk.objects),
            disk.health.as_ref().map_or_else(|| text("-"), health),
            disk.scrub.as_ref().map_or_else(|| text("-"), scrub),
            number(&age(disk.report_age_s)),
        ]);
    }
    table.render()
}

fn state(disk: &DiskItem) -> Shown {
    let errors = [(disk.io_errors, "I/O errors"), (disk.bad_blocks, "bad blocks")];
    let errors = errors.into_iter().filter(|(count, _)| *count > 0);
    let errors: Vec<String> = errors.map(|(count, what)| format!("{count} {what}")).collect();
    match &disk.ejected {
        Some(reason) => Shown::State(format!("ejected: {reason}"), Mood::Bad),
        None if errors.is_empty() => Shown::State("in use".to_owned(), Mood::Good),
        None => Shown::State(format!("in use, {}", errors.join(", ")), Mood::Doubtful),
    }
}

/// What weighs most comes first.
fn health(health: &DiskHealthItem) -> Shown {
    let is_worn = health.wear_percent.is_some_and(|percent| percent >= 100);
    let mood = match health.is_healthy {
        Some(false) => Mood::Bad,
        _ if is_worn || !health.warnings.is_empty() => Mood::Bad,
        _ if health.media_errors.is_some_and(|count| count > 0) => Mood::Doubtful,
        _ => Mood::Good,
    };
    let judged = health.is_healthy.map(|is| if is { "healthy" } else { "failing" }.to_owned());
    let errors = health.media_errors.filter(|count| *count > 0);
    let words = [
        judged,
        health.wear_percent.map(|percent| format!("{percent} % worn")),
        health.temperature_celsius.map(|celsius| format!("{celsius} °C")),
        errors.map(|count| format!("{count} media errors")),
    ];
    let words: Vec<String> =
        words.into_iter().flatten().chain(health.warnings.iter().cloned()).collect();
    Shown::State(words.join(", "), mood)
}

fn scrub(scrub: &ScrubItem) -> Shown {
    let mood = if scrub.bad_blocks > 0 { Mood::Doubtful } else { Mood::Good };
    let bad = format!("{} bad blocks", scrub.bad_blocks);
    let words = match &scrub.ended_at {
        Some(ended_at) => format!("ended {ended_at}, {bad}"),
        None => {
            let percent = scrub.bytes_done.saturating_mul(100) / scrub.bytes_total.max(1);
            format!("{percent} % of {}, {bad}", bytes(scrub.bytes_total))
        }
    };
    Shown::State(words, mood)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(appliance: &str, folder: &str) -> DiskItem {
        DiskItem {
            appliance: appliance.into(),
            site: "site-a".into(),
            report_age_s: Some(3.0),
            folder: folder.into(),
            class: Some("nvme".into()),
            ejected: None,
            capacity_bytes: 3_800_000_000_000,
            used_bytes: 1_900_000_000_000,
            objects: 120_000,
            io_errors: 0,
            bad_blocks: 0,
            scrub: None,
            health: None,
        }
    }

    #[test]
    fn for_people() {
        let health = DiskHealthItem {
            asked_at: "2026-11-21T13:00:00.000Z".into(),
            model: Some("A Disk".into()),
            serial: Some("S1".into()),
            is_healthy: Some(true),
            temperature_celsius: Some(41),
            wear_percent: Some(12),
            written_bytes: None,
            media_errors: Some(0),
            warnings: vec![],
        };
        let under_way = ScrubItem {
            began_at: "2026-11-21T13:00:00.000Z".into(),
            ended_at: None,
            bytes_done: 646_000_000_000,
            bytes_total: 1_900_000_000_000,
            bad_blocks: 0,
        };
        let ended = ScrubItem {
            ended_at: Some("2026-11-20T03:10:00.000Z".into()),
            bad_blocks: 2,
            ..under_way.clone()
        };
        let failing = DiskHealthItem {
            is_healthy: Some(false),
            wear_percent: Some(104),
            media_errors: Some(3),
            warnings: vec!["it can only be read".into()],
            ..health.clone()
        };
        let sound = DiskItem {
            health: Some(health),
            scrub: Some(under_way),
            ..disk("oca1.site-a", "/disks/nvme0")
        };
        let bad = DiskItem {
            health: Some(failing),
            scrub: Some(ended),
            bad_blocks: 2,
            ..disk("oca1.site-a", "/disks/nvme1")
        };
        let gone = DiskItem {
            class: None,
            used_bytes: 0,
            objects: 0,
            ejected: Some("it has failed too often".into()),
            ..disk("oca2.site-a", "/disks/nvme0")
        };
        insta::assert_snapshot!(of(&Output::plain(), &[sound, bad, gone]));
    }
}
