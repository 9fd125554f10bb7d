//! A viewer who is sent to the box of the site that holds what he asks for, with real boxes and
//! a real fleet.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::time::SystemTime;
use tests::small_cdn::{BOXES, Plan, SmallCdn, content, path};

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

/// A window that opens twelve hours from now, and no emergencies: nothing is filled.
fn fill_at_another_hour(cdn: &SmallCdn, at: usize) -> Result<()> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let hour = (since / 3600 + 12) % 24;
    let fill = format!(
        "\nfill:\n  time_zone: UTC\n  windows: [{{ opens: \"{hour:02}:00\", closes: \"{hour:02}:30\" }}]\n  emergency_fill: never\n"
    );
    let text = fs::read_to_string(cdn.config(at))?;
    ensure!(!text.contains("\nfill:"), "the fleet says when to fill");
    Ok(fs::write(cdn.config(at), text + &fill)?)
}

#[tokio::test]
async fn what_has_not_come_here_is_served_by_the_sibling_that_has_it() -> Result<()> {
    let origin = vec!["--on-miss=redirect".to_owned()];
    let mut cdn = SmallCdn::start_with(Plan { origin, ..Plan::default() }).await?;
    plays(&cdn, 0).await?;
    let said = head(&cdn, 0, "/clip/none.m4s").await?;
    ensure!(said.contains(" 404") && said.contains("detail=no-sibling"), "{said}");

    // One box has lost its disk, and may not fill at this hour.
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    let disk = cdn.state_folder(0).with_file_name("disk");
    fs::remove_dir_all(&disk)?;
    fs::create_dir(&disk)?;
    fill_at_another_hour(&cdn, 0)?;
    cdn.start_box(0).await?;
    let said = head(&cdn, 0, &format!("{}?token=a%2Fb", path(2))).await?;
    ensure!(said.contains(" 307") && said.contains("detail=redirected"), "{said}");
    ensure!(said.contains(&format!("location: https://{}.localhost:", BOXES[1])), "{said}");
    ensure!(said.contains("?token=a%2fb&headend-redirected"), "{said}");
    ensure!(said.contains("cache-control: no-store"), "{said}");
    ensure!(said.contains("access-control-allow-origin: *"), "{said}");
    plays(&cdn, 0).await?;

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
