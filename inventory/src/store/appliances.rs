//! Appliances, as planners see them: devices that are told to be one.

use super::{Store, bad_question};
use crate::changes::Author;
use crate::kinds::DEVICE;
use crate::records::{self, Changing, Kept};
use crate::{Appliance, InventoryError};
use contract::names::DeviceName;
use contract::time::TimeUs;

impl Store {
    /// All appliances, by name.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn appliances(&self) -> Result<Vec<Appliance>, InventoryError> {
        let boxes = DEVICE.query([("appliance__empty", "false")]).map_err(bad_question)?;
        let all = records::all(&self.db, &DEVICE, &boxes).await?;
        all.iter().filter_map(|kept| read(kept).transpose()).collect()
    }

    /// One appliance.
    ///
    /// # Errors
    /// [`InventoryError::NotFound`], or the database's.
    pub async fn appliance(&self, name: &DeviceName) -> Result<Appliance, InventoryError> {
        let kept = records::find(&self.db, &DEVICE, name.as_str()).await?;
        let found = kept.as_ref().map(read).transpose()?.flatten();
        found.ok_or_else(|| InventoryError::NotFound { kind: "appliance", key: name.to_string() })
    }

    /// Adds an appliance: a device that is to be one.
    ///
    /// # Errors
    /// When it makes no sense, its name is taken, its site is unknown, or the database fails.
    pub async fn create_appliance(
        &self,
        appliance: &Appliance,
        author: Author,
        now: TimeUs,
    ) -> Result<(), InventoryError> {
        let mut changing = Changing::begin(&self.db, author, now.0).await?;
        let corrupt = |err| db::Error::corrupt("an appliance", err);
        changing.create(&DEVICE, &appliance.device().map_err(corrupt)?).await?;
        changing.commit().await?;
        Ok(())
    }

    /// Removes an appliance, with everything it ever reported.
    ///
    /// # Errors
    /// When there is none, something else belongs to it, or the database fails.
    pub async fn delete_appliance(
        &self,
        name: &DeviceName,
        author: Author,
        now: TimeUs,
    ) -> Result<(), InventoryError> {
        self.appliance(name).await?;
        let mut changing = Changing::begin(&self.db, author, now.0).await?;
        changing.delete(&DEVICE, name.as_str(), None).await?;
        changing.commit().await?;
        Ok(())
    }
}

fn read(kept: &Kept) -> Result<Option<Appliance>, InventoryError> {
    let corrupt = |err| db::Error::corrupt(format!("device {}", DEVICE.key(&kept.record)), err);
    Ok(Appliance::of(&kept.record).map_err(corrupt)?)
}
