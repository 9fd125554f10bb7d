//! What SQL finds is what the question means.

use crate::kinds::{DEVICE, SITE};
use crate::query::Query;
use crate::records::{Record, bulk, find, list};
use db::{Db, testing};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// Devices that differ in all ways in which they can be asked for.
fn device() -> impl Strategy<Value = Value> {
    let text = prop::option::of("[a-zA-Z%_ÄßI.\\\\-]{1,4}");
    (
        prop::sample::select(vec!["planned", "active", "failed"]),
        text,
        prop::option::of((2_u8..20).prop_map(|it| f64::from(it) / 2.0)),
        any::<bool>(),
        prop::sample::subsequence(vec!["new", "old", "ne"], 0..3),
    )
        .prop_map(|(status, serial, position, has_bmc, tags)| {
            json!({"role": "appliance", "site": "site-a", "rack": "site-a:r1", "status": status,
                "serial": serial, "position": position, "has_bmc": has_bmc, "tags": tags})
        })
}

/// Questions of all kinds.
fn question() -> impl Strategy<Value = Vec<(String, String)>> {
    let text = "[a-zA-Z%_Äßi.\\\\-]{0,3}";
    let suffix = prop::sample::select(vec![
        "__ic", "__nic", "__ie", "__nie", "__isw", "__nisw", "__iew", "__niew",
    ]);
    let of_text = (suffix, text).prop_map(|(suffix, text)| (format!("serial{suffix}"), text));
    let of_number =
        (prop::sample::select(vec!["", "__n", "__gt", "__gte", "__lt", "__lte"]), 2_u8..20)
            .prop_map(|(suffix, it)| {
                (format!("position{suffix}"), (f64::from(it) / 2.0).to_string())
            });
    let of_rest = prop::sample::select(vec![
        ("status", "active"),
        ("status", "failed"),
        ("status__n", "planned"),
        ("has_bmc", "true"),
        ("has_bmc__n", "yes"),
        ("tags", "new"),
        ("tags__n", "ne"),
        ("tags__empty", "true"),
        ("serial__empty", "true"),
        ("position__empty", "false"),
    ])
    .prop_map(|(name, text)| (name.to_owned(), text.to_owned()));
    let sort = prop::sample::select(vec![
        "name",
        "-name",
        "position",
        "-position,serial",
        "serial,-status",
    ])
    .prop_map(|it| ("sort".to_owned(), it.to_owned()));
    let filters = prop::collection::vec(prop_oneof![of_text, of_number, of_rest], 0..4);
    (filters, sort, 1_u8..7).prop_map(|(mut all, sort, limit)| {
        all.extend([sort, ("limit".to_owned(), limit.to_string())]);
        all
    })
}

fn asked(pairs: &[(String, String)], cursor: Option<&str>) -> Query {
    let pairs = pairs.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    DEVICE.query(pairs.chain(cursor.map(|it| ("cursor", it)))).expect("a question")
}

async fn fill(db: &Db, devices: &[Record]) {
    let mut tx = db.begin().await.expect("begun");
    let site = json!({"name": "site-a", "latitude": 1, "longitude": 2});
    let site = SITE.read(site.as_object().expect("an object")).expect("a site");
    bulk::insert((&mut tx, db.engine()), &SITE, &[site], (1, 2)).await.expect("a site");
    bulk::insert((&mut tx, db.engine()), &DEVICE, devices, (1, 2)).await.expect("inserted");
    tx.commit().await.expect("committed");
}

async fn all_pages(db: &Db, pairs: &[(String, String)]) -> Vec<String> {
    let (mut keys, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let found = list(db, &DEVICE, &asked(pairs, cursor.as_deref())).await.expect("listed");
        keys.extend(found.items.iter().map(|it| DEVICE.key(&it.record)));
        match found.next {
            Some(next) => cursor = Some(next),
            None => return keys,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_what_was_meant() {
    const DEVICES: usize = 40;
    let mut runner = TestRunner::deterministic();
    let devices = prop::collection::vec(device(), DEVICES);
    let devices = devices.new_tree(&mut runner).expect("devices").current();
    let devices: Vec<Record> = (0..)
        .zip(devices)
        .map(|(at, mut it)| {
            it["name"] = json!(format!("oca{at}"));
            DEVICE.read(it.as_object().expect("an object")).expect("a device")
        })
        .collect();
    for test in testing::both().await {
        fill(&test.db, &devices).await;
        let one = find(&test.db, &DEVICE, "oca7").await.expect("read").expect("there");
        assert_eq!(one.record, devices[7]);
        for _ in 0..200 {
            let pairs = question().new_tree(&mut runner).expect("a question").current();
            let query = asked(&pairs, None);
            let holds = |it: &&Record| query.filters.iter().all(|filter| filter.holds(it));
            let mut meant: Vec<&Record> = devices.iter().filter(holds).collect();
            meant.sort_by(|a, b| query.sort.compare(&DEVICE, a, b));
            let meant: Vec<String> = meant.into_iter().map(|it| DEVICE.key(it)).collect();
            assert_eq!(all_pages(&test.db, &pairs).await, meant, "{}: {pairs:?}", test.name);
        }
    }
}
