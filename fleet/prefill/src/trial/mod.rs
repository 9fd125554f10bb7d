//! Two policies for real: one that is tried at some sites, beside others that are like them and keep
//! the usual one.
//!
//! What must not happen is that one arm's policy becomes the other's measure. A site's demand is its
//! viewers', and what the sites below it miss: so a site that is somebody's parent is in no trial,
//! and of two that are, none is above the other. What a leaf holds does not follow from what its
//! parent holds (a plan goes from the leaves up), and what it serves itself does not either; so
//! leaves of one parent may be on different arms. That they share its fill bandwidth, and that a
//! title no site would hold by itself is held by one of all, are left: the first makes arms more
//! alike, the second moves what nobody asks for.
//!
//! Who of a pair is tried on is drawn, so that what makes sites differ falls on both arms alike;
//! what is compared is a difference of differences over pairs; and a trial is looked at every day,
//! for which its intervals pay, and ends by itself where it hurts.
//!
//! Pure: days and draws are given, what is given in another order has the same answer.
//!
//! Read in this order: `candidate` (how alike sites are), `nearest` and `matching` (pairs);
//! `agreed` (the document), `measure` (a number for each pair), `estimate` with `student` (over
//! pairs), `judge` (on a day), `verdict` (what is said).

mod agreed;
mod candidate;
mod estimate;
mod judge;
mod matching;
mod measure;
mod nearest;
mod student;
mod verdict;

pub use agreed::{BadTrial, Rules, Trial};
pub use candidate::{BadCandidate, Candidate, Features};
pub use estimate::{Difference, Interval};
pub use judge::judge;
pub use matching::{Left, Limits, Matched, Pair, Why, matched};
pub use measure::{LeftOut, SiteDay};
pub use verdict::{Judged, Measure, Verdict, Waits};

#[cfg(test)]
mod tests;
