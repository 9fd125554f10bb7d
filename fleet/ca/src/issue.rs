//! What is issued, to whom, and for how long.

use crate::authority::Authority;
use crate::{CaError, RequestedKey};
use contract::exchange::{FLEET_IDENTITY_NAME, identity_name, site_name};
use contract::names::{DeviceName, SiteName};
use contract::time::TimeUs;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SerialNumber,
};
use std::time::{Duration, SystemTime};

/// A box serves alone for at least 30 days after it was cut off, so nothing it stands on may
/// end sooner. Four times that: renewed at two thirds to three quarters of its life, it still has
/// what is needed.
pub const ISSUED_LIFE_D: u64 = 120;

const _: () = assert!(ISSUED_LIFE_D >= 4 * 30);

/// Clocks of boxes differ from ours; a certificate must not come from their future.
const BACKDATED_S: u64 = 3600;

const DAY_S: u64 = 86_400;

/// A certificate and its key, in PEM. The chain holds the leaf alone: the authority signs it.
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

/// A certificate for a key that is held by whom it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// What the authority numbers it with, in hexadecimal digits.
    pub serial: String,
    /// The chain, leaf first, in PEM.
    pub chain_pem: String,
    /// When it ends.
    pub not_after: TimeUs,
}

/// Whom a certificate names.
struct Subject<'a> {
    common_name: &'a str,
    names: Vec<String>,
    usages: &'a [ExtendedKeyUsagePurpose],
}

impl<'a> Subject<'a> {
    fn identity(device: &'a DeviceName, site: &SiteName) -> Self {
        use ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
        let names = vec![identity_name(device), site_name(site)];
        Self { common_name: device.as_str(), names, usages: &[ServerAuth, ClientAuth] }
    }

    fn player(device: &'a DeviceName, names: Vec<String>) -> Self {
        let usages = &[ExtendedKeyUsagePurpose::ServerAuth];
        Self { common_name: device.as_str(), names, usages }
    }

    fn params(self, now: SystemTime) -> Result<CertificateParams, CaError> {
        let mut params = CertificateParams::new(self.names)?;
        params.distinguished_name.push(DnType::CommonName, self.common_name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = self.usages.to_vec();
        params.use_authority_key_identifier_extension = true;
        set_life(&mut params, now, ISSUED_LIFE_D)?;
        Ok(params)
    }
}

impl Authority {
    /// Who a box is, and where it stands, towards the fleet and its siblings: client and server.
    ///
    /// # Errors
    /// [`CaError`] when random numbers cannot be had.
    pub fn certify_identity(
        &self,
        key: &RequestedKey,
        device: &DeviceName,
        site: &SiteName,
        now: SystemTime,
    ) -> Result<Certified, CaError> {
        self.certify(key, &Subject::identity(device, site).params(now)?)
    }

    /// What a box shows to viewers: exactly these host names.
    ///
    /// # Errors
    /// As [`Authority::certify_identity`], and when a name is no DNS name.
    pub fn certify_player(
        &self,
        key: &RequestedKey,
        device: &DeviceName,
        host_names: Vec<String>,
        now: SystemTime,
    ) -> Result<Certified, CaError> {
        self.certify(key, &Subject::player(device, host_names).params(now)?)
    }

    /// Who the fleet is, on its control listener.
    ///
    /// # Errors
    /// As [`Authority::certify_identity`].
    pub fn issue_control(&self, now: SystemTime) -> Result<Issued, CaError> {
        let names = vec![FLEET_IDENTITY_NAME.to_owned()];
        let usages = &[ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(&Subject { common_name: "fleet control", names, usages }.params(now)?)
    }

    /// Who the fleet is towards people and players, under these names, for as long as the authority
    /// is good: whoever could steal this one's key could steal the authority's, which lies on the same
    /// machine, and a fleet whose clock is wrong can still be talked to.
    pub(crate) fn issue_front(
        &self,
        names: Vec<String>,
        (not_before, not_after): (SystemTime, SystemTime),
    ) -> Result<Issued, CaError> {
        let usages = &[ExtendedKeyUsagePurpose::ServerAuth];
        let subject = Subject { common_name: "fleet", names, usages };
        let mut params = subject.params(not_before)?;
        params.not_before = not_before.into();
        params.not_after = not_after.into();
        self.issue(&params)
    }

    /// What names a server whose key is made here.
    fn issue(&self, params: &CertificateParams) -> Result<Issued, CaError> {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { chain_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }

    fn certify(
        &self,
        key: &RequestedKey,
        params: &CertificateParams,
    ) -> Result<Certified, CaError> {
        let serial = params.serial_number.as_ref().map_or(Vec::new(), SerialNumber::to_bytes);
        let not_after = SystemTime::from(params.not_after);
        let certificate = params.signed_by(key.key(), &self.issuer)?;
        Ok(Certified {
            serial: serial.iter().map(|byte| format!("{byte:02x}")).collect(),
            chain_pem: certificate.pem(),
            not_after: not_after.into(),
        })
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
