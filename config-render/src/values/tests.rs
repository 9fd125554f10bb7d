use super::*;
use contract::config::{Limits, Moves, Pacing, Scrub, Serving, Smart};
use inventory::kinds::CONFIG_CONTEXT;
use inventory::schema::Record;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

fn context(value: &Value) -> Record {
    CONFIG_CONTEXT.read(value.as_object().expect("an object")).expect("a context")
}

fn contexts() -> Contexts {
    let records = [
        context(&json!({"name": "everywhere", "data": {"time": {"servers": ["a.example"]},
            "appliance": {"limits": {"idle_timeout_s": 30, "max_connections": 5000}}}})),
        context(&json!({"name": "big", "device_type": "box-2u",
            "data": {"appliance": {"limits": {"max_connections": 90_000}}}})),
        context(&json!({"name": "munich", "site": "munich",
            "data": {"time": {"servers": ["b.example"]}, "ssh": {"from": ["192.0.2.0/24"]}}})),
        context(&json!({"name": "one", "device": "oca1",
            "data": {"appliance": {"limits": {"max_connections": 7}}}})),
        context(&json!({"name": "for-now", "site": "munich", "expires": "2026-01-01T00:00:00Z",
            "data": {"appliance": {"limits": {"max_connections": 1}}}})),
    ];
    Contexts::of(&records)
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("a time").as_microsecond()
}

fn settings(now: &str) -> Settings {
    let place = Place { device: "oca1", site: "munich", device_type: Some("box-2u") };
    let mut layers = vec![Known::shipped().expect("YAML").layer()];
    layers.extend(contexts().for_device(place, at(now)));
    Settings::of(layers)
}

#[test]
fn what_is_said_of_fewer_devices_counts() {
    let before = settings("2025-12-31T00:00:00Z");
    let limits = |it: &Settings, name: &str| it.get(&format!("appliance.limits.{name}")).cloned();
    assert_eq!(limits(&before, "max_connections"), Some(json!(1)));
    let after = settings("2026-01-01T00:00:00Z");
    assert_eq!(limits(&after, "max_connections"), Some(json!(7)));
    assert_eq!(limits(&after, "idle_timeout_s"), Some(json!(30)));
    assert_eq!(limits(&after, "write_timeout_s"), Some(json!(30)));
    assert_eq!(after.get("time.servers"), Some(&json!(["b.example"])), "lists are not joined");
    assert_eq!(
        contexts().next_expiry_us(at("2025-12-31T00:00:00Z")),
        Some(at("2026-01-01T00:00:00Z"))
    );
    assert_eq!(contexts().next_expiry_us(at("2026-01-01T00:00:00Z")), None);
}

#[test]
fn every_value_knows_who_has_said_it() {
    let settings = settings("2025-12-31T00:00:00Z");
    insta::assert_yaml_snapshot!(settings.explain("appliance.limits.max_connections"));
    let said = settings.explain("time");
    assert_eq!(said.len(), 2, "a tree is told leaf by leaf");
    assert_eq!(settings.explain("appliance.limits.max_connection"), []);
    let first = settings.origin("ssh.from[0]").expect("said");
    assert_eq!((first.rank, first.by.as_str()), (Rank::Site, "munich"));
}

#[test]
fn slips_are_told_with_what_was_meant() {
    let known = Known::shipped().expect("YAML");
    let wrong = json!({
        "appliance": {"limits": {"max_conections": 5, "idle_timeout_s": "60", "header_timeout_s": {"a": 1}}},
        "bgp": {"password": {"$secret": "file:/etc/bgp"}, "max_prefixes": 1.5, "hold_time_s": null},
        "time": {"servers": "a.example", "authorities_file": ["x"]},
        "ssh": 5,
        "whatever": true,
        "custom": {"anything": [1]},
    });
    let told: Vec<String> = known.check(&wrong).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(known.check(&known.layer().data), [], "what is shipped is known");
}

#[test]
fn what_is_shipped_is_what_boxes_do_by_themselves() {
    let known = Known::shipped().expect("YAML");
    let layer = known.layer();
    let shipped = without_nulls(&layer.data["appliance"]);
    let own = json!({
        "serving": Serving::default(), "limits": Limits::default(), "pacing": Pacing::default(),
        "scrub": Scrub::default(), "moves": Moves::default(), "smart": Smart::default(),
    });
    assert_eq!(shipped, without_nulls(&own));
}

/// What is not said by itself is left out, or null.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(tree) => {
            let said = tree.iter().filter(|(_, value)| !value.is_null());
            said.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        value => value.clone(),
    }
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![any::<bool>().prop_map(Value::from), (0..5i64).prop_map(Value::from)];
    let below = |inner| {
        prop::collection::btree_map("[a-c]", inner, 1..4)
            .prop_map(|map| Value::Object(map.into_iter().collect()))
    };
    below(leaf.prop_recursive(3, 24, 4, below).boxed())
}

proptest! {
    /// Whatever layers say: each leaf of what comes out was said by the layer that is named for it, and by
    /// nobody after it.
    #[test]
    fn origins_are_true(trees in prop::collection::vec(tree(), 1..5)) {
        let layer = |(at, data): (usize, Value)| {
            let name = format!("l{at}");
            Arc::new(Layer { rank: Rank::All, name, expires_at_us: None, data })
        };
        let layers: Vec<_> = trees.into_iter().enumerate().map(layer).collect();
        let settings = Settings::of(layers.clone());
        for each in settings.explain("") {
            let first = each.said.first().expect("said by somebody");
            prop_assert_eq!(&first.value, &each.value);
            let by = layers.iter().position(|it| it.name == first.by).expect("a layer");
            for later in &layers[by + 1..] {
                prop_assert!(Settings::of(vec![Arc::clone(later)]).get(&each.path).is_none());
            }
        }
    }
}
