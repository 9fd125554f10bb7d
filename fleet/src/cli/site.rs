//! `fleet site …`

use super::client::Client;
use super::output::{Output, number, text};
use crate::api::List;
use clap::{Args, Subcommand};
use contract::names::SiteName;
use inventory::Site;
use ipnet::IpNet;

#[derive(Debug, Subcommand)]
pub(super) enum SiteCommand {
    /// Add a site.
    Create(Create),
    /// All sites.
    List,
    /// One site.
    Show {
        /// The site.
        name: SiteName,
    },
    /// Remove a site on which no appliance stands.
    Delete {
        /// The site.
        name: SiteName,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Its name, such as `site-a`.
    name: SiteName,
    /// Degrees north.
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    latitude: f64,
    /// Degrees east.
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    longitude: f64,
    /// A network whose clients are nearest to this site. Can be given several times.
    #[arg(long = "prefix", value_name = "NETWORK")]
    prefixes: Vec<IpNet>,
}

impl SiteCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => {
                let site = Site {
                    name: create.name,
                    latitude: create.latitude,
                    longitude: create.longitude,
                    client_prefixes: create.prefixes,
                };
                let site: Site = client.post("/api/v1/sites", &site).await?;
                output.write(&site, |site| format!("site {} created", site.name))
            }
            Self::List => {
                let sites: List<Site> = client.get("/api/v1/sites").await?;
                output.write(&sites, |sites| table(output, &sites.items))
            }
            Self::Show { name } => {
                let site: Site = client.get(&format!("/api/v1/sites/{name}")).await?;
                output.write(&site, |site| table(output, std::slice::from_ref(site)))
            }
            Self::Delete { name } => {
                client.delete(&format!("/api/v1/sites/{name}")).await?;
                output.done(&format!("site {name} deleted"))
            }
        }
    }
}

fn table(output: &Output, sites: &[Site]) -> String {
    let mut table = output.columns(&["site", "latitude", "longitude", "client prefixes"]);
    for site in sites {
        let prefixes: Vec<String> = site.client_prefixes.iter().map(ToString::to_string).collect();
        table.row([
            text(&site.name),
            number(&site.latitude),
            number(&site.longitude),
            text(&prefixes.join(", ")),
        ]);
    }
    table.render()
}
