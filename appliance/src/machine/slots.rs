//! Where cards and disks on PCI are plugged in.

use super::files::Files;
use std::collections::BTreeMap;

const SLOTS: &str = "sys/bus/pci/slots";

/// Slots that have a name, by the address of what is in them.
pub(super) struct Slots(BTreeMap<String, String>);

impl Slots {
    pub(super) fn read(files: &Files) -> Self {
        let names = files.names(SLOTS).into_iter();
        let slots =
            names.filter_map(|name| Some((files.line(&format!("{SLOTS}/{name}/address"))?, name)));
        Self(slots.collect())
    }

    /// Where a device is, by its address: its slot, where that has a name, or the address.
    pub(super) fn bay(&self, address: &str) -> String {
        let device = device_of(address);
        self.0.get(device).map_or_else(|| device.to_owned(), |slot| format!("slot {slot}"))
    }
}

/// The address of a device, without which of its functions it is.
pub(super) fn device_of(address: &str) -> &str {
    address.rsplit_once('.').map_or(address, |(device, _)| device)
}

/// Whether it looks like `0000:3b:00.0`.
pub(super) fn is_address(name: &str) -> bool {
    let is_hex = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_hexdigit());
    let mut words = name.split([':', '.']);
    name.contains('.') && words.by_ref().all(is_hex) && name.matches(':').count() == 2
}

#[cfg(test)]
mod tests {
    #[test]
    fn addresses_are_told_from_other_names() {
        assert!(super::is_address("0000:3b:00.0") && super::is_address("10000:01:00.1"));
        for other in ["virtio2", "pci0000:3b", "0:0:0:0", "0000:3b:00", "nvme0", "0000:3b:00."] {
            assert!(!super::is_address(other), "{other}");
        }
    }
}
