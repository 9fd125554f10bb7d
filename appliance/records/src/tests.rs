//! A foreign client reads what we seal, and we open what it sends: every suite, both
//! versions, far beyond the tickets that follow the handshake.

use super::frame::{ContentType, MAX_PLAIN_LEN, record_len};
use super::message::{AlertCode, Reply};
use super::open::content_bound;
use super::session::{Incoming, Session};
use super::shake::{Progress, Shaken, Shaking};
use super::side::{Client, Side};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, SupportedCipherSuite};
use std::io::{Read, Write};
use std::sync::Arc;

/// One suite each, and so one version.
fn provider(suite: SupportedCipherSuite) -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider { cipher_suites: vec![suite], ..aws_lc_rs::default_provider() })
}

fn configs(suite: SupportedCipherSuite) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let is_rsa = format!("{:?}", suite.suite()).contains("_RSA_");
    let algorithm = if is_rsa { &rcgen::PKCS_RSA_SHA256 } else { &rcgen::PKCS_ECDSA_P256_SHA256 };
    let key = rcgen::KeyPair::generate_for(algorithm).expect("a key");
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("params");
    let certificate = params.self_signed(&key).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).expect("a root");
    let versions = [suite.version()];
    let client = ClientConfig::builder_with_provider(provider(suite))
        .with_protocol_versions(&versions)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let key = rustls_pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let mut server = ServerConfig::builder_with_provider(provider(suite))
        .with_protocol_versions(&versions)
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate");
    server.enable_secret_extraction = true;
    server.ticketer = aws_lc_rs::Ticketer::new().expect("tickets");
    (Arc::new(client), Arc::new(server))
}

/// Both ends after a handshake. The client says `first` right behind its last message.
fn connect(
    configs: &(Arc<ClientConfig>, Arc<ServerConfig>),
    first: &[u8],
) -> (ClientConnection, Shaken) {
    connect_and(configs, |client| client.writer().write_all(first).expect("buffered"))
}

/// The same; the client does `first` as soon as it is done shaking hands, and all of that
/// comes with its last message.
fn connect_and(
    (client, server): &(Arc<ClientConfig>, Arc<ServerConfig>),
    first: impl FnOnce(&mut ClientConnection),
) -> (ClientConnection, Shaken) {
    let name = "localhost".try_into().expect("a name");
    let mut client = ClientConnection::new(Arc::clone(client), name).expect("a client");
    let mut first = Some(first);
    let mut shaking = Shaking::new(Arc::clone(server), false).expect("a server");
    for _ in 0..10 {
        let mut out = Vec::new();
        if !client.is_handshaking()
            && let Some(first) = first.take()
        {
            first(&mut client);
        }
        let progress = shaking.advance(&said(&mut client), &mut out).expect("a handshake");
        hear(&mut client, &out);
        match progress {
            Progress::Blocked(goes_on) => shaking = goes_on,
            Progress::Done(shaken) => {
                // With TLS 1.2 the last message is ours.
                first.into_iter().for_each(|first| first(&mut client));
                return (client, *shaken);
            }
        }
    }
    panic!("the handshake does not end");
}

/// What the client sends.
fn said(client: &mut ClientConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut bytes).expect("into memory");
    }
    bytes
}

/// The client reads records; gives its content.
fn hear(client: &mut ClientConnection, mut bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    while !bytes.is_empty() {
        client.read_tls(&mut bytes).expect("from memory");
        let state = client.process_new_packets().expect("records that open");
        let mut plain = vec![0; state.plaintext_bytes_to_read()];
        client.reader().read_exact(&mut plain).expect("what was counted");
        content.extend(plain);
    }
    content
}

/// Opens all records in `bytes`: their content, and what else came.
fn open(session: &mut Session, mut bytes: Vec<u8>) -> (Vec<u8>, Vec<Incoming>) {
    let (mut content, mut others) = (Vec::new(), Vec::new());
    let mut rest = bytes.as_mut_slice();
    while !rest.is_empty() {
        let len = record_len(rest).expect("a record").expect("a header");
        let (record, behind) = rest.split_at_mut(len);
        match session.receive(record) {
            Incoming::Content(range) => content.extend_from_slice(&record[range]),
            other => others.push(other),
        }
        rest = behind;
    }
    (content, others)
}

