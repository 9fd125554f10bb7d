//! `fleet group …`

use super::client::Client;
use super::output::{Output, text};
use crate::api::List;
use clap::{Args, Subcommand};
use contract::names::GroupName;
use inventory::ContentGroup;

#[derive(Debug, Subcommand)]
pub(super) enum GroupCommand {
    /// Add a content group.
    Create(Create),
    /// All content groups.
    List,
    /// One content group.
    Show {
        /// The content group.
        name: GroupName,
    },
    /// Remove a content group that has no titles.
    Delete {
        /// The content group.
        name: GroupName,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Its name, such as `studio-a`.
    name: GroupName,
    /// Whose it is.
    #[arg(long)]
    owner: String,
    /// The host name under which a box serves it, with `{device}` for the box.
    #[arg(long, value_name = "PATTERN")]
    host_pattern: String,
    /// Where the owner's own server has it; object paths are appended.
    #[arg(long, value_name = "URL")]
    origin: String,
    /// A web origin that may read it. Can be given several times; all may without it.
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    cors_origins: Vec<String>,
    /// Count its requests and log none of them.
    #[arg(long)]
    no_request_log: bool,
}

impl GroupCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => {
                let group = create.into_group();
                let group: ContentGroup = client.post("/api/v1/groups", &group).await?;
                output.write(&group, |group| format!("content group {} created", group.name))
            }
            Self::List => {
                let groups: List<ContentGroup> = client.get("/api/v1/groups").await?;
                output.write(&groups, |groups| table(output, &groups.items))
            }
            Self::Show { name } => {
                let group: ContentGroup = client.get(&format!("/api/v1/groups/{name}")).await?;
                output.write(&group, |group| table(output, std::slice::from_ref(group)))
            }
            Self::Delete { name } => {
                client.delete(&format!("/api/v1/groups/{name}")).await?;
                output.done(&format!("content group {name} deleted"))
            }
        }
    }
}

impl Create {
    fn into_group(self) -> ContentGroup {
        let any = vec!["*".to_owned()];
        ContentGroup {
            name: self.name,
            owner: self.owner,
            host_pattern: self.host_pattern,
            origin_url: self.origin,
            cors_origins: if self.cors_origins.is_empty() { any } else { self.cors_origins },
            log_requests: !self.no_request_log,
        }
    }
}

fn table(output: &Output, groups: &[ContentGroup]) -> String {
    let mut table = output.columns(&["group", "owner", "host pattern", "origin", "cors", "log"]);
    for group in groups {
        table.row([
            text(&group.name),
            text(&group.owner),
            text(&group.host_pattern),
            text(&group.origin_url),
            text(&group.cors_origins.join(", ")),
            text(if group.log_requests { "requests" } else { "nothing" }),
        ]);
    }
    table.render()
}
