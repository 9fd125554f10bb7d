//! TLS as foreign clients do it: every suite, keys that change at any moment, goodbyes that
//! are said and that are not.

use anyhow::{Context, Result, ensure};
use contract::config::{EngineChoice, Limits};
use rustls::crypto::aws_lc_rs;
use std::io::ErrorKind;
use tests::http_harness::client::{Client, Connection, field};
use tests::http_harness::shelf::content;
use tests::http_harness::world::{OPEN_HOST, OTHER_HOST, World};
use tokio::io::AsyncReadExt;

tests::on_each_engine! {
    every_suite_carries_every_byte
    keys_change_before_and_in_the_middle_of_an_answer
    keys_that_change_without_end_are_borne
    a_new_key_is_had_or_a_goodbye
    the_last_answer_ends_with_a_goodbye
    an_answer_that_is_cut_ends_without_one
}
tests::on_kernel_tls! {}
tests::on_zero_copy! {}

const RAM: u64 = 16 << 20;
const LENGTH: usize = 1_234_567;

fn world(engine: EngineChoice) -> Result<World> {
    World::start(engine, Limits::default(), RAM)
}

fn segment() -> Vec<u8> {
    content("open", "/v/seg.m4s", LENGTH)
}

async fn every_suite_carries_every_byte(engine: EngineChoice) -> Result<()> {
    let world = world(engine)?;
    for &suite in aws_lc_rs::ALL_CIPHER_SUITES {
        let client = Client::with_suite(&world.ca, suite)?;
        // One of the hosts has an RSA key, the other does not.
        let is_rsa = format!("{:?}", suite.suite()).contains("_RSA_");
        let host = if is_rsa { OTHER_HOST } else { OPEN_HOST };
        // The second time with a ticket.
        for _ in 0..2 {
            let mut connection = client.connect_as(world.players[0], host).await?;
            let what = || format!("{suite:?}");
            for first in [0, 1, 16_384, LENGTH - 1] {
                connection.get("/v/seg.m4s", &format!("Range: bytes={first}-\r\n")).await?;
                let reply = connection.reply().await.with_context(what)?;
                ensure!(reply.status == 206 && reply.body == segment()[first..], "{}", what());
            }
        }
    }
    ensure!(world.counters.total().handshakes_resumed.get() == 9);
    ensure!(world.sealed_as_told());
    world.quiet().await
}

async fn keys_change_before_and_in_the_middle_of_an_answer(engine: EngineChoice) -> Result<()> {
    let world = world(engine)?;
    if world.keeps_its_keys() {
        // See `a_new_key_is_had_or_a_goodbye`.
        return Ok(());
    }
    let suites = aws_lc_rs::ALL_CIPHER_SUITES.iter().filter(|suite| suite.tls13().is_some());
    for &suite in suites {
        let mut connection =
            Client::with_suite(&world.ca, suite)?.connect(world.players[0]).await?;
        for round in 0..10 {
            if round > 0 {
                connection.change_key()?;
            }
            for _ in 0..4 {
                connection.get("/v/seg.m4s", "").await?;
            }
            for answer in 0..4 {
                connection.read_ahead(answer * 300_000).await?;
                // The server has more to send, and is told between two of its records.
                connection.change_key()?;
                connection.send(b"").await?;
                let reply = connection.reply().await.with_context(|| format!("{suite:?}"))?;
                ensure!(reply.status == 200 && reply.body == segment(), "{suite:?}: {answer}");
            }
        }
    }
    world.quiet().await
}

