//! What means something to SQL, to templates, to terminals or to JSON is text here: in every field, of every
//! kind.

use super::{begun, fields};
use crate::kinds::ALL;
use crate::records::{find, list};
use crate::schema::{Kind, Shape};
use db::testing;
use serde_json::{Map, Value, json};

const HOSTILE: &str =
    "'); DROP TABLE sites;-- \"q\" {{ 7*7 }} ${x} %s %_\\ <b>&amp; \u{1f3ac} $1 ?";

/// The least that one of a kind says; each after those that it names.
fn least(kind: &Kind) -> Map<String, Value> {
    fields(&match kind.name {
        "tag" | "region" | "cluster" => json!({"name": "x"}),
        "provider" => json!({"name": "x", "asns": [64496]}),
        "site" => json!({"name": "x"}),
        "rack" => json!({"site": "x", "name": "x"}),
        "device-type" => json!({"slug": "x", "manufacturer": "x", "model": "x"}),
        "device" => json!({"name": "x", "role": "other", "site": "x"}),
        "component" => json!({"type": "disk", "serial": "x"}),
        "firmware-policy" => json!({"type": "disk", "part_id": "x", "oldest": "x"}),
        "interface" => json!({"device": "x", "name": "x"}),
        "link" => json!({"a": "x:x", "b": "x:y"}),
        "prefix" => json!({"prefix": "192.0.2.0/24"}),
        "ip-address" => json!({"address": "192.0.2.1/24"}),
        "config-context" => json!({"name": "x", "data": {"x": 1}}),
        "bgp-session" => {
            json!({"device": "x", "peer_address": "192.0.2.9", "peer_asn": 1, "local_asn": 2})
        }
        _ => {
            json!({"name": "x", "owner": "x", "host_pattern": "{device}.x.example", "origin_url": "https://x.example"})
        }
    })
}

/// As much of it as fits.
fn cut(most: usize) -> String {
    HOSTILE.chars().take(most).collect::<String>().trim().to_owned()
}

#[tokio::test]
async fn text_is_text() {
    for test in testing::both().await {
        for kind in ALL {
            let mut one = least(kind);
            let more = kind.written_fields().filter(|field| !one.contains_key(field.name));
            for field in more.collect::<Vec<_>>() {
                match field.shape {
                    Shape::Line => drop(one.insert(field.name.into(), Value::from(HOSTILE))),
                    Shape::Label(most) => {
                        drop(one.insert(field.name.into(), Value::from(cut(most))));
                    }
                    Shape::Notes => {
                        drop(one.insert(
                            field.name.into(),
                            Value::from(format!("{HOSTILE}\n\t{HOSTILE}")),
                        ));
                    }
                    _ => {}
                }
            }
            let mut changing = begun(&test.db, 10).await;
            if kind.name == "link" {
                let other = fields(&json!({"device": "x", "name": "y"}));
                changing.create(&crate::kinds::INTERFACE, &other).await.expect("an end");
            }
            let made = changing.create(kind, &one).await;
            let made = made.unwrap_or_else(|err| panic!("{} {}: {err}", test.name, kind.name));
            changing
                .commit()
                .await
                .unwrap_or_else(|err| panic!("{} {}: {err}", test.name, kind.name));
            let key = kind.key(&made.record);
            let kept = find(&test.db, kind, &key).await.expect("read").expect(kind.name);
            assert_eq!(kept.record, made.record, "{} {}", test.name, kind.name);
            for field in kind
                .fields
                .iter()
                .filter(|field| matches!(field.shape, Shape::Line | Shape::Label(_)))
            {
                let Some(text) = one.get(field.name).and_then(Value::as_str) else { continue };
                for suffix in ["", "__ic", "__ie", "__isw", "__iew"] {
                    let name = format!("{}{suffix}", field.name);
                    let query = kind.query([(name.as_str(), text)]).expect("a question");
                    let found = list(&test.db, kind, &query).await.expect("listed");
                    assert!(!found.items.is_empty(), "{} {} {name}", test.name, kind.name);
                }
            }
        }
    }
}
