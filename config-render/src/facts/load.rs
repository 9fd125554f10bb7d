//! Facts from SQL: of one device by what names it, of all by reading everything once.

use super::{Facts, Port, text};
use db::Db;
use inventory::kinds::{BGP_SESSION, DEVICE, INTERFACE, IP_ADDRESS, SITE};
use inventory::records::Moment;
use inventory::schema::{Kind, Record};
use ipnet::IpNet;
use std::collections::HashMap;

/// Of one device; nothing where there is none.
///
/// # Errors
/// When the database fails.
pub async fn facts_of(db: &Db, device: &str) -> Result<Option<Facts>, db::Error> {
    let mut now = Moment::now(db).await?;
    let Some(device) = now.find(&DEVICE, device).await? else { return Ok(None) };
    let device = device.record;
    let name = text(&device, "name");
    let site = now.find(&SITE, text(&device, "site")).await?;
    let site = site.ok_or_else(|| nowhere(&device))?;
    let sessions = whose(&mut now, &BGP_SESSION, "device", name).await?;
    let interfaces = whose(&mut now, &INTERFACE, "device", name).await?;
    let mut addresses = Vec::new();
    for interface in &interfaces {
        let key = INTERFACE.key(interface);
        addresses.extend(whose(&mut now, &IP_ADDRESS, "interface", &key).await?);
    }
    let mut beside = Beside::of(interfaces, &addresses, sessions);
    Ok(Some(beside.facts(device, site.record)))
}

/// A device without a site has lost it: half of what is known of it would be told to it as if it were all.
fn nowhere(device: &Record) -> db::Error {
    db::Error::corrupt("the site of a device", format!("{} is gone", text(device, "site")))
}

/// Of all devices, by name, as of one moment.
///
/// # Errors
/// When the database fails.
pub async fn all_facts(db: &Db) -> Result<Vec<Facts>, db::Error> {
    let mut now = Moment::now(db).await?;
    let sites = every(&mut now, &SITE).await?;
    let sites: HashMap<String, Record> = sites.into_iter().map(|it| (SITE.key(&it), it)).collect();
    let (interfaces, addresses) =
        (every(&mut now, &INTERFACE).await?, every(&mut now, &IP_ADDRESS).await?);
    let mut beside = Beside::of(interfaces, &addresses, every(&mut now, &BGP_SESSION).await?);
    let devices = every(&mut now, &DEVICE).await?.into_iter();
    let facts = devices.map(|device| {
        let site = sites.get(text(&device, "site")).ok_or_else(|| nowhere(&device))?;
        Ok(beside.facts(device, site.clone()))
    });
    facts.collect()
}

async fn every(now: &mut Moment, kind: &'static Kind) -> Result<Vec<Record>, db::Error> {
    let kept = now.all(kind, &kind.everything()).await?;
    Ok(kept.into_iter().map(|kept| kept.record).collect())
}

async fn whose(
    now: &mut Moment,
    kind: &'static Kind,
    field: &str,
    key: &str,
) -> Result<Vec<Record>, db::Error> {
    let query = kind
        .query([(field, key)])
        .map_err(|err| db::Error::corrupt("a question of ours", format!("{err:?}")))?;
    let kept = now.all(kind, &query).await?;
    Ok(kept.into_iter().map(|kept| kept.record).collect())
}

/// What stands beside devices, by device.
#[derive(Default)]
pub(super) struct Beside {
    ports: HashMap<String, Vec<Port>>,
    sessions: HashMap<String, Vec<Record>>,
}

impl Beside {
    /// Addresses and sessions that are not to be yet, or no more, are left out.
    pub(super) fn of(interfaces: Vec<Record>, addresses: &[Record], sessions: Vec<Record>) -> Self {
        let is_active = |it: &Record| text(it, "status") == "active";
        let mut by_interface: HashMap<String, Vec<IpNet>> = HashMap::new();
        for address in addresses.iter().filter(|it| is_active(it)) {
            if let Ok(net) = text(address, "address").parse() {
                by_interface.entry(text(address, "interface").to_owned()).or_default().push(net);
            }
        }
        let mut beside = Self::default();
        for interface in interfaces {
            let mut port = Port::of(&interface);
            port.addresses = by_interface.remove(&INTERFACE.key(&interface)).unwrap_or_default();
            port.addresses.sort();
            beside.ports.entry(text(&interface, "device").to_owned()).or_default().push(port);
        }
        for session in sessions.into_iter().filter(is_active) {
            beside.sessions.entry(text(&session, "device").to_owned()).or_default().push(session);
        }
        beside
    }

    pub(super) fn facts(&mut self, device: Record, site: Record) -> Facts {
        let name = text(&device, "name");
        let mut ports = self.ports.remove(name).unwrap_or_default();
        let mut sessions = self.sessions.remove(name).unwrap_or_default();
        ports.sort_by(|a, b| a.name.cmp(&b.name));
        sessions.sort_by(|a, b| text(a, "peer_address").cmp(text(b, "peer_address")));
        let cut_out: Vec<(String, String)> =
            ports.iter().filter_map(|it| Some((it.parent.clone()?, it.name.clone()))).collect();
        for port in &mut ports {
            let own = cut_out.iter().filter(|(parent, _)| *parent == port.name);
            port.cut_out = own.map(|(_, name)| name.clone()).collect();
        }
        Facts { device, site, ports, sessions }
    }
}
