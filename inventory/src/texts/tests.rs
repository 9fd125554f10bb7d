//! What is kept in memory follows what is written, on both databases.

use super::*;
use crate::Store;
use crate::changes::Author;
use crate::kinds::REGION;
use crate::records::{self, Changing};
use db::testing;
use serde_json::{Map, Value, json};

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

async fn begun(db: &Db) -> Changing {
    let author = Author { who: "anna".into(), request_id: "r1".into(), message: None };
    Changing::begin(db, author, 10).await.expect("begun")
}

/// Names of those that pass, and whether the database was asked by key.
async fn ask(texts: &Texts, db: &Db, pairs: &[(&str, &str)]) -> (Vec<String>, bool) {
    let query = REGION.query(pairs.iter().copied()).expect("a question");
    let (query, _) = texts.narrowed(db, &REGION, query).await.expect("narrowed");
    let found = records::list(db, &REGION, &query).await.expect("listed");
    let names = found.items.iter().map(|it| REGION.key(&it.record)).collect();
    (names, query.keys.is_some())
}

#[tokio::test]
async fn what_is_written_is_found_and_what_is_gone_is_not() {
    for test in testing::both().await {
        let (db, texts) = (&test.db, Texts::new());
        assert_eq!(ask(&texts, db, &[("name__ic", "a")]).await, (vec![], true));
        let mut changing = begun(db).await;
        for (name, about) in [("alpha", "Old Town"), ("beta", "new TOWN"), ("gamma", "port")] {
            let one = fields(&json!({"name": name, "description": about}));
            changing.create(&REGION, &one).await.expect(name);
        }
        changing.commit().await.expect("committed");
        let named = |names: &[&str]| (names.iter().map(|it| (*it).to_owned()).collect(), true);
        assert_eq!(
            ask(&texts, db, &[("description__ic", "TOWN")]).await,
            named(&["alpha", "beta"])
        );
        assert_eq!(ask(&texts, db, &[("description__isw", "new")]).await, named(&["beta"]));
        assert_eq!(ask(&texts, db, &[("description__iew", "rt")]).await, named(&["gamma"]));
        assert_eq!(ask(&texts, db, &[("description__ie", "Port")]).await, named(&["gamma"]));
        let both = [("description__ic", "town"), ("name__iew", "ta")];
        assert_eq!(ask(&texts, db, &both).await, named(&["beta"]));
        assert!(!ask(&texts, db, &[("description__nic", "town")]).await.1, "all but some are many");
        let mut changing = begun(db).await;
        let port = fields(&json!({"description": "port town"}));
        changing.update(&REGION, "gamma", &port, None).await.expect("changed");
        changing.delete(&REGION, "alpha", None).await.expect("gone");
        changing.commit().await.expect("committed");
        assert_eq!(
            ask(&texts, db, &[("description__ic", "town")]).await,
            named(&["beta", "gamma"])
        );
        assert_eq!(ask(&texts, db, &[("name__ie", "alpha")]).await, named(&[]));
    }
}

#[tokio::test]
async fn of_many_those_of_the_page_are_asked_for() {
    let test = testing::sqlite().await;
    let texts = Texts::new();
    let mut changing = begun(&test.db).await;
    let all: Vec<_> = (0..FEW + 1).map(|at| fields(&json!({"name": format!("r{at}")}))).collect();
    changing.create_all(&REGION, &all).await.expect("many");
    changing.commit().await.expect("committed");
    let (names, is_by_key) = ask(&texts, &test.db, &[("name__isw", "r")]).await;
    assert_eq!((names.len(), is_by_key), (100, true));
    let (names, is_by_key) = ask(&texts, &test.db, &[("name__isw", "r99")]).await;
    assert_eq!((names.len(), is_by_key), (11, true));
    // Something else says which these are, or what is first.
    for more in [("parent__empty", "true"), ("sort", "-name")] {
        let (names, is_by_key) = ask(&texts, &test.db, &[("name__isw", "r"), more]).await;
        assert_eq!((names.len(), is_by_key), (100, false), "{more:?}");
    }
    // Page by page that is all of them, in order.
    let (store, mut told, mut cursor) = (Store::new(test.db.clone()), Vec::new(), None::<String>);
    loop {
        let mut pairs = vec![("name__isw", "r"), ("limit", "700")];
        pairs.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let query = REGION.query(pairs).expect("a question");
        let found = store.list(&REGION, query).await.expect("listed");
        told.extend(found.items.iter().map(|it| REGION.key(&it.record)));
        cursor = found.next;
        if cursor.is_none() {
            break;
        }
    }
    assert!(told.len() == FEW + 1 && told.is_sorted(), "{}", told.len());
}
