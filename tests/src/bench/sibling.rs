//! A second appliance, empty, that is to hold what the first one has.

use super::admin;
use super::appliance::{self, Options};
use super::object::Object;
use super::orders::{self, Sibling};
use super::running::Running;
use super::shelf;
use super::site::Site;
use anyhow::{Context, Result, ensure};
use contract::catalogue::CatalogueEntry;
use contract::names::DeviceName;
use contract::object::Digest;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What takes longer never ends.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often it is asked how far it is.
const LOOK: Duration = Duration::from_millis(20);

/// The first and the last part of a fill, where not all transfers run, do not count.
const ENDS: f64 = 0.1;

/// The cap in force.
const CAP: &str = "headend_fill_cap_bytes_per_second";

/// Where the first appliance is reached by the second.
#[must_use]
pub fn peers(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// What a manifest can name.
///
/// # Errors
/// When an object cannot be named so.
pub fn entries(objects: &[Object]) -> Result<Vec<Arc<CatalogueEntry>>> {
    let digest = |object: &Object| Digest::of(&object.content());
    (0..).zip(objects).map(|(at, object)| shelf::entry(at, object, digest(object))).collect()
}

/// An appliance that fills.
pub struct Filling {
    /// The process.
    pub server: Running,
    admin: PathBuf,
    config: PathBuf,
    total_bytes: f64,
}

impl Filling {
    /// Starts it with orders to hold all of this, and to have it from the first appliance, whose
    /// siblings come in at this address.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(
        site: &Site,
        bin: &Path,
        entries: &[Arc<CatalogueEntry>],
        from: (&Options, SocketAddr),
        options: Options,
    ) -> Result<Self> {
        let device = DeviceName::new(options.device)?;
        let sibling = Sibling { name: DeviceName::new(from.0.device)?, address: from.1 };
        orders::leave(&options.state(site), &device, entries, &sibling, site.control_key())?;
        let options = Options {
            is_asked: true,
            has_orders: true,
            more: format!("{}fill: {{}}\n", options.more),
            ..options
        };
        let server = appliance::start(site, bin, &[], &options).await?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let total_bytes = entries.iter().map(|entry| entry.size_bytes).sum::<u64>() as f64;
        let (admin, config) = (options.admin(site), options.config(site));
        Ok(Self { server, admin, config, total_bytes })
    }

    /// Has it fill no faster than this from here on, as its operator would.
    ///
    /// # Errors
    /// When it does not take that over.
    pub async fn set_cap(&self, bits_per_s: u64) -> Result<()> {
        let text = std::fs::read_to_string(&self.config)?;
        let (before, after) = text.split_once("\nfill: ").context("no fill in the file")?;
        let rest = after.split_once('\n').map_or("", |(_, rest)| rest);
        let text = format!("{before}\nfill: {{ cap_bits_per_s: {bits_per_s} }}\n{rest}");
        std::fs::write(&self.config, text)?;
        kill(Pid::from_raw(i32::try_from(self.server.pid()?)?), Signal::SIGHUP)?;
        let begun = Instant::now();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let wanted = (bits_per_s / 8) as f64;
        while admin::metric(&self.admin, CAP).await.ok() != Some(wanted) {
            ensure!(begun.elapsed() < PATIENCE, "the cap is not {bits_per_s} b/s");
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// What it has, in bytes.
    ///
    /// # Errors
    /// When it does not say.
    pub async fn held(&self) -> Result<f64> {
        admin::metric(&self.admin, "headend_held_bytes").await
    }

    /// How fast it fills, in bytes a second, from a tenth of the whole until nine tenths.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn rate(&self) -> Result<f64> {
        let (from, first) = self.reaches(self.total_bytes * ENDS).await?;
        let (to, last) = self.reaches(self.total_bytes * (1.0 - ENDS)).await?;
        Ok((last - first) / (to - from).as_secs_f64())
    }

    async fn reaches(&self, bytes: f64) -> Result<(Instant, f64)> {
        let begun = Instant::now();
        loop {
            let held = self.held().await?;
            if held >= bytes {
                return Ok((Instant::now(), held));
            }
            ensure!(begun.elapsed() < PATIENCE, "{held} of {bytes} bytes have come");
            tokio::time::sleep(LOOK).await;
        }
    }
}
