//! An origin whose content changes, which fails and keeps parts back when it is told to, and
//! remembers what it was asked. It knows ranges and conditions.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// What stands under a path.
#[derive(Clone)]
pub(crate) struct Item {
    pub(crate) status: u16,
    pub(crate) content: Arc<Vec<u8>>,
    pub(crate) etag: Option<String>,
    /// Whole lines.
    pub(crate) fields: Vec<String>,
    pub(crate) knows_ranges: bool,
    /// Whether it says how long it is.
    pub(crate) says_length: bool,
}

impl Item {
    pub(crate) fn new(content: Vec<u8>, etag: &str, fields: &[&str]) -> Self {
        Self {
            status: 200,
            content: Arc::new(content),
            etag: Some(format!("\"{etag}\"")),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            knows_ranges: true,
            says_length: true,
        }
    }

    pub(crate) fn status(status: u16, fields: &[&str]) -> Self {
        Self { status, etag: None, ..Self::new(b"sorry".to_vec(), "", fields) }
    }
}

/// What it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// First and last byte.
    pub(crate) range: Option<(usize, usize)>,
    pub(crate) if_match: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) status: u16,
}

#[derive(Default)]
struct State {
    items: HashMap<String, Item>,
    asked: Vec<Request>,
    /// Bytes from here on are kept back, of every item.
    kept_from: Option<usize>,
}

type Shared = Arc<(Mutex<State>, Condvar)>;

/// The origin.
pub(crate) struct ChangingOrigin {
    pub(crate) address: SocketAddr,
    shared: Shared,
}

impl ChangingOrigin {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("address");
        let shared = Shared::default();
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&theirs);
                // Whoever goes away ends its own connection only.
                std::thread::spawn(move || serve(stream, &shared).ok());
            }
        });
        Self { address, shared }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().expect("lock")
    }

    pub(crate) fn set(&self, path: &str, item: Item) {
        self.state().items.insert(path.to_owned(), item);
    }

    /// Keeps back what begins at this byte or behind it; gives it when told `None`.
    pub(crate) fn keep_from(&self, byte: Option<usize>) {
        self.state().kept_from = byte;
        self.shared.1.notify_all();
    }

    /// What it was asked about a path, in the order of asking.
    pub(crate) fn asked(&self, path: &str) -> Vec<Request> {
        self.state().asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }
}

fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut stream = BufReader::new(stream);
    while let Some(mut request) = read(&mut stream)? {
        let item = {
            let mut state = shared.0.lock().expect("lock");
            let item = state.items.get(&request.path).cloned();
            let item = item.unwrap_or_else(|| Item::status(404, &[]));
            request.status = status_of(&item, &request);
            state.asked.push(request.clone());
            item
        };
        answer(stream.get_mut(), &item, &request, shared)?;
        if !item.says_length {
            return Ok(());
        }
    }
    Ok(())
}

fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut request = Request { path, range: None, if_match: None, if_none_match: None, status: 0 };
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(": ") else { return Ok(Some(request)) };
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let (first, last) = value["bytes=".len()..].split_once('-').expect("a range");
                let number = |text: &str| text.parse().expect("a closed range");
                request.range = Some((number(first), number(last)));
            }
            "if-match" => request.if_match = Some(value.to_owned()),
            "if-none-match" => request.if_none_match = Some(value.to_owned()),
            _ => {}
        }
    }
}

fn status_of(item: &Item, request: &Request) -> u16 {
    let is_other = |tag: &Option<String>| tag.is_some() && *tag != item.etag;
    match (item.status, request.range) {
        (200, _) if is_other(&request.if_match) => 412,
        (200, _) if request.if_none_match.is_some() && request.if_none_match == item.etag => 304,
        (200, Some((first, _))) if item.knows_ranges && first >= item.content.len() => 416,
        (200, Some(_)) if item.knows_ranges => 206,
        (status, _) => status,
    }
}

fn answer(
    stream: &mut TcpStream,
    item: &Item,
    request: &Request,
    shared: &Shared,
) -> io::Result<()> {
    let total = item.content.len();
    let (start, end) = match (request.status, request.range) {
        (206, Some((first, last))) => (first, total.min(last + 1)),
        (304 | 412 | 416, _) => (0, 0),
        _ => (0, total),
    };
    let mut head = format!("HTTP/1.1 {} X\r\n", request.status);
    match request.status {
        206 => head.push_str(&format!("Content-Range: bytes {start}-{}/{total}\r\n", end - 1)),
        416 => head.push_str(&format!("Content-Range: bytes */{total}\r\n")),
        _ => {}
    }
    match item.says_length {
        true => head.push_str(&format!("Content-Length: {}\r\n", end - start)),
        false => head.push_str("Connection: close\r\n"),
    }
    item.etag.iter().for_each(|tag| head.push_str(&format!("ETag: {tag}\r\n")));
    item.fields.iter().for_each(|field| head.push_str(&format!("{field}\r\n")));
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    for (at, piece) in (start..).step_by(64 << 10).zip(item.content[start..end].chunks(64 << 10)) {
        let state = shared.0.lock().expect("lock");
        let is_kept = |state: &mut State| state.kept_from.is_some_and(|from| at >= from);
        drop(shared.1.wait_while(state, is_kept).expect("lock"));
        stream.write_all(piece)?;
    }
    Ok(())
}
