//! A device or a part is replaced by another, by its serial number: the old one keeps its history, the new
//! one takes its place.

use super::{Changing, Kept, Refused, fields};
use crate::Complaint;
use crate::kinds::{COMPONENT, DEVICE};
use crate::schema::{Kind, Record};
use serde_json::{Value, json};

/// What is of a part itself, and not of its place.
const OF_THE_PART: [&str; 6] =
    ["serial", "asset_tag", "firmware", "erased_at", "description", "tags"];

impl Changing {
    /// Puts another in the place of a device or a part, by its serial number: what there was leaves, as the
    /// status says, `rma` where nothing is said. Where a version is named, it has to be that one.
    ///
    /// # Errors
    /// [`Refused`]: what leaves the house holds nothing, and that was seen.
    pub async fn replace(
        &mut self,
        (kind, key): (&'static Kind, &str),
        (serial, status): (&str, Option<&str>),
        version: Option<i64>,
    ) -> Result<Kept, Refused> {
        let old = self.found(kind, key, version).await?.record;
        if old.get("serial").as_str() == Some(serial) {
            let wrong = Complaint::new("serial", "this is the one that there is");
            return Err(Refused::Invalid(vec![wrong]));
        }
        let status = status.unwrap_or("rma");
        if std::ptr::eq(kind, &DEVICE) {
            self.replace_device(key, serial, status).await
        } else {
            self.replace_part((key, &old), serial, status).await
        }
    }

    /// The machine leaves with all that is in it; the one that takes its place is on its way.
    async fn replace_device(
        &mut self,
        key: &str,
        serial: &str,
        status: &str,
    ) -> Result<Kept, Refused> {
        let parts = self.look().whose(&COMPONENT, "device", [key]).await?;
        let leaves = fields(json!({"device": null, "bay": null, "status": status}));
        for part in parts {
            self.update(&COMPONENT, &COMPONENT.key(&part), &leaves, None).await?;
        }
        let new = fields(json!({"serial": serial, "asset_tag": null, "status": "shipped"}));
        self.update(&DEVICE, key, &new, None).await
    }

    /// One from the shelf, or one that nobody knew.
    async fn replace_part(
        &mut self,
        (key, old): (&str, &Record),
        serial: &str,
        status: &str,
    ) -> Result<Kept, Refused> {
        let part_type = old.get("type").as_str().unwrap_or_default();
        let other = format!("{part_type}:{serial}");
        let place = json!({"device": old.get("device"), "bay": old.get("bay"), "status": "active"});
        let place = fields(place);
        let known = self.look().whose(&COMPONENT, "key", [&*other]).await?.pop();
        let kept = match known.as_ref().map(|known| known.get("device").as_str()) {
            Some(Some(device)) => {
                let message = format!("{other} is in {device}: take it out first");
                return Err(Refused::Invalid(vec![Complaint::new("serial", message)]));
            }
            Some(None) => self.update(&COMPONENT, &other, &place, None).await?,
            None => {
                let mut new = COMPONENT.written(old);
                new.retain(|name, _| !OF_THE_PART.contains(&name.as_str()));
                new.extend(place);
                new.insert("serial".to_owned(), Value::from(serial));
                self.create(&COMPONENT, &new).await?
            }
        };
        let leaves = fields(json!({"device": null, "bay": null, "status": status}));
        self.update(&COMPONENT, key, &leaves, None).await?;
        Ok(kept)
    }
}
