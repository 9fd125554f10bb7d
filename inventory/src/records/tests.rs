//! What SQL finds is what the question means, on both databases.

use super::*;
use crate::changes::{Action, Author};
use crate::kinds::{ALL, DEVICE, SITE};
use crate::schema::Column;
use db::{Engine, testing};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Devices that differ in all ways in which they can be asked for.
fn device() -> impl Strategy<Value = Value> {
    let text = prop::option::of("[a-zA-Z%_ÄßI.\\\\-]{1,4}");
    (
        prop::sample::select(vec!["planned", "active", "failed"]),
        text,
        prop::option::of((2_u8..20).prop_map(|it| f64::from(it) / 2.0)),
        any::<bool>(),
    )
        .prop_map(|(status, serial, position, has_bmc)| {
            json!({"role": "appliance", "site": "site-a", "status": status,
                "serial": serial, "position": position, "has_bmc": has_bmc})
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

/// The table of a kind, as a migration is to make it.
fn create_table(kind: &Kind, engine: Engine) -> String {
    let mut text = format!(
        "CREATE TABLE {} (\n    \"key\" TEXT COLLATE \"C\" PRIMARY KEY,\n    \
         version BIGINT NOT NULL,\n    created_at_us BIGINT NOT NULL,\n    \
         changed_at_us BIGINT NOT NULL",
        kind.table()
    );
    for field in kind.fields.iter().filter(|field| kind.column(field) != "key") {
        let column = match field.shape.column() {
            Column::Text => "TEXT COLLATE \"C\"",
            Column::Integer => "BIGINT",
            Column::Decimal => "DOUBLE PRECISION",
        };
        let _ = write!(text, ",\n    \"{}\" {column}", field.name);
    }
    statements::for_engine(text + "\n)", engine)
}

const CHANGES: &str = "CREATE TABLE changes (version BIGINT NOT NULL, place BIGINT NOT NULL, \
    at_us BIGINT NOT NULL, who TEXT NOT NULL, request_id TEXT NOT NULL, message TEXT, \
    kind TEXT NOT NULL, \"key\" TEXT NOT NULL, action TEXT NOT NULL, \
    before_fields TEXT NOT NULL, after_fields TEXT NOT NULL, PRIMARY KEY (version, place))";

async fn with_tables(db: &Db) {
    let mut tx = db.begin().await.expect("begun");
    sqlx::query("DROP TABLE site_prefixes").execute(&mut *tx).await.expect("dropped");
    sqlx::query("ALTER TABLE sites RENAME TO old_sites").execute(&mut *tx).await.expect("renamed");
    for kind in ALL {
        let table = create_table(kind, db.engine());
        sqlx::query(AssertSqlSafe(table)).execute(&mut *tx).await.expect(kind.name);
    }
    sqlx::query(CHANGES).execute(&mut *tx).await.expect("changes");
    tx.commit().await.expect("committed");
}

async fn changing(db: &Db, now_us: i64) -> Changing {
    let author = Author {
        who: "anna".into(),
        request_id: format!("r{now_us}"),
        message: Some("it's moving; DROP TABLE".into()),
    };
    Changing::begin(db, author, now_us).await.expect("begun")
}

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_all_written_down_and_what_is_in_use_stays() {
    for test in testing::both().await {
        let db = &test.db;
        with_tables(db).await;
        let mut all = changing(db, 10).await;
        let site = json!({"name": "site-a", "latitude": 1, "longitude": 2});
        all.create(&SITE, &fields(&site)).await.expect("a site");
        let device = json!({"name": "oca1", "role": "appliance", "site": "site-a"});
        all.create(&DEVICE, &fields(&device)).await.expect("a device");
        let first = all.commit().await.expect("committed");

        let mut next = changing(db, 20).await;
        let lost = json!({"name": "oca2", "role": "appliance", "site": "site-b"});
        let refused = next.create(&DEVICE, &fields(&lost)).await.expect_err("no such site");
        assert_eq!(refused.to_string(), "site: there is no site site-b");
        let refused = next.create(&DEVICE, &fields(&device)).await.expect_err("taken");
        assert_eq!(refused.to_string(), "there is a device oca1 already");
        let refused = next.delete(&SITE, "site-a", None).await.expect_err("in use");
        assert!(refused.to_string().contains("named by device oca1"), "{refused}");
        let patch = fields(&json!({"serial": "X1", "status": "active"}));
        let refused = next.update(&DEVICE, "oca1", &patch, Some(first + 7)).await;
        assert!(matches!(refused, Err(Refused::Stale { .. })), "{refused:?}");
        next.update(&DEVICE, "oca1", &patch, Some(first)).await.expect("updated");
        let rename = fields(&json!({"name": "oca9"}));
        assert!(next.update(&DEVICE, "oca1", &rename, None).await.is_err());
        let many = [
            json!({"name": "oca3", "role": "appliance", "site": "site-a"}),
            json!({"name": "oca1", "role": "appliance", "site": "site-a"}),
            json!({"name": "oca3", "role": "router", "site": "site-z"}),
            json!({"name": "oca5", "role": "roter", "site": "site-a"}),
        ];
        let many: Vec<_> = many.iter().map(fields).collect();
        let refused = next.create_all(&DEVICE, &many).await.expect_err("three of four");
        let Refused::Rows(rows) = &refused else { panic!("{refused}") };
        let told: Vec<_> =
            rows.iter().map(|it| (it.at, it.is_duplicate, it.complaints.len())).collect();
        assert_eq!(told, [(1, true, 0), (2, true, 1), (3, false, 1)], "{refused}");
        let second = next.commit().await.expect("committed");

        let mut last = changing(db, 30).await;
        last.delete(&DEVICE, "oca1", Some(second)).await.expect("deleted");
        last.delete(&SITE, "site-a", None).await.expect("nobody names it");
        last.commit().await.expect("committed");
        drop(changing(db, 40).await);

        let told = history(db, &DEVICE, "oca1", 10).await.expect("history");
        let actions: Vec<Action> = told.iter().map(|it| it.action).collect();
        assert_eq!(actions, [Action::Delete, Action::Update, Action::Create], "{}", test.name);
        assert_eq!(told[1].before, fields(&json!({"serial": null, "status": "planned"})));
        let then = at(db, &DEVICE, "oca1", 25).await.expect("read").expect("it was there");
        assert_eq!((&then["serial"], &then["status"]), (&json!("X1"), &json!("active")));
        let then = at(db, &DEVICE, "oca1", 15).await.expect("read").expect("it was there");
        assert!(!then.contains_key("serial"));
        assert_eq!(at(db, &DEVICE, "oca1", 5).await.expect("read"), None);
        // Whoever watches is told all of a request, in whichever steps he takes.
        let (mut seen, mut from) = (Vec::new(), 0);
        loop {
            let more = since(db, from, 1).await.expect("changes");
            if more.changes.is_empty() {
                break;
            }
            from = more.version;
            seen.extend(
                more.changes.into_iter().map(|it| (it.version, it.action.as_str(), it.key)),
            );
        }
        assert_eq!(seen.len(), 5, "{seen:?}");
        assert_eq!(
            seen,
            since(db, 0, 100)
                .await
                .expect("all")
                .changes
                .into_iter()
                .map(|it| (it.version, it.action.as_str(), it.key))
                .collect::<Vec<_>>()
        );
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
        let table = create_table(&DEVICE, test.db.engine());
        let mut tx = test.db.begin().await.expect("begun");
        sqlx::query(AssertSqlSafe(table)).execute(&mut *tx).await.expect("a table");
        tx.commit().await.expect("committed");
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

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn how_long_a_large_import_takes() {
    for test in testing::both().await {
        let db = &test.db;
        with_tables(db).await;
        let begun = std::time::Instant::now();
        let mut all = changing(db, 10).await;
        let site = json!({"name": "site-a", "latitude": 1, "longitude": 2});
        all.create(&SITE, &fields(&site)).await.expect("a site");
        let devices: Vec<_> = (0..10_000)
            .map(|at| {
                let name = format!("oca{at}");
                fields(&json!({"name": name, "role": "appliance", "site": "site-a"}))
            })
            .collect();
        all.create_all(&DEVICE, &devices).await.expect("devices");
        let port = |at: usize| {
            let (device, name) = (format!("oca{}", at / 10), format!("eth{}", at % 10));
            fields(&json!({"device": device, "name": name}))
        };
        let ports: Vec<_> = (0..100_000).map(port).collect();
        all.create_all(&crate::kinds::INTERFACE, &ports).await.expect("ports");
        all.commit().await.expect("committed");
        eprintln!("{}: {:?} for 110,000 records", test.name, begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn how_long_questions_take() {
    for test in testing::both().await {
        let db = &test.db;
        with_tables(db).await;
        let mut all = changing(db, 10).await;
        let site = json!({"name": "site-a", "latitude": 1, "longitude": 2});
        all.create(&SITE, &fields(&site)).await.expect("a site");
        let device = |at: usize| {
            fields(&json!({"name": format!("oca{at}"), "role": "appliance", "site": "site-a"}))
        };
        let devices: Vec<_> = (0..20_000).map(device).collect();
        all.create_all(&DEVICE, &devices).await.expect("devices");
        for part in 0..12 {
            let component = |at: usize| {
                let kind = ["disk", "dimm", "fan", "psu", "optic"][at % 5];
                let status = if at % 97 == 0 { "failed" } else { "active" };
                fields(&json!({"type": kind, "serial": format!("S{:08X}", at * 2_654_435_761 % 4_294_967_291),
                    "device": format!("oca{}", at / 30), "status": status, "capacity_bytes": at}))
            };
            let some: Vec<_> = (part * 50_000..(part + 1) * 50_000).map(component).collect();
            all.create_all(&crate::kinds::COMPONENT, &some).await.expect("components");
        }
        all.commit().await.expect("committed");
        let mut tx = db.begin().await.expect("begun");
        for text in [
            "CREATE INDEX components_by_device ON components (device, \"key\")",
            "CREATE INDEX components_by_status ON components (status, \"key\")",
            "ANALYZE",
        ] {
            sqlx::query(text).execute(&mut *tx).await.expect("an index");
        }
        tx.commit().await.expect("committed");
        for pairs in [
            vec![],
            vec![("device", "oca777")],
            vec![("type", "disk"), ("status", "failed")],
            vec![("serial__ic", "abc")],
            vec![("serial__ic", "zzz")],
            vec![("serial__isw", "S00A"), ("type", "fan")],
            vec![("sort", "-capacity_bytes"), ("type", "disk")],
            vec![("capacity_bytes__gt", "599990")],
        ] {
            let mut times = Vec::new();
            for _ in 0..9 {
                let begun = std::time::Instant::now();
                let query = crate::kinds::COMPONENT.query(pairs.iter().copied()).expect("asked");
                let found = list(db, &crate::kinds::COMPONENT, &query).await.expect("listed");
                times.push((begun.elapsed(), found.items.len()));
            }
            times.sort();
            eprintln!("{} {pairs:?}: {:?}, most {:?}", test.name, times[4], times[8].0);
        }
    }
}
