//! What an authority has issued, looked at before a box is given it.

use ca::{Certified, Wish};
use contract::certificates::MAX_CHAIN_BYTES;
use contract::time::TimeUs;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::collections::BTreeSet;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Reads a chain, leaf first, and sees that it is for the key and the names that were wished for.
///
/// # Errors
/// In words, when it is not.
pub(crate) fn certified(chain_pem: String, wish: &Wish, now: TimeUs) -> Result<Certified, String> {
    if chain_pem.len() > MAX_CHAIN_BYTES {
        return Err(format!(
            "a chain of {} bytes, and boxes take {MAX_CHAIN_BYTES}",
            chain_pem.len()
        ));
    }
    let der =
        CertificateDer::from_pem_slice(chain_pem.as_bytes()).map_err(|err| err.to_string())?;
    let (_, leaf) = X509Certificate::from_der(&der).map_err(|err| err.to_string())?;
    if leaf.public_key().subject_public_key.data != wish.request.key_bytes() {
        return Err("it is for another key".to_owned());
    }
    let (is, wanted) = (names(&leaf)?, wish.host_names.iter().map(String::as_str).collect());
    if is != wanted {
        return Err(format!("it is for {is:?}"));
    }
    let not_after = TimeUs(0).plus_s(leaf.validity().not_after.timestamp());
    if not_after <= now {
        return Err("it has ended".to_owned());
    }
    let serial = leaf.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Certified { serial, chain_pem, not_after })
}

fn names<'a>(leaf: &X509Certificate<'a>) -> Result<BTreeSet<&'a str>, String> {
    let found = leaf.subject_alternative_name().map_err(|err| err.to_string())?;
    let all = found.into_iter().flat_map(|it| &it.value.general_names);
    let name = |name: &GeneralName<'a>| match name {
        GeneralName::DNSName(name) => Ok(*name),
        _ => Err("it names more than hosts".to_owned()),
    };
    all.map(name).collect()
}

#[cfg(test)]
mod tests;
