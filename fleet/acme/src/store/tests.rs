use super::*;
use crate::admission::Waits;

const BUDGET: Budget = Budget { per_hour: 3, per_day: 4, first_pause: Duration::from_secs(600) };
const NOW: TimeUs = TimeUs(1_000_000_000_000_000);

fn device(name: &str) -> DeviceName {
    DeviceName::new(name).expect("a name")
}

fn names() -> Vec<String> {
    vec!["a.example".to_owned(), "b.example".to_owned()]
}

struct Place(OrderStore);

impl Place {
    async fn begin(&self, name: &str, now: TimeUs) -> Result<OrderId, Waits> {
        let begun = self.0.begin(&device(name), &names(), now).await.expect("the database");
        begun.map_err(|later| later.waits)
    }

    async fn fail(&self, order: OrderId, name: &str, fault: Fault, now: TimeUs) -> TimeUs {
        let why = NotIssued { fault, why: "so".to_owned(), retry_after: None };
        self.0.failed(order, &device(name), &why, (now, 0.0)).await.expect("the database")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_counts_whatever_becomes_of_it() {
    for test in db::testing::both().await {
        let place = Place(OrderStore::new(test.db.clone(), "acme-1", BUDGET));
        let first = place.begin("oca1", NOW).await.expect("the first");
        assert_eq!(place.begin("oca1", NOW).await, Err(Waits::UnderWay), "{}", test.name);
        place.0.issued(first).await.expect("the database");
        for at in 1..3 {
            let order = place.begin("oca1", NOW.plus_s(at)).await.expect("of three");
            place.0.cut_off(order).await.expect("the database");
        }
        // Another process counts on; another authority has been asked nothing.
        let place = Place(OrderStore::new(test.db.clone(), "acme-1", BUDGET));
        assert_eq!(place.begin("oca2", NOW.plus_s(3)).await, Err(Waits::HourIsFull(3)));
        let other = Place(OrderStore::new(test.db.clone(), "acme-2", BUDGET));
        assert!(other.begin("oca2", NOW.plus_s(3)).await.is_ok());
        let hour = NOW.plus_s(3600);
        assert!(place.begin("oca2", hour).await.is_ok(), "{}", test.name);
        let later = NOW.plus_s(2 * 3600);
        assert_eq!(place.begin("oca3", later).await, Err(Waits::DayIsFull(4)));
        assert!(place.begin("oca3", NOW.plus_s(86_400)).await.is_ok(), "{}", test.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_known_until_something_has_come_of_it() {
    for test in db::testing::both().await {
        let store = OrderStore::new(test.db.clone(), "acme-1", Budget { per_hour: 99, ..BUDGET });
        let place = Place(store);
        let order = place.begin("oca1", NOW).await.expect("an order");
        let until = place.fail(order, "oca1", Fault::OfWish, NOW.plus_s(5)).await;
        assert_eq!(until, NOW.plus_s(605), "{}", test.name);
        let so = Err(Waits::Failed { problem: "so".to_owned() });
        assert_eq!(place.begin("oca1", NOW.plus_s(600)).await, so);
        let again = place.begin("oca1", until).await.expect("after its pause");
        let longer = place.fail(again, "oca1", Fault::OfWish, until).await;
        assert_eq!(longer, until.plus_s(1200), "twice as long");
        let said = vec![(device("oca1"), "so".to_owned(), longer)];
        assert_eq!(place.0.troubles().await.expect("read"), said);
        let order = place.begin("oca1", longer).await.expect("after its pause");
        assert_eq!(place.0.troubles().await.expect("read"), said, "nothing has come of it yet");
        place.0.issued(order).await.expect("the database");
        assert_eq!(place.0.troubles().await.expect("read"), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_is_known() {
    for test in db::testing::both().await {
        let place = Place(OrderStore::new(test.db.clone(), "acme-1", BUDGET));
        let order = place.begin("oca1", NOW).await.expect("an order");
        assert_eq!(place.0.left().await.expect("read"), [(order, names())], "{}", test.name);
        place.0.cut_off(order).await.expect("the database");
        assert_eq!(place.0.left().await.expect("read"), []);
        assert!(place.begin("oca1", NOW.plus_s(1)).await.is_ok(), "at once: nothing has failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_ask_at_once_one_takes_what_is_left() {
    for test in db::testing::both().await {
        let budget = Budget { per_hour: 1, ..BUDGET };
        let place = Place(OrderStore::new(test.db.clone(), "acme-1", budget));
        let (one, other) = tokio::join!(place.begin("oca1", NOW), place.begin("oca2", NOW));
        assert_ne!(one.is_ok(), other.is_ok(), "{}", test.name);
    }
}
