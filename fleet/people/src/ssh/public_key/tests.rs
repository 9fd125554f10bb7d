use super::*;
use proptest::prelude::*;
use ssh_key::Mpint;
use ssh_key::public::{
    EcdsaPublicKey, Ed25519PublicKey, RsaPublicKey, SkEcdsaSha2NistP256, SkEd25519,
};

/// Nobody has the private halves.
fn made_up(key: impl Into<KeyData>) -> String {
    PublicKey::new(key.into(), "anna@laptop").to_openssh().expect("a line")
}

fn ed25519() -> Ed25519PublicKey {
    Ed25519PublicKey([7; 32])
}

fn ecdsa(octets: usize) -> EcdsaPublicKey {
    let point: Vec<u8> = std::iter::once(4).chain(vec![7; octets * 2]).collect();
    EcdsaPublicKey::from_sec1_bytes(&point).expect("a point")
}

fn rsa(bits: usize) -> RsaPublicKey {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] >>= modulus.len() * 8 - bits;
    let number = Mpint::from_positive_bytes;
    RsaPublicKey::new(number(&[1, 0, 1]), number(&modulus)).expect("a key")
}

fn sk_ecdsa(application: &str) -> KeyData {
    let EcdsaPublicKey::NistP256(point) = ecdsa(32) else { panic!("P-256") };
    KeyData::SkEcdsaSha2NistP256(SkEcdsaSha2NistP256::new(point, application))
}

fn sk_ed25519(application: &str) -> KeyData {
    KeyData::SkEd25519(SkEd25519::new(ed25519(), application))
}

fn taken() -> [String; 7] {
    [
        made_up(ed25519()),
        made_up(ecdsa(32)),
        made_up(ecdsa(48)),
        made_up(rsa(3072)),
        made_up(rsa(16_384)),
        made_up(sk_ecdsa("ssh:")),
        made_up(sk_ed25519("ssh:anna")),
    ]
}

#[test]
fn keys_of_people_are_taken_and_nothing_but_the_key() {
    for text in taken() {
        let key = read(&format!("  {text}\r\n"), Shown::ByAPerson).expect(&text);
        let written = line(key).expect("written");
        assert_eq!(Some(&*written), text.strip_suffix(" anna@laptop"));
        let is_a_hosts = read(&text, Shown::ByAHost).is_ok();
        assert_eq!(is_a_hosts, !text.starts_with("sk-"), "{text}");
    }
}

#[test]
fn others_are_refused_with_a_reason() {
    let ed25519 = made_up(ed25519());
    let cases = [
        (made_up(ecdsa(66)), "ecdsa-sha2-nistp521 keys are not taken"),
        (made_up(rsa(3071)), "an RSA key of 3071 bits is not taken: from 3072"),
        (made_up(rsa(2048)), "an RSA key of 2048 bits is not taken"),
        (made_up(rsa(16_385)), "an RSA key of 16385 bits"),
        (made_up(sk_ed25519("https://bank")), "this key is for \"https://bank\" and not for SSH"),
        (made_up(sk_ecdsa("")), "and not for SSH"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc".to_owned(), "this is a private key"),
        (format!("{ed25519}\n{ed25519}"), "one line of visible characters"),
        (ed25519.replace(' ', "\t"), "one line of visible characters"),
        (format!("{ed25519}{}", "x".repeat(8192)), "8192 octets at most"),
        (format!("restrict {ed25519}"), "this is no public key of OpenSSH"),
        (format!("command=\"sh\" {ed25519}"), "this is no public key of OpenSSH"),
        (format!("@cert-authority * {ed25519}"), "this is no public key of OpenSSH"),
        (ed25519.replace("ssh-ed25519", "ssh-rsa"), "this is no public key of OpenSSH"),
        (ed25519[..60].to_owned(), "this is no public key of OpenSSH"),
        (String::new(), "this is no public key of OpenSSH"),
    ];
    for (text, expected) in cases {
        let err = read(&text, Shown::ByAPerson).expect_err(&text).to_string();
        assert!(err.contains(expected), "{text}: {err}");
    }
}

/// What may come of any text: nothing, or one line that is a key and nothing else.
fn is_harmless(text: &str) -> Result<(), TestCaseError> {
    for shown in [Shown::ByAPerson, Shown::ByAHost] {
        let Ok(key) = read(text, shown) else { continue };
        let written = line(key.clone()).expect("written");
        prop_assert_eq!(written.split(' ').count(), 2, "{}", written);
        prop_assert!(written.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
        prop_assert!(!written.contains(['"', ',', '\\']));
        prop_assert_eq!(read(&written, shown), Ok(key));
    }
    Ok(())
}

proptest! {
    #[test]
    fn whatever_comes_nothing_comes_along(
        bytes: Vec<u8>,
        which in 0..7usize,
        cut in 0..4096usize,
        into: String,
    ) {
        is_harmless(&String::from_utf8_lossy(&bytes))?;
        let text = &taken()[which];
        let cut = cut % text.len();
        is_harmless(&format!("{}{into}{}", &text[..cut], &text[cut..]))?;
        is_harmless(&format!("{}{into}", &text[..cut]))?;
        is_harmless(&format!("{text} {into}"))?;
        is_harmless(&format!("{into} {text}"))?;
    }

    #[test]
    fn any_octets_behind_the_name_of_an_algorithm(octets: Vec<u8>, which in 0..7usize) {
        use ssh_key::encoding::base64::{Base64, Encoding};
        let text = &taken()[which];
        let (algorithm, key) = text.split_once(' ').expect("two words");
        is_harmless(&format!("{algorithm} {}", Base64::encode_string(&octets)))?;
        let key = key.split(' ').next().expect("a key");
        let mut changed = Base64::decode_vec(key).expect("Base64");
        for (at, octet) in octets.iter().enumerate() {
            let at = (at * 31 + usize::from(*octet)) % changed.len();
            changed[at] ^= octet;
        }
        is_harmless(&format!("{algorithm} {}", Base64::encode_string(&changed)))?;
    }
}
