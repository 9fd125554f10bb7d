//! A segment that rots on a disk is refused, fetched again, and told of.

use super::Verdict;
use crate::demo::plan::{Box, GROUPS};
use crate::demo::world::World;
use crate::process::output;
use anyhow::{Context, Result, bail, ensure};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// Which box it happens to.
const VICTIM: usize = 3;

pub(super) async fn run(world: &mut World, verdict: &mut Verdict) {
    let outcome = match restart(world).await {
        Ok(()) => rot(world).await,
        Err(err) => Err(err),
    };
    verdict.add("corruption", outcome);
}

/// A sibling may have drawn the segment through this box's RAM, where it is still whole:
/// a box that has just started has only its disk.
async fn restart(world: &mut World) -> Result<()> {
    let status = world.boxes[VICTIM].take().context("it runs")?.stop().await?;
    ensure!(status.success(), "the appliance ended with {status}");
    world.boxes[VICTIM] = Some(world.start_box(VICTIM).await?);
    Ok(())
}

async fn rot(world: &World) -> Result<String> {
    let each = &world.plan.boxes[VICTIM];
    let group = &GROUPS[0];
    let segment = a_segment(world)?;
    let path = format!("/{}/{segment}", group.title);
    let expected =
        std::fs::read(world.plan.folder.join("origin").join(group.name).join(&path[1..]))?;
    let file = file_of(&each.disk(), &path)?;
    flip_last_byte(&file, expected.len() as u64)?;

    let (status, _) = get(world, each, &path).await?;
    ensure!(status == 404, "the broken segment was answered with {status}, not refused");
    let begun = Instant::now();
    loop {
        let (status, body) = get(world, each, &path).await?;
        if status == 200 {
            ensure!(body == expected, "the refetched segment differs from the origin's");
            break;
        }
        ensure!(begun.elapsed() < Duration::from_secs(20), "it was not fetched again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let event = wait_for_event(world, &path).await?;
    Ok(format!("{path} on {}: refused with 404, fetched again, event {event}", each.name))
}

/// Some video segment that no viewer has asked for, so that it is not in RAM.
fn a_segment(world: &World) -> Result<String> {
    let group = &GROUPS[0];
    let folder = crate::demo::origin::title_folder(&world.plan, group.name, group.title);
    let mut names: Vec<String> = std::fs::read_dir(folder)?
        .filter_map(|file| file.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".m4s"))
        .collect();
    names.sort();
    names.pop().context("the title has no segments")
}

/// The file that holds an object: its header names the path.
fn file_of(disk: &Path, path: &str) -> Result<PathBuf> {
    let wanted = format!("\"path\":\"{path}\"");
    for folder in std::fs::read_dir(disk.join("objects"))? {
        for file in std::fs::read_dir(folder?.path())? {
            let file = file?.path();
            let mut header = Vec::new();
            File::open(&file)?.take(4096).read_to_end(&mut header)?;
            if String::from_utf8_lossy(&header).contains(&wanted) {
                return Ok(file);
            }
        }
    }
    bail!("no file on {} holds {path}", disk.display())
}

/// The last of the content: zeros follow it, up to a whole page.
fn flip_last_byte(file: &Path, size_bytes: u64) -> Result<()> {
    let file = File::options().read(true).write(true).open(file)?;
    let at = cache::layout::content_offset(size_bytes) + size_bytes - 1;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    file.write_all_at(&[byte[0] ^ 1], at)?;
    Ok(file.sync_all()?)
}

async fn get(world: &World, each: &Box, path: &str) -> Result<(u16, Vec<u8>)> {
    let body = world.plan.folder.join("curl.body");
    let url = format!("https://{}:{}{path}", each.host(&GROUPS[0]), each.player_port);
    let ca = world.ca_file();
    let args = ["-sS", "-m", "20", "-w", "%{http_code}", "--cacert"].map(std::ffi::OsStr::new);
    let rest = [ca.as_os_str(), "-o".as_ref(), body.as_os_str(), url.as_ref()];
    let status = output("curl", args.into_iter().chain(rest)).await?;
    Ok((status.trim().parse()?, std::fs::read(&body)?))
}

async fn wait_for_event(world: &World, path: &str) -> Result<String> {
    let begun = Instant::now();
    loop {
        let text = world.operator.fleet(["status"]).await?;
        let line = text.lines().find(|line| line.contains("block_corrupt") && line.contains(path));
        if line.is_some() {
            return Ok("block_corrupt in `fleet status`".to_owned());
        }
        ensure!(begun.elapsed() < Duration::from_secs(20), "no event in `fleet status`:\n{text}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
