//! Numbers of files and the names that they have now.

use fuser::INodeNo;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Both directions; the root has number 1 and the empty path.
#[derive(Debug)]
pub(super) struct Names {
    numbers: HashMap<PathBuf, u64>,
    paths: HashMap<u64, PathBuf>,
    last: u64,
}

impl Names {
    pub(super) fn new() -> Self {
        let root = INodeNo::ROOT.0;
        Self {
            numbers: HashMap::from([(PathBuf::new(), root)]),
            paths: HashMap::from([(root, PathBuf::new())]),
            last: root,
        }
    }

    /// The path of a file, from the root; `None` when it has no name any more.
    pub(super) fn path(&self, number: INodeNo) -> Option<PathBuf> {
        self.paths.get(&number.0).cloned()
    }

    /// The number of a path: always the same while it has that name.
    pub(super) fn number(&mut self, path: &Path) -> INodeNo {
        if let Some(number) = self.numbers.get(path) {
            return INodeNo(*number);
        }
        self.last += 1;
        self.numbers.insert(path.to_path_buf(), self.last);
        self.paths.insert(self.last, path.to_path_buf());
        INodeNo(self.last)
    }

    /// A name has gone.
    pub(super) fn remove(&mut self, path: &Path) {
        if let Some(number) = self.numbers.remove(path) {
            self.paths.remove(&number);
        }
    }

    /// A file has another name; what had that name before has none. Folders are not renamed
    /// here with anything in them.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) {
        self.remove(to);
        if let Some(number) = self.numbers.remove(from) {
            self.numbers.insert(to.to_path_buf(), number);
            self.paths.insert(number, to.to_path_buf());
        }
    }
}
