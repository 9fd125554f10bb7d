//! Who reads a file: the program that checks it before, and what has it read.

use crate::archive::DeviceKind;
use contract::config::Problems;

/// What a device would refuse.
#[derive(Debug, thiserror::Error)]
#[error("the rendered configuration would be refused:\n{0}")]
pub struct Refused(Problems);

/// A service of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// systemd-networkd. Its files have no checker: what they say is seen when they are read.
    Network,
    /// The firewall.
    Nftables,
    /// The clock.
    Chrony,
    /// Who comes in when nothing else helps.
    Sshd,
    /// BGP on a box.
    Bird,
    /// BGP on a router.
    Frr,
    /// The appliance itself.
    Appliance,
}

/// How long a checker may take, and what has a file read, in seconds. A box that takes over from itself opens
/// its disks meanwhile, which may be minutes where there are many objects.
const USUAL_LIMIT_S: u32 = 30;
const RESTART_LIMIT_S: u32 = 600;

impl Service {
    /// What looks at a file before anything is touched, for `sh`; `{}` stands for where it lies meanwhile.
    #[must_use]
    pub fn check(self) -> Option<&'static str> {
        match self {
            Self::Network => None,
            Self::Nftables => Some("nft -c -f {}"),
            Self::Chrony => Some("chronyd -p -f {} >/dev/null"),
            Self::Sshd => Some("sshd -t -f {}"),
            Self::Bird => Some("bird -p -c {}"),
            Self::Frr => Some("/usr/lib/frr/frr-reload.py --test {} >/dev/null"),
            Self::Appliance => Some("/usr/local/lib/headend/appliance check {}"),
        }
    }

    /// Reads a text as the device will, where that can be done here: an appliance's own file.
    ///
    /// # Errors
    /// All that the device would refuse.
    pub fn read_back(self, text: &str) -> Result<(), Refused> {
        match self {
            Self::Appliance => contract::config::parse(text).map(drop).map_err(Refused),
            _ => Ok(()),
        }
    }

    /// What has it read, for `sh`.
    #[must_use]
    pub fn activation(self) -> &'static str {
        match self {
            Self::Network => "networkctl reload",
            Self::Nftables => "nft -f /etc/nftables.conf",
            Self::Chrony => "systemctl try-restart chrony.service",
            Self::Sshd => "systemctl reload ssh.service",
            // Sessions with neighbours that have not changed go on.
            Self::Bird => "systemctl reload-or-restart bird.service",
            Self::Frr => "/usr/lib/frr/frr-reload.py --reload /etc/frr/frr.conf >/dev/null",
            // Without a gap for viewers.
            Self::Appliance => "systemctl reload appliance.service",
        }
    }

    /// Whose language its files are in.
    #[must_use]
    pub fn kind(self) -> DeviceKind {
        match self {
            Self::Bird => DeviceKind::Bird,
            Self::Frr => DeviceKind::Frr,
            Self::Appliance => DeviceKind::Generic,
            Self::Network | Self::Nftables | Self::Chrony | Self::Sshd => DeviceKind::Linux,
        }
    }

    /// When that has hung, in seconds.
    #[must_use]
    pub fn limit_s(self) -> u32 {
        match self {
            Self::Appliance => RESTART_LIMIT_S,
            _ => USUAL_LIMIT_S,
        }
    }
}
