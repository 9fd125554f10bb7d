//! What was there before the inventory had kinds is there afterwards, from whichever version it comes.

use super::*;
use crate::changes::Author;
use crate::kinds::{DEVICE, SITE};
use crate::records::{self, Changing};
use db::Db;
use serde_json::{Map, Value};

/// The last version before.
const BEFORE: i64 = 12;

/// What the first version wrote, and what all later ones read.
async fn write(db: &Db, fill: Option<&SiteFill>) {
    let json = |it: &dyn Fn() -> Value| it().to_string();
    let mut old = serde_json::to_value(appliance("oca1.a", "a")).expect("JSON");
    old["serial"] = Value::from("S\"1\\");
    old["admin"] = Value::from("127.0.0.1:9");
    let spec = json(&|| old.clone());
    let group = json(&|| serde_json::to_value(group("g", "{device}.localhost")).expect("JSON"));
    for (name, prefixes) in [("a", &["10.2.0.0/16", "10.1.0.0/16"][..]), ("b", &[])] {
        let site = sqlx::query(
            "INSERT INTO sites (name, latitude, longitude, created_at_us) VALUES ($1, 48.137, 11.575, 7)",
        );
        site.bind(name).execute(db.read()).await.expect("a site");
        for (place, prefix) in (0_i64..).zip(prefixes) {
            let text = "INSERT INTO site_prefixes (prefix, site, place) VALUES ($1, $2, $3)";
            let prefix = sqlx::query(text).bind(*prefix).bind(name).bind(place);
            prefix.execute(db.read()).await.expect("a prefix");
        }
    }
    if let Some(fill) = fill {
        let text = "UPDATE sites SET fill = $1 WHERE name = 'a'";
        let fill = serde_json::to_string(fill).expect("JSON");
        sqlx::query(text).bind(fill).execute(db.read()).await.expect("a plan");
    }
    let text =
        "INSERT INTO appliances (name, site, spec, created_at_us) VALUES ('oca1.a', 'a', $1, 8)";
    sqlx::query(text).bind(spec).execute(db.read()).await.expect("an appliance");
    let text = "INSERT INTO content_groups (name, spec, created_at_us) VALUES ('g', $1, 9)";
    sqlx::query(text).bind(group).execute(db.read()).await.expect("a group");
    let holding = "INSERT INTO holdings VALUES ('oca1.a', 'g', 't', 1)";
    sqlx::query(holding).execute(db.read()).await.expect("a holding");
}

#[tokio::test]
async fn every_version_from_before_comes_along() {
    for from in 1..=BEFORE {
        for test in testing::both_from(from).await {
            let fill = (from >= 4).then(fill);
            write(&test.db, fill.as_ref()).await;
            let db = Db::open(&test.address).await.expect("migrated");
            let store = Store::new(db.clone());
            let all = store.all().await.expect(test.name);
            let mut expected = site("a", "10.2.0.0/16");
            expected.client_prefixes.push("10.1.0.0/16".parse().expect("net"));
            expected.fill = fill;
            assert_eq!(all.sites[0], expected, "{} {from}", test.name);
            assert_eq!(all.sites[1].client_prefixes, []);
            let mut expected = appliance("oca1.a", "a");
            expected.serial = Some("S\"1\\".to_owned());
            assert_eq!(all.appliances, [expected], "{} {from}", test.name);
            assert_eq!(all.groups, [group("g", "{device}.localhost")], "{} {from}", test.name);
            is_changed_and_deleted(&db).await;
        }
    }
}

/// What was brought along is as good as what is new, and takes with it what was its own.
async fn is_changed_and_deleted(db: &Db) {
    let author = Author { who: "anna".into(), request_id: "r1".into(), message: None };
    let mut changing = Changing::begin(db, author, 10).await.expect("begun");
    let words: Map<String, Value> =
        [("description".to_owned(), Value::from("old"))].into_iter().collect();
    for (kind, key) in [(&SITE, "a"), (&DEVICE, "oca1.a"), (&CONTENT_GROUP, "g")] {
        let patch = if kind.name == CONTENT_GROUP.name { Map::new() } else { words.clone() };
        changing.update(kind, key, &patch, Some(0)).await.expect(key);
    }
    changing.delete(&DEVICE, "oca1.a", None).await.expect("nobody names it");
    changing.commit().await.expect("committed");
    let changes = records::since(db, 0, 10).await.expect("changes").changes;
    assert_eq!(changes.iter().map(|it| it.before.len()).collect::<Vec<_>>(), [1, 1, 8]);
    let left = sqlx::query("SELECT appliance FROM holdings").fetch_all(db.read()).await;
    assert!(left.expect("read").is_empty(), "what a box held goes with it");
}
