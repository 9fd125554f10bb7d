use super::*;
use DiskClass::{Hdd, Nvme, Ssd};
use proptest::prelude::*;

fn place(class: DiskClass, usable_bytes: u64) -> Place {
    Place { class, usable_bytes, used_bytes: 0, is_open: true }
}

/// Disks that hold these objects.
fn holding(mut places: Vec<Place>, ranked: &[Placed]) -> Vec<Place> {
    for placed in ranked {
        if let Some(disk) = placed.disk {
            places[disk].used_bytes += placed.bytes;
        }
    }
    places
}

fn held(bytes: u64, disk: usize) -> Placed {
    Placed { bytes, disk: Some(disk) }
}

#[test]
fn what_has_become_hot_changes_places_with_what_is_cold() {
    // 95 of the 100 bytes are for the hottest; the fast disk is full of what is coldest.
    let ranked = [held(10, 1), held(10, 1), Placed { bytes: 60, disk: None }, held(95, 0)];
    let places = holding(vec![place(Nvme, 100), place(Hdd, 1000)], &ranked);
    let planned = plan(&places, &ranked, 8);
    let (down, up) = (|object| (object, 0, 1), |object| (object, 1, 0));
    let moves: Vec<_> = planned.first.iter().map(|it| (it.object, it.from, it.to)).collect();
    assert_eq!(moves, [down(3), up(0), up(1)]);
    assert_eq!((planned.objects, planned.bytes, planned.blocked_bytes), (3, 115, 0));
    assert_eq!(plan(&places, &ranked, 1).first.len(), 1);
    assert_eq!(plan(&places, &ranked, 1).objects, 3);
}

#[test]
fn cold_objects_stay_where_they_are_while_nobody_needs_the_room() {
    let ranked = [held(50, 0), Placed { bytes: 45, disk: None }, held(30, 0)];
    let places = holding(vec![place(Nvme, 100), place(Hdd, 1000)], &ranked);
    assert_eq!(plan(&places, &ranked, 8), Relocations::default());
}

#[test]
fn a_small_change_of_rank_moves_nothing() {
    // 950 bytes belong on the fast class; the one that ends at 920 is within the margin of 47.
    let ranked = [held(900, 0), held(20, 1), held(30, 0)];
    let places = holding(vec![place(Nvme, 1000), place(Hdd, 1000)], &ranked);
    assert_eq!(plan(&places, &ranked, 8), Relocations::default());
    let ranked = [held(800, 0), held(20, 1), held(30, 0)];
    let places = holding(vec![place(Nvme, 1000), place(Hdd, 1000)], &ranked);
    assert_eq!(plan(&places, &ranked, 8).objects, 1);
}

#[test]
fn nothing_goes_to_a_disk_that_is_closed_or_full() {
    let ranked = [held(10, 1)];
    for (is_open, used_bytes) in [(false, 0), (true, 95)] {
        let mut places = holding(vec![place(Nvme, 100), place(Hdd, 100)], &ranked);
        (places[0].is_open, places[0].used_bytes) = (is_open, used_bytes);
        let planned = plan(&places, &ranked, 8);
        assert_eq!((planned.objects, planned.blocked_bytes), (0, 10), "{is_open}");
    }
    let one = holding(vec![place(Hdd, 50), place(Hdd, 100)], &ranked);
    assert_eq!(plan(&one, &ranked, 8), Relocations::default());
}

fn worlds() -> impl Strategy<Value = (Vec<Place>, Vec<Placed>)> {
    let class = prop_oneof![Just(Nvme), Just(Ssd), Just(Hdd)];
    let places = proptest::collection::vec((class, 0_u64..2000, any::<bool>()), 1..6);
    let objects = proptest::collection::vec((1_u64..120, 0_usize..8), 0..60);
    (places, objects).prop_map(|(places, objects)| {
        let open = |(class, room, is_open)| Place { is_open, ..place(class, room) };
        let mut places: Vec<Place> = places.into_iter().map(open).collect();
        let settle = |(bytes, disk): (u64, usize)| {
            let free = |place: &&mut Place| place.usable_bytes - place.used_bytes >= bytes;
            let place = places.get_mut(disk).filter(free);
            let disk = place.map(|place| {
                place.used_bytes += bytes;
                disk
            });
            Placed { bytes, disk }
        };
        let ranked = objects.into_iter().map(settle).collect();
        (places, ranked)
    })
}

/// Carries moves out, one after the other: none may go beyond what its disk has.
fn carry_out(places: &mut [Place], ranked: &mut [Placed], moves: &[Relocation]) {
    for Relocation { object, from, to } in moves {
        let bytes = ranked[*object].bytes;
        assert_eq!(ranked[*object].disk.replace(*to), Some(*from));
        places[*to].used_bytes += bytes;
        assert!(places[*to].is_open && places[*to].used_bytes <= places[*to].usable_bytes);
        places[*from].used_bytes -= bytes;
    }
}

proptest! {
    #[test]
    fn moves_fit_lead_home_and_come_to_an_end(
        (mut places, mut ranked) in worlds(),
        most in 1_usize..20,
    ) {
        let total: u64 = ranked.iter().filter(|it| it.disk.is_some()).map(|it| it.bytes).sum();
        let mut has_moved = vec![false; ranked.len()];
        for _ in 0..=ranked.len() {
            let planned = plan(&places, &ranked, most);
            prop_assert_eq!(planned.first.is_empty(), planned.objects == 0);
            prop_assert!(planned.bytes <= total);
            if planned.objects == 0 {
                break;
            }
            for Relocation { object, .. } in &planned.first {
                // Everything goes straight to where it belongs.
                prop_assert!(!std::mem::replace(&mut has_moved[*object], true));
            }
            carry_out(&mut places, &mut ranked, &planned.first);
        }
        prop_assert_eq!(plan(&places, &ranked, most).objects, 0);
    }

    #[test]
    fn where_there_is_room_everything_ends_in_its_class(
        sizes in proptest::collection::vec((1_u64..50, 0_usize..3), 1..60),
    ) {
        let all: u64 = sizes.iter().map(|(bytes, _)| bytes).sum();
        let mut ranked: Vec<_> = sizes.iter().map(|(bytes, disk)| held(*bytes, *disk)).collect();
        let places = vec![place(Nvme, 2 * all), place(Ssd, 2 * all), place(Hdd, 2 * all)];
        let mut places = holding(places, &ranked);
        let planned = plan(&places, &ranked, usize::MAX);
        prop_assert_eq!(planned.blocked_bytes, 0);
        carry_out(&mut places, &mut ranked, &planned.first);
        // All of it fits the fast class, with more than the margin.
        prop_assert!(ranked.iter().all(|placed| placed.disk == Some(0)));
    }
}
