//! Ports for daemons that tests, benchmarks and the demo start, and start again.
//!
//! A daemon that is down for a while must find its port free when it comes back. So none is handed
//! out that the kernel may give to anybody who connects, and none that another process of ours has
//! been given: a name in the abstract namespace of Unix sockets stands for each, and is given back
//! with the end of the process that holds it, however that ends.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Mutex, PoisonError};

/// What the kernel gives to those who connect and do not care; and what it is if it does not say.
const EPHEMERAL: (&str, RangeInclusive<u16>) =
    ("/proc/sys/net/ipv4/ip_local_port_range", 32_768..=60_999);

/// Below stand services that machines have anyway.
const FIRST: u16 = 10_000;

/// What this process has been given.
static HELD: Mutex<Vec<UnixDatagram>> = Mutex::new(Vec::new());

/// A port that nobody uses, on any IPv4 address of this machine, and that is nobody else's until
/// this process ends.
///
/// # Errors
/// When the machine has none left.
pub fn free() -> io::Result<u16> {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    let ports = lasting(&ephemeral());
    // Processes begin at places of their own: few find a port that another has.
    let begin = (std::process::id() as usize).wrapping_mul(97) + held.len();
    let mut in_turn = ports.iter().cycle().skip(begin % ports.len().max(1)).take(ports.len());
    let found =
        in_turn.find_map(|port| Some((*port, claim(*port).ok()?)).filter(|_| is_unused(*port)));
    let (port, claim) = found.ok_or_else(|| {
        io::Error::new(io::ErrorKind::AddrInUse, "no port is left outside the ephemeral range")
    })?;
    held.push(claim);
    Ok(port)
}

fn is_unused(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

/// Fails where another process has it, or this one.
fn claim(port: u16) -> io::Result<UnixDatagram> {
    UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(format!("headend-port-{port}"))?)
}

fn ephemeral() -> RangeInclusive<u16> {
    let text = fs::read_to_string(EPHEMERAL.0).unwrap_or_default();
    parse(&text).unwrap_or(EPHEMERAL.1)
}

fn parse(text: &str) -> Option<RangeInclusive<u16>> {
    let mut words = text.split_whitespace().map(str::parse);
    match [words.next()?, words.next()?] {
        [Ok(first), Ok(last)] => Some(first..=last),
        _ => None,
    }
}

/// Ports that nobody gets by connecting.
fn lasting(ephemeral: &RangeInclusive<u16>) -> Vec<u16> {
    (FIRST..=u16::MAX).filter(|port| !ephemeral.contains(port)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_kernel_says_what_it_gives() {
        assert_eq!(parse("32768\t60999\n"), Some(32_768..=60_999));
        assert_eq!(["", "1", "x 2", "1 99999"].map(parse), [None, None, None, None]);
    }

    #[test]
    fn what_the_kernel_gives_is_left_to_it() {
        let ports = lasting(&(32_768..=60_999));
        assert_eq!((ports.first(), ports.last()), (Some(&10_000), Some(&65_535)));
        assert_eq!(ports.len(), (32_768 - 10_000) + (65_535 - 60_999));
    }

    #[test]
    fn no_port_is_given_twice_even_if_nobody_listens_there() {
        let ports: BTreeSet<u16> = (0..200).map(|_| free().expect("a port")).collect();
        assert_eq!(ports.len(), 200);
        let taken = ephemeral();
        assert!(ports.iter().all(|port| !taken.contains(port)), "{ports:?}");
        assert!(ports.iter().all(|port| claim(*port).is_err()), "not held");
    }

    #[test]
    fn a_port_is_in_use_while_somebody_listens_on_any_address() {
        let port = free().expect("a port");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("bound");
        assert!(!is_unused(port));
        drop(listener);
        assert!(is_unused(port));
    }
}
