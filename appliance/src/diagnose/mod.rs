//! `appliance diagnose`: what this machine lacks to be a box that serves, in plain words. Looks and
//! changes nothing, whether the appliance runs or not.

mod clock;
mod disks;
mod fleet;
mod identity;
mod keys;
mod links;

use crate::keys::Keys;
use crate::topology::Form;
use crate::{check, memory};
use anyhow::{Result, ensure};
use contract::config::ApplianceConfig;
use contract::time::TimeUs;
use serde::Serialize;
use std::path::Path;
use std::time::SystemTime;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum About {
    Configuration,
    Links,
    Addresses,
    Disks,
    Memory,
    Clock,
    Keys,
    Identity,
    Fleet,
}

impl About {
    fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Links => "links",
            Self::Addresses => "addresses",
            Self::Disks => "disks",
            Self::Memory => "memory",
            Self::Clock => "clock",
            Self::Keys => "keys",
            Self::Identity => "identity",
            Self::Fleet => "fleet",
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    about: About,
    is_well: bool,
    /// For a person.
    says: String,
    /// What to do, where something is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn well(about: About, says: impl Into<String>) -> Self {
        Self { about, is_well: true, says: says.into(), advice: None }
    }

    fn missing(about: About, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { about, is_well: false, says: says.into(), advice: Some(advice.into()) }
    }
}

/// Prints what was found; fails where something is missing.
#[expect(clippy::print_stdout, reason = "answers to a person go to standard output")]
pub(crate) fn show(file: &Path, form: Form) -> Result<()> {
    let found = look(file);
    match form {
        Form::Table => print!("{}", tell(&found)),
        Form::Json => println!("{}", serde_json::to_string_pretty(&found)?),
    }
    let missing = found.iter().filter(|it| !it.is_well).count();
    ensure!(missing == 0, "{missing} of {} are not as they should be", found.len());
    Ok(())
}

fn look(file: &Path) -> Vec<Finding> {
    let now = SystemTime::now().into();
    let Some(config) = configuration(file) else {
        let says = format!("there is no {}", file.display());
        let advice = "have this machine join a fleet: appliance join";
        let none = Finding::missing(About::Configuration, says, advice);
        return [none].into_iter().chain(links::look()).chain([clock::look(now, None)]).collect();
    };
    let config = match config {
        Ok(config) => config,
        Err(wrong) => return wrong.into_iter().chain(links::look()).collect(),
    };
    let mut found = vec![Finding::well(About::Configuration, format!("of {}", config.name))];
    found.extend(links::look());
    found.extend(links::addresses(&config));
    found.extend(disks::look(&config));
    found.push(memory(&config));
    found.extend(who(&config, &Keys::default(), now));
    found
}

/// `None` where there is none; else what it says, or what is wrong with it.
fn configuration(file: &Path) -> Option<Result<ApplianceConfig, Vec<Finding>>> {
    if !file.exists() {
        return None;
    }
    let wrong = |problem: &contract::config::Problem| {
        let says = format!("{}:{problem}", file.display());
        Finding::missing(About::Configuration, says, "have the fleet render it again")
    };
    Some(match check::check_but_keys(file) {
        Ok(document) => Ok(document.config),
        Err(problems) => Err(problems.0.iter().map(wrong).collect()),
    })
}

fn memory(config: &ApplianceConfig) -> Finding {
    match memory::complaint(config) {
        None => Finding::well(About::Memory, "what the box may take is there"),
        Some(complaint) => Finding::missing(About::Memory, complaint, "both are set at the fleet"),
    }
}

/// Who it is, what time it is, and whether the fleet agrees: what hangs together.
fn who(config: &ApplianceConfig, keys: &Keys, now: TimeUs) -> Vec<Finding> {
    let (mut found, since) = identity::look(config, now);
    found.insert(0, clock::look(now, since));
    found.extend(keys::look(config, keys));
    found.extend(fleet::look(config, keys));
    found
}

fn tell(found: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { about, is_well, says, advice } in found {
        let mark = if *is_well { "ok     " } else { "MISSING" };
        text += &format!("{mark} {:<13} {says}\n", about.as_str());
        if let Some(advice) = advice {
            text += &format!("                      {advice}\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_what_to_do() {
        let found = [
            Finding::well(About::Disks, "/srv/a: 1.0 TiB"),
            Finding::missing(About::Clock, "nobody sets it", "start chrony"),
        ];
        let told = "ok      disks         /srv/a: 1.0 TiB\n\
                    MISSING clock         nobody sets it\n                      start chrony\n";
        assert_eq!(tell(&found), told);
    }

    #[test]
    fn a_machine_that_has_not_joined_is_told_so() {
        let found = look(Path::new("/nowhere/config.yaml"));
        assert!(
            !found[0].is_well && found[0].advice.as_deref().is_some_and(|it| it.contains("join"))
        );
        assert!(found.iter().any(|it| it.about == About::Clock));
    }
}
