//! Certifying: somebody's key, for a box, for some hours.

use super::public_key::{Shown, read};
use super::{BadKey, Grant, SourceNet, SshAuthority, SshIssued};
use crate::random::random;
use crate::{PeopleError, PersonName};
use contract::time::TimeUs;
use ssh_key::HashAlg;
use ssh_key::certificate::{Builder, CertType};
use ssh_key::public::KeyData;
use std::time::Duration;

/// What somebody gets who does not say for how long.
pub const DEFAULT_SSH_LIFE: Duration = Duration::from_secs(3600);

/// Nothing that lets anybody in outlasts a day.
pub const MAX_SSH_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Less would have ended before somebody has typed his command.
pub const MIN_SSH_LIFE: Duration = Duration::from_secs(60);

/// So far the clock of a box may be behind the fleet's: a certificate is good from so long ago. That
/// is part of the day that none outlasts.
pub const CLOCK_SKEW: Duration = Duration::from_secs(300);

const _: () = assert!(CLOCK_SKEW.as_secs() < DEFAULT_SSH_LIFE.as_secs());

/// An office, a few of its outposts, and both address families of each.
pub const MAX_SOURCES: usize = 16;

/// So that two certificates differ in more than what they say (PROTOCOL.certkeys).
const NONCE_BYTES: usize = 32;

/// A terminal; the other extensions (forwarding of agents, X11 and ports, the user's rc file) are
/// not given, which is how sshd knows that they are not allowed.
const TERMINAL: &str = "permit-pty";

/// Who wants into a box, with which key.
#[derive(Debug, Clone)]
pub struct SshWish<'a> {
    /// Who.
    pub person: &'a PersonName,
    /// What that person may there: [`allowed`](super::allowed) says it.
    pub grant: &'a Grant,
    /// The key that he has made: the line in its `.pub` file.
    pub public_key: &'a str,
    /// From where it is to be good; from everywhere, if nothing is said.
    pub source_addresses: &'a [SourceNet],
    /// For how long, from now.
    pub life: Duration,
    /// A number that no other has: [`new_serial`].
    pub serial: u64,
    /// When.
    pub now: TimeUs,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshCertificate {
    /// As ssh reads it from the file beside the key (`-cert.pub`): one line without its end.
    pub line: String,
    /// From when it is good.
    pub valid_after: TimeUs,
    /// Until when it is good.
    pub valid_before: TimeUs,
    /// What is written down of it, before anybody gets it ([`SshStore::add`](super::SshStore::add)).
    pub issued: SshIssued,
}

/// There is no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCertified {
    /// The key is not taken.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// The key is the fleet's own.
    #[error("this is the fleet's own key: give one that you have made")]
    OwnKey,
    /// Too long, or hardly any time.
    #[error("a certificate is good for a minute to 24 hours: ask for another when it has ended")]
    Life,
    /// From so many places.
    #[error("a certificate is good from {MAX_SOURCES} networks at most")]
    Sources,
    /// No number.
    #[error("a certificate has a serial number above 0")]
    Serial,
    /// Nobody can sign before 1970.
    #[error("the clock of the fleet is wrong: set it")]
    Clock,
    /// It could not be signed.
    #[error("an SSH certificate cannot be made: {0}")]
    Sign(#[from] ssh_key::Error),
    /// The system gives no random numbers.
    #[error("no random numbers")]
    Random,
}

/// A serial number that no other certificate has, also of a fleet that was restored from a backup and
/// has forgotten which it gave: 63 random bits, as many as the database takes.
///
/// # Errors
/// When there are no random numbers.
pub fn new_serial() -> Result<u64, PeopleError> {
    Ok((u64::from_be_bytes(random()?) >> 1).max(1))
}

impl SshAuthority {
    /// Certifies a key.
    ///
    /// # Errors
    /// [`NotCertified`] says what is wrong with the key or the wish.
    pub fn certify(&self, wish: &SshWish<'_>) -> Result<SshCertificate, NotCertified> {
        check(wish)?;
        let key = read(wish.public_key, Shown::ByAPerson)?;
        if key == *self.key.public_key().key_data() {
            return Err(NotCertified::OwnKey);
        }
        let (valid_after, valid_before) = validity(wish.now, wish.life);
        let issued = issued(wish, &key, valid_before);
        let builder = builder(key, wish, &issued.key_id, (valid_after, valid_before))?;
        let line = builder.sign(&self.key)?.to_openssh()?;
        Ok(SshCertificate { line, valid_after, valid_before, issued })
    }
}

fn check(wish: &SshWish<'_>) -> Result<(), NotCertified> {
    if !(MIN_SSH_LIFE..=MAX_SSH_LIFE).contains(&wish.life) {
        return Err(NotCertified::Life);
    }
    if wish.source_addresses.len() > MAX_SOURCES {
        return Err(NotCertified::Sources);
    }
    if wish.serial == 0 || i64::try_from(wish.serial).is_err() {
        return Err(NotCertified::Serial);
    }
    Ok(())
}

/// In whole seconds, a day at most from end to end.
fn validity(now: TimeUs, life: Duration) -> (TimeUs, TimeUs) {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let now = TimeUs(0).plus_s(now.unix_s());
    let valid_after = now.plus_s(-seconds(CLOCK_SKEW));
    let ends_at_most = valid_after.plus_s(seconds(MAX_SSH_LIFE));
    (valid_after, now.plus_s(seconds(life)).min(ends_at_most))
}

/// The id stands in the box's log: who it was, for which box, and by which certificate.
fn issued(wish: &SshWish<'_>, key: &KeyData, valid_before: TimeUs) -> SshIssued {
    let (person, appliance) = (wish.person.clone(), wish.grant.appliance().clone());
    SshIssued {
        serial: wish.serial,
        key_id: format!("{person}@{appliance}/{}", wish.serial),
        person,
        appliance,
        force_command: wish.grant.force_command().map(str::to_owned),
        source_addresses: wish.source_addresses.to_vec(),
        fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        issued_at: wish.now,
        not_after: valid_before,
    }
}

fn builder(
    key: KeyData,
    wish: &SshWish<'_>,
    key_id: &str,
    (valid_after, valid_before): (TimeUs, TimeUs),
) -> Result<Builder, NotCertified> {
    let unix_s = |at: TimeUs| u64::try_from(at.unix_s()).map_err(|_| NotCertified::Clock);
    let nonce = random::<NONCE_BYTES>().map_err(|_| NotCertified::Random)?;
    let mut builder = Builder::new(nonce, key, unix_s(valid_after)?, unix_s(valid_before)?)?;
    builder.serial(wish.serial)?.cert_type(CertType::User)?.key_id(key_id)?.comment(key_id)?;
    for principal in wish.grant.principals() {
        builder.valid_principal(principal)?;
    }
    match wish.grant.force_command() {
        Some(command) => builder.critical_option("force-command", command)?,
        None => builder.extension(TERMINAL, "")?,
    };
    if !wish.source_addresses.is_empty() {
        let sources: Vec<String> = wish.source_addresses.iter().map(ToString::to_string).collect();
        builder.critical_option("source-address", sources.join(","))?;
    }
    Ok(builder)
}

#[cfg(test)]
mod tests;
