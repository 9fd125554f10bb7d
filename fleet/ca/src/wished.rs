//! Whether what the root is asked to say is what was asked for. Whoever drew it up has a network
//! cable; the root has not, and signs nothing that nobody wished.

use crate::authority::authority_id;
use crate::draft::{Change, DEFAULT_LIFE_D};
use crate::keyring::KeyKind;
use contract::envelope::FIRST_EPOCH;
use contract::time::TimeUs;
use contract::trust::{Distrust, Trust};

/// A ceremony on another day is another draft.
const DAY_US: u64 = 86_400_000_000;

/// What nobody wished.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwished {
    /// It does not follow what was said before.
    #[error(transparent)]
    Order(#[from] Distrust),
    /// Something else would be another.
    #[error("nobody asked for this: {0}. Whoever drew it up may not be the fleet")]
    Else(String),
}

fn unwished(what: impl Into<String>) -> Unwished {
    Unwished::Else(what.into())
}

/// Compares a draft with what was said before, and with the wishes.
///
/// # Errors
/// The first thing that is another and that nobody wished.
pub fn check_wished(
    before: Option<&Trust>,
    change: &Change,
    next: &Trust,
    now: TimeUs,
) -> Result<(), Unwished> {
    match before {
        Some(before) => before.leads_to(next)?,
        None if next.version == 1 => {}
        None => return Err(unwished(format!("version {}, the first", next.version))),
    }
    let root = change.root.as_ref().or(before.map(|it| &it.root));
    if root != Some(&next.root) {
        return Err(unwished("another root"));
    }
    let epoch = change.epoch.unwrap_or(before.map_or(FIRST_EPOCH, |it| it.epoch));
    if next.epoch != epoch {
        return Err(unwished(format!("epoch {}", next.epoch)));
    }
    let life_d = change.life_d.unwrap_or(DEFAULT_LIFE_D);
    if next.not_after_us != next.issued_at_us.plus_s(life_d * 86_400) {
        return Err(unwished("another time until which it counts"));
    }
    // Whoever has drawn it up may have a clock of his own.
    let drawn_up_ago = now.0.abs_diff(next.issued_at_us.0);
    if drawn_up_ago > DAY_US || before.is_some_and(|it| it.issued_at_us > next.issued_at_us) {
        return Err(unwished("another time at which it was drawn up"));
    }
    check_dropped(change, next)?;
    check_keys(before, change, next)?;
    for kind in [KeyKind::Boxes, KeyKind::Players] {
        check_authorities(before, change, (kind, next))?;
    }
    Ok(())
}

/// What was stolen must not stay because whoever draws up is the thief.
fn check_dropped(change: &Change, next: &Trust) -> Result<(), Unwished> {
    let keys = next.keys.iter().map(|key| key.id.clone());
    let authorities = KeyKind::ALL
        .into_iter()
        .flat_map(|kind| kind.named(next).iter().map(move |pem| authority_id(kind, pem)));
    match keys.chain(authorities).find(|id| change.drop.contains(id)) {
        Some(id) => Err(unwished(format!("{id} is to count no more, and does"))),
        None => Ok(()),
    }
}

fn check_keys(before: Option<&Trust>, change: &Change, next: &Trust) -> Result<(), Unwished> {
    let mut new = Vec::new();
    for key in &next.keys {
        let Some(was) = before.and_then(|it| it.key(&key.id)) else {
            new.push(key.role);
            continue;
        };
        let is_retired = was.is_retired || change.retire.contains(&key.id);
        if (key.role, &key.ed25519) != (was.role, &was.ed25519) {
            return Err(unwished(format!("another key under the name {}", key.id)));
        }
        if key.is_retired != is_retired {
            return Err(unwished(format!("{} is retired, or is so no more", key.id)));
        }
    }
    for kind in [KeyKind::Config, KeyKind::Control] {
        let most = usize::from(before.is_none() || change.rotate.contains(&kind));
        if new.iter().filter(|role| Some(**role) == kind.role()).count() > most {
            return Err(unwished(format!("a new key for {}", kind.as_str())));
        }
    }
    let is_known =
        |role| [KeyKind::Config, KeyKind::Control].iter().any(|it| it.role() == Some(role));
    if let Some(role) = new.into_iter().find(|role| !is_known(*role)) {
        return Err(unwished(format!("a new key for {role}")));
    }
    let gone = before.into_iter().flat_map(|it| &it.keys).filter(|key| next.key(&key.id).is_none());
    match gone.into_iter().find(|key| !change.drop.contains(&key.id)) {
        Some(key) => Err(unwished(format!("{} counts no more", key.id))),
        None => Ok(()),
    }
}

fn check_authorities(
    before: Option<&Trust>,
    change: &Change,
    (kind, next): (KeyKind, &Trust),
) -> Result<(), Unwished> {
    let mut kept = before.map_or(Vec::new(), |it| kind.named(it).to_vec());
    kept.retain(|pem| !change.drop.contains(&authority_id(kind, pem)));
    let (named, most) =
        (kind.named(next), usize::from(before.is_none() || change.rotate.contains(&kind)));
    if named.starts_with(&kept) && named.len() <= kept.len() + most {
        return Ok(());
    }
    Err(unwished(format!("other authorities for {}", kind.as_str())))
}

#[cfg(test)]
mod tests;
