//! What a word promises of the words after it.
//!
//! Words are taken apart at `-`, `_`, `.` and at capitals, so that `enable-password`,
//! `wpa_passphrase` and `PrivateKey` need no entry of their own. Unknown is secret: of
//! `password-NOUN`, only the nouns in [`HARMLESS_TAILS`] are let through.

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// A secret of any number of words.
    Secret,
    /// The same, often with a number and an algorithm before it: `authentication-key 1 md5 X`.
    KeySecret,
    /// `key` alone: a secret, or the number or the name of one.
    Key,
    /// An SNMP community, or one of BGP.
    Community,
}

#[rustfmt::skip]
const NOUNS: &[&str] = &[
    "password", "passwd", "passwort", "passphrase", "passcode", "passkey", "pwd", "secret",
    "secrets", "psk", "ipsk", "token", "tokens", "credential", "credentials", "creds", "cak",
    "cvauth", "ingestauth", "bindpw", "rootpw", "userpw", "adminpw", "apikey", "authkey",
    "privatekey", "privkey", "sharedkey", "presharedkey", "secretkey", "accesskey", "masterkey",
    "masterauth", "pmk", "sessionkey", "signingkey", "encryptionkey", "licensekey", "keystring",
    "hexkey", "wepkey", "psswd", "passw", "dsn",
];

/// Only as a part of its own: `DB_PASS` but not `bypass`, `pw` but not `ipw2200`.
const SHORT_NOUNS: &[&str] = &["pass", "pw", "pin", "cred", "salt", "psks", "passwords"];

/// What makes a secret of a whole word that is none by its parts.
const PREFIXES: &[&str] = &["pass", "passwo", "passwor", "secr", "secre", "pas"];

#[rustfmt::skip]
const HARMLESS_TAILS: &[&str] = &[
    "policy", "policies", "encryption", "encrypt", "authentication", "auth", "length", "min",
    "minimum", "max", "maximum", "lifetime", "age", "aging", "expiry", "expire", "expires",
    "expiration", "file", "files", "path", "dir", "directory", "change", "changes", "changed",
    "history", "prompt", "format", "list", "algorithm", "algo", "type", "mode", "id", "ids",
    "name", "len", "size", "count", "timeout", "interval", "reuse", "strength", "complexity",
    "recovery", "required", "attempts", "rotation", "warn", "warning", "storage", "backend",
    "provider", "lock", "ttl", "prefix", "method", "enabled", "disabled", "chain", "chains",
    "validity", "quality", "login", "logins", "profile", "mgmt", "management", "order",
    "server", "servers", "command", "bucket", "ring", "index", "data", "protection",
];

/// Of keys: these are public, or no keys at all.
#[rustfmt::skip]
const HARMLESS_KEYS: &[&str] = &[
    "public", "pub", "host", "trusted", "trust", "ssh", "rsa", "dsa", "ecdsa", "ed25519",
    "hash", "transmit", "foreign", "primary", "known", "authorized", "revoked", "sort", "index",
    "partition", "map", "tunnel", "flow", "generate", "ca", "group", "input", "output",
    "nistp256", "nistp384", "nistp521", "cmd", "command", "hot", "reply", "crypto", "mypub",
];

/// What a key has that is the key.
#[rustfmt::skip]
const KEY_TAILS: &[&str] = &[
    "string", "octet", "value", "data", "material", "hex", "ascii", "text", "base64", "content",
    "st", "str", "stri", "strin",
];

/// Words that say of a secret what is no secret.
#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    "passwordauthentication", "permitemptypasswords", "secretdata", "strength-check",
    "kbdinteractiveauthentication", "challengeresponseauthentication", "keygen", "tokenring",
    "token-ring", "passive", "password-encryption", "no-password", "nopassword", "passwordless",
    "disable_passwords", "lock_passwd", "ssh_pwauth", "loadcredential", "pass_persist",
    "pass-persist",
];

