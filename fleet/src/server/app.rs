//! What all parts of the server share.

use crate::barring::Barring;
use crate::issuing::IssuingGate;
use crate::observing::Observing;
use crate::ordering::Ordering;
use crate::planner::View;
use arc_swap::ArcSwap;
use ca::{Ca, IssuedStore, SaidStore, TokenStore};
use contract::time::TimeUs;
use health_collector::Collector;
use people::{HostKeyStore, PeopleStore, SourceNet, SshAuthority, SshStore};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::{Notify, Semaphore};

/// What the operator chose.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where boxes are told to report.
    pub(crate) control_address: Option<SocketAddr>,
    /// Where machines are told to join.
    pub(crate) join_address: Option<SocketAddr>,
    /// Seconds between the reports of a box.
    pub(crate) report_interval_s: u64,
    /// From where people's SSH certificates are good, where the operator has said it.
    pub(crate) ssh_from: Vec<SourceNet>,
    /// Seconds between a player's questions.
    pub(crate) steering_ttl_s: u64,
    /// A `node_modules` folder with the players that the console shows.
    pub(crate) console_assets: Option<PathBuf>,
}

/// What all parts of the server share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) inventory: inventory::Store,
    /// Who renders what devices are told.
    pub(crate) renderer: crate::configuring::Renderer,
    /// Which settings devices have.
    pub(crate) known_settings: config_render::values::Known,
    /// Copies of what they run.
    pub(crate) archiving: crate::archiving::Archiving,
    /// What settings say the place of.
    pub(crate) secrets: crate::secrets::Secrets,
    pub(crate) catalog: catalog::Store,
    pub(crate) documents: crate::planner::Documents,
    pub(crate) commands: crate::planner::Commands,
    /// What was placed where, and from what.
    pub(crate) runs: crate::planner::Runs,
    /// Whoever asks what would be placed waits for whoever does.
    pub(crate) solving: Semaphore,
    /// What operators say of where titles belong.
    pub(crate) rules: crate::planner::Rules,
    /// What they expect of titles that nobody has watched yet.
    pub(crate) expectations: crate::planner::Expectations,
    /// How operators have everything placed.
    pub(crate) policies: crate::planner::Policies,
    /// Tells this process from others, and from those before it.
    pub(crate) instance: String,
    /// What viewers began to watch today.
    pub(crate) plays: crate::plays::Plays,
    /// What will not be enough days ahead.
    pub(crate) short: ArcSwap<crate::planner::Short>,
    pub(crate) collector: Collector,
    /// What boxes say that they are made of.
    pub(crate) observing: Observing,
    /// Late reports wait their turn here.
    pub(crate) late_gate: crate::control::LateGate,
    /// The keys that the fleet works with.
    pub(crate) ca: Ca,
    /// What the root has said: whose word counts.
    pub(crate) said: SaidStore,
    /// Which machines may become boxes.
    pub(crate) tokens: TokenStore,
    /// What they were issued.
    pub(crate) issued: IssuedStore,
    /// Whose identity counts no more.
    pub(crate) barring: Barring,
    /// Who may ask the fleet for something, and who has logged in.
    pub(crate) people: PeopleStore,
    /// Who certifies people's keys towards boxes.
    pub(crate) ssh: SshAuthority,
    /// Which were certified.
    pub(crate) ssh_issued: SshStore,
    /// What boxes' SSH servers show.
    pub(crate) host_keys: HostKeyStore,
    /// Certificates are issued a few at a time.
    pub(crate) issuing: IssuingGate,
    /// Who issues what viewers see, where that is an authority elsewhere.
    pub(crate) ordering: Option<Arc<Ordering>>,
    /// What the planner last saw and decided: steering reads nothing else.
    pub(crate) view: ArcSwap<View>,
    /// Wakes the planner. It takes no argument: the planner looks for itself.
    pub(crate) changed: Notify,
    pub(crate) token: blake3::Hash,
    pub(crate) settings: Settings,
}

impl App {
    pub(crate) fn view(&self) -> Arc<View> {
        self.view.load_full()
    }
}

/// The clock, read at the edge.
pub(crate) fn now() -> TimeUs {
    SystemTime::now().into()
}
