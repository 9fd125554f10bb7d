//! How much sites serve themselves.

use super::level::{DISKS, Level, MIDDLE};
use prefill::backtest::{Beside, Bound, Row};

const MANY: &str = "200,000 plays a day and site (Poisson, by weekday). Bytes served by what is held over those \
    of the best constant holding, both of what viewers are expected to want, for 3 sites of one region on 28 days \
    after 28 of counters, with a disk of 5 % of the catalogue. World: seed 1, drawn from the published hours of \
    half a year. Planned each night from counters of days before, with a price (half of the worth of a byte of disk) \
    of new bytes. The forecast knows the usual age profile, and of new titles a calendar that errs by 0.75 in \
    logarithms. Baseline: the site's own counters of each file, half life 2 days.";
const FEW: &str = "As with 200,000 plays, with 20,000.";

pub(super) fn rows(many: &Level, few: &Level) -> Vec<Row> {
    let row = |name, definition, level: &Level, (least, then)| Row {
        name,
        definition,
        baseline: level.over_constant(level.sums.local[MIDDLE], MIDDLE),
        value: level.over_constant(level.sums.served[MIDDLE][1], MIDDLE),
        must_reach: Bound::AtLeast(least),
        baseline_then: Some(then),
        rows_scored: level.site_days,
        beside: beside(level),
    };
    vec![
        row("hit ratio, 200,000 plays", MANY, many, (0.99, 0.981)),
        row("hit ratio, 20,000 plays", FEW, few, (0.965, 0.909)),
    ]
}

fn beside(level: &Level) -> Vec<Beside> {
    const NAMES: [[&str; 4]; 3] = [
        ["disk of 2 %", "free of charge, 2 %", "best of each day, 2 %", "itself, 2 %"],
        ["disk of 5 %", "free of charge, 5 %", "best of each day, 5 %", "itself, 5 %"],
        ["disk of 15 %", "free of charge, 15 %", "best of each day, 15 %", "itself, 15 %"],
    ];
    let of_disk = |disk: usize| {
        let [free, dear] = level.sums.served[disk];
        let served = [dear, free, level.sums.daily[disk]].map(|of| level.over_constant(of, disk));
        let values = served.into_iter().chain([dear / level.sums.wanted]);
        NAMES[disk].into_iter().zip(values).map(|(name, value)| Beside { name, value })
    };
    (0..DISKS.len()).flat_map(of_disk).collect()
}

impl Level {
    /// Bytes served over those that the best constant holding serves.
    fn over_constant(&self, served: f64, disk: usize) -> f64 {
        served / self.sums.constant[disk]
    }
}