fn seal<S: Side>(session: &mut Session<S>, plain: &[u8]) -> Vec<u8> {
    let sealer = session.sealer().expect("ours");
    let mut out = vec![0; plain.len() + sealer.overhead()];
    let len = sealer.seal(ContentType::ApplicationData, plain, &mut out).expect("sealed");
    assert_eq!(len, out.len());
    out
}

#[test]
fn a_thousand_records_of_every_suite_open() {
    for suite in aws_lc_rs::ALL_CIPHER_SUITES {
        let (mut client, shaken) = connect(&configs(*suite), b"hello");
        let mut session = shaken.session;
        let (content, _) = open(&mut session, [shaken.sealed, said(&mut client)].concat());
        assert_eq!(content, b"hello", "{suite:?}");
        for number in 0..1000_usize {
            let plain = vec![u8::try_from(number % 251).unwrap(); number * 37 % MAX_PLAIN_LEN];
            assert_eq!(hear(&mut client, &seal(&mut session, &plain)), plain, "{suite:?}");
            let reply = number.to_be_bytes();
            client.writer().write_all(&reply).expect("buffered");
            let (content, others) = open(&mut session, said(&mut client));
            assert_eq!((content.as_slice(), others.len()), (reply.as_slice(), 0), "{suite:?}");
        }
    }
}

/// Both ends are ours after a handshake; what the server said behind it, the client has not heard.
fn both_ours(
    (client, server): &(Arc<ClientConfig>, Arc<ServerConfig>),
) -> (Session<Client>, Session, Vec<u8>) {
    let mut config = ClientConfig::clone(client);
    config.enable_secret_extraction = true;
    let name = "localhost".try_into().expect("a name");
    let mut client = Progress::Blocked(Shaking::with(Arc::new(config), name).expect("a client"));
    let mut server = Progress::Blocked(Shaking::new(Arc::clone(server), false).expect("a server"));
    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        client = advance(client, &mut to_client, &mut to_server);
        server = advance(server, &mut to_server, &mut to_client);
        match (client, server) {
            (Progress::Done(client), Progress::Done(server)) => {
                let behind = [client.sealed, to_client].concat();
                return (client.session, server.session, behind);
            }
            blocked => (client, server) = blocked,
        }
    }
    panic!("the handshake does not end");
}

fn advance<S: Side>(end: Progress<S>, came: &mut Vec<u8>, out: &mut Vec<u8>) -> Progress<S> {
    match end {
        Progress::Blocked(shaking) => {
            shaking.advance(&std::mem::take(came), out).expect("a handshake")
        }
        done => done,
    }
}

/// Opens all records in `bytes` into room that is as long as they ask for.
fn open_into<S: Side>(session: &mut Session<S>, mut bytes: Vec<u8>) -> (Vec<u8>, Vec<Incoming>) {
    let (mut content, mut others) = (Vec::new(), Vec::new());
    let mut rest = bytes.as_mut_slice();
    while let Ok(Some(len)) = record_len(rest) {
        let (record, behind) = rest.split_at_mut(len);
        let mut room = vec![0; content_bound(len)];
        match session.receive_into(record, &mut room) {
            Incoming::Content(range) => content.extend_from_slice(&room[range]),
            other => others.push(other),
        }
        rest = behind;
    }
    (content, others)
}

