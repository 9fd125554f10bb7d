//! Content groups, as planners see them.

use super::Store;
use crate::kinds::CONTENT_GROUP;
use crate::records::{self, Kept};
use crate::{ContentGroup, InventoryError};

impl Store {
    /// All content groups, by name.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn groups(&self) -> Result<Vec<ContentGroup>, InventoryError> {
        let all = records::all(&self.db, &CONTENT_GROUP, &CONTENT_GROUP.everything()).await?;
        all.iter().map(read).collect()
    }
}

fn read(kept: &Kept) -> Result<ContentGroup, InventoryError> {
    let key = CONTENT_GROUP.key(&kept.record);
    let corrupt = |err| db::Error::corrupt(format!("content group {key}"), err);
    Ok(ContentGroup::of(&kept.record).map_err(corrupt)?)
}
