//! TLS records: their framing, a handshake, and a real session that opens what was sealed
//! for it, what was changed on the way, and what never was a record.

use records::frame::{ContentType, MAX_PLAIN_LEN, MAX_RECORD_LEN, record_len};
use records::open::content_bound;
use records::seal::Sealer;
use records::session::{Incoming, Session};
use records::shake::{Progress, Shaking};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, SupportedCipherSuite};
use std::sync::{Arc, OnceLock};

/// Beyond what a script here seals.
const LIMIT: u64 = 1 << 20;

/// The first octet says which suite, and whether what follows is a handshake or a script of
/// records for a session.
pub fn run(octets: &[u8]) {
    let Some((&first, rest)) = octets.split_first() else { return };
    frame(rest);
    let pair = &pairs()[usize::from(first >> 1) % pairs().len()];
    if first % 2 == 0 { handshake(pair, rest) } else { session(pair, rest) }
}

fn frame(octets: &[u8]) {
    let at_once = record_len(octets);
    if let Ok(Some(len)) = at_once {
        assert!((5..=MAX_RECORD_LEN).contains(&len));
    }
    let by_octet = (0..=octets.len()).map(|len| record_len(&octets[..len]));
    let first = by_octet.into_iter().find(|said| *said != Ok(None)).unwrap_or(Ok(None));
    assert_eq!(at_once.is_err(), first.is_err(), "it depends on how they arrive");
}

/// Arbitrary octets instead of a handshake, in pieces: no panic, and what is sent is whole
/// records.
fn handshake((_, server): &Pair, octets: &[u8]) {
    let mut shaking = Shaking::new(Arc::clone(server), false).expect("a server");
    let mut out = Vec::new();
    for piece in octets.chunks(octets.len() / 3 + 1) {
        match shaking.advance(piece, &mut out) {
            Ok(Progress::Blocked(goes_on)) => shaking = goes_on,
            Ok(Progress::Done(_)) | Err(_) => break,
        }
    }
    whole_records(&out);
}

fn whole_records(mut octets: &[u8]) {
    while !octets.is_empty() {
        let len = record_len(octets).expect("a record").expect("a header");
        octets = octets.get(len..).expect("all of it");
    }
}

/// A script is a run of `what, length, content`: content that is sealed as one type or
/// another, changed afterwards, or put on the wire as it is.
fn session(pair: &Pair, script: &[u8]) {
    let (version, mut client, mut session) = connect(pair);
    let (mut wire, mut sent, mut is_clean, mut empty) = (Vec::new(), Vec::new(), true, 0);
    let mut rest = script;
    while let [what, len, behind @ ..] = rest {
        let (content, after) = behind.split_at(usize::from(*len).min(behind.len()));
        rest = after;
        let kind = match what >> 4 {
            0 => ContentType::ChangeCipherSpec,
            1 => ContentType::Alert,
            2 | 3 => ContentType::Handshake,
            _ => ContentType::ApplicationData,
        };
        match what % 16 {
            0 => {
                wire.extend_from_slice(content);
                is_clean = false;
            }
            1 => {
                seal(&mut client, kind, content, &mut wire);
                *wire.last_mut().expect("a tag") ^= 1;
                is_clean = false;
            }
            how => {
                let content = if how == 2 {
                    let mut long = content.repeat(MAX_PLAIN_LEN / content.len().max(1));
                    long.truncate(MAX_PLAIN_LEN);
                    long
                } else {
                    content.to_vec()
                };
                seal(&mut client, kind, &content, &mut wire);
                is_clean &= kind == ContentType::ApplicationData;
                empty += usize::from(content.is_empty());
                if kind == ContentType::ApplicationData {
                    sent.extend(content);
                }
            }
        }
    }
    let received = receive(&mut session, &mut wire, version == rustls::ProtocolVersion::TLSv1_3);
    assert!(sent.starts_with(&received), "content that nobody sent");
    // Records without content are borne for a while.
    if is_clean && empty < 32 {
        assert_eq!(sent.len(), received.len(), "content is missing");
    }
}

