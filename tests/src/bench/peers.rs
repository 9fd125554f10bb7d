//! Which peers there are: Debian's nginx, and what `tests/bench/peers.sh` could make.

use super::object::Object;
use super::running::Running;
use super::site::Site;
use super::{h2o, nginx};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Debian's nginx, which has a limit of its own.
pub const DEBIAN_NGINX: &str = "nginx (Debian)";

/// A server to be compared with.
#[derive(Debug, Clone)]
pub struct Peer {
    /// What the table calls it.
    pub name: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// The program.
    Nginx(PathBuf),
    /// Where its packages were unpacked.
    H2o(PathBuf),
}

/// All peers of a run.
#[derive(Debug, Clone, Default)]
pub struct Peers {
    there: Vec<Peer>,
    asyncssh: Option<PathBuf>,
    /// Who is missing, and why.
    pub notes: Vec<String>,
}

impl Peers {
    /// Looks into the folder that `peers.sh` filled.
    ///
    /// # Errors
    /// When that did not run.
    pub fn find(folder: &Path) -> Result<Self> {
        let debian = Kind::Nginx("/usr/sbin/nginx".into());
        let mut peers = Self::default();
        peers.there.push(Peer { name: DEBIAN_NGINX.to_owned(), kind: debian });
        let made = folder.join("nginx");
        peers.add(&made, Kind::Nginx(made.join("nginx")))?;
        let made = folder.join("h2o");
        peers.add(&made, Kind::H2o(made.clone()))?;
        let made = folder.join("asyncssh");
        peers.asyncssh = peers.name(&made)?.map(|_| made);
        Ok(peers)
    }

    fn add(&mut self, made: &Path, kind: Kind) -> Result<()> {
        if let Some(name) = self.name(made)? {
            self.there.push(Peer { name, kind });
        }
        Ok(())
    }

    /// What it is called, or a note why it is not there.
    fn name(&mut self, made: &Path) -> Result<Option<String>> {
        if let Ok(name) = std::fs::read_to_string(made.join("name")) {
            return Ok(Some(name.trim().to_owned()));
        }
        let why = std::fs::read_to_string(made.join("why-not"));
        let why = why.with_context(|| format!("no {}: run peers.sh", made.display()))?;
        self.notes.push(why.trim().to_owned());
        Ok(None)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Peer] {
        &self.there
    }

    /// Where the packages of asyncssh were unpacked: no server, but what visits many.
    #[must_use]
    pub fn asyncssh(&self) -> Option<&Path> {
        self.asyncssh.as_deref()
    }

    /// Those that are nginx.
    pub fn nginx(&self) -> impl Iterator<Item = &Peer> {
        self.there.iter().filter(|peer| matches!(peer.kind, Kind::Nginx(_)))
    }
}

impl Peer {
    /// Whether a resumed session brings the ticket for the next: a client that spends each
    /// ticket once cannot go on without. Debian's h2o gives none.
    #[must_use]
    pub fn renews_tickets(&self) -> bool {
        !matches!(self.kind, Kind::H2o(_))
    }

    /// Starts it over the site's files.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(&self, site: &Site, objects: &[Object]) -> Result<Running> {
        match &self.kind {
            Kind::Nginx(program) => nginx::start(site, program, &self.name, objects).await,
            Kind::H2o(unpacked) => h2o::start(site, unpacked, &self.name, objects).await,
        }
    }
}
