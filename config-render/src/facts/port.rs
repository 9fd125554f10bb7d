//! An interface, as a machine is told of it.

use super::{own_name, text};
use inventory::schema::Record;
use ipnet::IpNet;
use serde::Serialize;

/// An interface of a device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Port {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) port_type: String,
    pub(crate) enabled: bool,
    pub(crate) mac_address: Option<String>,
    pub(crate) mtu: Option<u64>,
    pub(crate) purpose: Option<String>,
    pub(crate) mgmt_only: bool,
    /// The bundle that it is a part of.
    pub(crate) bundle: Option<String>,
    /// What it is cut out of, and by which tag.
    pub(crate) parent: Option<String>,
    pub(crate) vlan: Option<u16>,
    /// What is cut out of it.
    pub(crate) cut_out: Vec<String>,
    /// Whether the machine makes it: nobody plugs a cable in there.
    pub(crate) is_made: bool,
    pub(crate) addresses: Vec<IpNet>,
    pub(crate) description: Option<String>,
}

impl Port {
    /// What a record says, without its addresses.
    pub(super) fn of(record: &Record) -> Self {
        let said = |field: &str| record.get(field).as_str().map(str::to_owned);
        let own = |field: &str| record.get(field).as_str().map(|key| own_name(key).to_owned());
        let flag = |field: &str| record.get(field).as_bool().unwrap_or_default();
        let (name, port_type) = (text(record, "name").to_owned(), text(record, "type").to_owned());
        let parent = own("parent");
        Self {
            vlan: parent.as_ref().and_then(|_| tag_of(&name)),
            is_made: port_type == "lag" || parent.is_some(),
            cut_out: Vec::new(),
            addresses: Vec::new(),
            enabled: flag("enabled"),
            mgmt_only: flag("mgmt_only"),
            mac_address: said("mac_address"),
            mtu: record.get("mtu").as_u64(),
            purpose: said("purpose"),
            bundle: own("lag"),
            description: said("description"),
            parent,
            port_type,
            name,
        }
    }
}

/// An interface that is cut out of another is named after it, a dot, and its tag (IEEE 802.1Q).
fn tag_of(name: &str) -> Option<u16> {
    let tag = name.rsplit_once('.')?.1.parse().ok()?;
    (1..=4094).contains(&tag).then_some(tag)
}
