//! Names for tools that take letters, digits and `_` alone.

use std::collections::{BTreeMap, BTreeSet};

/// Of names that would be the same, so much of their hash tells them apart.
const HASH_CHARS: usize = 6;

/// A name for each of some, no two alike; each is the same as long as those that are like it are.
pub(super) fn plain<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let mut alike: BTreeMap<String, usize> = BTreeMap::new();
    for name in &names {
        *alike.entry(letters(name)).or_default() += 1;
    }
    let one = |name: &'a str| {
        let plain = letters(name);
        if alike.get(&plain) == Some(&1) {
            return (name, plain);
        }
        let hash = blake3::hash(name.as_bytes()).to_hex();
        (name, format!("{plain}_{}", &hash[..HASH_CHARS]))
    };
    names.into_iter().map(one).collect()
}

fn letters(name: &str) -> String {
    name.replace(|it: char| !it.is_ascii_alphanumeric(), "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        let plain = plain(["site-a", "site.a", "site-b"]);
        assert_eq!(plain["site-b"], "site_b");
        assert!(plain["site-a"].starts_with("site_a_") && plain["site.a"].starts_with("site_a_"));
        assert_ne!(plain["site-a"], plain["site.a"]);
    }
}