/// Which of these a line must have before it is worth taking apart.
pub(super) const STEMS: &str = "(?i)pas|cookie|pwd|psswd|secr|key|psk|comm|token|cred|cak|pw|pin|\
     auth|priv|snmp|community|trap|sink|proxy|user|salt|dsn|hexadecimal|ascii|ipsec|rmon|aaa|2sec|host|pmk|\
     spi|smux|session|\\bsec|md5|sha|simple";

pub(super) fn sense(word: &str) -> Option<Sense> {
    let word = word.trim_matches(|sign: char| !sign.is_ascii_alphanumeric());
    // An XML name has a name space before its own.
    let word = word.rsplit(':').next().unwrap_or(word);
    if word.len() < 2 || word.len() > 64 || !is_name(word) {
        return None;
    }
    let whole = word.to_ascii_lowercase();
    if HARMLESS.contains(&whole.as_str()) {
        return None;
    }
    let parts = parts(word);
    community(&parts, &whole).or_else(|| secret(&parts)).or_else(|| key(&parts)).or_else(|| {
        let is_short = PREFIXES.contains(&whole.as_str());
        is_short.then_some(Sense::Secret)
    })
}

/// What variables of an environment promise that would promise nothing on a router: `BASIC_AUTH=`, but not
/// `auth=MSCHAPV2`; `CA_KEY=`, but not `SSH_PUBLIC_KEY=`.
pub(super) fn sense_of_variable(name: &str) -> Option<Sense> {
    if name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let name = name.trim_matches(|sign: char| !sign.is_ascii_alphanumeric());
    let is_public = name.split('_').any(|part| matches!(part, "PUBLIC" | "PUB" | "AUTHORIZED"));
    match name.rsplit('_').next()? {
        last if last.ends_with("AUTH") => Some(Sense::Secret),
        "COOKIE" => Some(Sense::Secret),
        "KEY" | "KEYS" if !is_public && name.contains('_') => Some(Sense::KeySecret),
        _ => None,
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// In lower case, without the numbers at their ends.
fn parts(word: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in word.split(['-', '_', '.']) {
        let mut current = String::new();
        let signs: Vec<char> = piece.chars().collect();
        for (at, sign) in signs.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| signs[before]);
            let is_hump = sign.is_ascii_uppercase()
                && (before.is_some_and(|it| it.is_ascii_lowercase())
                    || before.is_some_and(|it| it.is_ascii_uppercase())
                        && signs.get(at + 1).is_some_and(char::is_ascii_lowercase)
                        && signs.get(at + 2).is_some_and(char::is_ascii_lowercase));
            if is_hump && !current.is_empty() {
                found.push(std::mem::take(&mut current));
            }
            current.push(sign.to_ascii_lowercase());
        }
        found.push(current);
    }
    for part in &mut found {
        let kept = part.trim_end_matches(|sign: char| sign.is_ascii_digit()).len();
        // `ed25519` and `md5` are words; `psk2` is a second `psk`.
        if !HARMLESS_KEYS.contains(&part.as_str()) {
            part.truncate(kept);
        }
    }
    found.retain(|part| !part.is_empty());
    found
}

fn is_noun(part: &str) -> bool {
    let ends = |noun: &&str| part.ends_with(*noun) && (noun.len() > 4 || part.len() < 10);
    const NO_NOUNS: &[&str] =
        &["bypass", "compass", "encompass", "surpass", "overpass", "trespass"];
    if part.ends_with("pass") {
        return !NO_NOUNS.contains(&part);
    }
    SHORT_NOUNS.contains(&part) || NOUNS.iter().any(ends)
}

fn secret(parts: &[String]) -> Option<Sense> {
    let at = parts.iter().rposition(|part| is_noun(part) || part.starts_with("passw"))?;
    let tail = &parts[at + 1..];
    let is_harmless = tail.iter().any(|part| HARMLESS_TAILS.contains(&part.as_str()));
    (!is_harmless).then_some(Sense::Secret)
}

