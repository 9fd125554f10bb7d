//! The engine around the meaning: TLS, siblings, limits, drain, broken disks, the log.

use anyhow::{Context, Result, ensure};
use contract::config::{ApplianceConfig, EngineChoice, Limits};
use contract::quantity::Seconds;
use std::time::Duration;
use tests::http_harness::client::{Client, Connection, field};
use tests::http_harness::curl;
use tests::http_harness::keys::Ca;
use tests::http_harness::shelf::{OBJECTS, Shelf, content};
use tests::http_harness::table::{Row, Version};
use tests::http_harness::world::{IDENTITY, LISTED_HOST, OPEN_HOST, OTHER_HOST, World, wait_for};
use tokio::io::AsyncReadExt;

tests::on_each_engine! {
    sessions_are_resumed_in_both_versions_of_tls
    certificates_are_chosen_by_name
    certificates_change_under_connections_that_go_on
    siblings_show_a_certificate_of_the_fleet
    counters_and_log_say_what_happened
    a_broken_disk_is_a_miss_and_never_a_wrong_byte
    too_many_connections_are_closed_as_they_arrive
    guessing_is_limited_by_network
    idle_connections_are_closed_without_a_word
    a_client_that_takes_nothing_is_let_go
    a_drain_finishes_what_is_in_flight
    a_drain_answers_who_has_just_connected
    what_is_not_in_ram_is_served_from_disk
}
tests::on_kernel_tls! {}
tests::on_zero_copy! {}

const RAM: u64 = 16 << 20;

fn segment() -> Vec<u8> {
    content("open", "/v/seg.m4s", 1_234_567)
}

async fn connect(world: &World) -> Result<Connection> {
    world.client()?.connect(world.players[0]).await
}

async fn sessions_are_resumed_in_both_versions_of_tls(engine: EngineChoice) -> Result<()> {
    let world = World::start(engine, Limits::default(), RAM)?;
    for (round, client) in [(1, world.client()?), (2, Client::tls12(&world.ca)?)] {
        for _ in 0..2 {
            // The other family and listener socket the second time: tickets are shared.
            let mut connection = client.connect(world.players[round % 2]).await?;
            connection.get("/v/init.mp4", "").await?;
            ensure!(connection.reply().await?.status == 200);
        }
        ensure!(world.counters.total().handshakes_full.get() == round as u64);
        ensure!(world.counters.total().handshakes_resumed.get() == round as u64);
    }
    world.quiet().await
}

async fn certificates_are_chosen_by_name(engine: EngineChoice) -> Result<()> {
    let world = World::start(engine, Limits::default(), RAM)?;
    let client = world.client()?;
    // The client itself checks that the certificate has the name.
    for name in [LISTED_HOST, OTHER_HOST] {
        client.connect_as(world.players[0], name).await?;
    }
    ensure!(client.connect_as(world.players[0], "nobody.headend.test").await.is_err());
    Ok(())
}

#[tokio::test]
async fn alpn_chooses_what_the_listener_offers() -> Result<()> {
    let world = World::start(EngineChoice::Portable, Limits::default(), RAM)?;
    for (offer, chosen) in [("h2", "h2"), ("http/1.1", "http/1.1"), ("http/1.0", "http/1.0")] {
        let client = world.client()?.offering(&[offer]);
        let connection = client.connect(world.players_h2[0]).await?;
        ensure!(connection.stream.get_ref().1.alpn_protocol() == Some(chosen.as_bytes()));
    }
    ensure!(world.client()?.offering(&["spdy/3"]).connect(world.players_h2[0]).await.is_err());
    Ok(())
}

