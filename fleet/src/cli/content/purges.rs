//! `fleet content purges`, and how far a purge is.

use super::super::client::Client;
use super::super::output::{Mood, Output, Shown, number, text};
use super::super::quantity::age;
use crate::api::{List, PurgeItem, PurgedBox};

pub(super) async fn list(client: &Client, output: &Output) -> anyhow::Result<()> {
    let purges: List<PurgeItem> = client.get("/api/v1/purges").await?;
    output.write(&purges, |purges| table(output, &purges.items))
}

fn table(output: &Output, purges: &[PurgeItem]) -> String {
    let header = ["purge", "when", "group", "what", "done", "not done"];
    let mut table = output.columns(&header);
    for purge in purges {
        let left = unconfirmed(purge).join(", ");
        let left = if left.is_empty() { "-" } else { &left };
        table.row([
            text(&purge.version),
            text(&purge.made_at),
            text(&purge.group),
            text(&purge.what),
            number(&format!("{}/{}", purge.done, purge.boxes.len())),
            text(left),
        ]);
    }
    table.render()
}

/// A row for each box.
pub(super) fn progress(output: &Output, purge: &PurgeItem) -> String {
    let mut table = output.columns(&["appliance", "site", "purge"]);
    for each in &purge.boxes {
        let mood = match each.state.as_str() {
            "done" => Mood::Good,
            "pending" => Mood::Doubtful,
            _ => Mood::Bad,
        };
        table.row([text(&each.appliance), text(&each.site), Shown::State(words(each), mood)]);
    }
    table.render()
}

/// The boxes that have not carried it out, and why nobody knows better.
pub(super) fn unconfirmed(purge: &PurgeItem) -> Vec<String> {
    let left = purge.boxes.iter().filter(|each| each.state != "done");
    left.map(|each| format!("{} {}", each.appliance, words(each))).collect()
}

fn words(each: &PurgedBox) -> String {
    match (each.state.as_str(), each.last_report_age_s) {
        ("unreachable", None) => "unreachable (never seen)".to_owned(),
        ("unreachable", seen) => format!("unreachable (last seen {} ago)", age(seen)),
        (state, _) => state.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_for_people() {
        let purged = |name: &str, state: &str, seen: Option<f64>| PurgedBox {
            appliance: name.into(),
            site: name.split_once('.').expect("box.site").1.into(),
            state: state.into(),
            last_report_age_s: seen,
        };
        let all = PurgeItem {
            version: 7,
            group: "studio-a".into(),
            what: "prefix /big-demo/v0/".into(),
            made_at: "2026-11-21T13:00:10.000Z".into(),
            done: 1,
            pending: 1,
            unreachable: 2,
            boxes: vec![
                purged("oca1.site-a", "done", Some(1.0)),
                purged("oca2.site-a", "pending", Some(2.0)),
                purged("oca1.site-b", "unreachable", Some(7300.0)),
                purged("oca2.site-b", "unreachable", None),
            ],
        };
        let done = PurgeItem { version: 6, boxes: all.boxes[..1].to_vec(), ..purge_like(&all) };
        let output = Output::plain();
        let tables = format!("{}\n\n{}", progress(&output, &all), table(&output, &[all, done]));
        insta::assert_snapshot!(tables);
    }

    fn purge_like(other: &PurgeItem) -> PurgeItem {
        PurgeItem {
            group: other.group.clone(),
            what: "title big-demo".into(),
            made_at: other.made_at.clone(),
            boxes: vec![],
            ..*other
        }
    }
}
