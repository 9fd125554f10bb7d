//! Keys of every kind that people have, and certificates for them, as ssh-keygen makes and shows them.

mod support;

use contract::names::DeviceName;
use contract::time::TimeUs;
use people::{HostKey, NotCertified, PersonName, Role, SshAuthority, SshWish, allowed};
use std::process::Command;
use std::time::Duration;
use support::keys;

/// 2026-01-02T03:04:05Z
const NOW: TimeUs = TimeUs(1_767_323_045_000_000);

fn certified(
    authority: &SshAuthority,
    public_key: &str,
    command: Option<&str>,
) -> Result<String, NotCertified> {
    let (anna, oca1) = (PersonName::new("anna"), DeviceName::new("oca1.site-a"));
    let (anna, oca1) = (anna.expect("a name"), oca1.expect("a name"));
    let wish = SshWish {
        person: &anna,
        grant: &allowed(Role::Admin, &oca1, command).expect("granted"),
        public_key,
        source_addresses: &["192.0.2.7".parse().expect("an address")],
        life: Duration::from_secs(3600),
        serial: 42,
        now: NOW,
    };
    authority.certify(&wish).map(|it| it.line)
}

#[test]
fn keys_of_every_kind_are_certified_and_ssh_keygen_says_how() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = SshAuthority::open(folder.path()).expect("a key");
    for (kind, algorithm) in [
        (&["-t", "ed25519"] as &[&str], "ssh-ed25519"),
        (&["-t", "ecdsa", "-b", "256"], "ecdsa-sha2-nistp256"),
        (&["-t", "ecdsa", "-b", "384"], "ecdsa-sha2-nistp384"),
        (&["-t", "rsa", "-b", "3072"], "ssh-rsa"),
        (&["-t", "rsa", "-b", "4096"], "ssh-rsa"),
    ] {
        let name = kind.join("");
        let key = keys::make(folder.path(), &name, kind);
        let shell = certified(&authority, &key.public, None).expect(algorithm);
        let shown = keys::shown(folder.path(), &shell);
        for expected in [
            &*format!("Type: {algorithm}-cert-v01@openssh.com user certificate"),
            "Key ID: \"anna@oca1.site-a/42\"",
            "Serial: 42",
            "Valid: from 2026-01-02T02:59:05 to 2026-01-02T04:04:05",
            "Principals: \n                oca1.site-a\n",
            "source-address 192.0.2.7/32\n",
            "Extensions: \n                permit-pty\n",
        ] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
        assert!(shown.ends_with("permit-pty\n") && !shown.contains("force-command"), "{shown}");
        let command = certified(&authority, &key.public, Some("appliance status")).expect("one");
        let shown = keys::shown(folder.path(), &command);
        assert!(shown.contains("force-command appliance status\n"), "{shown}");
        assert!(shown.ends_with("Extensions: (none)\n"), "{shown}");
        HostKey::parse(&key.public).expect("a host may have it, too");
    }
}

#[test]
fn weak_and_rare_keys_are_refused_and_private_ones_above_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = SshAuthority::open(folder.path()).expect("a key");
    for (kind, expected) in [
        (&["-t", "rsa", "-b", "2048"] as &[&str], "an RSA key of 2048 bits is not taken"),
        (&["-t", "ecdsa", "-b", "521"], "ecdsa-sha2-nistp521 keys are not taken"),
        (&["-t", "dsa"], "ssh-dss keys are not taken"),
    ] {
        let key = keys::make(folder.path(), &kind.join(""), kind);
        let refused = certified(&authority, &key.public, None).expect_err(expected).to_string();
        assert!(refused.contains(expected), "{refused}");
        let private = std::fs::read_to_string(&key.path).expect("the private half");
        let refused = certified(&authority, &private, None).expect_err("private").to_string();
        assert!(refused.contains("this is a private key"), "{refused}");
    }
}

#[test]
fn ssh_keygen_reads_the_authoritys_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = SshAuthority::open(folder.path()).expect("a key");
    let mut command = Command::new("ssh-keygen");
    let read = keys::run(command.arg("-y").arg("-f").arg(folder.path().join("ssh-people.key")));
    assert!(read.status.success(), "{}", keys::text(&read.stderr));
    assert_eq!(keys::text(&read.stdout).trim_end(), authority.public_line());
}
