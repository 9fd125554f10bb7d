//! What is changed is written down, what is in use stays.

use super::{begun, fields};
use crate::changes::Action;
use crate::kinds::{DEVICE, DEVICE_TYPE, SITE};
use crate::records::{Refused, at, history, since};
use db::testing;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_all_written_down_and_what_is_in_use_stays() {
    for test in testing::both().await {
        let db = &test.db;
        let mut all = begun(db, 10).await;
        let site = json!({"name": "site-a", "latitude": 1, "longitude": 2});
        all.create(&SITE, &fields(&site)).await.expect("a site");
        let device = json!({"name": "oca1", "role": "appliance", "site": "site-a"});
        all.create(&DEVICE, &fields(&device)).await.expect("a device");
        let first = all.commit().await.expect("committed");

        let mut next = begun(db, 20).await;
        let lost = json!({"name": "oca2", "role": "appliance", "site": "site-b"});
        let refused = next.create(&DEVICE, &fields(&lost)).await.expect_err("no such site");
        assert_eq!(refused.to_string(), "site: there is no site site-b");
        let refused = next.create(&DEVICE, &fields(&device)).await.expect_err("taken");
        assert_eq!(refused.to_string(), "there is a device oca1 already");
        let refused = next.delete(&SITE, "site-a", None).await.expect_err("in use");
        assert!(refused.to_string().contains("named by device oca1"), "{refused}");
        let patch = fields(&json!({"serial": "X1", "status": "shipped"}));
        let refused = next.update(&DEVICE, "oca1", &patch, Some(first + 7)).await;
        assert!(matches!(refused, Err(Refused::Stale { .. })), "{refused:?}");
        next.update(&DEVICE, "oca1", &patch, Some(first)).await.expect("updated");
        let rename = fields(&json!({"name": "oca9"}));
        let refused = next.update(&DEVICE, "oca1", &rename, None).await.expect_err("another");
        assert!(refused.to_string().starts_with("name: is what it is known by"), "{refused}");
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

        let mut last = begun(db, 30).await;
        last.delete(&DEVICE, "oca1", Some(second)).await.expect("deleted");
        last.delete(&SITE, "site-a", None).await.expect("nobody names it");
        last.commit().await.expect("committed");
        drop(begun(db, 40).await);

        let told = history(db, &DEVICE, "oca1", 10).await.expect("history");
        let actions: Vec<Action> = told.iter().map(|it| it.action).collect();
        assert_eq!(actions, [Action::Delete, Action::Update, Action::Create], "{}", test.name);
        assert_eq!(
            told[1].before,
            fields(&json!({"serial": null, "status": "planned", "status_reason": null}))
        );
        let then = at(db, &DEVICE, "oca1", 25).await.expect("read").expect("it was there");
        assert_eq!((&then["serial"], &then["status"]), (&json!("X1"), &json!("shipped")));
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

/// The same statement, with and without: see [`db::NO_DOUBLE`].
#[tokio::test]
async fn what_may_be_left_out_is_left_out_before_and_after_what_is_there() {
    for test in testing::both().await {
        let mut changing = begun(&test.db, 10).await;
        for (slug, weight) in [("a", None), ("b", Some(12.5)), ("c", None), ("d", Some(3.0))] {
            let told = json!({"slug": slug, "manufacturer": "M", "model": slug,
                "weight_kg": weight, "max_power_w": weight.map(|_| 7)});
            changing.create(&DEVICE_TYPE, &fields(&told)).await.expect(test.name);
            let weighed = fields(&json!({ "weight_kg": weight.map_or(Some(1.0), |_| None) }));
            changing.update(&DEVICE_TYPE, slug, &weighed, None).await.expect(test.name);
        }
        changing.commit().await.expect("committed");
    }
}
