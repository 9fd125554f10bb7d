//! The table of requests in `tests/http_table`, sent by curl over HTTP/1.1 and HTTP/2, over
//! IPv4 and IPv6, to a real server over a real cache, and to nginx over the same files.

use anyhow::Result;
use contract::config::{EngineChoice, Limits};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tests::http_harness::curl::{self, Reply};
use tests::http_harness::nginx::Nginx;
use tests::http_harness::shelf;
use tests::http_harness::table::{self, Row, Version};
use tests::http_harness::world::World;
use tests::uml;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// curls at once: they wait more than they work.
const PARALLEL: usize = 6;

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Uring,
    Portable,
    Nginx,
}

/// One row over one version and one address family.
#[derive(Clone)]
struct Case {
    row: Arc<Row>,
    version: Version,
    to: SocketAddr,
    whose: Whose,
    ca_file: PathBuf,
}

tests::on_each_engine! { every_row }
tests::on_kernel_tls! {}
tests::on_zero_copy! {}

/// HTTP/2 is the portable engine's in any case.
async fn every_row(engine: EngineChoice) -> Result<()> {
    let world = start(engine)?;
    let whose = if engine == EngineChoice::Uring { Whose::Uring } else { Whose::Portable };
    let at = |version, family: usize| match version {
        Version::Http2 if whose == Whose::Uring => None,
        Version::Http2 => Some(world.players_h2[family]),
        // A process takes its time there, and addresses are not what differs.
        _ if uml::is_inside() && family > 0 => None,
        _ => Some(world.players[family]),
    };
    ask_all(&load()?, &world.ca.file, whose, at).await?;
    assert!(world.sealed_as_told() && world.sent_as_told());
    world.quiet().await
}

#[tokio::test]
async fn every_row_on_nginx() -> Result<()> {
    let rows = load()?;
    let world = start(EngineChoice::Portable)?;
    let nginx = Nginx::start(&world).await?;
    let at = |_, family: usize| Some(nginx.addresses[family]);
    let count = ask_all(&rows, &world.ca.file, Whose::Nginx, at).await?;
    nginx.stop().await?;
    let differing = rows.iter().filter(|row| !row.nginx.is_empty()).count();
    println!("{} rows, {count} requests, {differing} rows where nginx differs", rows.len());
    world.quiet().await
}

/// Sends every row over every version and both address families, where `at` has one; gives
/// how many those were.
async fn ask_all(
    rows: &[Arc<Row>],
    ca_file: &Path,
    whose: Whose,
    at: impl Fn(Version, usize) -> Option<SocketAddr>,
) -> Result<usize> {
    let mut cases = Vec::new();
    for row in rows {
        for &version in &row.over {
            for to in [0, 1].into_iter().filter_map(|family| at(version, family)) {
                let (row, ca_file) = (Arc::clone(row), ca_file.to_path_buf());
                cases.push(Case { row, version, to, whose, ca_file });
            }
        }
    }
    let count = cases.len();
    let failures = run(cases).await?;
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
    Ok(count)
}

fn load() -> Result<Vec<Arc<Row>>> {
    let rows = table::load(Path::new("http_table"))?;
    assert!(rows.len() >= 60, "{} rows", rows.len());
    Ok(rows.into_iter().map(Arc::new).collect())
}

fn start(engine: EngineChoice) -> Result<World> {
    // The limit on misses has its own test: here many rows miss within a second.
    let limits = Limits { misses_per_prefix_per_s: 10_000, ..Limits::default() };
    World::start(engine, limits, 16 << 20)
}

async fn run(cases: Vec<Case>) -> Result<Vec<String>> {
    let room = Arc::new(Semaphore::new(PARALLEL));
    let mut running = JoinSet::new();
    for case in cases {
        let room = Arc::clone(&room);
        running.spawn(async move {
            let _place = room.acquire_owned().await?;
            let etag = etag(&case);
            let reply = curl::send(&case.row, case.version, case.to, &etag, &case.ca_file).await?;
            wrong(&case, &reply, &etag)
        });
    }
    let mut failures = Vec::new();
    while let Some(done) = running.join_next().await {
        failures.extend(done??);
    }
    failures.sort();
    Ok(failures)
}

/// The entity tag that the asked server has for the asked object.
fn etag(case: &Case) -> String {
    let row = &case.row;
    let path = row.target.split('?').next().unwrap_or_default();
    let known =
        shelf::OBJECTS.iter().find(|(group, known, _)| *group == row.host && *known == path);
    let Some((group, path, length)) = known else { return "\"none\"".to_owned() };
    if case.whose != Whose::Nginx {
        let digest = contract::object::Digest::of(&shelf::content(group, path, *length));
        format!("\"{}\"", digest.short())
    } else {
        Nginx::etag(shelf::MODIFIED_S, *length)
    }
}

fn wrong(case: &Case, reply: &Reply, etag: &str) -> Result<Vec<String>> {
    let Case { row, version, to, whose, .. } = case;
    let place = format!("{} ({whose:?}, {version:?}, {to})", row.name);
    let said = |wrong: Vec<String>| wrong.iter().map(|each| format!("{place}: {each}")).collect();
    if *whose != Whose::Nginx {
        return Ok(said(row.expected(*version).wrong_in(reply, etag)?));
    }
    let expected = row.expected_of_anyone(*version);
    let Some(difference) = row.difference(*version) else {
        return Ok(said(expected.wrong_in(reply, etag)?));
    };
    if expected.wrong_in(reply, etag)?.is_empty() {
        return Ok(vec![format!(
            "{place}: the listed difference does not show: {}",
            difference.why
        )]);
    }
    Ok(said(expected.but(difference).wrong_in(reply, etag)?))
}

#[test]
fn differences_must_be_listed_and_must_show() -> Result<()> {
    let row = |nginx| -> Result<Arc<Row>> {
        let text = format!("{{name: x, target: /, expect: {{status: 404}}, nginx: [{nginx}]}}");
        Ok(Arc::new(serde_yaml::from_str(&text)?))
    };
    let to = SocketAddr::from(([127, 0, 0, 1], 1));
    let count = |nginx, ours, status| -> Result<usize> {
        let whose = if ours { Whose::Portable } else { Whose::Nginx };
        let ca_file = PathBuf::new();
        let case = Case { row: row(nginx)?, version: Version::Http2, to, whose, ca_file };
        Ok(wrong(&case, &Reply::bare(status), "")?.len())
    };
    let listed = "{status: 403, why: because}";
    let elsewhere = "{status: 403, over: http/1.1, why: because}";
    for (nginx, ours, status, expected) in [
        ("", true, 404, 0),
        ("", true, 403, 1),
        ("", false, 404, 0),
        ("", false, 403, 1),
        (listed, true, 404, 0),
        (listed, true, 403, 1),
        (listed, false, 403, 0),
        (listed, false, 404, 1),
        (listed, false, 500, 1),
        (elsewhere, false, 404, 0),
        (elsewhere, false, 403, 1),
    ] {
        assert_eq!(count(nginx, ours, status)?, expected, "{nginx} {ours} {status}");
    }
    Ok(())
}
