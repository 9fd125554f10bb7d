//! Hashing passwords: Argon2id (RFC 9106), a few at once.

use crate::PeopleError;
use crate::random::random;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Memory for each password, and how often it is gone through: with 19 MiB twice is what OWASP asks for
/// at least, and a log-in costs a server some hundredths of a second.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// What is hashed at once needs this much times [`MEMORY_KIB`], and leaves processors to all else.
const AT_ONCE_AT_MOST: usize = 4;

/// Who is behind so many others would wait for seconds: better told to come back.
const WAITING_AT_MOST: usize = 64;

/// The hash of nobody's password, with our parameters: whoever names somebody who is not there waits as
/// long as whoever gives a wrong password.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes passwords, and compares them.
#[derive(Debug)]
pub(crate) struct Hashing {
    places: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Hashing {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let at_once = (cores / 2).clamp(1, AT_ONCE_AT_MOST);
        Self {
            places: Arc::new(Semaphore::new(at_once + WAITING_AT_MOST)),
            running: Arc::new(Semaphore::new(at_once)),
        }
    }

    /// What may be kept of a password, as a PHC string.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, PeopleError> {
        let salt = random::<16>()?;
        let hash = move |password: &str| {
            argon2()?.hash_password_with_salt(password.as_bytes(), &salt).map(|it| it.to_string())
        };
        self.run(password, hash).await
    }

    /// Whether it is the password that this was kept of. Of nobody, no password is; that takes as long.
    pub(crate) async fn is(
        &self,
        password: &str,
        kept: Option<String>,
    ) -> Result<bool, PeopleError> {
        let is = move |password: &str| {
            let is_somebodys = kept.is_some();
            let kept = kept.unwrap_or_else(|| NOBODYS.to_owned());
            match argon2()?.verify_password(password.as_bytes(), &PasswordHash::new(&kept)?) {
                Ok(()) => Ok(is_somebodys),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(err) => Err(err),
            }
        };
        self.run(password, is).await
    }

    /// Where hashing keeps nobody else waiting. Who leaves has it go on, and keeps his place until it
    /// is done.
    async fn run<T: Send + 'static>(
        &self,
        password: &str,
        work: impl FnOnce(&str) -> password_hash::Result<T> + Send + 'static,
    ) -> Result<T, PeopleError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| PeopleError::Busy)?;
        let turn = Arc::clone(&self.running).acquire_owned().await;
        let turn = turn.map_err(|_| PeopleError::Busy)?;
        let password = Zeroizing::new(password.to_owned());
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&password);
            drop((place, turn));
            done
        });
        let done = done.await.map_err(|err| PeopleError::Hashing(err.to_string()))?;
        done.map_err(|err| PeopleError::Hashing(err.to_string()))
    }
}

fn argon2() -> password_hash::Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "correct horse battery staple";

    #[tokio::test]
    async fn a_password_is_known_by_what_was_kept_of_it() {
        let hashing = Hashing::new();
        let kept = hashing.hash(PASSWORD).await.expect("hashed");
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        let again = hashing.hash(PASSWORD).await.expect("hashed");
        assert_ne!(kept, again, "no salt");
        assert!(hashing.is(PASSWORD, Some(kept.clone())).await.expect("compared"));
        assert!(!hashing.is("another", Some(kept)).await.expect("compared"));
        let corrupt = hashing.is(PASSWORD, Some("corrupt".to_owned())).await;
        assert!(matches!(corrupt, Err(PeopleError::Hashing(_))), "{corrupt:?}");
    }

    /// The cost is in the string, so that it can be compared without a clock.
    #[tokio::test]
    async fn nobodys_password_costs_what_somebodys_does() {
        let hashing = Hashing::new();
        assert!(!hashing.is(PASSWORD, None).await.expect("compared"));
        let kept = hashing.hash(PASSWORD).await.expect("hashed");
        let (ours, nobodys) = (PasswordHash::new(&kept), PasswordHash::new(NOBODYS));
        let (ours, nobodys) = (ours.expect("ours"), nobodys.expect("nobody's"));
        assert_eq!(ours.algorithm, nobodys.algorithm);
        assert_eq!(ours.version, nobodys.version);
        assert_eq!(ours.params, nobodys.params);
        assert_eq!(kept.len(), NOBODYS.len());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_flood_is_told_to_come_back() {
        let hashing = Arc::new(Hashing::new());
        let turns = hashing.running.available_permits();
        let held = Arc::clone(&hashing.running)
            .acquire_many_owned(u32::try_from(turns).expect("few"))
            .await;
        let held = held.expect("all turns");
        let mut waiting = Vec::new();
        for _ in 0..turns + WAITING_AT_MOST {
            let place = Arc::clone(&hashing.places).try_acquire_owned();
            waiting.push(place.expect("a place"));
        }
        let refused = hashing.hash(PASSWORD).await;
        assert!(matches!(refused, Err(PeopleError::Busy)), "{refused:?}");
        drop((held, waiting));
        hashing.hash(PASSWORD).await.expect("there is room again");
    }
}
