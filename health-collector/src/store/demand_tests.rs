//! Demand, on both databases.

use super::tests::{NOW, collector, device, report};
use crate::demand::MAX_BOOTS;
use crate::{Collector, DemandError, MAX_SOURCE_ROWS, ReportError, SiteDemand};
use contract::demand::{BadDemand, DemandReport, MAX_DEMAND_ROWS, TitleDemand, day_of};
use contract::names::{DeviceName, GroupName, SiteName, TitleName};
use contract::report::Report;
use db::testing;
use futures_util::future::join_all;

fn row(title: Option<&str>, bytes_sent: u64, bytes_missed: u64) -> TitleDemand {
    let group = GroupName::new("g").expect("name");
    let title = title.map(|title| TitleName::new(title).expect("name"));
    TitleDemand { group, title, bytes_sent, bytes_missed }
}

fn site() -> SiteName {
    SiteName::new("a").expect("name")
}

fn today() -> i32 {
    day_of(NOW)
}

async fn says(collector: &Collector, boot_id: &str, day: i32, rows: Vec<TitleDemand>) {
    let demand = DemandReport { day, rows };
    collector.accept_demand((&device(), boot_id), demand, NOW).await.expect("taken");
}

#[tokio::test]
async fn of_a_source_the_greatest_counts_and_sources_are_added_up() {
    for test in testing::both().await {
        let collector = collector(&test).await;
        assert_eq!(collector.demand_version().await.expect(test.name), 0);
        says(&collector, "x", today(), vec![row(Some("t"), 10, 3), row(None, 1, 0)]).await;
        // It comes twice, and out of order.
        says(&collector, "x", today(), vec![row(Some("t"), 7, 5)]).await;
        says(&collector, "x", today(), vec![row(Some("u"), 2, 0)]).await;
        says(&collector, "x", today() - 1, vec![row(Some("t"), 4, 0)]).await;
        // The box was started again.
        says(&collector, "y", today(), vec![row(Some("t"), 100, 0)]).await;
        // Today goes on: of that nobody is told.
        assert_eq!(collector.demand_version().await.expect(test.name), 1);
        let rows = vec![row(None, 1, 0), row(Some("t"), 110, 5), row(Some("u"), 2, 0)];
        let expected = vec![SiteDemand { site: site(), rows, elsewhere: vec![] }];
        assert_eq!(collector.demand_of(today()).await.expect(test.name), expected, "{}", test.name);
        assert!(collector.demand_of(today() + 1).await.expect(test.name).is_empty());
        let days = collector.demand_days(today() - 1).await.expect(test.name);
        assert_eq!(days, [today() - 1, today()]);
        assert_eq!(collector.demand_days(today()).await.expect(test.name), [today()]);
    }
}

#[tokio::test]
async fn a_file_says_it_anew_and_beside_the_boxes() {
    for test in testing::both().await {
        let collector = collector(&test).await;
        says(&collector, "x", today(), vec![row(Some("t"), 10, 0)]).await;
        let put = async |day, file: &str, rows| {
            collector.put_demand(day, &site(), file, rows, NOW.plus_s(1)).await
        };
        put(today(), "may.csv", vec![row(Some("t"), 50, 0)]).await.expect(test.name);
        // Of one file a title may have more lines than one.
        let lines = vec![row(Some("t"), 5, 0), row(Some("t"), 6, 1)];
        put(today(), "may.csv", lines).await.expect(test.name);
        assert_eq!(collector.demand_version().await.expect(test.name), 0);
        put(today() - 1, "may.csv", vec![row(Some("t"), 1, 0)]).await.expect(test.name);
        assert_eq!(collector.demand_version().await.expect(test.name), 1);
        let of = async || collector.demand_of(today()).await.expect(test.name).remove(0).rows;
        assert_eq!(of().await, [row(Some("t"), 21, 1)], "{}", test.name);
        put(today(), "may.csv", vec![]).await.expect(test.name);
        assert_eq!(of().await, [row(Some("t"), 10, 0)], "{}", test.name);
        // Long ago, and at a site that nobody knows.
        put(1000, "old.csv", vec![row(None, 1, 0)]).await.expect(test.name);
        assert_eq!(collector.demand_days(0).await.expect(test.name), [1000, today() - 1, today()]);
        for bad in ["", "a\nb", &"x".repeat(201)] {
            let err = put(1, bad, vec![]).await.expect_err("no name");
            assert!(matches!(err, DemandError::BadName(_)), "{err}");
        }
    }
}

