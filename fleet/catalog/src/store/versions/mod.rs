//! Versions of the catalogue in SQL: [`announce`] makes them, [`read`] has them back, [`pins`] hold sites to
//! one, [`forget`] lets old ones go.

mod announce;
mod forget;
mod pins;
mod read;
mod rows;
#[cfg(test)]
mod tests;
mod write;

pub use announce::InForce;
