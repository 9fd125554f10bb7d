//! The key that updates are signed with, from a file as `tsig-keygen` and BIND write it.

use crate::DnsFailure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hickory_proto::rr::rdata::tsig::TsigAlgorithm;
use hickory_proto::rr::{Name, TSigner};
use std::path::Path;

/// More than any such file has: a name of 255 letters and a key of 64 bytes, with words around.
const MAX_FILE_BYTES: usize = 4096;

/// What clocks may differ by, in seconds (RFC 8945 §10).
const FUDGE_S: u16 = 300;

/// The shortest key that is taken: half of what the hash gives, as RFC 2104 §3 wants at the very
/// least; `tsig-keygen` makes 32 bytes.
const LEAST_KEY_BYTES: usize = 16;

/// What a file says.
#[derive(Clone, PartialEq, Eq)]
struct KeyText {
    name: String,
    algorithm: String,
    secret: String,
}

/// Reads the file of a key.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn read_key(path: &Path) -> Result<TSigner, DnsFailure> {
    let named = |why: String| DnsFailure::KeyFile { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map_err(|err| named(err.to_string()))?;
    signer(&text).map_err(named)
}

fn signer(text: &str) -> Result<TSigner, String> {
    if text.len() > MAX_FILE_BYTES {
        return Err(format!("more than {MAX_FILE_BYTES} bytes"));
    }
    let read = parse(text).ok_or(
        "expected what `tsig-keygen -a hmac-sha256 NAME` prints: \
         key \"NAME\" { algorithm hmac-sha256; secret \"…\"; };",
    )?;
    if read.algorithm != "hmac-sha256" {
        return Err(format!("the algorithm is {:?}: make one of hmac-sha256", read.algorithm));
    }
    let secret = STANDARD.decode(&read.secret).map_err(|err| format!("its secret: {err}"))?;
    if secret.len() < LEAST_KEY_BYTES {
        return Err(format!("a secret of {} bytes is too short", secret.len()));
    }
    let name = Name::from_ascii(&read.name).map_err(|err| format!("its name: {err}"))?;
    let signer = TSigner::new(secret, TsigAlgorithm::HmacSha256, name, FUDGE_S);
    signer.map_err(|err| err.to_string())
}

fn parse(text: &str) -> Option<KeyText> {
    let mut words = words(text).into_iter();
    let mut expect = |word: &str| (words.next()? == word).then_some(());
    expect("key")?;
    let name = words.next()?;
    (words.next()? == "{").then_some(())?;
    let (mut algorithm, mut secret) = (None, None);
    loop {
        let place = match words.next()?.as_str() {
            "algorithm" => &mut algorithm,
            "secret" => &mut secret,
            "}" => break,
            _ => return None,
        };
        *place = Some(words.next()?);
        (words.next()? == ";").then_some(())?;
    }
    let rest: Vec<String> = words.collect();
    let is_end = rest.is_empty() || rest == [";"];
    is_end.then_some(())?;
    Some(KeyText { name, algorithm: algorithm?, secret: secret? })
}

/// Words, and signs between them. Quotation marks and lines that are comments go.
fn words(text: &str) -> Vec<String> {
    let is_said = |line: &&str| {
        let line = line.trim_start();
        !line.starts_with('#') && !line.starts_with("//")
    };
    let mut spaced = String::new();
    for letter in text.lines().filter(is_said).flat_map(|line| line.chars().chain(['\n'])) {
        match letter {
            '{' | '}' | ';' => spaced.extend([' ', letter, ' ']),
            '"' => spaced.push(' '),
            other => spaced.push(other),
        }
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "c2l4dGVlbiBieXRlcyBhbmQgbW9yZSB0aGFuIHRoYXQ=";

    #[test]
    fn what_tsig_keygen_prints_is_a_key() {
        let text = format!(
            "# a comment\nkey \"acme.example\" {{\n\talgorithm hmac-sha256;\n\tsecret \"{SECRET}\";\n}};\n"
        );
        let read = signer(&text).expect("a key");
        assert_eq!(read.signer_name().to_ascii(), "acme.example.");
        assert_eq!(read.key(), b"sixteen bytes and more than that");
    }

    #[test]
    fn what_is_none_says_why() {
        let file = |algorithm: &str, secret: &str| {
            format!("key \"a\" {{ algorithm {algorithm}; secret \"{secret}\"; }};")
        };
        for (text, why) in [
            (String::new(), "tsig-keygen"),
            ("key \"a\" { algorithm hmac-sha256; };".to_owned(), "tsig-keygen"),
            (file("hmac-md5", SECRET), "make one of hmac-sha256"),
            (file("hmac-sha256", "%"), "its secret"),
            (file("hmac-sha256", "c2hvcnQ="), "too short"),
            ("x".repeat(MAX_FILE_BYTES + 1), "more than"),
        ] {
            let Err(said) = signer(&text) else { panic!("{text} is a key") };
            assert!(said.contains(why), "{said}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_there_does_no_harm(text in "[a-z\"{};#/ \n=]{0,200}") {
            let _ = signer(&text);
        }

        #[test]
        fn space_and_quotes_do_not_matter(name in "[a-z]{1,20}", space in "[ \t\n]{1,3}") {
            let text = format!(
                "key{space}{name}{space}{{{space}secret{space}{SECRET};algorithm hmac-sha256{space};}}"
            );
            let read = signer(&text).expect("a key");
            prop_assert_eq!(read.signer_name().to_ascii(), format!("{name}."));
        }
    }
}
