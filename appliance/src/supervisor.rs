//! Word to whoever watches over the process, as systemd has it (sd_notify(3)): a datagram to
//! the socket that `NOTIFY_SOCKET` names. Without one nothing is said.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The box serves, by this process.
pub(crate) fn ready() {
    tell(&format!("READY=1\nMAINPID={}", std::process::id()));
}

/// From now on another process is the box.
pub(crate) fn main_process(pid: u32) {
    tell(&format!("MAINPID={pid}"));
}

/// The box is about to end.
pub(crate) fn stopping() {
    tell("STOPPING=1");
}

fn tell(state: &str) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(err) = send(&name, state) {
        tracing::warn!(%err, ?name, "the supervisor cannot be told");
    }
}

fn send(name: &OsStr, state: &str) -> io::Result<()> {
    let address = match name.as_bytes().split_first() {
        Some((b'@', rest)) => SocketAddr::from_abstract_name(rest)?,
        _ => SocketAddr::from_pathname(name)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supervisor_hears_it_by_path_and_by_abstract_name() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("notify");
        let by_path = UnixDatagram::bind(&path).expect("bound");
        let name = format!("headend-{}", std::process::id());
        let abstract_name = SocketAddr::from_abstract_name(&name).expect("name");
        let by_name = UnixDatagram::bind_addr(&abstract_name).expect("bound");
        for (socket, name) in
            [(by_path, path.into_os_string()), (by_name, format!("@{name}").into())]
        {
            send(&name, "READY=1").expect("sent");
            let mut heard = [0; 64];
            let count = socket.recv(&mut heard).expect("heard");
            assert_eq!(&heard[..count], b"READY=1");
        }
    }
}
