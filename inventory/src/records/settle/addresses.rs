//! Networks in networks, and addresses in them.

use super::look::Look;
use super::{Touched, Wrong, all_of, text, those};
use crate::Complaint;
use crate::kinds::{IP_ADDRESS, PREFIX};
use crate::rules::addresses::{self, Nets};
use crate::schema::Record;
use db::Error;
use ipnet::IpNet;

const MOST_TOLD: usize = 20;

pub(super) async fn check<'a>(
    look: &mut Look<'_>,
    touched: &'a [Touched],
) -> Result<Vec<Wrong<'a>>, Error> {
    // A word about one changes nothing here.
    let is_other = |it: &Touched| it.before.as_ref().map(net) != it.after.as_ref().map(net);
    let do_nets_change = all_of(touched, &PREFIX).any(is_other);
    if !do_nets_change && those(touched, &IP_ADDRESS).all(|(it, _)| it.before.is_some()) {
        return Ok(Vec::new());
    }
    let all = look.all(&PREFIX).await?;
    let nets: Nets = all.iter().filter_map(net).collect();
    let mut wrong: Vec<Wrong<'a>> = those(touched, &PREFIX)
        .filter_map(|(it, record)| {
            let (net, is_container) = net(record)?;
            let message = nets.check(&net, is_container).err()?;
            Some((it, Complaint::new("prefix", message)))
        })
        .collect();
    wrong.extend(those(touched, &IP_ADDRESS).filter_map(|(it, record)| {
        let message = nets.check_address(&address(record)?).err()?;
        Some((it, Complaint::new("address", message)))
    }));
    wrong.extend(twice(look, touched).await?);
    // What is wrong by itself says more.
    if do_nets_change && wrong.is_empty() {
        wrong.extend(left_behind(look, &nets, touched).await?);
    }
    Ok(wrong)
}

/// A network, and whether it holds others.
fn net(record: &Record) -> Option<(IpNet, bool)> {
    let is_container = text(record, "status") == Some("container");
    Some((text(record, "prefix")?.parse().ok()?, is_container))
}

fn address(record: &Record) -> Option<IpNet> {
    text(record, "address")?.parse().ok()
}

/// With another length it is the same address.
async fn twice<'a>(look: &mut Look<'_>, touched: &'a [Touched]) -> Result<Vec<Wrong<'a>>, Error> {
    let new = those(touched, &IP_ADDRESS).filter(|(it, _)| it.before.is_none());
    let new: Vec<_> = new.filter_map(|(it, record)| Some((it, address(record)?))).collect();
    let others: Vec<String> =
        new.iter().flat_map(|(_, address)| addresses::other_lengths(address)).collect();
    let found = look.whose(&IP_ADDRESS, "key", others.iter().map(String::as_str)).await?;
    let is_there = |(it, wanted): (&'a Touched, IpNet)| {
        let is_it = |other: &IpNet| other.addr() == wanted.addr() && *other != wanted;
        let other = found.iter().filter_map(address).find(is_it)?;
        Some((it, Complaint::new("address", format!("it is there already, as {other}"))))
    };
    Ok(new.into_iter().filter_map(is_there).collect())
}

/// Addresses whose network has gone, or gives none any more.
async fn left_behind<'a>(
    look: &mut Look<'_>,
    nets: &Nets,
    touched: &'a [Touched],
) -> Result<Vec<Wrong<'a>>, Error> {
    let was: Vec<(&'a Touched, IpNet)> =
        all_of(touched, &PREFIX).filter_map(|it| Some((it, it.key.parse().ok()?))).collect();
    let mut wrong = Vec::new();
    for record in look.all(&IP_ADDRESS).await? {
        let Some(address) = address(&record) else { continue };
        let Some((it, _)) = was.iter().find(|(_, net)| net.contains(&address.addr())) else {
            continue;
        };
        if let Err(message) = nets.check_address(&address) {
            let message = format!("{address} would be in none: {message}");
            wrong.push((*it, Complaint::new("prefix", message)));
        }
    }
    // More of them tell nobody more.
    wrong.truncate(MOST_TOLD);
    Ok(wrong)
}
