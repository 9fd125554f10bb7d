//! Session tickets under keys of our own, since those of the TLS library cannot leave it: with
//! them, viewers resume their sessions with the process that comes after this one (RFC 8446
//! §4.6.1, RFC 5077).
//!
//! A ticket is the name of its key, a nonce, and the session, sealed by AES-256-GCM. Nonces
//! are random, so a key is good for 2^32 tickets: it is in use for six hours, in which a box
//! would have to shake 100,000 hands a second to come near. What it has sealed opens for six
//! hours more. Nothing of a key is ever written to a disk.

use arc_swap::ArcSwap;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use rustls::server::ProducesTickets;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// How long a key seals, and then how long it still opens.
const PERIOD_S: u32 = 6 * 60 * 60;

const NAME_LEN: usize = 16;

/// A key on its way to another process.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Secret {
    name: [u8; NAME_LEN],
    key: [u8; 32],
    made_at_s: u64,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// All keys on their way to another process, the one in use first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketSecrets(Vec<Secret>);

struct Key {
    secret: Secret,
    aead: RandomizedNonceKey,
}

impl Key {
    fn of(secret: Secret) -> Option<Arc<Self>> {
        let aead = RandomizedNonceKey::new(&AES_256_GCM, &secret.key).ok()?;
        Some(Arc::new(Self { secret, aead }))
    }

    fn fresh(now_s: u64) -> Option<Arc<Self>> {
        let mut secret = Secret { name: [0; NAME_LEN], key: [0; 32], made_at_s: now_s };
        aws_lc_rs::rand::fill(&mut secret.name).ok()?;
        aws_lc_rs::rand::fill(&mut secret.key).ok()?;
        Self::of(secret)
    }

    fn age_s(&self, now_s: u64) -> u64 {
        now_s.saturating_sub(self.secret.made_at_s)
    }
}

struct Keys {
    current: Arc<Key>,
    previous: Option<Arc<Key>>,
}

/// Seals and opens tickets.
pub(crate) struct Tickets(ArcSwap<Keys>);

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets")
    }
}

impl Tickets {
    /// Goes on with keys of the process before, or with a new one. `None` without randomness.
    pub(crate) fn new(before: &TicketSecrets) -> Option<Arc<Self>> {
        let mut keys = before.0.iter().cloned().filter_map(Key::of);
        let current = keys.next().or_else(|| Key::fresh(now_s()))?;
        let previous = keys.next();
        Some(Arc::new(Self(ArcSwap::from_pointee(Keys { current, previous }))))
    }

    /// The keys, for the next process.
    pub(crate) fn secrets(&self) -> TicketSecrets {
        let keys = self.0.load();
        let keys = [Some(&keys.current), keys.previous.as_ref()];
        TicketSecrets(keys.into_iter().flatten().map(|key| key.secret.clone()).collect())
    }

    /// The keys, rotated when their time has come. Whoever is first rotates.
    fn keys(&self, now_s: u64) -> Arc<Keys> {
        let keys = self.0.load_full();
        if keys.current.age_s(now_s) < PERIOD_S.into() {
            return keys;
        }
        // Without randomness the old key goes on.
        let Some(current) = Key::fresh(now_s) else { return keys };
        // One that nobody has used for long opens nothing any more.
        let is_young = keys.current.age_s(now_s) < 2 * u64::from(PERIOD_S);
        let previous = is_young.then(|| Arc::clone(&keys.current));
        self.0.compare_and_swap(&keys, Arc::new(Keys { current, previous }));
        self.0.load_full()
    }

    fn seal(&self, plain: &[u8], now_s: u64) -> Option<Vec<u8>> {
        let key = &self.keys(now_s).current;
        let mut sealed = plain.to_vec();
        let name = key.secret.name;
        let nonce = key.aead.seal_in_place_append_tag(Aad::from(name), &mut sealed).ok()?;
        Some([&name[..], nonce.as_ref(), &sealed].concat())
    }

    fn open(&self, ticket: &[u8], now_s: u64) -> Option<Vec<u8>> {
        let (name, rest) = ticket.split_first_chunk::<NAME_LEN>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let keys = self.keys(now_s);
        let key = [Some(&keys.current), keys.previous.as_ref()];
        let key = key.into_iter().flatten().find(|key| key.secret.name == *name)?;
        if key.age_s(now_s) >= 2 * u64::from(PERIOD_S) {
            return None;
        }
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let len = key.aead.open_in_place(nonce, Aad::from(name), &mut sealed).ok()?.len();
        sealed.truncate(len);
        Some(sealed)
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        PERIOD_S
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.seal(plain, now_s())
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.open(cipher, now_s())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &[u8] = b"a session";
    const PERIOD: u64 = PERIOD_S as u64;

    fn tickets() -> Arc<Tickets> {
        Tickets::new(&TicketSecrets::default()).expect("randomness")
    }

    #[test]
    fn tickets_open_where_they_were_made_and_where_the_keys_went() {
        let (first, stranger) = (tickets(), tickets());
        let ticket = first.encrypt(SESSION).expect("sealed");
        assert_ne!(first.encrypt(SESSION).as_ref(), Some(&ticket), "a nonce came twice");
        assert_eq!(first.decrypt(&ticket).as_deref(), Some(SESSION));
        assert_eq!(stranger.decrypt(&ticket), None);
        let text = serde_json::to_string(&first.secrets()).expect("json");
        let next = Tickets::new(&serde_json::from_str(&text).expect("back")).expect("keys");
        assert_eq!(next.decrypt(&ticket).as_deref(), Some(SESSION));
        assert_eq!(format!("{:?}", next.secrets()), "TicketSecrets([Secret])");
    }

    #[test]
    fn keys_rotate_and_end() {
        let tickets = tickets();
        let now = now_s();
        let ticket = tickets.seal(SESSION, now).expect("sealed");
        let later = tickets.seal(SESSION, now + PERIOD + 1).expect("sealed");
        assert_ne!(ticket[..NAME_LEN], later[..NAME_LEN]);
        assert_eq!(tickets.secrets().0.len(), 2);
        assert_eq!(tickets.open(&ticket, now + PERIOD + 1).as_deref(), Some(SESSION));
        assert_eq!(tickets.open(&ticket, now + 2 * PERIOD + 1), None);
        assert_eq!(tickets.open(&later, now + 2 * PERIOD).as_deref(), Some(SESSION));
        // Nobody came for a day: what was sealed before is too old.
        assert_eq!(tickets.open(&later, now + 5 * PERIOD), None);
        assert_eq!(tickets.secrets().0.len(), 1);
    }

    #[test]
    fn what_is_no_ticket_does_not_open() {
        let tickets = tickets();
        let ticket = tickets.encrypt(SESSION).expect("sealed");
        for len in 0..ticket.len() {
            assert_eq!(tickets.decrypt(&ticket[..len]), None, "{len}");
        }
        for at in 0..ticket.len() {
            let mut wrong = ticket.clone();
            wrong[at] ^= 1;
            assert_eq!(tickets.decrypt(&wrong), None, "{at}");
        }
    }
}
