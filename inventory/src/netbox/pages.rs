//! Files as NetBox answers: pages of a list, lists, or single objects. Which endpoint an object is of says
//! its own address.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is read here; all else is counted.
const READ: [&str; 11] = [
    "dcim/regions",
    "dcim/sites",
    "dcim/racks",
    "dcim/manufacturers",
    "dcim/device-types",
    "dcim/device-roles",
    "dcim/devices",
    "dcim/interfaces",
    "dcim/cables",
    "ipam/prefixes",
    "ipam/ip-addresses",
];

/// Lists in files are not deeper in each other than this.
const DEEPEST: usize = 4;

/// Objects by endpoint, each once.
#[derive(Debug, Default)]
pub struct Export {
    objects: BTreeMap<String, BTreeMap<i64, Value>>,
}

impl Export {
    /// Adds what stands in a file.
    ///
    /// # Errors
    /// When there is nothing of NetBox in it.
    pub fn add(&mut self, file: Value) -> Result<(), String> {
        let before = self.count();
        self.take(file, 0);
        if self.count() > before {
            return Ok(());
        }
        Err("no object of NetBox stands in it: expected what its REST API answers, such as \
             {\"results\": [{\"id\": 1, \"url\": \"https://…/api/dcim/sites/1/\", …}]}"
            .to_owned())
    }

    fn take(&mut self, value: Value, depth: usize) {
        match value {
            Value::Array(all) if depth < DEEPEST => {
                all.into_iter().for_each(|one| self.take(one, depth + 1));
            }
            Value::Object(mut fields) => match (of_url(&fields), of_id(&fields)) {
                (Some(of), Some(id)) => {
                    self.objects.entry(of).or_default().insert(id, Value::Object(fields));
                }
                _ if depth < DEEPEST => {
                    if let Some(results) = fields.remove("results") {
                        self.take(results, depth + 1);
                    } else {
                        fields.into_iter().for_each(|(_, one)| self.take(one, depth + 1));
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn count(&self) -> usize {
        self.objects.values().map(BTreeMap::len).sum()
    }

    /// Those of an endpoint, by id.
    pub(super) fn of(&self, endpoint: &str) -> impl Iterator<Item = &Value> {
        self.objects.get(endpoint).into_iter().flat_map(BTreeMap::values)
    }

    /// Those that nobody reads.
    pub(super) fn others(&self) -> impl Iterator<Item = (&str, usize)> {
        let all = self.objects.iter().map(|(endpoint, all)| (endpoint.as_str(), all.len()));
        all.filter(|(endpoint, _)| !READ.contains(endpoint))
    }
}

fn of_id(object: &Map<String, Value>) -> Option<i64> {
    object.get("id")?.as_i64()
}

/// `dcim/sites` of `https://netbox.example/api/dcim/sites/7/`.
fn of_url(object: &Map<String, Value>) -> Option<String> {
    let (_, path) = object.get("url")?.as_str()?.rsplit_once("/api/")?;
    let mut parts = path.split('/');
    let (app, of) = (parts.next()?, parts.next()?);
    (!app.is_empty() && !of.is_empty()).then(|| format!("{app}/{of}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pages_lists_and_objects_are_told_by_their_addresses() {
        let site = |id: i64| json!({"id": id, "url": format!("/api/dcim/sites/{id}/")});
        let mut export = Export::default();
        export
            .add(json!({"count": 3, "next": null, "results": [site(1), site(2)]}))
            .expect("a page");
        export.add(json!([{"results": [site(2)]}, {"results": [site(3)]}])).expect("pages");
        export.add(json!({"id": 1, "url": "https://x/netbox/api/dcim/platforms/1/"})).expect("one");
        assert_eq!(export.of("dcim/sites").count(), 3);
        assert_eq!(export.others().collect::<Vec<_>>(), [("dcim/platforms", 1)]);
        assert!(export.add(json!({"results": []})).is_err());
        assert!(export.add(json!("x")).is_err() && export.add(json!({"url": 5})).is_err());
    }
}
