//! Where files stand in the repository: as at the device, as far as git takes that.

use crate::digest::sha256;
use std::collections::HashSet;
use std::fmt::Write as _;

/// A folder holds names of 255 bytes at most.
const MAX_PART_BYTES: usize = 200;

/// A part of a path, which holds no other, as it can stand anywhere: what cannot is written as `%XX`, and so is
/// `%`. It does not end with `%`, and is not empty.
pub(super) fn part(name: &str) -> String {
    if matches!(name, "." | "..") {
        return name.replace('.', "%2E");
    }
    let mut plain = String::with_capacity(name.len());
    for sign in name.chars() {
        match is_plain(sign) {
            true => plain.push(sign),
            false => escape(sign, &mut plain),
        }
    }
    let safe = without_git(plain);
    if safe.is_empty() {
        return "%00".to_owned();
    }
    shortened(safe)
}

/// A path of a file at a device, part by part. Slashes that say nothing are left out.
fn place(path: &str) -> String {
    let parts: Vec<String> = path.split('/').filter(|it| !it.is_empty()).map(part).collect();
    if parts.is_empty() { part("") } else { parts.join("/") }
}

/// Where each of a device's files stands: no two in one place, and none where there is a folder of others. Those
/// have `%` behind them.
pub(super) fn places<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut places: Vec<String> = paths.map(place).collect();
    let folders: HashSet<String> = places.iter().flat_map(|place| folders(place)).collect();
    let mut taken = HashSet::new();
    for place in &mut places {
        while folders.contains(place.as_str()) || !taken.insert(place.clone()) {
            place.push('%');
        }
    }
    places
}

/// All folders that a file stands in.
fn folders(place: &str) -> impl Iterator<Item = String> + '_ {
    place.match_indices('/').map(|(at, _)| place[..at].to_owned())
}

/// Whether git, and who looks at a list of files, takes it for what it is.
fn is_plain(sign: char) -> bool {
    // Signs that nobody sees, and that some file systems leave out of names.
    let is_unseen = matches!(sign, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !sign.is_control() && !is_unseen && !matches!(sign, '/' | '\\' | '%')
}

fn escape(sign: char, out: &mut String) {
    let mut bytes = [0; 4];
    for byte in sign.encode_utf8(&mut bytes).bytes() {
        // Writing to a string does not fail.
        let _ = write!(out, "%{byte:02X}");
    }
}

/// What git takes for its own, be it by the short names that Windows gives files (`git~1`).
fn without_git(name: String) -> String {
    let lower = name.to_ascii_lowercase();
    if lower.starts_with(".git") {
        return name.replacen('.', "%2E", 1);
    }
    if lower.starts_with("gi") && name.contains('~') {
        return name.replace('~', "%7E");
    }
    name
}

fn shortened(name: String) -> String {
    if name.len() <= MAX_PART_BYTES {
        return name;
    }
    let digest = sha256(name.as_bytes());
    let cut = name.floor_char_boundary(MAX_PART_BYTES - 20);
    format!("{}-{}", &name[..cut], &digest[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> Vec<String> {
        places(paths.iter().copied())
    }

    #[test]
    fn files_stand_where_they_stood() {
        assert_eq!(
            of(&["/etc/frr/frr.conf", "running-config"]),
            ["etc/frr/frr.conf", "running-config"]
        );
        assert_eq!(of(&["/etc/x.d/a b\"c.conf~", "/é"]), ["etc/x.d/a b\"c.conf~", "é"]);
    }

    #[test]
    fn what_git_takes_for_something_else_is_written_otherwise() {
        assert_eq!(
            of(&["/../a/./b", "//", "/.git/config", "/.GitModules"]),
            ["%2E%2E/a/%2E/b", "%00", "%2Egit/config", "%2EGitModules"]
        );
        assert_eq!(
            of(&["/GIT~1/x", "a\\b", "100%", ".g\u{200c}it"]),
            ["GIT%7E1/x", "a%5Cb", "100%25", ".g%E2%80%8Cit"]
        );
        assert_eq!(part("a/b\n"), "a%2Fb%0A");
    }

    #[test]
    fn no_file_stands_in_the_place_of_another() {
        assert_eq!(
            of(&["/etc", "/etc/a", "etc/a", "/etc//a", "etc/a%/b"]),
            ["etc%", "etc/a", "etc/a%", "etc/a%%", "etc/a%25/b"]
        );
        let long = "x".repeat(300);
        let [one, two] = [part(&long), part(&format!("{long}y"))];
        assert!(one.len() < 255 && one != two, "{one}");
    }
}