#[test]
fn what_we_seal_we_open_at_the_other_end() {
    for suite in aws_lc_rs::ALL_CIPHER_SUITES {
        let (mut client, mut server, mut wire) = both_ours(&configs(*suite));
        let is_tls13 = suite.tls13().is_some();
        let mut sent = Vec::new();
        for number in 0..200_usize {
            let plain = vec![u8::try_from(number % 251).unwrap(); number * 331 % MAX_PLAIN_LEN];
            if is_tls13 && number % 50 == 7 {
                server.reply(Reply::KeyUpdate, &mut wire).expect("sealed");
            }
            wire.extend(seal(&mut server, &plain));
            sent.extend(plain);
        }
        server.reply(Reply::CloseNotify, &mut wire).expect("sealed");
        let (content, mut others) = open_into(&mut client, wire);
        assert!(content == sent, "{suite:?}");
        // Tickets, keys, the one record that is empty, and the goodbye.
        assert_eq!(others.pop(), Some(Incoming::Closed), "{suite:?}");
        assert!(others.iter().all(|other| *other == Incoming::Nothing), "{suite:?}: {others:?}");
        assert!(!is_tls13 || others.len() > 5, "{suite:?}: {others:?}");
        let question = seal(&mut client, b"question");
        assert_eq!(open_into(&mut server, question).0, b"question");
    }
}

#[test]
fn a_server_hears_no_tickets_and_without_room_nothing_is_opened() {
    let suite = aws_lc_rs::ALL_CIPHER_SUITES[0];
    let (mut client, mut server, _) = both_ours(&configs(suite));
    let mut ticket = vec![0; 5 + client.sealer().expect("ours").overhead()];
    let sealer = client.sealer().expect("ours");
    sealer.seal(ContentType::Handshake, &[4, 0, 0, 1, 0], &mut ticket).expect("sealed");
    let refused = vec![Incoming::Reply(Reply::Fatal(AlertCode::UnexpectedMessage))];
    assert_eq!(open_into(&mut server, ticket), (Vec::new(), refused));
    let mut record = seal(&mut client, b"content");
    let mut room = [0; 7];
    assert!(room.len() < content_bound(record.len()));
    let refused = Incoming::Reply(Reply::Fatal(AlertCode::RecordOverflow));
    assert_eq!(server.receive_into(&mut record, &mut room), refused);
}

#[test]
fn what_was_never_sent_is_sealed_again_as_it_was() {
    for suite in aws_lc_rs::ALL_CIPHER_SUITES {
        let (mut client, shaken) = connect(&configs(*suite), b"");
        let mut session = shaken.session;
        let before: Vec<_> = (0..3).map(|at| seal(&mut session, &[at; 100])).collect();
        session.sealer().expect("ours").unseal(2);
        let again: Vec<_> = (1..3).map(|at| seal(&mut session, &[at; 100])).collect();
        assert_eq!(before[1..], again);
        assert_eq!(hear(&mut client, &before.concat()).len(), 300);
    }
}

#[test]
fn tickets_resume() {
    for suite in aws_lc_rs::ALL_CIPHER_SUITES {
        let configs = configs(*suite);
        let (_, first) = connect(&configs, b"");
        assert!(!first.is_resumed);
        assert!(connect(&configs, b"").1.is_resumed, "{suite:?}");
    }
}

#[test]
fn keys_change_in_both_directions() {
    for suite in aws_lc_rs::ALL_CIPHER_SUITES.iter().filter(|suite| suite.tls13().is_some()) {
        let (mut client, shaken) = connect(&configs(*suite), b"");
        let mut session = shaken.session;
        for _ in 0..40 {
            client.refresh_traffic_keys().expect("a new key");
            client.writer().write_all(b"under it").expect("buffered");
            let (content, others) = open(&mut session, said(&mut client));
            assert_eq!(content, b"under it");
            let [Incoming::Reply(reply)] = others[..] else { panic!("{others:?}") };
            assert_eq!(reply, Reply::KeyUpdate);
            let mut out = Vec::new();
            session.reply(reply, &mut out).expect("sealed");
            out.extend(seal(&mut session, b"ours"));
            assert_eq!(hear(&mut client, &out), b"ours");
        }
    }
}

