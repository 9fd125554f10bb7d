//! What is searched for is found: as going through all lines one by one finds it.

use crate::reading;
use config_render::archive::Known;
use config_render::revisions::{
    FileRead, Found, Hit, MAX_HIT_CHARS, Pattern, Reading, Revision, Store, Which,
};
use db::testing;
use std::cmp::Reverse;

/// One by one, in the order that is promised.
fn meant(revisions: &[Revision], is_in: fn(&str) -> bool, which: Which, limit: usize) -> Found {
    let mut all: Vec<&Revision> = revisions.iter().collect();
    all.sort_by_key(|it| (it.head.device.clone(), Reverse(it.head.number)));
    if which == Which::Latest {
        all.dedup_by_key(|it| it.head.device.clone());
    }
    let mut hits = Vec::new();
    for (revision, file) in all.iter().flat_map(|it| it.files.iter().map(move |file| (it, file))) {
        for (line, text) in (1..).zip(file.text.lines()).filter(|(_, line)| is_in(line)) {
            let (device, path) = (revision.head.device.clone(), file.path.clone());
            let text = text.chars().take(MAX_HIT_CHARS).collect();
            hits.push(Hit { device, number: revision.head.number, path, line, text });
        }
    }
    let is_more = hits.len() > limit;
    hits.truncate(limit);
    Found { hits, is_more }
}

/// Some devices with some revisions, and a text that all share.
async fn filled(store: &Store) -> Vec<Revision> {
    for round in 0..4 {
        for device in 0..12 {
            let own = format!(
                "hostname r{device}\nrouter bgp {round}\n neighbor 10.0.{device}.1 remote-as {round}\n"
            );
            let long = format!("description {}\n", "é".repeat(600));
            let files =
                [("/etc/frr/frr.conf", &*own), ("/etc/hosts", "localhost\n"), ("z", &*long)];
            let name = format!("r{}", device * 7 % 12);
            store.keep(&reading(&name, round, &files)).await.expect("kept");
        }
    }
    store.after(0, 1000).await.expect("read")
}

type IsIn = fn(&str) -> bool;

#[tokio::test]
async fn what_is_meant_is_found() {
    let asked: [(&str, IsIn); 6] = [
        ("^router bgp [12]$", |line| line == "router bgp 1" || line == "router bgp 2"),
        ("router bgp 3", |line| line.contains("router bgp 3")),
        ("localhost", |line| line.contains("localhost")),
        ("", |_| true),
        ("é$", |line| line.ends_with('é')),
        ("ROUTER", |_| false),
    ];
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        let revisions = filled(&store).await;
        assert_eq!(revisions.len(), 48, "{}", test.name);
        for (text, is_in) in asked {
            let pattern = Pattern::new(text).expect("a pattern");
            for which in [Which::Latest, Which::All] {
                for limit in [0, 1, 7, 12, 48, 1000] {
                    let found = store.search(&pattern, which, limit).await.expect("searched");
                    let meant = meant(&revisions, is_in, which, limit);
                    assert_eq!(found, meant, "{}: {text} {which:?} {limit}", test.name);
                }
            }
        }
    }
}

/// More than is read at once: of texts, and of their bytes.
#[tokio::test]
async fn long_and_many_texts_are_gone_through_in_parts() {
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        let long = "hostname a\n".repeat(200_000);
        for device in 0..4 {
            // Nothing is a secret to whom nothing is known.
            let redacted = Known::default().redact(&format!("{long}last {device}\n"));
            let redacted = redacted.expect("short");
            let files = vec![FileRead { path: "a".to_owned(), redacted }];
            let reading = Reading { files, ..reading(&format!("a{device}"), 1, &[]) };
            store.keep(&reading).await.expect("kept");
        }
        for device in 0..250 {
            let text = format!("last {device}\n");
            store.keep(&reading(&format!("b{device}"), 1, &[("a", &text)])).await.expect("kept");
        }
        let pattern = Pattern::new("^last").expect("a pattern");
        for which in [Which::Latest, Which::All] {
            let found = store.search(&pattern, which, 1000).await.expect("searched");
            assert_eq!((found.hits.len(), found.is_more), (254, false), "{}", test.name);
            assert_eq!((found.hits[3].line, &*found.hits[3].text), (200_001, "last 3"));
        }
    }
}
