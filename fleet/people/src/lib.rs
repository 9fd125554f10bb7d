//! Who people are to the fleet, and what they may do.
//!
//! Somebody logs in with a password and shows a session from then on; what he may do is his role.
//! Into a box he comes by a certificate of the fleet for a key of his own (OpenSSH's PROTOCOL.certkeys),
//! which is good for that box and for some hours: nobody needs a key on a box. What the box shows him was
//! pinned when it joined.
//!
//! Not here: HTTP, which of its requests need which role, and what a box does with a certificate
//! (that is its sshd's business).
//!
//! Read in this order: [`Role`] and [`PersonName`]; [`PeopleStore`] with [`NewSession`], [`Caller`] and
//! [`NotLoggedIn`] (logging in); `limits` and `hashing` (what it costs to try); [`allowed`], [`SshAuthority`] and
//! [`SshWish`] (into a box); [`SshStore`] and [`HostKeyStore`].

mod error;
mod hashing;
mod limits;
mod name;
mod password;
mod random;
mod role;
mod session;
mod ssh;
mod store;

pub use error::PeopleError;
pub use name::{BadPersonName, MAX_PERSON_NAME_LEN, PersonName};
pub use password::{
    BadPassword, MAX_PASSWORD_BYTES, MIN_PASSWORD_BYTES, check_password, random_password,
};
pub use role::{NoRole, Role};
pub use session::{Caller, NewSession, NotLoggedIn, SESSION_LIFE, SESSIONS_AT_MOST, TOKEN_PREFIX};
pub use ssh::{
    BOX_CONFIG, BadHost, BadKey, BadSource, CLOCK_SKEW, DEFAULT_SSH_LIFE, Grant, HostKey,
    HostKeyStore, MAX_HOST_KEYS, MAX_SOURCES, MAX_SSH_LIFE, MIN_RSA_BITS, MIN_SSH_LIFE,
    NotCertified, READ_ONLY_COMMANDS, Refused, SSH_PORT, SourceNet, SshAuthority, SshCertificate,
    SshHost, SshIssued, SshStore, SshWish, allowed, new_serial,
};
pub use store::{PEOPLE_AT_MOST, PeopleStore, Person};
