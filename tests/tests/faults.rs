//! What a box meets on bad days: no descriptors left, clients that never finish, garbage.
//! Those who play notice nothing, and afterwards all is as before. Disks that fail are in
//! `disk_faults`.

use anyhow::{Context, Result, ensure};
use contract::config::{EngineChoice, Limits};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tests::effort;
use tests::http_harness::apart::Apart;
use tests::http_harness::client::Connection;
use tests::http_harness::shelf::content;
use tests::http_harness::world::{OPEN_HOST, ZERO_COPY, wait_for};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

tests::on_each_engine! {
    a_full_descriptor_table
    as_many_clients_as_may_be_in_bounded_memory
    two_thousand_clients_that_never_finish
    garbage_instead_of_a_client_hello
    a_second_handshake_is_not_had
}
tests::on_zero_copy! {}

const WORLD: &str = env!("CARGO_BIN_EXE_world");
const LENGTH: usize = 1_234_567;

/// A record of a ClientHello that goes on for 508 octets more.
const BEGUN: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

async fn play(player: &mut Connection, requests: usize) -> Result<()> {
    for at in 0..requests {
        let first = at * 7919 % LENGTH;
        player.get("/v/seg.m4s", &format!("Range: bytes={first}-{}\r\n", first + 999)).await?;
        let reply = player.reply().await.with_context(|| format!("request {at}"))?;
        ensure!(reply.status == 206, "request {at}: {}", reply.head);
    }
    Ok(())
}

async fn a_full_descriptor_table(engine: EngineChoice) -> Result<()> {
    // The ring's own table is bounded by the same limit.
    const LIMIT: usize = 400;
    let server = Apart::start(WORLD, engine, &["--nofile=400:400"]).await?;
    let before = server.descriptors()?;
    let mut player = server.client()?.connect(server.players()).await?;
    player.get("/v/seg.m4s", "").await?;
    ensure!(player.reply().await?.body == content("open", "/v/seg.m4s", LENGTH));

    let mut crowd = Vec::new();
    for _ in 0..2 * LIMIT {
        crowd.push(TcpStream::connect(server.players()).await?);
    }
    let is_full = || server.descriptors().is_ok_and(|open| open >= LIMIT);
    wait_for("there is room for all", is_full).await?;
    play(&mut player, 200).await?;
    drop(crowd);
    // The others, who waited, come in and are seen to have left.
    server.has_open(before + 1).await?;
    let mut late = server.client()?.connect(server.players()).await?;
    play(&mut late, 10).await?;
    drop((player, late));
    server.has_open(before).await
}

/// Hundreds of clients ask for more than they take, which is the most that one can hold here:
/// the memory that this needs is bounded, and a limit of that much is not met.
async fn as_many_clients_as_may_be_in_bounded_memory(engine: EngineChoice) -> Result<()> {
    const CLIENTS: usize = 500;
    let server = Apart::start(WORLD, engine, &["--nofile=10000:10000"]).await?;
    let before = server.descriptors()?;
    let mut player = server.client()?.connect(server.players()).await?;
    play(&mut player, 200).await?;
    let each = serve::most_bytes_per_connection(&Limits::default());
    // What two threads may have on its way without a copy.
    let held = if std::env::var_os(ZERO_COPY).is_some() { 64 << 20 } else { 0 };
    server.limit_memory(CLIENTS as u64 * each + held).await?;
    let client = server.client()?;
    let mut crowd = Vec::new();
    for _ in 0..CLIENTS {
        let mut greedy = client.connect(server.players()).await?;
        let text = format!("GET /v/seg.m4s HTTP/1.1\r\nHost: {OPEN_HOST}\r\n\r\n").repeat(20);
        greedy.send(text.as_bytes()).await?;
        crowd.push(greedy);
    }
    play(&mut player, 200).await?;
    drop(crowd);
    server.has_open(before + 1).await?;
    play(&mut player, 10).await?;
    drop(player);
    server.has_open(before).await
}

/// What a few players get: requests a second, and the 99th percentile of the time to the
/// first byte.
#[derive(Debug, Clone, Copy)]
struct Got {
    per_s: f64,
    p99_s: f64,
}

