//! What machines say and what the inventory says, compared whenever one of the two changes: in the same
//! transaction, so that nobody ever sees what differs no more.

use super::observe::Hardware;
use super::settle::Look;
use super::{Changing, Refused, statements};
use crate::kinds::{COMPONENT, DEVICE, DIFFERENCE, FIRMWARE_POLICY};
use crate::observed::{Intended, Observed, Seen, differences, key};
use crate::schema::Record;
use contract::parts::Part;
use db::Error;
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::{BTreeSet, HashMap};

impl Changing {
    pub(super) fn look(&mut self) -> Look<'_> {
        Look::new(self.here())
    }

    /// Compares each machine of which something has changed with what is known of it.
    pub(super) async fn compare(&mut self) -> Result<(), Refused> {
        let devices = self.uncompared().await?;
        for device in devices {
            let seen = match self.sides(&device).await? {
                Some((record, hardware)) => self.compared(&record, &hardware.observed).await?,
                None => Vec::new(),
            };
            self.differ(&device, seen).await?;
        }
        Ok(())
    }

    /// A device and what it has said; nothing where one of the two is not there.
    pub(super) async fn sides(
        &mut self,
        device: &str,
    ) -> Result<Option<(Record, Hardware)>, Error> {
        let Some(hardware) = self.said_by(device).await? else { return Ok(None) };
        let record = self.look().whose(&DEVICE, "key", [device]).await?.pop();
        Ok(record.map(|record| (record, hardware)))
    }

    async fn compared(&mut self, device: &Record, observed: &Observed) -> Result<Vec<Seen>, Error> {
        let named = observed.parts.iter().map(key).collect::<Vec<_>>();
        let mut known = self.look().whose(&COMPONENT, "device", [&*observed.device]).await?;
        known.extend(self.look().whose(&COMPONENT, "key", named.iter().map(String::as_str)).await?);
        let components = known.into_iter().map(|it| (COMPONENT.key(&it), it)).collect();
        let policies = self.policies(&observed.parts).await?;
        let intended = Intended { device, components: &components, policies: &policies };
        Ok(differences(&intended, observed))
    }

    /// The oldest firmware of parts like these, by type and model.
    async fn policies(&mut self, parts: &[Part]) -> Result<HashMap<String, String>, Error> {
        let model = |part: &Part| Some(format!("{}:{}", part.part_type, part.part_id.as_ref()?));
        let models: BTreeSet<String> = parts.iter().filter_map(model).collect();
        let models = models.iter().map(String::as_str);
        let policies = self.look().whose(&FIRMWARE_POLICY, "key", models).await?;
        let oldest = |policy: &Record| policy.get("oldest").as_str().map(str::to_owned);
        Ok(policies
            .iter()
            .filter_map(|policy| Some((FIRMWARE_POLICY.key(policy), oldest(policy)?)))
            .collect())
    }

    /// What differs is written down, what does no more goes, and of what goes on differing is kept what
    /// somebody has said of it.
    async fn differ(&mut self, device: &str, seen: Vec<Seen>) -> Result<(), Refused> {
        let before = self.look().whose(&DIFFERENCE, "device", [device]).await?;
        let mut before: HashMap<String, Record> =
            before.into_iter().map(|it| (DIFFERENCE.key(&it), it)).collect();
        let mut new = Vec::new();
        for seen in seen {
            let record = as_record(device, &seen);
            let key = DIFFERENCE.key(&record);
            match before.remove(&key) {
                None => new.push(record),
                Some(old) => {
                    let after = with_what_was_said(&record, &old);
                    if after != old {
                        self.put((&DIFFERENCE, &key), None, old, after).await?;
                    }
                }
            }
        }
        let mut gone: Vec<(String, Record)> = before.into_iter().collect();
        gone.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (key, old) in gone {
            self.take_away((&DIFFERENCE, &key), None, old).await?;
        }
        if new.is_empty() {
            return Ok(());
        }
        let places = vec![None; new.len()];
        self.insert(&DIFFERENCE, &new, &places).await
    }

    /// Of which machines something has changed: what they say, what is written of them or of their parts, or
    /// what is to run in these.
    async fn uncompared(&mut self) -> Result<BTreeSet<String>, Error> {
        let mut devices: BTreeSet<String> = self.observed.iter().cloned().collect();
        devices.extend(self.touched(&DEVICE).map(|(key, ..)| key.to_owned()));
        let (mut parts, mut models) = (BTreeSet::new(), BTreeSet::new());
        for (key, before, after) in self.touched(&COMPONENT) {
            let of = |it: Option<&Record>| -> Option<String> {
                it?.get("device").as_str().map(str::to_owned)
            };
            devices.extend([of(before), of(after)].into_iter().flatten());
            parts.insert(key.to_owned());
        }
        for (_, before, after) in self.touched(&FIRMWARE_POLICY) {
            let model = before.or(after).and_then(|it| it.get("part_id").as_str());
            models.extend(model.map(str::to_owned));
        }
        if (devices.is_empty() && parts.is_empty() && models.is_empty()) || self.is_unseen().await?
        {
            return Ok(BTreeSet::new());
        }
        let parts = parts.iter().map(String::as_str);
        let seen = self.look().whose(&DIFFERENCE, "part", parts).await?;
        let models = models.iter().map(String::as_str);
        let like = self.look().whose(&COMPONENT, "part_id", models).await?;
        let named = seen.iter().chain(&like).filter_map(|it| it.get("device").as_str());
        devices.extend(named.map(str::to_owned));
        self.that_have_spoken(devices).await
    }

    /// Whether no machine has ever said anything.
    async fn is_unseen(&mut self) -> Result<bool, Error> {
        let one = sqlx::query(
            "SELECT device FROM observed_hardware UNION ALL SELECT device FROM differences LIMIT 1",
        );
        Ok(one.fetch_optional(&mut **self.here().0).await?.is_none())
    }

    /// Those of which there is something to compare, or was.
    async fn that_have_spoken(
        &mut self,
        devices: BTreeSet<String>,
    ) -> Result<BTreeSet<String>, Error> {
        let (tx, engine) = self.here();
        let (devices, mut spoken) =
            (statements::together(devices.iter().map(String::as_str)), BTreeSet::new());
        let condition = statements::is_one_of("device", engine);
        for table in ["observed_hardware", "differences"] {
            let text = format!("SELECT device FROM {table} WHERE {condition}");
            let asked = sqlx::query(AssertSqlSafe(text)).bind(devices.as_str());
            for row in asked.fetch_all(&mut **tx).await? {
                spoken.insert(row.try_get(0)?);
            }
        }
        Ok(spoken)
    }
}

fn as_record(device: &str, seen: &Seen) -> Record {
    let text = |it: &Option<String>| it.clone().map_or(Value::Null, Value::from);
    let fields = [
        ("device", Value::from(device)),
        ("reason", Value::from(seen.reason.name())),
        ("part", Value::from(seen.part.as_str())),
        ("detail", Value::from(seen.detail.as_str())),
        ("intended", text(&seen.intended)),
        ("observed", text(&seen.observed)),
        ("acknowledged", Value::from(false)),
        ("description", Value::Null),
    ];
    let fields: Map<String, Value> =
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    DIFFERENCE.kept(fields)
}

/// What differs otherwise than before is news: whoever knew of the other does not know of this.
fn with_what_was_said(record: &Record, old: &Record) -> Record {
    if record.get("detail") != old.get("detail") {
        return record.clone();
    }
    let mut fields = record.fields().clone();
    for name in ["acknowledged", "description"] {
        fields.insert(name.to_owned(), old.get(name).clone());
    }
    DIFFERENCE.kept(fields)
}
