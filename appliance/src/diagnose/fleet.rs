//! Whether the fleet can be reached, and lets this box in.

use super::{About, Finding};
use crate::fleet::Refusal;
use crate::identity::Identity;
use crate::link::Link;
use crate::trust::Believed;
use anyhow::{Context, Result};
use contract::config::ApplianceConfig;
use hyper::Method;

/// Nothing is there: whoever is told so has been let in.
const NOWHERE: &str = "/box/v1/diagnose";

pub(super) fn look(config: &ApplianceConfig) -> Option<Finding> {
    let address = config.fleet.as_ref()?.address;
    Some(match ask(config) {
        Ok(()) => Finding::well(About::Fleet, format!("{address} knows this box")),
        Err(err) => Finding::missing(
            About::Fleet,
            format!("{address}: {err:#}"),
            "see that it runs, that nothing on the way closes the port, the clock and the identity",
        ),
    })
}

fn ask(config: &ApplianceConfig) -> Result<()> {
    let fleet = config.fleet.as_ref().context("it has no fleet")?;
    let identity = Identity::open(&config.identity)?;
    let believed = Believed::open(config)?.context("it was told of no root")?;
    identity.believe(believed.trust())?;
    let link = Link::new(fleet.address, &fleet.tls_name, identity.client()?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(link.exchange(Method::GET, NOWHERE, Vec::new(), 1 << 16)) {
        Err(err) if err.downcast_ref::<Refusal>().is_some_and(|it| it.status == 404) => Ok(()),
        other => other.map(drop),
    }
}
