use super::*;

const NOW: TimeUs = TimeUs(1_700_000_000_000_000);

fn name(text: &str) -> PersonName {
    PersonName::new(text).expect("a name")
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// From an address of its own each time.
fn elsewhere(number: usize) -> IpAddr {
    IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(number).expect("few")))
}

#[test]
fn a_name_is_guessed_ten_times_and_then_once_a_minute_from_wherever() {
    let mut limits = Limits::new();
    let anna = name("anna");
    for attempt in 0..10 {
        assert_eq!(limits.count(Some(&anna), elsewhere(attempt), NOW), Ok(()), "{attempt}");
    }
    let refused = limits.count(Some(&anna), elsewhere(99), NOW);
    assert_eq!(refused, Err(Duration::from_secs(60)));
    let refused = limits.count(Some(&anna), elsewhere(99), NOW.plus_s(20));
    assert_eq!(refused, Err(Duration::from_secs(40)));
    assert_eq!(limits.count(Some(&name("berta")), elsewhere(99), NOW), Ok(()), "another");
    assert_eq!(limits.count(Some(&anna), elsewhere(99), NOW.plus_s(60)), Ok(()));
    assert!(limits.count(Some(&anna), elsewhere(99), NOW.plus_s(60)).is_err());
    let much_later = NOW.plus_s(3600);
    for attempt in 0..10 {
        assert_eq!(limits.count(Some(&anna), elsewhere(attempt), much_later), Ok(()));
    }
}

#[test]
fn an_address_guesses_thirty_names_and_a_customer_of_ipv6_has_one() {
    for (one, same, other) in [
        ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
        ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"),
    ] {
        let mut limits = Limits::new();
        for attempt in 0..30 {
            let from = address(if attempt % 2 == 0 { one } else { same });
            let name = name(&format!("name{attempt}"));
            assert_eq!(limits.count(Some(&name), from, NOW), Ok(()), "{attempt}");
        }
        assert!(limits.count(Some(&name("anna")), address(same), NOW).is_err(), "{same}");
        assert!(limits.count(None, address(one), NOW).is_err(), "{one}");
        assert_eq!(limits.count(Some(&name("anna")), address(other), NOW), Ok(()), "{other}");
    }
}

#[test]
fn what_did_not_fail_does_not_count() {
    let mut limits = Limits::new();
    let (anna, from) = (name("anna"), address("192.0.2.1"));
    for _ in 0..100 {
        assert_eq!(limits.count(Some(&anna), from, NOW), Ok(()));
        limits.give_back(Some(&anna), from);
    }
    for _ in 0..9 {
        assert_eq!(limits.count(Some(&anna), from, NOW), Ok(()));
    }
    assert_eq!(limits.count(Some(&anna), from, NOW), Ok(()));
    limits.clear(&anna, from);
    for attempt in 0..10 {
        assert_eq!(limits.count(Some(&anna), elsewhere(attempt), NOW), Ok(()));
    }
}

#[test]
fn a_clock_that_is_put_back_locks_nobody_out_for_years() {
    let mut limits = Limits::new();
    let anna = name("anna");
    for attempt in 0..10 {
        assert_eq!(limits.count(Some(&anna), elsewhere(attempt), NOW), Ok(()));
    }
    let long_ago = TimeUs(0);
    let refused = limits.count(Some(&anna), elsewhere(99), long_ago).expect_err("too many");
    assert!(refused <= Duration::from_secs(60), "{refused:?}");
    for attempt in 0..10 {
        let name = name(&format!("name{attempt}"));
        assert_eq!(limits.count(Some(&name), elsewhere(99), TimeUs(i64::MIN)), Ok(()));
        assert_eq!(limits.count(Some(&name), elsewhere(98), TimeUs(i64::MAX)), Ok(()));
    }
}

#[test]
fn made_up_names_make_nobody_forgotten_who_is_being_guessed() {
    let mut limits = Limits::new();
    let anna = name("anna");
    for attempt in 0..10 {
        assert_eq!(limits.count(Some(&anna), elsewhere(attempt), NOW), Ok(()));
    }
    for number in 0..REMEMBERED + 100 {
        let made_up = name(&format!("x{number}"));
        assert_eq!(limits.count(Some(&made_up), elsewhere(1000 + number), NOW), Ok(()));
    }
    assert!(limits.count(Some(&anna), elsewhere(0), NOW).is_err());
    assert_eq!(limits.names.forgotten_at.len(), REMEMBERED);
    assert_eq!(limits.addresses.forgotten_at.len(), REMEMBERED);
}
