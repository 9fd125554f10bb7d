//! The kernel seals what a socket sends (kTLS).

use crate::sockopt;
use nix::errno::Errno;
use nix::libc;
use records::frame::ContentType;
use records::kernel::CryptoInfo;
use std::io;
use std::os::fd::RawFd;

/// Has the kernel seal from here on: everything that was sealed by us must have been sent.
pub(in super::super) fn begin(socket: RawFd, key: &CryptoInfo) -> io::Result<()> {
    sockopt::set_tls(socket)?;
    change_key(socket, key)
}

/// The key for what is sent from here on.
pub(in super::super) fn change_key(socket: RawFd, key: &CryptoInfo) -> io::Result<()> {
    sockopt::set_tls_transmit_key(socket, key.octets())
}

/// Room for one control message of one byte, where such a header may stand.
#[repr(C)]
union Control {
    _header: libc::cmsghdr,
    octets: [u8; 32],
}

/// Sends a record of its own that is no content, all of it or nothing.
pub(in super::super) fn send_message(
    socket: RawFd,
    kind: ContentType,
    message: &[u8],
) -> io::Result<()> {
    let mut control = Control { octets: [0; 32] };
    let mut part =
        libc::iovec { iov_base: message.as_ptr().cast_mut().cast(), iov_len: message.len() };
    // SAFETY: all zeros is a message without address, parts and control data.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = (&raw mut control).cast();
    // SAFETY: a calculation.
    header.msg_controllen = unsafe { libc::CMSG_SPACE(1) } as _;
    // SAFETY: `control` has room for the header and one byte, and stands where a header may.
    unsafe {
        let first = libc::CMSG_FIRSTHDR(&raw const header);
        (*first).cmsg_level = libc::SOL_TLS;
        (*first).cmsg_type = libc::TLS_SET_RECORD_TYPE;
        (*first).cmsg_len = libc::CMSG_LEN(1) as _;
        *libc::CMSG_DATA(first) = kind.octet();
    }
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the kernel reads what `header` points at before it returns, and keeps nothing.
    let sent = unsafe { libc::sendmsg(socket, &raw const header, flags) };
    match Errno::result(sent).map_err(io::Error::from)? {
        count if usize::try_from(count) == Ok(message.len()) => Ok(()),
        _ => Err(io::ErrorKind::WriteZero.into()),
    }
}
