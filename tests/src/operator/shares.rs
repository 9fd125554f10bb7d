//! Until every box holds its share, and the table of who got it from whom.

use super::Operator;
use crate::say;
use anyhow::{Context, Result, bail};
use comfy_table::{Table, presets};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// How long the fill of a few short titles may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// What one box holds, as `fleet status` tells it.
#[derive(Debug, Clone)]
pub struct Share {
    /// The box.
    pub name: String,
    /// Its state.
    pub state: String,
    /// Objects held, of those wanted.
    pub objects: (u64, u64),
    /// Bytes held, of those wanted; all of those held are verified.
    pub bytes: (u64, u64),
    /// `origin` or a peer's name, and the bytes from there.
    pub sources: Vec<(String, u64)>,
}

impl Share {
    /// Whether it holds all that it should, which is something.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.objects.1 > 0 && self.objects.0 == self.objects.1
    }
}

/// Reads `fleet status`.
///
/// # Errors
/// When the fleet does not answer.
pub async fn shares(operator: &Operator) -> Result<Vec<Share>> {
    let status = operator.fleet_json(&["status"]).await?;
    let items = status["items"].as_array().context("items")?;
    Ok(items.iter().map(share).collect())
}

fn share(item: &Value) -> Share {
    let number = |key: &str| item[key].as_u64().unwrap_or_default();
    let sources = item["filled_from"].as_array().into_iter().flatten();
    let source = |each: &Value| {
        let name = each["source"].as_str().unwrap_or("?");
        let name = name.strip_prefix("peer ").unwrap_or(name).to_owned();
        (name, each["bytes"].as_u64().unwrap_or_default())
    };
    Share {
        name: item["name"].as_str().unwrap_or("?").to_owned(),
        state: item["state"].as_str().unwrap_or("?").to_owned(),
        objects: (number("objects_held"), number("objects_wanted")),
        bytes: (number("bytes_held"), number("bytes_wanted")),
        sources: sources.map(source).filter(|(_, bytes)| *bytes > 0).collect(),
    }
}

/// Waits until all of so many boxes hold what they should, while `check` finds nothing wrong.
///
/// # Errors
/// When that takes too long, with what is held by then.
pub async fn wait(
    operator: &Operator,
    boxes: usize,
    mut check: impl FnMut() -> Result<()>,
) -> Result<Vec<Share>> {
    let begun = Instant::now();
    let bar = say::bytes(0);
    loop {
        check()?;
        let shares = shares(operator).await?;
        bar.set_length(shares.iter().map(|share| share.bytes.1).sum());
        bar.set_position(shares.iter().map(|share| share.bytes.0).sum());
        if shares.len() == boxes && shares.iter().all(Share::is_full) {
            bar.finish_and_clear();
            return Ok(shares);
        }
        if begun.elapsed() > PATIENCE {
            bail!("the fill is not done after {} s\n{}", PATIENCE.as_secs(), table(&shares));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Who holds what, and from whom.
#[must_use]
pub fn table(shares: &[Share]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["appliance", "state", "objects", "bytes verified", "from"]);
    for share in shares {
        let from: Vec<String> =
            share.sources.iter().map(|(name, bytes)| format!("{name} {bytes}")).collect();
        table.add_row([
            share.name.clone(),
            share.state.clone(),
            format!("{} of {}", share.objects.0, share.objects.1),
            format!("{} of {}", share.bytes.0, share.bytes.1),
            from.join(", "),
        ]);
    }
    table
}
