//! Many purges as one question: a box that comes back asks it of every object once, however
//! many purges it has missed.

use super::{Purge, Purged, without_query};
use crate::catalogue::CatalogueEntry;
use crate::names::{GroupName, TagName, TitleName};
use crate::object::ObjectId;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Some purges, to be asked together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules(HashMap<GroupName, GroupRules>);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct GroupRules {
    objects: HashSet<ObjectId>,
    paths: HashSet<String>,
    titles: HashSet<TitleName>,
    tags: HashSet<TagName>,
    /// None begins with another.
    prefixes: BTreeSet<String>,
}

impl<'a> FromIterator<&'a Purge> for Rules {
    fn from_iter<T: IntoIterator<Item = &'a Purge>>(purges: T) -> Self {
        let mut rules = Self::default();
        for purge in purges {
            rules.0.entry(purge.group.clone()).or_default().add(&purge.what);
        }
        rules
    }
}

impl Rules {
    /// Whether one of them takes an object.
    #[must_use]
    pub fn take(&self, entry: &CatalogueEntry) -> bool {
        self.0.get(&entry.common.group).is_some_and(|rules| rules.take(entry))
    }

    /// Whether it depends on the catalogue what they take in a group: on more than paths.
    #[must_use]
    pub fn turn_to_catalogue(&self, group: &GroupName) -> bool {
        self.0.get(group).is_some_and(|rules| {
            !(rules.objects.is_empty() && rules.titles.is_empty() && rules.tags.is_empty())
        })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl GroupRules {
    fn add(&mut self, what: &Purged) {
        match what {
            Purged::Object(id) => drop(self.objects.insert(*id)),
            Purged::Path(path) => drop(self.paths.insert(path.clone())),
            Purged::Title(title) => drop(self.titles.insert(title.clone())),
            Purged::Tag(tag) => drop(self.tags.insert(tag.clone())),
            Purged::Prefix(prefix) => self.add_prefix(prefix),
        }
    }

    fn add_prefix(&mut self, prefix: &str) {
        if self.has_prefix_of(prefix) {
            return;
        }
        // Those that begin with it follow it in order.
        let mut longer = self.prefixes.split_off(prefix);
        longer.retain(|other| !other.starts_with(prefix));
        self.prefixes.append(&mut longer);
        self.prefixes.insert(prefix.to_owned());
    }

    /// As none begins with another, only the last one that is not behind `path` can be its.
    fn has_prefix_of(&self, path: &str) -> bool {
        let before = (std::ops::Bound::Unbounded, std::ops::Bound::Included(path));
        self.prefixes.range::<str, _>(before).next_back().is_some_and(|it| path.starts_with(&**it))
    }

    fn take(&self, entry: &CatalogueEntry) -> bool {
        (!self.objects.is_empty() && self.objects.contains(&entry.id()))
            || self.titles.contains(&entry.common.title)
            || self.paths.contains(without_query(&entry.path))
            || (!self.tags.is_empty()
                && entry.common.tags.as_slice().iter().any(|it| self.tags.contains(it)))
            || self.has_prefix_of(&entry.path)
    }
}
