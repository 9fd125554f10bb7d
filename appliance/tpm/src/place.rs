//! Where a TPM is: a device of the kernel, or the socket of one that is software.

use std::fmt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Behind it the kernel's resource manager, which gives everybody room of his own.
const USUAL: &str = "/dev/tpmrm0";

/// Goes before the path of a socket.
const SOFTWARE: &str = "swtpm:";

/// Where a TPM is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A device of the kernel.
    Device(PathBuf),
    /// The socket at which `swtpm socket --server type=unixio` takes commands.
    Socket(PathBuf),
}

/// Not a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a TPM is named by the absolute path of its device, such as {USUAL}, or {SOFTWARE}SOCKET")]
pub struct NoPlace;

impl Place {
    /// Where the kernel has it, if this machine has one.
    #[must_use]
    pub fn usual() -> Option<Self> {
        let path = Path::new(USUAL);
        let is_there = path.metadata().is_ok_and(|it| it.file_type().is_char_device());
        is_there.then(|| Self::Device(path.to_owned()))
    }
}

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let absolute = |path: &str| {
            let path = PathBuf::from(path);
            path.is_absolute().then_some(path).ok_or(NoPlace)
        };
        match text.strip_prefix(SOFTWARE) {
            Some(socket) => absolute(socket).map(Self::Socket),
            None => absolute(text).map(Self::Device),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(path) => write!(f, "{}", path.display()),
            Self::Socket(path) => write!(f, "{SOFTWARE}{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shown_as_it_is_named() {
        for text in ["/dev/tpmrm0", "swtpm:/run/tpm.sock"] {
            assert_eq!(text.parse::<Place>().map(|it| it.to_string()), Ok(text.to_owned()));
        }
        for wrong in ["", "tpm", "swtpm:", "swtpm:tpm.sock"] {
            assert_eq!(wrong.parse::<Place>(), Err(NoPlace));
        }
    }
}
