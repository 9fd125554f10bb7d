//! Versions and what lies between them, as tables.

use crate::api::{TitleChange, TitleHistoryItem, VersionItem};
use crate::cli::output::{Mood, Output, Shown, number, text};
use crate::cli::quantity::bytes;

pub(super) fn versions(output: &Output, versions: &[VersionItem]) -> String {
    let header = ["version", "state", "made", "titles", "objects", "bytes", "findings"];
    let mut table = output.columns(&header);
    for version in versions {
        table.row([
            text(&version.version),
            state(&version.state),
            text(&version.made_at),
            number(&version.titles),
            number(&version.objects),
            number(&bytes(version.bytes)),
            text(&if version.findings.is_empty() {
                "-".to_owned()
            } else {
                version.findings.join("; ")
            }),
        ]);
    }
    table.render()
}

/// A version, and below it who said that it is meant and what speaks against it.
pub(super) fn version(output: &Output, version: &VersionItem) -> String {
    let mut all = versions(output, std::slice::from_ref(version));
    all.push_str(&format!("\n\ndigest {}, made beside version {}", version.digest, version.parent));
    if let (Some(by), Some(reason)) = (&version.announced_by, &version.reason) {
        all.push_str(&format!("\nannounced by {by}: {reason}"));
    }
    for finding in &version.findings {
        all.push_str(&format!("\nfound: {finding}"));
    }
    if version.state == "refused" {
        let says = "\n`fleet catalog diff` shows what it changes, `fleet catalog announce` says that it is meant";
        all.push_str(says);
    }
    all
}

fn state(state: &str) -> Shown {
    let mood = match state {
        "in_force" => Mood::Good,
        "refused" => Mood::Bad,
        _ => Mood::Doubtful,
    };
    Shown::State(state.replace('_', " "), mood)
}

const CHANGE: [&str; 6] = ["group", "title", "change", "what", "objects added", "objects removed"];

fn change(change: &TitleChange) -> [Shown; 6] {
    let what = if change.what.is_empty() { "-".to_owned() } else { change.what.join(", ") };
    [
        text(&change.group),
        text(&change.title),
        text(&change.change),
        text(&what),
        number(&change.objects_added),
        number(&change.objects_removed),
    ]
}

pub(super) fn changes(output: &Output, changes: &[TitleChange]) -> String {
    let mut table = output.columns(&CHANGE);
    for each in changes {
        table.row(change(each));
    }
    table.render()
}

pub(super) fn history(output: &Output, history: &[TitleHistoryItem]) -> String {
    let mut table = output.columns(&[
        "version",
        "state",
        "made",
        "change",
        "what",
        "objects added",
        "objects removed",
    ]);
    for item in history {
        let [_, _, kind, what, added, removed] = change(&item.change);
        table.row([
            text(&item.version),
            state(&item.state),
            text(&item.made_at),
            kind,
            what,
            added,
            removed,
        ]);
    }
    table.render()
}
