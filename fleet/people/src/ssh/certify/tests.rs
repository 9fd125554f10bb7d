use super::*;
use crate::{Role, allowed};
use contract::names::DeviceName;
use proptest::prelude::*;
use ssh_key::public::Ed25519PublicKey;
use ssh_key::{Certificate, PublicKey};
use std::sync::LazyLock;

const NOW: TimeUs = TimeUs(1_700_000_000_500_000);
const NOW_S: u64 = 1_700_000_000;

static AUTHORITY: LazyLock<SshAuthority> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    SshAuthority::open(folder.path()).expect("a key")
});

static ANNA: LazyLock<PersonName> = LazyLock::new(|| PersonName::new("anna").expect("a name"));

static SHELL: LazyLock<Grant> = LazyLock::new(|| grant(None));

static KEY: LazyLock<String> = LazyLock::new(|| {
    let key = KeyData::Ed25519(Ed25519PublicKey([7; 32]));
    PublicKey::new(key, "anna@laptop").to_openssh().expect("a line")
});

fn grant(command: Option<&str>) -> Grant {
    let oca1 = DeviceName::new("oca1.site-a").expect("a name");
    allowed(Role::Operator, &oca1, command).expect("granted")
}

fn wish() -> SshWish<'static> {
    SshWish {
        person: &ANNA,
        grant: &SHELL,
        public_key: &KEY,
        source_addresses: &[],
        life: DEFAULT_SSH_LIFE,
        serial: 42,
        now: NOW,
    }
}

/// As ssh reads it, which must find it signed by us.
fn opened(certificate: &SshCertificate) -> Certificate {
    let opened = Certificate::from_openssh(&certificate.line).expect("a certificate");
    let ours = AUTHORITY.key.public_key().fingerprint(HashAlg::Sha256);
    opened.validate_at(NOW_S, [&ours]).expect("signed by us, for now");
    opened
}

#[test]
fn a_shell_on_one_box_for_an_hour() {
    let certificate = AUTHORITY.certify(&wish()).expect("certified");
    assert_eq!(certificate.issued.key_id, "anna@oca1.site-a/42");
    assert!(certificate.issued.fingerprint.starts_with("SHA256:"));
    assert_eq!(certificate.issued.issued_at, NOW);
    assert_eq!(certificate.issued.not_after, certificate.valid_before);
    let opened = opened(&certificate);
    assert_eq!(opened.cert_type(), CertType::User);
    assert_eq!((opened.key_id(), opened.serial()), ("anna@oca1.site-a/42", 42));
    assert_eq!(opened.valid_principals(), ["oca1.site-a"]);
    assert_eq!((opened.valid_after(), opened.valid_before()), (NOW_S - 300, NOW_S + 3600));
    assert!(opened.critical_options().is_empty());
    let extensions: Vec<_> = opened.extensions().iter().collect();
    assert_eq!(extensions, [(&"permit-pty".to_owned(), &String::new())]);
    assert_eq!(opened.public_key(), &KeyData::Ed25519(Ed25519PublicKey([7; 32])));
    assert!(opened.nonce().len() == 32 && opened.nonce() != [0; 32]);
    let again = AUTHORITY.certify(&wish()).expect("certified");
    assert_ne!(again.line, certificate.line, "no nonce");
}

#[test]
fn one_command_from_some_places_without_a_terminal() {
    let command = grant(Some("appliance status /etc/headend/config.yaml"));
    let sources: Vec<SourceNet> =
        ["192.0.2.7", "2001:db8::/48"].iter().map(|it| it.parse().expect(it)).collect();
    let wish = SshWish { grant: &command, source_addresses: &sources, ..wish() };
    let certificate = AUTHORITY.certify(&wish).expect("certified");
    let opened = opened(&certificate);
    let options: Vec<_> = opened.critical_options().iter().map(|(a, b)| (&**a, &**b)).collect();
    let expected = [
        ("force-command", "appliance status /etc/headend/config.yaml"),
        ("source-address", "192.0.2.7/32,2001:db8::/48"),
    ];
    assert_eq!(options, expected);
    assert!(opened.extensions().is_empty());
    assert_eq!(certificate.issued.force_command.as_deref(), Some(expected[0].1));
    assert_eq!(certificate.issued.source_addresses, sources);
}