fn seal(client: &mut Sealer, kind: ContentType, content: &[u8], wire: &mut Vec<u8>) {
    let start = wire.len();
    wire.resize(start + content.len() + client.overhead(), 0);
    client.seal(kind, content, &mut wire[start..]).expect("sealed");
}

/// What an engine does with what comes: gives the content, up to what ends the connection.
fn receive(session: &mut Session, mut wire: &mut [u8], may_update: bool) -> Vec<u8> {
    let (mut content, mut replies) = (Vec::new(), Vec::new());
    while let Ok(Some(len)) = record_len(wire)
        && let Some((record, rest)) = std::mem::take(&mut wire).split_at_mut_checked(len)
    {
        // Half of them are opened where they stand, the others into room of their own.
        let mut room = vec![0; content_bound(len)];
        let (incoming, within) = match len % 2 {
            0 => (session.receive(record), &*record),
            _ => (session.receive_into(record, &mut room), &*room),
        };
        match incoming {
            Incoming::Content(range) => content.extend_from_slice(&within[range]),
            Incoming::Nothing => {}
            Incoming::Closed => break,
            Incoming::Reply(reply) => {
                use records::message::Reply;
                assert!(reply != Reply::KeyUpdate || may_update, "TLS 1.2 has no KeyUpdate");
                session.reply(reply, &mut replies).expect("a reply");
                if matches!(reply, Reply::Fatal(_)) {
                    break;
                }
            }
        }
        wire = rest;
    }
    whole_records(&replies);
    content
}

type Pair = (Arc<ClientConfig>, Arc<ServerConfig>);

/// One for each suite, and so for each version.
fn pairs() -> &'static [Pair] {
    static PAIRS: OnceLock<Vec<Pair>> = OnceLock::new();
    PAIRS.get_or_init(|| aws_lc_rs::ALL_CIPHER_SUITES.iter().copied().map(pair).collect())
}

fn pair(suite: SupportedCipherSuite) -> Pair {
    let provider =
        Arc::new(CryptoProvider { cipher_suites: vec![suite], ..aws_lc_rs::default_provider() });
    let is_rsa = format!("{:?}", suite.suite()).contains("_RSA_");
    let algorithm = if is_rsa { &rcgen::PKCS_RSA_SHA256 } else { &rcgen::PKCS_ECDSA_P256_SHA256 };
    let key = rcgen::KeyPair::generate_for(algorithm).expect("a key");
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("params");
    let certificate = params.self_signed(&key).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).expect("a root");
    let mut client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[suite.version()])
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.enable_secret_extraction = true;
    let key = rustls_pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[suite.version()])
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate");
    server.enable_secret_extraction = true;
    server.ticketer = aws_lc_rs::Ticketer::new().expect("tickets");
    (Arc::new(client), Arc::new(server))
}

/// A session, and what seals as its client would.
fn connect((client, server): &Pair) -> (rustls::ProtocolVersion, Sealer, Session) {
    let name = "localhost".try_into().expect("a name");
    let mut client = ClientConnection::new(Arc::clone(client), name).expect("a client");
    let mut shaking = Shaking::new(Arc::clone(server), false).expect("a server");
    for _ in 0..10 {
        let mut said = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut said).expect("into memory");
        }
        let mut out = Vec::new();
        let progress = shaking.advance(&said, &mut out).expect("a handshake");
        let mut rest = out.as_slice();
        while !rest.is_empty() {
            client.read_tls(&mut rest).expect("from memory");
            client.process_new_packets().expect("records that open");
        }
        match progress {
            Progress::Blocked(goes_on) => shaking = goes_on,
            Progress::Done(shaken) => {
                let version = client.protocol_version().expect("a version");
                let secrets = client.dangerous_extract_secrets().expect("secrets");
                let sealer = Sealer::new(version, secrets.tx, LIMIT).expect("a sealer");
                return (version, sealer, shaken.session);
            }
        }
    }
    panic!("the handshake does not end");
}
