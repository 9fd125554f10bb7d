//! Questions in small, and what must hold of every answer.

use super::{
    AheadAsked, AheadRegion, Answer, Budgets, ClassAsked, Enough, MoreOf, Question, RegionAsked,
    Said, ScaledBudget, ScarceBudget, SiteAsked, TitleAsked, Tuning, WhatIf, answer, explain,
    short_ahead, what_if,
};
use crate::plan::Prices;
use contract::names::{DeviceName, GroupName, SiteName, TitleName};
use contract::time::TimeUs;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn device(name: &str) -> DeviceName {
    DeviceName::new(name).expect("name")
}

fn title(number: u32, size_bytes: u64) -> TitleAsked {
    TitleAsked {
        group: GroupName::new("g").expect("name"),
        title: TitleName::new(format!("t{number}")).expect("name"),
        size_bytes,
        due_us: None,
    }
}

fn a_box(name: &str, room_bytes: u64) -> Budgets {
    Budgets {
        device: device(name),
        room_bytes,
        throughput_bytes_per_s: 1_000_000,
        fill_bytes: None,
        endurance_bytes: None,
        said: None,
        held: None,
    }
}

fn site(name: &str, share: f64, boxes: Vec<Budgets>) -> SiteAsked {
    SiteAsked {
        site: SiteName::new(name).expect("name"),
        region: 0,
        share,
        deviations: vec![],
        lacking: None,
        pins: vec![],
        more_copies: vec![],
        parent: None,
        byte_worth: 0.0,
        tuning: None,
        classes: vec![ClassAsked { class: "ssd".into(), boxes }],
    }
}

/// Ten titles of ten bytes, the first wanted most, and sites.
fn ten(sites: Vec<SiteAsked>) -> Question {
    let demand = (0u8..10).map(|at| f32::from(100 - 9 * at));
    Question {
        day: 20_000,
        base: None,
        put_back: false,
        inventory_version: 1,
        catalogue_version: 1,
        tuning: Tuning::default(),
        titles: (0..10).map(|at| Some(title(at, 10))).collect(),
        regions: vec![RegionAsked { region: None, demand_bytes_per_s: demand.collect() }],
        lacking: vec![],
        sites,
        ahead: vec![],
    }
}

fn empty(_: &DeviceName) -> Option<Vec<u32>> {
    None
}

fn titles<'a>(answer: &'a Answer, name: &str) -> &'a [u32] {
    &answer.boxes.iter().find(|one| one.device.as_str() == name).expect("a box").titles
}

/// What boxes hold after an answer.
fn held(answer: &Answer) -> impl Fn(&DeviceName) -> Option<Vec<u32>> + Sync + use<> {
    let all: BTreeMap<DeviceName, Vec<u32>> =
        answer.boxes.iter().map(|one| (one.device.clone(), one.titles.clone())).collect();
    move |device| all.get(device).cloned()
}

#[test]
fn what_is_wanted_most_is_nearest_and_the_rest_is_somewhere() {
    let mut question =
        ten(vec![site("a", 0.5, vec![a_box("a1", 40)]), site("b", 0.5, vec![a_box("b1", 40)])]);
    question.tuning.somewhere_percent = 50;
    let found = answer(&question, &empty, 2).expect("sound");
    for name in ["a1", "b1"] {
        let held = titles(&found, name);
        assert!(held.starts_with(&[0, 1]) && held.len() == 4, "{held:?}");
    }
    // Both hold the first two; the next four find room in half of two disks of four.
    let all: BTreeSet<u32> = found.boxes.iter().flat_map(|one| one.titles.clone()).collect();
    assert_eq!(all, (0..6).collect());
    assert_eq!(found.outcome.nowhere, [6, 7, 8, 9]);
    let somewhere: usize = found.outcome.sites.iter().map(|site| site.somewhere.len()).sum();
    assert_eq!(somewhere, 4);
}

