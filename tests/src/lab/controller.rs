//! Who runs `ansible/`: a person on the fleet's machine, with the `fleet` command, a key that a bare
//! machine lets in, and that machine's own key, known beforehand. What the inventory says of the machine
//! stands in `facts.yml` of the topology.

use super::cdn::Cdn;
use super::{Lab, clock};
use crate::operator::serial;
use crate::process::{outcome_of, output};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::process::Command;

/// The role of machines that tell the time to others.
const TELLS_TIME: &str = "provider";

/// Where what the fleet has certified is kept.
const CERTIFIED: &str = "certified";

/// Where it is noted what the fleet was asked.
const ASKED: &str = "asked";

/// Ready to run playbooks against one machine.
#[derive(Debug)]
pub struct Controller {
    /// The machine.
    pub machine: String,
    /// Keys and all else of it: a short path, since sockets stand in it.
    home: TempDir,
    /// What leads to its place in the network.
    through: Vec<OsString>,
    /// What the inventory says of the machine, but for how it is reached.
    facts: String,
    /// How it is reached, and what else is said of it now.
    way: String,
    also: String,
}

/// What a playbook has come to, for one machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recap {
    /// By its words: `ok`, `changed`, `failed`, …
    pub counts: BTreeMap<String, u64>,
    /// All that it said.
    pub said: String,
}

impl Recap {
    /// How many steps have ended so.
    #[must_use]
    pub fn count(&self, word: &str) -> u64 {
        self.counts.get(word).copied().unwrap_or_default()
    }

    /// Whether nothing went wrong.
    #[must_use]
    pub fn is_well(&self) -> bool {
        !self.counts.is_empty() && self.count("failed") == 0 && self.count("unreachable") == 0
    }

    /// Reads the end of what Ansible says of one machine.
    fn read(said: &str, machine: &str) -> Self {
        let line = said.lines().rev().find_map(|line| {
            let (name, counts) = line.split_once(" : ")?;
            (name.trim() == machine).then_some(counts)
        });
        let count = |word: &str| {
            let (name, count) = word.split_once('=')?;
            Some((name.to_owned(), count.parse().ok()?))
        };
        let counts = line.unwrap_or_default().split_whitespace().filter_map(count).collect();
        Self { counts, said: said.to_owned() }
    }
}

impl fmt::Display for Recap {
    /// What it counted, and the steps that changed something or failed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.counts)?;
        let mut step = "";
        for line in self.said.lines() {
            if line.starts_with("TASK [") {
                step = line;
            } else if ["changed:", "fatal:", "failed:"].iter().any(|it| line.starts_with(it)) {
                writeln!(f, "{}\n  {line}", step.trim_end_matches('*'))?;
            }
        }
        Ok(())
    }
}

impl Controller {
    /// Has a bare machine let it in, knows it by its key, and has somebody tell it the time.
    ///
    /// # Errors
    /// When the topology has no such machine.
    pub async fn new(cdn: &Cdn, machine: &str) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let through = cdn.lab.at(cdn.fleet()?)?;
        place_keys(&cdn.lab, machine, home.path()).await?;
        place_fleet_command(cdn, home.path())?;
        let authorities = home.path().join("authorities.pem");
        clock::start(&cdn.lab, TELLS_TIME, &authorities).await?;
        let facts = facts(&cdn.lab, machine, &authorities)?;
        let (way, also) = (by_key(home.path()), String::new());
        let controller = Self { machine: machine.to_owned(), home, through, facts, way, also };
        controller.write_inventory()?;
        Ok(controller)
    }

    /// From here on it comes as people do: with a key for this once, that the fleet certifies.
    ///
    /// # Errors
    /// When the fleet refuses.
    pub async fn come_by_certificate(&mut self, cdn: &Cdn) -> Result<()> {
        let keep = self.home.path().join(CERTIFIED).display().to_string();
        let address = cdn.address(&self.machine)?.to_string();
        let words = ["ssh", &self.machine, "--address", &address, "--keep", &keep];
        cdn.operator.fleet(words).await?;
        self.way = format!("ansible_ssh_common_args: -F {}", self.certified().display());
        self.write_inventory()
    }

    /// And again as whoever has installed the machine.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn come_by_key(&mut self) -> Result<()> {
        self.way = by_key(self.home.path());
        self.write_inventory()
    }

    /// Has one command run on the machine, by what was certified.
    ///
    /// # Errors
    /// When ssh fails, or the command.
    pub async fn ssh(&self, command: &str) -> Result<String> {
        let mut words = self.through.clone();
        words.extend(["ssh".into(), "-F".into(), self.certified().into()]);
        words.extend([&self.machine, command].map(OsString::from));
        output(&words[0], &words[1..]).await
    }

    /// What ssh is told of the machine, once it is certified.
    fn certified(&self) -> PathBuf {
        self.home.path().join(CERTIFIED).join(&self.machine).join("config")
    }

    /// Adds to what the inventory says of the machine, in YAML; until the next time.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn say_also(&mut self, more: &str) -> Result<()> {
        more.clone_into(&mut self.also);
        self.write_inventory()
    }

    fn write_inventory(&self) -> Result<()> {
        let all = [&self.way, &self.facts, &self.also].map(|it| indented(it)).concat();
        let text = format!("appliances:\n  hosts:\n    {}:\n{all}", self.machine);
        Ok(std::fs::write(self.home.path().join("inventory.yml"), text)?)
    }

    /// The words that run a playbook of `ansible/`, in that folder.
    pub fn words(&self, playbook: &str) -> Vec<OsString> {
        let home = self.home.path();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut words = self.through.clone();
        words.extend(["env".into(), format!("HOME={}", home.display()).into()]);
        words.push(format!("PATH={}:{path}", home.join("bin").display()).into());
        words.extend(["ANSIBLE_NOCOLOR=1", "LC_ALL=C.UTF-8", "ansible-playbook"].map(Into::into));
        words.extend(["--inventory".into(), home.join("inventory.yml").into(), playbook.into()]);
        words
    }

    /// What the `fleet` command was asked by playbooks since the last time, a line each.
    ///
    /// # Errors
    /// When it was asked nothing.
    pub fn asked(&self) -> Result<String> {
        let file = self.home.path().join(ASKED);
        let asked = std::fs::read_to_string(&file)?;
        std::fs::remove_file(file)?;
        Ok(asked)
    }

    /// Runs a playbook of `ansible/`, to its end.
    ///
    /// # Errors
    /// When it cannot be run, or says nothing of the machine.
    pub async fn play(&self, playbook: &str, args: &[&str]) -> Result<Recap> {
        let words = self.words(playbook);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(args).current_dir(folder());
        let outcome = outcome_of(command).await.context("is Debian's ansible-core installed?")?;
        let said = String::from_utf8_lossy(&outcome.stdout);
        let recap = Recap::read(&said, &self.machine);
        if recap.counts.is_empty() {
            bail!("{said}{}", String::from_utf8_lossy(&outcome.stderr));
        }
        Ok(recap)
    }

    /// The same, and nothing may go wrong.
    ///
    /// # Errors
    /// When something does.
    pub async fn play_well(&self, playbook: &str, args: &[&str]) -> Result<Recap> {
        let recap = self.play(playbook, args).await?;
        ensure!(recap.is_well(), "{playbook} {args:?}: {recap}\n{}", recap.said);
        Ok(recap)
    }
}

