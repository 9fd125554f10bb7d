//! What becomes of a connection when a request is refused before all of it has come.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use support::process::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Refused for its query, whatever its body.
const HEAD: &str = "POST /api/v1/tags?colour=red HTTP/1.1\r\nHost: fleet\r\n\
    Content-Type: application/json\r\nContent-Length: 2\r\n";

async fn connect(server: &Server) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    for each in CertificateDer::pem_file_iter(server.front()).expect("an authority") {
        roots.add(each.expect("an authority")).expect("added");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(server.listen).await.expect("connected");
    stream.set_nodelay(true).expect("no delay");
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(tls)).connect(name, stream).await.expect("shaken hands")
}

/// One answer to its end, as all of these say how long they are.
async fn answer(stream: &mut TlsStream<TcpStream>) -> String {
    let mut text = String::new();
    loop {
        let mut some = [0; 4096];
        let count = stream.read(&mut some).await.expect("read");
        assert!(count > 0, "hung up after {text:?}");
        text.push_str(std::str::from_utf8(&some[..count]).expect("text"));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if length.expect("a length").parse() == Ok(body.len()) {
            return text.to_ascii_lowercase();
        }
    }
}

#[tokio::test]
async fn a_refusal_leaves_the_connection_or_says_that_it_does_not() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let head = format!("{HEAD}{}\r\n", server.bearer());
    let mut stream = connect(&server).await;
    for _ in 0..20 {
        // As many clients do: one write for the head, one for the body.
        for part in [&*head, "\r\n", "{}"] {
            stream.write_all(part.as_bytes()).await.expect("written");
            stream.flush().await.expect("sent");
        }
        let told = answer(&mut stream).await;
        assert!(told.starts_with("http/1.1 400") && !told.contains("connection: close"), "{told}");
    }
    // Who waits before he sends, and who never sends the rest.
    for expect in ["Expect: 100-continue\r\n", ""] {
        let mut stream = connect(&server).await;
        stream.write_all(format!("{head}{expect}\r\n").as_bytes()).await.expect("written");
        stream.flush().await.expect("sent");
        let told = answer(&mut stream).await;
        assert!(told.starts_with("http/1.1 400") && told.contains("connection: close"), "{told}");
    }
}

/// Who sends much and reads when he has: what he sent meanwhile costs him no answer.
#[tokio::test]
async fn an_answer_reaches_who_still_sends() {
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), None);
    let mut stream = connect(&server).await;
    let head = HEAD.replace("Length: 2", &format!("Length: {}", 64 << 20));
    let head = format!("{head}{}\r\n\r\n", server.bearer());
    stream.write_all(head.as_bytes()).await.expect("written");
    // More than lies in buffers on the way.
    for _ in 0..16 {
        stream.write_all(&[b' '; 1 << 20]).await.expect("written");
    }
    stream.flush().await.expect("sent");
    let told = answer(&mut stream).await;
    assert!(told.starts_with("http/1.1 400") && told.contains("connection: close"), "{told}");
}
