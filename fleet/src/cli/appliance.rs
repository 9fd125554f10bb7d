//! `fleet appliance …`

use super::client::Client;
use super::disk;
use super::late_reports::LateReports;
use super::output::{Output, number, text};
use super::quantity::{age, bytes, parse_bytes};
use super::status::{state, troubles};
use crate::api::{
    ApplianceDetail, ApplianceItem, ApplianceStatus, JoinTokenItem, JoinTokenRequest, LimitItem,
    List, RevocationRequest,
};
use clap::{Args, Subcommand};
use contract::names::{DeviceName, SiteName};
use inventory::{Appliance, Disk, PlayerListener};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum ApplianceCommand {
    /// Add an appliance.
    Create(Box<Create>),
    /// All appliances.
    List,
    /// One appliance, as intended and as seen.
    Show {
        /// The appliance.
        name: DeviceName,
    },
    /// What an appliance was asked for, newest first, and how it ended.
    Commands {
        /// The appliance.
        name: DeviceName,
    },
    /// What an appliance would have reported while it was cut off, newest first.
    LateReports(LateReports),
    /// Remove an appliance and everything that it reported.
    Delete {
        /// The appliance.
        name: DeviceName,
    },
    /// Let the machine with an appliance's serial number become that appliance, once: prints the
    /// token for `appliance join`.
    Token(Token),
    /// Let an appliance's identity count no more: it is told nothing, gets nothing from siblings, and
    /// no viewer is sent to it, until a machine joins anew.
    Revoke {
        /// The appliance.
        name: DeviceName,
        /// Why: shown in `fleet status`.
        #[arg(long, value_name = "REASON")]
        because: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Its name, such as `oca1.site-a`.
    name: DeviceName,
    /// Where it stands.
    #[arg(long)]
    site: SiteName,
    /// The serial number of the machine, as `appliance serial` on it tells.
    #[arg(long, value_name = "SERIAL")]
    serial: Option<String>,
    /// Where viewers connect over HTTP/1.1. Can be given several times; name IPv4 and IPv6.
    #[arg(long = "player", value_name = "ADDRESS", required_unless_present = "players_h2")]
    players: Vec<SocketAddr>,
    /// Where viewers connect over HTTP/2 too. Can be given several times.
    #[arg(long = "player-h2", value_name = "ADDRESS")]
    players_h2: Vec<SocketAddr>,
    /// Where boxes of the same site connect. Can be given several times; the first is told to them.
    #[arg(long = "peer", value_name = "ADDRESS", required = true)]
    peers: Vec<SocketAddr>,
    /// A disk: FOLDER:CLASS:CAPACITY[,rated=BYTES[,life=DAYSd]], such as /srv/disk0:nvme:2TB or
    /// /srv/disk0:nvme:2TB,rated=1200TB (what its maker allows to be written to it, in five years
    /// if no life is given). Can be given several times.
    #[arg(long = "disk", value_name = "DISK", value_parser = disk::parse, required = true)]
    disks: Vec<Disk>,
    /// What the RAM tier may take.
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, default_value = "1GiB")]
    ram: u64,
    /// Where the box keeps its documents.
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/headend")]
    state_folder: PathBuf,
    /// Where the box keeps request logs; none are written without it.
    #[arg(long, value_name = "FOLDER")]
    access_log_folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Token {
    /// The appliance.
    name: DeviceName,
    /// For how many hours it is good: a day, if nobody says otherwise.
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=168))]
    valid_h: u64,
}

impl ApplianceCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => {
                let appliance = create.into_appliance();
                let appliance: Appliance = client.post("/api/v1/appliances", &appliance).await?;
                output.write(&appliance, |it| format!("appliance {} created", it.name))
            }
            Self::List => {
                let all: List<ApplianceItem> = client.get("/api/v1/appliances").await?;
                output.write(&all, |all| table(output, &all.items))
            }
            Self::Show { name } => {
                let path = format!("/api/v1/appliances/{name}");
                let detail: ApplianceDetail = client.get(&path).await?;
                output.write(&detail, |detail| detail_table(output, detail))
            }
            Self::Commands { name } => super::command::list(client, output, &name).await,
            Self::LateReports(late) => late.run(client, output).await,
            Self::Delete { name } => {
                client.delete(&format!("/api/v1/appliances/{name}")).await?;
                output.done(&format!("appliance {name} deleted"))
            }
            Self::Token(token) => token.run(client, output).await,
            Self::Revoke { name, because } => {
                let path = format!("/api/v1/appliances/{name}/revocation");
                client.send(&path, &RevocationRequest { because }).await?;
                output.done(&format!("the identity of {name} counts no more"))
            }
        }
    }
}

