//! The file system: every question goes to the folder behind it, but for reads that fail.
//!
//! Nothing is cached: names and attributes hold for no time, and files are opened for direct
//! I/O, so that each read of a reader comes here, with or without O_DIRECT.

use super::daemon::Health;
use super::names::Names;
use fuser::{
    Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner,
    OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty,
    ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use nix::libc;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long the kernel may believe what it was told.
const TTL: Duration = Duration::ZERO;

pub(super) struct Passthrough {
    behind: PathBuf,
    health: Arc<Health>,
    names: Mutex<Names>,
    files: Mutex<HashMap<u64, Arc<File>>>,
    last_handle: AtomicU64,
}

fn locked<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Passthrough {
    pub(super) fn over(behind: &Path, health: Arc<Health>) -> Self {
        Self {
            behind: behind.to_path_buf(),
            health,
            names: Mutex::new(Names::new()),
            files: Mutex::default(),
            last_handle: AtomicU64::new(0),
        }
    }

    /// The path of a file, from the root, and where it really is.
    fn place(&self, number: INodeNo) -> io::Result<(PathBuf, PathBuf)> {
        let path = locked(&self.names).path(number).ok_or(io::ErrorKind::NotFound)?;
        let real = self.behind.join(&path);
        Ok((path, real))
    }

    fn child(&self, parent: INodeNo, name: &OsStr) -> io::Result<(PathBuf, PathBuf)> {
        let (path, real) = self.place(parent)?;
        Ok((path.join(name), real.join(name)))
    }

    fn entry(&self, path: &Path, real: &Path) -> io::Result<FileAttr> {
        let metadata = fs::symlink_metadata(real)?;
        Ok(attributes(locked(&self.names).number(path), &metadata))
    }

    fn file(&self, handle: FileHandle) -> io::Result<Arc<File>> {
        let files = locked(&self.files);
        files.get(&handle.0).cloned().ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))
    }

    fn keep(&self, file: File) -> FileHandle {
        let handle = self.last_handle.fetch_add(1, Ordering::Relaxed);
        locked(&self.files).insert(handle, Arc::new(file));
        self.health.open_files.fetch_add(1, Ordering::SeqCst);
        FileHandle(handle)
    }

    fn metadata(&self, number: INodeNo, handle: Option<FileHandle>) -> io::Result<FileAttr> {
        let metadata = match handle {
            Some(handle) => self.file(handle)?.metadata()?,
            None => fs::symlink_metadata(self.place(number)?.1)?,
        };
        Ok(attributes(number, &metadata))
    }

    fn read_some(&self, handle: FileHandle, offset: u64, size: u32) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; size as usize];
        let (file, mut count) = (self.file(handle)?, 0);
        while count < bytes.len() {
            match file.read_at(&mut bytes[count..], offset + count as u64)? {
                0 => break,
                more => count += more,
            }
        }
        bytes.truncate(count);
        Ok(bytes)
    }

    fn list(&self, number: INodeNo) -> io::Result<Vec<(INodeNo, FileType, fs::DirEntry)>> {
        let (path, real) = self.place(number)?;
        let numbered = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            let kind = FileType::from_std(entry.file_type()?).unwrap_or(FileType::RegularFile);
            Ok((locked(&self.names).number(&path.join(entry.file_name())), kind, entry))
        };
        fs::read_dir(real)?.map(numbered).collect()
    }

    fn rename_file(&self, from: (INodeNo, &OsStr), to: (INodeNo, &OsStr)) -> io::Result<()> {
        let (from, real_from) = self.child(from.0, from.1)?;
        let (to, real_to) = self.child(to.0, to.1)?;
        fs::rename(real_from, real_to)?;
        locked(&self.names).rename(&from, &to);
        Ok(())
    }

    fn remove(&self, parent: INodeNo, name: &OsStr) -> io::Result<()> {
        let (path, real) = self.child(parent, name)?;
        fs::remove_file(real)?;
        locked(&self.names).remove(&path);
        Ok(())
    }
}

