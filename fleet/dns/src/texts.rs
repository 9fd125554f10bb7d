//! Texts that come and go under a name, such as proofs for an authority.

use crate::DnsFailure;
use crate::messages::{Apex, apex, question, replacement, texts, upwards};
use crate::server::Server;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType, TSigner};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// An authority that is told to look before all servers have the record finds nothing, and that
/// counts as a failure. Secondaries that are told of a change have it within seconds; one that has
/// to look for itself does not.
const SEEN_WITHIN: Duration = Duration::from_secs(60);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// Where texts are put, and where they are to be seen.
#[derive(Clone)]
pub struct Texts {
    primary: Server,
    seen_at: Vec<Server>,
    key: TSigner,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Texts({:?}, {:?}, {})", self.primary, self.seen_at, self.key.signer_name())
    }
}

/// A text that stands under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    name: Name,
    zone: Name,
}

impl Texts {
    /// Updates go to `primary`; `others` are to show them as well before anybody is told.
    #[must_use]
    pub fn new(primary: SocketAddr, others: &[SocketAddr], key: TSigner) -> Self {
        let seen_at = [primary].iter().chain(others).copied().map(Server).collect();
        Self { primary: Server(primary), seen_at, key }
    }

    /// Puts a text under a name, in the place of all others.
    ///
    /// # Errors
    /// When the server is away, has no zone for the name, or does not take the text.
    pub async fn place(&self, name: &str, text: &str) -> Result<Placed, DnsFailure> {
        let name = full(name)?;
        let zone = self.zone(&name).await?;
        let placed = Placed { name, zone };
        self.replace(&placed, &[text.to_owned()]).await?;
        Ok(placed)
    }

    /// Waits until all who should show the text do.
    ///
    /// # Errors
    /// When one of them does not in time.
    pub async fn seen(&self, placed: &Placed, text: &str) -> Result<(), DnsFailure> {
        let begun = Instant::now();
        for server in &self.seen_at {
            while !shows(*server, placed, text).await? {
                if begun.elapsed() >= SEEN_WITHIN {
                    let (server, name) = (server.0, placed.name.to_ascii());
                    let after_s = SEEN_WITHIN.as_secs();
                    return Err(DnsFailure::NotSeen { server, name, after_s });
                }
                sleep(LOOK).await;
            }
        }
        Ok(())
    }

    /// Takes all texts away that stand under a name.
    ///
    /// # Errors
    /// As with [`Texts::place`].
    pub async fn clear(&self, name: &str) -> Result<(), DnsFailure> {
        let name = full(name)?;
        let zone = self.zone(&name).await?;
        self.remove(&Placed { name, zone }).await
    }

    /// The same where it is known what was put there.
    ///
    /// # Errors
    /// As with [`Texts::place`].
    pub async fn remove(&self, placed: &Placed) -> Result<(), DnsFailure> {
        self.replace(placed, &[]).await
    }

    async fn replace(&self, placed: &Placed, texts: &[String]) -> Result<(), DnsFailure> {
        let message = replacement(&placed.zone, &placed.name, texts);
        let answer = self.primary.tell(message, &self.key).await?;
        match answer.metadata.response_code {
            ResponseCode::NoError => Ok(()),
            said => Err(DnsFailure::Refused {
                server: self.primary.0,
                name: placed.name.to_ascii(),
                zone: placed.zone.to_ascii(),
                said,
            }),
        }
    }

    /// Where the zone of a name begins.
    async fn zone(&self, name: &Name) -> Result<Name, DnsFailure> {
        let (server, shown) = (self.primary.0, || name.to_ascii());
        for candidate in upwards(name) {
            let answer = self.primary.ask(&question(&candidate, RecordType::SOA)).await?;
            match apex(&candidate, &answer) {
                Apex::Here => return Ok(candidate),
                Apex::NotHere => {}
                // What is not its own, many a server says nothing of; further up is still less so.
                Apex::Refused(ResponseCode::Refused) => break,
                Apex::Refused(said) => {
                    return Err(DnsFailure::NotTold { server, name: shown(), said });
                }
            }
        }
        Err(DnsFailure::NoZone { server, name: shown() })
    }
}

async fn shows(server: Server, placed: &Placed, text: &str) -> Result<bool, DnsFailure> {
    let answer = server.ask(&question(&placed.name, RecordType::TXT)).await?;
    let said = texts(&placed.name, &answer);
    Ok(said.is_some_and(|texts| texts.iter().any(|it| it == text)))
}

fn full(name: &str) -> Result<Name, DnsFailure> {
    let no_name = |_| DnsFailure::NoName(name.chars().take(253).collect());
    let mut read = Name::from_ascii(name).map_err(no_name)?;
    read.set_fqdn(true);
    Ok(read)
}
