//! What names are made from.

use super::Store;
use crate::InventoryError;
use crate::kinds::{CONTENT_GROUP, DEVICE, PREFIX};
use crate::records::{self, formerly};
use crate::zones::{Sources, has_names};
use ipnet::IpNet;
use std::collections::BTreeSet;

impl Store {
    /// All that names are made from. The version is read first: a change meanwhile shows as a later one.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn names(&self) -> Result<Sources, InventoryError> {
        let version = self.version().await?;
        let patterns: BTreeSet<String> =
            self.groups().await?.into_iter().map(|group| group.host_pattern).collect();
        let mut ever_boxes = formerly::keys_with_object(&self.db, &DEVICE, "appliance").await?;
        let mut ever_patterns = formerly::texts(&self.db, &CONTENT_GROUP, "host_pattern").await?;
        ever_patterns.extend(patterns.iter().cloned());
        let mut in_use = Vec::new();
        for (appliance, state) in self.appliances_and_states().await? {
            ever_boxes.insert(appliance.name.to_string());
            in_use.extend(has_names(state).then_some(appliance));
        }
        let prefixes = self.prefixes().await?;
        Ok(Sources { version, boxes: in_use, patterns, prefixes, ever_boxes, ever_patterns })
    }

    async fn prefixes(&self) -> Result<Vec<IpNet>, InventoryError> {
        let all = records::all(&self.db, &PREFIX, &PREFIX.everything()).await?;
        let read = |kept: &records::Kept| {
            let text = kept.record.get("prefix").as_str().unwrap_or_default();
            text.parse().map_err(|err| db::Error::corrupt(format!("prefix {text}"), err).into())
        };
        all.iter().map(read).collect()
    }
}
