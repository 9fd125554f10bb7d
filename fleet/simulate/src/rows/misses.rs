//! What crosses the provider's edge by day, beside what a cache of the same size would bring.

use super::level::{Level, SMALL};
use crate::audience::WATCHED;
use prefill::backtest::{Beside, Bound, Row};

const EQUAL: &str = "20,000 plays a day and site, disk of 2 %: bytes of plays of what was not held, over those \
    that an LRU cache of the same size misses, on the same plays in an order of chance within each day (its first \
    28 days are not counted). Both miss what is watched, and no more. Baseline: who knows on each day what will be \
    wanted, and holds the best of it. Where that misses the bound, no forecast reaches it.";
const WHOLE: &str = "As misses against LRU, where the cache fetches whole files when it misses, and prefill lets \
    pass what is watched, 0.75 of a file (w = 0.75 in all bytes of the simulation), and fetches whole files by \
    night, which are counted. Baseline: the same of who knows each day.";

pub(super) fn rows(few: &Level) -> Vec<Row> {
    let sums = &few.sums;
    let fill = sums.nights[SMALL][1].ingress_bytes;
    let over = |bytes: f64| bytes / sums.cache.missed_bytes;
    let row = |name, definition, value, baseline, beside| Row {
        name,
        definition,
        baseline,
        value,
        must_reach: Bound::AtMost(0.70),
        baseline_then: None,
        rows_scored: few.site_days,
        beside,
    };
    let hit = |missed: f64| 1.0 - missed / sums.cache.bytes;
    vec![
        row(
            "misses against LRU",
            EQUAL,
            over(sums.missed),
            over(sums.daily_missed),
            vec![
                Beside { name: "hit ratio", value: hit(sums.missed) },
                Beside { name: "of LRU", value: hit(sums.cache.missed_bytes) },
                Beside { name: "with what is filled", value: over(sums.missed + fill / WATCHED) },
            ],
        ),
        row(
            "misses against LRU of whole files",
            WHOLE,
            over(WATCHED * sums.missed + fill),
            over(WATCHED * sums.daily_missed),
            vec![
                Beside { name: "filled, of that", value: over(fill) },
                Beside {
                    name: "w at which 0.70 is reached",
                    value: (0.70 - over(fill)) / over(sums.missed),
                },
            ],
        ),
    ]
}
