//! Partitions: two devices whose packets to each other vanish, while both reach everybody else
//! and neither's cable is dark. What is lost says nothing: no refusal comes back.
//!
//! The bridges drop them, by a set of pairs of ports that nftables keeps.

use super::network::Network;
use crate::process::output;
use anyhow::Result;
use std::ffi::OsString;
use std::path::Path;

const RULES: &str = r#"table bridge lab {
    set parted { type ifname . ifname; }
    chain forward {
        type filter hook forward priority 0;
        iifname . oifname @parted drop
    }
}
"#;

/// Gives the bridges their rules; nobody is parted yet.
pub(super) async fn prepare(fabric: &Path, folder: &Path) -> Result<()> {
    let file = folder.join("fabric.nft");
    std::fs::write(&file, RULES)?;
    nft(fabric, [OsString::from("-f"), file.into()]).await
}

impl Network {
    /// Parts two devices, both ways, over every network that they share.
    ///
    /// # Errors
    /// When they are parted already, or one has no cable.
    pub async fn part(&self, one: &str, other: &str) -> Result<()> {
        self.change("add", one, other).await
    }

    /// Joins two devices that were parted.
    ///
    /// # Errors
    /// When they are not parted.
    pub async fn join(&self, one: &str, other: &str) -> Result<()> {
        self.change("delete", one, other).await
    }

    async fn change(&self, verb: &str, one: &str, other: &str) -> Result<()> {
        let pairs: Vec<String> = self
            .ports(one)
            .flat_map(|one| self.ports(other).map(move |other| (one, other)))
            .flat_map(|(one, other)| [format!("{one} . {other}"), format!("{other} . {one}")])
            .collect();
        let elements = format!("{{ {} }}", pairs.join(", "));
        nft(&self.fabric(), [verb, "element", "bridge", "lab", "parted", &elements]).await
    }
}

async fn nft<A: Into<OsString>>(fabric: &Path, args: impl IntoIterator<Item = A>) -> Result<()> {
    let mut words: Vec<OsString> = vec![format!("--net={}", fabric.display()).into()];
    words.extend(["--", "nft"].map(Into::into));
    words.extend(args.into_iter().map(Into::into));
    output("nsenter", words).await.map(drop)
}
