//! `fleet serve`.

use super::Usage;
use super::elsewhere::Elsewhere;
use crate::server::{FrontOptions, Options, run};
use clap::Args;
use people::SourceNet;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;

/// Run the manager: API, console, steering, the boxes' control listener and the planner.
///
/// At the first start it makes what it needs in the data folder: an SQLite file, a certificate
/// authority, and the operator's token. It stops on SIGTERM and SIGINT, and goes on where it was
/// after any other end.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Where everything is kept. Made if it is not there.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Where the API, the console and steering listen: HTTPS. Can be given several times.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7080")]
    listen: Vec<SocketAddr>,
    /// Where players alone are answered: HTTPS, with playlists and steering, and without the API and
    /// the console. Can be given several times.
    #[arg(long, value_name = "ADDRESS")]
    viewers: Vec<SocketAddr>,
    /// A host name or address under which people and players reach the manager, beside localhost and
    /// the addresses that it listens at. Can be given several times.
    #[arg(long = "name", value_name = "NAME", conflicts_with = "certificate")]
    names: Vec<String>,
    /// What people and players are shown: a chain in PEM, leaf first, instead of what the manager
    /// issues itself. Read again when it changes.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The private key of --certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// Where boxes report: TLS with certificates on both sides. Can be given several times.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7443")]
    control: Vec<SocketAddr>,
    /// What boxes are told to report to, where that is not the first --control address.
    #[arg(long, value_name = "ADDRESS")]
    advertise_control: Option<SocketAddr>,
    /// Where machines join with a token: TLS, with a certificate on our side. Can be given several
    /// times.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7444")]
    join: Vec<SocketAddr>,
    /// What machines are told to join at, where that is not the first --join address.
    #[arg(long, value_name = "ADDRESS")]
    advertise_join: Option<SocketAddr>,
    /// A PostgreSQL database (postgres://user@host/name) instead of the SQLite file.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// A node_modules folder with hls.js, dashjs and shaka-player, for the console's page.
    #[arg(long, value_name = "FOLDER")]
    console_assets: Option<PathBuf>,
    /// Seconds between the reports of a box: it is late after 1.5 of these, silent after 3.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    report_interval_s: u64,
    /// Seconds until a player asks again where to go.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    steering_ttl_s: u64,
    /// From where the SSH certificates that people get are good: an address or a network. Where
    /// nothing is said, from the address that somebody has asked from. Can be given several times.
    #[arg(long, value_name = "NETWORK")]
    ssh_from: Vec<SourceNet>,
    /// The folder below which the files with secrets of devices are that settings name. Variables that they name
    /// begin with SECRET_.
    #[arg(long, value_name = "FOLDER", default_value = "/etc/headend")]
    secrets: PathBuf,
    #[command(flatten)]
    elsewhere: Elsewhere,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let filter =
            EnvFilter::try_from_env("FLEET_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        log.with_ansi(std::io::stderr().is_terminal()).init();
        if let Some(folder) = self.console_assets.as_deref().filter(|folder| !folder.is_dir()) {
            return Err(
                Usage(format!("--console-assets {}: no such folder", folder.display())).into()
            );
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(run(Options {
            data: self.data,
            listen: self.listen,
            viewers: self.viewers,
            front: FrontOptions { names: self.names, files: self.certificate.zip(self.key) },
            control: self.control,
            advertise_control: self.advertise_control,
            join: self.join,
            advertise_join: self.advertise_join,
            database_url: self.database_url,
            console_assets: self.console_assets,
            report_interval_s: self.report_interval_s,
            ssh_from: self.ssh_from,
            secrets: self.secrets,
            steering_ttl_s: self.steering_ttl_s,
            elsewhere: self.elsewhere.read()?,
        }))
    }
}
