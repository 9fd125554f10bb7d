//! What a session asks for next, as far as names say so.
//!
//! Segments are numbered: `17`, `seg-00017.m4s`, `video_17.ts`. A number that means something
//! else names an object that is not there, or one that is expected in vain for a while, from
//! which the policy learns what such expectations are worth.

/// Numbers that are longer count nothing.
const MOST_DIGITS: usize = 18;

/// The path of the next segment, where the last part of a path, its extension left aside, ends
/// with the number of a segment. A path of one part is no segment of anything.
#[must_use]
pub fn following(path: &str) -> Option<String> {
    let (folder, name) = path.rsplit_once('/').filter(|(folder, _)| !folder.is_empty())?;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let extension = &name[stem.len()..];
    let words = stem.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = &stem[words.len()..];
    if digits.len() > MOST_DIGITS {
        return None;
    }
    let next = digits.parse::<u64>().ok()? + 1;
    Some(format!("{folder}/{words}{next:0width$}{extension}", width = digits.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn segments_follow_each_other() {
        for (path, next) in [
            ("/show/1/17", "/show/1/18"),
            ("/show/seg-00099.m4s", "/show/seg-00100.m4s"),
            ("/show/video_9.ts", "/show/video_10.ts"),
            ("/show/999.m4s", "/show/1000.m4s"),
            ("/show/1080p-3.cmfv", "/show/1080p-4.cmfv"),
        ] {
            assert_eq!(following(path).as_deref(), Some(next));
        }
    }

    #[test]
    fn what_has_no_number_has_nothing_behind_it() {
        let many = format!("/show/{}", "9".repeat(19));
        for path in ["", "/", "/17", "/show/", "/show/init.mp4", "/show/17-video.mp4", &many] {
            assert_eq!(following(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_path_has_one_behind_it_or_none(path in "\\PC{0,40}") {
            if let Some(next) = following(&path) {
                prop_assert_ne!(&next, &path);
                prop_assert!(next.len() >= path.len() && next.len() <= path.len() + 1);
            }
        }
    }
}
