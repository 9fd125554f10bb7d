//! `fleet status`

use super::client::Client;
use super::output::{Mood, Output, Shown, number, text};
use super::quantity::{age, bytes};
use crate::api::{
    ApplianceStatus, CertificateWaitsItem, DocumentItem, EventItem, FilledItem, List,
    NotSteeredItem,
};
use clap::Args;
use contract::names::DeviceName;

/// What every appliance holds, from whom it got it, and what happened.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Only this appliance.
    name: Option<DeviceName>,
    /// How many events to show.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    events: usize,
}

impl Status {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let mut all: List<ApplianceStatus> = client.get("/api/v1/status").await?;
        if let Some(name) = &self.name {
            all.items.retain(|status| status.item.name == name.as_str());
            anyhow::ensure!(!all.items.is_empty(), "there is no appliance {name}");
        }
        output.write(&all, |all| tables(output, &all.items, self.events))
    }
}

/// A state as people see it.
pub(super) fn state(state: &str) -> Shown {
    let mood = match state {
        "live" => Mood::Good,
        "late" | "never-seen" => Mood::Doubtful,
        _ => Mood::Bad,
    };
    Shown::State(state.to_owned(), mood)
}

pub(super) fn tables(output: &Output, all: &[ApplianceStatus], events: usize) -> String {
    let mut text = overview(output, all);
    if all.iter().any(|status| status.barred.is_some()) {
        text.push_str("\n\n");
        text.push_str(&barred(output, all));
    }
    if all.iter().any(|status| status.certificate_waits.is_some()) {
        text.push_str("\n\n");
        text.push_str(&certificates(output, all));
    }
    if all.iter().any(|status| !status.not_steered_to.is_empty()) {
        text.push_str("\n\n");
        text.push_str(&not_steered_to(output, all));
    }
    if all.iter().flat_map(|status| &status.documents).any(|it| !troubles(it).is_empty()) {
        text.push_str("\n\n");
        text.push_str(&document_troubles(output, all));
    }
    let happened = newest(all, events);
    if !happened.is_empty() {
        text.push_str("\n\n");
        text.push_str(&event_table(output, &happened));
    }
    text
}

fn overview(output: &Output, all: &[ApplianceStatus]) -> String {
    let header = [
        "appliance",
        "site",
        "state",
        "report",
        "objects",
        "verified",
        "from origin",
        "from peers",
    ];
    let mut table = output.columns(&header);
    for status in all {
        let item = &status.item;
        table.row([
            text(&item.name),
            text(&item.site),
            state(&item.state),
            number(&age(item.last_report_age_s)),
            number(&format!("{}/{}", item.objects_held, item.objects_wanted)),
            number(&bytes(item.bytes_held)),
            number(&bytes(item.bytes_from_origin)),
            text(&peers(&status.filled_from)),
        ]);
    }
    table.render()
}

/// Whose identity counts no more.
fn barred(output: &Output, all: &[ApplianceStatus]) -> String {
    let mut table = output.columns(&["barred", "because"]);
    for status in all {
        if let Some(why) = &status.barred {
            let help = "`fleet appliance token` lets a machine join anew";
            let name = Shown::State(status.item.name.clone(), Mood::Bad);
            table.row([name, text(&format!("{why}; {help}"))]);
        }
    }
    table.render()
}

/// Whose certificate for viewers has not come; what it had it shows on.
fn certificates(output: &Output, all: &[ApplianceStatus]) -> String {
    let mut table = output.columns(&["certificate of", "tried again", "because"]);
    let of = |status: &ApplianceStatus, waits: &CertificateWaitsItem| {
        let name = Shown::State(status.item.name.clone(), Mood::Doubtful);
        [name, text(&waits.until), text(&waits.reason)]
    };
    for status in all {
        status.certificate_waits.iter().for_each(|waits| table.row(of(status, waits)));
    }
    table.render()
}

/// Why a box that may be live gets no viewers.
fn not_steered_to(output: &Output, all: &[ApplianceStatus]) -> String {
    let mut table = output.columns(&["appliance", "not steered to for", "because"]);
    let of = |status: &ApplianceStatus, each: &NotSteeredItem| {
        let group = Shown::State(each.group.clone(), Mood::Bad);
        [text(&status.item.name), group, text(&each.reason)]
    };
    for status in all {
        status.not_steered_to.iter().for_each(|each| table.row(of(status, each)));
    }
    table.render()
}

/// What is wrong with a document on a box.
pub(super) fn troubles(document: &DocumentItem) -> Vec<String> {
    let rejected = document.rejected.as_ref().map(|why| format!("rejected {why}"));
    let refused = document.refused.as_ref().map(|why| format!("refused {why}"));
    [rejected, refused, document.doubt.clone()].into_iter().flatten().collect()
}

fn document_troubles(output: &Output, all: &[ApplianceStatus]) -> String {
    let mut table = output.columns(&["appliance", "document", "trouble"]);
    for status in all {
        for document in &status.documents {
            for trouble in troubles(document) {
                let kind = Shown::State(document.kind.clone(), Mood::Bad);
                table.row([text(&status.item.name), kind, text(&trouble)]);
            }
        }
    }
    table.render()
}

fn peers(filled: &[FilledItem]) -> String {
    let peers = filled.iter().filter(|from| from.source != "origin" && from.bytes > 0);
    let named = peers.map(|from| {
        let name = from.source.strip_prefix("peer ").unwrap_or(&from.source);
        format!("{} {name}", bytes(from.bytes))
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() { "-".to_owned() } else { named.join(", ") }
}

fn newest(all: &[ApplianceStatus], at_most: usize) -> Vec<(&str, &EventItem)> {
    let mut events: Vec<(&str, &EventItem)> = all
        .iter()
        .flat_map(|status| status.events.iter().map(|event| (status.item.name.as_str(), event)))
        .collect();
    // RFC 3339 in UTC sorts as text.
    events.sort_by(|(_, a), (_, b)| b.at.cmp(&a.at));
    events.truncate(at_most);
    events
}

fn event_table(output: &Output, events: &[(&str, &EventItem)]) -> String {
    let mut table = output.columns(&["when", "appliance", "severity", "event", "what", "detail"]);
    for (name, event) in events {
        let mood = match event.severity.as_str() {
            "info" => Mood::Good,
            "warning" => Mood::Doubtful,
            _ => Mood::Bad,
        };
        table.row([
            text(&event.at),
            text(name),
            Shown::State(event.severity.clone(), mood),
            text(&event.kind),
            text(&event.subject),
            text(&event.detail),
        ]);
    }
    table.render()
}

#[cfg(test)]
mod tests;