fn attributes(ino: INodeNo, metadata: &Metadata) -> FileAttr {
    let time =
        |seconds: i64| UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    FileAttr {
        ino,
        size: metadata.len(),
        blocks: metadata.blocks(),
        atime: time(metadata.atime()),
        mtime: time(metadata.mtime()),
        ctime: time(metadata.ctime()),
        crtime: UNIX_EPOCH,
        kind: FileType::from_std(metadata.file_type()).unwrap_or(FileType::RegularFile),
        perm: u16::try_from(metadata.mode() & 0o7777).unwrap_or(0o600),
        nlink: u32::try_from(metadata.nlink()).unwrap_or(1),
        uid: metadata.uid(),
        gid: metadata.gid(),
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

/// How a file is opened behind, whatever its reader asked for: O_DIRECT is the reader's own
/// affair, and the kernel has checked who may.
fn open(path: &Path, flags: i32) -> io::Result<File> {
    let writes = flags & libc::O_ACCMODE != libc::O_RDONLY;
    File::options().read(true).write(writes).truncate(flags & libc::O_TRUNC != 0).open(path)
}

fn answer(reply: ReplyEmpty, outcome: io::Result<()>) {
    match outcome {
        Ok(()) => reply.ok(),
        Err(err) => reply.error(err.into()),
    }
}

fn answer_entry(reply: ReplyEntry, outcome: io::Result<FileAttr>) {
    match outcome {
        Ok(attributes) => reply.entry(&TTL, &attributes, Generation(0)),
        Err(err) => reply.error(err.into()),
    }
}

fn answer_attributes(reply: ReplyAttr, outcome: io::Result<FileAttr>) {
    match outcome {
        Ok(attributes) => reply.attr(&TTL, &attributes),
        Err(err) => reply.error(err.into()),
    }
}

impl Filesystem for Passthrough {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.child(parent, name).and_then(|(path, real)| self.entry(&path, &real));
        answer_entry(reply, found);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, fh: Option<FileHandle>, reply: ReplyAttr) {
        answer_attributes(reply, self.metadata(ino, fh));
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        _mode: Option<u32>,
        _uid: Option<u32>,
        _gid: Option<u32>,
        size: Option<u64>,
        _atime: Option<TimeOrNow>,
        _mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        fh: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let cut = |size| open(&self.place(ino)?.1, libc::O_WRONLY)?.set_len(size);
        let done = size.map_or(Ok(()), cut).and_then(|()| self.metadata(ino, fh));
        answer_attributes(reply, done);
    }

    fn mkdir(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        _mode: u32,
        _umask: u32,
        reply: ReplyEntry,
    ) {
        let made = self.child(parent, name).and_then(|(path, real)| {
            fs::create_dir(&real)?;
            self.entry(&path, &real)
        });
        answer_entry(reply, made);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(reply, self.remove(parent, name));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        _flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        answer(reply, self.rename_file((parent, name), (newparent, newname)));
    }

    fn open(&self, _: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        match self.place(ino).and_then(|(_, real)| open(&real, flags.0)) {
            Ok(file) => reply.opened(self.keep(file), FopenFlags::FOPEN_DIRECT_IO),
            Err(err) => reply.error(err.into()),
        }
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        _mode: u32,
        _umask: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        let made = self.child(parent, name).and_then(|(path, real)| {
            File::options().create(true).truncate(false).write(true).open(&real)?;
            Ok((open(&real, flags)?, self.entry(&path, &real)?))
        });
        match made {
            Ok((file, attributes)) => {
                let handle = self.keep(file);
                let flags = FopenFlags::FOPEN_DIRECT_IO;
                reply.created(&TTL, &attributes, Generation(0), handle, flags);
            }
            Err(err) => reply.error(err.into()),
        }
    }

    fn read(
        &self,
        _: &Request,
        _ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        size: u32,
        flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        if self.health.fails.load(Ordering::SeqCst) {
            self.health.failed_reads.fetch_add(1, Ordering::SeqCst);
            return reply.error(Errno::EIO);
        }
        if flags.0 & libc::O_DIRECT != 0 {
            self.health.direct_reads.fetch_add(1, Ordering::SeqCst);
        }
        match self.read_some(fh, offset, size) {
            Ok(bytes) => reply.data(&bytes),
            Err(err) => reply.error(err.into()),
        }
    }

    fn write(
        &self,
        _: &Request,
        _ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        data: &[u8],
        _write_flags: WriteFlags,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.file(fh).and_then(|file| file.write_all_at(data, offset)) {
            Ok(()) => reply.written(u32::try_from(data.len()).unwrap_or(u32::MAX)),
            Err(err) => reply.error(err.into()),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn release(
        &self,
        _: &Request,
        _ino: INodeNo,
        fh: FileHandle,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        _flush: bool,
        reply: ReplyEmpty,
    ) {
        if locked(&self.files).remove(&fh.0).is_some() {
            self.health.open_files.fetch_sub(1, Ordering::SeqCst);
        }
        reply.ok();
    }

    fn fsync(&self, _: &Request, _: INodeNo, fh: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(reply, self.file(fh).and_then(|file| file.sync_all()));
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(reply, self.place(ino).and_then(|(_, real)| File::open(real)?.sync_all()));
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let entries = match self.list(ino) {
            Ok(entries) => entries,
            Err(err) => return reply.error(err.into()),
        };
        for (at, (number, kind, entry)) in (1..).zip(entries) {
            if at > offset && reply.add(number, at, kind, entry.file_name()) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _ino: INodeNo, reply: ReplyStatfs) {
        match nix::sys::statvfs::statvfs(&self.behind) {
            Ok(stat) => {
                let size = u32::try_from(stat.fragment_size()).unwrap_or(4096);
                let (all, free, own) = (stat.blocks(), stat.blocks_free(), stat.blocks_available());
                reply.statfs(all, free, own, stat.files(), stat.files_free(), size, 255, size);
            }
            Err(err) => reply.error(io::Error::from(err).into()),
        }
    }
}
