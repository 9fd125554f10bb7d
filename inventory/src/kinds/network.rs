//! How devices are reached, and by whom.

use crate::Complaint;
use crate::schema::{Field, Kind, Record, Scope, Shape, fine};

/// Who uses an interface or a network.
const PURPOSES: &[&str] = &["viewers", "siblings", "management", "upstream"];

/// A port, or what stands for several.
pub static INTERFACE: Kind = Kind {
    name: "interface",
    plural: "interfaces",
    about: "A port of a device, or what is made of several.",
    key: &["device", "name"],
    fields: &[
        Field::required("device", Shape::Of("device"), "Whose it is."),
        Field::required("name", Shape::Label(64), "What the device calls it."),
        Field::optional("label", Shape::Label(64), "What is written on it."),
        Field::default("type", Shape::Label(50), "other", "What it is, in NetBox's words."),
        Field::default("enabled", Shape::Flag, "true", "Whether it is to be up."),
        Field::optional("lag", Shape::Of("interface"), "The bundle that it is a part of."),
        Field::optional("parent", Shape::Of("interface"), "What it is cut out of."),
        Field::optional("mac_address", Shape::Mac, "Its hardware address."),
        Field::optional("mtu", Shape::Integer(1, 65_536), "The most octets of one packet."),
        Field::optional("speed_kbits_per_s", Shape::Integer(1, 10_000_000_000), "How fast it is."),
        Field::default("mgmt_only", Shape::Flag, "false", "Whether it is for us alone."),
        Field::optional("purpose", Shape::Choice(PURPOSES), "Who uses it."),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::tags(),
    ],
    sense: fine,
    scope: Scope::Of(&["device"]),
};

/// A cable.
pub static LINK: Kind = Kind {
    name: "link",
    plural: "links",
    about: "What leads from one interface to another.",
    key: &["a", "b"],
    fields: &[
        Field::required("a", Shape::Of("interface"), "One end."),
        Field::required("b", Shape::Of("interface"), "The other end."),
        Field::default(
            "status",
            Shape::Choice(&["connected", "planned", "decommissioning"]),
            "connected",
            "How far it is.",
        ),
        Field::optional("type", Shape::Label(50), "Of which kind the cable is."),
        Field::optional("label", Shape::Label(100), "What is written on it."),
        Field::optional("length_m", Shape::Decimal(0.0, 100_000.0), "How long it is."),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::tags(),
    ],
    sense: link,
    scope: Scope::Of(&["a", "b"]),
};

/// A network.
pub static PREFIX: Kind = Kind {
    name: "prefix",
    plural: "prefixes",
    about: "A network, of addresses or of smaller networks.",
    key: &["prefix"],
    fields: &[
        Field::required("prefix", Shape::Prefix, "Which."),
        Field::default(
            "status",
            Shape::Choice(&["container", "active", "reserved", "deprecated"]),
            "active",
            "Whether addresses are given out of it.",
        ),
        Field::optional("site", Shape::Of("site"), "Where it is."),
        Field::optional("purpose", Shape::Choice(PURPOSES), "Who uses it."),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::tags(),
    ],
    sense: fine,
    scope: Scope::Of(&["site"]),
};

/// An address.
pub static IP_ADDRESS: Kind = Kind {
    name: "ip-address",
    plural: "ip-addresses",
    about: "An address, and the interface that has it.",
    key: &["address"],
    fields: &[
        Field::required("address", Shape::Address, "Which, with the length of its network."),
        Field::default(
            "status",
            Shape::Choice(&["active", "reserved", "deprecated", "dhcp", "slaac"]),
            "active",
            "How far it is.",
        ),
        Field::optional(
            "role",
            Shape::Choice(&[
                "loopback",
                "secondary",
                "anycast",
                "vip",
                "vrrp",
                "hsrp",
                "glbp",
                "carp",
            ]),
            "What is special about it.",
        ),
        Field::optional("interface", Shape::Of("interface"), "Which interface has it."),
        Field::optional("dns_name", Shape::Name, "The name that leads to it."),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::tags(),
    ],
    sense: fine,
    scope: Scope::Of(&["interface"]),
};

/// A conversation by BGP.
pub static BGP_SESSION: Kind = Kind {
    name: "bgp-session",
    plural: "bgp-sessions",
    about: "A device, and the provider's router that tells it which networks there are.",
    key: &["device", "peer_address"],
    fields: &[
        Field::required("device", Shape::Of("device"), "Our end of it."),
        Field::required("peer_address", Shape::Ip, "Where the other one is."),
        Field::required("peer_asn", Shape::Integer(1, 4_294_967_295), "Its autonomous system."),
        Field::required("local_asn", Shape::Integer(1, 4_294_967_295), "Our autonomous system."),
        Field::default(
            "status",
            Shape::Choice(&["active", "planned", "offline"]),
            "active",
            "How far it is.",
        ),
        Field::optional("max_prefixes", Shape::Integer(1, 10_000_000), "More are a mistake."),
        Field::optional("description", Shape::Line, "A line about it."),
        Field::tags(),
    ],
    sense: fine,
    scope: Scope::Of(&["device"]),
};

/// It leads somewhere else.
fn link(link: &Record) -> Vec<Complaint> {
    match link.get("a") == link.get("b") {
        true => vec![Complaint::new("b", "it is the same interface")],
        false => Vec::new(),
    }
}
