//! Octets that no client should send. After each the connection is closed as the RFC says,
//! the server serves on, and nothing is left open.

use anyhow::{Result, ensure};
use contract::config::{EngineChoice, Limits};
use contract::quantity::Seconds;
use tests::http_harness::client::{Connection, field};
use tests::http_harness::shelf::content;
use tests::http_harness::world::{OPEN_HOST, World};

tests::on_each_engine! {
    heads_that_are_refused
    too_much_of_it
    a_request_split_at_every_octet
    fifty_requests_at_once
    a_body_is_never_taken_for_a_request
    a_head_that_does_not_end
    what_is_no_tls
}
tests::on_kernel_tls! {}
tests::on_zero_copy! {}

const GOOD: &[u8] =
    b"GET /v/init.mp4 HTTP/1.1\r\nHost: open.headend.test\r\nRange: bytes=0-9\r\n\r\n";

fn world(engine: EngineChoice) -> Result<World> {
    World::start(engine, Limits { header_timeout_s: Seconds(1), ..Limits::default() }, 16 << 20)
}

async fn connect(world: &World) -> Result<Connection> {
    world.client()?.connect(world.players[0]).await
}

/// The server is unharmed: it answers a good request, and then nobody is connected.
async fn still_serves(world: &World) -> Result<()> {
    let mut connection = connect(world).await?;
    connection.send(GOOD).await?;
    let reply = connection.reply().await?;
    ensure!(reply.status == 206 && reply.body == content("open", "/v/init.mp4", 1000)[..10]);
    drop(connection);
    world.quiet().await
}

/// Sends octets, expects one refusal and the end.
async fn refused(world: &World, bytes: &[u8], status: u16) -> Result<()> {
    let mut connection = connect(world).await?;
    connection.send(bytes).await?;
    let reply = connection.reply().await?;
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
    ensure!(reply.status == status, "{shown:?}: {}", reply.head);
    ensure!(field(&reply.head, "Connection") == Some("close"), "{shown:?}: {}", reply.head);
    ensure!(field(&reply.head, "Cache-Control") == Some("no-store"), "{shown:?}");
    ensure!(connection.ends().await, "{shown:?}: more came");
    drop(connection);
    still_serves(world).await
}

fn request(lines: &str) -> Vec<u8> {
    format!("GET /v/init.mp4 HTTP/1.1\r\nHost: {OPEN_HOST}\r\n{lines}\r\n").into_bytes()
}

async fn heads_that_are_refused(engine: EngineChoice) -> Result<()> {
    let world = world(engine)?;
    let smuggled = "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n";
    let cases: Vec<(Vec<u8>, u16)> = vec![
        (request("Content-Length: 5\r\nContent-Length: 5\r\n"), 400),
        (request("Content-Length: 5\r\nContent-Length: 6\r\n"), 400),
        (request("Content-Length: 5, 5\r\n"), 400),
        (request("Content-Length: -1\r\n"), 400),
        (request(smuggled), 400),
        (request("Transfer-Encoding: chunked, identity\r\n"), 400),
        (request("Transfer-Encoding: xchunked\r\n"), 400),
        (request("Host: open.headend.test\r\n"), 400),
        (request("X: a\r\n folded\r\n"), 400),
        (request("X : a\r\n"), 400),
        (request("X: a\0b\r\n"), 400),
        (request("X: a\rb\r\n"), 400),
        (b"GET /v/init.mp4 HTTP/1.1\nHost: open.headend.test\n\n".to_vec(), 400),
        (b"GET /v/init.mp4 HTTP/1.1\r\nHost: open.headend.test\n\r\n".to_vec(), 400),
        (b"GET /v/init.mp4 HTTP/1.1\r\n\r\n".to_vec(), 400),
        (b"GET  /v/init.mp4 HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(), 400),
        (b"GET /v/init.mp4\r\n\r\n".to_vec(), 400),
        (b"GET /v/init.mp4 HTTP/1.1 x\r\nHost: h\r\n\r\n".to_vec(), 400),
        (b"GET /v/init.mp4 HTTP/2.0\r\nHost: h\r\n\r\n".to_vec(), 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), 505),
        (b"GET /v/init.mp4 HTTP/0.9\r\n\r\n".to_vec(), 505),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), 400),
        (vec![0; 100], 400),
        (vec![0xff; 9000], 414),
        (b"\r\n\r\n\r\n".to_vec(), 400),
    ];
    for (bytes, status) in cases {
        refused(&world, &bytes, status).await?;
    }
    Ok(())
}

