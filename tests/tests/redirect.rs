//! A viewer who is sent to the box of the site that holds what he asks for, with real boxes and
//! a real fleet.

use anyhow::{Context, Result, ensure};
use std::fs;
use tests::small_cdn::{BOXES, GROUP, Plan, SmallCdn, content, path};

/// The head of an answer, in lower case, status line first.
async fn head(cdn: &SmallCdn, at: usize, path: &str) -> Result<String> {
    let answer = cdn.ask_with(at, path, &["--head"]).await.context("no answer")?;
    Ok(String::from_utf8(answer.body)?.to_ascii_lowercase())
}

/// As a player does, who goes where he is sent.
async fn plays(cdn: &SmallCdn, at: usize) -> Result<()> {
    for number in 1..=6 {
        let answer = cdn.ask_with(at, &path(number), &["--location"]).await.context("no answer")?;
        ensure!(answer.status == 200, "{} for segment {number}", answer.status);
        ensure!(answer.body == content(number), "wrong bytes of segment {number}");
    }
    Ok(())
}

/// The first box has lost its disk, and may not fill at this hour.
async fn lose_disk(cdn: &mut SmallCdn) -> Result<()> {
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    let disk = cdn.state_folder(0).with_file_name("disk");
    fs::remove_dir_all(&disk)?;
    fs::create_dir(&disk)?;
    cdn.fill_at_another_hour(0, "never")
}

/// Players are offered HTTP/2 first.
fn offer_http2(cdn: &SmallCdn, at: usize) -> Result<()> {
    let (from, to) = ("protocols: [http/1.1]", "protocols: [h2, http/1.1]");
    let text = fs::read_to_string(cdn.config(at))?;
    ensure!(text.contains(from), "the fleet offers something else");
    Ok(fs::write(cdn.config(at), text.replace(from, to))?)
}

#[tokio::test]
async fn what_has_not_come_here_is_served_by_the_sibling_that_has_it() -> Result<()> {
    let origin = vec!["--on-miss=redirect".to_owned()];
    let mut cdn = SmallCdn::start_with(Plan { origin, ..Plan::default() }).await?;
    plays(&cdn, 0).await?;
    let said = head(&cdn, 0, "/clip/none.m4s").await?;
    ensure!(said.contains(" 404") && said.contains("detail=no-sibling"), "{said}");

    lose_disk(&mut cdn).await?;
    cdn.start_box(0).await?;
    let said = head(&cdn, 0, &format!("{}?token=a%2Fb", path(2))).await?;
    ensure!(said.contains(" 307") && said.contains("detail=redirected"), "{said}");
    ensure!(said.contains(&format!("location: https://{}.localhost:", BOXES[1])), "{said}");
    ensure!(said.contains("?token=a%2fb&headend-redirected"), "{said}");
    ensure!(said.contains("cache-control: no-store"), "{said}");
    ensure!(said.contains("access-control-allow-origin: *"), "{said}");
    plays(&cdn, 0).await?;
    let counted = cdn.metric(0, "headend_redirects_total").await?;
    ensure!((counted - 7.0).abs() < 0.1, "{counted} redirects: a head and six segments");

    // One hop: whoever was sent here already is sent no further.
    let said = head(&cdn, 0, &format!("{}?headend-redirected", path(2))).await?;
    ensure!(said.contains(" 404") && said.contains("detail=wanted"), "{said}");

    // The sibling is gone: nobody is sent there for longer than what it said holds.
    cdn.boxes[1].take().context("it runs")?.kill().await?;
    let is_alone = async |cdn: &SmallCdn| {
        head(cdn, 0, &path(2)).await.is_ok_and(|said| said.contains("detail=no-sibling"))
    };
    cdn.until("nobody is sent to a box that is gone", is_alone).await
}

/// Over HTTP/2, which the portable engine speaks.
#[tokio::test]
async fn nobody_is_sent_to_a_sibling_that_has_missed_a_purge() -> Result<()> {
    let origin = vec!["--on-miss=redirect".to_owned()];
    let mut cdn = SmallCdn::start_with(Plan { origin, ..Plan::default() }).await?;
    plays(&cdn, 1).await?;
    lose_disk(&mut cdn).await?;
    offer_http2(&cdn, 0)?;
    cdn.start_box(0).await?;
    // The sibling serves what it has, and hears nothing from the fleet any more.
    cdn.boxes[1].take().context("it runs")?.kill().await?;
    let connected = cdn.cut_off(1)?;
    cdn.start_box(1).await?;
    plays(&cdn, 1).await?;

    let sends = async |cdn: &SmallCdn, number| {
        head(cdn, 0, &path(number)).await.is_ok_and(|said| said.starts_with("http/2 307"))
    };
    cdn.until("viewers are sent to the sibling", async |cdn| sends(cdn, 2).await).await?;
    plays(&cdn, 0).await?;
    cdn.fleet_ok(&format!("content purge {GROUP} --object {}", path(2))).await?;
    let stays = async |cdn: &SmallCdn| {
        head(cdn, 0, &path(2)).await.is_ok_and(|said| said.contains("detail=no-sibling"))
    };
    cdn.until("nobody is sent to what was purged", stays).await?;
    let purged = cdn.ask_with(0, &path(2), &["--location"]).await.context("no answer")?;
    ensure!(purged.status == 404, "{} for what was purged", purged.status);
    ensure!(cdn.status(1, &path(2)).await == 200, "it has not heard of it");

    // It hears of the purge as it comes back, and what was not purged is still there.
    cdn.boxes[1].take().context("it runs")?.kill().await?;
    fs::write(cdn.config(1), connected)?;
    cdn.start_box(1).await?;
    cdn.until("viewers are sent to the sibling again", async |cdn| sends(cdn, 3).await).await?;
    let answer = cdn.ask_with(0, &path(3), &["--location"]).await.context("no answer")?;
    ensure!(answer.status == 200 && answer.body == content(3), "{} for segment 3", answer.status);
    Ok(())
}
