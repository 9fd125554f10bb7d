//! `fleet prefill shadow …`.

use super::policy::{Tuning, words};
use super::{percent, rate};
use crate::api::{List, PolicyItem, ShadowDay};
use crate::cli::client::Client;
use crate::cli::output::{Output, number, text};
use crate::cli::quantity::bytes;
use clap::Subcommand;
use serde_json::json;

const PATH: &str = "/api/v1/prefill/shadow";

/// Another policy, worked out beside the one in force from the same inputs, and told to no box.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ShadowCommand {
    /// Begin: what is not named is as in the policy in force.
    Start(Tuning),
    /// What would have been placed, beside what was, day by day.
    Show,
    /// Have everything placed like that from now on.
    Adopt,
    /// Work it out no more.
    Stop,
}

impl ShadowCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Start(tuning) => {
                let policy: PolicyItem = client.put(PATH, &tuning.request()).await?;
                output.write(&policy, |policy| {
                    let beside = policy.shadow.as_ref().map(words).unwrap_or_default();
                    format!("worked out beside what is in force: {beside}")
                })
            }
            Self::Show => show(client, output).await,
            Self::Adopt => {
                let path = format!("{PATH}/adopt");
                let policy: PolicyItem = client.post(&path, &json!({})).await?;
                output.write(&policy, |it| format!("everything is placed by {}", words(&it.tuning)))
            }
            Self::Stop => {
                client.delete(PATH).await?;
                output.done("nothing is worked out beside what is in force any more")
            }
        }
    }
}

async fn show(client: &Client, output: &Output) -> anyhow::Result<()> {
    let days: List<ShadowDay> = client.get(PATH).await?;
    output.write(&days, |days| {
        let Some(newest) = days.items.first() else {
            return "nothing has been worked out yet: it follows the next placement".to_owned();
        };
        let also = format!(
            "box by box: fleet prefill diff {} {}",
            newest.live.version, newest.shadow.version
        );
        [days_table(output, &days.items), also].join("\n")
    })
}

fn days_table(output: &Output, days: &[ShadowDay]) -> String {
    let mut table = output.columns(&[
        "day", "live", "shadow", "wanted", "offload", "would be", "new", "would be", "holds",
        "would be", "gap", "would be",
    ]);
    for ShadowDay { live, shadow } in days {
        table.row([
            text(&live.day),
            number(&live.version),
            number(&shadow.version),
            number(&rate(live.wanted_bytes_per_s)),
            number(&percent(live.offload)),
            number(&percent(shadow.offload)),
            number(&bytes(live.new_bytes)),
            number(&bytes(shadow.new_bytes)),
            number(&bytes(live.held_bytes)),
            number(&bytes(shadow.held_bytes)),
            number(&percent(live.gap)),
            number(&percent(shadow.gap)),
        ]);
    }
    table.render()
}
