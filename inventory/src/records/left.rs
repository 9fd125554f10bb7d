//! What networks have left, and taking some of it.

use super::{Changing, Kept, Refused};
use crate::Complaint;
use crate::kinds::{IP_ADDRESS, PREFIX};
use crate::rules::exhaustion::{free, percent, usable};
use crate::schema::Record;
use db::{Db, Error, Tx};
use ipnet::IpNet;
use serde_json::{Map, Value};
use sqlx::Row as _;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What a network has left.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// The network, as it is written down.
    pub prefix: Record,
    /// So many addresses devices can have.
    pub usable: u64,
    /// So many are taken.
    pub taken: usize,
    /// How much that is.
    pub taken_percent: f64,
    /// The first that nobody has.
    pub free: Vec<IpNet>,
}

/// What a network has left; nothing where there is none such.
///
/// # Errors
/// When the database fails.
pub async fn left(db: &Db, key: &str, most: usize) -> Result<Option<Left>, Error> {
    let Some(kept) = super::find(db, &PREFIX, key).await? else { return Ok(None) };
    let mut tx = db.snapshot().await?;
    let taken = taken(&mut tx).await?;
    Ok(of(kept.record, &taken, most))
}

/// What all networks have left that give addresses, those with the least first.
///
/// # Errors
/// When the database fails.
pub async fn all_left(db: &Db) -> Result<Vec<Left>, Error> {
    let mut tx = db.snapshot().await?;
    let taken = taken(&mut tx).await?;
    let nets = super::all(db, &PREFIX, &PREFIX.everything()).await?.into_iter();
    let giving = nets.filter(|kept| gives(&kept.record));
    let mut all: Vec<Left> = giving.filter_map(|kept| of(kept.record, &taken, 0)).collect();
    all.sort_by(|a, b| b.taken_percent.total_cmp(&a.taken_percent));
    Ok(all)
}

/// Networks hold addresses, containers hold networks.
fn gives(prefix: &Record) -> bool {
    prefix.get("status").as_str() != Some("container")
}

fn of(prefix: Record, taken: &BTreeSet<IpAddr>, most: usize) -> Option<Left> {
    let net: IpNet = prefix.get("prefix").as_str()?.parse().ok()?;
    let own: BTreeSet<IpAddr> = taken.range(net.network()..=net.broadcast()).copied().collect();
    let (usable, gives) = (usable(&net), gives(&prefix));
    let free = if gives { free(&net, &own, most) } else { Vec::new() };
    let taken_percent = percent(own.len(), usable);
    Some(Left { prefix, usable, taken: own.len(), taken_percent, free })
}

/// All addresses that somebody has.
async fn taken(tx: &mut Tx) -> Result<BTreeSet<IpAddr>, Error> {
    let rows = sqlx::query("SELECT \"key\" FROM ip_addresses").fetch_all(&mut **tx).await?;
    let mut taken = BTreeSet::new();
    for row in rows {
        let address: Option<IpNet> = row.try_get::<String, _>(0)?.parse().ok();
        taken.extend(address.map(|it| it.addr()));
    }
    Ok(taken)
}

impl Changing {
    /// Adds the first address of a network that nobody has.
    ///
    /// # Errors
    /// [`Refused`]: among others, where all are taken.
    pub async fn allocate(
        &mut self,
        prefix: &str,
        fields: &Map<String, Value>,
    ) -> Result<Kept, Refused> {
        let record = self.found(&PREFIX, prefix, None).await?.record;
        let refused = |field: &str, message: &str| {
            Err(Refused::Invalid(vec![Complaint::new(field, message)]))
        };
        if !gives(&record) {
            let message =
                format!("{prefix} holds networks and gives no addresses: name one of these");
            return refused("prefix", &message);
        }
        let taken = taken(self.here().0).await?;
        let left = of(record, &taken, 1);
        let Some(address) = left.and_then(|mut left| left.free.pop()) else {
            return refused("prefix", &format!("all addresses of {prefix} are taken"));
        };
        let mut wanted = fields.clone();
        if wanted.insert("address".to_owned(), Value::from(address.to_string())).is_some() {
            return refused("address", "it is told here, and not said: create it to choose one");
        }
        self.create(&IP_ADDRESS, &wanted).await
    }
}
