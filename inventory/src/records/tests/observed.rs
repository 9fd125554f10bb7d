//! What machines say of themselves is kept, compared, known of and taken over; what is replaced keeps its
//! history.

use super::{because, begun, fields};
use crate::kinds::{COMPONENT, DEVICE, DIFFERENCE, FIRMWARE_POLICY, SITE};
use crate::observed::Observed;
use crate::records::{Refused, all, find, hardware, history, known_hardware};
use contract::parts::{Part, PartType, PartsReport};
use db::{Db, testing};
use serde_json::{Value, json};

fn disk(serial: &str, firmware: &str) -> Part {
    Part {
        part_id: Some("FAST-1".to_owned()),
        firmware: Some(firmware.to_owned()),
        bay: Some(format!("bay of {serial}")),
        wear_percent: Some(3),
        ..Part::new(PartType::Disk, serial)
    }
}

fn says(device: &str, serial: &str, parts: &[Part]) -> Observed {
    let digest = PartsReport::of(parts.to_vec()).digest;
    let (device, serial, parts) = (device.to_owned(), Some(serial.to_owned()), parts.to_vec());
    Observed { device, serial, parts, digest, generation: None }
}

async fn fleet(db: &Db) {
    let mut all = begun(db, 1).await;
    all.create(&SITE, &fields(&json!({"name": "a", "latitude": 1, "longitude": 2})))
        .await
        .expect("a");
    for (name, serial) in [("oca1", "M-1"), ("oca7", "M-7")] {
        let device = json!({"name": name, "role": "appliance", "site": "a", "serial": serial,
            "status": "failed"});
        all.create(&DEVICE, &fields(&device)).await.expect(name);
    }
    for (serial, device) in [("D-1", Some("oca1")), ("D-2", Some("oca1")), ("D-3", Some("oca7"))] {
        let part = json!({"type": "disk", "serial": serial, "device": device});
        all.create(&COMPONENT, &fields(&part)).await.expect(serial);
    }
    all.commit().await.expect("committed");
}

/// What differs, by key, and whether somebody knows of it.
async fn differences(db: &Db) -> Vec<(String, bool)> {
    let kept = all(db, &DIFFERENCE, &DIFFERENCE.everything()).await.expect("read");
    let one = |it: &crate::records::Kept| {
        (DIFFERENCE.key(&it.record), it.record.get("acknowledged") == &Value::Bool(true))
    };
    kept.iter().map(one).collect()
}

async fn observe(db: &Db, now_us: i64, seen: &Observed) {
    let mut changing = begun(db, now_us).await;
    changing.observe(seen).await.expect("observed");
    changing.commit().await.expect("committed");
}

fn named(keys: &[&str]) -> Vec<(String, bool)> {
    keys.iter().map(|key| ((*key).to_owned(), false)).collect()
}

#[tokio::test]
async fn what_differs_is_there_as_long_as_it_differs() {
    for test in testing::both().await {
        let db = &test.db;
        fleet(db).await;
        let parts = [disk("D-1", "1.9"), disk("D-3", "2"), disk("D-9", "2")];
        let seen = says("oca1", "M-2", &parts);
        observe(db, 2, &seen).await;
        let expected = [
            "oca1:missing:disk:D-2",
            "oca1:moved:disk:D-3",
            "oca1:other-serial:device",
            "oca1:unexpected:disk:D-9",
        ];
        assert_eq!(differences(db).await, named(&expected), "{}", test.name);
        let kept = hardware(db, "oca1").await.expect("read").expect("kept");
        assert_eq!((kept.observed, kept.seen_at_us), (seen.clone(), 2));
        let known = known_hardware(db).await.expect("read");
        let digest = PartsReport::of(parts.to_vec()).digest;
        assert_eq!(known["oca1"], (digest, Some("M-2".to_owned())));
        // What nobody had written is learned, and what was learned has a history.
        let learned = find(db, &COMPONENT, "disk:D-1").await.expect("read").expect("there").record;
        let told = ["firmware", "bay", "wear_percent"].map(|name| learned.get(name).clone());
        assert_eq!(told, [json!("1.9"), json!("bay of D-1"), json!(3)]);
        assert_eq!(history(db, &COMPONENT, "disk:D-1", 9).await.expect("read").len(), 2);

        // The other side changes: what does not differ any more goes with it.
        let mut changing = begun(db, 3).await;
        let knows = fields(&json!({"acknowledged": true, "description": "on its way"}));
        changing.update(&DIFFERENCE, "oca1:moved:disk:D-3", &knows, None).await.expect("known");
        let gone = fields(&json!({"device": null, "status": "failed"}));
        changing.update(&COMPONENT, "disk:D-2", &gone, None).await.expect("taken out");
        let new = fields(&json!({"type": "disk", "serial": "D-9", "device": "oca1"}));
        changing.create(&COMPONENT, &new).await.expect("added");
        let policy = fields(&json!({"type": "disk", "part_id": "FAST-1", "oldest": "1.10"}));
        changing.create(&FIRMWARE_POLICY, &policy).await.expect("a policy");
        changing.commit().await.expect("committed");
        let mut expected = named(&[
            "oca1:moved:disk:D-3",
            "oca1:old-firmware:disk:D-1",
            "oca1:other-serial:device",
        ]);
        expected[0].1 = true;
        assert_eq!(differences(db).await, expected, "{}", test.name);
        // Said again it changes nothing, and what somebody has said of it stays.
        observe(db, 4, &seen).await;
        assert_eq!(differences(db).await, expected, "{}", test.name);

        // A device that leaves takes what differs with it.
        let mut changing = begun(db, 5).await;
        for part in ["disk:D-1", "disk:D-9"] {
            changing.delete(&COMPONENT, part, None).await.expect(part);
        }
        changing.delete(&DEVICE, "oca1", None).await.expect("nobody names it");
        changing.commit().await.expect("committed");
        assert_eq!(differences(db).await, vec![], "{}", test.name);
        assert_eq!(hardware(db, "oca1").await.expect("read"), None);
    }
}

