//! What a machine says becomes what the inventory says.

use super::{Changing, Refused, fields};
use crate::Complaint;
use crate::kinds::{COMPONENT, DEVICE, DIFFERENCE};
use crate::observed::{Observed, Reason, key, learned, part_of, says_the_same};
use crate::schema::Record;
use contract::parts::Part;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

impl Changing {
    /// Takes over what a machine says where it differs.
    ///
    /// # Errors
    /// [`Refused`]: among others, where no word makes it so, as with firmware.
    pub async fn accept(&mut self, difference: &str) -> Result<(), Refused> {
        let record = self.found(&DIFFERENCE, difference, None).await?.record;
        let text = |field: &str| record.get(field).as_str().unwrap_or_default().to_owned();
        let (device, part) = (text("device"), text("part"));
        let gone = || Refused::NotFound(DIFFERENCE.name, difference.to_owned());
        let (_, hardware) = self.sides(&device).await?.ok_or_else(gone)?;
        let observed = hardware.observed;
        let told = observed.parts.iter().find(|it| key(it) == part);
        match Reason::of(&text("reason")) {
            Some(Reason::Unexpected) => self.add(&device, told.ok_or_else(gone)?).await?,
            Some(Reason::Moved) => {
                let bay = told.ok_or_else(gone)?.bay.clone();
                let here = json!({"device": device, "bay": bay, "status": "active"});
                self.update(&COMPONENT, &part, &fields(here), None).await?;
            }
            Some(Reason::Missing) => {
                let shelf = json!({"device": null, "bay": null, "status": "spare"});
                self.update(&COMPONENT, &part, &fields(shelf), None).await?;
            }
            Some(Reason::OtherSerial) => {
                let serial = json!({ "serial": observed.serial });
                self.update(&DEVICE, &device, &fields(serial), None).await?;
            }
            Some(Reason::OldFirmware) | None => {
                let message = "what runs in a part does not change by a word: bring it up to date, or \
                               change what is to run there (firmware-policy)";
                return Err(Refused::Invalid(vec![Complaint::new("reason", message)]));
            }
        }
        // Of others it says what it has said before.
        let mut before = observed.parts.clone();
        before.retain(|it| key(it) != part);
        self.learn(&observed, &before).await
    }

    async fn add(&mut self, device: &str, part: &Part) -> Result<(), Refused> {
        let mut told = part_of(part);
        let own = json!({"type": part.part_type.name(), "serial": part.serial, "device": device});
        told.extend(fields(own));
        self.create(&COMPONENT, &told).await.map(drop)
    }

    /// Takes over what a machine knows better than anybody; of a disk on the shelf, whether it is empty. Beside what
    /// it says now, what it has said before.
    pub(super) async fn learn(
        &mut self,
        observed: &Observed,
        before: &[Part],
    ) -> Result<(), Refused> {
        let mut components = self.at_hand(observed).await?;
        let said: HashMap<String, &Part> = before.iter().map(|part| (key(part), part)).collect();
        for part in &observed.parts {
            let key = key(part);
            let Some(before) = components.remove(&key) else { continue };
            let mut learned: Map<String, Value> = learned(&before, part);
            if before.get("device").is_null() {
                learned.retain(|name, _| name == "erased_at");
            }
            if said.get(&key).is_some_and(|said| says_the_same(said, part)) {
                learned.remove("erased_at");
            }
            if !learned.is_empty() {
                let mut fields = before.fields().clone();
                fields.extend(learned);
                self.put((&COMPONENT, &key), None, before, COMPONENT.kept(fields)).await?;
            }
        }
        Ok(())
    }

    /// The components of a device, and those on the shelf of which it says that they are in it.
    async fn at_hand(&mut self, observed: &Observed) -> Result<HashMap<String, Record>, Refused> {
        let by_key = |all: Vec<Record>| all.into_iter().map(|it| (COMPONENT.key(&it), it));
        let own = self.look().whose(&COMPONENT, "device", [observed.device.as_str()]).await?;
        let mut found: HashMap<String, Record> = by_key(own).collect();
        let told: Vec<String> = observed.parts.iter().map(key).collect();
        let others = told.iter().map(String::as_str).filter(|key| !found.contains_key(*key));
        let others: Vec<&str> = others.collect();
        let mut others = self.look().whose(&COMPONENT, "key", others).await?;
        others.retain(|it| it.get("device").is_null());
        found.extend(by_key(others));
        Ok(found)
    }
}
