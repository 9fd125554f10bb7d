//! Obtaining certificates for boxes: for whom, under which names and by whom the fleet knows; a
//! box brings nothing but its key.

use crate::api::Problem;
use crate::ordering;
use crate::server::{App, now};
use ca::{Authority, Certified, Issuance, IssuedTo, RequestedKey, Said, Wish};
use contract::certificates::{CertificateAnswer, Purpose};
use contract::names::DeviceName;
use inventory::Appliance;
use inventory::zones;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Semaphore;

/// So many are issued at once: each takes a signature, and a transaction. Boxes that all ask at
/// the same time, since a key was replaced or the fleet was away, are told to come back.
const AT_ONCE: usize = 16;

/// And so many wait for their turn.
const WAITING: usize = 64;

/// When who was sent away comes back: the first of it is enough for all of those that go before.
const COME_BACK_IN_S: std::ops::Range<u64> = 5..30;

/// Who asks again with the same key is given what there is, within this time: the answer was
/// lost, or it was not stored.
const SAME_AGAIN_S: i64 = 86_400;

/// A box that has reported since is one that hears of what the root says.
const LISTENS_US: u64 = 3_600_000_000;

/// One that has not heard by then, though it speaks, does not want to.
const HEARS_WITHIN_S: i64 = 6 * 3600;

/// When they have heard.
const HEARD_IN_S: u64 = 20;

/// Keeps the fleet from doing nothing else.
#[derive(Debug)]
pub(crate) struct IssuingGate {
    places: Semaphore,
    turns: Semaphore,
}

impl Default for IssuingGate {
    fn default() -> Self {
        Self { places: Semaphore::new(AT_ONCE + WAITING), turns: Semaphore::new(AT_ONCE) }
    }
}

/// What a box that asks is answered.
pub(crate) async fn answer(
    app: &Arc<App>,
    device: &DeviceName,
    purpose: Purpose,
    key: &RequestedKey,
) -> Result<CertificateAnswer, Problem> {
    let Ok(_place) = app.issuing.places.try_acquire() else {
        let retry_after_s = rand::random_range(COME_BACK_IN_S);
        let reason = "many boxes ask at once".to_owned();
        return Ok(CertificateAnswer::Later { reason, retry_after_s });
    };
    let _turn = app.issuing.turns.acquire().await.map_err(Problem::internal)?;
    match purpose {
        Purpose::Identity => next_identity(app, device, key).await,
        Purpose::Player => player(app, device, key).await,
    }
}

async fn next_identity(
    app: &App,
    device: &DeviceName,
    key: &RequestedKey,
) -> Result<CertificateAnswer, Problem> {
    let authority = known_to_all(app)?;
    if is_too_early(app, device, &authority).await? {
        let reason = "siblings have not heard of the new authority".to_owned();
        return Ok(CertificateAnswer::Later { reason, retry_after_s: HEARD_IN_S });
    }
    let chain_pem = certify(app, device, &authority, key).await?;
    Ok(CertificateAnswer::Issued { chain_pem })
}

/// What a box shows to viewers: issued here at once, or ordered elsewhere.
async fn player(
    app: &Arc<App>,
    device: &DeviceName,
    key: &RequestedKey,
) -> Result<CertificateAnswer, Problem> {
    let appliance = app.inventory.appliance(device).await?;
    let own = host_names(app, &appliance).await?;
    let issuer: Arc<dyn Issuance> = match &app.ordering {
        Some(ordering) => Arc::clone(&ordering.issuer),
        None => app.ca.players(&last(app)?.trust)?,
    };
    let host_names = if issuer.is_elsewhere() {
        key.names_among(&own).map_err(|err| Problem::new(409, err))?
    } else {
        own
    };
    let purpose = Purpose::Player;
    let to = IssuedTo { device, purpose, key: key.digest(), authority: issuer.id() };
    if let Some(chain_pem) = issued_before(app, to).await? {
        return Ok(CertificateAnswer::Issued { chain_pem });
    }
    let wish = Wish { device: device.clone(), host_names, request: key.clone() };
    if let Some(ordering) = &app.ordering {
        return ordering::order(app, ordering, wish).await;
    }
    let certified = issuer.issue(&wish).await.map_err(Problem::internal)?;
    let chain_pem = remember(app, to, certified).await?;
    Ok(CertificateAnswer::Issued { chain_pem })
}

