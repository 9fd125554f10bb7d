use super::*;
use crate::kinds::RACK;
use proptest::prelude::*;
use serde_json::json;

fn rack(fields: &Value) -> Record {
    RACK.read(fields.as_object().expect("an object")).expect("a rack")
}

#[test]
fn what_differs_is_told_and_nothing_else() {
    let before = rack(&json!({"site": "a", "name": "r1", "serial": "x"}));
    let after = rack(&json!({"site": "a", "name": "r1", "u_height": 47}));
    let told = difference(Some(&before), Some(&after)).expect("two fields");
    let was = json!({"u_height": 42, "serial": "x"});
    let is = json!({"u_height": 47, "serial": null});
    assert_eq!(told.action, Action::Update);
    assert_eq!((Value::Object(told.before), Value::Object(told.after)), (was, is));
    assert_eq!(difference(Some(&before), Some(&before)), None);
    let Difference { action, before, after } = difference(None, Some(&before)).expect("created");
    assert_eq!((action, before.len()), (Action::Create, 0));
    assert!(after.values().all(|value| !value.is_null()), "{after:?}");
}

/// Some of a few racks, made, changed and removed.
fn story() -> impl Strategy<Value = Vec<(u8, Option<(u8, bool)>)>> {
    prop::collection::vec((0_u8..3, prop::option::of((1_u8..100, any::<bool>()))), 0..40)
}

proptest! {
    #[test]
    fn whatever_was_is_found_again(story in story(), back_to: prop::sample::Index) {
        let (mut now, mut past, mut changes) = (BTreeMap::new(), vec![Fields::new()], Vec::new());
        for (which, then) in story {
            let name = format!("r{which}");
            let after = then.map(|(u_height, has_serial)| rack(&json!({
                "site": "a", "name": name, "u_height": u_height,
                "serial": has_serial.then_some("x"),
            })));
            let key = format!("a:{name}");
            let before: Option<Record> = now.get(&key).cloned();
            let Some(Difference { action, before: was, after: is }) = difference(before.as_ref(), after.as_ref()) else {
                continue;
            };
            let version = i64::try_from(changes.len()).expect("few");
            let kind = RACK.name.to_owned();
            let author = Author { who: "anna".into(), request_id: "r".into(), message: None };
            let (key, at_us) = (key.clone(), 0);
            changes.push(Change { version, kind, key, action, before: was, after: is, author, at_us });
            let key = changes.last().map(|it: &Change| it.key.clone()).expect("one");
            match after {
                Some(record) => drop(now.insert(key, record)),
                None => drop(now.remove(&key)),
            }
            past.push(now.iter().map(|(key, record)| (key.clone(), record.set())).collect());
        }
        let at = back_to.index(past.len());
        let mut found = past.last().expect("one").clone();
        rewind(&mut found, changes[at..].iter().rev()).expect("it has led here");
        prop_assert_eq!(&found, &past[at]);
    }
}
