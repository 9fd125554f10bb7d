//! The program in the kernel: which socket a client's connection really comes in by. On a
//! loopback the client's processor receives it.

use super::*;
use crate::bind;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};

fn sockets(count: usize) -> Vec<TcpListener> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    bind::open_several(any, count).expect("sockets")
}

fn plan(takers: &[(u32, usize)]) -> Plan {
    let takers = takers.iter().map(|(processor, thread)| (*processor, vec![*thread])).collect();
    Plan { takers, ..Plan::default() }
}

/// The socket that a connection comes in by, from a client on this processor.
fn arrives_at(sockets: &[TcpListener], processor: u32) -> usize {
    let address = sockets[0].local_addr().expect("address");
    let connect = move || {
        stay_on(processor).expect("an allowed processor");
        TcpStream::connect(address)
    };
    let client = std::thread::spawn(connect).join().expect("joined").expect("connected");
    // The backlog has it once the client is connected, or very soon after.
    let found = loop {
        let accepted = |at: &usize| sockets[*at].accept().is_ok();
        if let Some(at) = (0..sockets.len()).find(accepted) {
            break at;
        }
        std::thread::yield_now();
    };
    drop(client);
    found
}

/// Two processors that this thread may use; a message where there are none.
fn two_processors() -> Option<[u32; 2]> {
    let allowed = nix::sched::sched_getaffinity(SELF).expect("affinity");
    let is_set = |at: &usize| allowed.is_set(*at).unwrap_or(false);
    let mut found = (0..CpuSet::count()).filter(is_set).filter_map(|at| u32::try_from(at).ok());
    let two = found.next().zip(found.next()).map(|(one, other)| [one, other]);
    if two.is_none() {
        eprintln!("skipped: this needs two processors");
    }
    two
}

#[test]
fn a_connection_goes_where_the_plan_says() {
    let Some([one, other]) = two_processors() else { return };
    // Straight, which may be the remainder, and crossed, which never is.
    for map in [[(one, 0), (other, 1)], [(one, 1), (other, 0)]] {
        let sockets = sockets(2);
        by_plan(&sockets, &plan(&map)).expect("attached");
        for _ in 0..20 {
            for (processor, socket) in map {
                assert_eq!(arrives_at(&sockets, processor), socket, "{map:?}");
            }
        }
    }
}

#[test]
fn those_who_share_both_get_some() {
    let Some([one, other]) = two_processors() else { return };
    let sockets = sockets(3);
    let takers = BTreeMap::from([(one, vec![0, 2]), (other, vec![1])]);
    by_plan(&sockets, &Plan { takers, ..Plan::default() }).expect("attached");
    let mut met = [0; 3];
    // Chance leaves one of the two out once in 2^99.
    for _ in 0..100 {
        met[arrives_at(&sockets, one)] += 1;
        assert_eq!(arrives_at(&sockets, other), 1);
    }
    assert!(met[0] > 0 && met[1] == 0 && met[2] > 0, "{met:?}");
}

#[test]
fn without_a_plan_the_kernel_chooses() {
    let sockets = sockets(2);
    by_plan(&sockets, &Plan::default()).expect("nothing to do");
    by_plan(&[], &plan(&[(0, 0)])).expect("nothing to do");
    let mut met = [false; 2];
    while met != [true; 2] {
        met[arrives_at(&sockets, two_processors().map_or(0, |[one, _]| one))] = true;
    }
}

/// What the comment on [`by_plan`] says of the kernel.
#[test]
fn a_place_is_that_of_listening_and_the_last_moves_into_a_hole() {
    let Some([one, other]) = two_processors() else { return };
    let mut sockets = sockets(3);
    by_plan(&sockets, &plan(&[(one, 0), (other, 2)])).expect("attached");
    assert_eq!((arrives_at(&sockets, one), arrives_at(&sockets, other)), (0, 2));
    drop(sockets.remove(0));
    // What was the third is the first now, and the second of those that are left.
    assert_eq!(arrives_at(&sockets, one), 1);
    // No socket has the third place: the hash chooses.
    assert!(arrives_at(&sockets, other) < 2);
}
