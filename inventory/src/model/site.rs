//! A site: a place with appliances, and the clients that are nearest to it.

use super::{Found, SiteFill};
use crate::Complaint;
use contract::names::SiteName;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// A place with one or more appliances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Its name.
    #[schema(value_type = String, example = "site-a")]
    pub name: SiteName,
    /// Degrees north.
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: f64,
    /// Degrees east.
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: f64,
    /// The networks whose clients are mapped to this site, longest match first.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["192.0.2.0/24", "2001:db8::/32"]))]
    pub client_prefixes: Vec<IpNet>,
    /// When and how fast its boxes fill: at any hour without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<SiteFill>,
}

impl Site {
    /// Whether it makes sense.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self) -> Result<(), Vec<Complaint>> {
        let mut found = Found::default();
        if !(-90.0..=90.0).contains(&self.latitude) {
            found.add("latitude", "expected -90 to 90 degrees");
        }
        if !(-180.0..=180.0).contains(&self.longitude) {
            found.add("longitude", "expected -180 to 180 degrees");
        }
        let mut seen = HashSet::new();
        for (at, prefix) in self.client_prefixes.iter().enumerate() {
            let field = format!("client_prefixes[{at}]");
            if prefix.trunc() != *prefix {
                found.add(
                    &field,
                    format!("{prefix} has host bits; did you mean {}?", prefix.trunc()),
                );
            }
            if !seen.insert(prefix) {
                found.add(&field, format!("{prefix} is named twice"));
            }
        }
        if let Some(fill) = &self.fill {
            fill.check(&mut found);
        }
        found.or_else_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_named_at_once() {
        let site = Site {
            name: SiteName::new("a").expect("name"),
            latitude: f64::NAN,
            longitude: 181.0,
            client_prefixes: vec!["10.0.0.1/8".parse().expect("net")],
            fill: None,
        };
        let complaints = site.check().expect_err("three complaints");
        let fields: Vec<&str> = complaints.iter().map(|each| each.field.as_str()).collect();
        assert_eq!(fields, ["latitude", "longitude", "client_prefixes[0]"]);
        assert!(complaints[2].message.contains("10.0.0.0/8"));
    }
}