/// What stands behind the client's last message is ours to open: a library that opened a
/// KeyUpdate would change our key as well, and tell the client when it pleases.
#[test]
fn a_key_may_change_right_behind_the_handshake() {
    for suite in aws_lc_rs::ALL_CIPHER_SUITES.iter().filter(|suite| suite.tls13().is_some()) {
        let (mut client, shaken) = connect_and(&configs(*suite), |client| {
            client.writer().write_all(b"old").expect("buffered");
            client.refresh_traffic_keys().expect("a new key");
            client.writer().write_all(b"new").expect("buffered");
        });
        let mut session = shaken.session;
        let (content, others) = open(&mut session, shaken.sealed);
        assert_eq!(content, b"oldnew");
        assert_eq!(others, [Incoming::Reply(Reply::KeyUpdate)]);
        let mut out = seal(&mut session, b"old");
        session.reply(Reply::KeyUpdate, &mut out).expect("sealed");
        out.extend(seal(&mut session, b"new"));
        assert_eq!(hear(&mut client, &out), b"oldnew");
    }
}

#[test]
fn key_updates_without_content_end() {
    let (mut client, shaken) = connect(&configs(aws_lc_rs::ALL_CIPHER_SUITES[0]), b"");
    let mut session = shaken.session;
    let mut last = Incoming::Nothing;
    for _ in 0..20 {
        client.refresh_traffic_keys().expect("a new key");
        let (_, mut others) = open(&mut session, said(&mut client));
        last = others.pop().expect("a message");
        if last == Incoming::Reply(Reply::Fatal(AlertCode::UnexpectedMessage)) {
            return;
        }
    }
    panic!("{last:?}");
}

#[test]
fn a_goodbye_is_understood_both_ways() {
    for suite in aws_lc_rs::ALL_CIPHER_SUITES {
        let (mut client, shaken) = connect(&configs(*suite), b"");
        let mut session = shaken.session;
        let mut out = Vec::new();
        session.reply(Reply::CloseNotify, &mut out).expect("sealed");
        let mut bytes = out.as_slice();
        client.read_tls(&mut bytes).expect("read");
        assert!(client.process_new_packets().expect("opens").peer_has_closed());
        client.send_close_notify();
        assert_eq!(open(&mut session, said(&mut client)).1, [Incoming::Closed]);
    }
}

#[test]
fn one_changed_bit_is_noticed() {
    for suite in aws_lc_rs::ALL_CIPHER_SUITES {
        let (mut client, shaken) = connect(&configs(*suite), b"");
        let mut session = shaken.session;
        client.writer().write_all(b"content").expect("buffered");
        let mut bytes = said(&mut client);
        *bytes.last_mut().expect("a record") ^= 1;
        let fatal = Incoming::Reply(Reply::Fatal(AlertCode::BadRecordMac));
        assert_eq!(open(&mut session, bytes), (Vec::new(), vec![fatal]), "{suite:?}");
    }
}

#[test]
fn a_refused_handshake_leaves_an_alert() {
    let configs = configs(aws_lc_rs::ALL_CIPHER_SUITES[0]);
    let mut out = Vec::new();
    let shaking = Shaking::new(configs.1, false).expect("a server");
    let outcome = shaking.advance(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", &mut out);
    assert!(outcome.is_err());
    let alert = ContentType::Alert.octet();
    assert!(out.first().is_some_and(|&kind| kind == alert), "{out:?}");
}

/// After an error rustls is asked for its alert and for nothing else: it remembers how far
/// into the bytes it has come, and panics when they are gone; and it would find the same
/// fault again, and panic over a second alert.
#[test]
fn a_malformed_client_hello_leaves_an_alert() {
    const BEGUN: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    const GOES_ON: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x0f\xfc\x03\x03";
    let configs = configs(aws_lc_rs::ALL_CIPHER_SUITES[0]);
    for filler in 0..=u8::MAX {
        for (begun, behind) in [(BEGUN, &b""[..]), (BEGUN, b"GET /"), (GOES_ON, b"GET /")] {
            let mut hello = begun.to_vec();
            hello.resize(5 + 512, filler);
            hello.extend_from_slice(behind);
            let mut out = Vec::new();
            let shaking = Shaking::new(Arc::clone(&configs.1), false).expect("a server");
            assert!(shaking.advance(&hello, &mut out).is_err(), "{filler}");
            assert_eq!(out.first(), Some(&ContentType::Alert.octet()), "{filler}");
        }
    }
}
