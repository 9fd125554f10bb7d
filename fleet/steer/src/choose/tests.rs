use super::*;

fn site(name: &str) -> SiteName {
    SiteName::new(name).expect("name")
}

fn places() -> Vec<Place> {
    vec![
        Place { site: site("a"), latitude: 48.1, longitude: 11.6 },
        Place { site: site("b"), latitude: 52.5, longitude: 13.4 },
        Place { site: site("c"), latitude: 40.4, longitude: -3.7 },
    ]
}

fn serving(name: &str, liveness: Liveness, holds_title: bool) -> ServingBox {
    let (_, at) = name.split_once('.').expect("box.site");
    ServingBox {
        device: DeviceName::new(name).expect("name"),
        site: site(at),
        liveness,
        holds_title,
        may_serve_purged: false,
        is_barred: false,
        is_in_service: true,
    }
}

fn clients() -> Clients {
    [("127.0.1.0/24", "a"), ("127.0.2.0/24", "b")]
        .map(|(net, at)| (net.parse().expect("net"), site(at)))
        .into_iter()
        .collect()
}

fn solve(client: &str, boxes: &[ServingBox]) -> Solution {
    let (clients, sites) = (clients(), places());
    let client = client.parse().expect("address");
    choose(&Problem { client, title: "g/t", clients: &clients, sites: &sites, boxes })
}

fn names(solution: &Solution) -> Vec<&str> {
    solution.ranked.iter().map(|choice| choice.device.as_str()).collect()
}

fn all_live() -> Vec<ServingBox> {
    ["oca1.a", "oca2.a", "oca1.b", "oca2.b", "oca1.c"]
        .map(|name| serving(name, Liveness::Live, true))
        .into()
}

#[test]
fn the_nearest_site_comes_first() {
    let from_a = solve("127.0.1.7", &all_live());
    assert!(names(&from_a)[..2].iter().all(|name| name.ends_with(".a")), "{from_a:?}");
    assert!(names(&from_a)[2].ends_with(".b"));
    let from_b = solve("127.0.2.7", &all_live());
    assert!(names(&from_b)[..2].iter().all(|name| name.ends_with(".b")), "{from_b:?}");
    assert_eq!(from_b.passed_over.len(), 2);
    assert!(from_b.passed_over.iter().all(|each| each.why == Why::EnoughOthers));
}

#[test]
fn a_stranger_is_served_too() {
    let solution = solve("192.0.2.1", &all_live());
    assert_eq!((solution.client_site, solution.ranked.len()), (None, 3));
}

#[test]
fn one_network_stays_together_and_networks_spread() {
    let first = |client: String| {
        let solution = solve(&client, &all_live()[..2]);
        solution.ranked[0].device.to_string()
    };
    assert_eq!(first("127.0.1.1".into()), first("127.0.1.200".into()));
    let spread: std::collections::HashSet<String> =
        (0..30).map(|at| first(format!("10.0.{at}.1"))).collect();
    assert_eq!(spread.len(), 2);
}

#[test]
fn a_death_moves_only_the_viewers_of_the_dead() {
    let mut boxes = all_live();
    let before = solve("127.0.1.7", &boxes);
    let dead = before.ranked[0].device.clone();
    boxes.iter_mut().find(|each| each.device == dead).expect("there").liveness = Liveness::Silent;
    let after = solve("127.0.1.7", &boxes);
    assert_eq!(names(&after)[..2], names(&before)[1..]);
}

#[test]
fn nobody_left_says_why() {
    let boxes = [
        serving("oca1.a", Liveness::Silent, true),
        serving("oca2.a", Liveness::NeverSeen, false),
        serving("oca1.b", Liveness::Live, false),
    ];
    let solution = solve("127.0.1.7", &boxes);
    assert!(solution.ranked.is_empty());
    let why: Vec<Why> = solution.passed_over.iter().map(|each| each.why).collect();
    assert_eq!(why, [Why::Silent, Why::NeverSeen, Why::DoesNotHoldTitle]);
}

#[test]
fn late_boxes_serve_when_nobody_is_on_time() {
    let late = serving("oca1.a", Liveness::Late, true);
    let live = serving("oca1.b", Liveness::Live, true);
    assert_eq!(names(&solve("127.0.1.7", &[late.clone(), live])), ["oca1.b"]);
    assert_eq!(names(&solve("127.0.1.7", &[late])), ["oca1.a"]);
}

#[test]
fn who_is_barred_gets_nobody() {
    let barred = ServingBox { is_barred: true, ..serving("oca1.a", Liveness::Live, true) };
    let solution = solve("127.0.1.7", &[barred, serving("oca1.b", Liveness::Late, true)]);
    assert_eq!(names(&solution), ["oca1.b"]);
    assert_eq!(solution.passed_over[0].why, Why::Barred);
}

#[test]
fn who_may_serve_what_was_purged_is_passed_over_late_or_not() {
    let doubtful = |name: &str, liveness| ServingBox {
        may_serve_purged: true,
        ..serving(name, liveness, true)
    };
    let good = serving("oca1.b", Liveness::Late, true);
    let boxes = [doubtful("oca1.a", Liveness::Live), doubtful("oca2.a", Liveness::Late), good];
    let solution = solve("127.0.1.7", &boxes);
    assert_eq!(names(&solution), ["oca1.b"]);
    let why: Vec<Why> = solution.passed_over.iter().map(|each| each.why).collect();
    assert_eq!(why, [Why::PurgeNotConfirmed, Why::PurgeNotConfirmed]);
}