#[test]
fn disks_are_filled_up_with_copies_and_copies_give_way() {
    let boxes = || vec![a_box("a1", 60), a_box("a2", 60)];
    let mut question = ten(vec![site("a", 1.0, boxes())]);
    let first = answer(&question, &empty, 1).expect("sound");
    let count = |answer: &Answer| ["a1", "a2"].map(|name| titles(answer, name).len());
    assert_eq!(count(&first), [6, 6]);
    // All ten are there, and the two that are left over are of those wanted most.
    let both: BTreeSet<u32> =
        ["a1", "a2"].into_iter().flat_map(|it| titles(&first, it).to_vec()).collect();
    assert_eq!(both.len(), 10);
    // Two more titles: the copies go, no title does.
    question.titles.extend([Some(title(10, 10)), Some(title(11, 10))]);
    question.regions[0].demand_bytes_per_s.extend([5.0, 5.0]);
    let next = answer(&question, &held(&first), 1).expect("sound");
    let both: BTreeSet<u32> =
        ["a1", "a2"].into_iter().flat_map(|it| titles(&next, it).to_vec()).collect();
    assert_eq!(both.len(), 12);
    // The same question again moves nothing.
    let again = answer(&question, &held(&next), 1).expect("sound");
    assert_eq!(again.outcome.new_bytes, 0);
}

#[test]
fn a_box_that_is_not_heard_of_keeps_what_it_has() {
    let mut stale = a_box("a2", 60);
    stale.said = Some(Said::Stale { age_s: 7200 });
    let mut question = ten(vec![site("a", 1.0, vec![a_box("a1", 60), stale])]);
    question.lacking = vec![vec![7]];
    question.sites[0].lacking = Some(0);
    let before = |device: &DeviceName| match device.as_str() {
        "a2" => Some(vec![9, 7, 8]),
        _ => None,
    };
    let found = answer(&question, &before, 1).expect("sound");
    assert_eq!(titles(&found, "a2"), [9, 8], "and what may not be held goes");
    assert_eq!(titles(&found, "a1"), [0, 1, 2, 3, 4, 5]);
    let said = found.boxes[1].said.expect("said why");
    assert_eq!(said.to_string(), "no report for 2 h and more");
}

#[test]
fn an_older_placement_is_put_back_as_it_was() {
    let mut sites = vec![
        site("a", 1.0, vec![a_box("a1", 40), a_box("a2", 40)]),
        site("p", 0.0, vec![a_box("p1", 60)]),
    ];
    sites[0].parent = Some(1);
    let mut question = ten(sites);
    // What is wanted now says otherwise; what has gone, and what may not be held, is not put back.
    question.titles[8] = None;
    question.regions[0].demand_bytes_per_s[8] = 0.0;
    question.lacking = vec![vec![7]];
    question.sites[0].lacking = Some(0);
    question.put_back = true;
    let before = |device: &DeviceName| match device.as_str() {
        "a1" => Some(vec![9, 8, 7]),
        "a2" => Some(vec![5, 9]),
        _ => Some(vec![0, 5]),
    };
    let found = answer(&question, &before, 1).expect("sound");
    assert_eq!(titles(&found, "a1"), [9]);
    assert_eq!(titles(&found, "a2"), [5, 9]);
    assert_eq!(titles(&found, "p1"), [0, 5]);
    // Of 567, the viewers' site serves 55 and 19, and the one above it 100 of what is left.
    let outcome = &found.outcome;
    assert_eq!(outcome.wanted_bytes_per_s, 567.0);
    assert_eq!(outcome.origin_bytes_per_s, 567.0 - 55.0 - 19.0 - 100.0);
    assert_eq!(outcome.sites.iter().map(|it| it.served_bytes_per_s).sum::<f64>(), 174.0);
    assert_eq!((outcome.held_bytes, outcome.new_bytes), (50, 0));
}

#[test]
fn a_site_can_be_planned_otherwise_than_the_others() {
    let boxes = |name: &str| [1, 2].map(|at| a_box(&format!("{name}{at}"), 50)).to_vec();
    let mut question = ten(vec![site("a", 0.5, boxes("a")), site("b", 0.5, boxes("b"))]);
    question.sites[1].tuning = Some(Tuning { least_copies: 2, ..Tuning::default() });
    let found = answer(&question, &empty, 1).expect("sound");
    let all = |names: [&str; 2]| -> BTreeSet<u32> {
        names.iter().flat_map(|name| titles(&found, name).to_vec()).collect()
    };
    assert_eq!(all(["a1", "a2"]).len(), 10, "one copy of each");
    assert_eq!(all(["b1", "b2"]), (0..5).collect(), "two copies of those wanted most");
}