/// `ansible/` of this checkout.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ansible")
}

fn facts(lab: &Lab, machine: &str, authorities: &Path) -> Result<String> {
    let file = lab.topology.folder.join("facts.yml");
    let said = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let made = [
        format!("headend_serial: {}", serial(machine)),
        format!("headend_appliance_program: {}", lab.programs.join("appliance").display()),
        format!("headend_time_authorities: {}", authorities.display()),
    ];
    Ok(made.join("\n") + "\n" + &said)
}

/// As whoever has installed the machine.
fn by_key(home: &Path) -> String {
    let home = home.display();
    let options = format!("-o UserKnownHostsFile={home}/known_hosts -o IdentitiesOnly=yes");
    format!(
        "ansible_user: root\nansible_ssh_private_key_file: {home}/key\n\
         ansible_ssh_common_args: {options}"
    )
}

/// As what stands below a machine.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("      {line}\n")).collect()
}

async fn place_keys(lab: &Lab, machine: &str, home: &Path) -> Result<()> {
    let key = home.join("key");
    let quiet = ["-q", "-t", "ed25519", "-N", "", "-f"].map(OsString::from);
    output("ssh-keygen", quiet.into_iter().chain([key.clone().into()])).await?;
    let root = lab.machine(machine)?.folder.root();
    let folder = root.join("root/.ssh");
    std::fs::create_dir_all(&folder)?;
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o700))?;
    std::fs::copy(key.with_extension("pub"), folder.join("authorized_keys"))?;
    let known = std::fs::read_to_string(root.join("etc/ssh/ssh_host_ed25519_key.pub"))?;
    let words: Vec<&str> = known.split_whitespace().take(2).collect();
    let line = format!("{machine} {}\n", words.join(" "));
    Ok(std::fs::write(home.join("known_hosts"), line)?)
}

/// The command as the operator has it, and as one that notes what it was asked.
fn place_fleet_command(cdn: &Cdn, home: &Path) -> Result<()> {
    let (bin, asked) = (home.join("bin"), home.join(ASKED));
    std::fs::create_dir(&bin)?;
    let asked = quoted(&asked.to_string_lossy());
    let words: Vec<String> =
        cdn.operator.words().map(|word| quoted(&word.to_string_lossy())).collect();
    let file = bin.join("fleet");
    std::fs::write(
        &file,
        format!("#!/bin/sh\necho \"$*\" >>{asked}\nexec {} \"$@\"\n", words.join(" ")),
    )?;
    Ok(std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755))?)
}

/// One word of a shell's.
#[must_use]
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_read() {
        let said = "TASK [a : b] ****\nchanged: [oca1.site-a]\n\nPLAY RECAP ***\n\
                    oca1.site-a    : ok=3    changed=1    unreachable=0    failed=0\n";
        let recap = Recap::read(said, "oca1.site-a");
        assert!(recap.is_well() && recap.count("changed") == 1 && recap.count("ok") == 3);
        assert!(recap.to_string().contains("TASK [a : b]"), "{recap}");
        assert!(!Recap::read("", "oca1.site-a").is_well());
    }

    #[test]
    fn words_stay_words() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
