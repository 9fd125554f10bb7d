//! What the root is asked to say next. Pure: the root may be far away, and decides.

use crate::authority::authority_id;
use crate::keyring::KeyKind;
use contract::SCHEMA;
use contract::envelope::{FIRST_EPOCH, Role, TrustedKey};
use contract::time::TimeUs;
use contract::trust::{Authorities, Root, Senseless, Trust};

/// How long the root's word counts. A ceremony a year leaves another for whoever forgets it.
pub const DEFAULT_LIFE_D: i64 = 730;

/// No word of the root may end before what boxes were given on it: a box that was cut off goes
/// on for 30 days at least, and documents are issued for 45.
pub const MIN_LIFE_D: i64 = 90;

/// More, and nobody remembers how it is done.
pub const MAX_LIFE_D: i64 = 3650;

/// The public halves of keys that are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Those that sign documents, oldest first.
    pub keys: Vec<TrustedKey>,
    /// Those that issue identities, in PEM, oldest first.
    pub boxes: Vec<String>,
    /// Those that issue what viewers are shown.
    pub players: Vec<String>,
}

impl Offer {
    /// Whether there is one of a kind.
    #[must_use]
    pub fn has(&self, kind: KeyKind) -> bool {
        match kind {
            KeyKind::Config | KeyKind::Control => {
                self.keys.iter().any(|key| Some(key.role) == kind.role())
            }
            KeyKind::Boxes | KeyKind::Players => !kind.offered(self).is_empty(),
        }
    }
}

/// What is to be another in the next version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Another root; the first version needs one.
    pub root: Option<Root>,
    /// Kinds of which the newest key that was never named is named. The first version names one
    /// of each.
    pub rotate: Vec<KeyKind>,
    /// Document keys that sign nothing new from then on.
    pub retire: Vec<String>,
    /// Keys and authorities that are named no more.
    pub drop: Vec<String>,
    /// Another epoch.
    pub epoch: Option<u32>,
    /// How long its word counts, in days.
    pub life_d: Option<i64>,
}

/// Why there is nothing to sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoDraft {
    /// The first version says who signs the next.
    #[error("nobody keeps the root yet: name its keys")]
    NoRoot,
    /// The root has named all there are.
    #[error("there is no new key of the kind {0}")]
    NoNewKey(&'static str),
    /// There is no such key.
    #[error("there is no key or authority {0:?}")]
    Unknown(String),
    /// It issues certificates, and is named or it is not.
    #[error("{0:?} signs no documents: only document keys are retired, others are dropped")]
    NoDocumentKey(String),
    /// Boxes would be left without.
    #[error("nothing would be left that {0}")]
    NothingLeft(&'static str),
    /// No box that has not heard of this version could connect to hear of it.
    #[error(
        "boxes would take the fleet for a stranger: name the new authority of boxes first, and drop the old one when all have heard"
    )]
    AllStrangers,
    /// Outside the limits.
    #[error("expected {MIN_LIFE_D} to {MAX_LIFE_D} days, not {0}")]
    Life(i64),
    /// The result makes no sense.
    #[error(transparent)]
    Senseless(#[from] Senseless),
}

/// Draws up the next version: what was said before, with the changes.
///
/// # Errors
/// [`NoDraft`], with the first reason found.
pub fn draft(
    said: &[Trust],
    offer: &Offer,
    change: &Change,
    now: TimeUs,
) -> Result<Trust, NoDraft> {
    let before = said.last();
    let root = change.root.clone().or_else(|| before.map(|it| it.root.clone()));
    let life_d = change.life_d.unwrap_or(DEFAULT_LIFE_D);
    if !(MIN_LIFE_D..=MAX_LIFE_D).contains(&life_d) {
        return Err(NoDraft::Life(life_d));
    }
    let mut drop = change.drop.clone();
    let offer = &named_next(said, offer, change)?;
    let next = Trust {
        schema: SCHEMA,
        version: before.map_or(1, |it| it.version.saturating_add(1)),
        issued_at_us: now,
        not_after_us: now.plus_s(life_d * 86_400),
        epoch: change.epoch.unwrap_or(before.map_or(FIRST_EPOCH, |it| it.epoch)),
        root: root.ok_or(NoDraft::NoRoot)?,
        keys: keys(said, offer, change, &mut drop)?,
        authorities: Authorities {
            boxes: authorities(said, offer, KeyKind::Boxes, &mut drop),
            players: authorities(said, offer, KeyKind::Players, &mut drop),
        },
    };
    if let Some(unknown) = drop.into_iter().next() {
        return Err(NoDraft::Unknown(unknown));
    }
    check_left(before, &next)?;
    next.check()?;
    Ok(next)
}

