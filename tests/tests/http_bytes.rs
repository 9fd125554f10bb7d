//! Every byte is the right one, whatever the client does meanwhile: ranges drawn at random,
//! requests far ahead of their answers, pauses, resets.

use anyhow::{Context, Result, ensure};
use contract::config::{EngineChoice, Limits};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::Arc;
use tests::effort;
use tests::http_harness::client::{Client, Connection, field};
use tests::http_harness::shelf::{Offer, content};
use tests::http_harness::world::{OPEN_HOST, World, sockets_at, wait_for};
use tests::uml;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

tests::on_each_engine! {
    ranges_from_ram
    ranges_from_disk
    more_requests_than_are_listened_to
    a_client_that_pauses_misses_nothing
    a_reset_in_the_middle_of_a_record
}
tests::on_kernel_tls! {}
tests::on_zero_copy! {}

/// Around the lengths of records and blocks, and one of many blocks.
const OBJECTS: [Offer; 7] = [
    ("open", "/one.m4s", 1),
    ("open", "/init.mp4", 1000),
    ("open", "/record.m4s", 16_384),
    ("open", "/block.m4s", 262_144),
    ("open", "/block-and-one.m4s", 262_145),
    ("open", "/v/seg.m4s", 1_234_567),
    ("open", "/large.m4s", 3_500_001),
];

const SEED: u64 = 0x5eed_0003;
const CONNECTIONS: usize = 4;
/// Requests in one write.
const RUN: usize = 50;

const ROOMY: u64 = 32 << 20;
/// Less than the largest object: its blocks take each other's place.
const TIGHT: u64 = 1 << 20;

fn world(engine: EngineChoice, ram_budget_bytes: u64) -> Result<World> {
    World::holding(&OBJECTS, engine, Limits::default(), ram_budget_bytes)
}

async fn connect(world: &World) -> Result<Connection> {
    world.client()?.connect(world.players[0]).await
}

/// An object, and what of it is wanted.
struct Draw {
    object: usize,
    start: usize,
    end: usize,
    range: String,
}

impl Draw {
    /// Short ranges more often than long ones, and few across blocks, written in all three
    /// ways.
    fn new(random: &mut StdRng) -> Self {
        let object = random.random_range(0..OBJECTS.len());
        let length = OBJECTS[object].2;
        let largest = if random.random_ratio(1, 64) { 19 } else { 15 };
        let most = 1usize << random.random_range(0..=largest);
        let len = random.random_range(1..=most.min(length));
        let start = random.random_range(0..=length - len);
        match random.random_range(0..8) {
            0 => Self { object, start: length - len, end: length, range: format!("-{len}") },
            1 => {
                let start = length - len;
                Self { object, start, end: length, range: format!("{start}-") }
            }
            2 => {
                let beyond = length + random.random_range(0..1000);
                let start = length - len;
                Self { object, start, end: length, range: format!("{start}-{beyond}") }
            }
            _ => {
                let end = start + len;
                Self { object, start, end, range: format!("{start}-{}", end - 1) }
            }
        }
    }

    fn request(&self) -> String {
        let path = OBJECTS[self.object].1;
        format!("GET {path} HTTP/1.1\r\nHost: {OPEN_HOST}\r\nRange: bytes={}\r\n\r\n", self.range)
    }
}

/// Draws so many ranges, asks for them in runs, compares each answer.
async fn draw(
    mut connection: Connection,
    seed: u64,
    count: usize,
    files: Arc<Vec<Vec<u8>>>,
) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    for at in (0..count).step_by(RUN) {
        let run: Vec<Draw> = (0..RUN.min(count - at)).map(|_| Draw::new(&mut random)).collect();
        let text: String = run.iter().map(Draw::request).collect();
        connection.send(text.as_bytes()).await?;
        for (nth, draw) in run.iter().enumerate() {
            let what = || format!("seed {seed:#x}, request {}: {}", at + nth, draw.request());
            let reply = connection.reply().await.with_context(what)?;
            let expected = &files[draw.object][draw.start..draw.end];
            ensure!(reply.status == 206, "{}: {}", what(), reply.head);
            ensure!(reply.body == expected, "{}: wrong bytes", what());
        }
    }
    Ok(())
}

async fn draws(engine: EngineChoice, ram_budget_bytes: u64, count: usize) -> Result<()> {
    let world = world(engine, ram_budget_bytes)?;
    let contents = OBJECTS.map(|(group, path, length)| content(group, path, length));
    let files = Arc::new(Vec::from(contents));
    let mut draws = JoinSet::new();
    for seed in (SEED..).take(CONNECTIONS) {
        let (connection, files) = (connect(&world).await?, Arc::clone(&files));
        draws.spawn(draw(connection, seed, count / CONNECTIONS, files));
    }
    while let Some(drawn) = draws.join_next().await {
        drawn??;
    }
    ensure!(world.sent_as_told(), "sent otherwise than told");
    world.quiet().await
}

