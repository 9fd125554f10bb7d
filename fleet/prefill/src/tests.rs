//! What a plan must be, whatever the catalogue.

use super::*;
use proptest::prelude::*;
use std::collections::HashSet;

fn item(ordinal: Ordinal, title_rank: u32, path: &str, size_bytes: u64) -> Item {
    let group = GroupName::new("g").expect("name");
    Item { ordinal, group, title_rank, path: path.into(), size_bytes }
}

fn room(name: &str, disks_bytes: &[u64]) -> BoxRoom {
    let (_, site) = name.split_once('.').expect("box.site");
    BoxRoom {
        device: DeviceName::new(name).expect("name"),
        site: SiteName::new(site).expect("name"),
        disks_bytes: disks_bytes.into(),
        titles: (0..40).collect(),
    }
}

fn demo_title() -> Vec<Item> {
    let mut objects = vec![
        item(0, 0, "/d/init-0.mp4", 800),
        item(1, 0, "/d/init-1.mp4", 800),
        item(2, 0, "/d/manifest.mpd", 3000),
        item(3, 0, "/d/master.m3u8", 600),
    ];
    for (rendition, size) in [(0, 900_000), (1, 100_000)] {
        for number in [9, 10, 1] {
            let path = format!("/d/seg-{rendition}-{number}.m4s");
            objects.push(item(u32::try_from(objects.len()).expect("few"), 0, &path, size));
        }
    }
    objects.push(item(10, 1, "/e/master.m3u8", 600));
    objects
}

#[test]
fn what_playback_needs_comes_first_then_small_renditions() {
    let objects = demo_title();
    let paths: Vec<&str> = rank(&objects).iter().map(|item| &*item.path).collect();
    let expected = [
        "/d/manifest.mpd",
        "/d/master.m3u8",
        "/d/init-0.mp4",
        "/d/init-1.mp4",
        "/d/seg-1-1.m4s",
        "/d/seg-1-9.m4s",
        "/d/seg-1-10.m4s",
        "/d/seg-0-1.m4s",
        "/d/seg-0-9.m4s",
        "/d/seg-0-10.m4s",
        "/e/master.m3u8",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn what_does_not_fit_says_why() {
    let mut objects = demo_title();
    objects.push(item(11, 2, "/f/film.mp4", 5_000_000));
    let boxes = vec![room("oca1.a", &[1_000_000, 600_000]), room("oca2.a", &[])];
    let solution = solve(&Problem { objects, boxes });
    insta::assert_json_snapshot!(solution);
}

#[test]
fn a_box_holds_what_it_is_told_to_in_that_order() {
    let boxes = vec![BoxRoom { titles: vec![1, 7, 0], ..room("oca1.a", &[1 << 30]) }];
    let hold = &solve(&Problem { objects: demo_title(), boxes }).boxes[0].hold;
    assert_eq!((hold[0], hold.len()), (10, 11));
}

#[test]
fn a_lone_box_has_no_siblings() {
    let problem = Problem { objects: demo_title(), boxes: vec![room("oca1.a", &[1 << 30])] };
    let sources = fill_sources(&problem, &solve(&problem), &|_, _| vec![]);
    let [batch] = sources[0].batches.as_slice() else { panic!("one batch") };
    assert_eq!((batch.siblings.len(), batch.ordinals.len()), (0, 11));
}

proptest! {
    #[test]
    fn no_box_is_overfilled_and_nothing_is_lost(
        sizes in proptest::collection::vec(0u64..2_000_000, 0..40),
        disks in proptest::collection::vec(0u64..9_000_000, 0..4),
    ) {
        let objects: Vec<Item> = (0u32..)
            .zip(&sizes)
            .map(|(at, size)| item(at, at / 7, &format!("/t{}/{at}.m4s", at / 7), *size))
            .collect();
        let problem = Problem { objects, boxes: vec![room("oca1.a", &disks)] };
        let plan = &solve(&problem).boxes[0];
        prop_assert!(plan.bytes <= disks.iter().sum());
        prop_assert_eq!(plan.hold.len() + plan.not_placed.len(), sizes.len());
    }

    #[test]
    fn siblings_are_those_of_the_site_that_hold_it(count in 1u32..200, small in 0u64..90_000) {
        let objects: Vec<Item> =
            (0..count).map(|at| item(at, 0, &format!("/t/{at:05}.m4s"), 1000)).collect();
        let rooms = [("oca1.a", 1 << 30), ("oca2.a", small), ("oca3.a", 1 << 30), ("oca1.b", 1 << 30)];
        let boxes = rooms.iter().map(|(name, bytes)| room(name, &[*bytes])).collect();
        let problem = Problem { objects, boxes };
        let solution = solve(&problem);
        let sources = fill_sources(&problem, &solution, &|_, _| vec![]);
        for (at, own) in sources.iter().enumerate() {
            let mut seen = HashSet::new();
            for SharedBatch { siblings, ordinals, .. } in &own.batches {
                for ordinal in ordinals {
                    prop_assert!(seen.insert(*ordinal));
                    let holds = |other: &usize| {
                        *other != at
                            && problem.boxes[*other].site == problem.boxes[at].site
                            && solution.boxes[*other].hold.contains(ordinal)
                    };
                    let others = (0..sources.len()).filter(holds);
                    let names: Vec<_> = others.map(|other| sources[other].device.clone()).collect();
                    prop_assert_eq!(&names, siblings);
                }
            }
            prop_assert_eq!(seen.len(), solution.boxes[at].hold.len());
        }
    }
}
