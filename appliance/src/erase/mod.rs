//! `appliance erase`: a whole disk is written over and read back, and that it is empty is noted.
//!
//! What is noted stands in what the machine is made of ([`crate::machine`]) for as long as nobody uses
//! the disk again. So the fleet knows by the machine's word that it may leave the house.

mod claim;
mod noted;
mod passes;
mod settled;
mod shown;

pub(crate) use noted::Noted;

use anyhow::{Context, Result};
use claim::Claimed;
use contract::quantity::ByteCount;
use contract::time::TimeUs;
use passes::Pass;
use shown::Shown;
use std::path::Path;
use std::time::{Instant, SystemTime};

/// Erases the disk whose serial number that is.
#[expect(clippy::print_stdout, reason = "answers to a person go to standard output")]
pub(crate) fn erase(disk: &Path, serial: &str) -> Result<()> {
    let Claimed { mut file, bytes, number } = claim::claim(disk, serial)?;
    let noted = Noted::of_this_machine();
    // From here on it is neither what it was nor empty.
    noted.begin(serial)?;
    let begun = Instant::now();
    for pass in [Pass::Write, Pass::Read] {
        let mut shown = Shown::new(pass, bytes);
        pass.run(&mut file, bytes, &mut |done| shown.tell(done))
            .with_context(|| format!("{} ({serial})", disk.display()))?;
    }
    // Who looks at it next has it looked at anew.
    drop(file);
    settled::until_seen(disk, &number)?;
    noted.note(serial, TimeUs::from(SystemTime::now()))?;
    let (size, took_s) = (ByteCount(bytes), begun.elapsed().as_secs());
    println!("{serial}: {size} written over and read back as zeros, in {took_s} s");
    Ok(())
}
