//! From a certificate that has been verified back to the box that it names.

use contract::exchange::{identity_name, is_site_name};
use contract::names::DeviceName;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// The device that an identity certificate names. The caller has verified the certificate
/// against the root: this only reads it.
#[must_use]
pub fn device_of(certificate_der: &[u8]) -> Option<DeviceName> {
    let (_, certificate) = X509Certificate::from_der(certificate_der).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    // Exactly one name, and its site: a certificate for two boxes would be neither.
    let name = match names.value.general_names.as_slice() {
        [GeneralName::DNSName(name)] => name,
        [GeneralName::DNSName(name), GeneralName::DNSName(site)] if is_site_name(site) => name,
        _ => return None,
    };
    let (device, _) = name.split_once(".box.internal")?;
    let device = DeviceName::new(device).ok()?;
    (identity_name(&device) == *name).then_some(device)
}