impl Create {
    fn into_appliance(self) -> Appliance {
        let listener = |addresses: Vec<SocketAddr>, http2| {
            (!addresses.is_empty()).then_some(PlayerListener { addresses, http2 })
        };
        let players = [listener(self.players, false), listener(self.players_h2, true)];
        Appliance {
            name: self.name,
            site: self.site,
            serial: self.serial,
            players: players.into_iter().flatten().collect(),
            peers: self.peers,
            disks: self.disks,
            ram_budget_bytes: self.ram,
            state_folder: self.state_folder,
            access_log_folder: self.access_log_folder,
        }
    }
}

impl Token {
    /// The token alone goes to standard output: to be written to a file, or piped to the machine.
    async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let request = JoinTokenRequest { life_s: Some(self.valid_h * 3600) };
        let path = format!("/api/v1/appliances/{}/join-tokens", self.name);
        let made: JoinTokenItem = client.post(&path, &request).await?;
        let JoinTokenItem { appliance, serial, expires_at, .. } = &made;
        output.note(&format!(
            "good once, until {expires_at}, for the machine with the serial number {serial}, which \
             becomes {appliance}: appliance join --token-file FILE"
        ));
        output.write(&made, |made| made.token.clone())
    }
}

fn table(output: &Output, items: &[ApplianceItem]) -> String {
    let header = ["appliance", "site", "state", "report", "objects", "bytes", "address"];
    let mut table = output.columns(&header);
    for item in items {
        table.row([
            text(&item.name),
            text(&item.site),
            state(&item.state),
            number(&age(item.last_report_age_s)),
            number(&format!("{}/{}", item.objects_held, item.objects_wanted)),
            number(&bytes(item.bytes_held)),
            text(item.base_url.as_deref().unwrap_or("-")),
        ]);
    }
    table.render()
}

fn detail_table(output: &Output, detail: &ApplianceDetail) -> String {
    let ApplianceDetail { intended, observed } = detail;
    let mut table = output.columns(&["", ""]);
    let mut line = |name: &str, value: String| table.row([text(name), text(&value)]);
    line("appliance", intended.name.to_string());
    line("site", intended.site.to_string());
    line("serial", intended.serial.clone().unwrap_or_else(|| "unknown".to_owned()));
    line("state", observed.item.state.clone());
    if let Some(why) = &observed.barred {
        line("barred", why.clone());
    }
    line("last report", age(observed.item.last_report_age_s));
    for listener in &intended.players {
        let protocols = if listener.http2 { "http/1.1, h2" } else { "http/1.1" };
        line("players", format!("{} ({protocols})", joined(&listener.addresses)));
    }
    line("peers", joined(&intended.peers));
    for disk in &intended.disks {
        line("disk", disk::shown(disk));
    }
    line("ram", bytes(intended.ram_budget_bytes));
    line(
        "holds",
        format!("{} of {} objects", observed.item.objects_held, observed.item.objects_wanted),
    );
    for document in &observed.documents {
        let in_force = document.in_force.as_deref().unwrap_or("none");
        let issued = document.issued.as_deref().unwrap_or("none");
        line(&document.kind, format!("{in_force} in force, {issued} issued"));
        for trouble in troubles(document) {
            line("", trouble);
        }
    }
    if observed.item.last_report_age_s.is_some() {
        line("alone", alone(observed));
    }
    if observed.late_reports_waiting > 0 {
        line("untold", format!("{} late reports", observed.late_reports_waiting));
    }
    for each in &observed.not_placed {
        line("not placed", format!("{} objects: {}", each.objects, each.reason));
    }
    let rendered = table.render();
    // The columns of a single record need no names.
    rendered.trim_start().to_owned()
}

fn alone(observed: &ApplianceStatus) -> String {
    match &observed.first_limit {
        None => "can serve alone: nothing that it has ends".to_owned(),
        Some(LimitItem { kind, subject, until }) => {
            format!("can serve alone until {until}, first limit: {kind} ({subject})")
        }
    }
}

fn joined(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
