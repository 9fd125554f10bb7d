//! How many reports a fleet manager takes in a second that has a core to itself, each kept in the database and
//! answered, with an inventory of 20,000 appliances and 600,000 parts beside: 1 of 100 says that a part is not
//! as it was, and is compared with the inventory. SQLite runs on that core, PostgreSQL where it likes.

use super::{Bench, Found};
use crate::bench::contender::median;
use crate::bench::fleet::{DATABASES, Fleet, SITE, database};
use crate::bench::sheet::{Limit, Row};
use crate::bench::site::Site;
use crate::crowd::{AT_ONCE, Reporting};
use anyhow::Result;
use contract::parts::{Part, PartType};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::path::Path;
use std::time::{Duration, Instant};

/// Boxes that report.
const BOXES: u32 = 200;

/// Parts of each.
const PARTS: u32 = 30;

/// Of so many reports one says that something has changed.
const UNCHANGED: usize = 100;

/// How long it is counted.
const LASTING: Duration = Duration::from_secs(10);

/// Rounds; medians count.
const ROUNDS: usize = 3;

/// What is wanted.
const LIMIT_PER_S: f64 = 2000.0;

pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let mut rows = Vec::new();
    for name in DATABASES {
        let server = database(name).await;
        let site = Site::new(&bench.results)?;
        let url = server.as_ref().map(|server| server.address.as_str());
        let fleet = Fleet::start_on(&site, &bench.bin, url).await?;
        let mut boxes = reporting(&fleet, site.folder()).await?;
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            rates.push(rate(&mut boxes).await?);
        }
        // Only with SQLite all of it is on one core.
        let limit = server.is_none().then_some(Limit::AtLeast(1.0));
        let name = format!("{name}: reports taken");
        rows.push(Row::new(name, "/s", median(rates), ("limit", LIMIT_PER_S), limit));
    }
    Ok(Found { runs: ROUNDS, rows, notes: Vec::new() })
}

/// Boxes whose parts the inventory knows, and who have said what they are made of.
async fn reporting(fleet: &Fleet, folder: &Path) -> Result<Vec<Reporting>> {
    fleet.run(&["simulate", "seed"]).await?;
    let mut members = Vec::new();
    for machine in fleet.crowd.machines(SITE, BOXES).await? {
        members.push(fleet.crowd.join(machine).await?);
    }
    let mut text = String::new();
    for member in &members {
        for part in parts(member.device.as_str()) {
            let (of_type, serial, device) = (part.part_type, part.serial, &member.device);
            text += &format!(
                "- {{\"kind\": \"component\", \"type\": \"{of_type}\", \"serial\": \"{serial}\", \"device\": \"{device}\"}}\n"
            );
        }
    }
    let file = folder.join("parts.json");
    std::fs::write(&file, text)?;
    fleet.run(&["import", &file.display().to_string()]).await?;
    let mut boxes = Vec::new();
    for member in &members {
        let mut each = Reporting::open(member, parts(member.device.as_str())).await?;
        each.report().await?;
        each.report().await?;
        boxes.push(each);
    }
    Ok(boxes)
}

/// Half of them disks.
fn parts(device: &str) -> Vec<Part> {
    let part = |at: u32| {
        let of_type = if at.is_multiple_of(2) { PartType::Disk } else { PartType::Dimm };
        Part { part_id: Some("MODEL-1".to_owned()), ..Part::new(of_type, format!("{device}-{at}")) }
    };
    (0..PARTS).map(part).collect()
}

/// As many as are taken in a second, with so many boxes speaking at once.
async fn rate(boxes: &mut [Reporting]) -> Result<f64> {
    let begun = Instant::now();
    let share = boxes.len().div_ceil(AT_ONCE);
    let speaking = boxes.chunks_mut(share).map(async |some| {
        let mut count = 0;
        while begun.elapsed() < LASTING {
            for each in some.iter_mut() {
                count += 1;
                if count % UNCHANGED == 0 {
                    each.wears();
                }
                each.report().await?;
            }
        }
        anyhow::Ok(count)
    });
    let counts: Vec<usize> = stream::iter(speaking).buffer_unordered(AT_ONCE).try_collect().await?;
    #[expect(clippy::cast_precision_loss, reason = "some hundred thousand")]
    let count = counts.iter().sum::<usize>() as f64;
    Ok(count / begun.elapsed().as_secs_f64())
}
