//! The primary name server of a zone, by a key that may read and change it.

use crate::messages::question;
use crate::server::Server;
use crate::transfer::Incoming;
use crate::update::updates;
use crate::{Difference, DnsFailure};
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, Record, RecordType, TSigner};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;

/// A zone of a million records comes within seconds.
const WHOLE: Duration = Duration::from_secs(120);

/// What is kept of a zone: what may be ours, and what would be in its way.
const KINDS: [RecordType; 5] =
    [RecordType::A, RecordType::AAAA, RecordType::CAA, RecordType::PTR, RecordType::CNAME];

/// The primary name server of a zone.
pub struct Primary {
    server: Server,
    key: TSigner,
}

impl Primary {
    /// Asks nobody yet.
    #[must_use]
    pub fn new(server: SocketAddr, key: TSigner) -> Self {
        Self { server: Server(server), key }
    }

    /// What stands in a zone: addresses, pointers, who may issue certificates, and aliases.
    ///
    /// # Errors
    /// When the server is away, does not give it, or what comes is not signed with the key.
    pub async fn zone(&self, zone: &Name) -> Result<Vec<Record>, DnsFailure> {
        let mut incoming = Incoming::new(zone, &KINDS);
        let take = |answer: Message| match answer.metadata.response_code {
            ResponseCode::NoError => {
                incoming.take(answer.answers).map_err(|why| self.server.nonsense(why))
            }
            said => {
                Err(DnsFailure::NotGiven { server: self.server.0, zone: zone.to_ascii(), said })
            }
        };
        let asked = question(zone, RecordType::AXFR);
        let coming = self.server.ask_for_many(asked, &self.key, take);
        let why = || format!("the zone did not come within {} s", WHOLE.as_secs());
        let away = |_| DnsFailure::Away { server: self.server.0, why: why() };
        timeout(WHOLE, coming).await.map_err(away)??;
        Ok(incoming.records)
    }

    /// Changes a zone, in as few messages as it takes; each is carried out whole or not at all, and on
    /// condition that what it changes still is as it was seen. Gives how many that were; `taken` is told of
    /// each, with how many there are.
    ///
    /// # Errors
    /// When the server is away or does not take one: those before it were carried out.
    pub async fn change(
        &self,
        zone: &Name,
        differences: &[Difference],
        mut taken: impl FnMut(usize, usize),
    ) -> Result<usize, DnsFailure> {
        let messages = updates(zone, differences);
        let count = messages.len();
        for (at, message) in messages.into_iter().enumerate() {
            let answer = self.server.tell(message, &self.key).await?;
            self.is_taken(zone, answer.metadata.response_code)?;
            taken(at + 1, count);
        }
        Ok(count)
    }

    fn is_taken(&self, zone: &Name, said: ResponseCode) -> Result<(), DnsFailure> {
        let (server, zone) = (self.server.0, zone.to_ascii());
        match said {
            ResponseCode::NoError => Ok(()),
            // What RFC 2136 §3.2 says where a condition does not hold.
            ResponseCode::NXDomain
            | ResponseCode::YXDomain
            | ResponseCode::NXRRSet
            | ResponseCode::YXRRSet => Err(DnsFailure::Changed { server, zone }),
            said => Err(DnsFailure::NotTaken { server, zone, said }),
        }
    }
}
