//! Certificates that follow one another: the key is made here, the fleet obtains the certificate,
//! and nobody who is connected notices.
//!
//! A fleet that is away, or has no time, is asked again until it answers; what the box has is
//! good for long enough ([`due`]). Whatever comes is believed only if it is what was asked for.

mod believable;
mod due;
mod issuer;

pub(crate) use issuer::Issuer;

use crate::credential::{Leaf, NewKey};
use crate::fleet::Fleet;
use crate::identity::Identity;
use crate::journal::Journal;
use crate::keys::{self, Keys};
use anyhow::{Context, Result, bail, ensure};
use contract::certificates::{
    CertificateAnswer, CertificateRequest, MAX_CHAIN_BYTES, Purpose, RETRY_AFTER_S,
};
use contract::config::{ApplianceConfig, Certificate};
use contract::report::Severity;
use contract::trust::Authorities;
use due::{Due, Wanted, due};
use fill::Clock;
use futures_util::future::join_all;
use serve::Certificates;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// The clock on the wall is looked at so often: it may be set.
const LOOK: Duration = Duration::from_secs(3600);

/// Boxes whose issuer is replaced spread themselves over so many of their reports.
const SPREAD_REPORTS: f64 = 10.0;

/// The longest pause between two attempts, and what the first is longer by each time.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
const GROWTH: u32 = 2;

/// What keeps certificates good.
#[derive(Clone)]
pub(crate) struct Renewing {
    pub(crate) config: Arc<ApplianceConfig>,
    pub(crate) identity: Identity,
    pub(crate) certificates: Certificates,
    pub(crate) keys: Keys,
    pub(crate) journal: Arc<Journal>,
    pub(crate) clock: Clock,
    /// Who issues what viewers see, by the fleet's word.
    pub(crate) players: watch::Sender<Issuer>,
}

/// One that is renewed.
struct Kept<'a> {
    purpose: Purpose,
    files: &'a Certificate,
}

impl Renewing {
    /// Until `stop` turns true. May be run again afterwards.
    pub(crate) async fn run(&self, link: &impl Fleet, mut stop: watch::Receiver<bool>) {
        // Another process of this box may have renewed them.
        self.show_again();
        let kept = self.kept();
        let all = async {
            join_all(kept.iter().map(|kept| self.keep(link, kept))).await;
            // There is nothing to renew.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = all => {}
        }
    }

