//! Disks that fail under a running box. What cannot be read is a miss with its reason, never
//! a wrong byte and never a 5xx; what is in RAM or elsewhere is played on; and a disk that
//! was mended is used again.

use anyhow::{Context, Result, ensure};
use cache::CacheEvent;
use contract::config::{EngineChoice, Limits};
use tests::fuse_disk::FuseDisk;
use tests::http_harness::client::{Connection, field};
use tests::http_harness::shelf::{Offer, content};
use tests::http_harness::world::{World, wait_for};

tests::on_each_engine! {
    a_disk_that_answers_eio_until_it_is_mended
    a_disk_that_lost_half_of_everything
}

const FUSE_DISK: &str = env!("CARGO_BIN_EXE_fuse_disk");
const RAM: u64 = 16 << 20;

/// Three blocks, the last of them short.
const LENGTH: usize = 600_000;

/// Of one size, so that they take turns on the disks: even ones stand on the first.
const TITLE: [Offer; 6] = [
    ("open", "/t/0.m4s", LENGTH),
    ("open", "/t/1.m4s", LENGTH),
    ("open", "/t/2.m4s", LENGTH),
    ("open", "/t/3.m4s", LENGTH),
    ("open", "/t/4.m4s", LENGTH),
    ("open", "/t/5.m4s", LENGTH),
];

/// Has been played when the disk fails, and stands in RAM.
const IN_RAM: usize = 0;
/// Of this only the first block stands there.
const BEGUN: usize = 2;
/// Of this nothing.
const UNSEEN: usize = 4;

async fn play(player: &mut Connection, at: usize) -> Result<()> {
    let (group, path, length) = TITLE[at];
    player.get(path, "").await?;
    let reply = player.reply().await.with_context(|| path)?;
    ensure!(reply.status == 200 && reply.body == content(group, path, length), "{}", reply.head);
    Ok(())
}

async fn misses(player: &mut Connection, at: usize, detail: &str) -> Result<()> {
    player.get(TITLE[at].1, "").await?;
    let reply = player.reply().await?;
    let status = field(&reply.head, "Cache-Status").unwrap_or_default();
    let is_told = status.contains(&format!("detail={detail}"));
    ensure!(reply.status == 404 && is_told, "not {detail}: {}", reply.head);
    Ok(())
}

/// The first block came, so the answer has begun: it ends before the first byte that could
/// not be read.
async fn is_cut_off(player: &mut Connection, at: usize) -> Result<()> {
    player.get(TITLE[at].1, "").await?;
    ensure!(player.reply().await.is_err(), "bytes that nobody could read");
    Ok(())
}

async fn a_disk_that_answers_eio_until_it_is_mended(engine: EngineChoice) -> Result<()> {
    let Some(disk) = FuseDisk::mount(FUSE_DISK)? else { return Ok(()) };
    let sound = tempfile::tempdir()?;
    let disks = vec![disk.folder().to_path_buf(), sound.path().to_path_buf()];
    let mut world = World::on_disks(disks, &TITLE, engine, RAM)?;
    let before = OnDisk::of(&world, 0);
    let mut player = world.client()?.connect(world.players[0]).await?;
    play(&mut player, IN_RAM).await?;
    player.get(TITLE[BEGUN].1, "Range: bytes=0-0\r\n").await?;
    ensure!(player.reply().await?.status == 206);
    let is_direct = engine != EngineChoice::Uring || disk.look()?.direct_reads > 0;
    ensure!(is_direct, "the ring read through the page cache");
    let open = |files| disk.look().is_ok_and(|seen| seen.open_files == files);
    // The lock of the folder. A ring may close a file after the block has come.
    wait_for("files stay open", || open(1)).await?;

    disk.fail()?;
    the_disk_fails(&world, &mut player).await?;
    ensure!(disk.look()?.failed_reads > 0, "nobody asked the disk");
    let lost = lost(&world);
    ensure!(lost == [TITLE[UNSEEN].1, TITLE[BEGUN].1], "{lost:?}");
    let disks = world.shelf.cache.disks();
    let [failing, sound] = &disks[..] else { anyhow::bail!("two disks") };
    ensure!(failing.io_errors() >= 2 && sound.io_errors() == 0);
    drop(disks);
    // What cannot be read has to come again, into the files that are there.
    ensure!(OnDisk::of(&world, 0) == before, "{:?}, not {before:?}", OnDisk::of(&world, 0));

    disk.mend()?;
    misses(&mut player, UNSEEN, "wanted").await?;
    world.shelf.refill(&TITLE)?;
    for at in 0..TITLE.len() {
        play(&mut player, at).await?;
    }
    ensure!(OnDisk::of(&world, 0) == before, "{:?}, not {before:?}", OnDisk::of(&world, 0));
    ensure!(self::lost(&world).len() == 2 && world.counters.total().answers_cut.get() == 1);

    drop(player);
    world.quiet().await?;
    wait_for("files stay open", || open(1)).await?;
    world.begin_drain();
    world.ended().await?;
    drop(world);
    wait_for("the folder stays locked", || open(0)).await?;
    disk.unmount()
}