#[tokio::test]
async fn what_a_machine_says_is_taken_over() {
    for test in testing::both().await {
        let db = &test.db;
        fleet(db).await;
        let policy = fields(&json!({"type": "disk", "part_id": "FAST-1", "oldest": "1.10"}));
        let mut changing = begun(db, 2).await;
        changing.create(&FIRMWARE_POLICY, &policy).await.expect("a policy");
        changing.commit().await.expect("committed");
        let parts = [disk("D-1", "1.9"), disk("D-3", "2"), disk("D-9", "2")];
        observe(db, 3, &says("oca1", "M-2", &parts)).await;
        let mut changing = begun(db, 4).await;
        let refused = changing.accept("oca1:old-firmware:disk:D-1").await.expect_err("no word");
        assert!(refused.to_string().contains("bring it up to date"), "{refused}");
        let refused = changing.accept("oca1:missing:disk:D-1").await.expect_err("it is not");
        assert!(matches!(refused, Refused::NotFound(..)), "{refused}");
        for key in [
            "oca1:missing:disk:D-2",
            "oca1:moved:disk:D-3",
            "oca1:other-serial:device",
            "oca1:unexpected:disk:D-9",
        ] {
            changing.accept(key).await.expect(key);
        }
        changing.commit().await.expect("committed");
        assert_eq!(differences(db).await, named(&["oca1:old-firmware:disk:D-1"]), "{}", test.name);
        let there = find(db, &COMPONENT, "disk:D-9").await.expect("read").expect("there").record;
        let told = ["device", "bay", "wear_percent", "status"].map(|name| there.get(name).clone());
        assert_eq!(told, [json!("oca1"), json!("bay of D-9"), json!(3), json!("active")]);
        let spare = find(db, &COMPONENT, "disk:D-2").await.expect("read").expect("there").record;
        assert_eq!((spare.get("status"), spare.get("device")), (&json!("spare"), &Value::Null));
    }
}

#[tokio::test]
async fn what_is_replaced_keeps_its_history_and_leaves_empty() {
    for test in testing::both().await {
        let db = &test.db;
        fleet(db).await;
        let mut changing = because(db, 2, Some("it clicks")).await;
        changing.replace((&COMPONENT, "disk:D-1"), ("D-8", None), None).await.expect("put there");
        let refused = changing.commit().await.expect_err("full");
        assert!(refused.to_string().contains("not seen to be empty"), "{refused}");
        let mut changing = because(db, 3, Some("it clicks")).await;
        let new = changing.replace((&COMPONENT, "disk:D-1"), ("D-8", Some("failed")), None).await;
        assert_eq!(new.expect("put there").record.get("device"), &json!("oca1"));
        let refused = changing
            .replace((&COMPONENT, "disk:D-2"), ("D-3", None), None)
            .await
            .expect_err("used");
        assert!(refused.to_string().contains("is in oca7: take it out"), "{refused}");
        changing.commit().await.expect("committed");
        let old = history(db, &COMPONENT, "disk:D-1", 9).await.expect("read");
        assert_eq!(old[0].before.get("device"), Some(&json!("oca1")), "{old:?}");

        // A whole machine, with what is in it: its disks were seen empty, or it stays.
        let mut changing = because(db, 4, Some("dead")).await;
        changing.replace((&DEVICE, "oca1"), ("M-9", None), None).await.expect("tried");
        let refused = changing.commit().await.expect_err("full");
        assert!(refused.to_string().contains("disk:D-2"), "{refused}");
        let mut changing = because(db, 5, Some("dead")).await;
        let empty = fields(&json!({"erased_at": "2026-01-31T12:00:00Z"}));
        for part in ["disk:D-2", "disk:D-8"] {
            changing.update(&COMPONENT, part, &empty, None).await.expect(part);
        }
        let new = changing
            .replace((&DEVICE, "oca1"), ("M-9", None), None)
            .await
            .expect("replaced")
            .record;
        changing.commit().await.expect("committed");
        assert_eq!((new.get("serial"), new.get("status")), (&json!("M-9"), &json!("shipped")));
        let left = find(db, &COMPONENT, "disk:D-8").await.expect("read").expect("there").record;
        assert_eq!((left.get("status"), left.get("device")), (&json!("rma"), &Value::Null));
        let told = history(db, &DEVICE, "oca1", 9).await.expect("read");
        assert_eq!(told[0].before.get("serial"), Some(&json!("M-1")));

        let mut changing = because(db, 6, Some("dead")).await;
        let refused =
            changing.replace((&DEVICE, "oca1"), ("M-9", None), None).await.expect_err("the same");
        assert!(refused.to_string().contains("the one that there is"), "{refused}");
    }
}