#[test]
fn nothing_outlasts_a_day() {
    let wish = |life| SshWish { life, ..wish() };
    for life in [MIN_SSH_LIFE, DEFAULT_SSH_LIFE, Duration::from_secs(86_000), MAX_SSH_LIFE] {
        let certificate = AUTHORITY.certify(&wish(life)).expect("certified");
        let opened = opened(&certificate);
        let whole = opened.valid_before() - opened.valid_after();
        assert_eq!(whole, (life.as_secs() + 300).min(86_400), "{life:?}");
    }
    for life in [Duration::ZERO, MIN_SSH_LIFE / 2, MAX_SSH_LIFE + Duration::from_secs(1)] {
        assert_eq!(AUTHORITY.certify(&wish(life)), Err(NotCertified::Life), "{life:?}");
    }
}

#[test]
fn what_cannot_be_certified_says_why() {
    let certificate = AUTHORITY.certify(&wish()).expect("certified");
    let many = vec!["192.0.2.7".parse().expect("an address"); MAX_SOURCES + 1];
    let cases = [
        (SshWish { public_key: &certificate.line, ..wish() }, "this is a certificate"),
        (SshWish { public_key: AUTHORITY.public_line(), ..wish() }, "the fleet's own key"),
        (SshWish { source_addresses: &many, ..wish() }, "16 networks at most"),
        (SshWish { serial: 0, ..wish() }, "a serial number above 0"),
        (SshWish { serial: u64::MAX, ..wish() }, "a serial number above 0"),
        (SshWish { now: TimeUs(0), ..wish() }, "the clock of the fleet is wrong"),
        (SshWish { now: TimeUs(i64::MIN), ..wish() }, "the clock of the fleet is wrong"),
    ];
    for (wish, expected) in cases {
        let err = AUTHORITY.certify(&wish).expect_err(expected).to_string();
        assert!(err.contains(expected), "{err}");
    }
    AUTHORITY.certify(&SshWish { now: TimeUs(i64::MAX), ..wish() }).expect("far away");
}

#[test]
fn serial_numbers_fit_and_differ() {
    let all: std::collections::BTreeSet<u64> =
        (0..1000).map(|_| new_serial().expect("random")).collect();
    assert_eq!(all.len(), 1000);
    assert!(all.iter().all(|serial| *serial > 0 && i64::try_from(*serial).is_ok()));
}

proptest! {
    #[test]
    fn a_certificate_says_what_was_granted_and_nothing_else(
        key: String,
        behind in "[ -~\n\t\"=,]{0,30}",
        command in proptest::option::of(".{1,60}"),
        address: [u8; 4],
        bits in 0..=32u8,
        life_s in 60..=86_400u64,
    ) {
        let oca1 = DeviceName::new("oca1").expect("a name");
        let Ok(grant) = allowed(Role::Admin, &oca1, command.as_deref()) else { return Ok(()) };
        let address = std::net::Ipv4Addr::from(address);
        let source: SourceNet = format!("{address}/{bits}").parse().expect("a network");
        for key in [key, format!("{} {behind}", *KEY), format!("{behind}{}", *KEY)] {
            let wish = SshWish {
                grant: &grant,
                public_key: &key,
                source_addresses: &[source],
                life: Duration::from_secs(life_s),
                ..wish()
            };
            let Ok(certificate) = AUTHORITY.certify(&wish) else { continue };
            let line = &certificate.line;
            prop_assert_eq!(line.split(' ').count(), 3);
            prop_assert!(line.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
            let opened = opened(&certificate);
            let options = opened.critical_options();
            prop_assert_eq!(options.get("force-command"), command.as_ref());
            prop_assert_eq!(options.get("source-address"), Some(&source.to_string()));
            prop_assert_eq!(options.len(), 1 + usize::from(command.is_some()));
            prop_assert_eq!(opened.extensions().len(), usize::from(command.is_none()));
            prop_assert_eq!(opened.valid_principals(), ["oca1"]);
        }
    }
}