/// While the disk fails: everything that it alone had is a miss, and nothing else is.
async fn the_disk_fails(world: &World, player: &mut Connection) -> Result<()> {
    let mut others = world.client()?.connect(world.players[0]).await?;
    let mut unlucky = world.client()?.connect(world.players[0]).await?;
    let plays_on = async {
        for at in [1, 3, 5, IN_RAM].into_iter().cycle().take(40) {
            play(&mut others, at).await?;
        }
        anyhow::Ok(())
    };
    let is_refused = async {
        misses(player, UNSEEN, "unreadable").await?;
        misses(player, UNSEEN, "wanted").await?;
        is_cut_off(&mut unlucky, BEGUN).await?;
        misses(player, BEGUN, "wanted").await?;
        play(player, IN_RAM).await
    };
    tokio::try_join!(plays_on, is_refused)?;
    let total = world.counters.total();
    ensure!(total.answers(5) == 0, "a 5xx");
    Ok(())
}

/// What a disk is said to hold.
#[derive(Debug, PartialEq, Eq)]
struct OnDisk {
    objects: u64,
    used_bytes: u64,
    files: usize,
}

impl OnDisk {
    fn of(world: &World, at: usize) -> Self {
        let disk = &world.shelf.cache.disks()[at];
        let folders = std::fs::read_dir(disk.folder().join("objects")).into_iter().flatten();
        let files = |folder: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_dir(folder.ok()?.path()).ok().map(Iterator::count)
        };
        Self {
            objects: disk.objects(),
            used_bytes: disk.used_bytes(),
            files: folders.filter_map(files).sum(),
        }
    }
}

/// The paths of objects that the cache said it lost to EIO, in order.
fn lost(world: &World) -> Vec<String> {
    let path = |event| match event {
        CacheEvent::DiskError { object, reason, .. } if reason.contains("os error 5") => {
            Some(object.path.to_string())
        }
        _ => None,
    };
    world.shelf.events.all().into_iter().filter_map(path).collect()
}

async fn a_disk_that_lost_half_of_everything(engine: EngineChoice) -> Result<()> {
    let world = World::start(engine, Limits::default(), RAM)?;
    let mut player = world.client()?.connect(world.players[0]).await?;
    let block = content("open", "/v/block.m4s", 262_144);
    player.get("/v/block.m4s", "").await?;
    ensure!(player.reply().await?.body == block);
    player.get("/v/seg.m4s", "Range: bytes=0-0\r\n").await?;
    ensure!(player.reply().await?.status == 206);
    world.shelf.cut_disk()?;
    let mut other = world.client()?.connect(world.players[0]).await?;
    other.get("/v/init.mp4", "").await?;
    let reply = other.reply().await?;
    let reason = field(&reply.head, "Cache-Status").unwrap_or_default();
    ensure!(reply.status == 404 && reason.contains("detail=unreadable"), "{}", reply.head);
    // The first block is in RAM, the last is not.
    other.get("/v/seg.m4s", "").await?;
    ensure!(other.reply().await.is_err(), "bytes that nobody could read");
    for _ in 0..20 {
        player.get("/v/block.m4s", "").await?;
        ensure!(player.reply().await?.body == block, "what is in RAM is played on");
    }
    ensure!(world.counters.total().answers_cut.get() == 1);
    drop((player, other));
    world.quiet().await
}
