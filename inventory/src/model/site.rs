//! A site as planners see it: a place with appliances, and the clients that are nearest to it.

use super::SiteFill;
use crate::schema::Record;
use contract::names::SiteName;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A place with one or more appliances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// Its name.
    pub name: SiteName,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// The networks whose clients are mapped to this site, longest match first.
    #[serde(default)]
    pub client_prefixes: Vec<IpNet>,
    /// When and how fast its boxes fill: at any hour without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<SiteFill>,
    /// Whose network it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Other sites to which its boxes may give content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_fill_sites: Vec<SiteName>,
    /// The region that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Words that are put on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Site {
    /// Of a record of that kind.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(record: &Record) -> Result<Self, serde_json::Error> {
        serde_json::from_value(Value::Object(record.set()))
    }
}
