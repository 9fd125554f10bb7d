//! `fleet group …`

use super::client::Client;
use super::output::{Output, text};
use crate::api::List;
use clap::{Args, Subcommand, ValueEnum};
use contract::config::OnMiss;
use contract::names::GroupName;
use inventory::{ContentGroup, DEFAULT_DEMAND_SHARE_PERCENT};

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
    /// What boxes do when they are asked for what they were not told to hold: refuse it, or
    /// fetch it from the origin and keep it as long as it is worth its place.
    #[arg(long, value_enum, default_value_t = OnMissChoice::Refuse)]
    on_miss: OnMissChoice,
    /// With `--on-miss proxy`: the most that it may take of the disks of a box, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = DEFAULT_DEMAND_SHARE_PERCENT)]
    demand_share: u8,
}

/// [`OnMiss`], as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum OnMissChoice {
    Refuse,
    Proxy,
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
            on_miss: match self.on_miss {
                OnMissChoice::Refuse => OnMiss::Refuse,
                OnMissChoice::Proxy => OnMiss::Proxy,
            },
            demand_share_percent: self.demand_share,
        }
    }
}

fn on_miss(group: &ContentGroup) -> String {
    match group.on_miss {
        OnMiss::Refuse => "refuse".to_owned(),
        OnMiss::Proxy => format!("proxy, {} %", group.demand_share_percent),
    }
}

fn table(output: &Output, groups: &[ContentGroup]) -> String {
    let columns = ["group", "owner", "host pattern", "origin", "cors", "log", "on miss"];
    let mut table = output.columns(&columns);
    for group in groups {
        table.row([
            text(&group.name),
            text(&group.owner),
            text(&group.host_pattern),
            text(&group.origin_url),
            text(&group.cors_origins.join(", ")),
            text(if group.log_requests { "requests" } else { "nothing" }),
            text(&on_miss(group)),
        ]);
    }
    table.render()
}
