//! The templates that are shipped.

use crate::engine::{Library, LibraryError};

/// Each by its name, which is its path here.
const TEMPLATES: [(&str, &str); 12] = [
    ("appliance.yaml.j2", include_str!("../shipped/templates/appliance.yaml.j2")),
    ("bird/bird.conf.j2", include_str!("../shipped/templates/bird/bird.conf.j2")),
    ("chrony/chrony.conf.j2", include_str!("../shipped/templates/chrony/chrony.conf.j2")),
    ("frr/daemons.j2", include_str!("../shipped/templates/frr/daemons.j2")),
    ("frr/frr.conf.j2", include_str!("../shipped/templates/frr/frr.conf.j2")),
    ("frr/provider.conf.j2", include_str!("../shipped/templates/frr/provider.conf.j2")),
    ("network/bundle.netdev.j2", include_str!("../shipped/templates/network/bundle.netdev.j2")),
    (
        "network/interface.network.j2",
        include_str!("../shipped/templates/network/interface.network.j2"),
    ),
    ("network/networkd.conf.j2", include_str!("../shipped/templates/network/networkd.conf.j2")),
    ("network/vlan.netdev.j2", include_str!("../shipped/templates/network/vlan.netdev.j2")),
    ("nftables/nftables.conf.j2", include_str!("../shipped/templates/nftables/nftables.conf.j2")),
    ("sshd/headend.conf.j2", include_str!("../shipped/templates/sshd/headend.conf.j2")),
];

/// All of them.
///
/// # Errors
/// Where one is too large: a fault of ours, that a test would have seen.
pub fn library() -> Result<Library, LibraryError> {
    Library::new(TEMPLATES)
}
