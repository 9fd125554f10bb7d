//! Appliances, as planners see them: devices that are told to be one.

use super::{Store, bad_question};
use crate::changes::Author;
use crate::kinds::DEVICE;
use crate::records::{self, Changing, Kept};
use crate::{Appliance, InventoryError};
use contract::names::DeviceName;
use contract::time::TimeUs;
use serde_json::{Map, Value};

/// What of an appliance stands in fields of the device.
const OF_DEVICE: [&str; 3] = ["name", "site", "serial"];

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
        changing.create(&DEVICE, &written(appliance)?).await?;
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

/// As a device. It is in use from its first day: whoever only plans one makes a device.
fn written(appliance: &Appliance) -> Result<Map<String, Value>, db::Error> {
    let corrupt = |err: serde_json::Error| db::Error::corrupt("an appliance", err);
    let mut settings = serde_json::to_value(appliance).map_err(corrupt)?;
    let mut device = Map::new();
    if let Some(settings) = settings.as_object_mut() {
        for name in OF_DEVICE {
            device.extend(settings.remove(name).map(|value| (name.to_owned(), value)));
        }
    }
    device.insert("role".to_owned(), Value::from("appliance"));
    device.insert("status".to_owned(), Value::from("active"));
    device.insert("appliance".to_owned(), settings);
    Ok(device)
}

/// Of a device that is told to be one.
fn read(kept: &Kept) -> Result<Option<Appliance>, InventoryError> {
    let Value::Object(mut whole) = kept.record.get("appliance").clone() else { return Ok(None) };
    for name in OF_DEVICE {
        whole.insert(name.to_owned(), kept.record.get(name).clone());
    }
    let corrupt = |err| db::Error::corrupt(format!("device {}", DEVICE.key(&kept.record)), err);
    Ok(Some(serde_json::from_value(Value::Object(whole)).map_err(corrupt)?))
}