async fn ranges_from_ram(engine: EngineChoice) -> Result<()> {
    // The engine that moves the bytes by itself gets the most, where ciphers are fast.
    let is_fast = engine == EngineChoice::Uring && !uml::is_inside();
    let count = if is_fast { 100_000 } else { 25_000 };
    draws(engine, ROOMY, effort::times(count)).await
}

async fn ranges_from_disk(engine: EngineChoice) -> Result<()> {
    draws(engine, TIGHT, effort::times(2000)).await
}

/// Some 350 KB of requests: far more than either engine keeps before it has answered.
async fn more_requests_than_are_listened_to(engine: EngineChoice) -> Result<()> {
    const COUNT: usize = 5000;
    let world = world(engine, ROOMY)?;
    let file = content("open", "/init.mp4", 1000);
    let mut connection = connect(&world).await?;
    let request = |at: usize| {
        let first = at % 900;
        format!(
            "GET /init.mp4 HTTP/1.1\r\nHost: {OPEN_HOST}\r\nRange: bytes={first}-{}\r\n\r\n",
            first + 9
        )
    };
    let text: String = (0..COUNT).map(request).collect();
    connection.send_while_reading(text.as_bytes()).await?;
    for at in 0..COUNT {
        let reply = connection.reply().await.with_context(|| format!("request {at}"))?;
        ensure!(reply.status == 206, "request {at}: {}", reply.head);
        ensure!(reply.body == file[at % 900..][..10], "request {at}: wrong bytes");
    }
    drop(connection);
    world.quiet().await
}

/// Connects with a buffer that a fraction of an answer fills.
async fn connect_narrowly(world: &World, client: &Client) -> Result<Connection> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(16 << 10)?;
    client.connect_over(socket.connect(world.players[0]).await?, OPEN_HOST).await
}

/// Waits until the server has sent all that the kernel takes: while another client is
/// answered again and again, nothing more comes.
async fn stall(connection: &Connection, other: &mut Connection) -> Result<()> {
    let mut before = 0;
    loop {
        for _ in 0..20 {
            other.get("/init.mp4", "").await?;
            ensure!(other.reply().await?.body.len() == 1000);
        }
        let now = connection.held_back()?;
        if now > 0 && now == before {
            return Ok(());
        }
        before = now;
    }
}

async fn a_client_that_pauses_misses_nothing(engine: EngineChoice) -> Result<()> {
    let world = world(engine, ROOMY)?;
    let file = content("open", "/large.m4s", 3_500_001);
    let mut other = connect(&world).await?;
    for client in [world.client()?, Client::tls12(&world.ca)?] {
        let mut connection = connect_narrowly(&world, &client).await?;
        for at in 0..4 {
            connection.get("/large.m4s", &format!("Range: bytes={at}-\r\n")).await?;
        }
        for at in 0..4 {
            stall(&connection, &mut other).await?;
            let reply = connection.reply().await?;
            ensure!(reply.status == 206 && reply.body == file[at..], "answer {at}");
        }
        ensure!(connection.held_back()? == 0, "something came after the last answer");
    }
    drop(other);
    world.quiet().await
}

/// The client vanishes with half a record sent, and with half an answer received.
async fn a_reset_in_the_middle_of_a_record(engine: EngineChoice) -> Result<()> {
    let world = world(engine, ROOMY)?;
    let port = world.players[0].port();
    let request = format!("GET /init.mp4 HTTP/1.1\r\nHost: {OPEN_HOST}\r\n\r\n");
    for client in [world.client()?, Client::tls12(&world.ca)?] {
        for round in 0..20 {
            let mut connection = connect(&world).await?;
            let mut torn = connect_narrowly(&world, &client).await?;
            if round % 2 == 0 {
                torn.get("/large.m4s", "").await?;
                stall(&torn, &mut connection).await?;
            }
            let (whole, second) = (torn.seal(request.as_bytes())?, torn.seal(request.as_bytes())?);
            let part = &second[..1 + round * second.len() / 20];
            torn.stream.get_mut().0.write_all(&[&whole[..], part].concat()).await?;
            if round % 2 == 1 {
                ensure!(torn.reply().await?.status == 200, "what came with it was received");
            }
            torn.reset()?;
            connection.get("/init.mp4", "").await?;
            let reply = connection.reply().await?;
            ensure!(reply.status == 200 && field(&reply.head, "Content-Length") == Some("1000"));
        }
    }
    world.quiet().await?;
    wait_for("sockets are left", || sockets_at(port).is_ok_and(|count| count == 0)).await
}
