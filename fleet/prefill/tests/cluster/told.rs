//! What is told of single files.

use crate::instances::{Instance, Shape};
use prefill::cluster::{Binding, Bitmap, Pin, Spread, Why, Workspace, explain};

#[test]
fn every_file_says_why() {
    let mut asked = Instance::new(Shape { files: 4_000, copy_share: 0.02, ..Shape::default() });
    asked.bans = Bitmap::new(4_000);
    asked.bans.insert(7);
    asked.pins = vec![Pin { ordinal: 9, class: 1 }];
    asked.demand[11] = 0.0;
    asked.with_problem(|problem| {
        let mut workspace = Workspace::default();
        workspace.solve(problem).expect("sound");
        let mut spreads = vec![Spread::default(); 2];
        for (class, spread) in spreads.iter_mut().enumerate() {
            workspace.spread(problem, class, spread);
        }
        let solution = workspace.solution();
        assert!(explain(problem, solution, &spreads, 4_000).is_none());
        let mut beside_cut_offs = 0;
        for ordinal in 0..4_000 {
            let told = explain(problem, solution, &spreads, ordinal).expect("a file");
            let holders: Vec<usize> = (0..2)
                .filter(|class| solution.classes[*class].holding.held.contains(ordinal))
                .collect();
            for (class, told) in told.classes.iter().enumerate() {
                let copies = solution.classes[class].holding.copies(ordinal);
                assert_eq!(told.boxes.len(), usize::from(copies));
            }
            match told.why {
                Why::Banned => assert_eq!(ordinal, 7),
                Why::Pinned { class } => assert_eq!((ordinal, class), (9, 1)),
                Why::NotWanted => assert_eq!(ordinal, 11),
                Why::Held { class, above } => {
                    assert!(holders.contains(&class) && above > 0.0);
                }
                Why::TooThin { below, binds, .. } => {
                    assert!(holders.is_empty() && below >= 0.0);
                    assert_eq!(binds, Some(Binding::Disk));
                }
                Why::Filled { .. } | Why::NoRoomLeft { .. } => beside_cut_offs += 1,
                Why::NoPlace => panic!("{told:?}"),
            }
        }
        println!("{beside_cut_offs} files stand on the other side of a cut-off");
        assert!(beside_cut_offs < 40, "{beside_cut_offs}");
    });
}
