use super::*;
use crate::question::{ClassAsked, RegionAsked, TitleAsked, Tuning, answer};
use contract::names::{DeviceName, GroupName, SiteName, TitleName};

/// Boxes, and what they hold.
#[derive(Default)]
struct Lying(Vec<(DeviceName, Vec<u32>)>);

impl Before for Lying {
    fn titles(&self, device: &DeviceName) -> Option<Vec<u32>> {
        self.0.iter().find(|it| it.0 == *device).map(|it| it.1.clone())
    }
}

fn device(name: &str) -> DeviceName {
    DeviceName::new(name).expect("name")
}

/// One site of two boxes with room for a thousand bytes each, of which two hundred are for what must be
/// somewhere; titles of those sizes, all of them pinned.
fn question(sizes_bytes: &[u64], fill_bytes: Option<u64>) -> Question {
    let title = |(at, size_bytes): (usize, &u64)| {
        Some(TitleAsked {
            group: GroupName::new("g").expect("name"),
            title: TitleName::new(format!("t{at}")).expect("name"),
            size_bytes: *size_bytes,
            due_us: None,
        })
    };
    let budgets = |name: &str| Budgets {
        device: device(name),
        room_bytes: 1000,
        throughput_bytes_per_s: 1000,
        fill_bytes,
        endurance_bytes: None,
        said: None,
        held: None,
    };
    let boxes = vec![budgets("oca1.a"), budgets("oca2.a")];
    Question {
        tuning: Tuning { least_copies: 1, somewhere_percent: 20, ..Tuning::default() },
        titles: sizes_bytes.iter().enumerate().map(title).collect(),
        regions: vec![RegionAsked {
            region: None,
            demand_bytes_per_s: vec![0.001; sizes_bytes.len()],
        }],
        sites: vec![SiteAsked {
            site: SiteName::new("a").expect("name"),
            region: 0,
            share: 1.0,
            deviations: vec![],
            lacking: None,
            pins: (0..).take(sizes_bytes.len()).collect(),
            more_copies: vec![],
            parent: None,
            byte_worth: 0.0,
            tuning: None,
            classes: vec![ClassAsked { class: "ssd".to_owned(), boxes }],
        }],
        ..Question::default()
    }
}

/// What is left out; what is kept can be planned.
fn left_out(question: &mut Question, before: &Lying) -> Vec<u32> {
    let left_out = fit_pins(question, before);
    let answer = answer(question, before, 1).expect("an answer");
    assert_eq!(answer.outcome.sites[0].refused, None);
    left_out.into_iter().map(|it| it.title).collect()
}

#[test]
fn pins_that_fit_are_kept() {
    let mut question = question(&[800, 400, 400], None);
    assert_eq!(left_out(&mut question, &Lying::default()), [0; 0]);
    assert_eq!(question.sites[0].pins, [0, 1, 2]);
}

#[test]
fn what_is_too_large_or_too_much_is_left_out() {
    let mut asked = question(&[801, 700, 700, 300], None);
    assert_eq!(left_out(&mut asked, &Lying::default()), [0, 3]);
    // Two copies take the room twice.
    let mut asked = question(&[700, 300], None);
    asked.sites[0].more_copies = vec![(0, 2), (1, 5)];
    assert_eq!(left_out(&mut asked, &Lying::default()), [1]);
    assert_eq!(asked.sites[0].more_copies, [(0, 2)]);
}

#[test]
fn what_may_not_be_shown_is_not_held() {
    let mut question = question(&[100, 100], None);
    question.lacking = vec![vec![1]];
    question.sites[0].lacking = Some(0);
    assert_eq!(left_out(&mut question, &Lying::default()), [1]);
}

#[test]
fn what_is_there_comes_before_what_windows_must_let_in() {
    let mut asked = question(&[200, 200, 200], Some(125));
    assert_eq!(left_out(&mut asked, &Lying::default()), [1, 2]);
    let lying = Lying(vec![(device("oca1.a"), vec![1]), (device("oca2.a"), vec![2])]);
    let mut asked = question(&[200, 200, 200], Some(125));
    assert_eq!(left_out(&mut asked, &lying), [0; 0]);
}

#[test]
fn what_is_wanted_much_takes_more_copies() {
    let mut question = question(&[700, 700], None);
    // A twentieth of a box for each copy.
    question.regions[0].demand_bytes_per_s[0] = 60.0;
    assert_eq!(left_out(&mut question, &Lying::default()), [1]);
}
