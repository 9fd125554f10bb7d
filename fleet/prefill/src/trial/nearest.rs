//! Sites two by two, the nearest first.

use super::matching::Free;

/// The pairs, each by rising place, and the places of who is left alone. `sites` stand by name.
///
/// Two sites of which each is the other's nearest are a pair, whatever others do; so taking all
/// such at once, round after round, finds what taking the shortest distance of all, again and
/// again, would find (Preis 1999), and sorts nothing. Equal distances go by name.
pub(super) fn pairs(sites: &[Free], calliper: f64) -> (Vec<(usize, usize)>, Vec<usize>) {
    let mut is_free = vec![true; sites.len()];
    let mut nearest: Vec<Option<usize>> =
        (0..sites.len()).map(|at| nearest_to(at, sites, &is_free, calliper)).collect();
    let mut pairs = Vec::new();
    loop {
        let mutual: Vec<(usize, usize)> = (0..sites.len())
            .filter_map(|at| Some((at, nearest[at]?)))
            .filter(|(at, other)| at < other && nearest[*other] == Some(*at))
            .collect();
        if mutual.is_empty() {
            break;
        }
        for (at, other) in &mutual {
            for taken in [*at, *other] {
                (is_free[taken], nearest[taken]) = (false, None);
            }
        }
        pairs.extend(mutual);
        for (at, near) in nearest.iter_mut().enumerate() {
            if near.is_some_and(|other| !is_free[other]) {
                *near = nearest_to(at, sites, &is_free, calliper);
            }
        }
    }
    let alone = (0..sites.len()).filter(|at| is_free[*at]).collect();
    (pairs, alone)
}

fn nearest_to(at: usize, sites: &[Free], is_free: &[bool], calliper: f64) -> Option<usize> {
    let site = &sites[at];
    let others = (0..sites.len()).filter(|other| *other != at && is_free[*other]);
    let like = others.filter(|other| site.may_pair(&sites[*other]));
    let far = like.map(|other| (site.point.distance(&sites[other].point), other));
    let near = far.filter(|(distance, _)| *distance <= calliper);
    // One order of all pairs, the same from both ends: else two might wait for each other for ever.
    let order = |(distance, other): &(f64, usize)| (*distance, at.min(*other), at.max(*other));
    let nearest = near.min_by(|a, b| {
        let (a, b) = (order(a), order(b));
        a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2)))
    });
    nearest.map(|(_, other)| other)
}
