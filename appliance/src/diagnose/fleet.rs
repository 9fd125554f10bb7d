//! Whether the fleet can be reached, and lets this box in.

use super::{About, Finding};
use crate::fleet::Refusal;
use crate::fleet_link::FleetLink;
use crate::identity::Identity;
use crate::keys::Keys;
use crate::trust::Believed;
use anyhow::{Context, Result};
use contract::config::ApplianceConfig;
use contract::object::Digest;

pub(super) fn look(config: &ApplianceConfig, keys: &Keys) -> Option<Finding> {
    let address = config.fleet.as_ref()?.address;
    Some(match ask(config, keys) {
        Ok(()) => Finding::well(About::Fleet, format!("{address} knows this box")),
        Err(err) => Finding::missing(
            About::Fleet,
            format!("{address}: {err:#}"),
            "see that it runs, that nothing on the way closes the port, the clock and the identity",
        ),
    })
}

fn ask(config: &ApplianceConfig, keys: &Keys) -> Result<()> {
    let identity = Identity::open(&config.identity, keys)?;
    let believed = Believed::open(config)?.context("it was told of no root")?;
    identity.believe(believed.trust())?;
    let link = FleetLink::new(config, &identity)?.context("it has no fleet")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // No object has this hash: whoever is told so has been let in.
    match runtime.block_on(link.slice_hashes(&Digest([0; 32]))) {
        Err(err) if err.downcast_ref::<Refusal>().is_some_and(|it| it.status == 404) => Ok(()),
        other => other.map(drop),
    }
}
