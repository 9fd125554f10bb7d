//! The way into a lab: a command or a shell in a machine, or at a client's place in the
//! network. Works from any process of root's, so that a person can look into a lab that
//! another terminal runs.

use super::id::LabId;
use super::network::Network;
use super::store::{MachineFolder, Store};
use super::{machine, sweep};
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Programs of this machine with the names of the lab.
const WITH_HOSTS: &str = r#"mount --bind "$0" /etc/hosts && exec "$@""#;

/// The names that clients know.
pub(super) fn hosts(run: &Path) -> PathBuf {
    run.join("hosts")
}

/// The words that run a command of this machine at a device's place in the network: its
/// interfaces, and the lab's names.
pub(super) fn at(run: &Path, id: LabId, device: &str) -> Vec<OsString> {
    let namespace = Network::namespace(id, device);
    let words = ["nsenter", &format!("--net={}", namespace.display()), "--", "unshare", "--mount"];
    let words = words.into_iter().chain(["--propagation=private", "--", "sh", "-c", WITH_HOSTS]);
    words.map(OsString::from).chain([hosts(run).into()]).collect()
}

/// The words that run a command in a device of a lab that runs: inside a machine, or at a
/// client's place. Which lab need not be said where only one runs.
///
/// # Errors
/// When that lab does not run, or it is not clear which is meant, or it has no such device, or
/// that is off.
pub fn into(store: &Store, lab: Option<LabId>, device: &str) -> Result<Vec<OsString>> {
    let id = choose(&running(store)?, lab)?;
    let run = store.run(id);
    if !Network::namespace(id, device).exists() {
        bail!("the lab has no machine or client {device}");
    }
    let machine = MachineFolder::of(&run, device);
    if !machine.root().exists() {
        return Ok(at(&run, id, device));
    }
    let leader = std::fs::read_to_string(machine.leader());
    let leader = leader.with_context(|| format!("{device} is off, or booting"))?;
    Ok(machine::inside(leader.trim().parse()?))
}

/// Labs that run now.
fn running(store: &Store) -> Result<Vec<LabId>> {
    Ok(sweep::find(store)?.into_keys().filter(LabId::is_owned).collect())
}

fn choose(running: &[LabId], wanted: Option<LabId>) -> Result<LabId> {
    let names: Vec<String> = running.iter().map(LabId::to_string).collect();
    match (running, wanted) {
        ([], _) => bail!("no lab runs here: start one with `make lab`"),
        (_, Some(wanted)) if running.contains(&wanted) => Ok(wanted),
        (_, Some(wanted)) => bail!("{wanted} does not run here, only {}", names.join(", ")),
        ([only], None) => Ok(*only),
        (_, None) => bail!("say which with --lab: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_lab_is_meant_must_be_clear() {
        let [one, other, gone] = [(); 3].map(|()| LabId::new().expect("id"));
        let complaint = |running: &[LabId], wanted| {
            choose(running, wanted).expect_err("a complaint").to_string()
        };
        assert_eq!(choose(&[one], None).expect("the only one"), one);
        assert_eq!(choose(&[one, other], Some(other)).expect("that one"), other);
        assert!(complaint(&[], None).contains("make lab"));
        assert!(complaint(&[one, other], None).contains(&other.to_string()));
        assert!(complaint(&[one], Some(gone)).contains("does not run here"));
    }
}