fn key(parts: &[String]) -> Option<Sense> {
    let at = parts.iter().rposition(|part| part == "key" || part == "keys")?;
    let (before, tail) = (&parts[..at], &parts[at + 1..]);
    let is_public = before.iter().any(|part| HARMLESS_KEYS.contains(&part.as_str()));
    let is_many = parts[at] == "keys";
    if is_public || !tail.is_empty() && !KEY_TAILS.contains(&tail[0].as_str()) {
        return None;
    }
    match (before, tail) {
        ([], []) => (!is_many).then_some(Sense::Key),
        (before, []) => {
            let secret = ["api", "secret", "private", "access", "auth"];
            let is_secret = before.iter().any(|part| secret.contains(&part.as_str()));
            (!is_many || is_secret).then_some(Sense::KeySecret)
        }
        _ => Some(Sense::KeySecret),
    }
}

fn community(parts: &[String], whole: &str) -> Option<Sense> {
    #[rustfmt::skip]
    const BGP: &[&str] = &[
        "send", "ext", "large", "standard", "extended", "bgp", "set", "match", "no", "well",
        "graceful", "link", "cost", "delete", "add", "both", "expanded",
    ];
    if whole.ends_with("community") || whole.ends_with("community6") {
        let is_bgp = parts.len() > 1 && BGP.contains(&parts[0].as_str())
            || BGP.iter().any(|head| whole.strip_suffix("community") == Some(*head));
        return (!is_bgp).then_some(Sense::Community);
    }
    let is_named = parts.iter().any(|part| part == "community")
        && parts.last().is_some_and(|part| part == "name" || part == "string" || part == "map");
    let is_short = whole.len() >= 4 && "community".starts_with(whole);
    (is_named || is_short).then_some(Sense::Community)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_what_they_promise() {
        for word in [
            "password",
            "Password",
            "PASSWORD:",
            "enable-password",
            "encryptedPassword",
            "DB_PASS",
            "wpa_passphrase",
            "sae_password",
            "PGPASSWORD",
            "MYSQL_PWD",
            "client-secret",
            "radius_shared_secret",
            "psk",
            "wpa-psk",
            "password2",
            "passwordHash",
            "--password",
            "#secret",
            "private_key_passwd",
            "defAuthPassphrase",
            "bindpw",
            "rootpw",
            "cvauth",
            "spring.datasource.password",
            "area-password",
            "simple-password",
            "chap-secret",
        ] {
            assert_eq!(sense(word), Some(Sense::Secret), "{word}");
        }
        for word in [
            "PrivateKey",
            "PresharedKey",
            "wep_key0",
            "authentication-key",
            "message-digest-key",
            "pre-shared-key",
            "AWS_SECRET_ACCESS_KEY",
            "key-string",
            "key-octet-string",
            "hex-key",
            "API_KEY",
            "privacy-key",
            "server-key",
            "wireless-key1",
            "apiKey",
            "HMAC_KEY",
        ] {
            let is_secret = matches!(sense(word), Some(Sense::Secret | Sense::KeySecret));
            assert!(is_secret, "{word}: {:?}", sense(word));
        }
        for word in
            ["community", "COMMUNITY", "snmp-community", "comm", "trapcommunity", "rocommunity6"]
        {
            assert_eq!(sense(word), Some(Sense::Community), "{word}");
        }
    }

    #[test]
    fn words_that_promise_nothing() {
        for word in [
            "password-encryption",
            "PasswordAuthentication",
            "PermitEmptyPasswords",
            "password-policy",
            "PublicKey",
            "HostKey",
            "HostKeyAlgorithms",
            "TrustedUserCAKeys",
            "AuthorizedKeysFile",
            "RevokedKeys",
            "key-chain",
            "keychain",
            "key_mgmt",
            "wpa-key-mgmt",
            "PrivateKeyFile",
            "wpa_psk_file",
            "key-id",
            "keyfile",
            "ntsserverkey-dir",
            "trusted-key",
            "community-list",
            "send-community",
            "extcommunity",
            "large-community",
            "bgp_community",
            "bypass",
            "compass",
            "keepalive",
            "monkey-island",
            "ssh-rsa",
            "SECRET-DATA",
            "hash-key",
            "public-key",
            "PubkeyAcceptedAlgorithms",
            "authentication-key-chain",
            "GigabitEthernet0/1",
            "description",
        ] {
            assert_eq!(sense(word), None, "{word}");
        }
    }
}
