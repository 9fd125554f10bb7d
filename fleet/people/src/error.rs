//! What can go wrong with people and their keys.

use crate::{BadKey, BadPassword, PersonName, Role};
use contract::names::DeviceName;
use std::path::PathBuf;

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
    /// A partner of nobody.
    #[error("a partner is of a provider: say which")]
    WhosePartner,
    /// Of a provider who sees more than that one's.
    #[error("who is {0} sees what is all providers': none is to be named")]
    NoPartner(Role),
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
    /// A file or folder cannot be read or made.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is there and is not what its name says.
    #[error("{path} is not {expected}: restore it from a backup, or move it away", path = path.display())]
    NotWhatItShouldBe {
        /// Which file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// No box is called that.
    #[error("there is no appliance called {0}")]
    NoSuchAppliance(DeviceName),
    /// A key is not taken.
    #[error(transparent)]
    BadKey(#[from] BadKey),
    /// A key cannot be made or written down.
    #[error("an SSH key cannot be made: {0}")]
    MakeKey(ssh_key::Error),
}
