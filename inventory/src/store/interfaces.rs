//! How fast boxes can send to viewers, by their interfaces.

use super::{Store, bad_question};
use crate::InventoryError;
use crate::kinds::INTERFACE;
use crate::records::{self, Kept};
use contract::names::DeviceName;
use std::collections::HashMap;

/// An interface that a device sends through.
struct Port<'a> {
    name: &'a str,
    bundle: Option<&'a str>,
    purpose: Option<&'a str>,
    kbits_per_s: u64,
}

impl Store {
    /// By device, what its interfaces for viewers come to; of one that names none for them, what those come to that
    /// are for nobody else. Devices of which nothing is said are left out.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub(super) async fn viewer_bits_per_s(
        &self,
    ) -> Result<HashMap<DeviceName, u64>, InventoryError> {
        let up = INTERFACE.query([("enabled", "true"), ("mgmt_only", "false")]);
        let all = records::all(&self.db, &INTERFACE, &up.map_err(bad_question)?).await?;
        let mut devices: HashMap<&str, Vec<Port<'_>>> = HashMap::new();
        for kept in &all {
            if let Some((device, port)) = port(kept) {
                devices.entry(device).or_default().push(port);
            }
        }
        let speeds = devices.into_iter().filter_map(|(device, ports)| {
            let bits_per_s = kbits_per_s(&ports).saturating_mul(1000);
            (bits_per_s > 0).then_some((DeviceName::new(device).ok()?, bits_per_s))
        });
        Ok(speeds.collect())
    }
}

/// One that is cut out of another sends through that.
fn port(kept: &Kept) -> Option<(&str, Port<'_>)> {
    let text = |name: &str| kept.record.get(name).as_str();
    if text("parent").is_some() {
        return None;
    }
    let kbits_per_s = kept.record.get("speed_kbits_per_s").as_u64().unwrap_or(0);
    let (bundle, purpose) = (text("lag"), text("purpose"));
    Some((text("device")?, Port { name: text("name")?, bundle, purpose, kbits_per_s }))
}

/// Parts of a bundle are for whom it is for; where they say how fast they are, it does not count itself.
fn kbits_per_s(ports: &[Port]) -> u64 {
    // A bundle is named with its device.
    let is_bundle_of = |port: &Port, part: &Port| {
        part.bundle.and_then(|key| key.split_once(':')).is_some_and(|key| key.1 == port.name)
    };
    let purpose = |port: &Port| {
        let bundle = ports.iter().find(|bundle| is_bundle_of(bundle, port));
        port.purpose.or_else(|| bundle?.purpose).map(str::to_owned)
    };
    let counts =
        |port: &&Port| !ports.iter().any(|part| is_bundle_of(port, part) && part.kbits_per_s > 0);
    let sum = |of: Option<&str>| -> u64 {
        let its = ports.iter().filter(counts).filter(|port| purpose(port).as_deref() == of);
        its.map(|port| port.kbits_per_s).sum()
    };
    // Of ports for viewers of which nobody says how fast they are, others say nothing.
    let is_for_viewers = |port: &Port| port.purpose == Some("viewers");
    if ports.iter().any(is_for_viewers) { sum(Some("viewers")) } else { sum(None) }
}