/// What of the offer was never named, and is to be.
fn named_next(said: &[Trust], offer: &Offer, change: &Change) -> Result<Offer, NoDraft> {
    let all = said.is_empty();
    let is_wanted = |kind| all || change.rotate.contains(&kind);
    let new = new_keys(said, offer);
    let mut next = Offer { keys: Vec::new(), boxes: Vec::new(), players: Vec::new() };
    for kind in KeyKind::ALL.into_iter().filter(|kind| is_wanted(*kind)) {
        let none = NoDraft::NoNewKey(kind.as_str());
        match kind {
            KeyKind::Config | KeyKind::Control => {
                let newest = new.keys.iter().rev().find(|key| Some(key.role) == kind.role());
                next.keys.push(newest.cloned().ok_or(none)?);
            }
            KeyKind::Boxes => next.boxes.push(new.boxes.last().cloned().ok_or(none)?),
            KeyKind::Players => next.players.push(new.players.last().cloned().ok_or(none)?),
        }
    }
    Ok(next)
}

/// What of an offer was never named.
#[must_use]
pub fn new_keys(said: &[Trust], offer: &Offer) -> Offer {
    let was_named = |id: &str| said.iter().any(|it| it.key(id).is_some());
    let new = |kind: KeyKind| {
        let was_named = |pem: &String| said.iter().any(|it| kind.named(it).contains(pem));
        kind.offered(offer).iter().filter(|pem| !was_named(pem)).cloned().collect()
    };
    Offer {
        keys: offer.keys.iter().filter(|key| !was_named(&key.id)).cloned().collect(),
        boxes: new(KeyKind::Boxes),
        players: new(KeyKind::Players),
    }
}

fn keys(
    said: &[Trust],
    offer: &Offer,
    change: &Change,
    drop: &mut Vec<String>,
) -> Result<Vec<TrustedKey>, NoDraft> {
    let mut keys = said.last().map_or(Vec::new(), |it| it.keys.clone());
    keys.extend(offer.keys.iter().cloned());
    for id in &change.retire {
        match keys.iter_mut().find(|key| key.id == *id) {
            Some(key) => key.is_retired = true,
            None if is_authority(said, offer, id) => {
                return Err(NoDraft::NoDocumentKey(id.clone()));
            }
            None => return Err(NoDraft::Unknown(id.clone())),
        }
    }
    keys.retain(|key| !take(drop, &key.id));
    Ok(keys)
}

fn is_authority(said: &[Trust], offer: &Offer, id: &str) -> bool {
    KeyKind::ALL.into_iter().any(|kind| {
        let named = said.last().map_or(&[][..], |it| kind.named(it));
        named.iter().chain(kind.offered(offer)).any(|pem| authority_id(kind, pem) == id)
    })
}

fn authorities(
    said: &[Trust],
    offer: &Offer,
    kind: KeyKind,
    drop: &mut Vec<String>,
) -> Vec<String> {
    let named = said.last().map_or(&[][..], |it| kind.named(it));
    let mut all = [named, kind.offered(offer)].concat();
    all.retain(|pem| !take(drop, &authority_id(kind, pem)));
    all
}

/// Takes an id out of a list; gives whether it was there.
fn take(list: &mut Vec<String>, id: &str) -> bool {
    let before = list.len();
    list.retain(|each| each != id);
    list.len() < before
}

/// Boxes that follow such a version could be told nothing more.
fn check_left(before: Option<&Trust>, next: &Trust) -> Result<(), NoDraft> {
    let left = [
        ("signs configurations", next.signers(Role::Config).next().is_some()),
        ("signs manifests and commands", next.signers(Role::Control).next().is_some()),
        ("issues identities", !next.authorities.boxes.is_empty()),
    ];
    if let Some((what, _)) = left.into_iter().find(|(_, is_left)| !is_left) {
        return Err(NoDraft::NothingLeft(what));
    }
    let known = before.map(|it| &it.authorities.boxes);
    let is_known = |pem: &String| known.is_none_or(|known| known.contains(pem));
    if !next.authorities.boxes.iter().any(is_known) {
        return Err(NoDraft::AllStrangers);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