/// The identity of a machine that joins.
pub(crate) async fn identity(
    app: &App,
    device: &DeviceName,
    key: &RequestedKey,
) -> Result<String, Problem> {
    certify(app, device, &*known_to_all(app)?, key).await
}

/// Whether a box that asks since its authority is being replaced would get another certificate of
/// that same authority.
async fn is_too_early(
    app: &App,
    device: &DeviceName,
    authority: &Authority,
) -> Result<bool, Problem> {
    if app.ca.boxes(&last(app)?.trust)?.id() == authority.id() {
        return Ok(false);
    }
    let since = now().plus_s(-i64::try_from(ca::ISSUED_LIFE_D).unwrap_or(0) * 86_400 / 2);
    Ok(app.issued.has_any(device, Purpose::Identity, authority.id(), since).await?)
}

async fn certify(
    app: &App,
    device: &DeviceName,
    authority: &Authority,
    key: &RequestedKey,
) -> Result<String, Problem> {
    let appliance = app.inventory.appliance(device).await?;
    let purpose = Purpose::Identity;
    let to = IssuedTo { device, purpose, key: key.digest(), authority: authority.id() };
    if let Some(chain_pem) = issued_before(app, to).await? {
        return Ok(chain_pem);
    }
    let certified = authority.certify_identity(key, device, &appliance.site, SystemTime::now())?;
    remember(app, to, certified).await
}

async fn issued_before(app: &App, to: IssuedTo<'_>) -> Result<Option<String>, Problem> {
    Ok(app.issued.find(to, now().plus_s(-SAME_AGAIN_S)).await?)
}

async fn remember(app: &App, to: IssuedTo<'_>, certified: Certified) -> Result<String, Problem> {
    app.issued.add(to, &certified, now()).await?;
    let (device, purpose, serial) = (to.device, to.purpose, &certified.serial);
    tracing::info!(%device, %purpose, serial, "a certificate was issued");
    Ok(certified.chain_pem)
}

fn last(app: &App) -> Result<Arc<Said>, Problem> {
    app.said.last().ok_or_else(|| Problem::new(503, "the root has said nothing yet"))
}

/// The newest authority of which all boxes have heard: siblings that have not would take whoever
/// it vouches for for a stranger. Boxes that are silent are not waited for, and nobody for long;
/// what counts no more issues nothing, whoever has not heard.
fn known_to_all(app: &App) -> Result<Arc<Authority>, Problem> {
    let (said, now, view) = (last(app)?, now(), app.view());
    let newest = app.ca.boxes(&said.trust)?;
    if now > said.installed_at.plus_s(HEARS_WITHIN_S) {
        return Ok(newest);
    }
    let versions = view.appliances.iter().filter_map(|each| {
        let latest = app.collector.latest(&each.name)?;
        let silent_for_us = now.0.abs_diff(latest.received_at.0);
        (silent_for_us < LISTENS_US).then_some(latest.report.trust.version)
    });
    let known = versions.min().and_then(|version| app.said.version(version));
    let known = known.and_then(|known| app.ca.boxes(&known.trust).ok());
    let named = &said.trust.authorities.boxes;
    Ok(known.filter(|it| named.iter().any(|pem| pem == it.pem())).unwrap_or(newest))
}

/// The names under which viewers ask a box.
async fn host_names(app: &App, appliance: &Appliance) -> Result<Vec<String>, Problem> {
    let groups = app.inventory.groups().await?;
    if groups.is_empty() {
        return Err(Problem::new(409, "there is no content group yet, so no name for viewers"));
    }
    let of = |group| zones::host_names(appliance, group, &groups);
    Ok(groups.iter().flat_map(of).collect())
}
