//! A disk that exists in memory alone: it forgets what was not synchronised, tears writes,
//! fails, lies, and is full at times.
//!
//! It knows what it has destroyed, so that a loss can be told from a mistake.

mod faults;
mod file;
mod mount;
mod names;
mod power;

pub use faults::DiskFaults;
pub use mount::Mounts;
pub use power::Power;

use cache::Rating;
use contract::config::DiskClass;
use file::Content;
use names::{FileNumber, Names};
use rand::Rng;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is longer is content.
const PAGE: usize = 4096;

/// What a file system is made of.
#[derive(Debug, Clone)]
pub struct DiskPlan {
    /// Where it is mounted.
    pub root: PathBuf,
    /// How fast its box takes it to be.
    pub class: DiskClass,
    /// How large it is.
    pub size_bytes: u64,
    /// What must stay free of it.
    pub reserve_bytes: u64,
    /// What may be written to it.
    pub rating: Option<Rating>,
}

/// A disk, and the file system on it.
#[derive(Debug)]
pub struct SimDisk {
    /// What it is.
    pub plan: DiskPlan,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    random: StdRng,
    faults: DiskFaults,
    names: Names,
    files: BTreeMap<FileNumber, Content>,
    next_file: FileNumber,
    /// What others have stored.
    taken_by_others: u64,
    /// Whether they ever have stored anything.
    was_crowded: bool,
    /// Files of which something was destroyed, or may have been.
    damaged: BTreeSet<PathBuf>,
    /// Files of which a failed synchronisation has dropped something, in the life of an earlier
    /// process: the next cannot know.
    in_limbo: BTreeSet<PathBuf>,
    was_damaged: bool,
    /// It was replaced, or has lied: the names of files may come up again.
    may_repeat: bool,
    is_unwanted: bool,
    /// Whether calls were ever to fail here.
    has_failed: bool,
    /// Whether it has said that something was safe which was not.
    has_lied: bool,
    /// Whether the reserve was ever touched by a file that was made here.
    broke_reserve: bool,
    /// Content that was ever written; what fits a page is headers and tables.
    written_bytes: u64,
    /// Of it, what was written through.
    written_through_bytes: u64,
}

