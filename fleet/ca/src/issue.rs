//! What is issued, to whom, and for how long.

use crate::{Ca, CaError};
use contract::exchange::{FLEET_IDENTITY_NAME, identity_name, site_name};
use contract::names::{DeviceName, SiteName};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SerialNumber,
};
use std::time::{Duration, SystemTime};

/// A box serves alone for at least 30 days after it was cut off, so nothing it stands on may
/// end sooner. Four times that: renewed at half its life, it still has twice what is needed.
pub const ISSUED_LIFE_D: u64 = 120;

const _: () = assert!(ISSUED_LIFE_D >= 4 * 30);

/// Clocks of boxes differ from ours; a certificate must not come from their future.
const BACKDATED_S: u64 = 3600;

const DAY_S: u64 = 86_400;

/// A certificate and its key, in PEM. The chain holds the leaf alone: the root signs it.
#[derive(Clone)]
pub struct Issued {
    /// The certificate chain, leaf first.
    pub chain_pem: String,
    /// The private key, PKCS #8.
    pub key_pem: String,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("chain_pem", &self.chain_pem).finish_non_exhaustive()
    }
}

impl Ca {
    /// Who a box is, and where it stands, towards the fleet and its siblings: client and server.
    ///
    /// # Errors
    /// [`CaError`] when keys or random numbers cannot be made.
    pub fn issue_identity(
        &self,
        device: &DeviceName,
        site: &SiteName,
        now: SystemTime,
    ) -> Result<Issued, CaError> {
        use ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
        let names = vec![identity_name(device), site_name(site)];
        self.issue(device.as_str(), names, &[ServerAuth, ClientAuth], now)
    }

    /// Who the fleet is, on its control listener.
    ///
    /// # Errors
    /// As [`Ca::issue_identity`].
    pub fn issue_control(&self, now: SystemTime) -> Result<Issued, CaError> {
        let names = vec![FLEET_IDENTITY_NAME.to_owned()];
        self.issue("fleet control", names, &[ExtendedKeyUsagePurpose::ServerAuth], now)
    }

    /// What a box shows to viewers: exactly these host names.
    ///
    /// # Errors
    /// As [`Ca::issue_identity`], and when a name is no DNS name.
    pub fn issue_player(
        &self,
        device: &DeviceName,
        host_names: Vec<String>,
        now: SystemTime,
    ) -> Result<Issued, CaError> {
        self.issue(device.as_str(), host_names, &[ExtendedKeyUsagePurpose::ServerAuth], now)
    }

    fn issue(
        &self,
        common_name: &str,
        names: Vec<String>,
        usages: &[ExtendedKeyUsagePurpose],
        now: SystemTime,
    ) -> Result<Issued, CaError> {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = usages.to_vec();
        params.use_authority_key_identifier_extension = true;
        set_life(&mut params, now, ISSUED_LIFE_D)?;
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { chain_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }
}

pub(crate) fn set_life(
    params: &mut CertificateParams,
    now: SystemTime,
    days: u64,
) -> Result<(), CaError> {
    params.not_before = (now - Duration::from_secs(BACKDATED_S)).into();
    params.not_after = (now + Duration::from_secs(days * DAY_S)).into();
    params.serial_number = Some(random_serial()?);
    Ok(())
}

/// RFC 5280 §4.1.2.2: positive and at most 20 octets; random, so that no two ever meet.
fn random_serial() -> Result<SerialNumber, CaError> {
    let mut bytes = [0u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| CaError::Random)?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

#[cfg(test)]
mod tests;
