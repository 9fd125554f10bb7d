//! An authority elsewhere, as one that issues.

use crate::account::{OwnAccount, id};
use crate::chain::certified;
use crate::failure::Failure;
use crate::order::{Trouble, UnderWay, WHOLE, challenge_name};
use crate::settings::Settings;
use crate::wire::Wire;
use ca::{Certified, Issuance, NotIssued, Wish};
use dns::{Texts, read_key};
use std::fmt;
use std::time::SystemTime;
use tokio::time::timeout;

/// An authority that is asked by ACME (RFC 8555).
pub struct Acme {
    id: String,
    account: OwnAccount,
    wire: Wire,
    dns: Texts,
}

impl fmt::Debug for Acme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Acme({}, {:?})", self.id, self.dns)
    }
}

impl Acme {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// When the key for updates, or the certificates to believe, cannot be read.
    pub fn new(settings: Settings) -> Result<Self, Failure> {
        let wire = Wire::new(&settings).map_err(|err| Failure::File {
            path: settings.ca_file.clone().unwrap_or("the system's certificates".into()),
            why: err.to_string(),
        })?;
        let key = read_key(&settings.dns_key)?;
        let dns = Texts::new(settings.dns, &settings.seen_at, key);
        let id = id(&settings);
        Ok(Self { id, account: OwnAccount::new(settings, wire.clone()), wire, dns })
    }

    async fn obtain(&self, wish: &Wish) -> Result<Certified, Failure> {
        let account = self.account.get().await?;
        let mut order = UnderWay { dns: &self.dns, wish, placed: Vec::new() };
        let outcome = timeout(WHOLE, order.run(&account)).await;
        for placed in &order.placed {
            if let Err(err) = self.dns.remove(placed).await {
                tracing::warn!(%err, "a record stays in DNS until the next order");
            }
        }
        let chain_pem = match outcome {
            Ok(Ok(chain_pem)) => chain_pem,
            Ok(Err(trouble)) => return Err(self.failure(trouble, wish)),
            Err(_) => return Err(Failure::TooSlow(WHOLE.as_secs())),
        };
        certified(chain_pem, wish, SystemTime::now().into()).map_err(Failure::Useless)
    }

    fn failure(&self, trouble: Trouble, wish: &Wish) -> Failure {
        match trouble {
            Trouble::Ours(failure) => failure,
            Trouble::Library(err) => {
                Failure::of(err, &wish.host_names, self.wire.take_retry_after())
            }
        }
    }
}

#[async_trait::async_trait]
impl Issuance for Acme {
    fn id(&self) -> &str {
        &self.id
    }

    fn is_elsewhere(&self) -> bool {
        true
    }

    async fn issue(&self, wish: &Wish) -> Result<Certified, NotIssued> {
        let outcome = self.obtain(wish).await;
        if matches!(outcome, Err(Failure::NoAccount(_))) {
            self.account.forget().await;
        }
        Ok(outcome?)
    }

    async fn clear(&self, host_names: &[String]) {
        for name in host_names {
            if let Err(err) = self.dns.clear(&challenge_name(name)).await {
                tracing::warn!(%err, "what a cut-off order has left stays in DNS");
            }
        }
    }
}
