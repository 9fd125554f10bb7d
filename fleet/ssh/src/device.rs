//! Whom we visit.

use crate::{HostKeys, Login, SshFailure, Why};
use std::net::SocketAddr;
use std::sync::Arc;

/// A device, as inventory knows it.
#[derive(Debug, Clone)]
pub struct Device {
    /// Its name, for people.
    pub name: String,
    /// Where its SSH server is.
    pub address: SocketAddr,
    /// By what it is known.
    pub host_keys: HostKeys,
    /// What is spoken with it.
    pub algorithms: Algorithms,
    /// As whom it is visited.
    pub login: Arc<Login>,
}

impl Device {
    pub(crate) fn failure(&self, why: Why) -> SshFailure {
        SshFailure { device: self.name.clone(), address: self.address, why }
    }
}

/// What is spoken with a device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Algorithms {
    /// What OpenSSH takes today: nothing with SHA-1, CBC or RC4.
    #[default]
    Current,
    /// For devices that know nothing better: also SHA-1 in signatures and key exchange, and CBC.
    Old,
}

impl Algorithms {
    /// Key exchanges, best first; what libssh2 was built without is left out by it. With the words by
    /// which both sides agree to be strict about the order of messages (CVE-2023-48795).
    pub(crate) fn key_exchanges(self) -> &'static str {
        match self {
            Self::Current => concat!(
                "mlkem768x25519-sha256,curve25519-sha256,curve25519-sha256@libssh.org,",
                "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,",
                "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,",
                "diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256,",
                "ext-info-c,kex-strict-c-v00@openssh.com"
            ),
            Self::Old => concat!(
                "curve25519-sha256,curve25519-sha256@libssh.org,",
                "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,",
                "diffie-hellman-group16-sha512,diffie-hellman-group14-sha256,",
                "diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha1,",
                "diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1,",
                "ext-info-c,kex-strict-c-v00@openssh.com"
            ),
        }
    }

    /// Ciphers, those first that have their own checksum.
    pub(crate) fn ciphers(self) -> &'static str {
        match self {
            Self::Current => concat!(
                "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,",
                "aes128-ctr,aes192-ctr,aes256-ctr"
            ),
            Self::Old => concat!(
                "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,",
                "aes128-ctr,aes192-ctr,aes256-ctr,aes256-cbc,aes128-cbc,3des-cbc"
            ),
        }
    }

    /// With what an RSA key of ours signs.
    pub(crate) fn rsa_signatures(self) -> &'static str {
        match self {
            Self::Current => "rsa-sha2-512,rsa-sha2-256",
            Self::Old => "rsa-sha2-512,rsa-sha2-256,ssh-rsa",
        }
    }

    /// Checksums for the other ciphers.
    pub(crate) fn checksums(self) -> &'static str {
        match self {
            Self::Current => concat!(
                "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,",
                "hmac-sha2-256,hmac-sha2-512"
            ),
            Self::Old => concat!(
                "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,",
                "hmac-sha2-256,hmac-sha2-512,hmac-sha1"
            ),
        }
    }
}
