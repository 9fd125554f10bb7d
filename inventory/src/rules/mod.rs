//! What has to hold between records, or between what a record was and is to be. Pure: the store hands in
//! what they need to see.

pub mod addresses;
pub mod exhaustion;
pub mod life_cycle;
pub mod parents;
pub mod racks;
pub mod settings;
