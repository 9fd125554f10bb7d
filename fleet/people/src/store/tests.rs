use super::*;
use crate::session::SESSIONS_AT_MOST;
use crate::{Caller, NotLoggedIn};
use std::net::IpAddr;

const NOW: TimeUs = TimeUs(1_700_000_000_000_000);
const PASSWORD: &str = "correct horse battery staple";

fn name(text: &str) -> PersonName {
    PersonName::new(text).expect("a name")
}

fn home() -> IpAddr {
    IpAddr::from([192, 0, 2, 1])
}

async fn with_anna(db: &Db) -> PeopleStore {
    let store = PeopleStore::new(db.clone());
    store.create(&name("anna"), (Role::Operator, None), PASSWORD, NOW).await.expect("anna");
    store
}

fn caller(text: &str, role: Role) -> Caller {
    Caller { name: name(text), role, provider: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_added_changed_and_removed() {
    for test in db::testing::both().await {
        let store = with_anna(&test.db).await;
        let (anna, berta) = (name("anna"), name("berta"));
        let again = store.create(&anna, (Role::Admin, None), PASSWORD, NOW).await;
        assert!(matches!(again, Err(PeopleError::Taken(_))), "{again:?}");
        let short = store.create(&berta, (Role::Admin, None), "short", NOW).await;
        assert!(matches!(short, Err(PeopleError::BadPassword(_))), "{short:?}");
        store.create(&berta, (Role::Viewer, None), PASSWORD, NOW.plus_s(1)).await.expect(test.name);
        let all = store.list().await.expect(test.name);
        let names: Vec<&str> = all.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["anna", "berta"], "{}", test.name);
        let found = store.get(&berta).await.expect(test.name);
        let since = NOW.plus_s(1);
        let expected = Person {
            name: berta.clone(),
            provider: None,
            role: Role::Viewer,
            created_at: since,
            password_at: since,
            logged_in_at: None,
        };
        assert_eq!(found, expected, "{}", test.name);
        store.set_role(&berta, (Role::Admin, None)).await.expect(test.name);
        assert_eq!(store.get(&berta).await.expect(test.name).role, Role::Admin);
        store.delete(&berta).await.expect(test.name);
        let gone = store.get(&berta).await.expect_err("gone");
        assert_eq!(gone.to_string(), "nobody is called berta");
        let errors = [
            store.delete(&berta).await,
            store.set_role(&berta, (Role::Viewer, None)).await,
            store.set_password(&berta, PASSWORD, NOW).await,
        ];
        for err in errors {
            assert!(matches!(err, Err(PeopleError::NoSuchPerson(_))), "{err:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_logs_in_is_known_by_the_session_until_it_ends() {
    for test in db::testing::both().await {
        let store = with_anna(&test.db).await;
        let session = store.log_in("anna", PASSWORD, home(), NOW).await.expect(test.name);
        assert_eq!(session.person, name("anna"));
        assert_eq!(session.expires_at, NOW.plus_s(12 * 3600));
        let asks = async |now| store.caller(&session.token, now).await.expect(test.name);
        let anna = Some(caller("anna", Role::Operator));
        assert_eq!(asks(NOW).await, anna, "{}", test.name);
        assert_eq!(asks(NOW.plus_s(12 * 3600 - 1)).await, anna, "{}", test.name);
        assert_eq!(asks(NOW.plus_s(12 * 3600)).await, None, "{}", test.name);
        let other = session.token.replace(|c: char| c.is_ascii_digit(), "0");
        assert_eq!(store.caller(&other, NOW).await.expect(test.name), None);
        assert_eq!(store.caller("' OR 1=1", NOW).await.expect(test.name), None);
        assert_eq!(store.get(&name("anna")).await.expect(test.name).logged_in_at, Some(NOW));
        store.log_out(&session.token).await.expect(test.name);
        store.log_out(&session.token).await.expect("twice");
        assert_eq!(asks(NOW).await, None, "{}", test.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_about_a_person_counts_at_once() {
    for test in db::testing::both().await {
        let store = with_anna(&test.db).await;
        let anna = name("anna");
        let log_in = async |password| store.log_in("anna", password, home(), NOW).await;
        let session = log_in(PASSWORD).await.expect(test.name);
        let asks = async |token: &str| store.caller(token, NOW).await.expect(test.name);
        store.set_role(&anna, (Role::Viewer, None)).await.expect(test.name);
        assert_eq!(asks(&session.token).await, Some(caller("anna", Role::Viewer)));
        let other = log_in(PASSWORD).await.expect(test.name);
        assert_eq!(store.end_sessions(&anna).await.expect(test.name), 2);
        assert_eq!((asks(&session.token).await, asks(&other.token).await), (None, None));
        let session = log_in(PASSWORD).await.expect(test.name);
        let new = "another horse battery";
        store.set_password(&anna, new, NOW.plus_s(5)).await.expect(test.name);
        assert_eq!(asks(&session.token).await, None, "{}", test.name);
        assert!(matches!(log_in(PASSWORD).await, Err(NotLoggedIn::Wrong)), "{}", test.name);
        let session = log_in(new).await.expect(test.name);
        assert_eq!(store.get(&anna).await.expect(test.name).password_at, NOW.plus_s(5));
        store.delete(&anna).await.expect(test.name);
        assert_eq!(asks(&session.token).await, None, "{}", test.name);
        store.create(&anna, (Role::Admin, None), new, NOW).await.expect("another of that name");
        assert_eq!(asks(&session.token).await, None, "{}", test.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_changed_while_it_was_compared_lets_nobody_in() {
    for test in db::testing::both().await {
        let store = with_anna(&test.db).await;
        let anna = name("anna");
        let row = sqlx::query("SELECT password_hash FROM people").fetch_one(test.db.read());
        let compared: String = row.await.expect(test.name).get(0);
        assert!(compared.starts_with("$argon2id$") && !compared.contains(PASSWORD));
        store.set_password(&anna, "another horse battery", NOW).await.expect(test.name);
        let begun = store.begin_session(&anna, &compared, NOW).await.expect(test.name);
        assert!(begun.is_none(), "{}", test.name);
        let sessions = sqlx::query("SELECT person FROM sessions").fetch_all(test.db.read());
        assert!(sessions.await.expect(test.name).is_empty(), "{}", test.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_too_often_waits_and_who_is_wrong_learns_nothing_else() {
    let test = db::testing::sqlite().await;
    let store = with_anna(&test.db).await;
    let log_in = async |who: &str, password: &str, now| {
        store.log_in(who, password, home(), now).await.map(|it| it.person.to_string())
    };
    let wrong = log_in("anna", "wrong", NOW).await.expect_err("wrong").to_string();
    for (who, password) in [("berta", PASSWORD), ("No Name", PASSWORD), ("anna", &"x".repeat(2000))]
    {
        assert_eq!(log_in(who, password, NOW).await.expect_err(who).to_string(), wrong);
    }
    // What was right makes good what was wrong before.
    assert_eq!(log_in("anna", PASSWORD, NOW).await.expect("right"), "anna");
    for attempt in 0..10 {
        let failed = log_in("anna", "wrong", NOW).await;
        assert!(matches!(failed, Err(NotLoggedIn::Wrong)), "{attempt}: {failed:?}");
    }
    let refused = log_in("anna", PASSWORD, NOW).await.expect_err("too often");
    let NotLoggedIn::TooOften { retry_after } = &refused else { panic!("{refused:?}") };
    assert_eq!(retry_after.as_secs(), 60);
    assert!(log_in("berta", PASSWORD, NOW).await.is_err_and(|it| it.to_string() == wrong));
    assert_eq!(log_in("anna", PASSWORD, NOW.plus_s(60)).await.expect("later"), "anna");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_attempts_at_once_are_many() {
    let test = db::testing::sqlite().await;
    let store = with_anna(&test.db).await;
    let attempts = (0..30u8).map(|number| {
        let store = store.clone();
        let from = IpAddr::from([192, 0, 2, number]);
        tokio::spawn(async move { store.log_in("anna", "wrong", from, NOW).await })
    });
    let mut wrong = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.expect("no panic") {
            Err(NotLoggedIn::Wrong) => wrong += 1,
            Err(NotLoggedIn::TooOften { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(wrong, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_few_and_those_that_have_ended_go() {
    for test in db::testing::both().await {
        let store = with_anna(&test.db).await;
        let anna = name("anna");
        let row = sqlx::query("SELECT password_hash FROM people").fetch_one(test.db.read());
        let kept: String = row.await.expect(test.name).get(0);
        let mut tokens = Vec::new();
        for second in 0..i64::from(SESSIONS_AT_MOST) + 3 {
            let begun = store.begin_session(&anna, &kept, NOW.plus_s(second)).await;
            tokens.push(begun.expect(test.name).expect("begun").token);
        }
        let mut holds = Vec::new();
        for token in &tokens {
            holds.push(store.caller(token, NOW.plus_s(60)).await.expect(test.name).is_some());
        }
        assert!(holds[..3].iter().all(|holds| !holds) && holds[3..].iter().all(|holds| *holds));
        let next_day = NOW.plus_s(86_400);
        store.begin_session(&anna, &kept, next_day).await.expect(test.name).expect("begun");
        let rows = sqlx::query("SELECT person FROM sessions").fetch_all(test.db.read()).await;
        assert_eq!(rows.expect(test.name).len(), 1, "{}", test.name);
    }
}
