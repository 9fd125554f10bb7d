//! One order: from names and a request to a chain (RFC 8555 §7.4), proved in DNS (§8.4).

use crate::failure::{Failure, said};
use ca::Wish;
use dns::{Placed, Texts};
use instant_acme::{
    Account, AuthorizationHandle, AuthorizationStatus, ChallengeType, Identifier, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use std::time::Duration;

/// How long an authority may take to look, and again to issue: minutes where it is busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// All of an order: both times, and what servers of names take.
pub(crate) const WHOLE: Duration = Duration::from_secs(480);

/// Where the proof for a name stands.
pub(crate) fn challenge_name(name: &str) -> String {
    format!("_acme-challenge.{name}")
}

/// An order that is under way. What it has put into DNS is in `placed`, for whoever clears it away.
pub(crate) struct UnderWay<'a> {
    pub(crate) dns: &'a Texts,
    pub(crate) wish: &'a Wish,
    pub(crate) placed: Vec<Placed>,
}

impl UnderWay<'_> {
    /// Gives the chain.
    pub(crate) async fn run(&mut self, account: &Account) -> Result<String, Trouble> {
        let names = self.wish.host_names.iter();
        let identifiers: Vec<Identifier> = names.cloned().map(Identifier::Dns).collect();
        let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
        if order.state().status == OrderStatus::Pending {
            self.prove(&mut order).await?;
        }
        if order.poll_ready(&retries()).await? != OrderStatus::Ready {
            return Err(why_not(&mut order).await.into());
        }
        order.finalize_csr(self.wish.request.der()).await?;
        Ok(order.poll_certificate(&retries()).await?)
    }

    /// All proofs first, then all are looked at: it waits for name servers once.
    async fn prove(&mut self, order: &mut Order) -> Result<(), Trouble> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            self.prove_one(&mut authorization).await?;
        }
        Ok(())
    }

    async fn prove_one<'a>(&mut self, of: &'a mut AuthorizationHandle<'a>) -> Result<(), Trouble> {
        let name = of.identifier().to_string();
        if !self.wish.host_names.contains(&name) {
            return Err(Failure::Useless(format!("it wants a proof for {name}")).into());
        }
        let challenge = of.challenge(ChallengeType::Dns01);
        let mut challenge = challenge.ok_or_else(|| Failure::NoDns(name.clone()))?;
        let text = challenge.key_authorization().dns_value();
        let placed = self.dns.place(&challenge_name(&name), &text).await.map_err(Failure::from)?;
        self.placed.push(placed.clone());
        self.dns.seen(&placed, &text).await.map_err(Failure::from)?;
        Ok(challenge.set_ready().await?)
    }
}

/// What stopped an order.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The library says so.
    Library(instant_acme::Error),
    /// We do.
    Ours(Failure),
}

impl From<instant_acme::Error> for Trouble {
    fn from(err: instant_acme::Error) -> Self {
        Self::Library(err)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Ours(failure)
    }
}

fn retries() -> RetryPolicy {
    RetryPolicy::new().initial_delay(Duration::from_millis(250)).backoff(1.5).timeout(PATIENCE)
}

/// An order that is invalid does not say why; the proof that failed does.
async fn why_not(order: &mut Order) -> Failure {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let name = authorization.identifier().to_string();
        let Ok(state) = authorization.refresh().await else { continue };
        let mut problems = state.challenges.iter().filter_map(|each| each.error.as_ref());
        if let Some(problem) = problems.next() {
            return Failure::NotProved { name, said: said(problem) };
        }
    }
    Failure::Refused { names: "these names".to_owned(), said: "it does not say why".to_owned() }
}