impl SimDisk {
    /// An empty disk.
    #[must_use]
    pub fn new(plan: DiskPlan, random: StdRng) -> Self {
        let state = State {
            random,
            faults: DiskFaults::default(),
            names: Names::below(&plan.root),
            files: BTreeMap::new(),
            next_file: 1,
            taken_by_others: 0,
            was_crowded: false,
            damaged: BTreeSet::new(),
            in_limbo: BTreeSet::new(),
            was_damaged: false,
            may_repeat: false,
            is_unwanted: false,
            has_failed: false,
            has_lied: false,
            broke_reserve: false,
            written_bytes: 0,
            written_through_bytes: 0,
        };
        Self { plan, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another process begins to use it.
    pub(super) fn begin_life(&self) {
        let state = &mut *self.state();
        let dropped = |number| state.files.get(&number).is_some_and(Content::has_dropped);
        let in_limbo = state.names.files().filter(|(_, number)| dropped(*number));
        state.in_limbo.extend(in_limbo.map(|(path, _)| path.clone()));
    }

    /// From now on it behaves like this.
    pub fn set_faults(&self, faults: DiskFaults) {
        let mut state = self.state();
        state.has_failed |= faults.read_errors + faults.write_errors > 0;
        state.faults = faults;
    }

    /// Whether calls were ever to fail here.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.state().has_failed
    }

    /// What every call takes longer than it should.
    #[must_use]
    pub fn slow_us(&self) -> u64 {
        self.state().faults.slow_us
    }

    /// Others take so much of what nobody uses.
    pub fn crowd(&self, bytes: u64) {
        let mut state = self.state();
        state.taken_by_others = 0;
        state.taken_by_others = bytes.min(self.free(&state));
        state.was_crowded |= bytes > 0;
    }

    /// Whether others ever took some of it.
    #[must_use]
    pub fn was_crowded(&self) -> bool {
        self.state().was_crowded
    }

    /// A bit turns over, somewhere.
    pub fn rot(&self) {
        let state = &mut *self.state();
        let files: Vec<_> =
            state.names.files().map(|(path, number)| (path.clone(), number)).collect();
        if files.is_empty() {
            return;
        }
        let (path, number) = &files[state.random.random_range(0..files.len())];
        let Some(content) = state.files.get_mut(number).filter(|content| content.len() > 0) else {
            return;
        };
        // Tables are small and matter most.
        let bits =
            if state.random.random_bool(0.3) { content.len().min(8192) } else { content.len() };
        content.flip(state.random.random_range(0..bits * 8));
        let was_damaged = !state.damaged.insert(path.clone());
        // A second bit may be in the other copy of the serials.
        state.may_repeat |= was_damaged && path.ends_with("serials");
        state.was_damaged = true;
    }

    /// All of it is gone: somebody has put a new disk in its place.
    pub fn replace(&self) {
        let state = &mut *self.state();
        state.damaged.append(&mut state.names.all_paths());
        state.may_repeat = true;
        (state.names, state.files) = (Names::below(&self.plan.root), BTreeMap::new());
    }

    /// The power fails, or comes back: what a program sees from here on is what the disk has.
    pub fn cut_power(&self) {
        let state = &mut *self.state();
        if std::mem::take(&mut state.has_lied) {
            state.damaged.append(&mut state.names.all_paths());
        }
        state.damaged.append(&mut state.in_limbo);
        state.names.cut_power(&mut state.random);
        let kept: BTreeSet<_> = state.names.files().map(|(_, number)| number).collect();
        state.files.retain(|number, _| kept.contains(number));
        for content in state.files.values_mut() {
            content.cut_power(&mut state.random);
        }
    }

    /// Whether something of a file was destroyed by what happened to this disk.
    #[must_use]
    pub fn is_damaged(&self, file: &Path) -> bool {
        self.state().damaged.contains(file)
    }

    /// Whether anything on it was ever destroyed.
    #[must_use]
    pub fn was_damaged(&self) -> bool {
        self.state().was_damaged
    }

    /// Whether a file may have the name of one that is long gone.
    #[must_use]
    pub fn may_repeat(&self) -> bool {
        self.state().may_repeat
    }

    /// Somebody wants it ejected, for no reason that it knows of.
    pub fn want_ejected(&self) {
        self.state().is_unwanted = true;
    }

    /// Whether somebody has wanted it ejected.
    #[must_use]
    pub fn is_unwanted(&self) -> bool {
        self.state().is_unwanted
    }

    /// Whether a file was made that left less free than has to stay so.
    #[must_use]
    pub fn broke_reserve(&self) -> bool {
        self.state().broke_reserve
    }

    /// Content that was ever written to it.
    #[must_use]
    pub fn written_bytes(&self) -> u64 {
        self.state().written_bytes
    }

    /// What of it was written through.
    #[must_use]
    pub fn written_through_bytes(&self) -> u64 {
        self.state().written_through_bytes
    }

    /// Whether what it says of itself was always true: nothing on it was destroyed, and no call
    /// has failed.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let state = self.state();
        let is_whole = state.damaged.is_empty() && state.in_limbo.is_empty();
        is_whole && !state.was_damaged && !state.may_repeat && !state.has_failed && !state.has_lied
    }

    /// What the files of objects take.
    #[must_use]
    pub fn object_bytes(&self) -> u64 {
        self.bytes_below("objects")
    }

    /// What registers take.
    #[must_use]
    pub fn register_bytes(&self) -> u64 {
        self.bytes_below("registers")
    }

    /// The files of objects.
    #[must_use]
    pub fn object_files(&self) -> Vec<PathBuf> {
        let state = self.state();
        self.files_below(&state, "objects").map(|(path, _)| path.clone()).collect()
    }

    fn bytes_below(&self, folder: &str) -> u64 {
        let state = self.state();
        let files = self.files_below(&state, folder);
        files.filter_map(|(_, number)| state.files.get(&number)).map(size).sum()
    }

