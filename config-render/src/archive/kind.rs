//! Whose language a text is in.

use std::str::FromStr;

/// What kind of device a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeviceKind {
    /// FRRouting: what `show running-config` of `vtysh` says.
    Frr,
    /// BIRD's configuration file.
    Bird,
    /// Cisco IOS, and what is near it: IOS XE, IOS XR, NX-OS, ASA.
    CiscoIos,
    /// Junos, in braces, as `set` commands, as XML or as JSON.
    Junos,
    /// Arista EOS.
    AristaEos,
    /// Net-SNMP's `snmpd.conf`, `snmptrapd.conf` and `snmp.conf`.
    NetSnmp,
    /// Files of a Linux host: sshd, chrony, nftables, systemd-networkd, ifupdown, environment.
    Linux,
    /// Anything else: what any of the others calls a secret is one.
    Generic,
}

/// No kind has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no kind of device is called {0:?}: take one of {names}", names = names())]
pub struct UnknownKind(String);

fn names() -> String {
    DeviceKind::ALL.map(DeviceKind::as_str).join(", ")
}

impl DeviceKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Frr,
        Self::Bird,
        Self::CiscoIos,
        Self::Junos,
        Self::AristaEos,
        Self::NetSnmp,
        Self::Linux,
        Self::Generic,
    ];

    /// Its name in inventory and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Frr => "frr",
            Self::Bird => "bird",
            Self::CiscoIos => "cisco-ios",
            Self::Junos => "junos",
            Self::AristaEos => "arista-eos",
            Self::NetSnmp => "net-snmp",
            Self::Linux => "linux",
            Self::Generic => "generic",
        }
    }

    /// Commands with words by position, as IOS has them.
    pub(super) const fn is_like_ios(self) -> bool {
        matches!(self, Self::Frr | Self::CiscoIos | Self::AristaEos | Self::Generic)
    }

    /// Statements that end with `;`, in braces.
    pub(super) const fn is_curly(self) -> bool {
        matches!(self, Self::Bird | Self::Junos)
    }

    /// Directives of Net-SNMP may stand in it.
    pub(super) const fn has_snmpd(self) -> bool {
        matches!(self, Self::NetSnmp | Self::Linux | Self::Generic)
    }
}

impl FromStr for DeviceKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        found.ok_or_else(|| UnknownKind(name.to_owned()))
    }
}
