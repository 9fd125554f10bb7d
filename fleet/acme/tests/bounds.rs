//! An authority that is in trouble, or means no good: what it costs the fleet.

#![allow(clippy::expect_used)]

use acme::{Acme, Settings};
use ca::{Fault, Issuance, NotIssued, RequestedKey, Wish};
use contract::names::DeviceName;
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What the authority answers to what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    LimitsOrders,
    TellsTooMuch,
    SpeaksHtml,
    KnowsNoAccount,
}

struct Place {
    folder: TempDir,
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Place {
    async fn new(mood: Mood) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let key = KeyPair::generate().expect("a key");
        let shown = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
        let shown = shown.self_signed(&key).expect("signed");
        std::fs::write(folder.path().join("ca.pem"), shown.pem()).expect("written");
        let secret =
            "key \"a\" { algorithm hmac-sha256; secret \"c2l4dGVlbiBieXRlcyBhdCBsZWFzdA==\"; };";
        std::fs::write(folder.path().join("dns.key"), secret).expect("written");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS")
            .with_no_client_auth()
            .with_single_cert(
                vec![shown.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .expect("a certificate");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, Arc::new(config), mood, Arc::clone(&asked)));
        Self { folder, address, asked }
    }

    fn settings(&self) -> Settings {
        Settings {
            directory: format!("https://{}/dir", self.address).parse().expect("a URL"),
            contact: vec!["mailto:operator@example.org".to_owned()],
            ca_file: Some(self.folder.path().join("ca.pem")),
            folder: self.folder.path().to_owned(),
            // Nobody gets as far as this.
            dns: ([127, 0, 0, 1], 9).into(),
            seen_at: Vec::new(),
            dns_key: self.folder.path().join("dns.key"),
        }
    }

    async fn refused(&self) -> NotIssued {
        Acme::new(self.settings())
            .expect("settings")
            .issue(&wish())
            .await
            .expect_err("nothing is issued here")
    }

    /// How often something was asked for.
    fn asked(&self, path: &str) -> usize {
        self.asked.lock().expect("a list").iter().filter(|it| *it == path).count()
    }
}

fn wish() -> Wish {
    let host_names = vec!["a.example".to_owned()];
    let mut params = CertificateParams::new(host_names.clone()).expect("a name");
    params.distinguished_name = DistinguishedName::new();
    let csr = params.serialize_request(&KeyPair::generate().expect("a key")).expect("a request");
    let request = RequestedKey::read(&csr.pem().expect("PEM")).expect("a request");
    Wish { device: DeviceName::new("oca1").expect("a name"), host_names, request }
}

async fn serve(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    mood: Mood,
    asked: Arc<Mutex<Vec<String>>>,
) {
    let here = listener.local_addr().expect("an address");
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (acceptor, asked) = (TlsAcceptor::from(Arc::clone(&config)), Arc::clone(&asked));
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let mut stream = BufReader::new(stream);
            while let Some(path) = request(&mut stream).await {
                let text = answer(&path, here, mood);
                asked.lock().expect("a list").push(path);
                if stream.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// Reads one; gives its path.
async fn request(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|count| *count > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut field = String::new();
        stream.read_line(&mut field).await.ok()?;
        if field.trim().is_empty() {
            break;
        }
        if let Some(value) = field.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    stream.read_exact(&mut vec![0; length]).await.ok()?;
    Some(path)
}

fn answer(path: &str, here: SocketAddr, mood: Mood) -> String {
    let url = |name: &str| format!("https://{here}/{name}");
    let problem = |kind: &str| {
        format!(r#"{{"type": "urn:ietf:params:acme:error:{kind}", "detail": "enough"}}"#)
    };
    let (status, more, body) = match path {
        "/dir" if mood == Mood::TellsTooMuch => ("200 OK", String::new(), "[".repeat(1 << 20)),
        "/dir" if mood == Mood::SpeaksHtml => {
            ("502 Bad Gateway", String::new(), "<html>".to_owned())
        }
        "/dir" => {
            let (nonce, account, order) = (url("nonce"), url("account"), url("order"));
            let body = format!(
                r#"{{"newNonce": "{nonce}", "newAccount": "{account}", "newOrder": "{order}"}}"#
            );
            ("200 OK", String::new(), body)
        }
        "/account" => ("201 Created", format!("location: {}\r\n", url("account/1")), "{}".into()),
        "/order" if mood == Mood::KnowsNoAccount => {
            ("400 Bad Request", String::new(), problem("accountDoesNotExist"))
        }
        "/order" => {
            ("429 Too Many Requests", "retry-after: 77\r\n".to_owned(), problem("rateLimited"))
        }
        _ => ("200 OK", String::new(), String::new()),
    };
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nreplay-nonce: n\r\n{more}content-length: {length}\r\n\r\n{body}")
}

fn accounts(folder: &Path) -> Vec<(String, u32)> {
    let files = std::fs::read_dir(folder).expect("a folder").flatten();
    let file = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().expect("a name");
        (name, entry.metadata().expect("a file").mode() & 0o777)
    };
    let mut all: Vec<_> = files.map(file).filter(|(name, _)| name.starts_with("acme-")).collect();
    all.sort();
    all
}

#[tokio::test]
async fn who_has_had_enough_is_left_alone_for_as_long_as_he_says() {
    let place = Place::new(Mood::LimitsOrders).await;
    let why = place.refused().await;
    assert_eq!(why.fault, Fault::OfAuthority);
    assert_eq!(why.retry_after, Some(Duration::from_secs(77)));
    assert!(why.why.contains("enough"), "{why}");
}

#[tokio::test]
async fn an_account_is_made_once_and_is_its_owners() {
    let place = Place::new(Mood::LimitsOrders).await;
    for _ in 0..3 {
        place.refused().await;
    }
    assert_eq!(place.asked("/account"), 1);
    let found = accounts(place.folder.path());
    assert!(matches!(&*found, [(name, 0o600)] if name.ends_with(".json")), "{found:?}");
}

#[tokio::test]
async fn an_account_that_is_gone_is_followed_by_another() {
    let place = Place::new(Mood::KnowsNoAccount).await;
    let why = place.refused().await;
    assert!(why.why.contains("another is made"), "{why}");
    assert_eq!(accounts(place.folder.path()).len(), 1, "the old one, aside");
    place.refused().await;
    assert_eq!(place.asked("/account"), 2);
}

#[tokio::test]
async fn what_is_no_answer_is_the_authoritys_fault() {
    for (mood, words) in [(Mood::TellsTooMuch, "limit"), (Mood::SpeaksHtml, "502")] {
        let place = Place::new(mood).await;
        let why = place.refused().await;
        assert_eq!(why.fault, Fault::OfAuthority, "{why}");
        assert!(why.why.contains("--acme-directory") && why.why.contains(words), "{why}");
    }
}

/// One who takes connections and says nothing.
async fn silent() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut all = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            all.push(stream);
        }
    });
    address
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_not_waited_for_for_ever() {
    let place = Place { address: silent().await, ..Place::new(Mood::LimitsOrders).await };
    let begun = tokio::time::Instant::now();
    let why = place.refused().await;
    assert!(why.why.contains("within 30 s"), "{why}");
    assert!(begun.elapsed() < Duration::from_secs(60));
    let dns = Settings { dns: silent().await, ..place.settings() };
    let begun = tokio::time::Instant::now();
    Acme::new(dns).expect("settings").clear(&["a.example".to_owned()]).await;
    assert!(begun.elapsed() < Duration::from_secs(60));
}