async fn certificates_change_under_connections_that_go_on(engine: EngineChoice) -> Result<()> {
    let world = World::start(engine, Limits::default(), RAM)?;
    let mut old = connect(&world).await?;
    old.get("/v/init.mp4", "").await?;
    ensure!(old.reply().await?.status == 200);

    // A key that does not fit its certificate changes nothing.
    let (chain, key) = (&world.site.chain_file, &world.site.key_file);
    let kept = std::fs::read(key)?;
    std::fs::write(key, "no key")?;
    let refused = world.certificates.reload().expect_err("a bad key was taken").to_string();
    ensure!(refused.contains("no private key"), "{refused}");
    connect(&world).await?;
    std::fs::write(key, kept)?;

    let fresh = world.ca.issue(&["fresh.headend.test", OPEN_HOST])?;
    std::fs::copy(&fresh.chain_file, chain)?;
    std::fs::copy(&fresh.key_file, key)?;
    let client = world.client()?;
    ensure!(client.connect_as(world.players[0], "fresh.headend.test").await.is_err());
    world.certificates.reload()?;
    client.connect_as(world.players[0], "fresh.headend.test").await?;
    old.get("/v/init.mp4", "").await?;
    ensure!(old.reply().await?.status == 200, "a connection that stood has gone");
    Ok(())
}

async fn siblings_show_a_certificate_of_the_fleet(engine: EngineChoice) -> Result<()> {
    let world = World::start(engine, Limits::default(), RAM)?;
    let of_site = |site: &str| {
        world.ca.issue(&[&format!("oca2.{site}.box.internal"), &format!("{site}.site.internal")])
    };
    let sibling = Client::new(&world.ca, Some(&of_site("site-a")?))?;
    let mut connection = sibling.connect_as(world.peers, IDENTITY).await?;
    connection.get("/peer/v1/open/v/seg.m4s", "Range: bytes=1000-\r\nOrigin: null\r\n").await?;
    let reply = connection.reply().await?;
    ensure!(reply.status == 206 && reply.body == segment()[1000..], "{}", reply.head);
    ensure!(field(&reply.head, "Access-Control-Allow-Origin").is_none());
    connection.get("/v/seg.m4s", "").await?;
    ensure!(connection.reply().await?.status == 404, "a sibling asks by group");
    drop(connection);
    world.quiet().await?;
    ensure!(world.counters.total().peer_requests.get() == 2);
    ensure!(world.counters.total().peer_bytes_sent.get() == 1_233_567);
    ensure!(world.counters.traffic().iter().all(|row| row.requests == 0), "no player asked");

    // Nobody, somebody of another CA, and a box of another site: TLS 1.3 lets a client believe in its handshake
    // until it reads.
    let stranger = Ca::new(world.folder.path(), "stranger")?.issue(&["x.box.internal"])?;
    for identity in [None, Some(&stranger), Some(&of_site("site-b")?)] {
        let client = Client::new(&world.ca, identity)?;
        if let Ok(mut connection) = client.connect_as(world.peers, IDENTITY).await {
            let _ = connection.get("/peer/v1/open/v/seg.m4s", "").await;
            ensure!(connection.reply().await.is_err(), "a stranger was answered");
        }
    }
    world.quiet().await
}

async fn counters_and_log_say_what_happened(engine: EngineChoice) -> Result<()> {
    let world = World::start(engine, Limits::default(), RAM)?;
    let mut connection = connect(&world).await?;
    for _ in 0..2 {
        connection
            .get(
                "/v/seg.m4s?CMCD=br%3D3200%2Csid%3D%22marked-session%22&token=marked-token",
                "Range: bytes=0-99\r\nUser-Agent: player/1\r\n",
            )
            .await?;
        ensure!(connection.reply().await?.body == segment()[..100]);
    }
    connection.get("/v/none.m4s", "").await?;
    ensure!(connection.reply().await?.status == 404);
    drop(connection);
    world.quiet().await?;
    let traffic = world.counters.traffic();
    let carrier = if engine == EngineChoice::Uring { "uring" } else { "portable" };
    let key = ("open", "http/1.1", carrier);
    let row = traffic.iter().find(|row| (row.group.as_str(), &*row.protocol, &*row.engine) == key);
    let row = row.context("no row")?;
    ensure!((row.requests, row.disk_hits, row.ram_hits, row.misses) == (3, 1, 1, 1), "{row:?}");
    ensure!(row.bytes_sent == 200, "{row:?}");
    ensure!((world.counters.total().answers(2), world.counters.total().answers(4)) == (2, 1));

    let text = world.lines.text();
    let lines: Vec<serde_json::Value> =
        text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(lines.len() == 3, "{text}");
    ensure!(lines[0]["client"] == "127.0.0.0/24" && lines[0]["status"] == 206, "{text}");
    ensure!(lines[0]["path"] == "/v/seg.m4s" && lines[0]["cmcd"]["br"] == 3200, "{text}");
    ensure!(lines[0]["session"] == lines[1]["session"] && lines[0]["session"].is_string());
    ensure!((&lines[0]["tier"], &lines[1]["tier"]) == (&"disk".into(), &"ram".into()), "{text}");
    for secret in ["127.0.0.1", "marked-session", "marked-token"] {
        ensure!(!text.contains(secret), "{secret} is in the log");
    }
    Ok(())
}