/// The client asks for a new key before, in the middle of and behind an answer. A server that
/// can change its own goes on. One that cannot sends as much as was on its way, then a goodbye:
/// never a record under the old key behind the wish, and never an end without a word.
async fn a_new_key_is_had_or_a_goodbye(engine: EngineChoice) -> Result<()> {
    let world = world(engine)?;
    for taken in [0, 1, 300_000, LENGTH] {
        let mut connection = world.client()?.connect(world.players[0]).await?;
        // The kernel seals from the first answer on.
        connection.get("/v/init.mp4", "").await?;
        ensure!(connection.reply().await?.body == content("open", "/v/init.mp4", 1000));
        connection.get("/v/seg.m4s", "").await?;
        connection.read_ahead(taken).await?;
        connection.change_key()?;
        connection.send(b"").await?;
        if world.keeps_its_keys() {
            ends_well(connection).await.with_context(|| format!("after {taken}"))?;
        } else {
            ensure!(connection.reply().await?.body == segment(), "after {taken}");
            connection.get("/v/init.mp4", "").await?;
            ensure!(connection.reply().await?.body == content("open", "/v/init.mp4", 1000));
        }
    }
    let closed = world.counters.total().kernel_tls.closed.get();
    ensure!(closed == if world.keeps_its_keys() { 4 } else { 0 }, "{closed}");
    world.quiet().await
}

/// What comes is the beginning of an answer, if anything, and then the end is said.
async fn ends_well(connection: Connection) -> Result<()> {
    let got = connection.rest().await.context("no goodbye")?;
    let Some(body) = got.windows(4).position(|four| four == b"\r\n\r\n") else {
        ensure!(got.is_empty(), "a head that does not end");
        return Ok(());
    };
    ensure!(segment().starts_with(&got[body + 4..]), "wrong bytes");
    Ok(())
}

/// A client that reads nothing asks for new keys as often as it is allowed, and is answered
/// once it reads.
async fn keys_that_change_without_end_are_borne(engine: EngineChoice) -> Result<()> {
    let world = world(engine)?;
    if world.keeps_its_keys() {
        return Ok(());
    }
    let mut connection = world.client()?.connect(world.players[0]).await?;
    for _ in 0..8 {
        connection.get("/v/seg.m4s", "").await?;
    }
    let request = format!("GET /v/init.mp4 HTTP/1.1\r\nHost: {OPEN_HOST}\r\n\r\n");
    for octet in request.bytes() {
        connection.change_key()?;
        connection.send(&[octet]).await?;
    }
    for _ in 0..8 {
        ensure!(connection.reply().await?.body == segment());
    }
    ensure!(connection.reply().await?.body == content("open", "/v/init.mp4", 1000));
    drop(connection);
    world.quiet().await
}

async fn the_last_answer_ends_with_a_goodbye(engine: EngineChoice) -> Result<()> {
    let world = world(engine)?;
    for client in [world.client()?, Client::tls12(&world.ca)?] {
        for fields in ["Connection: close\r\n", "Connection: close\r\nRange: bytes=5-\r\n"] {
            let mut connection = client.connect(world.players[0]).await?;
            connection.get("/v/seg.m4s", fields).await?;
            let reply = connection.reply().await?;
            ensure!(field(&reply.head, "Connection") == Some("close"));
            ensure!(segment().ends_with(&reply.body) && reply.body.len() >= LENGTH - 5);
            ensure!(connection.ends().await, "no goodbye");
        }
    }
    world.quiet().await
}

async fn an_answer_that_is_cut_ends_without_one(engine: EngineChoice) -> Result<()> {
    for is_new in [true, false] {
        let world = world(engine)?;
        let client = if is_new { world.client()? } else { Client::tls12(&world.ca)? };
        let mut connection = client.connect(world.players[0]).await?;
        connection.get("/v/seg.m4s", "Range: bytes=0-0\r\n").await?;
        ensure!(connection.reply().await?.status == 206);
        world.shelf.break_disk()?;
        connection.get("/v/seg.m4s", "").await?;
        let ended = read_to_the_end(&mut connection).await;
        ensure!(ended == Err(ErrorKind::UnexpectedEof), "{ended:?}");
        drop(connection);
        world.quiet().await?;
        ensure!(world.counters.total().answers_cut.get() == 1);
    }
    Ok(())
}

async fn read_to_the_end(connection: &mut Connection) -> Result<usize, ErrorKind> {
    connection.stream.read_to_end(&mut Vec::new()).await.map_err(|err| err.kind())
}
