use super::*;
use ssh_key::PublicKey;
use ssh_key::public::{Ed25519PublicKey, KeyData};

const NOW: TimeUs = TimeUs(1_700_000_000_000_000);

fn ed25519(seed: u8) -> String {
    let key = KeyData::Ed25519(Ed25519PublicKey([seed; 32]));
    PublicKey::new(key, format!("root@box{seed}")).to_openssh().expect("a line")
}

fn device(name: &str) -> DeviceName {
    DeviceName::new(name).expect("a name")
}

async fn one_box(db: &Db) -> HostKeyStore {
    let mut tx = db.begin().await.expect("begun");
    for statement in [
        "INSERT INTO sites (\"key\", latitude, longitude, created_at_us) VALUES ('a', 0, 0, 0)",
        "INSERT INTO devices (\"key\", site, created_at_us) VALUES ('oca1', 'a', 0)",
    ] {
        sqlx::query(statement).execute(&mut *tx).await.expect("written");
    }
    tx.commit().await.expect("committed");
    HostKeyStore::new(db.clone())
}

#[test]
fn a_comment_is_left_behind_and_what_is_too_much_is_refused() {
    let line = ed25519(1);
    let key = HostKey::parse(&format!("{line}\n")).expect("a key");
    assert_eq!(Some(key.as_str()), line.strip_suffix(" root@box1"));
    let text = |numbers: std::ops::Range<u8>| -> String {
        numbers.map(|seed| format!("{}\r\n\n", ed25519(seed))).collect()
    };
    assert_eq!(HostKey::parse_all(&text(0..8)).expect("eight").len(), 8);
    assert_eq!(HostKey::parse_all(&text(0..9)), Err(BadKey::TooMany(8)));
    let same = format!("{}{}", text(0..5), text(0..5));
    assert_eq!(HostKey::parse_all(&same).expect("five, twice").len(), 5);
    assert_eq!(HostKey::parse_all(" \n"), Ok(Vec::new()));
    let long = " ".repeat(MAX_SSH_HOST_KEYS_BYTES + 1);
    assert_eq!(HostKey::parse_all(&long), Err(BadKey::TooMany(8)));
    let bad = HostKey::parse_all(&format!("{}no key\n", text(0..2)));
    assert!(matches!(bad, Err(BadKey::NotAKey(_))), "{bad:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_box_shows_is_what_it_said_last() {
    for test in db::testing::both().await {
        let store = one_box(&test.db).await;
        let oca1 = device("oca1");
        assert_eq!(store.of(&oca1).await.expect(test.name), []);
        assert_eq!(store.known_hosts_lines(&oca1, &[]).await.expect(test.name), "");
        let keys = |seeds: &[u8]| -> Vec<HostKey> {
            seeds.iter().map(|seed| HostKey::parse(&ed25519(*seed)).expect("a key")).collect()
        };
        store.replace_all(&oca1, &keys(&[1, 2, 3]), NOW).await.expect(test.name);
        store.replace_all(&oca1, &keys(&[5, 4, 5]), NOW.plus_s(1)).await.expect(test.name);
        assert_eq!(store.of(&oca1).await.expect(test.name), keys(&[4, 5]), "{}", test.name);
        let hosts = ["192.0.2.7", "[2001:db8::7]:2222"].map(|text| text.parse().expect(text));
        let lines = store.known_hosts_lines(&oca1, &hosts).await.expect(test.name);
        let [four, five] = [4, 5].map(|seed| keys(&[seed])[0].to_string());
        let hosts = "oca1,192.0.2.7,[2001:db8::7]:2222";
        assert_eq!(lines, format!("{hosts} {four}\n{hosts} {five}\n"), "{}", test.name);
        let nowhere = store.replace_all(&device("oca9"), &keys(&[1]), NOW).await;
        assert!(matches!(nowhere, Err(PeopleError::NoSuchAppliance(_))), "{nowhere:?}");
        assert_eq!(store.of(&oca1).await.expect(test.name).len(), 2, "{}", test.name);
        // The next machine has no such server: the keys of the one before count no more.
        store.replace_all(&oca1, &[], NOW).await.expect(test.name);
        assert_eq!(store.of(&oca1).await.expect(test.name), [], "{}", test.name);
        store.replace_all(&oca1, &keys(&[1]), NOW).await.expect(test.name);
        let gone = sqlx::query("DELETE FROM devices WHERE \"key\" = 'oca1'");
        gone.execute(test.db.read()).await.expect(test.name);
        assert_eq!(store.of(&oca1).await.expect(test.name), [], "{}", test.name);
    }
}
