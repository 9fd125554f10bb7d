//! The fleet's certificate authority and its document-signing keys, in one folder.
//!
//! Everything that proves something to a box or a viewer begins here: who the fleet is, who
//! a box is, which names a box may show to viewers, and which documents a box may believe.
//! It is not an enrolment protocol and keeps no list of what it issued; keys are made here
//! and handed out, not requested by certificate signing requests.
//!
//! Read in this order: [`Ca`] (the folder), [`issue`](Issued) (what is issued, for how
//! long), [`device_of`] (reading an identity back).

mod authority;
mod error;
mod issue;
mod key_file;
mod peer;
mod signing;

pub use authority::Ca;
pub use error::CaError;
pub use issue::{ISSUED_LIFE_D, Issued};
pub use key_file::{make_folder, write_new};
pub use peer::device_of;
