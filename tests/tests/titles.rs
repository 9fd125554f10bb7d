//! What viewers ask a box for reaches the fleet's database, title by title, and nobody with it.

use anyhow::{Context, Result, ensure};
use contract::demand::{FEWEST_SESSIONS, TitleDemand, day_of};
use contract::time::TimeUs;
use db::Db;
use health_collector::Collector;
use std::path::Path;
use std::time::SystemTime;
use tests::small_cdn::{self, Plan, SITE, SmallCdn, TITLE};

/// What stands in every session id here, and may stand nowhere else.
const MARK: &str = "mark-7f3a9c";

const RARE: &str = "seldom-seen";

fn today() -> i32 {
    day_of(TimeUs::from(SystemTime::now()))
}

async fn plays(cdn: &SmallCdn, path: &str, sessions: usize) -> Result<()> {
    for session in 0..sessions {
        let path = format!("{path}?CMCD=sid%3D%22{MARK}-{session}%22");
        let answer = cdn.ask(0, &path).await.context("no answer")?;
        ensure!(answer.status == 200, "{} for {path}", answer.status);
    }
    Ok(())
}

async fn told(collector: &Collector, day: i32) -> Result<Vec<TitleDemand>> {
    let sites = collector.demand_of(day).await?;
    ensure!(sites.iter().all(|it| it.site.as_str() == SITE), "{sites:?}");
    Ok(sites.into_iter().flat_map(|it| it.rows).collect())
}

/// No file below a folder has the mark in it, but those that a viewer has left.
fn has_no_mark(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            has_no_mark(&path)?;
        } else if path.is_file() {
            let bytes = std::fs::read(&path)?;
            let is_marked = bytes.windows(MARK.len()).any(|it| it == MARK.as_bytes());
            ensure!(!is_marked, "{} names a session", path.display());
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_title_is_told_of_when_many_ask_for_it_and_nobody_else_is() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let rare = format!("/{RARE}/seg-1.m4s");
    cdn.add_title(RARE, &small_cdn::content(2)).await?;
    let asked = format!("{rare}?CMCD=sid%3D%22{MARK}-0%22");
    cdn.until("it holds the other title", async |cdn| cdn.status(0, &asked).await == 200).await?;

    plays(&cdn, &rare, 3).await?;
    plays(&cdn, &small_cdn::path(1), FEWEST_SESSIONS + 5).await?;
    let file = cdn.fleet_folder().join("fleet.db");
    let db = Db::open(&format!("sqlite://{}", file.display())).await?;
    let collector = Collector::open(db, 1).await?;
    let length = small_cdn::content(1).len();
    let least = u64::try_from(FEWEST_SESSIONS * length)?;
    let mut played = today();
    let is_told = async |cdn: &SmallCdn| {
        // Who watches over midnight is somebody else.
        if today() != played {
            played = today();
            let again = plays(cdn, &small_cdn::path(1), FEWEST_SESSIONS + 5).await;
            assert!(again.is_ok(), "{again:?}");
        }
        let rows = told(&collector, played).await.unwrap_or_default();
        let of_title = |it: &&TitleDemand| it.title.as_ref().is_some_and(|it| it.as_str() == TITLE);
        rows.iter().find(of_title).is_some_and(|it| it.bytes_sent >= least)
    };
    cdn.until("the fleet knows what was asked for", is_told).await?;

    for day in collector.demand_days(0).await? {
        let rows = told(&collector, day).await?;
        ensure!(!format!("{rows:?}").contains(RARE), "three are not many: {rows:?}");
        ensure!(!format!("{rows:?}").contains(MARK), "{rows:?}");
        ensure!(rows.iter().all(|it| it.title.is_some()), "it is kept back: {rows:?}");
    }
    has_no_mark(&cdn.fleet_folder())?;
    has_no_mark(&cdn.state_folder(0))?;
    let status = cdn.ask_admin(0, "/status").await?;
    ensure!(!status.contains(MARK) && !cdn.log(0).contains(MARK), "{status}");
    Ok(())
}
