//! Another TLS library's server answers, in records of every length, and now and then badly.

use super::*;
use hyper::StatusCode;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

const NAME: &str = "oca1.site-a";

type Tls = StreamOwned<ServerConnection, TcpStream>;

/// What a server does with each of its connections, in their order.
type Script = Box<dyn FnOnce(&mut Tls) + Send>;

/// A server and who asks it.
struct Pair {
    boxes: Boxes,
    place: Place,
    /// How many connections it has had.
    served: mpsc::Receiver<()>,
}

fn pair(scripts: Vec<Script>) -> Pair {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec![NAME.to_owned()]).expect("params");
    let certificate = params.self_signed(&key).expect("a certificate").der().clone();
    let server = server_config(certificate.clone(), &key);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (tell, served) = mpsc::channel();
    std::thread::spawn(move || {
        for script in scripts {
            let (socket, _) = listener.accept().expect("a client");
            let tls = ServerConnection::new(Arc::clone(&server)).expect("a server");
            script(&mut StreamOwned::new(tls, socket));
            // Whoever counts may have seen enough.
            let _ = tell.send(());
        }
    });
    let patience = Patience { connect: Duration::from_secs(5), stall: Duration::from_millis(500) };
    let name = ServerName::try_from(NAME).expect("a name");
    let boxes = Boxes::new(client_config(certificate), patience);
    Pair { boxes, place: (address, name), served }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn server_config(certificate: CertificateDer<'static>, key: &rcgen::KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate");
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().expect("tickets");
    Arc::new(config)
}

fn client_config(certificate: CertificateDer<'static>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a root");
    ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at * 7 % 251).expect("below 251")).collect()
}

/// Reads a request up to its end.
fn question(tls: &mut Tls) -> String {
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") {
        tls.read_exact(&mut octet).expect("a request");
        head.extend(octet);
    }
    String::from_utf8(head).expect("text")
}

fn head(tls: &mut Tls, len: usize) {
    write!(tls, "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n").expect("a head");
}

/// A record for each piece, of these lengths over and over.
fn pieces(tls: &mut Tls, mut bytes: &[u8], lengths: &[usize]) {
    for len in lengths.iter().cycle() {
        let (piece, rest) = bytes.split_at(bytes.len().min(*len));
        tls.write_all(piece).expect("a piece");
        tls.flush().expect("sent");
        bytes = rest;
        if bytes.is_empty() {
            return;
        }
    }
}

impl Pair {
    async fn ask(&self) -> Result<Response<Box<dyn Body>>, FetchFailed> {
        let request = Request::get("/a/seg.m4s").header("host", NAME);
        let request = request.body(Empty::new()).expect("a request");
        self.boxes.ask(self.place.clone(), &request).await
    }

    /// Asks, and reads all of the answer into room of these lengths over and over.
    async fn fetch(&self, rooms: &[usize]) -> Result<Vec<u8>, FetchFailed> {
        let mut body = self.ask().await?.into_body();
        let mut all = Vec::new();
        for len in rooms.iter().cycle() {
            let mut room = vec![0; *len];
            match body.next_into(&mut room).await? {
                Some(Came::InPlace(count)) => all.extend_from_slice(&room[..count]),
                Some(Came::Apart(_)) => panic!("not in its place"),
                None => break,
            }
        }
        Ok(all)
    }

    fn idle(&self) -> bool {
        self.boxes.idle.take(&self.place).is_some()
    }
}

#[tokio::test]
async fn all_of_it_comes_whatever_the_records_and_the_room() {
    let lengths = [[1, 16_384], [16_384, 16_384], [100, 5000], [16_000, 1]];
    let script = move |tls: &mut Tls| {
        for lengths in lengths {
            assert!(question(tls).starts_with("GET /a/seg.m4s HTTP/1.1\r\n"));
            head(tls, 300_000);
            pieces(tls, &content(300_000), &lengths);
        }
    };
    let pair = pair(vec![Box::new(script)]);
    for rooms in [[1 << 20, 1 << 20], [16_384, 7], [16_385, 16_385], [99_999, 1]] {
        assert!(pair.fetch(&rooms).await.expect("an answer") == content(300_000), "{rooms:?}");
    }
    pair.served.recv().expect("over one connection");
}

