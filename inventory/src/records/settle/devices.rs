//! Devices: the steps of their lives, and their numbers.

use super::look::Look;
use super::{Touched, Wrong, text, those};
use crate::Complaint;
use crate::kinds::{CLUSTER, COMPONENT, DEVICE};
use crate::rules::life_cycle::{LifeCycle, Step, is_replaced};
use crate::schema::Record;
use db::Error;
use std::collections::HashMap;

pub(super) async fn check<'a>(
    look: &mut Look<'_>,
    touched: &'a [Touched],
    message: Option<&str>,
) -> Result<Vec<Wrong<'a>>, Error> {
    let mut wrong = serials(look, touched).await?;
    wrong.extend(clusters(look, touched).await?);
    let mut leaving = Vec::new();
    for (it, after) in those(touched, &DEVICE) {
        match step(it, after, message) {
            Ok(Some(step)) if step.needs_erasure => leaving.push((it, after)),
            Ok(_) => {}
            Err(complaint) => wrong.push((it, complaint)),
        }
    }
    wrong.extend(erased(look, touched, leaving).await?);
    Ok(wrong)
}

/// From what it was to what it is to be.
fn step(it: &Touched, record: &Record, message: Option<&str>) -> Result<Option<Step>, Complaint> {
    let state = |record: &Record| text(record, "status").and_then(LifeCycle::of);
    let Some(before) = it.before.as_ref().and_then(state) else { return Ok(None) };
    let Some(after) = state(record).filter(|after| *after != before) else { return Ok(None) };
    // Another machine takes its place: the one before goes back.
    let is_replaced = it.before.as_ref().is_some_and(|before| is_replaced(before, record));
    let to = if is_replaced { LifeCycle::Rma } else { after };
    let step = before.step(to).map_err(|err| Complaint::new("status", err))?;
    if step.needs_reason && message.is_none() {
        let why = format!("who makes {after} of what is {before} says why, in a message");
        return Err(Complaint::new("status", why));
    }
    Ok(Some(step))
}

/// What leaves the house holds nothing: each of its disks was seen empty.
async fn erased<'a>(
    look: &mut Look<'_>,
    touched: &[Touched],
    leaving: Vec<(&'a Touched, &'a Record)>,
) -> Result<Vec<Wrong<'a>>, Error> {
    // Nor does it help to call it something else with the same breath.
    let is_box = |record: &Record| text(record, "role") == Some("appliance");
    let boxes: Vec<_> = leaving
        .into_iter()
        .filter(|(it, device)| is_box(device) || it.before.as_ref().is_some_and(is_box))
        .collect();
    let names: Vec<&str> = boxes.iter().map(|(it, _)| it.key.as_str()).collect();
    let parts = look.whose(&COMPONENT, "device", names).await?;
    let disks: Vec<&Record> = parts.iter().filter(|it| text(it, "type") == Some("disk")).collect();
    let taken: Vec<&str> = those(touched, &COMPONENT)
        .filter(|(_, after)| text(after, "type") == Some("disk"))
        .filter_map(|(it, _)| text(it.before.as_ref()?, "device"))
        .collect();
    let mut wrong = Vec::new();
    for (it, _) in boxes {
        let own = || disks.iter().filter(|disk| text(disk, "device") == Some(&it.key));
        // Of those that leave it with the same breath, each says for itself whether it is empty.
        let leaving = taken.iter().filter(|device| **device == it.key).count();
        let full: Vec<String> = own()
            .filter(|disk| disk.get("erased_at").is_null())
            .map(|disk| COMPONENT.key(disk))
            .collect();
        let message = match (own().count() + leaving, &full[..]) {
            (0, _) => "no disk of it is known: nothing says that they are empty".to_owned(),
            (_, []) => continue,
            (_, full) => format!("not seen to be empty: {}", full.join(", ")),
        };
        wrong.push((it, Complaint::new("status", message)));
    }
    Ok(wrong)
}

/// No two machines have one number.
async fn serials<'a>(look: &mut Look<'_>, touched: &'a [Touched]) -> Result<Vec<Wrong<'a>>, Error> {
    let changed = |it: &Touched, after: &Record| {
        it.before.as_ref().map(|before| before.get("serial")) != Some(after.get("serial"))
    };
    let new: Vec<_> = those(touched, &DEVICE)
        .filter(|(it, after)| changed(it, after))
        .filter_map(|(it, after)| Some((it, text(after, "serial")?)))
        .collect();
    let mut owners: HashMap<String, Vec<String>> = HashMap::new();
    for device in look.whose(&DEVICE, "serial", new.iter().map(|(_, serial)| *serial)).await? {
        let serial = text(&device, "serial").unwrap_or_default().to_owned();
        owners.entry(serial).or_default().push(DEVICE.key(&device));
    }
    let taken = |(it, serial): (&'a Touched, &str)| {
        let other = owners.get(serial)?.iter().find(|other| **other != it.key)?;
        Some((it, Complaint::new("serial", format!("{serial} is that of {other} already"))))
    };
    Ok(new.into_iter().filter_map(taken).collect())
}

/// A cluster that is at one place has its devices there.
async fn clusters<'a>(
    look: &mut Look<'_>,
    touched: &'a [Touched],
) -> Result<Vec<Wrong<'a>>, Error> {
    let named: Vec<_> = those(touched, &DEVICE)
        .filter_map(|(it, after)| Some((it, after, text(after, "cluster")?)))
        .collect();
    let clusters = look.whose(&CLUSTER, "key", named.iter().map(|(.., key)| *key)).await?;
    let sites: HashMap<String, &str> =
        clusters.iter().filter_map(|it| Some((CLUSTER.key(it), text(it, "site")?))).collect();
    let elsewhere = |(it, after, key): (&'a Touched, &Record, &str)| {
        let site = sites.get(key).filter(|site| text(after, "site") != Some(**site))?;
        Some((it, Complaint::new("cluster", format!("{key} is at site {site}"))))
    };
    let mut wrong: Vec<Wrong<'a>> = named.into_iter().filter_map(elsewhere).collect();
    wrong.extend(left(look, touched).await?);
    Ok(wrong)
}

/// A cluster that moves has its devices with it.
async fn left<'a>(look: &mut Look<'_>, touched: &'a [Touched]) -> Result<Vec<Wrong<'a>>, Error> {
    let placed: Vec<_> = those(touched, &CLUSTER)
        .filter_map(|(it, cluster)| Some((it, text(cluster, "site")?)))
        .collect();
    let keys = placed.iter().map(|(it, _)| it.key.as_str());
    let devices = look.whose(&DEVICE, "cluster", keys.collect::<Vec<_>>()).await?;
    let mut by_cluster: HashMap<&str, Vec<&Record>> = HashMap::new();
    for device in &devices {
        by_cluster.entry(text(device, "cluster").unwrap_or_default()).or_default().push(device);
    }
    let lost = placed.into_iter().filter_map(|(it, site)| {
        let own = by_cluster.get(it.key.as_str())?;
        let device = own.iter().find(|device| text(device, "site") != Some(site))?;
        let message = format!("{} is a part of it, and stands elsewhere", DEVICE.key(device));
        Some((it, Complaint::new("site", message)))
    });
    Ok(lost.collect())
}
