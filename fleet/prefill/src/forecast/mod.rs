//! How much of each title will be watched next week, and which titles each country will list.
//!
//! Two models, both pure: fed week after week with what was observed, they answer for the
//! week after. Nothing is drawn at random and nothing hangs on the order of rows, so the same
//! weeks give the same forecast, bit for bit.
//!
//! Read in this order: [`title`] and [`week`] (what goes in, and what is refused), [`weekly`]
//! (the walk: forecast, then learn), [`history`] (what is kept of the past), [`carried`],
//! [`debut`], [`returned`] (one formula each), [`robust`] over [`cholesky`] (how their
//! coefficients are found), [`interval`] (how sure it is); then [`country`].

mod carried;
mod cholesky;
pub mod country;
mod debut;
mod history;
pub mod interval;
mod returned;
mod robust;
pub mod title;
pub mod week;
pub mod weekly;

pub use title::{Category, Title};
pub use week::{Announced, Observed, Refused, Week};
pub use weekly::{Forecast, Kind, RuntimeKnown, Weekly};

#[cfg(test)]
mod tests;
