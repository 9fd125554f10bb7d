//! What the root is asked to say that it has not said before, for whoever signs.

use ca::{KeyKind, authority_id};
use contract::trust::Trust;
use std::fmt::Write;

/// One change a line.
pub(super) fn difference(before: Option<&Trust>, next: &Trust) -> String {
    let mut text = match before {
        Some(before) => format!("version {} after {}", next.version, before.version),
        None if next.version == 1 => "version 1, the first".to_owned(),
        None => format!("version {}; what was said before is not known here", next.version),
    };
    let mut line = |words: String| {
        let _ = write!(text, "\n  {words}");
    };
    if before.is_none_or(|before| before.epoch != next.epoch) {
        line(format!("epoch {}", next.epoch));
    }
    if before.is_none_or(|before| before.root.pin() != next.root.pin()) {
        let (threshold, count) = (next.root.threshold, next.root.keys.len());
        line(format!("another root: {threshold} of {count} keys sign"));
    }
    let (was, is) = (before.map_or_else(Vec::new, named), named(next));
    for now in &is {
        match was.iter().find(|before| before.id == now.id) {
            None => line(format!("+ {}: {}", now.id, now.what)),
            Some(before) if before.key != now.key => {
                line(format!("! {}: {}, and is ANOTHER KEY than before", now.id, now.what));
            }
            Some(before) if before.what != now.what => line(format!("~ {}: {}", now.id, now.what)),
            Some(_) => {}
        }
    }
    for gone in was.iter().filter(|gone| !is.iter().any(|now| now.id == gone.id)) {
        line(format!("- {}: {} no more", gone.id, gone.what));
    }
    line(format!("counts until {}", day(next)));
    text
}

fn day(trust: &Trust) -> String {
    let at = jiff::Timestamp::from_microsecond(trust.not_after_us.0);
    at.map_or_else(|_| "for ever".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
}

/// Somebody whose word counts, and for what.
struct Named {
    id: String,
    what: String,
    /// The key itself, or the certificate.
    key: String,
}

fn named(trust: &Trust) -> Vec<Named> {
    let named =
        |id: &str, what: String, key: &str| Named { id: id.to_owned(), what, key: key.to_owned() };
    let root = trust.root.keys.iter();
    let root = root.map(|key| named(&key.id, "is of the root".to_owned(), &key.ed25519));
    let keys = trust.keys.iter().map(|key| {
        let what = match key.is_retired {
            true => format!("signed documents ({})", key.role),
            false => format!("signs documents ({})", key.role),
        };
        named(&key.id, what, &key.ed25519)
    });
    let issues = |kind: KeyKind, what: &'static str| {
        move |pem: &String| named(&authority_id(kind, pem), what.to_owned(), pem)
    };
    let boxes = trust.authorities.boxes.iter().map(issues(KeyKind::Boxes, "issues identities"));
    let players = trust.authorities.players.iter();
    let players = players.map(issues(KeyKind::Players, "issues what viewers are shown"));
    root.chain(keys).chain(boxes).chain(players).collect()
}
