//! Certificates that are issued elsewhere: ordered when they may be, beside everything else, and
//! given to the box when it asks again.

use crate::api::Problem;
use crate::server::{App, now};
use acme::{Budget, Later, OrderId, OrderStore, Waits};
use ca::{Certified, Issuance, IssuedTo, NotIssued, Wish};
use contract::certificates::{CertificateAnswer, Purpose};
use contract::names::DeviceName;
use contract::time::TimeUs;
use db::Db;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// An order takes some seconds where all is well.
const DONE_IN_S: std::ops::RangeInclusive<u64> = 4..=6;

/// Those that others go before need not ask as often: there may be thousands.
const TURN_IN_S: std::ops::RangeInclusive<u64> = 15..=45;

/// A box comes back no later, whatever it waits for: it may be that less is ordered than was feared.
/// No sooner either: who waits for an hour's orders does not ask every second of it.
const COME_BACK_IN_S: std::ops::RangeInclusive<u64> = 10..=3600;

/// And those that wait for the same come apart.
const SPREAD: std::ops::Range<f64> = 1.0..1.25;

/// What is ordered, and of whom.
#[derive(Debug)]
pub(crate) struct Ordering {
    pub(crate) issuer: Arc<dyn Issuance>,
    store: OrderStore,
    /// What each box was told that waits, or whose order came to nothing.
    waiting: Mutex<BTreeMap<DeviceName, Waiting>>,
    /// What an earlier process had under way when it ended.
    left: Mutex<Vec<(OrderId, Vec<String>)>>,
}

/// Why a box has not got its certificate yet.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) why: String,
    /// When it is tried again, as far as can be known.
    pub(crate) until: TimeUs,
}

impl Ordering {
    /// Goes on where an earlier process has ended.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn open(
        issuer: Arc<dyn Issuance>,
        db: Db,
        budget: Budget,
    ) -> Result<Self, db::Error> {
        let store = OrderStore::new(db, issuer.id(), budget);
        let troubles = store.troubles().await?.into_iter();
        let waiting = troubles.map(|(device, why, until)| (device, Waiting { why, until }));
        let (waiting, left) = (Mutex::new(waiting.collect()), Mutex::new(store.left().await?));
        Ok(Self { issuer, store, waiting, left })
    }

    /// Why a box waits.
    pub(crate) fn waiting(&self, device: &DeviceName) -> Option<Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).get(device).cloned()
    }

    /// Clears away what an earlier process has left in DNS.
    pub(crate) async fn clear_up(&self) {
        let left = std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner));
        for (order, host_names) in left {
            self.issuer.clear(&host_names).await;
            if let Err(err) = self.store.cut_off(order).await {
                tracing::error!(%err, "an order that was cut off counts as under way");
            }
        }
    }

    fn say(&self, device: &DeviceName, waiting: Option<Waiting>) {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting {
            Some(waiting) => all.insert(device.clone(), waiting),
            None => all.remove(device),
        };
    }

    fn later(&self, device: &DeviceName, later: &Later) -> CertificateAnswer {
        let why = later.waits.to_string();
        // What is under way is no news, and says nothing of what went wrong before.
        let retry_after_s = match later.waits {
            Waits::UnderWay => rand::random_range(DONE_IN_S),
            Waits::OthersFirst => rand::random_range(TURN_IN_S),
            _ => {
                self.say(device, Some(Waiting { why: why.clone(), until: later.until }));
                come_back_in_s(later.until)
            }
        };
        CertificateAnswer::Later { reason: why, retry_after_s }
    }
}

/// Orders what a box asks for, where that may be; either way the box is to ask again.
pub(crate) async fn order(
    app: &Arc<App>,
    ordering: &Arc<Ordering>,
    wish: Wish,
) -> Result<CertificateAnswer, Problem> {
    let begun = ordering.store.begin(&wish.device, &wish.host_names, now()).await?;
    let order = match begun {
        Ok(order) => order,
        Err(later) => return Ok(ordering.later(&wish.device, &later)),
    };
    tracing::info!(device = %wish.device, "a certificate is ordered");
    let (app, ordering) = (Arc::clone(app), Arc::clone(ordering));
    tokio::spawn(async move {
        if let Err(err) = carry_out(&app, &ordering, order, &wish).await {
            tracing::error!(%err, "an order counts as under way, whatever became of it");
        }
    });
    let reason = Waits::UnderWay.to_string();
    Ok(CertificateAnswer::Later { reason, retry_after_s: rand::random_range(DONE_IN_S) })
}

async fn carry_out(
    app: &App,
    ordering: &Ordering,
    order: OrderId,
    wish: &Wish,
) -> Result<(), db::Error> {
    let issued = ordering.issuer.issue(wish).await;
    let kept = match issued {
        Ok(certified) => keep(app, ordering, wish, &certified).await,
        Err(why) => Err(why),
    };
    let device = &wish.device;
    let Err(why) = kept else {
        ordering.say(device, None);
        return ordering.store.issued(order).await;
    };
    let when = (now(), rand::random_range(0.0..=1.0));
    let until = ordering.store.failed(order, device, &why, when).await?;
    tracing::warn!(%device, "no certificate was issued: {why}");
    ordering.say(device, Some(Waiting { why: why.why, until }));
    Ok(())
}

/// It is remembered before the box is given it.
async fn keep(
    app: &App,
    ordering: &Ordering,
    wish: &Wish,
    certified: &Certified,
) -> Result<(), NotIssued> {
    let to = IssuedTo {
        device: &wish.device,
        purpose: Purpose::Player,
        key: wish.request.digest(),
        authority: ordering.issuer.id(),
    };
    app.issued.add(to, certified, now()).await?;
    tracing::info!(device = %wish.device, serial = certified.serial, "a certificate was issued");
    Ok(())
}

fn come_back_in_s(until: TimeUs) -> u64 {
    let left = until.since_s(now()).max(0.0) * rand::random_range(SPREAD);
    let (least, most) = (*COME_BACK_IN_S.start(), *COME_BACK_IN_S.end());
    std::time::Duration::try_from_secs_f64(left)
        .map_or(most, |left| left.as_secs())
        .clamp(least, most)
}
