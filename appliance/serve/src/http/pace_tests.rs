use super::*;
use proptest::prelude::*;

const MBIT: u64 = 1_000_000;

fn rate(pacing: &Pacing, said: Cmcd) -> Option<u64> {
    of_player(pacing, Known { said: Some(&said), title: None }).map(|pace| pace.rate.0)
}

fn mbits(count: u64) -> Option<BitRate> {
    Some(BitRate(count * MBIT))
}

#[test]
fn what_is_requested_is_given() {
    let said = Cmcd { rtp: Some(8000), ..Cmcd::default() };
    assert_eq!(rate(&Pacing::default(), said), Some(8 * MBIT));
}

#[test]
fn who_says_nothing_is_not_paced() {
    let pacing = Pacing::default();
    assert_eq!(of_player(&pacing, Known::default()), None);
    let useless = Cmcd { bl: Some(3000), su: true, rtp: Some(0), br: Some(0), ..Cmcd::default() };
    assert_eq!(rate(&pacing, useless), None);
    let off = Pacing { enabled: false, client_max_rate_bits_per_s: mbits(1), ..pacing };
    assert_eq!(rate(&off, Cmcd { rtp: Some(8000), ..Cmcd::default() }), None);
}

#[test]
fn a_cap_holds_also_for_who_says_nothing() {
    let capped = Pacing { client_max_rate_bits_per_s: mbits(20), ..Pacing::default() };
    let pace = Pace { rate: BitRate(20 * MBIT), is_box_bound: false };
    assert_eq!(of_player(&capped, Known::default()), Some(pace));
    let small_box = Pacing { box_max_rate_bits_per_s: mbits(10), ..capped };
    let pace = Pace { rate: BitRate(10 * MBIT), is_box_bound: true };
    assert_eq!(of_player(&small_box, Known::default()), Some(pace));
}

#[test]
fn the_fuller_the_buffer_the_gentler() {
    let pacing = Pacing::default();
    let said = |bl| Cmcd { br: Some(1000), tb: Some(4000), bl, ..Cmcd::default() };
    for (bl, mbits) in [(None, 16), (Some(0), 16), (Some(10_000), 16), (Some(60_000), 6)] {
        assert_eq!(rate(&pacing, said(bl)), Some(mbits * MBIT), "{bl:?}");
    }
    assert_eq!(rate(&pacing, said(Some(20_000))), Some(11 * MBIT));
    for starving in
        [Cmcd { su: true, ..said(Some(60_000)) }, Cmcd { bs: true, ..said(Some(60_000)) }]
    {
        assert_eq!(rate(&pacing, starving), Some(16 * MBIT));
    }
}

#[test]
fn who_does_not_name_the_best_can_still_climb_to_it() {
    let said = Cmcd { br: Some(2000), bl: Some(60_000), ..Cmcd::default() };
    assert_eq!(rate(&Pacing::default(), said), Some(6 * MBIT));
}

#[test]
fn who_asks_for_less_than_it_plays_gets_what_it_plays() {
    let said = Cmcd { br: Some(6000), rtp: Some(2000), bl: Some(60_000), ..Cmcd::default() };
    assert_eq!(rate(&Pacing::default(), said), Some(9 * MBIT));
    let twice = Cmcd { pr: Some(2.0), ..said };
    assert_eq!(rate(&Pacing::default(), twice), Some(18 * MBIT));
}

#[test]
fn the_title_bounds_from_below_and_stands_in_for_what_is_not_said() {
    let pacing = Pacing::default();
    let title = mbits(10);
    let low = Cmcd { rtp: Some(1), ..Cmcd::default() };
    let pace = of_player(&pacing, Known { said: Some(&low), title });
    assert_eq!(pace.map(|pace| pace.rate.0), Some(11 * MBIT));
    let pace = of_player(&pacing, Known { said: None, title });
    assert_eq!(pace.map(|pace| pace.rate.0), Some(40 * MBIT));
    // It names another rung than the one that it takes.
    let other = Cmcd { br: Some(1000), tb: Some(2000), bl: Some(60_000), ..Cmcd::default() };
    let pace = of_player(&pacing, Known { said: Some(&other), title });
    assert_eq!(pace.map(|pace| pace.rate.0), Some(11 * MBIT));
}

#[test]
fn who_says_nothing_but_its_buffer_is_paced_by_it_and_can_climb() {
    let pace = |bl, title| {
        let said = Cmcd { bl: Some(bl), ..Cmcd::default() };
        of_player(&Pacing::default(), Known { said: Some(&said), title }).map(|pace| pace.rate.0)
    };
    assert_eq!(pace(0, mbits(10)), Some(40 * MBIT));
    assert_eq!(pace(60_000, mbits(10)), Some(30 * MBIT));
    assert_eq!(pace(60_000, None), None);
}

#[test]
fn siblings_have_a_cap_or_nothing() {
    let pacing = Pacing { client_max_rate_bits_per_s: mbits(5), ..Pacing::default() };
    assert_eq!(of_peer(&pacing), None);
    let capped = Pacing { peer_max_rate_bits_per_s: mbits(500), ..pacing };
    assert_eq!(of_peer(&capped).map(|pace| pace.rate), mbits(500));
    assert_eq!(of_peer(&Pacing { enabled: false, ..capped }), None);
}

prop_compose! {
    fn any_words()(
        br: Option<u32>, tb: Option<u32>, rtp: Option<u32>, bl: Option<u32>,
        su: bool, bs: bool, pr in proptest::option::of(0.0f32..=64.0),
    ) -> Cmcd {
        Cmcd { br, tb, rtp, bl, su, bs, pr, ..Cmcd::default() }
    }
}

proptest! {
    /// Whatever a player says, it stays within the bounds.
    #[test]
    fn bounds_hold(
        said in any_words(),
        title in proptest::option::of(1u64..200),
        cap in 1u64..300,
        box_cap in 1u64..300,
    ) {
        let pacing = Pacing {
            client_max_rate_bits_per_s: mbits(cap),
            box_max_rate_bits_per_s: mbits(box_cap),
            ..Pacing::default()
        };
        let title = title.and_then(mbits);
        let pace = of_player(&pacing, Known { said: Some(&said), title }).expect("a cap");
        let most = cap.min(box_cap) * MBIT;
        let least = title.map_or(MBIT, |title| title.0 * 11 / 10).min(most);
        prop_assert!((least..=most).contains(&pace.rate.0), "{pace:?}");
        prop_assert!(!pace.is_box_bound || pace.rate.0 == box_cap * MBIT);
    }

    /// What is played never arrives more slowly than it is played.
    #[test]
    fn nobody_is_starved(said in any_words()) {
        let pace = of_player(&Pacing::default(), Known { said: Some(&said), title: None });
        if let (Some(pace), Some(br)) = (pace, said.br) {
            let speed = f64::from(said.pr.unwrap_or(1.0).max(1.0));
            let played = f64::from(br) * 1000.0 * speed;
            #[expect(clippy::cast_precision_loss, reason = "within a percent")]
            let sent = pace.rate.0 as f64;
            prop_assert!(sent >= 1.09 * played, "{sent} for {played}");
        }
    }

    /// More buffer never means more haste.
    #[test]
    fn falls_with_the_buffer(said in any_words(), more in 0u32..100_000) {
        let less = Cmcd { bl: Some(said.bl.unwrap_or(0)), ..said };
        let fuller = Cmcd { bl: less.bl.map(|bl| bl.saturating_add(more)), ..less };
        prop_assert!(rate(&Pacing::default(), fuller) <= rate(&Pacing::default(), less));
    }
}
