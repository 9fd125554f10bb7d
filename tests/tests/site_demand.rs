//! What nobody ordered crosses the provider's edge once for all boxes of a site, with real boxes,
//! a real fleet and a real origin.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::time::{Duration, SystemTime};
use tests::origin::Request;
use tests::small_cdn::{self, BOXES, GROUP, Plan, SmallCdn};

const MIB: usize = 1 << 20;

/// Three slices, the last one short.
const SIZE: usize = 2 * MIB + 12_345;

fn content(number: usize) -> Vec<u8> {
    (0..SIZE).map(|at| u8::try_from((at + number * 7) % 251).unwrap_or(0)).collect()
}

fn path(number: usize) -> String {
    format!("/unordered/{number}.bin")
}

/// Puts files at the origin that no catalogue has, old enough to be kept for hours.
fn put(cdn: &SmallCdn, numbers: std::ops::Range<usize>) -> Result<()> {
    for number in numbers {
        put_file(cdn, &path(number), &content(number))?;
    }
    Ok(())
}

fn put_file(cdn: &SmallCdn, path: &str, content: &[u8]) -> Result<()> {
    let ten_days_ago = SystemTime::now() - Duration::from_secs(10 * 86_400);
    let file = cdn.origin_file(path);
    fs::create_dir_all(file.parent().context("a folder")?)?;
    fs::write(&file, content)?;
    Ok(File::options().write(true).open(&file)?.set_modified(ten_days_ago)?)
}

async fn plays(cdn: &SmallCdn, at: usize, number: usize) -> Result<()> {
    let answer = cdn.ask(at, &path(number)).await.context("no answer")?;
    ensure!(answer.status == 200, "{} from {} for {}", answer.status, BOXES[at], path(number));
    ensure!(answer.body == content(number), "wrong bytes of {}", path(number));
    Ok(())
}

/// Who has asked the origin for a path.
fn asked(cdn: &SmallCdn, path: &str) -> Result<Vec<Request>> {
    Ok(cdn.asked_of_origin()?.into_iter().filter(|asked| asked.path == path).collect())
}

async fn start() -> Result<SmallCdn> {
    let origin = vec!["--on-miss=proxy".to_owned(), "--demand-share=20".to_owned()];
    SmallCdn::start_with(Plan { origin, ..Plan::default() }).await
}

/// The head of what a box answers its sibling, in lower case.
async fn head(cdn: &SmallCdn, at: usize, path: &str, purged: &str) -> Result<String> {
    let path = format!("/demanded/v1/{GROUP}{path}");
    let field = format!("Headend-Purged-Up-To: {purged}");
    let answer = cdn.ask_as_sibling(at, &path, &["--head", "-H", &field]).await?;
    Ok(String::from_utf8(answer.body)?.to_ascii_lowercase())
}

#[tokio::test]
async fn each_slice_is_asked_for_once_whichever_boxes_are_asked() -> Result<()> {
    let cdn = start().await?;
    put(&cdn, 0..8)?;
    let mut homes = BTreeSet::new();
    for number in 0..8 {
        let (one, other) = tokio::join!(plays(&cdn, 0, number), plays(&cdn, 1, number));
        one.and(other)?;
        let asked = asked(&cdn, &path(number))?;
        let devices: BTreeSet<_> = asked.iter().map(|asked| asked.device.clone()).collect();
        ensure!(asked.len() == 3 && devices.len() == 1, "{}: {asked:?}", path(number));
        homes.extend(devices);
    }
    ensure!(homes.len() == BOXES.len(), "one box does all of it: {homes:?}");

    // What is not there is asked for once, too.
    for at in 0..BOXES.len() {
        ensure!(cdn.status(at, "/unordered/none.bin").await == 404);
    }
    let nobody = asked(&cdn, "/unordered/none.bin")?;
    ensure!(nobody.len() == 1, "{nobody:?}");
    Ok(())
}

#[tokio::test]
async fn a_home_says_what_the_origin_said_and_only_what_it_may() -> Result<()> {
    let cdn = start().await?;
    put(&cdn, 0..1)?;
    plays(&cdn, 0, 0).await?;
    let asked = asked(&cdn, &path(0))?;
    let device = &asked.first().context("somebody asked")?.device;
    let home = BOXES.iter().position(|name| name == device).context("a box")?;
    let origin = cdn.head_of_origin(&path(0)).await?;
    let said = head(&cdn, home, &path(0), "0.0").await?;
    ensure!(said.starts_with("http/1.1 200"), "{said}");
    for name in ["etag", "last-modified", "content-length"] {
        let line = origin.lines().find(|line| line.starts_with(name)).context("the origin's")?;
        ensure!(said.lines().any(|it| it == line), "{line} is not in {said}");
    }
    // A tenth of ten days, and a day at the most.
    ensure!(said.contains("cache-control: max-age=86400, stale-while-revalidate=0"), "{said}");
    ensure!(said.contains("\nage: "), "{said}");

    let behind = head(&cdn, home, &path(0), "1.9999999").await?;
    ensure!(behind.contains(" 421") && behind.contains("detail=purge-pending"), "{behind}");
    let other = head(&cdn, 1 - home, &path(0), "0.0").await?;
    ensure!(other.contains(" 421"), "it is not the home: {other}");
    // No stranger is told anything.
    let path = format!("/demanded/v1/{GROUP}{}", path(0));
    ensure!(cdn.status(home, &path).await == 404, "{path} is no path for viewers");
    Ok(())
}

