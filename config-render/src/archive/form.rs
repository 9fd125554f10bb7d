//! Secrets that are known by their form, whatever stands before them.

use super::MARK;
use regex::{Regex, RegexSet};
use std::ops::Range;
use std::sync::LazyLock;

/// Each has a group `s`, the secret.
const FORMS: &[&str] = &[
    // What crypt(3) and its relatives make: `$6$salt$hash`, `$9$…` of Junos and of Cisco.
    r#"(?P<s>\$[0-9A-Za-z-]{1,14}\$(?:[^\s"';,<>\\@:]|\\/){4,})"#,
    r#"(?i)\{(?:s?sha\d*|smd5|md5|crypt|pbkdf2[\w-]*|argon2\w*)\}(?P<s>[^\s"',;<>]{4,})"#,
    // The password of a URL, to the last `@`: unescaped ones may hold `@` and `/`.
    r#"(?i)[a-z][a-z0-9+.-]*://[^\s:/@"'<>]*:(?P<s>[^\s"'<>]+|[^\s<>]+)@"#,
    r#"(?i)https?://(?P<s>[^\s:/@"'<>]{8,})@"#,
    r#"(?:^|[\s"'=,(])(?P<user>[A-Za-z_][\w.+-]*):(?P<s>[^\s"'<>@/][^\s"'<>]*|[^\s<>@/]+)@[\w\[]"#,
    r#"(?i)\bauthorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|digest|token|negotiate|apikey)\s+)?(?P<s>[^"'\r\n<>]*[^"'\r\n<>\s;,{}])"#,
    r#"(?i)\b(?:bearer|basic)\s+(?P<s>[A-Za-z0-9+/=._~-]{8,})"#,
    r#"(?i)\b(?:set-)?cookie["']?:\s*["']?(?P<s>[^"'\r\n<>]*[^"'\r\n<>\s])"#,
    r"\b(?P<s>eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w+/=-]*)*)",
    // What the makers of tokens mark as theirs.
    r"\b(?P<s>(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{12,})",
    r"\b(?P<s>(?:gh[pousr]_|github_pat_|glpat-|gl[a-z]{2,5}-|xox[a-z]-|xapp-|[sr]k_(?:live|test)_|sk-|AIza|ya29\.|npm_|pypi-|do[opr]_v1_|hv[sbr]\.|SG\.|glsa_|glc_|tskey-|shp[a-z]{2}_|NRAK-|AGE-SECRET-KEY-|PMAK-|dckr_pat_|hf_|ATATT|lin_api_|key-)[\w.=-]{16,})",
    r#"hooks\.slack\.com/(?:services|workflows)/(?P<s>[^\s"'<>]+)"#,
    r#"discord(?:app)?\.com/api/webhooks/\d+/(?P<s>[^\s"'<>]+)"#,
    // Cisco's types 7 and 6.
    r#"(?:^|\s)7\s+"?(?P<s>[0-5][0-9](?:[0-9A-Fa-f]{2}){3,})"?(?:\s|;|$)"#,
    r#"(?:^|\s)6\s+"?(?P<s>[A-Za-i\\\[\]^_`]*[\\\[\]^_`][A-Za-i\\\[\]^_`]{6,})"#,
    // Passwords as arguments.
    r#"(?:^|\s)(?:-u|--user|--proxy-user|-U)[ =]?["']?(?P<user>[^\s:"'-][^\s:"']*):(?P<s>[^\s"']+)"#,
    r#"(?:^|\s)(?:-u|--user|--proxy-user|-U)[ =]?"[^\s:"]+:(?P<s>[^"]+)""#,
    r#"(?:^|\s)(?:-u|--user|--proxy-user|-U)[ =]?'[^\s:']+:(?P<s>[^']+)'"#,
    r"\bsshpass\s+-p\s*(?P<s>'[^']*'|\x22[^\x22]*\x22|\S+)",
    r"\bmysql\w*\s(?:[^|;]{0,200}?\s)?-p(?P<s>'[^']*'|\x22[^\x22]*\x22|\S+)",
    r"\bipmitool\s(?:[^|;]{0,200}?\s)?-P\s*(?P<s>'[^']*'|\x22[^\x22]*\x22|\S+)",
    r#"(?:^|\s)-p\s+(?P<weak>[^\s"'/-][^\s"']{5,})"#,
    // strongSwan's `ipsec.secrets`, hostapd's users, pppd's secrets.
    r#"(?:^|[\s#!+-]):\s*(?:PSK|RSA|ECDSA|EAP|XAUTH|NTLM|PKCS8|P12|PIN|BLISS)\s+(?:[^\s"]+\s+)?"(?P<s>[^"]+)""#,
    r#""[^"]*"\s+(?:(?:PEAP|TTLS|TLS|MD5|MSCHAPV2|GTC|SIM|AKA|PWD|TTLS-\w+)[,\s]*)+\s*"(?P<s>[^"]+)""#,
    r#"^[\w"'.@-]+\s+\*\s+"(?P<s>[^"]+)"(?:\s+\S+)?\s*$"#,
    r#"^[\w"'.@-]+\s+\*\s+(?P<s>[^\s"*]{4,})(?:\s+[\d.*:-]+)?\s*$"#,
    // A WireGuard key, hexadecimal keys; of the base64 alphabet see `is_dense`.
    r"(?:^|[^A-Za-z0-9+/])(?P<dense>[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)(?:[^=]|$)",
    r"\b0[xX](?P<hex>[0-9A-Fa-f]{16,})",
    r"\b(?P<hex>[0-9A-Fa-f]{32,})\b",
    r"(?P<dense>[A-Za-z0-9+/_-]{20,}={0,2})",
];

