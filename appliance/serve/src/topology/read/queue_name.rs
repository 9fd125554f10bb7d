//! Which queue an interrupt belongs to: every driver has its own way of saying it.

/// What drivers call the interrupt of a queue that receives, before its number: virtio
/// `virtio2-input.0`, Intel `ice-eth0-TxRx-0` and `eth0-rx-0`, Amazon `eth0-Tx-Rx-0`,
/// Mellanox `mlx5_comp0@pci:0000:01:00.0`, Broadcom `eth0-fp-0`.
const RECEIVING: [&str; 4] = ["input", "rx", "comp", "fp"];

/// The number of the receive queue that a handler of this name belongs to. `is_alone` says
/// that the interrupt is known to be of the interface's device; otherwise the name must have
/// the interface's in it. A name that says nothing is no queue: nothing is guessed.
pub(super) fn receive_queue(handler: &str, interface: &str, is_alone: bool) -> Option<u32> {
    let name = handler.split('@').next()?;
    let stem = name.trim_end_matches(|octet: char| octet.is_ascii_digit());
    let number = name.get(stem.len()..)?.parse().ok()?;
    let stem = stem.trim_end_matches(['-', '.']);
    let is_named = stem.split('-').any(|part| part == interface);
    let last = stem.rsplit(['-', '_']).next()?.to_ascii_lowercase();
    let receives = RECEIVING.iter().any(|word| last.ends_with(word));
    (receives && (is_named || is_alone)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::receive_queue;

    #[test]
    fn queues_by_the_names_of_drivers() {
        let of = |name| receive_queue(name, "eth0", true);
        assert_eq!(of("virtio2-input.0"), Some(0));
        assert_eq!(of("ice-eth0-TxRx-12"), Some(12));
        assert_eq!(of("eth0-rx-3"), Some(3));
        assert_eq!(of("eth0-Tx-Rx-7"), Some(7));
        assert_eq!(of("mlx5_comp5@pci:0000:3b:00.0"), Some(5));
        assert_eq!(of("eth0-fp-1"), Some(1));
        for other in ["virtio2-output.0", "virtio2-config", "eth0-tx-3", "eth0", "", "@", "rx"] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(of("mlx5_async0@pci:0000:3b:00.0"), None);
        assert_eq!(of("eth0-rx-99999999999"), None);
    }

    #[test]
    fn where_the_device_is_not_known_the_name_must_say_the_interface() {
        let of = |name| receive_queue(name, "eth0", false);
        assert_eq!(of("eth0-rx-3"), Some(3));
        assert_eq!(of("eth01-rx-3"), None);
        assert_eq!(of("virtio2-input.0"), None);
    }
}
