//! Pacing as a player sees it: what it says, what it gets, on the engine that paces.

use anyhow::{Context, Result, ensure};
use contract::config::{EngineChoice, Pacing};
use contract::quantity::BitRate;
use std::time::Instant;
use tests::http_harness::client::{Client, Connection, field};
use tests::http_harness::shelf::OBJECTS;
use tests::http_harness::world::{IDENTITY, SITE, World, wait_for};
use tokio::io::AsyncReadExt;

const RAM: u64 = 16 << 20;

/// The content of `/v/seg.m4s`.
const SEGMENT_BYTES: usize = 1_234_567;

/// Not counted: the first ten segments are not paced, and what the sockets hold is measured
/// from its end.
const RUN_UP_BYTES: usize = 200_000;

/// What Ethernet carries.
const ETHERNET_SEGMENT_BYTES: u32 = 1448;

const TOLERANCE: f64 = 0.15;

fn start(differ: impl FnOnce(&mut Pacing)) -> Result<World> {
    World::start_as(EngineChoice::Uring, RAM, |config| differ(&mut config.pacing))
}

async fn connect(world: &World) -> Result<Connection> {
    let client = world.client()?.with_segments_of(ETHERNET_SEGMENT_BYTES);
    client.connect(world.players[0]).await
}

/// Takes the segment `times` times, saying `cmcd`; gives the rate in Mb/s, without the
/// run-up of the first.
async fn take(connection: &mut Connection, cmcd: &str, times: usize) -> Result<f64> {
    take_from(connection, &format!("/v/seg.m4s{cmcd}"), times).await
}

async fn take_from(connection: &mut Connection, path: &str, times: usize) -> Result<f64> {
    let mut buffer = vec![0; 1 << 16];
    let (mut taken, mut begun) = (0, None);
    for _ in 0..times {
        connection.get(path, "").await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.stream.read_u8().await?);
        }
        let head = String::from_utf8(head)?;
        ensure!(field(&head, "Content-Length") == Some("1234567"), "{head}");
        let mut left = SEGMENT_BYTES;
        while left > 0 {
            let most = left.min(buffer.len());
            let count = connection.stream.read(&mut buffer[..most]).await?;
            ensure!(count > 0, "cut off");
            left -= count;
            taken += count;
            if begun.is_none() && taken >= RUN_UP_BYTES {
                begun = Some((Instant::now(), taken));
            }
        }
    }
    let (begun, before) = begun.context("no run-up")?;
    let bits = u32::try_from((taken - before) * 8)?;
    Ok(f64::from(bits) / begun.elapsed().as_secs_f64() / 1e6)
}

fn ensure_about(rate: f64, wanted: f64) -> Result<()> {
    let is_about = (rate / wanted - 1.0).abs() <= TOLERANCE;
    ensure!(is_about, "{rate:.2} Mb/s instead of {wanted} Mb/s");
    Ok(())
}

#[tokio::test]
async fn a_player_gets_the_rate_that_it_requests() -> Result<()> {
    let world = start(|_| {})?;
    let mut connection = connect(&world).await?;
    ensure_about(take(&mut connection, "?CMCD=rtp%3D8000", 2).await?, 8.0)?;
    let pacing = world.counters.total().pacing;
    ensure!((pacing.connections.get(), pacing.changes.get()) == (1, 1));
    drop(connection);
    world.quiet().await?;
    let pacing = world.counters.total().pacing;
    ensure!(pacing.connections.get() == 0 && pacing.box_bound.get() == 0);
    Ok(())
}

#[tokio::test]
async fn who_says_nothing_is_not_paced() -> Result<()> {
    let world = start(|_| {})?;
    let mut connection = connect(&world).await?;
    let rate = take(&mut connection, "", 3).await?;
    ensure!(rate > 100.0, "{rate:.1} Mb/s");
    ensure!(world.counters.total().pacing.changes.get() == 0);
    let off = start(|pacing| pacing.enabled = false)?;
    let rate = take(&mut connect(&off).await?, "?CMCD=rtp%3D2000", 3).await?;
    ensure!(rate > 100.0, "{rate:.1} Mb/s");
    ensure!(off.counters.total().pacing.changes.get() == 0);
    Ok(())
}

