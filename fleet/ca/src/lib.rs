//! The fleet's keys: those that sign documents, those that issue certificates, and the root that
//! says whose word counts.
//!
//! Everything that proves something to a box or a viewer begins here: who the fleet is, who
//! a box is, which names a box may show to viewers, and which documents a box may believe.
//! The root is a folder of its own ([`RootFolder`]), which is kept offline; the fleet works with
//! the keys in another ([`Ca`]), and tells boxes what the root has said ([`SaidStore`]).
//!
//! Read in this order: [`Ca`] and [`KeyKind`] (the keys), [`Authority`] and [`Issued`] (what is
//! issued, for how long), [`draft`](draft()), [`check_wished`], [`RootFolder`]
//! and [`SaidStore`] (how the root comes to speak),
//! [`TokenStore`], [`RequestedKey`] and [`IssuedStore`] (how a machine comes to its certificates),
//! [`Issuance`] (whoever issues them for viewers), [`device_of`] (reading an identity back),
//! [`Front`] (who the fleet is towards people).

mod authority;
mod draft;
mod error;
mod folder;
mod front;
mod issuance;
mod issue;
mod issued;
mod key_file;
mod keyring;
mod peer;
mod request;
mod root;
mod said;
mod signing;
mod tokens;
mod wished;

pub use authority::{Authority, authority_id};
pub use draft::{Change, DEFAULT_LIFE_D, MAX_LIFE_D, MIN_LIFE_D, NoDraft, Offer, draft, new_keys};
pub use error::CaError;
pub use folder::Ca;
pub use front::Front;
pub use issuance::{Fault, Issuance, NotIssued, Wish};
pub use issue::{Certified, ISSUED_LIFE_D, Issued};
pub use issued::{IssuedStore, IssuedTo, RevokedCertificate};
pub use key_file::{make_folder, read_or_make, write_new};
pub use keyring::{KeyKind, NoKeyKind};
pub use peer::device_of;
pub use request::{BadRequest, RequestedKey};
pub use root::RootFolder;
pub use said::{Said, SaidStore, dropped_in};
pub use tokens::{BadToken, MAX_TOKEN_LIFE, NewToken, Shown, TokenStore};
pub use wished::{Unwished, check_wished};
