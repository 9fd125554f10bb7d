//! Appliances, as planners see them: devices that are told to be one.

use super::{Store, bad_question};
use crate::changes::Author;
use crate::kinds::DEVICE;
use crate::records::{self, Changing, Kept};
use crate::rules::life_cycle::LifeCycle::{self, Active, Enrolled, Planned, Racked, Shipped};
use crate::{Appliance, InventoryError};
use contract::names::DeviceName;
use contract::time::TimeUs;
use serde_json::{Map, Value};

impl Store {
    /// All appliances, by name.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn appliances(&self) -> Result<Vec<Appliance>, InventoryError> {
        Ok(self
            .appliances_and_states()
            .await?
            .into_iter()
            .map(|(appliance, _)| appliance)
            .collect())
    }

    /// The same, with how far in its life each is.
    pub(super) async fn appliances_and_states(
        &self,
    ) -> Result<Vec<(Appliance, LifeCycle)>, InventoryError> {
        let boxes = DEVICE.query([("appliance__empty", "false")]).map_err(bad_question)?;
        let all = records::all(&self.db, &DEVICE, &boxes).await?;
        let one = |kept: &Kept| Ok(read(kept)?.map(|appliance| (appliance, state(kept))));
        all.iter().filter_map(|kept| one(kept).transpose()).collect()
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

    /// A machine has shown itself as an appliance that nobody had seen yet.
    ///
    /// # Errors
    /// When there is none, or the database fails.
    pub async fn enrolled(
        &self,
        name: &DeviceName,
        author: Author,
        now: TimeUs,
    ) -> Result<(), InventoryError> {
        let kept = records::find(&self.db, &DEVICE, name.as_str()).await?;
        let is_awaited = |kept: &Kept| matches!(state(kept), Planned | Shipped | Racked);
        if !kept.as_ref().is_some_and(is_awaited) {
            return Ok(());
        }
        let mut changing = Changing::begin(&self.db, author, now.0).await?;
        let status = ("status".to_owned(), Value::from(Enrolled.to_string()));
        changing.update(&DEVICE, name.as_str(), &Map::from_iter([status]), None).await?;
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

/// A device that says nothing else is in use: so were all before they had a life cycle.
pub(super) fn state(kept: &Kept) -> LifeCycle {
    kept.record.get("status").as_str().and_then(LifeCycle::of).unwrap_or(Active)
}

fn read(kept: &Kept) -> Result<Option<Appliance>, InventoryError> {
    let corrupt = |err| db::Error::corrupt(format!("device {}", DEVICE.key(&kept.record)), err);
    Ok(Appliance::of(&kept.record).map_err(corrupt)?)
}
