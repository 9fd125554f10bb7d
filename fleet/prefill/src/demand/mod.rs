//! How often each file will be played tomorrow: in a region, and at each of its sites.
//!
//! Counters of past days are few for most titles at most places, so that each place borrows from
//! the larger one around it. With `k` a title, `f = (k, e, v)` a file of it (episode `e`, rendition
//! `v`), and all sums over past days, faded by a half life:
//!
//! ```text
//! world      θ_k  = (C_world + n) / (E_world + n / θ0_k)       plays, of all plays, at age factor 1
//! region     R_k  = (C_region + κ_R) / (θ_k E_region + κ_R)    what the region makes of that
//! site       S_k  = (C_site + κ_S) / (θ_k R_k E_site + κ_S)    what the site makes of that
//! episode    ε_e  = (c_e + κ_e p_e) / (c_k + κ_e)              share of the title, in the region
//! rendition  ρ_v  = (c_v + κ_v ρ_region,v) / (c + κ_v)         share of the ladder, at the site
//! plays of a file = plays of the site · θ_k R_k S_k · age_k · ε_e · ρ_v
//! ```
//!
//! Each is the mean of a gamma distribution after Poisson counts (Robbins 1956; Gelman and others,
//! «Bayesian Data Analysis», 2.6), so each has a shape, which says how sure it is: relative
//! variances add up, and what comes is negative binomial ([`interval`]). `E` is exposure: all plays
//! of a day times the title's age factor on it ([`age`]). That is why a title that fades needs no
//! fast forgetting, and why a day of which nothing is known does no harm: it exposes nothing.
//!
//! Pure and deterministic. A region is dense: a value for each title and episode. A site is a
//! factor for each title and a share for each rendition of each ladder, and knows no other site, so
//! that thousands can be gone through one at a time.
//!
//! Read in this order: [`catalogue`], [`counters`] (from meters to plays of a day), [`age`],
//! [`faded`], [`traffic`]; then [`world`], [`region`], [`site`]; [`interval`] and [`score`].

pub mod age;
pub mod catalogue;
pub mod counters;
pub mod faded;
pub mod interval;
mod refused;
pub mod region;
mod renditions;
pub mod score;
pub mod site;
pub mod traffic;
pub mod world;

pub use age::Ages;
pub use catalogue::{Catalogue, File, Kind, Title};
pub use counters::{Counted, Meter, Reading, RenditionCount, Taken};
pub use interval::Expected;
pub use refused::{Record, Refused};
pub use region::{Region, RegionDay, RegionForecast};
pub use score::Score;
pub use site::{Site, SiteDay, SiteForecast};
pub use traffic::Weekdays;
pub use world::{World, WorldForecast};

#[cfg(test)]
mod tests;
