//! Keys as people write them down.

use super::*;
use proptest::prelude::*;

/// A line with so many bytes of key after its type.
fn line(kind: &str, rest: &[u8]) -> String {
    let length = u32::try_from(kind.len()).expect("short").to_be_bytes();
    let blob = [&length, kind.as_bytes(), rest].concat();
    format!("{kind} {}", STANDARD.encode(blob))
}

#[test]
fn keys_are_read_from_pub_files_and_known_hosts() {
    let ed25519 = line("ssh-ed25519", b"1");
    let rsa = line("ssh-rsa", b"2");
    let text = format!("# of sw1\n\n{ed25519} root@sw1\n[192.0.2.1]:2222,sw1 {rsa}\n  {ed25519}\n");
    let keys = HostKeys::parse(&text).expect("keys");
    assert_eq!(keys.0.len(), 2);
    assert_eq!(keys.types(), "ssh-ed25519, ssh-rsa");
    assert_eq!(keys.algorithms(Algorithms::Current), "ssh-ed25519,rsa-sha2-512,rsa-sha2-256");
    let with_old = "ssh-ed25519,rsa-sha2-512,rsa-sha2-256,ssh-rsa";
    assert_eq!(keys.algorithms(Algorithms::Old), with_old);
    assert!(HostKeys::parse("# nothing").expect("nothing").is_empty());
}

#[test]
fn no_certificate_is_ever_asked_for() {
    for (kind, _) in TYPES {
        let keys = HostKeys::parse(&line(kind, b"1")).expect(kind);
        for age in [Algorithms::Current, Algorithms::Old] {
            let offered = keys.algorithms(age);
            assert!(!offered.is_empty() && !offered.contains("cert"), "{offered}");
        }
    }
}

#[test]
fn what_is_no_key_is_said_with_its_line() {
    let key = line("ssh-ed25519", b"1");
    let mixed = key.replace("ssh-ed25519", "ssh-rsa");
    let cert = line("ssh-ed25519-cert-v01@openssh.com", b"1");
    let dsa = line("ssh-dss", b"1");
    let long = line("ssh-rsa", &[0; MAX_KEY_BYTES]);
    let authority = format!("@cert-authority * {key}");
    for (bad, why) in [
        ("ssh-ed25519", "no base64"),
        ("ssh-ed25519 A-A", "no base64"),
        ("a b ssh-ed25519 AAAA", "no type of key that we take"),
        (&*mixed, "the key is not of the type before it"),
        (&*cert, "no type of key that we take"),
        (&*dsa, "no type of key that we take"),
        (&*long, "longer than any key"),
        (&*authority, "authorities of hosts and revoked keys are not looked at"),
    ] {
        let err = HostKeys::parse(&format!("{key}\n{bad}")).expect_err(bad);
        assert_eq!(err, BadHostKeys { line: 2, why }, "{bad}");
    }
    let many: String = (0..17).map(|at| line("ssh-ed25519", &[at]) + "\n").collect();
    assert_eq!(HostKeys::parse(&many).expect_err("many").line, 17);
}

#[test]
fn fingerprints_are_those_that_ssh_keygen_shows() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    let shown = "ssh-ed25519 SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA";
    assert_eq!(HostKeys::parse(key).expect("a key").fingerprints(), [shown]);
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_or_refused(text: String, near in "(ssh-rsa |AAAA|@|#|\n| ){0,9}") {
        for text in [text, near] {
            if let Ok(keys) = HostKeys::parse(&text) {
                prop_assert!(keys.0.len() <= MAX_KEYS);
                prop_assert_eq!(keys.is_empty(), keys.algorithms(Algorithms::Current).is_empty());
            }
        }
    }

    #[test]
    fn what_a_device_shows_has_a_fingerprint(blob: Vec<u8>) {
        prop_assert!(fingerprint(&blob).contains(" SHA256:"));
    }
}