async fn measure(player: &mut Connection, crowd: &mut [TcpStream]) -> Result<Got> {
    const REQUESTS: usize = 200;
    let (begun, mut waits) = (Instant::now(), Vec::new());
    let mut spent = Duration::ZERO;
    for at in 0..REQUESTS {
        let first = at * 4096;
        let asked = Instant::now();
        player.get("/v/seg.m4s", &format!("Range: bytes={first}-{}\r\n", first + 65_535)).await?;
        player.read_ahead(1).await?;
        waits.push(asked.elapsed().as_secs_f64());
        ensure!(player.reply().await?.body.len() == 65_536);
        // Each of a few says one octet more.
        let paused = Instant::now();
        let count = crowd.len();
        for loris in crowd.iter_mut().skip(at * 10 % count.max(1)).take(10) {
            loris.write_all(b"x").await?;
        }
        spent += paused.elapsed();
    }
    waits.sort_by(f64::total_cmp);
    let took = (begun.elapsed() - spent).as_secs_f64();
    Ok(Got { per_s: REQUESTS as f64 / took, p99_s: waits[REQUESTS * 99 / 100] })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What players got with a crowd around, as a ratio of what they got without; medians.
#[derive(Debug, Default)]
struct Rounds {
    without: Vec<Got>,
    with: Vec<Got>,
}

impl Rounds {
    const LEAST_THROUGHPUT: f64 = 0.5;
    const MOST_WAIT: f64 = 3.0;
    /// Below this a wait is as good as none.
    const FLOOR_S: f64 = 0.005;

    fn ratio(&self, what: fn(&Got) -> f64) -> f64 {
        let of = |got: &[Got]| median(got.iter().map(what).collect());
        of(&self.with) / of(&self.without)
    }

    /// Half of the throughput and three times the wait would be noticed at once on a quiet
    /// machine, where both ratios are near 1.
    fn players_notice(&self) -> bool {
        self.ratio(|got| got.per_s) < Self::LEAST_THROUGHPUT
            || self.ratio(|got| got.p99_s.max(Self::FLOOR_S)) > Self::MOST_WAIT
    }
}

/// A machine that does something else for a second spoils a round or two: then there are
/// more of them, and the medians count all. What the crowd itself does to players, it does
/// in every round.
async fn two_thousand_clients_that_never_finish(engine: EngineChoice) -> Result<()> {
    const CROWD: usize = 2000;
    const LEAST_ROUNDS: usize = 3;
    const MOST_ROUNDS: usize = 11;
    /// Half a kilobyte for each of two crowds; the log in memory and what a thread keeps to
    /// give out again are less.
    const KEPT: u64 = 2 << 20;
    let mut server = Apart::start(WORLD, engine, &["--nofile=10000:10000"]).await?;
    let before = server.descriptors()?;
    let mut player = server.client()?.connect(server.players()).await?;
    play(&mut player, 200).await?;
    let (mut rounds, mut memory) = (Rounds::default(), Vec::new());
    while memory.len() < LEAST_ROUNDS || rounds.players_notice() && memory.len() < MOST_ROUNDS {
        rounds.without.push(measure(&mut player, &mut []).await?);
        let mut crowd = Vec::new();
        for _ in 0..CROWD {
            let mut loris = TcpStream::connect(server.players()).await?;
            loris.write_all(BEGUN).await?;
            crowd.push(loris);
        }
        server.has_open(before + 1 + CROWD).await?;
        rounds.with.push(measure(&mut player, &mut crowd).await?);
        drop(crowd);
        server.has_open(before + 1).await?;
        memory.push(server.memory().await?.in_use_bytes);
    }
    ensure!(!rounds.players_notice(), "{rounds:?}");
    let kept = memory[LEAST_ROUNDS - 1].saturating_sub(memory[0]);
    ensure!(kept <= KEPT, "{kept} bytes are not given back: {memory:?}");
    drop(player);
    server.has_open(before).await
}

/// Once a thread has served for a while, requests need no memory that it has not got: whole
/// objects, parts, conditions that hold, parts that are not there. All are logged.
#[tokio::test]
async fn a_thread_in_use_allocates_nothing() -> Result<()> {
    const ROUNDS: usize = 50;
    /// The line of the log in memory grows by doubling; the asking costs some as well.
    const OTHERS: u64 = 30;
    let mut server = Apart::start(WORLD, EngineChoice::Uring, &[]).await?;
    let mut player = server.client()?.connect(server.players()).await?;
    let mut asked = Vec::new();
    for _ in 0..3 {
        for _ in 0..ROUNDS {
            for (path, fields, status) in [
                ("/v/seg.m4s", "User-Agent: a player\r\n", 200),
                ("/v/seg.m4s", "Range: bytes=70000-900000\r\n", 206),
                ("/v/seg.m4s?CMCD=br%3D3000%2Csid%3D%22a%22", "If-None-Match: *\r\n", 304),
                ("/v/seg.m4s", "Range: bytes=9999999-\r\n", 416),
            ] {
                player.get(path, fields).await?;
                ensure!(player.reply().await?.status == status, "{path} {fields}");
            }
        }
        asked.push(server.memory().await?.asked);
    }
    let [_, before, after] = asked[..] else { anyhow::bail!("{asked:?}") };
    ensure!(after - before < OTHERS, "{} for {} requests", after - before, 4 * ROUNDS);
    Ok(())
}

/// Octets that begin like a ClientHello, and then do not go on like one.
async fn garbage_instead_of_a_client_hello(engine: EngineChoice) -> Result<()> {
    const SEED: u64 = 0x6a12_ba6e;
    let mut server = Apart::start(WORLD, engine, &[]).await?;
    let before = server.descriptors()?;
    let mut player = server.client()?.connect(server.players()).await?;
    let mut random = StdRng::seed_from_u64(SEED);
    for at in 0..effort::times(300) {
        let mut garbage = BEGUN.to_vec();
        garbage.resize(random.random_range(BEGUN.len()..700), 0);
        let right = random.random_range(0..BEGUN.len());
        random.fill(&mut garbage[right..]);
        server.check().with_context(|| format!("seed {SEED:#x}, client {at}"))?;
        let mut client = TcpStream::connect(server.players()).await?;
        client.write_all(&garbage).await?;
        // It may go away at once, or wait for the alert, or for nothing.
        if at % 3 == 0 {
            client.shutdown().await?;
            let _ = client.read_to_end(&mut Vec::new()).await;
        }
        if at % 10 == 0 {
            play(&mut player, 1).await.with_context(|| format!("seed {SEED:#x}, client {at}"))?;
        }
    }
    drop(player);
    server.has_open(before).await
}

/// OpenSSL asks for a second handshake within the first, as TLS 1.2 had it.
async fn a_second_handshake_is_not_had(engine: EngineChoice) -> Result<()> {
    let server = Apart::start(WORLD, engine, &[]).await?;
    let before = server.descriptors()?;
    let mut player = server.client()?.connect(server.players()).await?;
    for _ in 0..3 {
        let mut openssl = tokio::process::Command::new("openssl")
            .args(["s_client", "-tls1_2", "-servername", OPEN_HOST, "-connect"])
            .arg(server.players().to_string())
            .arg("-CAfile")
            .arg(server.ca_file())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut stdin = openssl.stdin.take().context("a pipe")?;
        let mut stderr = openssl.stderr.take().context("a pipe")?;
        stdin.write_all(b"R\n").await?;
        // The portable engine's no is sent with its next answer, and none is asked for.
        let awaited = match engine {
            EngineChoice::Uring => "no renegotiation",
            _ => "RENEGOTIATING",
        };
        let mut said = Vec::new();
        while !String::from_utf8_lossy(&said).contains(awaited) {
            let read = stderr.read_buf(&mut said);
            let count = tokio::time::timeout(Duration::from_secs(10), read).await??;
            ensure!(count > 0, "{}", String::from_utf8_lossy(&said));
        }
        play(&mut player, 5).await?;
        openssl.kill().await?;
    }
    drop(player);
    server.has_open(before).await
}
