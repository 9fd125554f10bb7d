//! Pins that no plan could keep are left out of a question, and told with the rules that made them.

use super::placed::Before;
use super::ruled::{Ruled, Spot};
use super::rules::{NotKept, Rule};
use crate::server::App;
use inventory::Inventory;
use prefill::question::{PinLeftOut, Question, fit_pins};

/// The question with those pins that can be kept, and the others.
pub(super) async fn within(
    app: &App,
    mut question: Question,
    parent: Option<u64>,
    rules: &[Rule],
    inventory: &Inventory,
) -> anyhow::Result<(Question, Vec<NotKept>)> {
    if question.sites.iter().all(|site| site.pins.is_empty()) {
        return Ok((question, Vec::new()));
    }
    let before = Before::of(&app.runs, &question, parent).await?;
    let (question, found) = tokio::task::spawn_blocking(move || {
        let found = fit_pins(&mut question, &before);
        (question, found)
    })
    .await?;
    let not_kept = named(&question, found, rules, inventory);
    Ok((question, not_kept))
}

fn named(
    question: &Question,
    found: Vec<PinLeftOut>,
    rules: &[Rule],
    inventory: &Inventory,
) -> Vec<NotKept> {
    if found.is_empty() {
        return Vec::new();
    }
    let ruled = Ruled::of(rules, &question.titles);
    let named = |pin: PinLeftOut| {
        let name = &question.sites[pin.site].site;
        let site = inventory.sites.iter().find(|it| it.name == *name);
        let rule = ruled.rule(pin.title, &Spot::of(inventory, name, site))?;
        let Rule { group, title, scope, .. } = rule.clone();
        Some(NotKept { group, title, scope, site: name.clone(), why: pin.why })
    };
    found.into_iter().filter_map(named).collect()
}
