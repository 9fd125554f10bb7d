use super::*;
use std::time::Duration;

fn names() -> Vec<String> {
    vec!["localhost".to_owned()]
}

fn is_same(one: &TlsAcceptor, other: &TlsAcceptor) -> bool {
    Arc::ptr_eq(one.config(), other.config())
}

#[test]
fn our_own_is_issued_once() {
    let folder = tempfile::tempdir().expect("folder");
    let front = Front::open(folder.path(), SystemTime::now()).expect("made");
    let tls = FrontTls::open(FrontSource::Own(Box::new(front), names())).expect("shown");
    assert!(is_same(&tls.acceptor(), &tls.acceptor()));
}

#[test]
fn files_are_read_again_when_they_change_and_kept_when_they_are_none() {
    let folder = tempfile::tempdir().expect("folder");
    let now = SystemTime::now();
    let front = Front::open(folder.path(), now).expect("made");
    let (certificate, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let write = |ago_s: u64| {
        let issued = front.issue(names()).expect("issued");
        for (file, text) in [(&certificate, issued.chain_pem), (&key, issued.key_pem)] {
            put(file, text.as_bytes(), now - Duration::from_secs(ago_s));
        }
    };
    let source = || FrontSource::Files { certificate: certificate.clone(), key: key.clone() };
    assert!(FrontTls::open(source()).is_err(), "there are none yet");
    write(30);
    let tls = FrontTls::open(source()).expect("shown");
    let first = tls.acceptor();
    assert!(is_same(&first, &tls.acceptor()));
    write(20);
    let second = tls.acceptor();
    assert!(!is_same(&first, &second));
    put(&certificate, b"nothing", now);
    assert!(is_same(&second, &tls.acceptor()));
}

fn put(file: &Path, content: &[u8], at: SystemTime) {
    std::fs::write(file, content).expect("written");
    let opened = std::fs::File::options().write(true).open(file);
    opened.and_then(|it| it.set_modified(at)).expect("set");
}