async fn a_broken_disk_is_a_miss_and_never_a_wrong_byte(engine: EngineChoice) -> Result<()> {
    let world = World::start(engine, Limits::default(), RAM)?;
    let mut connection = connect(&world).await?;
    // The first block is in RAM from here on.
    connection.get("/v/seg.m4s", "Range: bytes=0-0\r\n").await?;
    ensure!(connection.reply().await?.status == 206);
    world.shelf.break_disk()?;
    connection.get("/v/init.mp4", "").await?;
    let reply = connection.reply().await?;
    ensure!(reply.status == 404, "{}", reply.head);
    let reason = field(&reply.head, "Cache-Status").unwrap_or_default();
    ensure!(reason == "\"oca1.site-a\"; detail=unreadable", "{reason}");
    ensure!(field(&reply.head, "Cache-Control") == Some("no-store"));

    connection.get("/v/seg.m4s", "").await?;
    let mut received = Vec::new();
    // Without close_notify: an error, or an end that comes too early.
    let _ = connection.stream.read_to_end(&mut received).await;
    let head = received.windows(4).position(|four| four == b"\r\n\r\n").context("no head")? + 4;
    let body = &received[head..];
    ensure!(body.len() == 262_144 && body == &segment()[..262_144], "{} bytes", body.len());
    drop(connection);
    world.quiet().await?;
    ensure!(world.counters.total().answers_cut.get() == 1);
    // Withdrawn, and wanted again.
    let mut connection = connect(&world).await?;
    connection.get("/v/seg.m4s", "").await?;
    let reply = connection.reply().await?;
    ensure!(reply.status == 404 && reply.head.contains("detail=wanted"), "{}", reply.head);
    Ok(())
}

#[tokio::test]
async fn a_broken_disk_resets_an_http2_stream() -> Result<()> {
    let world = World::start(EngineChoice::Portable, Limits::default(), RAM)?;
    let mut connection = connect(&world).await?;
    connection.get("/v/seg.m4s", "Range: bytes=0-0\r\n").await?;
    ensure!(connection.reply().await?.status == 206);
    drop(connection);
    world.shelf.break_disk()?;
    let (row, ca) = (Row::get("/v/seg.m4s"), &world.ca.file);
    let reply = curl::send(&row, Version::Http2, world.players_h2[0], "", ca).await?;
    // What waits to be sent goes with the stream (RFC 9113 §6.4), so that less may come: on a
    // machine that is busy not even the head, which curl calls status 0.
    ensure!(matches!(reply.status, 200 | 0), "{}", reply.status);
    ensure!(segment()[..262_144].starts_with(&reply.body), "{} bytes", reply.body.len());
    world.quiet().await?;
    ensure!(world.counters.total().answers_cut.get() == 1);
    ensure!(world.lines.text().contains("\"complete\":false"), "{}", world.lines.text());
    Ok(())
}

