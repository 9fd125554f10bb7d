//! Slice hashes all the way: `fleet content add` makes them, the fleet keeps them, a box asks for
//! them, and what an origin makes up costs no more than the slice that it stands in.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use anyhow::{Result, ensure};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use tests::small_cdn::{Plan, SmallCdn, TITLE, title_files};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const SLICE: usize = 1 << 20;

/// Six slices, the last of 123 bytes.
const FILM_BYTES: usize = 5 * SLICE + 123;

/// In the fifth slice.
const LIE_AT: usize = 4 * SLICE + 77;

/// An origin that gives one byte of one file wrong, the first time that it is asked for it. A
/// real one cannot be told to.
struct LyingOrigin {
    files: HashMap<String, Vec<u8>>,
    film: String,
    /// What was asked for of the film, in order.
    asked: Mutex<Vec<Range<usize>>>,
}

impl LyingOrigin {
    async fn start(film: &str, files: Vec<(String, Vec<u8>)>) -> Result<(Arc<Self>, u16)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let files = files.into_iter().collect();
        let origin = Arc::new(Self { files, film: film.to_owned(), asked: Mutex::default() });
        let shared = Arc::clone(&origin);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let origin = Arc::clone(&shared);
                // A client that goes away ends its own connection only.
                tokio::spawn(async move { origin.answer(stream).await.ok() });
            }
        });
        Ok((origin, port))
    }

    async fn answer(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let (mut path, mut range) = (String::new(), None);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 || line.trim().is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("GET ") {
                rest.split(' ').next().unwrap_or_default().clone_into(&mut path);
            }
            if let Some(asked) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
                let (first, last) = asked.trim().split_once('-').expect("one range");
                let [first, last] = [first, last].map(|it| it.parse::<usize>().expect("a number"));
                range = Some(first..last + 1);
            }
        }
        let Some(mut file) = self.files.get(&path).cloned() else {
            let nothing =
                b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            return stream.write_all(nothing).await;
        };
        let whole = file.len();
        let asked = range.clone().unwrap_or(0..whole);
        if path == self.film && self.is_new(&asked) {
            file[LIE_AT] ^= 1;
        }
        let status = match &range {
            Some(it) => format!(
                "206 Partial Content\r\ncontent-range: bytes {}-{}/{whole}",
                it.start,
                it.end - 1
            ),
            None => "200 OK".to_owned(),
        };
        let len = asked.len();
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&file[asked]).await?;
        stream.shutdown().await
    }

    /// Whether nobody has asked for the place of the lie before.
    fn is_new(&self, range: &Range<usize>) -> bool {
        let mut asked = self.asked.lock().expect("lock");
        let is_new = !asked.iter().any(|before| before.contains(&LIE_AT));
        asked.push(range.clone());
        is_new
    }
}

#[tokio::test]
async fn a_lie_costs_the_slice_that_it_stands_in() -> Result<()> {
    let film: Vec<u8> =
        (0..FILM_BYTES).map(|at| u8::try_from((at ^ (at >> 9)) % 251).expect("small")).collect();
    let path = format!("/{TITLE}/film.mp4");
    let more_files = vec![(path.clone(), film.clone())];
    let all = title_files().into_iter().chain(more_files.clone()).collect();
    let (origin, port) = LyingOrigin::start(&path, all).await?;
    let told_of = vec![format!("--origin=http://127.0.0.1:{port}")];
    let plan = Plan { more_files, origin: told_of, one_box: true, ..Plan::default() };
    let cdn = SmallCdn::start_with(plan).await?;
    cdn.until("the film is served", async |cdn| cdn.status(0, &path).await == 200).await?;
    let answer = cdn.ask(0, &path).await.expect("an answer");
    ensure!(answer.body == film, "wrong bytes");
    // Without hashes of slices, all of it would have come and gone, and come once more.
    let asked = origin.asked.lock().expect("lock").clone();
    ensure!(asked == [0..FILM_BYTES, 4 * SLICE..FILM_BYTES], "asked for {asked:?}");
    let status = cdn.fleet_json("status").await?.to_string();
    ensure!(status.contains("source_wrong_bytes"), "the lie is told of: {status}");
    Ok(())
}
