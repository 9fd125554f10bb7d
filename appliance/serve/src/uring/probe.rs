//! Whether this engine can run here, and what the kernel does for it.

use super::ring::ktls;
use records::frame::MAX_RECORD_LEN;
use records::kernel::CryptoInfo;
use records::open::Opener;
use rustls::crypto::cipher::{AeadKey, Iv};
use rustls::{ConnectionTrafficSecrets, ProtocolVersion};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Tries what the engine needs; says what is missing.
///
/// # Errors
/// In words: io_uring is forbidden in many containers, and old kernels lack parts of it.
pub fn check() -> Result<(), String> {
    // A ring belongs to the thread that made it: this one is thrown away.
    let attempt = std::thread::spawn(|| {
        let ring = super::ring::new()?;
        super::ring::Provided::register(&ring).map(|provided| {
            drop(ring);
            drop(provided);
        })
    });
    match attempt.join() {
        Ok(Ok(())) => Ok(()),
        Ok(Err(err)) => Err(err.to_string()),
        Err(_) => Err("probing io_uring panicked".to_owned()),
    }
}

/// The kernel can seal records; what it can do beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelTls {
    /// It can change a key while a connection lasts (from 6.14 on).
    pub can_change_keys: bool,
}

/// Has the kernel seal a record between two sockets of ours, and opens it.
///
/// # Errors
/// In words: what it cannot do.
pub fn kernel_tls() -> Result<KernelTls, String> {
    const VERSION: ProtocolVersion = ProtocolVersion::TLSv1_3;
    const SAID: &[u8] = b"sealed by the kernel";
    let failed = |err: io::Error| format!("probing it failed: {err}");
    let (mut ours, mut theirs) = two_sockets().map_err(failed)?;
    let key = CryptoInfo::new(VERSION, &no_secret()).ok_or("no cipher in common")?;
    ktls::begin(ours.as_raw_fd(), &key).map_err(|err| format!("it takes no key: {err}"))?;
    ours.write_all(SAID).map_err(failed)?;
    let mut record = vec![0; MAX_RECORD_LEN];
    let count = theirs.read(&mut record).map_err(failed)?;
    record.truncate(count);
    let mut opener = Opener::new(VERSION, (0, no_secret())).map_err(|err| err.to_string())?;
    let opened = opener.open(&mut record).ok().and_then(|(_, range)| record.get(range));
    if opened != Some(SAID) {
        return Err("what it seals does not open".to_owned());
    }
    let can_change_keys = ktls::change_key(ours.as_raw_fd(), &key).is_ok();
    Ok(KernelTls { can_change_keys })
}

fn two_sockets() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let ours = TcpStream::connect(listener.local_addr()?)?;
    let (theirs, _) = listener.accept()?;
    theirs.set_read_timeout(Some(Duration::from_secs(1)))?;
    Ok((ours, theirs))
}

/// A key that protects nothing, between two sockets of this thread.
fn no_secret() -> ConnectionTrafficSecrets {
    let (key, iv) = (AeadKey::from([0; 32]), Iv::new([0; 12]));
    ConnectionTrafficSecrets::Aes256Gcm { key, iv }
}