#[tokio::test]
async fn a_drain_finishes_http2_streams() -> Result<()> {
    let mut world = World::start(EngineChoice::Portable, Limits::default(), RAM)?;
    let (to, ca) = (world.players_h2[0], world.ca.file.clone());
    let row = Row::get("/v/seg.m4s");
    // Slower than the windows of the stream fill, so that the drain finds it under way.
    let slow = tokio::spawn(async move {
        curl::send_slowly(&row, Version::Http2, to, "", &ca, 1_200_000).await
    });
    wait_for("no block was read", || world.shelf.cache.ram_used_bytes() > 0).await?;
    world.begin_drain();
    let reply = slow.await??;
    ensure!(reply.status == 200 && reply.body == segment(), "{} bytes", reply.body.len());
    tokio::time::timeout(Duration::from_secs(5), world.ended()).await??;
    world.quiet().await
}

async fn too_many_connections_are_closed_as_they_arrive(engine: EngineChoice) -> Result<()> {
    let world = World::start(engine, Limits { max_connections: 2, ..Limits::default() }, RAM)?;
    let first = connect(&world).await?;
    let _second = connect(&world).await?;
    ensure!(connect(&world).await.is_err());
    ensure!(world.counters.total().connections_refused.get() == 1);
    drop(first);
    wait_for("a place is not given back", || world.counters.total().connections_open.get() == 1)
        .await?;
    connect(&world).await?;
    Ok(())
}

async fn guessing_is_limited_by_network(engine: EngineChoice) -> Result<()> {
    let limits = Limits { misses_per_prefix_per_s: 3, ..Limits::default() };
    let world = World::start(engine, limits, RAM)?;
    let mut connection = connect(&world).await?;
    let mut statuses = Vec::new();
    for _ in 0..20 {
        connection.get("/v/none.m4s", "").await?;
        statuses.push(connection.reply().await?.status);
    }
    ensure!(statuses[..3] == [404, 404, 404] && statuses.contains(&429), "{statuses:?}");
    connection.get("/v/init.mp4", "").await?;
    ensure!(connection.reply().await?.status == 200, "what is here is not limited");
    Ok(())
}

async fn idle_connections_are_closed_without_a_word(engine: EngineChoice) -> Result<()> {
    let limits = Limits { idle_timeout_s: Seconds(1), ..Limits::default() };
    let world = World::start(engine, limits, RAM)?;
    let mut before_any = connect(&world).await?;
    let mut after_one = connect(&world).await?;
    after_one.get("/v/init.mp4", "").await?;
    ensure!(after_one.reply().await?.status == 200);
    ensure!(before_any.ends().await && after_one.ends().await);
    ensure!(world.counters.total().timeouts.idle.get() == 2);
    let http2 = world.client()?.offering(&["h2"]).connect(world.players_h2[0]).await?;
    wait_for("HTTP/2 stays", || world.counters.total().timeouts.idle.get() == 3).await?;
    drop((before_any, after_one, http2));
    world.quiet().await
}

async fn a_client_that_takes_nothing_is_let_go(engine: EngineChoice) -> Result<()> {
    let limits = Limits { write_timeout_s: Seconds(1), ..Limits::default() };
    let world = World::start(engine, limits, RAM)?;
    let mut connection = connect(&world).await?;
    // More than the buffers of two sockets hold.
    for _ in 0..20 {
        connection.get("/v/seg.m4s", "").await?;
    }
    wait_for("it is still waited for", || world.counters.total().timeouts.write.get() == 1).await?;
    wait_for("it is still open", || world.counters.total().connections_open.get() == 0).await?;
    drop(connection);
    Ok(())
}

