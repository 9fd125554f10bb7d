//! What viewers ask for is counted by title, by every engine and over every protocol, and what
//! siblings ask for is not.

use anyhow::{Context, Result, ensure};
use contract::config::{EngineChoice, Limits};
use contract::demand::day_of;
use contract::time::TimeUs;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::SystemTime;
use tests::http_harness::client::{Client, Connection};
use tests::http_harness::curl;
use tests::http_harness::shelf::MODIFIED_S;
use tests::http_harness::table::{Row, Version};
use tests::http_harness::world::{LISTED_HOST, World, wait_for};

tests::on_each_engine! {
    bytes_and_sessions_are_those_of_viewers
    siblings_are_not_counted
    what_a_viewer_did_not_take_is_not_counted
}

const RAM: u64 = 32 << 20;
const SEGMENT: u64 = 1_234_567;

/// Bytes sent and missed, and sessions, of the one title of each group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Counted {
    sent: u64,
    missed: u64,
    sessions: BTreeSet<u64>,
}

type ByGroup = BTreeMap<String, Counted>;

/// Takes what was counted since, beside what was taken before.
fn take(world: &World, into: &mut ByGroup) {
    let today = day_of(TimeUs::from(SystemTime::now()));
    let mut tallies = world.tallies.lock().unwrap_or_else(PoisonError::into_inner);
    tallies.take(today, |_, count| {
        let group = into.entry(count.common().group.to_string()).or_default();
        group.sent += count.bytes_sent;
        group.missed += count.bytes_missed;
        group.sessions.extend(count.sessions());
    });
}

/// Waits until so much was counted of a group; gives all.
async fn counted(world: &World, group: &str, sent: u64, missed: u64) -> Result<ByGroup> {
    let mut all = ByGroup::new();
    let is_it = || {
        take(world, &mut all);
        all.get(group).is_some_and(|it| it.sent >= sent && it.missed >= missed)
    };
    let waited = wait_for("not all is counted", is_it).await;
    waited.with_context(|| format!("{sent} and {missed} of {group} are to come: {all:?}"))?;
    let of_group = &all[group];
    ensure!(of_group.sent == sent && of_group.missed == missed, "{group}: {of_group:?}");
    Ok(all)
}

async fn connect(world: &World) -> Result<Connection> {
    world.client()?.connect(world.players[0]).await
}

async fn status(connection: &mut Connection, path: &str, fields: &str) -> Result<u16> {
    connection.get(path, fields).await?;
    Ok(connection.reply().await?.status)
}

async fn bytes_and_sessions_are_those_of_viewers(engine: EngineChoice) -> Result<()> {
    let world = World::start(engine, Limits::default(), RAM)?;
    let mut viewer = connect(&world).await?;
    let said = "CMCD-Session: sid=\"one\"\r\n";
    ensure!(status(&mut viewer, "/v/seg.m4s", said).await? == 200);
    let range = format!("Range: bytes=0-99\r\n{said}");
    ensure!(status(&mut viewer, "/v/seg.m4s", &range).await? == 206);
    // As the query says it; the connection is the same.
    ensure!(status(&mut viewer, "/v/init.mp4?CMCD=sid%3D%22two%22", "").await? == 200);
    let all = counted(&world, "open", SEGMENT + 100 + 1000, 0).await?;
    ensure!(all["open"].sessions.len() == 2 && all.len() == 1, "{all:?}");

    // Nothing of these is content.
    let modified = format!("If-Modified-Since: {}\r\n", httpdate(MODIFIED_S));
    ensure!(status(&mut viewer, "/v/seg.m4s", &modified).await? == 304);
    ensure!(status(&mut viewer, "/v/none.m4s", "").await? == 404);
    ensure!(status(&mut viewer, "/v/seg.m4s", "Range: bytes=9999999-\r\n").await? == 416);
    // What a manifest names and is not here is missed, as far as it was asked for.
    ensure!(status(&mut viewer, "/v/wanted.m4s", "").await? == 404);
    ensure!(status(&mut viewer, "/v/wanted.m4s", "Range: bytes=3-6\r\n").await? == 404);
    let all = counted(&world, "open", 0, 14).await?;
    ensure!(all["open"].sessions.len() == 1, "one connection: {all:?}");

    let mut other = world.client()?.connect_as(world.players[0], LISTED_HOST).await?;
    let ask = format!("GET /v/seg.m4s HTTP/1.1\r\nHost: {LISTED_HOST}\r\n\r\n");
    for _ in 0..2 {
        other.send(ask.as_bytes()).await?;
        ensure!(other.reply().await?.status == 200);
    }
    let all = counted(&world, "listed", 10_000, 0).await?;
    ensure!(all["listed"].sessions.len() == 1 && all.len() == 1, "{all:?}");

    let reply = Row::get("/v/seg.m4s?CMCD=sid%3D%22one%22");
    let to = world.players_h2[0];
    let reply = curl::send(&reply, Version::Http2, to, "", &world.ca.file).await?;
    ensure!(reply.status == 200, "{}", reply.status);
    counted(&world, "open", SEGMENT, 0).await.map(drop)
}

async fn siblings_are_not_counted(engine: EngineChoice) -> Result<()> {
    let world = World::start(engine, Limits::default(), RAM)?;
    let identity = world.ca.issue(&["oca2.site-a.box.internal", "site-a.site.internal"])?;
    let sibling = Client::new(&world.ca, Some(&identity))?;
    let name = "oca1.site-a.box.internal";
    let mut sibling = sibling.connect_as(world.peers, name).await?;
    let ask = format!("GET /peer/v1/open/v/seg.m4s HTTP/1.1\r\nHost: {name}\r\n\r\n");
    sibling.send(ask.as_bytes()).await?;
    ensure!(sibling.reply().await?.status == 200);
    drop(sibling);
    world.quiet().await?;
    let mut all = ByGroup::new();
    take(&world, &mut all);
    ensure!(all.is_empty(), "{all:?}");
    Ok(())
}

async fn what_a_viewer_did_not_take_is_not_counted(engine: EngineChoice) -> Result<()> {
    let large: [(&str, &str, usize); 1] = [("open", "/large.m4s", 64 << 20)];
    let world = World::holding(&large, engine, Limits::default(), 128 << 20)?;
    let mut viewer = connect(&world).await?;
    viewer.get("/large.m4s", "").await?;
    viewer.read_ahead(1 << 20).await?;
    viewer.reset()?;
    world.quiet().await?;
    let mut all = ByGroup::new();
    let is_there = || {
        take(&world, &mut all);
        !all.is_empty()
    };
    wait_for("what was sent is not counted", is_there).await?;
    let sent = all["open"].sent;
    ensure!((1 << 19..64 << 20).contains(&sent), "{sent}");
    Ok(())
}

fn httpdate(unix_s: u64) -> String {
    assert_eq!(unix_s, 784_111_777, "the date of RFC 9110 §5.6.7");
    "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()
}
