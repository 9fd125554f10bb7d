//! What is expected on later days, against today. Pure.

use super::asking::single;
use super::forecaster::{Forecaster, Wanted};
use contract::names::SiteName;
use prefill::demand::Refused;
use prefill::question::{AheadAsked, AheadRegion, RegionAsked, TitleAsked};

/// In how many days.
const DAYS: [u8; 3] = [3, 7, 14];

/// What is expected in some days of the same titles and regions.
pub(super) fn ahead(
    forecaster: &Forecaster,
    (day, sites): (i32, &[(SiteName, Option<String>)]),
    (today, titles, regions): (&Wanted, &[Option<TitleAsked>], &[RegionAsked]),
) -> Result<Vec<AheadAsked>, Refused> {
    let at = |days: u8| {
        let then = forecaster.forecast(day.saturating_add(days.into()), 0, sites)?;
        let region = |region: &RegionAsked| {
            let (today, then) = (of_region(today, region), of_region(&then, region));
            Compared { forecaster, titles, today, then }.region()
        };
        let regions = regions.iter().map(region).collect();
        Ok(AheadAsked { days: days.into(), regions })
    };
    DAYS.into_iter().map(at).collect()
}

fn of_region<'a>(wanted: &'a Wanted, region: &RegionAsked) -> &'a [f64] {
    wanted.regions.get(&region.region).map(Vec::as_slice).unwrap_or_default()
}

/// A region today and then, by the forecast's numbers.
struct Compared<'a> {
    forecaster: &'a Forecaster,
    titles: &'a [Option<TitleAsked>],
    today: &'a [f64],
    then: &'a [f64],
}

impl Compared<'_> {
    fn region(&self) -> AheadRegion {
        let (mut today, mut then, mut releases) = (0.0, 0.0, Vec::new());
        for (number, title) in (0..).zip(self.titles) {
            let Some(title) = title else { continue };
            let key = (title.group.clone(), title.title.clone());
            let Some(at) = self.forecaster.number(&key) else { continue };
            let rate = |of: &[f64]| of.get(at).copied().unwrap_or(0.0);
            match (rate(self.today), rate(self.then)) {
                (now, later) if now > 0.0 => (today, then) = (today + now, then + later),
                (_, later) if later > 0.0 => releases.push((number, single(later))),
                _ => {}
            }
        }
        // Where nothing is known there is nothing to grow.
        let growth = if today > 0.0 { then / today } else { 1.0 };
        AheadRegion { growth, releases }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::placing::forecaster::tests::{known, learned, places};
    use contract::names::{GroupName, TitleName};

    #[test]
    fn what_comes_later_is_a_release_and_the_rest_grows() {
        let mut forecaster = learned();
        forecaster.know([known("later", 1010)].into_iter());
        let names = ["x", "y", "z", "later"];
        let title = |name: &str| TitleAsked {
            group: GroupName::new("g").expect("name"),
            title: TitleName::new(name).expect("name"),
            size_bytes: 1,
            due_us: None,
        };
        let titles: Vec<Option<TitleAsked>> =
            names.iter().map(|name| Some(title(name))).chain([None]).collect();
        let regions = [RegionAsked { region: Some("north".into()), demand_bytes_per_s: vec![] }];
        let today = forecaster.forecast(1005, 3, &places()).expect("a forecast");
        let found = ahead(&forecaster, (1005, &places()), (&today, &titles, &regions));
        let found = found.expect("a forecast");
        assert_eq!(found.iter().map(|it| it.days).collect::<Vec<_>>(), [3, 7, 14]);
        let releases =
            |at: usize| found[at].regions[0].releases.iter().map(|it| it.0).collect::<Vec<u32>>();
        assert_eq!((releases(0), releases(1), releases(2)), (vec![], vec![3], vec![3]));
        let all = |wanted: &Wanted| wanted.regions[&regions[0].region][..3].iter().sum::<f64>();
        for ahead in &found {
            let days = i32::try_from(ahead.days).expect("few");
            let then = forecaster.forecast(1005 + days, 0, &places()).expect("a forecast");
            let growth = ahead.regions[0].growth;
            assert!((growth - all(&then) / all(&today)).abs() < 1e-12, "{ahead:?}");
        }
    }
}