async fn a_drain_finishes_what_is_in_flight(engine: EngineChoice) -> Result<()> {
    let mut world = World::start(engine, Limits::default(), RAM)?;
    let mut idle = connect(&world).await?;
    idle.get("/v/init.mp4", "").await?;
    ensure!(idle.reply().await?.status == 200);
    let mut busy = connect(&world).await?;
    // Ten answers that nobody reads yet: some of them are under way when the drain begins.
    for _ in 0..10 {
        busy.get("/v/seg.m4s", "").await?;
    }
    wait_for("nothing is under way", || world.counters.total().answers(2) >= 1).await?;
    world.begin_drain();
    ensure!(idle.ends().await, "an idle connection stays");
    let mut replies = 0;
    let last = loop {
        let reply = busy.reply().await?;
        replies += 1;
        ensure!(reply.status == 200 && reply.body == segment());
        if field(&reply.head, "Connection") == Some("close") {
            break replies;
        }
    };
    ensure!(busy.ends().await, "something came after answer {last}");
    drop((idle, busy));
    tokio::time::timeout(Duration::from_secs(5), world.ended()).await??;
    ensure!(world.counters.total().connections_open.get() == 0);
    ensure!(connect(&world).await.is_err(), "a drained server accepts");
    Ok(())
}

async fn a_drain_answers_who_has_just_connected(engine: EngineChoice) -> Result<()> {
    let mut world = World::start(engine, Limits::default(), RAM)?;
    let (mut asks, mut is_silent) = (connect(&world).await?, connect(&world).await?);
    world.begin_drain();
    // Until the drain has begun, and nobody is accepted.
    while connect(&world).await.is_ok() {}
    asks.get("/v/init.mp4", "").await?;
    let reply = asks.reply().await?;
    ensure!(reply.status == 200 && field(&reply.head, "Connection") == Some("close"));
    ensure!(asks.ends().await && is_silent.ends().await);
    drop((asks, is_silent));
    // Long before the patience of the drain has ended.
    tokio::time::timeout(Duration::from_secs(5), world.ended()).await?
}

#[tokio::test]
async fn what_cannot_be_bound_is_named() -> Result<()> {
    let world = World::start(EngineChoice::Portable, Limits::default(), RAM)?;
    let path_of = |config: &ApplianceConfig| {
        let bound = serve::Server::bind(world.setup(config).expect("a CA"));
        bound.err().map(|err| (err.path().to_owned(), err.to_string()))
    };
    let mut taken = world.config.clone();
    taken.listeners[0].addresses[1] = world.players_h2[1];
    let (path, message) = path_of(&taken).context("a port was taken twice")?;
    ensure!(path == "listeners[0].addresses[1]", "{path}");
    ensure!(message.contains(&world.players_h2[1].to_string()), "{message}");

    let mut no_file = world.config.clone();
    no_file.certificates[1].chain_file = "/nonexistent.pem".into();
    let (path, message) = path_of(&no_file).context("no certificate was read")?;
    ensure!(
        path == "certificates[1].chain_file" && message.contains("/nonexistent.pem"),
        "{message}"
    );

    let mut mixed = world.config.clone();
    mixed.certificates[0].key_file = world.config.certificates[1].key_file.clone();
    let (path, _) = path_of(&mixed).context("a key of another certificate was taken")?;
    ensure!(path == "certificates[0].key_file", "{path}");

    let unknown = serve::Setup { siblings: None, ..world.setup(&world.config)? };
    let err = serve::Server::bind(unknown).err().context("it takes anybody for a sibling")?;
    ensure!(err.path() == "listeners", "{err}");
    Ok(())
}

async fn what_is_not_in_ram_is_served_from_disk(engine: EngineChoice) -> Result<()> {
    // A RAM tier smaller than the object.
    let world = World::start(engine, Limits::default(), 512 << 10)?;
    let mut connection = connect(&world).await?;
    for _ in 0..3 {
        connection.get("/v/seg.m4s", "").await?;
        ensure!(connection.reply().await?.body == segment());
    }
    Ok(())
}

#[test]
fn the_shelf_has_different_bytes_everywhere() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let shelf = Shelf::fill(folder.path(), RAM, &OBJECTS)?;
    ensure!(shelf.files.join("open/v/seg.m4s").exists());
    ensure!(content("open", "/v/seg.m4s", 64) != content("listed", "/v/seg.m4s", 64));
    Ok(())
}