#[tokio::test]
async fn keys_may_change_on_the_way_and_the_head_may_come_in_pieces() {
    let script = |tls: &mut Tls| {
        question(tls);
        pieces(tls, b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n", &[1, 9]);
        for part in content(200_000).chunks(20_000) {
            tls.write_all(part).expect("a part");
            tls.conn.refresh_traffic_keys().expect("a new key");
        }
        tls.flush().expect("sent");
        // It asks for a new key of ours as well, and this comes under it.
        question(tls);
        head(tls, 3);
        pieces(tls, b"end", &[3]);
    };
    let pair = pair(vec![Box::new(script)]);
    assert!(pair.fetch(&[1 << 20]).await.expect("an answer") == content(200_000));
    assert_eq!(pair.fetch(&[1 << 20]).await.expect("an answer"), b"end");
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_made_anew() {
    let once = |tls: &mut Tls| {
        question(tls);
        head(tls, 3);
        pieces(tls, b"one", &[3]);
        tls.conn.send_close_notify();
        tls.flush().expect("sent");
    };
    let pair = pair(vec![Box::new(once), Box::new(once)]);
    for _ in 0..2 {
        assert_eq!(pair.fetch(&[8]).await.expect("an answer"), b"one");
        pair.served.recv().expect("a connection each");
    }
}

#[tokio::test]
async fn who_is_to_close_is_not_asked_again() {
    let script = |tls: &mut Tls| {
        question(tls);
        let close = "HTTP/1.1 404 N\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        tls.write_all(close.as_bytes()).expect("an answer");
        tls.flush().expect("sent");
    };
    let pair = pair(vec![Box::new(script)]);
    let answer = pair.ask().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(answer.into_body().next().await.expect("no content").is_none());
    assert!(!pair.idle());
}

/// Half of it, and then nothing.
fn cut(tls: &mut Tls) {
    question(tls);
    head(tls, 100_000);
    pieces(tls, &content(50_000), &[16_384]);
}

#[tokio::test]
async fn what_ends_early_or_is_changed_on_the_way_is_an_error() {
    let goodbye = |tls: &mut Tls| {
        cut(tls);
        tls.conn.send_close_notify();
        tls.flush().expect("sent");
    };
    let changed = |tls: &mut Tls| {
        cut(tls);
        let mut record = Vec::new();
        tls.conn.writer().write_all(&content(10_000)).expect("buffered");
        tls.conn.write_tls(&mut record).expect("a record");
        record[5000] ^= 1;
        tls.sock.write_all(&record).expect("sent");
        // Until the other side gives up.
        let _ = tls.sock.read_exact(&mut [0; 1000]);
    };
    let nonsense = |tls: &mut Tls| {
        cut(tls);
        tls.sock.write_all(b"HTTP/1.1 200 OK\r\n").expect("sent");
        let _ = tls.sock.read_exact(&mut [0; 1000]);
    };
    let pair = pair(vec![Box::new(cut), Box::new(goodbye), Box::new(changed), Box::new(nonsense)]);
    for _ in 0..4 {
        let failed = pair.fetch(&[1 << 20]).await.expect_err("not all of it");
        assert!(matches!(failed, FetchFailed::Connection(_)), "{failed:?}");
        assert!(!pair.idle());
    }
}

#[tokio::test]
async fn silence_is_not_waited_for_without_end() {
    let script = |tls: &mut Tls| {
        question(tls);
        head(tls, 100);
        pieces(tls, b"so far", &[6]);
        // Until the other side gives up.
        let _ = tls.read_exact(&mut [0; 1000]);
    };
    let pair = pair(vec![Box::new(script)]);
    assert!(matches!(pair.fetch(&[8]).await, Err(FetchFailed::Stalled(_))));
}

#[tokio::test]
async fn who_is_somebody_else_is_told_nothing() {
    let script = |tls: &mut Tls| {
        tls.conn.complete_io(&mut tls.sock).expect_err("the client leaves");
    };
    let mut pair = pair(vec![Box::new(script)]);
    pair.place.1 = ServerName::try_from("oca2.site-a").expect("a name");
    let failed = pair.fetch(&[8]).await.expect_err("another name");
    assert!(failed.to_string().contains("certificate"), "{failed}");
    pair.served.recv().expect("refused by the client");
}
