//! A server whose certificate is known beforehand. A client that checks a chain and a
//! signature costs more than the server it measures; this one compares the certificate with
//! the one that was issued, and checks one signature in a few.

use crate::http_harness::keys::Issued;
use anyhow::{Context, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::atomic::{AtomicUsize, Ordering};

/// One in so many signatures is checked.
const CHECKED_SHARE: usize = 16;

/// Believes in one certificate.
#[derive(Debug)]
pub(super) struct KnownServer {
    certificate: CertificateDer<'static>,
    signatures: AtomicUsize,
}

impl KnownServer {
    pub(super) fn new(issued: &Issued) -> Result<Self> {
        let certificate = issued.load()?.0.into_iter().next().context("a certificate")?;
        Ok(Self { certificate, signatures: AtomicUsize::new(0) })
    }
}

impl ServerCertVerifier for KnownServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.certificate {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 was not offered".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let count = self.signatures.fetch_add(1, Ordering::Relaxed);
        if !count.is_multiple_of(CHECKED_SHARE) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
