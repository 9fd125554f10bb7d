//! Into a box and onto the right one: certificates for people, pinned keys of hosts.

mod authority;
mod certify;
mod grant;
mod host_keys;
mod issued;
mod known_hosts;
mod public_key;
mod source;

pub use authority::SshAuthority;
pub use certify::{
    CLOCK_SKEW, DEFAULT_SSH_LIFE, MAX_SOURCES, MAX_SSH_LIFE, MIN_SSH_LIFE, NotCertified,
    SshCertificate, SshWish, new_serial,
};
pub use grant::{BOX_CONFIG, Grant, READ_ONLY_COMMANDS, Refused, allowed};
pub use host_keys::{HostKey, HostKeyStore, MAX_HOST_KEYS};
pub use issued::{SshIssued, SshStore};
pub use known_hosts::{BadHost, SSH_PORT, SshHost};
pub use public_key::{BadKey, MIN_RSA_BITS};
pub use source::{BadSource, SourceNet};
