//! What a running box knows of its machine: what somebody with more rights has written down, or what it
//! sees itself.

use super::files::Files;
use super::{Machine, Seen, ethtool, look};
use anyhow::{Context, Result, ensure};
use contract::config;
use contract::parts::PartsReport;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What is written down of a machine with as many parts as can be told has a quarter of that.
const MOST_OCTETS: u64 = 1 << 20;

/// Who has not the rights to see all sees other parts than who has: a card without its number is known
/// by its address. So what it sees itself is told only when nobody with more rights has said anything for
/// so long, as after a boot.
const OTHERS_FIRST: Duration = Duration::from_secs(60);

/// What is known. Cheap to clone: who reports looks at the same.
#[derive(Clone)]
pub(crate) struct Known(Arc<Inner>);

struct Inner {
    config: config::Hardware,
    told: Mutex<Option<Told>>,
    /// What is written cannot be read: said once.
    is_bad: Mutex<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    serial: Option<String>,
    parts: PartsReport,
}

impl From<Machine> for Told {
    fn from(machine: Machine) -> Self {
        // Of what somebody has written down not all can be told.
        let serial = machine.serial.as_deref().and_then(super::serial);
        Self { serial, parts: PartsReport::of(machine.parts) }
    }
}

impl Known {
    pub(crate) fn new(config: config::Hardware) -> Self {
        Self(Arc::new(Inner { config, told: Mutex::default(), is_bad: Mutex::default() }))
    }

    /// What the machine is made of, once anybody has looked.
    pub(crate) fn parts(&self) -> Option<PartsReport> {
        self.0.told().as_ref().map(|told| told.parts.clone())
    }

    /// The serial number of the machine.
    pub(crate) fn serial(&self) -> Option<String> {
        self.0.told().as_ref()?.serial.clone()
    }

    /// Looks until it is dropped.
    pub(crate) async fn run(self) {
        let begun = Instant::now();
        let usual = self.0.config.every_s.duration();
        loop {
            let inner = Arc::clone(&self.0);
            let waits = begun.elapsed() < OTHERS_FIRST;
            // Cards take their time to answer.
            let looked = tokio::task::spawn_blocking(move || inner.look(waits)).await;
            let pause = if looked.unwrap_or(true) { usual } else { usual.min(OTHERS_FIRST) };
            tokio::time::sleep(pause).await;
        }
    }
}

impl Inner {
    fn told(&self) -> MutexGuard<'_, Option<Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks once; says whether that was worth it.
    fn look(&self, waits: bool) -> bool {
        match read(&self.config.file) {
            Ok(Some(machine)) => {
                self.is_bad(false);
                self.is_told(machine)
            }
            Ok(None) => match look(&Files::below(Path::new("/")), &ethtool::ask) {
                Seen::All(machine) => self.is_told(machine),
                Seen::Some(_) if waits => false,
                Seen::Some(machine) => self.is_told(machine),
                Seen::Container => true,
            },
            Err(err) => {
                // What was known goes on being told.
                if !self.is_bad(true) {
                    tracing::warn!("what the machine is made of is not known: {err:#}");
                }
                true
            }
        }
    }

    fn is_told(&self, machine: Machine) -> bool {
        *self.told() = Some(machine.into());
        true
    }

    /// Gives what it was before.
    fn is_bad(&self, is: bool) -> bool {
        std::mem::replace(&mut *self.is_bad.lock().unwrap_or_else(PoisonError::into_inner), is)
    }
}

/// What somebody has written down, if anybody has.
fn read(file: &Path) -> Result<Option<Machine>> {
    let shown = file.display();
    let open = match File::open(file) {
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(None),
        open => open.with_context(|| format!("cannot open {shown}"))?,
    };
    let mut text = Vec::new();
    let read = open.take(MOST_OCTETS + 1).read_to_end(&mut text);
    read.with_context(|| format!("cannot read {shown}"))?;
    ensure!(text.len() as u64 <= MOST_OCTETS, "{shown} has more than {MOST_OCTETS} octets");
    let machine = serde_json::from_slice(&text);
    Ok(Some(machine.with_context(|| format!("{shown} is not what `appliance hardware` prints"))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::parts::{Part, PartType};
    use contract::quantity::Seconds;

    #[test]
    fn what_is_written_is_told_and_goes_on_being_told() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("parts.json");
        let known = Known::new(config::Hardware { file: file.clone(), every_s: Seconds(10) });
        let write = |machine: &Machine| {
            std::fs::write(&file, serde_json::to_vec(machine).expect("json")).expect("written");
        };
        let of = |serial: &str| Machine {
            serial: Some("CZ1".to_owned()),
            parts: vec![Part::new(PartType::Disk, serial)],
        };
        write(&of("S-1"));
        assert!(known.0.look(true));
        let first = known.parts().expect("told");
        assert_eq!(known.serial().as_deref(), Some("CZ1"));
        // Twice, in no order, with what cannot be told among it.
        let mut many = of("S-2");
        many.parts.extend(of("S-1").parts);
        many.parts.extend(of("S-2").parts);
        many.parts.extend(of("S\n").parts);
        write(&many);
        known.0.look(true);
        let second = known.parts().expect("told");
        assert!(second.is_sound() && second.digest != first.digest);
        assert_eq!(second.parts.as_ref().map(Vec::len), Some(2));

        let endless = vec![b' '; 2 << 20];
        for bad in
            [&b"{"[..], b"[]", b"{\"parts\": [{\"type\": \"soul\", \"serial\": \"1\"}]}", &endless]
        {
            std::fs::write(&file, bad).expect("written");
            known.0.look(true);
            assert_eq!(known.parts().as_ref(), Some(&second));
        }
        assert!(*known.0.is_bad.lock().expect("no panic"));
    }
}