/// What stands at the origin under the same paths from now on is what has other numbers.
fn replace(cdn: &SmallCdn, numbers: std::ops::Range<usize>) -> Result<()> {
    for number in numbers {
        fs::write(cdn.origin_file(&path(number)), content(number + 100))?;
    }
    Ok(())
}

async fn is_purged(cdn: &SmallCdn, at: usize) -> bool {
    let purges = cdn.fleet_json("content purges").await;
    purges.is_ok_and(|purges| purges["items"][0]["boxes"][at]["state"] == "done")
}

#[tokio::test]
async fn what_was_purged_comes_back_from_no_sibling_that_has_missed_it() -> Result<()> {
    let mut cdn = start().await?;
    put(&cdn, 0..8)?;
    for number in 0..8 {
        plays(&cdn, 0, number).await?;
        plays(&cdn, 1, number).await?;
    }
    // The sibling serves what it has, and hears nothing from the fleet any more.
    cdn.boxes[1].take().context("it runs")?.kill().await?;
    let connected = cdn.cut_off(1)?;
    cdn.start_box(1).await?;
    plays(&cdn, 1, 0).await?;
    replace(&cdn, 0..8)?;
    cdn.fleet_ok(&format!("content purge {GROUP} --prefix /unordered/")).await?;
    cdn.until("it is purged", async |cdn| is_purged(cdn, 0).await).await?;
    let is_new = async |cdn: &SmallCdn, at, number| -> Result<()> {
        let answer = cdn.ask(at, &path(number)).await.context("no answer")?;
        ensure!(answer.status == 200, "{} for {}", answer.status, path(number));
        ensure!(answer.body == content(number + 100), "{} is of before the purge", path(number));
        Ok(())
    };
    for number in 0..8 {
        is_new(&cdn, 0, number).await?;
    }
    ensure!(plays(&cdn, 1, 0).await.is_ok(), "the sibling has not heard of it");

    cdn.boxes[1].take().context("it runs")?.kill().await?;
    fs::write(cdn.config(1), connected)?;
    cdn.start_box(1).await?;
    for number in 0..8 {
        is_new(&cdn, 1, number).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_site_whose_other_box_is_gone_asks_the_origin() -> Result<()> {
    let mut cdn = start().await?;
    put(&cdn, 0..8)?;
    cdn.boxes[1].take().context("it runs")?.kill().await?;
    for number in 0..8 {
        plays(&cdn, 0, number).await?;
    }
    // It comes back, and takes what is here from here.
    cdn.start_box(1).await?;
    let before = cdn.origin_requests()?;
    let mut from_sibling = 0;
    for number in 0..8 {
        plays(&cdn, 1, number).await?;
    }
    for asked in cdn.asked_of_origin()?.iter().skip(before) {
        ensure!(asked.device == BOXES[1], "{asked:?}");
        from_sibling += 1;
    }
    ensure!(from_sibling < 8 * 3, "the keys of which the first box is the home are here");
    Ok(())
}

/// Plays the segment of a title at both boxes, at this one first; gives how often its origin was
/// asked for it, all in all.
async fn both_play(cdn: &SmallCdn, title: &str, first: usize) -> Result<usize> {
    let path = format!("/{title}/seg-1.m4s");
    for at in [first, 1 - first] {
        let answer = cdn.ask(at, &path).await.context("no answer")?;
        ensure!(answer.status == 200, "{} from {} for {path}", answer.status, BOXES[at]);
        ensure!(answer.body == small_cdn::content(1), "wrong bytes from {}", BOXES[at]);
    }
    Ok(asked(cdn, &path)?.len())
}

#[tokio::test]
async fn what_is_to_come_at_night_is_brought_to_who_asks_by_day() -> Result<()> {
    let mut cdn = start().await?;
    for at in 0..BOXES.len() {
        cdn.boxes[at].take().context("it runs")?.kill().await?;
        cdn.fill_at_another_hour(at, "{ capped: { cap_bits_per_s: 400Mb/s } }")?;
        cdn.start_box(at).await?;
    }
    // What came before it was ordered is not given as what was ordered.
    let early = "/late/seg-1.m4s";
    put_file(&cdn, early, b"another film")?;
    let answer = cdn.ask(0, early).await.context("no answer")?;
    ensure!(answer.body == b"another film", "it is nobody's yet");
    let titles = ["late", "later"];
    for title in titles {
        cdn.add_title(title, &small_cdn::content(1)).await?;
    }
    let segments = 2.0 * small_cdn::content(1).len() as f64;
    let lack = async |cdn: &SmallCdn, bytes: f64| {
        let missing = async |at| cdn.metric(at, "headend_missing_bytes").await.unwrap_or(0.0);
        missing(0).await >= bytes && missing(1).await >= bytes
    };
    cdn.until("both are told to hold them", async |cdn| lack(cdn, segments).await).await?;
    for (first, (title, asked)) in titles.into_iter().zip([2, 1]).enumerate() {
        // It is shorter than a slice. One of the two boxes goes first, whichever is asked first.
        ensure!(both_play(&cdn, title, first).await? == asked, "once for the site");
        ensure!(both_play(&cdn, title, first).await? == asked, "it is held");
    }
    ensure!(lack(&cdn, 1.0).await, "the rest waits for the night");

    cdn.fleet_ok(&format!("content purge {GROUP} --title late --wait")).await?;
    ensure!(both_play(&cdn, "late", 1).await? == 3, "it was purged, and comes once more");
    Ok(())
}
