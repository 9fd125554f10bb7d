//! Over a whole disk from its beginning to its end: once writing, once reading.

use anyhow::{Context, Result, ensure};
use rustix::fs::{Advice, fadvise};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

/// As much at once as keeps any disk busy.
const CHUNK_BYTES: usize = 4 << 20;

/// What is written has come to the disk so often: what is shown is what is done, and memory stays free.
const SYNC_BYTES: u64 = 64 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Zeros everywhere.
    Write,
    /// And nothing else.
    Read,
}

impl Pass {
    /// Tells how many bytes are done as it goes.
    pub(super) fn run(self, disk: &mut File, bytes: u64, tell: &mut dyn FnMut(u64)) -> Result<()> {
        let mut chunk = vec![0_u8; CHUNK_BYTES];
        let mut done = 0;
        disk.seek(SeekFrom::Start(0))?;
        while done < bytes {
            let length =
                usize::try_from(bytes - done).map_or(CHUNK_BYTES, |it| it.min(CHUNK_BYTES));
            let some = &mut chunk[..length];
            match self {
                Self::Write => disk.write_all(some).with_context(|| failed("written", done))?,
                Self::Read => {
                    disk.read_exact(some).with_context(|| failed("read", done))?;
                    is_zero(some, done)?;
                }
            }
            done += length as u64;
            if done % SYNC_BYTES == 0 || done == bytes {
                self.settle(disk).with_context(|| failed("written", done))?;
                tell(done);
            }
        }
        Ok(())
    }

    /// What was written is on the disk, and what is read comes from there.
    fn settle(self, disk: &File) -> Result<()> {
        if self == Self::Write {
            disk.sync_all()?;
        }
        Ok(fadvise(disk, 0, None, Advice::DontNeed)?)
    }
}

fn failed(what: &str, at: u64) -> String {
    format!("cannot be {what} at byte {at}: what is on it can only be destroyed with it")
}

fn is_zero(chunk: &[u8], begins_at: u64) -> Result<()> {
    let other = chunk.iter().position(|&octet| octet != 0);
    let at = begins_at + other.unwrap_or_default() as u64;
    ensure!(
        other.is_none(),
        "says something else at byte {at} than was written there: what is on it can only be destroyed with it"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;

    /// No whole number of chunks.
    const BYTES: u64 = 9_000_001;

    fn full() -> File {
        let mut file = tempfile::tempfile().expect("file");
        file.write_all(&vec![0xa5; usize::try_from(BYTES).expect("small")]).expect("written");
        file
    }

    #[test]
    fn all_of_it_is_written_over_and_read_back() {
        let (mut disk, mut told) = (full(), Vec::new());
        Pass::Read.run(&mut disk, BYTES, &mut |_| {}).expect_err("it is full");
        Pass::Write.run(&mut disk, BYTES, &mut |done| told.push(done)).expect("written");
        Pass::Read.run(&mut disk, BYTES, &mut |done| told.push(done)).expect("empty");
        assert_eq!((told, disk.metadata().expect("there").len()), (vec![BYTES; 2], BYTES));
    }

    #[test]
    fn a_disk_that_keeps_something_is_found_out_wherever_that_is() {
        for at in [0, 1, 4 << 20, BYTES - 1] {
            let mut disk = full();
            Pass::Write.run(&mut disk, BYTES, &mut |_| {}).expect("written");
            disk.write_all_at(&[1], at).expect("kept");
            let found = Pass::Read.run(&mut disk, BYTES, &mut |_| {}).expect_err("not empty");
            assert!(found.to_string().contains(&format!("at byte {at} ")), "{found}");
        }
    }

    #[test]
    fn a_disk_that_ends_early_is_not_empty() {
        let mut disk = full();
        let found = Pass::Read.run(&mut disk, BYTES + 1, &mut |_| {});
        assert!(found.is_err());
    }
}