#[test]
fn before_the_first_answer_boxes_hold_what_they_say() {
    let mut held = a_box("a1", 40);
    held.held = Some(vec![9, 8]);
    // No more than one title a day may come.
    held.fill_bytes = Some(10);
    let mut away = a_box("a2", 40);
    (away.said, away.held) = (Some(Said::OutOfService), Some(vec![3, 7]));
    let mut unknown = a_box("a3", 40);
    unknown.said = Some(Said::OutOfService);
    let question = ten(vec![site("a", 1.0, vec![held, away, unknown])]);
    let found = answer(&question, &empty, 1).expect("sound");
    let names: Vec<&str> = found.boxes.iter().map(|one| one.device.as_str()).collect();
    assert_eq!(names, ["a1", "a2"], "of the third nothing is known");
    assert_eq!(titles(&found, "a1"), [0, 9, 8]);
    assert_eq!(titles(&found, "a2"), [3, 7]);
    // What an answer said goes before.
    let said = |_: &DeviceName| Some(vec![1, 2, 3, 4]);
    let found = answer(&question, &said, 1).expect("sound");
    assert_eq!(titles(&found, "a2"), [1, 2, 3, 4]);
}

#[test]
fn as_many_more_boxes_as_are_asked_for() {
    let question = ten(vec![site("a", 1.0, vec![a_box("a1", 20)])]);
    let add = WhatIf::AddBox { like: device("a1") };
    let two = what_if(&question, &empty, &[], &[add.clone(), add], 1).expect("sound");
    assert_eq!(two.after.held_bytes, 60, "{two:?}");
    let a = SiteName::new("a").expect("name");
    let add = WhatIf::AddSite { like: a };
    let sites = what_if(&question, &empty, &[], &[add.clone(), add], 1).expect("sound");
    assert_eq!(sites.sites.len(), 3, "{sites:?}");
}

#[test]
fn what_is_due_comes_first_and_what_stays_keeps_its_place() {
    let mut question = ten(vec![site("a", 1.0, vec![a_box("a1", 100)])]);
    question.titles[6].as_mut().expect("a title").due_us = Some(TimeUs(5));
    let before = |_: &DeviceName| Some(vec![4, 2]);
    let found = answer(&question, &before, 1).expect("sound");
    assert_eq!(titles(&found, "a1"), [6, 0, 1, 3, 4, 2, 5, 7, 8, 9]);
}

#[test]
fn parents_are_asked_for_what_is_left_and_hold_what_nobody_would() {
    let mut question = ten(vec![
        site("a", 0.6, vec![a_box("a1", 30)]),
        site("b", 0.4, vec![a_box("b1", 30)]),
        site("p", 1e-9, vec![a_box("p1", 100)]),
    ]);
    question.sites[0].parent = Some(2);
    question.sites[1].parent = Some(2);
    let found = answer(&question, &empty, 1).expect("sound");
    assert_eq!(titles(&found, "a1"), [0, 1, 2]);
    assert_eq!(titles(&found, "p1").len(), 10);
    assert!(found.outcome.nowhere.is_empty());
    assert!((found.outcome.offload() - 1.0).abs() < 1e-6, "{:?}", found.outcome);
    let told = explain(&question, &empty, &[], (0, 5)).expect("sound").expect("planned");
    insta::assert_json_snapshot!(told);
    let at_parent = explain(&question, &empty, &[], (2, 5)).expect("sound").expect("planned");
    assert!(at_parent.demand_bytes_per_s > 54.0, "{at_parent:?}");
    assert_eq!(at_parent.classes[0].boxes, [device("p1")]);
}

