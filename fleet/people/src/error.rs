//! What can go wrong with people.

use crate::{BadPassword, PersonName};

/// Something about people could not be done.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// Nobody is called that.
    #[error("nobody is called {0}")]
    NoSuchPerson(PersonName),
    /// Somebody is called that already.
    #[error("somebody is called {0} already: choose another name, or change that person")]
    Taken(PersonName),
    /// So many people a fleet has no use for.
    #[error("there are {0} people already: delete some")]
    TooMany(u32),
    /// Not a password to have.
    #[error(transparent)]
    BadPassword(#[from] BadPassword),
    /// More passwords are being hashed than can be waited for.
    #[error("too many people log in at the moment: try again in a few seconds")]
    Busy,
    /// A password could not be hashed.
    #[error("a password cannot be hashed: {0}")]
    Hashing(String),
    /// The system gives no random numbers.
    #[error("no random numbers")]
    Random,
}
