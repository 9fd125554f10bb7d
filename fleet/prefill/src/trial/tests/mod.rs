//! Who is matched, what is said of days, and how often that is wrong.

mod judging;
mod matching;
mod rates;

use super::{Pair, Rules, SiteDay, Trial};
use contract::names::SiteName;

fn site(name: &str) -> SiteName {
    SiteName::new(name).expect("name")
}

fn pair(at: usize) -> Pair {
    Pair { tried: site(&format!("t{at}")), usual: site(&format!("u{at}")) }
}

const FIRST_DAY: i32 = 20_000;

fn trial(pairs: usize, days: u16) -> Trial {
    let rules = Rules { least_wanted_bytes: 1000, ..Rules::default() };
    Trial { pairs: (0..pairs).map(pair).collect(), first_day: FIRST_DAY, days, rules }
}

/// So much is wanted on every day.
const WANTED: u64 = 1_000_000;

fn day(site: &SiteName, day: i32, (offload, fill): (f64, f64)) -> SiteDay {
    let (served_bytes, filled_bytes) = (of_wanted(offload), of_wanted(fill));
    let site = site.clone();
    SiteDay { site, day, wanted_bytes: WANTED, served_bytes, filled_bytes, is_impaired: false }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a million")]
fn of_wanted(part: f64) -> u64 {
    (part.clamp(0.0, 1.0) * WANTED as f64).round() as u64
}
