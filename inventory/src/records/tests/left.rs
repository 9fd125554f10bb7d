//! Addresses are given out one by one, until there are none.

use super::{begun, fields};
use crate::kinds::{IP_ADDRESS, PREFIX};
use crate::records::{Left, all_left, left};
use db::testing;
use serde_json::json;

#[tokio::test]
async fn a_network_gives_what_it_has() {
    for test in testing::both().await {
        let db = &test.db;
        let mut all = begun(db, 10).await;
        for (prefix, status) in [
            ("192.0.2.0/24", "container"),
            ("192.0.2.0/29", "active"),
            ("192.0.2.64/26", "active"),
            ("2001:db8::/64", "active"),
        ] {
            let prefix = json!({"prefix": prefix, "status": status});
            all.create(&PREFIX, &fields(&prefix)).await.expect("a network");
        }
        let third = json!({"address": "192.0.2.3/29"});
        all.create(&IP_ADDRESS, &fields(&third)).await.expect("an address");
        let mut given = Vec::new();
        let words = fields(&json!({"description": "of a box"}));
        let refused = loop {
            match all.allocate("192.0.2.0/29", &words).await {
                Ok(kept) => given.push(kept.record.get("address").clone()),
                Err(refused) => break refused.to_string(),
            }
        };
        let expected = ["1", "2", "4", "5", "6"].map(|it| json!(format!("192.0.2.{it}/29")));
        assert_eq!(given, expected, "{}", test.name);
        assert_eq!(refused, "prefix: all addresses of 192.0.2.0/29 are taken");
        let refused = all.allocate("192.0.2.0/24", &words).await.expect_err("a container");
        assert!(refused.to_string().contains("name one of these"), "{refused}");
        let refused = all.allocate("192.0.2.64/26", &fields(&third)).await.expect_err("told");
        assert!(refused.to_string().starts_with("address: it is told here"), "{refused}");
        let kept = all.allocate("2001:db8::/64", &words).await.expect("an address");
        assert_eq!(kept.record.get("address"), "2001:db8::1/64");
        all.commit().await.expect("committed");

        let told = all_left(db).await.expect("read");
        let key = |left: &Left| (PREFIX.key(&left.prefix), left.taken, left.taken_percent);
        let expected =
            [("192.0.2.0/29", 6, 100.0), ("192.0.2.64/26", 0, 0.0), ("2001:db8::/64", 1, 0.0)];
        let expected = expected.map(|(net, taken, percent)| (net.to_owned(), taken, percent));
        assert_eq!(told.iter().map(key).collect::<Vec<_>>(), expected, "{}", test.name);
        let told = left(db, "192.0.2.64/26", 2).await.expect("read").expect("there");
        let free: Vec<String> = told.free.iter().map(ToString::to_string).collect();
        assert_eq!((told.usable, free), (62, vec!["192.0.2.65/26".into(), "192.0.2.66/26".into()]));
        assert_eq!(left(db, "10.0.0.0/8", 1).await.expect("read"), None);
    }
}
