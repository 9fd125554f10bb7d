//! Who stands where: two sites of two appliances, two content groups, all on loopback.

use anyhow::Result;
use std::path::{Path, PathBuf};

/// A site.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// Its name.
    pub name: &'static str,
    /// Where it is.
    pub latitude: f64,
    /// Where it is.
    pub longitude: f64,
    /// Its viewers.
    pub client_prefixes: &'static [&'static str],
}

/// The demo's sites. Browsers on this machine come from 127.0.0.1 or ::1: they are viewers
/// of site A as well.
pub const SITES: [Site; 2] = [
    Site {
        name: "site-a",
        latitude: 52.52,
        longitude: 13.40,
        client_prefixes: &["127.0.1.0/24", "127.0.0.0/24", "::1/128"],
    },
    Site { name: "site-b", latitude: 48.14, longitude: 11.58, client_prefixes: &["127.0.2.0/24"] },
];

/// A content group with one title.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Its name.
    pub name: &'static str,
    /// Whose it is.
    pub owner: &'static str,
    /// Its host names: `{device}` stands for the box.
    pub host_pattern: &'static str,
    /// The one page that may read it; all may without it.
    pub cors_origin: Option<&'static str>,
    /// Its title.
    pub title: &'static str,
    /// What viewers read.
    pub title_name: &'static str,
    /// How long it is.
    pub seconds: u32,
}

/// The demo's content groups.
pub const GROUPS: [Group; 2] = [
    Group {
        name: "studio-a",
        owner: "Studio A",
        host_pattern: "{device}.localhost",
        cors_origin: None,
        title: "big-demo",
        title_name: "The big demo",
        seconds: 180,
    },
    Group {
        name: "kino",
        owner: "Kino e. V.",
        host_pattern: "kino.{device}.localhost",
        cors_origin: Some("https://kino.example.org"),
        title: "trailer",
        title_name: "A trailer",
        seconds: 10,
    },
];

/// One appliance.
#[derive(Debug, Clone)]
pub struct Box {
    /// Its name: `oca1.site-a`.
    pub name: String,
    /// Its site.
    pub site: &'static str,
    /// Where viewers connect, on 127.0.0.1 and ::1.
    pub player_port: u16,
    /// Where siblings connect.
    pub peer_port: u16,
    /// Keys, configuration, state, disk.
    pub folder: PathBuf,
}

impl Box {
    /// Its host name for a content group.
    #[must_use]
    pub fn host(&self, group: &Group) -> String {
        group.host_pattern.replace("{device}", &self.name)
    }

    /// Where its objects are.
    #[must_use]
    pub fn disk(&self) -> PathBuf {
        self.folder.join("disk0")
    }
}

/// Addresses and folders of one run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Everything of this run.
    pub folder: PathBuf,
    /// The console, the API, steering.
    pub fleet_port: u16,
    /// Where boxes report.
    pub control_port: u16,
    /// Where machines become boxes.
    pub join_port: u16,
    /// The origin.
    pub origin_port: u16,
    /// The boxes.
    pub boxes: Vec<Box>,
}

impl Plan {
    /// Takes free ports.
    ///
    /// # Errors
    /// When there are none.
    pub fn new(folder: &Path) -> Result<Self> {
        let mut boxes = Vec::new();
        for site in &SITES {
            for number in 1..=2 {
                let name = format!("oca{number}.{}", site.name);
                boxes.push(Box {
                    folder: folder.join("boxes").join(&name),
                    name,
                    site: site.name,
                    player_port: ports::free()?,
                    peer_port: ports::free()?,
                });
            }
        }
        Ok(Self {
            folder: folder.to_path_buf(),
            fleet_port: ports::free()?,
            control_port: ports::free()?,
            join_port: ports::free()?,
            origin_port: ports::free()?,
            boxes,
        })
    }

    /// The fleet's address for people and players.
    #[must_use]
    pub fn fleet_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.fleet_port)
    }
}
