//! A box whose clock is wrong by decades, or that of its fleet, serves on, loses nothing, says what is
//! wrong, and goes on when the clock is right again.

use anyhow::{Context, Result, ensure};
use std::path::PathBuf;
use tests::small_cdn::{BOXES, Plan, SmallCdn, content, path};

/// What has a process ask a file what the time is.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// How far a clock is off, as the library takes it.
const RIGHT: &str = "+0";
const IN_1970: &str = "@1970-01-01 00:01:00";
const IN_2040: &str = "+5000d";

/// Of what a box says then.
const DOUBT: &str = "by the clock here it is";

/// Whose clock it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Box,
    Fleet,
}

struct Place {
    cdn: SmallCdn,
    whose: Whose,
    clock: PathBuf,
}

impl Place {
    async fn new(whose: Whose) -> Result<Self> {
        let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
        let clock = cdn.fleet_folder().with_file_name("clock");
        let mut place = Self { cdn, whose, clock };
        place.set(RIGHT)?;
        place.restart().await?;
        Ok(place)
    }

    fn set(&self, clock: &str) -> Result<()> {
        let file = self.clock.with_extension("new");
        std::fs::write(&file, clock)?;
        Ok(std::fs::rename(file, &self.clock)?)
    }

    /// Kills the one with the clock, and starts it again.
    async fn restart(&mut self) -> Result<()> {
        let running = match self.whose {
            Whose::Box => &mut self.cdn.boxes[0],
            Whose::Fleet => &mut self.cdn.fleet,
        };
        running.take().context("it runs")?.kill().await?;
        let environment = [
            format!("LD_PRELOAD={LIBRARY}"),
            format!("FAKETIME_TIMESTAMP_FILE={}", self.clock.display()),
            "FAKETIME_NO_CACHE=1".to_owned(),
            "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
            "FAKETIME_DONT_RESET=1".to_owned(),
        ];
        match self.whose {
            Whose::Box => self.cdn.start_box_with(0, &environment).await,
            Whose::Fleet => self.cdn.start_fleet_with(&environment).await,
        }
    }

    async fn has_happened(&self, kind: &str, why: &str) -> Result<bool> {
        let happened = self.cdn.operator.happened(BOXES[0]).await?;
        Ok(happened.iter().any(|it| it.kind == kind && it.detail.contains(why)))
    }

    /// All that was there is, and what is new comes.
    async fn goes_on(&mut self) -> Result<()> {
        self.until_state("live").await?;
        self.serves().await?;
        self.cdn.add_title("second", &content(2)).await?;
        let url = "/second/seg-1.m4s";
        self.cdn.until("it holds it", async |cdn| cdn.status(0, url).await == 200).await?;
        self.serves().await
    }

    async fn serves(&self) -> Result<()> {
        let answer = self.cdn.ask(0, &path(1)).await.context("no answer")?;
        ensure!(answer.status == 200 && answer.body == content(1), "{}", answer.status);
        Ok(())
    }

    async fn state(&self) -> Result<String> {
        let list = self.cdn.fleet_json("appliance list").await?;
        Ok(list["items"][0]["state"].as_str().context("a state")?.to_owned())
    }

    async fn until_state(&self, wanted: &str) -> Result<()> {
        let is_so = async |_: &SmallCdn| self.state().await.is_ok_and(|state| state == wanted);
        self.cdn.until(wanted, is_so).await
    }
}

/// A box whose clock is wrong, at first while it runs and then from its start on.
async fn a_box_survives(wrong: &str) -> Result<()> {
    let mut place = Place::new(Whose::Box).await?;
    place.until_state("live").await?;
    place.set(wrong)?;
    place.serves().await?;
    place.restart().await?;
    place.serves().await?;
    place.until_state("silent").await?;
    place.serves().await?;
    place.set(RIGHT)?;
    place.goes_on().await?;
    ensure!(place.has_happened("fleet_unreachable", DOUBT).await?);
    Ok(())
}

#[tokio::test]
async fn a_box_in_1970_serves_on() -> Result<()> {
    a_box_survives(IN_1970).await
}

#[tokio::test]
async fn a_box_in_2040_serves_on() -> Result<()> {
    a_box_survives(IN_2040).await
}

/// A fleet whose clock is wrong while boxes talk to it.
async fn boxes_survive_a_fleet(wrong: &str) -> Result<()> {
    let mut place = Place::new(Whose::Fleet).await?;
    place.until_state("live").await?;
    place.set(wrong)?;
    place.cdn.add_title("meanwhile", &content(3)).await?;
    if wrong == IN_2040 {
        // It shows certificates of that time from then on.
        let log = place.clock.with_file_name(format!("{}.log", BOXES[0]));
        let says = || std::fs::read_to_string(&log).is_ok_and(|text| text.contains(DOUBT));
        place.cdn.until("the box says why", async |_| says()).await?;
    }
    place.serves().await?;
    place.restart().await?;
    place.serves().await?;
    place.set(RIGHT)?;
    place.goes_on().await?;
    let url = "/meanwhile/seg-1.m4s";
    place.cdn.until("it holds both", async |cdn| cdn.status(0, url).await == 200).await
}

#[tokio::test]
async fn boxes_of_a_fleet_in_1970_serve_on() -> Result<()> {
    boxes_survive_a_fleet(IN_1970).await
}

#[tokio::test]
async fn boxes_of_a_fleet_in_2040_serve_on() -> Result<()> {
    boxes_survive_a_fleet(IN_2040).await
}
