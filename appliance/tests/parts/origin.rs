//! An origin that keeps some objects back until it is told to give them.

use super::content;
use super::documents::Objects;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// Objects below this are kept back.
pub(crate) const LATE: &str = "/late/";

#[derive(Default)]
struct State {
    gives_all: Mutex<bool>,
    changed: Condvar,
    /// How often something was asked for that is kept back.
    late_asked: AtomicUsize,
    /// Bytes of bodies, whether they arrive or not.
    sent: AtomicUsize,
}

/// The origin.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

impl Origin {
    pub(crate) fn start(objects: Objects<'_>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("address");
        let objects = objects.iter().map(|(path, size)| ((*path).to_owned(), content(path, *size)));
        let objects: Arc<HashMap<_, _>> = Arc::new(objects.collect());
        let state = Arc::new(State::default());
        let theirs = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (objects, state) = (Arc::clone(&objects), Arc::clone(&theirs));
                // Whoever goes away ends its own connection only.
                std::thread::spawn(move || answer(stream, &objects, &state).ok());
            }
        });
        Self { address, state }
    }

    pub(crate) fn give_all(&self) {
        *self.state.gives_all.lock().expect("lock") = true;
        self.state.changed.notify_all();
    }

    /// How many bytes were asked of it.
    pub(crate) fn sent(&self) -> usize {
        self.state.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn late_asked(&self) -> usize {
        self.state.late_asked.load(Ordering::Relaxed)
    }
}

fn answer(
    stream: TcpStream,
    objects: &HashMap<String, Vec<u8>>,
    state: &State,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut range = None;
    while !line.trim().is_empty() {
        line.clear();
        stream.read_line(&mut line)?;
        if let Some(asked) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            let (first, last) = asked.trim().split_once('-').expect("a range");
            let number = |text: &str| text.parse::<usize>().expect("a closed range");
            range = Some(number(first)..=number(last));
        }
    }
    if path.starts_with(LATE) {
        state.late_asked.fetch_add(1, Ordering::Relaxed);
        let gives_all = state.gives_all.lock().expect("lock");
        drop(state.changed.wait_while(gives_all, |gives_all| !*gives_all).expect("lock"));
    }
    // Whoever was killed before it had asked is owed nothing.
    let Some(whole) = objects.get(&path) else { return Ok(()) };
    let (status, body) = match range {
        None => ("200 OK".to_owned(), &whole[..]),
        Some(range) => {
            let (first, last, total) = (range.start(), range.end(), whole.len());
            let content_range = format!("Content-Range: bytes {first}-{last}/{total}");
            (format!("206 Partial Content\r\n{content_range}"), &whole[range])
        }
    };
    state.sent.fetch_add(body.len(), Ordering::Relaxed);
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let stream = stream.get_mut();
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}
