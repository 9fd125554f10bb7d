//! The rule: which names there are.

use super::Note;
use super::host::{FAMILIES, Host, addresses, of_family};
use crate::Appliance;
use crate::model::DEVICE_PLACEHOLDER;
use contract::names::no_host_name;
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};

/// What names are made from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sources {
    /// Of the inventory.
    pub version: i64,
    /// The boxes that have names.
    pub boxes: Vec<Appliance>,
    /// The host patterns of all content groups.
    pub patterns: BTreeSet<String>,
    /// All networks.
    pub prefixes: Vec<IpNet>,
    /// Names of all devices that are boxes, or ever were.
    pub ever_boxes: BTreeSet<String>,
    /// The host patterns that content groups have, or ever had.
    pub ever_patterns: BTreeSet<String>,
}

/// All names.
#[derive(Debug, Default)]
pub struct Names {
    pub(super) version: i64,
    pub(super) hosts: BTreeMap<String, Host>,
    /// Names below which all of a pattern stand: certificates are issued for these.
    pub(super) tops: BTreeSet<String>,
    pub(super) prefixes: Vec<IpNet>,
    pub(super) notes: Vec<Note>,
    ever_boxes: BTreeSet<String>,
    ever_patterns: BTreeSet<String>,
}

impl Names {
    /// By the rule.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        let Sources { version, boxes, patterns, prefixes, ever_boxes, ever_patterns } = sources;
        let tops = patterns.iter().filter_map(|it| top(it)).map(str::to_owned).collect();
        let mut names =
            Self { version, tops, prefixes, ever_boxes, ever_patterns, ..Self::default() };
        for appliance in &boxes {
            let addresses = addresses(appliance);
            for pattern in &patterns {
                let name = pattern.replace(DEVICE_PLACEHOLDER, appliance.name.as_str());
                if addresses.is_empty() {
                    names.note(&name, "leads nowhere: its box is told no address of its own");
                    continue;
                }
                names.add(name.clone(), appliance, addresses.clone(), true);
                for family in FAMILIES {
                    let own = of_family(family, &addresses);
                    if !own.is_empty() {
                        names.add(format!("{family}{name}"), appliance, own, false);
                    }
                }
            }
        }
        names.find_shared();
        names
    }

    /// Rises with every change of the inventory, as serial numbers do (RFC 1982): a zone is asked for more
    /// often than once in two thousand million changes.
    #[must_use]
    pub fn serial(&self) -> u32 {
        let [.., a, b, c, d] = self.version.to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    fn add(
        &mut self,
        name: String,
        appliance: &Appliance,
        addresses: BTreeSet<std::net::IpAddr>,
        is_plain: bool,
    ) {
        if let Some(why) = no_host_name(&name) {
            self.note(&name, &format!("left out, for it can be no name: {why}"));
            return;
        }
        let host = self.hosts.entry(name).or_default();
        host.boxes.insert(appliance.name.to_string());
        host.addresses.extend(addresses);
        host.is_plain |= is_plain;
    }

    fn note(&mut self, name: &str, what: &str) {
        self.notes.push(Note { name: name.to_owned(), what: what.to_owned() });
    }

    /// Viewers who ask for one of the boxes are sent to any of them.
    fn find_shared(&mut self) {
        let shared = self.hosts.iter().filter(|(_, host)| host.boxes.len() > 1);
        let note = |(name, host): (&String, &Host)| {
            let boxes: Vec<&str> = host.boxes.iter().map(String::as_str).collect();
            let what = format!("is a name of several boxes: {}", boxes.join(", "));
            Note { name: name.clone(), what }
        };
        let notes: Vec<Note> = shared.map(note).collect();
        self.notes.extend(notes);
    }

    /// All names that the rule makes or has ever made, with families before them and without, of which this
    /// is so.
    pub(super) fn ever(&self, is_wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for pattern in &self.ever_patterns {
            for name in &self.ever_boxes {
                let name = pattern.replace(DEVICE_PLACEHOLDER, name);
                let of_families = FAMILIES.map(|family| format!("{family}{name}"));
                let names = of_families.into_iter().chain([name]);
                all.extend(names.filter(|name| is_wanted(name)));
            }
        }
        all
    }

    /// The names below which all of a pattern stand, or ever stood.
    pub(super) fn ever_tops(&self) -> impl Iterator<Item = &str> {
        self.ever_patterns.iter().filter_map(|it| top(it))
    }
}

/// What all names of a pattern stand below: what follows the label that names the box.
pub(super) fn top(pattern: &str) -> Option<&str> {
    let (_, after) = pattern.split_once(DEVICE_PLACEHOLDER)?;
    after.split_once('.').map(|(_, top)| top)
}
