//! `fleet prefill simulate`.

use super::{percent, rate};
use crate::api::{BudgetName, ChangeRequest, EffectItem, SimulateRequest, SumsItem};
use crate::cli::Usage;
use crate::cli::client::Client;
use crate::cli::output::{Output, number, text};
use crate::cli::quantity::{bytes, parse_bytes};
use clap::Args;
use contract::names::{DeviceName, GroupName, SiteName, TitleName};

/// What would be different if: nothing of it is carried out.
///
/// All changes that are given are made together, to the placement in force.
#[derive(Debug, Args)]
pub(in crate::cli) struct Simulate {
    /// One more box beside this one, and like it. Each of these can be given several times.
    #[arg(long, value_name = "BOX")]
    add_box: Vec<DeviceName>,
    /// Without this box.
    #[arg(long, value_name = "BOX")]
    lose_box: Vec<DeviceName>,
    /// With that much less disk in a box.
    #[arg(long, value_name = "BOX=SIZE", value_parser = disk)]
    lose_disk: Vec<(DeviceName, u64)>,
    /// One more site beside this one, and like it; half of its viewers are the new one's.
    #[arg(long, value_name = "SITE")]
    add_site: Vec<SiteName>,
    /// Without the boxes of this site; its viewers go on wanting what they want.
    #[arg(long, value_name = "SITE")]
    lose_site: Vec<SiteName>,
    /// Without the boxes of all sites of this provider.
    #[arg(long, value_name = "PROVIDER")]
    lose_provider: Vec<String>,
    /// With a title that is wanted so many times as much, everywhere.
    #[arg(long, value_name = "GROUP/TITLE=TIMES", value_parser = title)]
    title: Vec<(GroupName, TitleName, f64)>,
    /// With a budget of all boxes that is so many times what it is: room, throughput, fill or endurance.
    #[arg(long, value_name = "BUDGET=TIMES", value_parser = budget)]
    budget: Vec<(BudgetName, f64)>,
    /// In an older placement.
    #[arg(long, value_name = "VERSION")]
    at: Option<u64>,
}

fn pair(text: &str) -> Result<(&str, &str), String> {
    text.split_once('=').ok_or_else(|| "expected WHAT=HOW-MUCH".to_owned())
}

fn times(text: &str) -> Result<f64, String> {
    let times = text.parse().ok().filter(|times| (0.0..=1000.0).contains(times));
    times.ok_or_else(|| format!("expected 0 to 1000 times, not {text:?}"))
}

fn disk(text: &str) -> Result<(DeviceName, u64), String> {
    let (device, size) = pair(text)?;
    Ok((DeviceName::new(device).map_err(|err| err.to_string())?, parse_bytes(size)?))
}

fn title(text: &str) -> Result<(GroupName, TitleName, f64), String> {
    let (title, count) = pair(text)?;
    let (group, title) = title.split_once('/').ok_or("expected GROUP/TITLE=TIMES")?;
    let group = GroupName::new(group).map_err(|err| err.to_string())?;
    let title = TitleName::new(title).map_err(|err| err.to_string())?;
    Ok((group, title, times(count)?))
}

fn budget(text: &str) -> Result<(BudgetName, f64), String> {
    let (name, count) = pair(text)?;
    let budget = match name {
        "room" => BudgetName::Room,
        "throughput" => BudgetName::Throughput,
        "fill" => BudgetName::Fill,
        "endurance" => BudgetName::Endurance,
        _ => return Err(format!("expected room, throughput, fill or endurance, not {name:?}")),
    };
    Ok((budget, times(count)?))
}

impl Simulate {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let at = self.at;
        let changes = self.changes();
        if changes.is_empty() {
            let says = "what is to be different? Such as: --lose-box BOX, --title GROUP/TITLE=2, --budget fill=0.5";
            return Err(Usage(says.to_owned()).into());
        }
        let request = SimulateRequest { changes, at };
        let effect: EffectItem = client.post("/api/v1/prefill/simulate", &request).await?;
        output.write(&effect, |effect| shown(output, effect))
    }

    fn changes(self) -> Vec<ChangeRequest> {
        let disk = |(device, disk_bytes)| ChangeRequest::LoseDisk { device, disk_bytes };
        let title = |(group, title, times)| ChangeRequest::Title { group, title, times };
        let budget = |(budget, times)| ChangeRequest::Budget { budget, times };
        let boxes = self.add_box.into_iter().map(ChangeRequest::AddBox);
        boxes
            .chain(self.lose_box.into_iter().map(ChangeRequest::LoseBox))
            .chain(self.lose_disk.into_iter().map(disk))
            .chain(self.add_site.into_iter().map(ChangeRequest::AddSite))
            .chain(self.lose_site.into_iter().map(ChangeRequest::LoseSite))
            .chain(self.lose_provider.into_iter().map(ChangeRequest::LoseProvider))
            .chain(self.title.into_iter().map(title))
            .chain(self.budget.into_iter().map(budget))
            .collect()
    }
}

fn shown(output: &Output, effect: &EffectItem) -> String {
    let mut table = output.columns(&["fleet", "as placed", "with that"]);
    let mut row = |name: &str, value: fn(&SumsItem) -> String| {
        table.row([text(name), number(&value(&effect.before)), number(&value(&effect.after))]);
    };
    row("offload", |it| percent(it.offload));
    row("wanted", |it| rate(it.wanted_bytes_per_s));
    row("from origins", |it| rate(it.origin_bytes_per_s));
    row("held", |it| bytes(it.held_bytes));
    row("to be fetched", |it| bytes(it.new_bytes));
    let mut lines = vec![format!("placement {}", effect.version), table.render()];
    if !effect.sites.is_empty() {
        let mut table =
            output.columns(&["site", "serves", "then", "asks for", "then", "fetches", "then"]);
        for site in &effect.sites {
            let [serves, asks] =
                [site.served_bytes_per_s, site.missed_bytes_per_s].map(|it| it.map(rate));
            let fetches = site.new_bytes.map(bytes);
            table.row(
                [text(&site.site)]
                    .into_iter()
                    .chain([serves, asks, fetches].concat().iter().map(number)),
            );
        }
        lines.push(table.render());
    }
    lines.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_and_how_much() {
        assert!(disk("oca1.a=2TB").is_ok_and(|it| it.1 == 2_000_000_000_000));
        assert!(title("g/big=2.5").is_ok_and(|it| it.2 == 2.5));
        assert!(matches!(budget("fill=0"), Ok((BudgetName::Fill, 0.0))));
        for bad in ["fill", "fill=", "fill=-1", "fill=NaN", "fill=1e9", "coffee=1"] {
            assert!(budget(bad).is_err(), "{bad}");
        }
        assert!(title("big=2").is_err() && disk("oca1.a=much").is_err());
    }
}