    fn files_below<'a>(
        &self,
        state: &'a State,
        folder: &str,
    ) -> impl Iterator<Item = (&'a PathBuf, FileNumber)> + use<'a> {
        let folder = self.plan.root.join(folder);
        state.names.files().filter(move |(path, _)| path.starts_with(&folder))
    }

    /// How many files there are.
    #[must_use]
    pub fn files(&self) -> usize {
        self.state().names.files().count()
    }

    fn free(&self, state: &State) -> u64 {
        self.plan.size_bytes.saturating_sub(state.used() + state.taken_by_others)
    }

    fn create(&self, file: &Path, len_bytes: u64) -> io::Result<FileNumber> {
        let state = &mut *self.state();
        state.fail_some(state.faults.write_errors)?;
        if state.names.get(file).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if !file.parent().is_some_and(|folder| state.names.has_folder(folder)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let len = usize::try_from(len_bytes).map_err(io::Error::other)?;
        let free = self.free(state);
        if free < len_bytes {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let is_object = file.starts_with(self.plan.root.join("objects"));
        state.broke_reserve |= is_object && free - len_bytes < self.plan.reserve_bytes;
        let number = state.next_file;
        state.next_file += 1;
        state.files.insert(number, Content::zeros(len));
        state.names.add(file, number);
        state.damaged.remove(file);
        state.in_limbo.remove(file);
        Ok(number)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        let state = &mut *self.state();
        state.fail_some(state.faults.write_errors)?;
        let number = state.names.remove(file).ok_or(io::ErrorKind::NotFound)?;
        // A power cut may bring it back.
        if !state.names.is_durable(number) {
            state.files.remove(&number);
        }
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let state = &mut *self.state();
        state.fail_some(state.faults.write_errors)?;
        if state.lies() {
            return Ok(());
        }
        state.names.sync(folder);
        Ok(())
    }

    fn sync_all(&self) -> io::Result<()> {
        let state = &mut *self.state();
        let failed = state.fail_some(state.faults.write_errors);
        if failed.is_ok() && state.lies() {
            return Ok(());
        }
        for content in state.files.values_mut() {
            if failed.is_ok() { content.sync() } else { content.fail_sync() }
        }
        if failed.is_ok() {
            state.names.sync_all();
        }
        failed
    }

    fn read(&self, number: FileNumber, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = &mut *self.state();
        state.fail_some(state.faults.read_errors)?;
        let mut len = buffer.len();
        if len > 1 && state.happens(state.faults.short_reads) {
            len = state.random.random_range(1..len);
        }
        let content = state.files.get(&number).ok_or(io::ErrorKind::NotFound)?;
        let at = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = content.read(at, len);
        buffer[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write(&self, number: FileNumber, bytes: &[u8], offset: u64) -> io::Result<()> {
        let state = &mut *self.state();
        let failed = state.fail_some(state.faults.write_errors);
        let at = usize::try_from(offset).map_err(io::Error::other)?;
        let some =
            if failed.is_err() { state.random.random_range(0..=bytes.len()) } else { bytes.len() };
        let content = state.files.get_mut(&number).ok_or(io::ErrorKind::NotFound)?;
        content.write(at, &bytes[..some]);
        if bytes.len() > PAGE {
            state.written_bytes += some as u64;
        }
        failed
    }

    /// Writes what the disk has before this returns, as far as it stands in whole pages. Where it
    /// fails, more than this may have been dropped.
    fn write_through(&self, number: FileNumber, bytes: &[u8], offset: u64) -> io::Result<()> {
        let state = &mut *self.state();
        let failed = state.fail_some(state.faults.write_errors);
        let lies = state.lies();
        let at = usize::try_from(offset).map_err(io::Error::other)?;
        let content = state.files.get_mut(&number).ok_or(io::ErrorKind::NotFound)?;
        state.written_bytes += bytes.len() as u64;
        state.written_through_bytes += bytes.len() as u64;
        content.write(at, bytes);
        match failed {
            Err(_) => content.fail_sync(),
            Ok(()) if lies => {}
            Ok(()) => content.sync_part(at, bytes.len()),
        }
        failed
    }

    fn sync(&self, number: FileNumber) -> io::Result<()> {
        let state = &mut *self.state();
        let failed = state.fail_some(state.faults.write_errors);
        let lies = state.lies();
        let content = state.files.get_mut(&number).ok_or(io::ErrorKind::NotFound)?;
        match failed {
            Err(_) => content.fail_sync(),
            Ok(()) if lies => {}
            Ok(()) => content.sync(),
        }
        failed
    }
}

impl State {
    fn used(&self) -> u64 {
        self.names.files().filter_map(|(_, number)| self.files.get(&number)).map(size).sum()
    }

    fn happens(&mut self, of_a_thousand: u32) -> bool {
        of_a_thousand > 0 && self.random.random_range(0..1000) < of_a_thousand
    }

    fn fail_some(&mut self, of_a_thousand: u32) -> io::Result<()> {
        match self.happens(of_a_thousand) {
            true => Err(io::Error::other("the simulated disk fails")),
            false => Ok(()),
        }
    }

    fn lies(&mut self) -> bool {
        let lies = self.happens(self.faults.lost_syncs);
        self.has_lied |= lies;
        self.may_repeat |= lies;
        lies
    }
}

fn size(content: &Content) -> u64 {
    content.len() as u64
}
