//! Regions, and sites beside one another.

use super::look::Look;
use super::{Touched, Wrong, all_of, has, text, those};
use crate::Complaint;
use crate::kinds::{DEVICE, REGION, SITE};
use crate::rules::parents;
use crate::schema::Record;
use db::Error;
use std::collections::HashMap;

pub(super) async fn check<'a>(
    look: &mut Look<'_>,
    touched: &'a [Touched],
) -> Result<Vec<Wrong<'a>>, Error> {
    let mut wrong = Vec::new();
    if has(touched, &REGION) {
        wrong.extend(regions(&look.all(&REGION).await?, touched));
    }
    if has(touched, &SITE) {
        wrong.extend(sites(&look.all(&SITE).await?, touched));
    }
    wrong.extend(nowhere(look, touched).await?);
    Ok(wrong)
}

/// Whoever sends viewers to a box knows where it is.
async fn nowhere<'a>(look: &mut Look<'_>, touched: &'a [Touched]) -> Result<Vec<Wrong<'a>>, Error> {
    let is_box = |device: &Record| !device.get("appliance").is_null();
    let is_nowhere = |site: &Record| site.get("latitude").is_null();
    let boxes: Vec<_> = those(touched, &DEVICE).filter(|(_, device)| is_box(device)).collect();
    let of_boxes = boxes.iter().filter_map(|(_, device)| text(device, "site"));
    let named = look.whose(&SITE, "key", of_boxes.collect::<Vec<_>>()).await?;
    let named: Vec<String> =
        named.iter().filter(|site| is_nowhere(site)).map(|site| SITE.key(site)).collect();
    let lost = boxes.into_iter().filter_map(|(it, device)| {
        let site = named.iter().find(|name| text(device, "site") == Some(name))?;
        Some((it, Complaint::new("site", format!("{site} has no latitude and longitude yet"))))
    });
    let mut wrong: Vec<Wrong<'a>> = lost.collect();
    let moved: Vec<_> = those(touched, &SITE).filter(|(_, site)| is_nowhere(site)).collect();
    let keys = moved.iter().map(|(it, _)| it.key.as_str());
    let there = look.whose(&DEVICE, "site", keys.collect::<Vec<_>>()).await?;
    let boxes = there.iter().filter(|device| is_box(device));
    let boxes: HashMap<&str, String> =
        boxes.filter_map(|device| Some((text(device, "site")?, DEVICE.key(device)))).collect();
    wrong.extend(moved.into_iter().filter_map(|(it, _)| {
        let message = format!("{} stands there, and is sent viewers", boxes.get(it.key.as_str())?);
        Some((it, Complaint::new("latitude", message)))
    }));
    Ok(wrong)
}

fn regions<'a>(all: &[Record], touched: &'a [Touched]) -> Vec<Wrong<'a>> {
    let above: HashMap<String, &str> =
        all.iter().filter_map(|it| Some((REGION.key(it), text(it, "parent")?))).collect();
    let circle = |(it, record): (&'a Touched, &'a Record)| {
        let found = parents::check(&it.key, text(record, "parent")?, |key| above.get(key).copied());
        Some((it, Complaint::new("parent", found.err()?)))
    };
    those(touched, &REGION).filter_map(circle).collect()
}

fn sites<'a>(all: &[Record], touched: &'a [Touched]) -> Vec<Wrong<'a>> {
    let owners = by_each(all, "client_prefixes");
    let filled_by = by_each(all, "may_fill_sites");
    let named: HashMap<&str, &Record> =
        all.iter().filter_map(|site| Some((text(site, "name")?, site))).collect();
    let mut wrong = Vec::new();
    for (it, site) in those(touched, &SITE) {
        for (at, prefix) in list(site, "client_prefixes").enumerate() {
            let others = owners.get(prefix).into_iter().flatten();
            let mut others = others.filter_map(|other| text(other, "name"));
            if let Some(other) = others.find(|other| *other != it.key) {
                let message = format!("{prefix} belongs to site {other} already");
                wrong.push((it, Complaint::new(format!("client_prefixes[{at}]"), message)));
            }
        }
        wrong.extend(fills(&named, it, site).map(|complaint| (it, complaint)));
        let mut by = filled_by.get(it.key.as_str()).into_iter().flatten();
        let by = by.find(|by| text(by, "provider") != text(site, "provider"));
        if let Some(by) = by.and_then(|by| text(by, "name")) {
            let message = format!("site {by} may fill it, and is not of the same provider");
            wrong.push((it, Complaint::new("provider", message)));
        }
    }
    wrong.extend(still_filled(&filled_by, touched));
    wrong
}

/// In whose list each stands.
fn by_each<'b>(all: &'b [Record], field: &str) -> HashMap<&'b str, Vec<&'b Record>> {
    let mut by = HashMap::<&str, Vec<&Record>>::new();
    for site in all {
        for one in list(site, field) {
            by.entry(one).or_default().push(site);
        }
    }
    by
}

/// Sites that it may fill are there, and of its own provider: boxes of different providers share nothing.
fn fills<'b>(
    named: &'b HashMap<&'b str, &'b Record>,
    it: &'b Touched,
    site: &'b Record,
) -> impl Iterator<Item = Complaint> + 'b {
    list(site, "may_fill_sites").filter_map(move |name| {
        let message = match named.get(name) {
            None => format!("there is no site {name}"),
            Some(_) if name == it.key => "a site fills itself anyway".to_owned(),
            Some(other) if text(other, "provider") != text(site, "provider") => {
                format!("{name} is not of the same provider")
            }
            Some(_) => return None,
        };
        Some(Complaint::new("may_fill_sites", message))
    })
}

/// Who is gone is filled by nobody.
fn still_filled<'a>(
    filled_by: &HashMap<&str, Vec<&Record>>,
    touched: &'a [Touched],
) -> Vec<Wrong<'a>> {
    let gone = all_of(touched, &SITE).filter(|it| it.after.is_none());
    let named = |it: &'a Touched| {
        let by = filled_by.get(it.key.as_str())?.first()?;
        let message = format!("site {} may fill it: change that first", text(by, "name")?);
        Some((it, Complaint::new("may_fill_sites", message)))
    };
    gone.filter_map(named).collect()
}

fn list<'b>(record: &'b Record, field: &str) -> impl Iterator<Item = &'b str> {
    record.get(field).as_array().into_iter().flatten().filter_map(|it| it.as_str())
}
