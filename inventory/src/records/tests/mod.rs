//! On both databases: what is found is what was meant, what is changed is written down, what does not go
//! together is refused.

mod changing;
mod contexts;
mod found;
mod hostile;
mod left;
mod many_writers;
mod observed;
mod settled;
mod tables;

use super::*;
use crate::changes::Author;
use serde_json::{Map, Value};

async fn begun(db: &Db, now_us: i64) -> Changing {
    because(db, now_us, Some("it's moving; DROP TABLE")).await
}

async fn because(db: &Db, now_us: i64, message: Option<&str>) -> Changing {
    let author = Author {
        who: "anna".into(),
        request_id: format!("r{now_us}"),
        message: message.map(str::to_owned),
    };
    Changing::begin(db, author, now_us).await.expect("begun")
}

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}