    fn kept(&self) -> Vec<Kept<'_>> {
        keys::own(&self.config).map(|(purpose, files)| Kept { purpose, files }).collect()
    }

    fn show_again(&self) {
        if let Err(err) = self.identity.read_again(&self.config.identity) {
            tracing::error!("the old identity stays: {err:#}");
        }
        if let Err(err) = self.certificates.reload() {
            tracing::error!(%err, "the old certificates stay");
        }
    }

    async fn keep(&self, link: &impl Fleet, kept: &Kept<'_>) {
        let mut authorities = self.identity.authorities();
        let mut players = self.players.subscribe();
        let mut attempt = Attempt::default();
        loop {
            let now = authorities.borrow_and_update().clone();
            players.mark_unchanged();
            let pause = match self.due(kept, &now) {
                Ok(Due::At(at)) => {
                    let left_us = at.0.saturating_sub((self.clock)().0);
                    Duration::from_micros(u64::try_from(left_us).unwrap_or(0))
                }
                Ok(Due::Now(_)) => Duration::ZERO,
                // It has asked, and was told when to ask again.
                Ok(Due::Soon(_)) if attempt.key.is_some() => Duration::ZERO,
                Ok(Due::Soon(_)) => self.reports(rand::random_range(0.0..SPREAD_REPORTS)),
                Err(err) => {
                    tracing::error!("a certificate is not renewed: {err:#}");
                    LOOK
                }
            };
            if !pause.is_zero() {
                tokio::select! {
                    () = sleep(pause.min(LOOK)) => {}
                    _ = authorities.changed() => continue,
                    _ = players.changed() => continue,
                }
                if pause >= LOOK {
                    continue;
                }
            }
            let pause = self.attempt(link, kept, &mut attempt).await;
            sleep(pause).await;
        }
    }

    fn due(&self, kept: &Kept<'_>, authorities: &Authorities) -> Result<Due> {
        let file = &kept.files.chain_file;
        let text = std::fs::read(file).with_context(|| file.display().to_string())?;
        let leaf = Leaf::read(&text).with_context(|| file.display().to_string())?;
        Ok(due(&leaf, &self.wanted(kept, authorities)?))
    }

    fn wanted(&self, kept: &Kept<'_>, authorities: &Authorities) -> Result<Wanted> {
        let (names, said, named) = match kept.purpose {
            Purpose::Identity => (Vec::new(), Issuer::Fleet, &authorities.boxes),
            Purpose::Player => (self.host_names(), *self.players.borrow(), &authorities.players),
        };
        Ok(Wanted { names, issuer: said.wanted(named)? })
    }

    fn host_names(&self) -> Vec<String> {
        let groups = self.config.content_groups.iter();
        let all: BTreeSet<_> = groups.flat_map(|group| &group.host_names).cloned().collect();
        all.into_iter().collect()
    }

    /// Asks once; gives how long to wait before the next.
    async fn attempt(&self, link: &impl Fleet, kept: &Kept<'_>, attempt: &mut Attempt) -> Duration {
        let outcome = self.ask(link, kept, attempt).await;
        let failed = match outcome {
            Ok(None) => {
                *attempt = Attempt::default();
                let (subject, detail) = (kept.purpose.to_string(), "renewed".to_owned());
                self.journal.note(Severity::Info, "certificate", subject, detail);
                // Should what has come be no better than what was there.
                return self.reports(1.0);
            }
            Ok(Some((reason, after))) => {
                tracing::info!(purpose = %kept.purpose, reason, "a certificate has to wait");
                return after;
            }
            Err(err) => err,
        };
        if attempt.failures == 0 {
            let (subject, detail) = (kept.purpose.to_string(), format!("{failed:#}"));
            self.journal.note(Severity::Warning, "certificate_not_renewed", subject, detail);
        }
        let longer = GROWTH.saturating_pow(attempt.failures);
        attempt.failures = attempt.failures.saturating_add(1);
        let pause = self.reports(1.0).saturating_mul(longer).min(LONGEST_PAUSE);
        pause.mul_f64(rand::random_range(0.5..1.5))
    }

    /// `None` when what has come is in use; otherwise why it has to wait, and for how long.
    async fn ask(
        &self,
        link: &impl Fleet,
        kept: &Kept<'_>,
        attempt: &mut Attempt,
    ) -> Result<Option<(String, Duration)>> {
        let key = match &attempt.key {
            Some(key) => key,
            // The same in every attempt: what is being obtained for it is not begun anew.
            None => attempt.key.insert(NewKey::generate()?),
        };
        let names = match kept.purpose {
            Purpose::Identity => Vec::new(),
            Purpose::Player => self.host_names(),
        };
        let request = CertificateRequest {
            device: self.config.name.clone(),
            purpose: kept.purpose,
            csr_pem: key.request(names)?,
        };
        match link.certificate(&request).await? {
            CertificateAnswer::Later { reason, retry_after_s } => {
                let (least, most) = (*RETRY_AFTER_S.start(), *RETRY_AFTER_S.end());
                Ok(Some((reason, Duration::from_secs(retry_after_s.clamp(least, most)))))
            }
            CertificateAnswer::Issued { chain_pem } => {
                self.check(kept, &chain_pem)?;
                self.is_better(kept, &chain_pem)?;
                let file = &kept.files.chain_file;
                let keeping = self.keys.keeping(file)?;
                key.write_with(&chain_pem, file, (kept.purpose, &keeping))?;
                self.show_again();
                Ok(None)
            }
        }
    }

    fn check(&self, kept: &Kept<'_>, chain_pem: &str) -> Result<()> {
        ensure!(chain_pem.len() <= MAX_CHAIN_BYTES, "a chain of {} bytes", chain_pem.len());
        let leaf = Leaf::read(chain_pem.as_bytes())?;
        let now = (self.clock)();
        ensure!(now < leaf.not_after, "what was issued has ended");
        match kept.purpose {
            Purpose::Identity => self.identity.check(chain_pem, now),
            Purpose::Player => {
                let named = self.identity.authorities().borrow().players.clone();
                believable::check(chain_pem, &self.host_names(), &named, now)
            }
        }
        .with_context(|| format!("what was issued is of no use as {}", kept.purpose))
    }

    /// Whether it is one that is not to be replaced at once: if not, what there is stays, and it is
    /// asked for again as after a failure.
    fn is_better(&self, kept: &Kept<'_>, chain_pem: &str) -> Result<()> {
        let authorities = self.identity.authorities().borrow().clone();
        match due(&Leaf::read(chain_pem.as_bytes())?, &self.wanted(kept, &authorities)?) {
            Due::Now(why) | Due::Soon(why) => bail!("what was issued is no better: {why}"),
            Due::At(_) => Ok(()),
        }
    }

    /// So many intervals between two reports.
    fn reports(&self, count: f64) -> Duration {
        let interval_s = self.config.fleet.as_ref().map_or(10, |fleet| fleet.report_interval_s.0);
        Duration::from_secs(interval_s).mul_f64(count)
    }
}

/// What has become of asking.
#[derive(Debug, Default)]
struct Attempt {
    key: Option<NewKey>,
    failures: u32,
}

#[cfg(test)]
mod tests;