#[tokio::test]
async fn what_the_catalogue_knows_paces_who_says_nothing() -> Result<()> {
    let world = start(|_| {})?;
    world.shelf.say_bitrate(&OBJECTS, "/v/seg.m4s", BitRate(4_000_000))?;
    let mut connection = connect(&world).await?;
    ensure_about(take(&mut connection, "", 3).await?, 16.0)?;
    // Nobody is sent to more slowly than it plays.
    ensure_about(take(&mut connection, "?CMCD=rtp%3D2000", 1).await?, 4.4)?;
    ensure!(world.counters.total().pacing.changes.get() == 2);
    Ok(())
}

#[tokio::test]
async fn absurd_requests_are_clamped() -> Result<()> {
    let world = start(|pacing| {
        pacing.client_min_rate_bits_per_s = BitRate(6_000_000);
        pacing.client_max_rate_bits_per_s = Some(BitRate(40_000_000));
        pacing.box_max_rate_bits_per_s = Some(BitRate(20_000_000));
    })?;
    let (mut least, mut most) = (connect(&world).await?, connect(&world).await?);
    let (least, most) = tokio::try_join!(
        take(&mut least, "?CMCD=rtp%3D1", 1),
        take(&mut most, "?CMCD=rtp%3D99999999", 3),
    )?;
    ensure_about(least, 6.0)?;
    ensure_about(most, 20.0)?;
    ensure!(world.counters.total().pacing.box_bound.get() == 3);
    Ok(())
}

#[tokio::test]
async fn the_pace_follows_the_player() -> Result<()> {
    let world = start(|_| {})?;
    let mut connection = connect(&world).await?;
    let steps = [
        ("?CMCD=rtp%3D16000", 1, Some(16.0), 1),
        // Less than a tenth more: the same to the kernel.
        ("?CMCD=rtp%3D16800", 1, Some(16.0), 1),
        // Four times the best at the start, one and a half times with a full buffer.
        ("?CMCD=bl%3D0%2Cbr%3D5000%2Csu%2Ctb%3D10000", 2, Some(40.0), 2),
        ("?CMCD=bl%3D40000%2Cbr%3D5000%2Ctb%3D10000", 1, Some(15.0), 3),
        ("", 3, None, 4),
        ("?CMCD=rtp%3D30000", 2, Some(30.0), 5),
    ];
    for (cmcd, times, wanted, changes) in steps {
        let rate = take(&mut connection, cmcd, times).await?;
        match wanted {
            Some(wanted) => ensure_about(rate, wanted).context(cmcd)?,
            None => ensure!(rate > 100.0, "{rate:.1} Mb/s"),
        }
        ensure!(world.counters.total().pacing.changes.get() == changes, "{cmcd}");
        // Too short to be worth a word to the kernel, whatever it says or does not.
        connection.get("/v/init.mp4", "").await?;
        ensure!(connection.reply().await?.status == 200);
        ensure!(world.counters.total().pacing.changes.get() == changes, "{cmcd}");
    }
    Ok(())
}

#[tokio::test]
async fn siblings_are_paced_only_where_they_have_a_cap() -> Result<()> {
    for cap in [None, Some(BitRate(16_000_000))] {
        let world = start(|pacing| {
            pacing.client_max_rate_bits_per_s = Some(BitRate(8_000_000));
            pacing.peer_max_rate_bits_per_s = cap;
        })?;
        let issued = world.ca.issue(&["oca2.site-a.box.internal", SITE])?;
        let sibling = Client::new(&world.ca, Some(&issued))?;
        let sibling = sibling.with_segments_of(ETHERNET_SEGMENT_BYTES);
        let mut connection = sibling.connect_as(world.peers, IDENTITY).await?;
        let rate = take_from(&mut connection, "/peer/v1/open/v/seg.m4s?CMCD=rtp%3D2000", 2).await;
        // To a sibling, what stands behind `?` is part of the name.
        ensure!(rate.is_err());
        let mut connection = sibling.connect_as(world.peers, IDENTITY).await?;
        let rate = take_from(&mut connection, "/peer/v1/open/v/seg.m4s", 2).await?;
        match cap {
            Some(_) => ensure_about(rate, 16.0)?,
            None => ensure!(rate > 100.0, "{rate:.1} Mb/s"),
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_paced_connection_that_goes_away_leaves_nothing() -> Result<()> {
    let world = start(|_| {})?;
    let mut connection = connect(&world).await?;
    connection.get("/v/seg.m4s?CMCD=rtp%3D1000", "").await?;
    let paced = || world.counters.total().pacing.connections.get();
    wait_for("it has no pace", || paced() == 1).await?;
    // In the middle of its answer.
    connection.stream.read_exact(&mut [0; 16 << 10]).await?;
    drop(connection);
    world.quiet().await?;
    ensure!(paced() == 0);
    Ok(())
}
