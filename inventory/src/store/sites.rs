//! Sites, as planners see them.

use super::Store;
use crate::kinds::SITE;
use crate::records::{self, Kept};
use crate::{InventoryError, Site};
use contract::names::SiteName;

impl Store {
    /// All sites whose place is known, by name. No box stands at another.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn sites(&self) -> Result<Vec<Site>, InventoryError> {
        let somewhere = [("latitude__empty", "false"), ("longitude__empty", "false")];
        let somewhere = SITE.query(somewhere).map_err(super::bad_question)?;
        let all = records::all(&self.db, &SITE, &somewhere).await?;
        all.iter().map(read).collect()
    }

    /// One site.
    ///
    /// # Errors
    /// [`InventoryError::NotFound`], or the database's.
    pub async fn site(&self, name: &SiteName) -> Result<Site, InventoryError> {
        let kept = records::find(&self.db, &SITE, name.as_str()).await?;
        let found = kept.as_ref().map(read).transpose()?;
        found.ok_or_else(|| InventoryError::NotFound { kind: SITE.name, key: name.to_string() })
    }
}

fn read(kept: &Kept) -> Result<Site, InventoryError> {
    let corrupt = |err| db::Error::corrupt(format!("site {}", SITE.key(&kept.record)), err);
    Ok(Site::of(&kept.record).map_err(corrupt)?)
}
