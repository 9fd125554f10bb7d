//! Sources that lie, end early, ignore Range, stall or go away: nothing wrong is ever
//! published, the next source is asked, and each failure is told of by name.

mod parts;

use cache::Lookup;
use contract::catalogue::{CatalogueEntry, Common};
use contract::manifest::Run;
use contract::names::{DeviceName, GroupName, TitleName};
use contract::object::Digest;
use contract::slices::{SliceHasher, SliceHashes};
use contract::sources::{Batch, OriginPath, Source, SourceKind, Sources};
use contract::time::TimeUs;
use fill::fetch::{Fetcher, Patience, SliceKnowledge, Tls};
use fill::{FillEvent, FillWatch, Filler, Promise, Routes, Threads};
use parts::open_cache;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// How a source behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Honest,
    /// One byte is another.
    WrongByte,
    /// The header promises all, half of it comes.
    EndsEarly,
    /// Answers 200 with everything, whatever was asked for.
    IgnoresRange,
    /// Another length than the catalogue says.
    WrongLength,
    /// More bytes than it says, without a length.
    TooLong,
    /// The header comes, then nothing.
    Stalls,
    Status(u16),
}

/// Three slices.
const SIZE: usize = 2_500_000;

fn content() -> Vec<u8> {
    (0..SIZE).map(|at| u8::try_from(at * 7 % 251).expect("below 251")).collect()
}

async fn source(manner: Manner) -> Source {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that goes away ends its own connection only.
            tokio::spawn(async move { answer(stream, manner).await.ok() });
        }
    });
    Source {
        kind: SourceKind::Origin,
        address,
        tls_name: None,
        origin: Some(OriginPath {
            host: "origin.example".to_owned(),
            prefix: "/o".to_owned(),
            bucket: None,
        }),
        after_s: 0,
        cap_bytes_per_s: None,
    }
}

async fn answer(stream: TcpStream, manner: Manner) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut asked = None;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            let (first, last) = range.trim().split_once('-').expect("a range");
            asked = Some((first.parse().expect("first"), last.parse::<usize>().expect("last")));
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = content();
    if manner == Manner::IgnoresRange {
        asked = None;
    }
    let total = body.len();
    if manner == Manner::WrongByte {
        body[total - 1] ^= 1;
    }
    let body = asked.map_or(&body[..], |(first, last)| &body[first..=last]);
    let mut head = match (manner, asked) {
        (Manner::Status(status), _) => format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n"),
        (Manner::TooLong, _) => "HTTP/1.1 200 OK\r\n".to_owned(),
        (Manner::WrongLength, _) => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", total + 1),
        (_, None) => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", body.len()),
        (_, Some((first, last))) => format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {first}-{last}/{total}\r\n",
            body.len()
        ),
    };
    head.push_str("Connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    match manner {
        Manner::Status(_) => {}
        Manner::EndsEarly => stream.write_all(&body[..body.len() / 2]).await?,
        Manner::Stalls => {
            stream.write_all(&body[..10]).await?;
            // Until the other side gives up.
            stream.read_u8().await?;
        }
        Manner::TooLong => {
            stream.write_all(body).await?;
            stream.write_all(b"more").await?;
        }
        _ => stream.write_all(body).await?,
    }
    stream.shutdown().await
}

struct Heard(mpsc::UnboundedSender<String>);
impl FillWatch for Heard {
    fn event(&self, event: FillEvent<'_>) {
        let word = match event {
            FillEvent::Published { .. } => "published".to_owned(),
            FillEvent::SourceFailed { failure, .. } => failure.kind().to_owned(),
        };
        self.0.send(word).expect("the test listens");
    }
}

fn entry() -> Arc<CatalogueEntry> {
    let (group, title) = (GroupName::new("g").expect("name"), TitleName::new("t").expect("name"));
    Arc::new(CatalogueEntry {
        ordinal: 7,
        path: "/a/seg.m4s".into(),
        size_bytes: SIZE as u64,
        blake3: Digest::of(&content()),
        modified_us: TimeUs(0),
        common: Common::of(group, title).share(),
    })
}

/// Whether anybody knows the hashes of slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knowledge {
    None,
    Slices,
}

impl SliceKnowledge for Knowledge {
    fn slice_hashes<'a>(&'a self, _: &'a CatalogueEntry) -> Promise<'a, Option<SliceHashes>> {
        let mut hasher = SliceHasher::default();
        hasher.update(&content());
        let known = (*self == Self::Slices).then(|| hasher.finish().2);
        Box::pin(async move { known })
    }
}

/// Fills one object from these sources and gives the events up to its publication.
async fn events(manners: &[Manner]) -> Vec<String> {
    events_with(Knowledge::None, manners).await
}

