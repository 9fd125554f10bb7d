//! A device or a part is replaced by another, by its serial number: the old one keeps its history, the new
//! one takes its place.

use super::{Changing, Kept, Refused};
use crate::Complaint;
use crate::kinds::{COMPONENT, DEVICE};
use crate::schema::{Kind, Record};
use serde_json::{Map, Value, json};

/// What is of a part itself, and not of its place.
const OF_THE_PART: [&str; 6] =
    ["serial", "asset_tag", "firmware", "erased_at", "description", "tags"];

impl Changing {
    /// Puts another in the place of a device or a part: what there was leaves, as `status` says, `rma` where
    /// nothing is said.
    ///
    /// # Errors
    /// [`Refused`]: what leaves the house holds nothing, and that was seen.
    pub async fn replace(
        &mut self,
        kind: &'static Kind,
        key: &str,
        serial: &str,
        status: Option<&str>,
    ) -> Result<Kept, Refused> {
        let old = self.found(kind, key, None).await?.record;
        if old.get("serial").as_str() == Some(serial) {
            let message = "this is the one that there is".to_owned();
            return Err(Refused::Invalid(vec![Complaint { field: "serial".to_owned(), message }]));
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
        let leaves = fields(&json!({"device": null, "bay": null, "status": status}));
        for part in parts {
            self.update(&COMPONENT, &COMPONENT.key(&part), &leaves, None).await?;
        }
        let new = fields(&json!({"serial": serial, "asset_tag": null, "status": "shipped"}));
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
        let known = self.look().whose(&COMPONENT, "key", [&*other]).await?.pop();
        let kept = match known.as_ref().map(|known| known.get("device").as_str()) {
            Some(Some(device)) => {
                let message = format!("{other} is in {device}: take it out first");
                return Err(Refused::Invalid(vec![Complaint { field: "serial".into(), message }]));
            }
            Some(None) => self.update(&COMPONENT, &other, &fields(&place), None).await?,
            None => {
                let mut new = COMPONENT.written(old);
                new.retain(|name, _| !OF_THE_PART.contains(&name.as_str()));
                new.extend(fields(&place));
                new.insert("serial".to_owned(), Value::from(serial));
                self.create(&COMPONENT, &new).await?
            }
        };
        let leaves = fields(&json!({"device": null, "bay": null, "status": status}));
        self.update(&COMPONENT, key, &leaves, None).await?;
        Ok(kept)
    }
}

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