#[tokio::test]
async fn what_no_box_may_say_is_not_kept() {
    for test in testing::both().await {
        let collector = collector(&test).await;
        let says = async |device: &DeviceName, day, rows| {
            let demand = DemandReport { day, rows };
            collector.accept_demand((device, "x"), demand, NOW).await.expect_err(test.name)
        };
        let err = says(&device(), today() - 3, vec![]).await;
        assert!(matches!(err, DemandError::Bad(BadDemand::FarAway { .. })), "{err}");
        let many = vec![row(None, 1, 0); MAX_DEMAND_ROWS + 1];
        let err = says(&device(), today(), many.clone()).await;
        assert!(matches!(err, DemandError::Bad(BadDemand::TooManyRows(_))), "{err}");
        let nobody = DeviceName::new("oca9.a").expect("name");
        let err = says(&nobody, today(), vec![row(None, 1, 0)]).await;
        assert!(matches!(err, DemandError::UnknownDevice(_)), "{err}");
        assert!(collector.demand_days(0).await.expect(test.name).is_empty());

        let told = |rows| {
            let demand = Some(DemandReport { day: today(), rows });
            serde_json::to_vec(&Report { demand, ..report("x", 1, &[]) }).expect("json")
        };
        assert!(Collector::read(&told(many[1..].to_vec()), &device()).is_ok());
        let err = Collector::read(&told(many), &device()).expect_err("too many");
        assert!(matches!(err, ReportError::Beyond(_)), "{err}");
    }
}

#[tokio::test]
async fn many_who_speak_at_once_lose_nothing() {
    const EACH: usize = 12;
    for test in testing::both().await {
        let collector = collector(&test).await;
        let one = |at: usize| {
            let title = format!("t{at}");
            let rows = vec![row(Some(&title), 1, 0), row(None, at as u64, 0)];
            let demand = DemandReport { day: today(), rows };
            let collector = &collector;
            async move { collector.accept_demand((&device(), "x"), demand, NOW).await }
        };
        for done in join_all((0..EACH).map(one)).await {
            done.expect(test.name);
        }
        let all = collector.demand_of(today()).await.expect(test.name).remove(0).rows;
        assert_eq!(all.len(), EACH + 1, "{}: {all:?}", test.name);
        assert_eq!(all[0], row(None, EACH as u64 - 1, 0));
    }
}

#[tokio::test]
async fn it_outlives_the_box_and_is_forgotten_after_two_months() {
    for test in testing::both().await {
        let collector = collector(&test).await;
        says(&collector, "x", today(), vec![row(Some("t"), 10, 0)]).await;
        sqlx::query("DELETE FROM devices WHERE \"key\" = 'oca1.a'")
            .execute(test.db.write())
            .await
            .expect(test.name);
        let after = |days: i64| NOW.plus_s(days * 86_400);
        assert_eq!(collector.forget_demand(after(60)).await.expect(test.name), 0);
        assert_eq!(collector.demand_of(today()).await.expect(test.name).len(), 1);
        assert_eq!(collector.forget_demand(after(61)).await.expect(test.name), 1);
        assert!(collector.demand_days(0).await.expect(test.name).is_empty());
    }
}

#[tokio::test]
async fn a_source_that_speaks_of_all_there_is_has_an_end() {
    let test = testing::sqlite().await;
    let collector = collector(&test).await;
    let rows = |count: usize| (0..count).map(|at| row(Some(&format!("t{at}")), 1, 0)).collect();
    let put = async |count| collector.put_demand(1, &site(), "f", rows(count), NOW).await;
    put(MAX_SOURCE_ROWS).await.expect("as many as there may be");
    let err = put(MAX_SOURCE_ROWS + 1).await.expect_err("one more");
    assert!(matches!(err, DemandError::TooManyRows(_)), "{err}");
    assert_eq!(collector.demand_of(1).await.expect("read").remove(0).rows.len(), MAX_SOURCE_ROWS);
}

#[tokio::test]
async fn a_box_that_is_started_all_the_time_has_an_end() {
    for test in testing::both().await {
        let collector = collector(&test).await;
        let says = async |boot: i64, sent| {
            let demand = DemandReport { day: today(), rows: vec![row(None, sent, 0)] };
            collector.accept_demand((&device(), &boot.to_string()), demand, NOW).await
        };
        for boot in 0..MAX_BOOTS {
            says(boot, 1).await.expect(test.name);
        }
        let err = says(MAX_BOOTS, 1).await.expect_err(test.name);
        assert!(matches!(err, DemandError::TooManyBoots { .. }), "{err}");
        says(7, 10).await.expect(test.name);
        let rows = collector.demand_of(today()).await.expect(test.name).remove(0).rows;
        assert_eq!(rows, [row(None, MAX_BOOTS.unsigned_abs() + 9, 0)], "{}", test.name);
    }
}

#[tokio::test]
async fn demand_stands_not_in_the_newest_report() {
    let test = testing::sqlite().await;
    let collector = collector(&test).await;
    let demand = Some(DemandReport { day: today(), rows: vec![row(Some("t"), 1, 0)] });
    let said = Report { demand, ..report("x", 1, &[]) };
    let accepted = collector.accept(said, |_| None, NOW).await.expect("taken");
    assert_eq!(accepted.latest.report.demand, None);
}
