//! Whether the private keys can be used, and what protects them on the disk.

use super::{About, Finding};
use crate::keys::{Keys, Unusable, told};
use contract::certificates::Purpose;
use contract::config::ApplianceConfig;

pub(super) fn look(config: &ApplianceConfig, keys: &Keys) -> Vec<Finding> {
    let players = config.certificates.iter().map(|files| (Purpose::Player, files));
    let all = players.chain([(Purpose::Identity, &config.identity)]);
    let read = all.filter_map(|(purpose, files)| keys.read(&files.key_file, purpose).err());
    let mut found: Vec<Finding> = read.map(|err| missing(&err)).collect();
    // Where several cannot be unsealed, there is one reason.
    found.dedup();
    if found.is_empty() {
        found.push(Finding::well(About::Keys, told(keys.protection(config))));
    }
    found
}

fn missing(err: &Unusable) -> Finding {
    let advice = err.advice();
    let advice = advice.unwrap_or_else(|| "put the file there that the configuration names".into());
    Finding::missing(About::Keys, err.what(), advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::NewKey;
    use crate::keys::Keeping;

    #[test]
    fn what_protects_keys_is_said_where_they_can_be_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = crate::testing::config(folder.path());
        let said = || look(&config, &Keys::default());
        let none = said();
        assert!(none.len() == 2 && none.iter().all(|it| !it.is_well), "{none:?}");
        for (purpose, files) in crate::keys::own(&config) {
            let key = NewKey::generate().expect("a key");
            let kept = (purpose, &Keeping::Plain);
            key.write_uncertified(&files.key_file, kept).expect("written");
        }
        let plain = said();
        assert!(plain.len() == 1 && plain[0].is_well, "{plain:?}");
        assert!(plain[0].says.contains("only protected by file permissions"), "{plain:?}");
    }
}