static ANY: LazyLock<RegexSet> = LazyLock::new(|| {
    // The list is a constant, and a test reads it.
    RegexSet::new(FORMS).unwrap_or_else(|_| RegexSet::empty())
});
static EACH: LazyLock<Vec<Regex>> =
    LazyLock::new(|| FORMS.iter().filter_map(|form| Regex::new(form).ok()).collect());
/// What says of the token after it that anybody may know it.
static PUBLIC: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = r#"(?i)(?:public|pub|peers?|fingerprints?|thumbprint|checksum|digest|sha\d+sum|sha1|sha256|sha384|sha512|md5sum|verify|engine-?id|oldengineid|localized|certificate|cert|commit|revision|machine-id|serial|serial-number|uuid|guid|ssh-rsa|ssh-dss|ssh-ed25519|ecdsa-sha2-nistp\d+|sshfp|build|image|version|nonce|boot)(?:[-_]?key)?["']?\s*[:=]?\s*["']?(?:base64:)?$"#;
    Regex::new(words).ok()
});

/// Where the secrets are.
pub(super) fn secrets(line: &str, found: &mut Vec<Range<usize>>) {
    for form in ANY.matches(line) {
        let Some(regex) = EACH.get(form) else { continue };
        for groups in regex.captures_iter(line) {
            if let Some(secret) = groups.name("s") {
                let user = groups.name("user").map(|user| user.as_str());
                if is_meant(secret.as_str(), user) {
                    found.push(secret.range());
                }
            } else if let Some(weak) = groups.name("weak") {
                let has = |is: fn(&u8) -> bool| weak.as_str().bytes().any(|byte| is(&byte));
                if has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) {
                    found.push(weak.range());
                }
            } else if let Some(hex) = groups.name("hex") {
                // Engine identities begin with their bit and their enterprise (RFC 3411).
                let is_engine = hex.len() < 70 && hex.as_str().starts_with("8000");
                if !is_engine && !is_public(&line[..hex.start()]) {
                    found.push(hex.range());
                }
            } else if let Some(dense) = groups.name("dense")
                && is_dense(dense.as_str())
                && !is_public(&line[..dense.start()])
            {
                found.push(dense.range());
            }
        }
    }
}

fn is_meant(secret: &str, user: Option<&str>) -> bool {
    const NO_USERS: &[&str] =
        &["mailto", "mail", "email", "sip", "sips", "xmpp", "acct", "contact", "noc", "to", "from"];
    // What Junos lets a community do, and how a header goes on before what is redacted.
    const NO_SECRETS: &[&str] =
        &["read-only", "read-write", "bearer", "basic", "digest", "token", "negotiate", "apikey"];
    let is_word = secret.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_user = user.is_none_or(|user| !NO_USERS.contains(&user.to_ascii_lowercase().as_str()));
    is_user
        && !NO_SECRETS.contains(&secret.to_ascii_lowercase().as_str())
        && secret != MARK
        && !(user.is_none() && is_prose(secret, is_word))
}

/// `basic throughput` is no credential.
fn is_prose(secret: &str, is_word: bool) -> bool {
    const PROSE: &[&str] =
        &["authentication", "throughput", "configuration", "capability", "services"];
    is_word && PROSE.contains(&secret)
}

/// Random signs, by how often their class changes.
fn is_dense(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    // Public keys of SSH say their kind in their first octets.
    if ["AAAAB3Nza", "AAAAC3Nza", "AAAAE2Vj", "AAAAG", "AAAAI"]
        .iter()
        .any(|it| text.starts_with(it))
    {
        return false;
    }
    let class = |byte: u8| match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let has = |wanted| body.bytes().filter(|byte| class(*byte) == wanted).count();
    let changes = body.bytes().zip(body.bytes().skip(1)).filter(|(a, b)| class(*a) != class(*b));
    let is_mixed = has(0) > 2 && has(1) > 2 && has(2) > 0;
    // A path or a list of names has many separators.
    is_mixed && has(3) * 16 <= body.len() + 16 && changes.count() * 100 >= body.len() * 43
}

fn is_public(before: &str) -> bool {
    let mut from = before.len().saturating_sub(48);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    PUBLIC.as_ref().is_some_and(|words| words.is_match(&before[from..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_a_regex() {
        assert_eq!(EACH.len(), FORMS.len());
        assert_eq!(ANY.len(), FORMS.len());
        assert!(PUBLIC.is_some());
    }

    #[test]
    fn names_are_not_dense() {
        for name in [
            "GigabitEthernet1/0/24",
            "TenGigabitEthernet0/0/0/1",
            "RM-CUSTOMER-AS65000-IN-V4",
            "flash:cat9k_iosxe-17-06-05-SPA-bin",
            "ge-0-0-1-unit-100-family-inet6",
            "Hundred",
            "PubkeyAcceptedAlgorithms",
            "2001-db8-85a3-8d3-1319-8a2e-370-7348",
            "Management-Ethernet1-Network",
        ] {
            assert!(!is_dense(name), "{name}");
        }
        for key in [
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQ0r1aKe",
            "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=",
        ] {
            assert!(is_dense(key), "{key}");
        }
    }
}
