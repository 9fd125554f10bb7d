//! What names are made from, also what they were made from once.

use super::*;
use crate::kinds::{DEVICE, PREFIX};
use crate::zones::Names;
use serde_json::json;
use std::collections::BTreeSet;

async fn edit(store: &Store, kind: &'static Kind, key: &str, to: serde_json::Value) {
    let mut changing = Changing::begin(&store.db, author(), NOW.0).await.expect("begun");
    changing.update(kind, key, to.as_object().expect("an object"), None).await.expect("updated");
    changing.commit().await.expect("committed");
}

fn texts(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|it| (*it).to_owned()).collect()
}

#[tokio::test]
async fn what_was_a_box_or_a_pattern_is_remembered() {
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        create(&store, &SITE, &site("a", "127.0.1.0/24")).await;
        create(&store, &PREFIX, &json!({"prefix": "192.0.2.0/24"})).await;
        create(&store, &CONTENT_GROUP, &group("g", "{device}.old.example")).await;
        edit(&store, &CONTENT_GROUP, "g", json!({"host_pattern": "{device}.new.example"})).await;
        for name in ["oca1.a", "oca2.a", "oca3.a"] {
            store.create_appliance(&appliance(name, "a"), author(), NOW).await.expect(test.name);
        }
        let mut planned = appliance("oca4.a", "a").device().expect("a device");
        planned.insert("status".to_owned(), json!("planned"));
        create(&store, &DEVICE, &planned).await;
        // No boxes, and never were: their names are anybody's.
        let router = json!({"name": "ns1", "role": "router", "site": "a",
            "description": "{\"appliance\":{}}"});
        for (name, is_left) in [("ns1", true), ("ns2", false)] {
            let mut router = router.clone();
            router["name"] = json!(name);
            create(&store, &DEVICE, &router).await;
            edit(&store, &DEVICE, name, json!({"description": null})).await;
            if !is_left {
                let mut changing =
                    Changing::begin(&store.db, author(), NOW.0).await.expect("begun");
                changing.delete(&DEVICE, name, None).await.expect("deleted");
                changing.commit().await.expect("committed");
            }
        }
        let name = DeviceName::new("oca2.a").expect("name");
        store.delete_appliance(&name, author(), NOW).await.expect(test.name);
        edit(&store, &DEVICE, "oca3.a", json!({"appliance": null})).await;

        let sources = store.names().await.expect(test.name);
        let boxes: Vec<&str> = sources.boxes.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(boxes, ["oca1.a"], "{}", test.name);
        assert_eq!(sources.ever_boxes, texts(&["oca1.a", "oca2.a", "oca3.a", "oca4.a"]));
        assert_eq!(sources.patterns, texts(&["{device}.new.example"]), "{}", test.name);
        let ever = texts(&["{device}.new.example", "{device}.old.example"]);
        assert_eq!(sources.ever_patterns, ever, "{}", test.name);
        assert_eq!(sources.prefixes, ["192.0.2.0/24".parse().expect("a network")]);
        let version = store.version().await.expect(test.name);
        assert_eq!(i64::from(Names::new(sources).serial()), version, "{}", test.name);
    }
}
