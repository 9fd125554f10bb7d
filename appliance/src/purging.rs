//! Which purges this box has carried out.
//!
//! Purges that were carried out before are not carried out again: what they took may have come
//! back since, and rightly so. The count is that of an epoch: a fleet that was restored from a
//! backup numbers purges anew, so that in a new epoch, or where it has counted less far than
//! this box, all that it lists is carried out.

use crate::documents::Documents;
use crate::journal::Journal;
use anyhow::Result;
use contract::config::ApplianceConfig;
use contract::envelope::Kind;
use contract::tombstones::{BadTombstones, PurgedUpTo, Rules, Tombstones};

/// The last purge carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Purging(PurgedUpTo);

impl Purging {
    /// What processes before this one have carried out. Where nothing tells, the fleet lists all
    /// of it again.
    pub(crate) fn restore(
        documents: &mut Documents,
        config: &ApplianceConfig,
        journal: &Journal,
    ) -> Self {
        let restored = Self::restore_from(documents, config);
        restored.inspect_err(|err| journal.lost_document(err)).unwrap_or_default()
    }

    fn restore_from(documents: &mut Documents, config: &ApplianceConfig) -> Result<Self> {
        let tombstones: Option<Tombstones> = documents.restore(config, Kind::Tombstones)?;
        let generation = documents.in_force(Kind::Tombstones).unwrap_or_default();
        Ok(tombstones.map(|it| Self::after(&it, generation.epoch)).unwrap_or_default())
    }

    /// All of these tombstones have been carried out.
    pub(crate) fn after(tombstones: &Tombstones, epoch: u32) -> Self {
        Self(PurgedUpTo { epoch, version: tombstones.version })
    }

    /// The last purge carried out.
    pub(crate) fn up_to(self) -> PurgedUpTo {
        self.0
    }

    /// What of these tombstones is still to be carried out.
    pub(crate) fn due(self, tombstones: &Tombstones, epoch: u32) -> Result<Rules, BadTombstones> {
        let PurgedUpTo { epoch: counted_in, version } = self.0;
        let same_count = epoch == counted_in && tombstones.version >= version;
        tombstones.due(if same_count { version } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::SCHEMA;
    use contract::names::GroupName;
    use contract::tombstones::{Purge, Purged};

    fn tombstones(after: u64, version: u64) -> Tombstones {
        let group = GroupName::new("g").expect("name");
        let purge = |version| Purge {
            version,
            group: group.clone(),
            what: Purged::Prefix(format!("/{version}/")),
        };
        Tombstones {
            schema: SCHEMA,
            version,
            after,
            purges: (after + 1..=version).map(purge).collect(),
        }
    }

    fn expected(after: u64, version: u64) -> Rules {
        tombstones(after, version).purges.iter().collect()
    }

    #[test]
    fn each_purge_once_and_all_of_a_new_epoch() {
        let fresh = Purging::default();
        assert_eq!(fresh.due(&tombstones(0, 3), 1), Ok(expected(0, 3)));
        let three = Purging::after(&tombstones(0, 3), 1);
        assert_eq!(three.due(&tombstones(0, 3), 1), Ok(Rules::default()));
        assert_eq!(three.due(&tombstones(0, 5), 1), Ok(expected(3, 5)));
        assert_eq!(three.due(&tombstones(3, 5), 1), Ok(expected(3, 5)));
        // A backup of yesterday has forgotten purge 3, and made another with its number.
        assert_eq!(three.due(&tombstones(0, 3), 2), Ok(expected(0, 3)));
        assert_eq!(three.due(&tombstones(0, 2), 1), Ok(expected(0, 2)));
        let gap = BadTombstones::Gap { after: 4, purged_up_to: 3 };
        assert_eq!(three.due(&tombstones(4, 5), 1), Err(gap));
    }
}
