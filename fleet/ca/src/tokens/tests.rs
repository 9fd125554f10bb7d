use super::*;

const NOW: TimeUs = TimeUs(1_000_000);
const HOUR: Duration = Duration::from_secs(3600);
const SERIAL: &str = "CZ123";

fn key(seed: u8) -> Digest {
    Digest::of(&[seed])
}

fn device(name: &str) -> DeviceName {
    DeviceName::new(name).expect("a name")
}

/// What the inventory would have written.
async fn two_boxes(db: &Db) -> TokenStore {
    let mut tx = db.begin().await.expect("begun");
    for statement in [
        "INSERT INTO sites (\"key\", latitude, longitude, created_at_us) VALUES ('a', 0, 0, 0)",
        "INSERT INTO devices (\"key\", site, created_at_us) VALUES ('oca1', 'a', 0)",
        "INSERT INTO devices (\"key\", site, created_at_us) VALUES ('oca2', 'a', 0)",
    ] {
        sqlx::query(statement).execute(&mut *tx).await.expect("written");
    }
    tx.commit().await.expect("committed");
    TokenStore::new(db.clone())
}

fn shown<'a>(token: &'a NewToken, serial: &'a str, key: Digest) -> Shown<'a> {
    Shown { id: &token.id, secret: &token.secret, serial, key }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_once_for_one_machine_and_for_a_while() {
    for test in db::testing::both().await {
        let store = two_boxes(&test.db).await;
        let token = store.make(&device("oca1"), SERIAL, HOUR, NOW).await.expect(test.name);
        let take = async |shown: Shown<'_>, now| store.take(shown, now).await.expect(test.name);
        let other_serial = take(shown(&token, "CZ999", key(1)), NOW).await.expect_err("another");
        assert!(matches!(other_serial, BadToken::OtherSerial { .. }), "{other_serial}");
        let guessed = NewToken { secret: "guessed".to_owned(), ..token.clone() };
        let guess = take(shown(&guessed, SERIAL, key(1)), NOW).await;
        assert_eq!(guess, Err(BadToken::Unknown));
        let nowhere = NewToken { id: "nowhere".to_owned(), ..token.clone() };
        assert_eq!(take(shown(&nowhere, SERIAL, key(1)), NOW).await, Err(BadToken::Unknown));
        // What was refused has not used it up.
        assert_eq!(take(shown(&token, SERIAL, key(1)), NOW).await, Ok(device("oca1")));
        assert_eq!(take(shown(&token, SERIAL, key(1)), NOW).await, Ok(device("oca1")), "again");
        assert_eq!(take(shown(&token, SERIAL, key(2)), NOW).await, Err(BadToken::Used));
        let later = NOW.plus_s(3600);
        assert_eq!(take(shown(&token, SERIAL, key(1)), later).await, Err(BadToken::Expired));
        let fresh = store.make(&device("oca2"), SERIAL, HOUR, NOW).await.expect(test.name);
        assert_eq!(take(shown(&fresh, SERIAL, key(2)), later).await, Err(BadToken::Expired));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_machines_that_show_a_token_at_once_one_joins() {
    for test in db::testing::both().await {
        let store = two_boxes(&test.db).await;
        let token = store.make(&device("oca1"), SERIAL, HOUR, NOW).await.expect(test.name);
        let (one, other) = tokio::join!(
            store.take(shown(&token, SERIAL, key(1)), NOW),
            store.take(shown(&token, SERIAL, key(2)), NOW),
        );
        let joined = [one.expect(test.name), other.expect(test.name)];
        assert_eq!(joined.iter().filter(|it| it.is_ok()).count(), 1, "{joined:?}");
        assert!(joined.contains(&Err(BadToken::Used)), "{joined:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_kept_nowhere() {
    let test = db::testing::both().await.into_iter().next().expect("a database");
    let store = two_boxes(&test.db).await;
    let token = store.make(&device("oca1"), SERIAL, MAX_TOKEN_LIFE * 9, NOW).await.expect("made");
    assert_eq!(token.expires_at, NOW.plus_s(7 * 86_400), "no longer than a week");
    let row = sqlx::query("SELECT id, secret_digest FROM join_tokens");
    let row = row.fetch_one(test.db.read()).await.expect("a row");
    let (id, digest): (String, String) = (row.get(0), row.get(1));
    assert_eq!(id, token.id);
    assert_ne!(digest, token.secret);
    assert!(!format!("{token:?}").contains(&token.secret));
}
