//! Who people are to the fleet, and what they may do.
//!
//! Somebody logs in with a password and shows a session from then on; what he may do is his role.
//!
//! Not here: HTTP, and which of its requests need which role.
//!
//! Read in this order: [`Role`] and [`PersonName`]; [`PeopleStore`] with [`NewSession`], [`Caller`] and
//! [`NotLoggedIn`] (logging in); `limits` and `hashing` (what it costs to try).

mod error;
mod hashing;
mod limits;
mod name;
mod password;
mod random;
mod role;
mod session;
mod store;

pub use error::PeopleError;
pub use name::{BadPersonName, MAX_PERSON_NAME_LEN, PersonName};
pub use password::{
    BadPassword, MAX_PASSWORD_BYTES, MIN_PASSWORD_BYTES, check_password, random_password,
};
pub use role::{NoRole, Role};
pub use session::{Caller, NewSession, NotLoggedIn, SESSION_LIFE, SESSIONS_AT_MOST, TOKEN_PREFIX};
pub use store::{PEOPLE_AT_MOST, PeopleStore, Person};
