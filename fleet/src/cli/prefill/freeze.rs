//! `fleet prefill freeze`, `unfreeze` and `apply`.

use crate::api::{FreezeRequest, PolicyItem};
use crate::cli::client::Client;
use crate::cli::output::Output;
use clap::Args;

const PATH: &str = "/api/v1/prefill/freeze";

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

impl Freeze {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let request = FreezeRequest { why: self.why, version: None };
        let policy: PolicyItem = client.put(PATH, &request).await?;
        output
            .write(&policy, |_| "what is in force stays until `fleet prefill unfreeze`".to_owned())
    }
}

impl Apply {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let version = self.version;
        let request = FreezeRequest { why: self.why, version: Some(version) };
        let policy: PolicyItem = client.put(PATH, &request).await?;
        output.write(&policy, |_| {
            format!(
                "boxes are told to hold what they were to hold in placement {version}, until \
                 `fleet prefill unfreeze`"
            )
        })
    }
}

pub(super) async fn unfreeze(client: &Client, output: &Output) -> anyhow::Result<()> {
    client.delete(PATH).await?;
    output.done("everything is placed again whenever something is another")
}
