//! An X.509 authority: a key that issues certificates, and its own certificate, beside it.

use crate::key_file::read_or_make;
use crate::keyring::KeyKind;
use crate::{CaError, RevokedCertificate, issue};
use contract::object::Digest;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// An authority outlives what it issues by far: it is replaced by another that the root names
/// beside it, and not because it ends.
const AUTHORITY_LIFE_D: u32 = 3650;

const DAY: Duration = Duration::from_secs(86_400);

/// Who issues certificates of one kind.
pub struct Authority {
    id: String,
    pem: String,
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority({})", self.id)
    }
}

pub(crate) fn generate() -> Result<String, CaError> {
    Ok(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?.serialize_pem())
}

/// Names an authority by its certificate.
#[must_use]
pub fn authority_id(kind: KeyKind, pem: &str) -> String {
    id_of(kind.as_str(), pem)
}

fn id_of(name: &str, pem: &str) -> String {
    format!("{name}-{}", &Digest::of(pem.trim().as_bytes()).to_string()[..16])
}

impl Authority {
    /// Takes the key in a file and the certificate beside it; makes what is not there.
    pub(crate) fn open(key_file: &Path, name: &str, now: SystemTime) -> Result<Self, CaError> {
        let key = read_or_make(key_file, true, generate, CaError::file(key_file))?;
        let key = KeyPair::from_pem(&key).map_err(|_| CaError::NotWhatItShouldBe {
            path: key_file.to_owned(),
            expected: "a private key in PEM",
        })?;
        let file = key_file.with_extension("pem");
        let make = || certificate(name, &key, now);
        let pem = read_or_make(&file, false, make, CaError::file(&file))?.to_string();
        let issuer = Issuer::from_ca_cert_pem(&pem, key)
            .map_err(|_| CaError::NotWhatItShouldBe { path: file, expected: "a certificate" })?;
        Ok(Self { id: id_of(name, &pem), pem, issuer })
    }

    /// Its certificate, in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Signs the list of what it has issued and takes back (RFC 5280 §5), in PEM; `None` where
    /// there is nothing of the kind.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn revoked(
        &self,
        all: &[RevokedCertificate],
        number: u64,
        now: SystemTime,
    ) -> Result<Option<String>, CaError> {
        let ours = all.iter().filter(|it| it.authority == self.id);
        let revoked_certs: Vec<_> = ours.map(revoked_cert).collect::<Result<_, _>>()?;
        if revoked_certs.is_empty() {
            return Ok(None);
        }
        let list = CertificateRevocationListParams {
            this_update: now.into(),
            next_update: (now + AUTHORITY_LIFE_D * DAY).into(),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(Some(list.signed_by(&self.issuer)?.pem()?))
    }
}

/// One that cannot be read must not be left out: it would count on.
fn revoked_cert(revoked: &RevokedCertificate) -> Result<RevokedCertParams, CaError> {
    let corrupt = |why: &str| db::Error::corrupt(format!("certificate {}", revoked.serial), why);
    let serial = serial_bytes(&revoked.serial).ok_or_else(|| corrupt("its number is none"))?;
    let at = u64::try_from(revoked.at.0).map_err(|_| corrupt("revoked before 1970"))?;
    Ok(RevokedCertParams {
        serial_number: SerialNumber::from_slice(&serial),
        revocation_time: (SystemTime::UNIX_EPOCH + Duration::from_micros(at)).into(),
        reason_code: None,
        invalidity_date: None,
    })
}

/// Of hexadecimal digits, two for each.
fn serial_bytes(serial: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = serial.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

fn certificate(name: &str, key: &KeyPair, now: SystemTime) -> Result<String, CaError> {
    let mut params = CertificateParams::default();
    // A name of its own, so that a browser that once knew another fleet is not confused.
    let mark = Digest::of(key.public_key_raw()).to_string();
    let name = format!("Headend {name} {}", &mark[..8]);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    issue::set_life(&mut params, now, AUTHORITY_LIFE_D.into())?;
    Ok(params.self_signed(key)?.pem())
}
