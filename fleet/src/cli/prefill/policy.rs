//! `fleet prefill policy`, `shadow`, `freeze`, `unfreeze` and `apply`.

use super::{percent, rate};
use crate::api::{FreezeRequest, List, PolicyItem, ShadowDay, TuningItem, TuningRequest};
use crate::cli::client::Client;
use crate::cli::output::{Output, number, text};
use crate::cli::quantity::bytes;
use clap::{Args, Subcommand};
use serde_json::json;

const SHADOW: &str = "/api/v1/prefill/shadow";
const FREEZE: &str = "/api/v1/prefill/freeze";

/// How everything is placed, and what is worked out beside that.
#[derive(Debug, Args)]
pub(in crate::cli) struct ShowPolicy {
    /// The newest policies, with who made them.
    #[arg(long)]
    history: bool,
}

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

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct Tuning {
    /// Copies that a site has of a title at least, where it has as many boxes.
    #[arg(long, value_name = "COUNT")]
    least_copies: Option<u16>,
    /// What part of a box's throughput one title may ask for before it gets another copy.
    #[arg(long, value_name = "PERCENT")]
    copy_share_percent: Option<u32>,
    /// By how much more than yesterday's least a new byte must be worth to take the place of one that is there.
    #[arg(long, value_name = "PERCENT")]
    rest_percent: Option<u32>,
    /// What part of a box's disks may go to titles that no site would hold by itself.
    #[arg(long, value_name = "PERCENT")]
    somewhere_percent: Option<u32>,
}

/// Place nothing anew: what is in force stays, whatever happens, until `fleet prefill unfreeze`.
///
/// New titles come nowhere meanwhile. Rights, purges and commands count all the same.
#[derive(Debug, Args)]
pub(in crate::cli) struct Freeze {
    /// Why: whoever asks for the plan is told.
    #[arg(long, value_name = "TEXT")]
    why: String,
}

/// Put an older placement in force again, and keep it until `fleet prefill unfreeze`.
///
/// Each box is to hold what it was to hold then, as far as that is still in the catalogue; boxes that have come
/// since keep what they hold. `fleet prefill diff` says beforehand what that changes.
#[derive(Debug, Args)]
pub(in crate::cli) struct Apply {
    /// Which: see `fleet prefill runs`.
    version: u64,
    /// Why: whoever asks for the plan is told.
    #[arg(long, value_name = "TEXT", default_value = "an older placement was put back")]
    why: String,
}

impl ShowPolicy {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        if self.history {
            let all: List<PolicyItem> = client.get("/api/v1/prefill/policies").await?;
            return output.write(&all, |all| table(output, &all.items));
        }
        let policy: PolicyItem = client.get("/api/v1/prefill/policy").await?;
        output.write(&policy, |one| table(output, std::slice::from_ref(one)))
    }
}

fn table(output: &Output, policies: &[PolicyItem]) -> String {
    let mut table =
        output.columns(&["version", "made", "by", "placed", "beside it", "nothing anew"]);
    for one in policies {
        let frozen = one.frozen.as_ref().map_or_else(
            || "-".to_owned(),
            |frozen| match frozen.put_back {
                Some(version) => format!("as in {version}: {}", frozen.why),
                None => frozen.why.clone(),
            },
        );
        table.row([
            text(&one.version),
            text(one.made_at.as_deref().unwrap_or("-")),
            text(one.made_by.as_deref().unwrap_or("-")),
            text(&words(&one.tuning)),
            text(&one.shadow.as_ref().map_or_else(|| "-".to_owned(), words)),
            text(&frozen),
        ]);
    }
    table.render()
}

fn words(tuning: &TuningItem) -> String {
    let TuningItem { least_copies, copy_share_percent, rest_percent, somewhere_percent } = tuning;
    format!(
        "copies {least_copies}, copy share {copy_share_percent} %, rest {rest_percent} %, \
         somewhere {somewhere_percent} %"
    )
}

impl ShadowCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Start(tuning) => {
                let Tuning { least_copies, copy_share_percent, rest_percent, somewhere_percent } =
                    tuning;
                let request = TuningRequest {
                    least_copies,
                    copy_share_percent,
                    rest_percent,
                    somewhere_percent,
                };
                let policy: PolicyItem = client.put(SHADOW, &request).await?;
                output.write(&policy, |policy| {
                    let beside = policy.shadow.as_ref().map(words).unwrap_or_default();
                    format!("worked out beside what is in force: {beside}")
                })
            }
            Self::Show => show(client, output).await,
            Self::Adopt => {
                let path = format!("{SHADOW}/adopt");
                let policy: PolicyItem = client.post(&path, &json!({})).await?;
                output.write(&policy, |it| format!("everything is placed by {}", words(&it.tuning)))
            }
            Self::Stop => {
                client.delete(SHADOW).await?;
                output.done("nothing is worked out beside what is in force any more")
            }
        }
    }
}

async fn show(client: &Client, output: &Output) -> anyhow::Result<()> {
    let days: List<ShadowDay> = client.get(SHADOW).await?;
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

impl Freeze {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let request = FreezeRequest { why: self.why, version: None };
        let policy: PolicyItem = client.put(FREEZE, &request).await?;
        output
            .write(&policy, |_| "what is in force stays until `fleet prefill unfreeze`".to_owned())
    }
}

impl Apply {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let version = self.version;
        let request = FreezeRequest { why: self.why, version: Some(version) };
        let policy: PolicyItem = client.put(FREEZE, &request).await?;
        output.write(&policy, |_| {
            format!(
                "boxes are told to hold what they were to hold in placement {version}, until \
                 `fleet prefill unfreeze`"
            )
        })
    }
}

pub(super) async fn unfreeze(client: &Client, output: &Output) -> anyhow::Result<()> {
    client.delete(FREEZE).await?;
    output.done("everything is placed again whenever something is another")
}
