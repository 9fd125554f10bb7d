//! `fleet prefill policy`.

use crate::api::{List, PolicyItem, TuningItem, TuningRequest};
use crate::cli::client::Client;
use crate::cli::output::{Output, text};
use clap::Args;

/// How everything is placed, and what is worked out beside that.
#[derive(Debug, Args)]
pub(in crate::cli) struct ShowPolicy {
    /// The newest policies, with who made them.
    #[arg(long)]
    history: bool,
}

/// How sites are planned, otherwise than in the policy in force.
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

impl Tuning {
    pub(super) fn request(self) -> TuningRequest {
        let Self { least_copies, copy_share_percent, rest_percent, somewhere_percent } = self;
        TuningRequest { least_copies, copy_share_percent, rest_percent, somewhere_percent }
    }
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
        output.columns(&["version", "made", "by", "placed", "beside it", "tried", "nothing anew"]);
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
            text(one.trial.as_deref().unwrap_or("-")),
            text(&frozen),
        ]);
    }
    table.render()
}

pub(super) fn words(tuning: &TuningItem) -> String {
    let TuningItem { least_copies, copy_share_percent, rest_percent, somewhere_percent } = tuning;
    format!(
        "copies {least_copies}, copy share {copy_share_percent} %, rest {rest_percent} %, \
         somewhere {somewhere_percent} %"
    )
}
