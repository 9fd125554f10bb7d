//! What viewers asked for, day by day and site by site: what tomorrow's demand is forecast from.
//!
//! Each source (a box and its boot, a manager, or a file) has a row of its own, in which figures only rise, so
//! that what comes twice or late adds nothing; whoever reads adds the sources up. It stands with
//! the site where the box stood when it said so, and outlives both.

use crate::Collector;
use contract::demand::{BadDemand, DemandReport, TitleDemand};
use contract::names::{DeviceName, GroupName, SiteName, TitleName};
use contract::time::TimeUs;
use std::collections::HashMap;

/// What one source may say of one day: more titles than a box names, and than most fleets have.
pub const MAX_SOURCE_ROWS: usize = 131_072;

/// Boots of a box on one day that are kept apart: one that is started every six minutes has other troubles.
pub(crate) const MAX_BOOTS: i64 = 256;

/// What sources begin with that are managers. No device has a name with a space.
pub(crate) const MANAGER: &str = "manager ";

/// The longest name of a file.
const MAX_FILE_NAME_CHARS: usize = 200;

/// What viewers asked for at one site on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteDemand {
    /// The site, which may be gone by now.
    pub site: SiteName,
    /// Each title once, and for each group what belongs to no named title; by group and title.
    pub rows: Vec<TitleDemand>,
    /// The same of what its viewers were sent elsewhere for: other sites have served it, and counted it too.
    pub elsewhere: Vec<TitleDemand>,
}

/// Why demand is not kept.
#[derive(Debug, thiserror::Error)]
pub enum DemandError {
    /// It is not what a box may say.
    #[error(transparent)]
    Bad(#[from] BadDemand),
    /// More titles than a source may speak of.
    #[error("{0} rows for one day and site, {MAX_SOURCE_ROWS} are the most")]
    TooManyRows(usize),
    /// A file that cannot be named.
    #[error("{0:?} cannot name a source: use 1 to {MAX_FILE_NAME_CHARS} printable characters")]
    BadName(String),
    /// A box that is started more often than anybody keeps count of.
    #[error("{device} was started more than {MAX_BOOTS} times on day {day}")]
    TooManyBoots {
        /// Which.
        device: DeviceName,
        /// When.
        day: i32,
    },
    /// The box stands nowhere.
    #[error("there is no device {0} in the inventory")]
    UnknownDevice(DeviceName),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Collector {
    /// Keeps what a box says of demand: of each row the greatest that it ever said.
    ///
    /// # Errors
    /// [`DemandError`]; nothing has changed then.
    pub async fn accept_demand(
        &self,
        (device, boot_id): (&DeviceName, &str),
        demand: DemandReport,
        now: TimeUs,
    ) -> Result<(), DemandError> {
        demand.check(now)?;
        self.store.merge_demand(device, boot_id, demand, now).await
    }

    /// Keeps what a file says of a day and a site, in the place of what it has said before. Rows of one title are
    /// added up.
    ///
    /// # Errors
    /// [`DemandError`]; nothing has changed then.
    pub async fn put_demand(
        &self,
        day: i32,
        site: &SiteName,
        file: &str,
        rows: Vec<TitleDemand>,
        now: TimeUs,
    ) -> Result<(), DemandError> {
        let is_long = file.chars().count() > MAX_FILE_NAME_CHARS;
        if file.is_empty() || is_long || file.contains(char::is_control) {
            return Err(DemandError::BadName(file.to_owned()));
        }
        rows.iter().try_for_each(TitleDemand::check)?;
        self.store.put_demand((day, site.as_str(), &format!("file {file}")), rows, now).await
    }

    /// Keeps what viewers of a site were sent elsewhere for on a day, in the place of what the same instance of a
    /// manager has said before.
    ///
    /// # Errors
    /// [`DemandError`]; nothing has changed then.
    pub async fn put_elsewhere(
        &self,
        day: i32,
        site: &SiteName,
        instance: &str,
        rows: Vec<TitleDemand>,
        now: TimeUs,
    ) -> Result<(), DemandError> {
        rows.iter().try_for_each(TitleDemand::check)?;
        let source = format!("{MANAGER}{instance}");
        self.store.put_demand((day, site.as_str(), &source), rows, now).await
    }

    /// The days of which something is known, from this one on; rising.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn demand_days(&self, since: i32) -> Result<Vec<i32>, db::Error> {
        self.store.demand_days(since).await
    }

    /// What viewers asked for on a day, by site; sources are added up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn demand_of(&self, day: i32) -> Result<Vec<SiteDemand>, db::Error> {
        self.store.demand_of(day).await
    }

    /// Another number whenever something was said since of a day that is over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn demand_version(&self) -> Result<i64, db::Error> {
        self.store.demand_version().await
    }

    /// Lets days go that are older than two months; gives how many rows that were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_demand(&self, now: TimeUs) -> Result<u64, db::Error> {
        self.store.forget_demand(now).await
    }
}

/// Rows of many places, each title once.
#[derive(Debug, Default)]
pub(crate) struct Sum(HashMap<Key, [u64; 2]>);

type Key = (GroupName, Option<TitleName>);

impl Sum {
    /// The greater of both: of one source, which only counts upwards.
    pub(crate) fn rise(&mut self, rows: Vec<TitleDemand>) {
        self.each(rows, u64::max);
    }

    /// Both together: of sources that know nothing of each other.
    pub(crate) fn add(&mut self, rows: Vec<TitleDemand>) {
        self.each(rows, u64::saturating_add);
    }

    fn each(&mut self, rows: Vec<TitleDemand>, join: fn(u64, u64) -> u64) {
        for row in rows {
            let known = self.0.entry((row.group, row.title)).or_default();
            *known = [join(known[0], row.bytes_sent), join(known[1], row.bytes_missed)];
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// By group and title, the nameless first.
    pub(crate) fn into_rows(self) -> Vec<TitleDemand> {
        let mut all: Vec<(Key, [u64; 2])> = self.0.into_iter().collect();
        all.sort_unstable();
        let row = |((group, title), [bytes_sent, bytes_missed]): (Key, [u64; 2])| TitleDemand {
            group,
            title,
            bytes_sent,
            bytes_missed,
        };
        all.into_iter().map(row).collect()
    }
}
