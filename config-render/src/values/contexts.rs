//! All that operators say, found by whom it is for.

use super::{Layer, Rank};
use inventory::kinds::CONFIG_CONTEXT;
use inventory::schema::Record;
use std::collections::HashMap;
use std::sync::Arc;

/// Where a device stands among others.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its name.
    pub device: &'a str,
    /// Its site.
    pub site: &'a str,
    /// Its model, where it is known.
    pub device_type: Option<&'a str>,
}

/// Layers by whom they are for.
#[derive(Debug, Default, Clone)]
pub struct Contexts {
    by_whom: HashMap<(Rank, String), Vec<Arc<Layer>>>,
}

impl Contexts {
    /// Those that the inventory has.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut contexts = Self::default();
        for record in records {
            let (whom, layer) = read(record);
            contexts.by_whom.entry((layer.rank, whom)).or_default().push(Arc::new(layer));
        }
        contexts
    }

    /// What counts for a device at a time; what counts more comes later.
    #[must_use]
    pub fn for_device(&self, place: Place<'_>, now_us: i64) -> Vec<Arc<Layer>> {
        let whom = [
            (Rank::All, Some("")),
            (Rank::Model, place.device_type),
            (Rank::Site, Some(place.site)),
            (Rank::Device, Some(place.device)),
        ];
        let found = whom.into_iter().filter_map(|(rank, whom)| {
            self.by_whom.get(&(rank, whom?.to_owned())).map(Vec::as_slice)
        });
        let counts = |it: &&Arc<Layer>| it.expires_at_us.is_none_or(|at| at > now_us);
        let mut layers: Vec<Arc<Layer>> = found.flatten().filter(counts).cloned().collect();
        layers.sort_by(|a, b| (a.order(), &a.name).cmp(&(b.order(), &b.name)));
        layers
    }

    /// When the next of them is over: what was rendered before is not what is meant from then on.
    #[must_use]
    pub fn next_expiry_us(&self, now_us: i64) -> Option<i64> {
        let times = self.by_whom.values().flatten().filter_map(|it| it.expires_at_us);
        times.filter(|at| *at > now_us).min()
    }

    /// All of them.
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.by_whom.values().flatten().map(AsRef::as_ref)
    }
}

/// The inventory has checked it: at most one of these is named.
fn read(record: &Record) -> (String, Layer) {
    let text = |field: &str| record.get(field).as_str().map(str::to_owned);
    let narrowed = [("device", Rank::Device), ("site", Rank::Site), ("device_type", Rank::Model)];
    let whom = narrowed.into_iter().find_map(|(field, rank)| Some((text(field)?, rank)));
    let (whom, rank) = whom.unwrap_or((String::new(), Rank::All));
    let expires_at_us = text("expires").and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let layer = Layer {
        rank,
        name: CONFIG_CONTEXT.key(record),
        expires_at_us: expires_at_us.map(jiff::Timestamp::as_microsecond),
        data: record.get("data").clone(),
    };
    (whom, layer)
}