#[test]
fn what_if_says_what_becomes_of_offload_load_and_fill() {
    let question = ten(vec![
        site("a", 0.5, vec![a_box("a1", 30), a_box("a2", 30)]),
        site("b", 0.5, vec![a_box("b1", 30)]),
    ]);
    let ask = |change: WhatIf| what_if(&question, &empty, &[], &[change], 2).expect("sound");
    let lost = ask(WhatIf::LoseBox { device: device("a2") });
    assert!(lost.after.offload < lost.before.offload - 0.05, "{lost:?}");
    assert_eq!((lost.sites.len(), lost.planned_again), (1, 1));
    let site = SiteName::new("b").expect("name");
    let gone = ask(WhatIf::LoseSite { site: site.clone() });
    assert_eq!(gone.sites[0].served_bytes_per_s[1], 0.0);
    let more = ask(WhatIf::AddBox { like: device("b1") });
    assert!(more.after.offload > more.before.offload + 0.05, "{more:?}");
    let split = ask(WhatIf::AddSite { like: site });
    assert!(split.after.new_bytes > split.before.new_bytes && split.sites.len() == 2);
    let room = WhatIf::Budget { budget: ScaledBudget::Room, times: 2.0 };
    assert!(ask(room).after.offload > lost.before.offload);
    let TitleAsked { group, title, .. } = question.titles[9].clone().expect("a title");
    let wanted = WhatIf::Title { group, title, times: 10.0 };
    let doubled = ask(wanted);
    assert!(doubled.after.wanted_bytes_per_s > doubled.before.wanted_bytes_per_s + 150.0);
    for (change, says) in [
        (WhatIf::LoseBox { device: device("z9") }, "there is no box z9 in the plan"),
        (
            WhatIf::Budget { budget: ScaledBudget::Fill, times: -1.0 },
            "-1 times is none of 0 to 1000",
        ),
    ] {
        let refused = what_if(&question, &empty, &[], &[change], 1).expect_err("refused");
        assert_eq!(refused.to_string(), says);
    }
}

#[test]
fn what_will_not_be_enough_is_said_days_ahead_with_what_would_be() {
    // Half of the titles fit: 410 of 595.
    let mut question = ten(vec![site("a", 1.0, vec![a_box("a1", 50)])]);
    let ahead = |days, growth, releases| {
        let regions = vec![AheadRegion { growth, releases }];
        AheadAsked { days, regions }
    };
    question.titles.push(Some(title(10, 10)));
    question.regions[0].demand_bytes_per_s.push(0.0);
    // More of the same needs no more disk; a title that everybody will want does, and so does too much for one box.
    question.sites[0].classes[0].boxes[0].throughput_bytes_per_s = 1000;
    question.ahead =
        vec![ahead(3, 1.5, vec![]), ahead(7, 1.0, vec![(10, 60.0)]), ahead(14, 3.0, vec![])];
    let prices = Prices { disk_byte: 1.0, byte_per_s: 1.0, new_byte: 1.0 };
    let look = |question: &Question, offload| {
        short_ahead(question, &empty, &[], &Enough { offload, prices }, 2).expect("sound")
    };
    let found = look(&question, None);
    assert_eq!(found.iter().map(|short| short.days).collect::<Vec<_>>(), [7, 14], "{found:?}");
    let remedies: Vec<&MoreOf> = found.iter().filter_map(|short| short.remedy.as_ref()).collect();
    assert_eq!(remedies[0].budget, ScarceBudget::Room);
    assert!((9.9..10.5).contains(&remedies[0].more), "one title more: {:?}", remedies[0]);
    assert_eq!(remedies[1].budget, ScarceBudget::Throughput);
    // 410 of 595 thrice, less a hundredth: 1212.
    assert!((200.0..216.0).contains(&remedies[1].more), "{:?}", remedies[1]);
    // Who wants more is short at once.
    let found = look(&question, Some(0.9));
    assert_eq!(found.iter().map(|short| short.days).collect::<Vec<_>>(), [3, 7, 14]);
    // Windows of a week let in what those of a day do not.
    question.sites[0].classes[0].boxes[0].fill_bytes = Some(10);
    let held = |_: &DeviceName| Some(vec![0, 1, 2]);
    question.ahead = vec![ahead(1, 1.0, vec![]), ahead(2, 1.0, vec![])];
    let enough = Enough { offload: Some(0.68), prices };
    let found = short_ahead(&question, &held, &[], &enough, 1).expect("sound");
    assert_eq!(found.iter().map(|short| short.days).collect::<Vec<_>>(), [1]);
    assert_eq!(found[0].remedy.as_ref().map(|it| it.budget), Some(ScarceBudget::Fill));
}

