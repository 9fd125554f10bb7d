//! How far filling has come, in words.

use contract::progress::{
    Admission, FillProgress, FillState, SourceFailure, TitleProgress, WaitingOn,
};
use contract::quantity::{BitRate, ByteCount};
use contract::time::TimeUs;

/// Titles that are told of; `/fill` has more.
const TOLD: usize = 10;

/// Lines for a person.
pub(crate) fn tell(fill: &FillProgress) -> Vec<String> {
    let mut lines = vec![format!("  fill        {}", windows(fill))];
    if fill.bytes_missing > 0 {
        let missing = ByteCount(fill.bytes_missing);
        let done = fill.finish_at_us.map(|at| format!(", done {}", when(at)));
        lines.push(format!("  missing     {missing}{}", done.unwrap_or_default()));
    }
    for each in fill.sources.iter().filter(|each| each.rate_bytes_per_s > 0) {
        lines.push(format!("  filling     {} from {}", rate(each.rate_bytes_per_s), each.source));
    }
    lines.extend(fill.failing.iter().map(|each| {
        let SourceFailure { source, group, path, reason, at_us } = each;
        format!("  failing     {source} of {group}: {reason}: {path}, at {}", when(*at_us))
    }));
    let coming = fill.titles.iter().filter(|title| title.state != FillState::Held);
    lines.extend(coming.take(TOLD).map(|title| format!("  title       {}", of_title(title))));
    lines
}

fn windows(fill: &FillProgress) -> String {
    let admission = match (fill.admission, fill.until_us) {
        (Admission::All, None) => "at any hour".to_owned(),
        (Admission::All, Some(until)) => format!("window open until {}", when(until)),
        (closed, until) => {
            let opens = until.map(|until| format!(" until {}", when(until)));
            let emergency = match closed {
                Admission::Urgent => ", emergencies alone",
                _ => "",
            };
            format!("window closed{}{emergency}", opens.unwrap_or_default())
        }
    };
    match fill.cap_bytes_per_s {
        Some(cap) => format!("{admission}, at most {}", rate(cap)),
        None => format!("{admission}, no cap"),
    }
}

fn of_title(title: &TitleProgress) -> String {
    let (done, wanted) = (ByteCount(title.bytes_done), ByteCount(title.bytes_wanted));
    let name = format!("{}/{}: {done} of {wanted}", title.group, title.title);
    let state = match (&title.waiting, &title.source) {
        (Some(waiting), _) => format!(", waits for {}", reason(waiting)),
        (None, Some(source)) if title.state == FillState::Arriving => {
            format!(", {} from {source}", rate(title.rate_bytes_per_s))
        }
        _ => format!(", {}", title.state.as_str()),
    };
    let done = title.finish_at_us.map(|at| format!(", done {}", when(at)));
    name + &state + &done.unwrap_or_default()
}

fn rate(bytes_per_s: u64) -> BitRate {
    BitRate::of_bytes_per_s(bytes_per_s)
}

fn reason(waiting: &WaitingOn) -> String {
    match waiting.until() {
        Some(until) => format!("{waiting} until {}", when(until)),
        None => waiting.to_string(),
    }
}

/// RFC 3339, to the second: boxes are in many time zones, and so is whoever reads this.
pub(crate) fn when(at: TimeUs) -> String {
    jiff::Timestamp::from_second(at.unix_s())
        .map_or_else(|_| "never".to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::names::{GroupName, TitleName};
    use contract::progress::SourceProgress;
    use contract::sources::SourceKind;

    #[test]
    fn people_read_what_happens_and_until_when() {
        let at = TimeUs(1_795_572_000_000_000);
        let title = TitleProgress {
            group: GroupName::new("studio-a").expect("name"),
            title: TitleName::new("big-demo").expect("name"),
            state: FillState::Waiting,
            source: Some(SourceKind::Origin),
            sources: Vec::new(),
            objects_wanted: 4,
            objects_held: 1,
            bytes_wanted: 4_000_000,
            bytes_done: 1_500_000,
            rate_bytes_per_s: 0,
            waiting: Some(WaitingOn::FillWindow { opens: at }),
            finish_at_us: Some(at.plus_s(90)),
        };
        let arriving = TitleProgress {
            state: FillState::Arriving,
            rate_bytes_per_s: 1_000_000,
            waiting: None,
            ..title.clone()
        };
        let source = SourceProgress { source: SourceKind::Origin, rate_bytes_per_s: 1_000_000 };
        let closed = FillProgress {
            admission: Admission::Urgent,
            until_us: Some(at),
            cap_bytes_per_s: Some(50_000_000),
            bytes_missing: 2_500_000,
            finish_at_us: Some(at.plus_s(90)),
            sources: vec![source],
            titles: vec![title, arriving],
            ..FillProgress::default()
        };
        let said = tell(&closed).join("\n");
        let expected = "  fill        window closed until 2026-11-25T02:00:00Z, emergencies alone, at most 400.0 Mb/s
  missing     2.4 MiB, done 2026-11-25T02:01:30Z
  filling     8.0 Mb/s from origin
  title       studio-a/big-demo: 1.4 MiB of 3.8 MiB, waits for the fill window until 2026-11-25T02:00:00Z, done 2026-11-25T02:01:30Z
  title       studio-a/big-demo: 1.4 MiB of 3.8 MiB, 8.0 Mb/s from origin, done 2026-11-25T02:01:30Z";
        assert_eq!(said, expected);
        assert_eq!(tell(&FillProgress::default()), ["  fill        at any hour, no cap"]);
    }
}