async fn events_with(knowledge: Knowledge, manners: &[Manner]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("folder");
    let cache = open_cache(folder.path(), 8 << 20);
    let (heard, mut events) = mpsc::unbounded_channel();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let boxes = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let tls = Tls { boxes, origins: None };
    let patience = Patience { connect: Duration::from_secs(2), stall: Duration::from_millis(300) };
    let filler = Filler::new(fill::Setup {
        cache: Arc::clone(&cache),
        upstream: Arc::new(Fetcher::new("oca1.test", patience, tls, Arc::new(knowledge))),
        offload: Arc::new(Threads),
        seed: 1,
        rules: fill::Rules::default(),
        clock: Arc::new(|| TimeUs(0)),
        watch: Arc::new(Heard(heard)),
    });
    let mut beyond = Vec::new();
    for manner in manners {
        beyond.push(source(*manner).await);
    }
    let entry = entry();
    let batch = Batch {
        group: entry.common.group.clone(),
        objects: vec![Run(7, 1)],
        siblings: vec![],
        beyond,
    };
    cache.set_wanted(vec![Arc::clone(&entry)]);
    let me = DeviceName::new("oca1.test").expect("name");
    filler.set_routes(Routes::new(
        &me,
        Sources { schema: 1, manifest_version: 1, batches: vec![batch], neighbours: vec![] },
    ));
    let (stopper, stop) = watch::channel(false);
    let filling = tokio::spawn(filler.run(stop));
    let mut seen = Vec::new();
    loop {
        let event = tokio::time::timeout(Duration::from_secs(30), events.recv()).await;
        let event = event.unwrap_or_else(|_| panic!("never published; so far {seen:?}"));
        let event = event.expect("the filler lives");
        let is_done = event == "published";
        seen.push(event);
        if is_done {
            break;
        }
        let before = cache.lookup(&entry.common.group, &entry.path);
        assert!(matches!(before, Lookup::Wanted | Lookup::Arriving(_)), "{before:?}");
    }
    stopper.send_replace(true);
    filling.await.expect("filler");
    let Lookup::Held(object) = cache.lookup(&entry.common.group, &entry.path) else {
        panic!("not held")
    };
    let file = std::fs::read(object.file()).expect("file");
    assert_eq!(file[8192..][..SIZE], content(), "what stands on the disk");
    seen
}

#[tokio::test]
async fn an_honest_source_suffices() {
    assert_eq!(events(&[Manner::Honest]).await, ["published"]);
}

#[tokio::test]
async fn one_wrong_byte_is_never_published() {
    assert_eq!(
        events(&[Manner::WrongByte, Manner::Honest]).await,
        ["source_wrong_bytes", "published"]
    );
}

#[tokio::test]
async fn where_slices_are_known_the_next_source_gives_the_wrong_one_alone() {
    // Who ignores Range could not do that.
    let seen = events_with(Knowledge::Slices, &[Manner::WrongByte, Manner::Honest]).await;
    assert_eq!(seen, ["source_wrong_bytes", "published"]);
    let seen = events_with(Knowledge::Slices, &[Manner::WrongByte, Manner::IgnoresRange]).await;
    assert_eq!(seen, ["source_wrong_bytes", "source_ignores_range", "published"]);
}

#[tokio::test]
async fn what_came_before_an_early_end_is_kept_and_the_next_source_goes_on() {
    let seen = events(&[Manner::EndsEarly, Manner::Honest]).await;
    // How the broken promise shows depends on how fast the connection closed.
    assert!(matches!(&*seen[0], "source_failed" | "source_ended_early"), "{seen:?}");
    assert_eq!(seen[1..], ["published"]);
}

#[tokio::test]
async fn a_source_that_ignores_range_is_passed_over() {
    let seen = events(&[Manner::EndsEarly, Manner::IgnoresRange, Manner::Honest]).await;
    assert_eq!(seen[1..], ["source_ignores_range", "published"]);
}

#[tokio::test]
async fn and_if_nobody_else_is_there_it_gives_all_of_it_from_the_first_byte() {
    let seen = events(&[Manner::EndsEarly, Manner::IgnoresRange]).await;
    assert_eq!(seen[1], "source_ignores_range");
    assert_eq!(seen.last().map(String::as_str), Some("published"));
}

#[tokio::test]
async fn lengths_that_do_not_fit_the_catalogue_are_refused() {
    assert_eq!(
        events(&[Manner::WrongLength, Manner::TooLong, Manner::Honest]).await,
        ["source_wrong_length", "source_wrong_length", "published"]
    );
}

#[tokio::test]
async fn a_silent_source_is_left_after_its_time() {
    assert_eq!(events(&[Manner::Stalls, Manner::Honest]).await, ["source_failed", "published"]);
}

#[tokio::test]
async fn errors_are_told_of_and_absence_is_no_fault() {
    assert_eq!(
        events(&[Manner::Status(404), Manner::Status(500), Manner::Honest]).await,
        ["source_failed", "published"]
    );
}
