use super::*;

fn names() -> Vec<String> {
    vec!["localhost".to_owned()]
}

fn is_same(one: &TlsAcceptor, other: &TlsAcceptor) -> bool {
    Arc::ptr_eq(one.config(), other.config())
}

#[test]
fn our_own_is_issued_anew_after_a_quarter_of_its_life() {
    let folder = tempfile::tempdir().expect("folder");
    let now = SystemTime::now();
    let front = Front::open(folder.path(), now).expect("made");
    let tls = FrontTls::open(Shown::Own(Box::new(front), names()), now).expect("shown");
    let first = tls.acceptor(now);
    assert!(is_same(&first, &tls.acceptor(now + RENEW_AFTER)));
    let next = tls.acceptor(now + RENEW_AFTER + Duration::from_secs(1));
    assert!(!is_same(&first, &next));
    // A clock that was set back must not keep an old one for ever.
    assert!(!is_same(&next, &tls.acceptor(now)));
}

#[test]
fn files_are_read_again_when_they_change_and_kept_when_they_are_none() {
    let folder = tempfile::tempdir().expect("folder");
    let now = SystemTime::now();
    let front = Front::open(folder.path(), now).expect("made");
    let (certificate, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let write = |ago_s: u64| {
        let issued = front.issue(names(), now).expect("issued");
        for (file, text) in [(&certificate, issued.chain_pem), (&key, issued.key_pem)] {
            put(file, text.as_bytes(), now - Duration::from_secs(ago_s));
        }
    };
    let shown = || Shown::Files { certificate: certificate.clone(), key: key.clone() };
    assert!(FrontTls::open(shown(), now).is_err(), "there are none yet");
    write(30);
    let tls = FrontTls::open(shown(), now).expect("shown");
    let first = tls.acceptor(now);
    assert!(is_same(&first, &tls.acceptor(now)));
    write(20);
    let second = tls.acceptor(now);
    assert!(!is_same(&first, &second));
    put(&certificate, b"nothing", now);
    assert!(is_same(&second, &tls.acceptor(now)));
}

fn put(file: &Path, content: &[u8], at: SystemTime) {
    std::fs::write(file, content).expect("written");
    std::fs::File::options()
        .write(true)
        .open(file)
        .and_then(|it| it.set_modified(at))
        .expect("set");
}