fn a_question() -> impl Strategy<Value = Question> {
    let one = (0u64..120, 0u8..5, proptest::option::of(0u64..60));
    let a_site = (vec(one, 0..4), 1u8..9, vec((0u32..24, 0u8..200), 0..4), any::<bool>());
    let sites = (vec(a_site, 1..4), any::<bool>());
    let all = (vec((1u64..30, 0u16..300, 0u8..9), 24), vec(0u32..24, 0..6), sites);
    all.prop_map(|(files, mut lacking, (sites, has_parent))| {
        lacking.sort_unstable();
        lacking.dedup();
        let mut question = ten(vec![]);
        let asked =
            |(at, (size, _, free)): (u32, &(u64, u16, u8))| (*free > 0).then(|| title(at, *size));
        question.titles = (0..).zip(&files).map(asked).collect();
        let wanted = files.iter().map(|it| if it.2 > 0 { f32::from(it.1) } else { 0.0 });
        question.regions[0].demand_bytes_per_s = wanted.collect();
        question.lacking = vec![lacking];
        let count = sites.len();
        for (at, (boxes, share, mut deviations, lacks)) in sites.into_iter().enumerate() {
            let budgets =
                boxes.into_iter().enumerate().map(|(which, (room, said, fill_bytes))| Budgets {
                    fill_bytes,
                    said: (said == 0).then_some(Said::OutOfService),
                    ..a_box(&format!("b{which}.s{at}"), room)
                });
            let mut one = site(&format!("s{at}"), f64::from(share) / 100.0, budgets.collect());
            deviations.sort_unstable();
            deviations.dedup_by_key(|it| it.0);
            deviations.retain(|it| question.title(it.0).is_some());
            one.deviations = deviations.into_iter().map(|(at, it)| (at, f32::from(it))).collect();
            one.lacking = lacks.then_some(0);
            one.byte_worth = f64::from(share);
            one.parent = (has_parent && at + 1 < count).then_some(count - 1);
            question.sites.push(one);
        }
        question
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_box_holds_more_than_it_can_or_what_it_may_not(question in a_question(), days in 1usize..4) {
        let mut before: BTreeMap<DeviceName, Vec<u32>> = BTreeMap::new();
        for _ in 0..days {
            let there = before.clone();
            let held = move |device: &DeviceName| there.get(device).cloned();
            let found = answer(&question, &held, 2).expect("sound");
            prop_assert_eq!(&found, &answer(&question, &held, 1).expect("sound"));
            for (site, budgets) in question.boxes() {
                let one = found.boxes.iter().find(|it| it.device == budgets.device);
                let Some(one) = one else {
                    // Nothing is known of it, and it is told nothing.
                    let is_refused = found.outcome.sites.iter().any(|it| it.refused.is_some());
                    prop_assert!(budgets.said.is_some() || is_refused);
                    continue;
                };
                let distinct: BTreeSet<u32> = one.titles.iter().copied().collect();
                prop_assert_eq!(distinct.len(), one.titles.len());
                let size = |number: &u32| question.title(*number).map_or(0, |it| it.size_bytes);
                let bytes: u64 = one.titles.iter().map(size).sum();
                prop_assert!(bytes == one.held_bytes);
                if budgets.said.is_none() {
                    prop_assert!(bytes <= budgets.room_bytes, "{one:?} {budgets:?}");
                    let was = held(&budgets.device).unwrap_or_default();
                    let new = one.titles.iter().filter(|it| !was.contains(it));
                    let new_bytes: u64 = new.map(size).sum();
                    prop_assert_eq!(new_bytes, one.new_bytes);
                    prop_assert!(new_bytes <= budgets.fill_bytes.unwrap_or(u64::MAX), "{one:?} {budgets:?}");
                }
                let lacking = site.lacking.map_or(&[][..], |at| &question.lacking[at]);
                prop_assert!(one.titles.iter().all(|it| question.title(*it).is_some() && !lacking.contains(it)));
            }
            before = found.boxes.iter().map(|it| (it.device.clone(), it.titles.clone())).collect();
        }
    }

    #[test]
    fn read_back_it_is_the_same_question(question in a_question()) {
        let text = serde_json::to_string(&question).expect("a document");
        let back: Question = serde_json::from_str(&text).expect("the same");
        prop_assert_eq!(back, question);
    }
}
