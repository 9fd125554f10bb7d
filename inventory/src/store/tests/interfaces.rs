//! How fast boxes can send, by what is said of their interfaces.

use super::*;
use crate::kinds::{DEVICE, INTERFACE, SITE};
use serde_json::{Value, json};

#[tokio::test]
async fn what_a_box_sends_is_what_its_ports_for_viewers_are() {
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        create(&store, &SITE, &site("s", "127.0.1.0/24")).await;
        for name in ["a", "b", "c", "d"] {
            create(&store, &DEVICE, &json!({"name": name, "role": "router", "site": "s"})).await;
        }
        let port = async |device: &str, name: &str, mut more: Value| {
            more["device"] = device.into();
            more["name"] = name.into();
            create(&store, &INTERFACE, &more).await;
        };
        let gbits = |gbits: u64| gbits * 1_000_000;
        // A bundle of two for viewers with a network cut out of it, and a port for the others of the site.
        port("a", "bond0", json!({"type": "lag", "purpose": "viewers"})).await;
        for name in ["eth0", "eth1"] {
            port("a", name, json!({"lag": "a:bond0", "speed_kbits_per_s": gbits(100)})).await;
        }
        let cut_out = json!({"parent": "a:bond0", "purpose": "viewers", "speed_kbits_per_s": 1});
        port("a", "bond0.7", cut_out).await;
        port("a", "eth2", json!({"purpose": "siblings", "speed_kbits_per_s": gbits(25)})).await;
        // Nobody says whom they are for; one is down, one is for us.
        port("b", "eth0", json!({"speed_kbits_per_s": gbits(25)})).await;
        port("b", "eth1", json!({"enabled": false, "speed_kbits_per_s": gbits(25)})).await;
        port("b", "ipmi", json!({"mgmt_only": true, "speed_kbits_per_s": gbits(1)})).await;
        port("c", "eth0", json!({})).await;
        // How fast it is to viewers is not known, and what the other one does is nothing of it.
        port("d", "eth0", json!({"purpose": "viewers"})).await;
        port("d", "eth1", json!({"speed_kbits_per_s": gbits(1)})).await;
        let found = store.all().await.expect(test.name).viewer_bits_per_s;
        let name = |name: &str| DeviceName::new(name).expect("a name");
        let expected = [(name("a"), 200_000_000_000), (name("b"), 25_000_000_000)];
        assert_eq!(found, expected.into_iter().collect(), "{}", test.name);
    }
}