async fn too_much_of_it(engine: EngineChoice) -> Result<()> {
    let world = world(engine)?;
    let long_line = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(10_000));
    refused(&world, long_line.as_bytes(), 414).await?;
    refused(&world, &request(&format!("X: {}\r\n", "a".repeat(1 << 20))), 431).await?;
    refused(&world, &request(&"X: a\r\n".repeat(200_000)), 431).await?;
    refused(&world, &request(&"X: a\r\n".repeat(101)), 431).await?;
    refused(&world, &vec![b'a'; 1 << 20], 414).await
}

async fn a_request_split_at_every_octet(engine: EngineChoice) -> Result<()> {
    let world = world(engine)?;
    let mut connection = connect(&world).await?;
    for cut in 1..GOOD.len() {
        connection.send(&GOOD[..cut]).await?;
        connection.send(&GOOD[cut..]).await?;
        let reply = connection.reply().await?;
        ensure!(reply.status == 206 && reply.body.len() == 10, "cut at {cut}: {}", reply.head);
    }
    for octet in GOOD {
        connection.send(&[*octet]).await?;
    }
    ensure!(connection.reply().await?.status == 206);
    drop(connection);
    still_serves(&world).await
}

async fn fifty_requests_at_once(engine: EngineChoice) -> Result<()> {
    let world = world(engine)?;
    let mut connection = connect(&world).await?;
    connection.send(&GOOD.repeat(50)).await?;
    for _ in 0..50 {
        let reply = connection.reply().await?;
        ensure!(reply.status == 206 && reply.body.len() == 10);
    }
    // A bad one among good ones: those before it are answered, those behind it are not.
    let mixed = [GOOD, GOOD, b"GET / HTTP/1.1\nHost: h\r\n\r\n", GOOD].concat();
    connection.send(&mixed).await?;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(connection.reply().await?.status);
    }
    ensure!(statuses == [206, 206, 400], "{statuses:?}");
    ensure!(connection.ends().await);
    drop(connection);
    still_serves(&world).await
}

async fn a_body_is_never_taken_for_a_request(engine: EngineChoice) -> Result<()> {
    let world = world(engine)?;
    let length = format!("Content-Length: {}\r\n", GOOD.len());
    let expecting = format!("{length}Expect: 100-continue\r\n");
    for lines in [length.as_str(), "Transfer-Encoding: chunked\r\n", expecting.as_str()] {
        let mut connection = connect(&world).await?;
        connection.send(&[&request(lines)[..], GOOD].concat()).await?;
        let reply = connection.reply().await?;
        ensure!(reply.status == 200 && reply.body == content("open", "/v/init.mp4", 1000));
        ensure!(field(&reply.head, "Connection") == Some("close"));
        ensure!(connection.ends().await, "{lines:?}: the body was answered");
    }
    let mut connection = connect(&world).await?;
    let post = format!("POST / HTTP/1.1\r\nHost: {OPEN_HOST}\r\n{length}\r\n");
    connection.send(&[post.as_bytes(), GOOD].concat()).await?;
    ensure!(connection.reply().await?.status == 405 && connection.ends().await);
    drop(connection);
    still_serves(&world).await
}

async fn a_head_that_does_not_end(engine: EngineChoice) -> Result<()> {
    let world = world(engine)?;
    let cut = &GOOD[..GOOD.len() - 2];
    refused(&world, cut, 408).await?;
    refused(&world, b"G", 408).await?;
    ensure!(world.counters.total().timeouts.header.get() == 2);
    // One that goes away in the middle of its request is owed nothing.
    let mut connection = connect(&world).await?;
    connection.send(cut).await?;
    drop(connection);
    still_serves(&world).await
}

async fn what_is_no_tls(engine: EngineChoice) -> Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = world(engine)?;
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 5000], b"\x16\x03\x01\xff\xff", b""] {
        let mut socket = tokio::net::TcpStream::connect(world.players[1]).await?;
        socket.write_all(bytes).await?;
        socket.shutdown().await?;
        // An alert, or nothing; then the end, gently or not.
        let _ = socket.read_to_end(&mut Vec::new()).await;
    }
    still_serves(&world).await?;
    ensure!(world.counters.total().handshakes_failed.get() >= 3);
    Ok(())
}
