//! Which segment of which series an object is, as far as names say so.
//!
//! Segments are numbered: `17`, `seg-00017.m4s`, `video_17.ts`. A number that means something
//! else makes a series through which nobody walks, and what such a one says is not believed.

/// Numbers that are longer count nothing.
const MOST_DIGITS: usize = 18;

/// What all segments of a series have in common: what stands before the number, and behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeriesName<'a>(&'a str, &'a str);

/// The series and the number of a segment, where the last part of a path, its extension left
/// aside, ends with one. A path of one part is no segment of anything.
#[must_use]
pub fn segment(path: &str) -> Option<(SeriesName<'_>, u64)> {
    let (folder, name) = path.rsplit_once('/').filter(|(folder, _)| !folder.is_empty())?;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let (numbered, extension) = path.split_at(folder.len() + 1 + stem.len());
    let words = numbered.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = &numbered[words.len()..];
    if digits.len() > MOST_DIGITS {
        return None;
    }
    Some((SeriesName(words, extension), digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn segments_have_a_series_and_a_number() {
        for (path, before, number, behind) in [
            ("/show/1/17", "/show/1/", 17, ""),
            ("/show/seg-00099.m4s", "/show/seg-", 99, ".m4s"),
            ("/show/video_9.ts", "/show/video_", 9, ".ts"),
            ("/show/1080p-3.cmfv", "/show/1080p-", 3, ".cmfv"),
        ] {
            assert_eq!(segment(path), Some((SeriesName(before, behind), number)));
        }
        let series = |path| segment(path).map(|(series, _)| series);
        assert_eq!(series("/show/seg-00099.m4s"), series("/show/seg-00100.m4s"));
        assert_eq!(series("/show/video_9.ts"), series("/show/video_10.ts"));
        assert_ne!(series("/show/1/1.ts"), series("/show/2/1.ts"));
        assert_ne!(series("/show/1/1.ts"), series("/show/1/1.m4s"));
    }

    #[test]
    fn what_has_no_number_is_no_segment() {
        let many = format!("/show/{}", "9".repeat(19));
        for path in ["", "/", "/17", "/show/", "/show/init.mp4", "/show/17-video.mp4", &many] {
            assert_eq!(segment(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_path_is_put_together_from_its_parts(path in "\\PC{0,40}") {
            if let Some((SeriesName(before, behind), number)) = segment(&path) {
                prop_assert!(path.starts_with(before) && path.ends_with(behind));
                let digits = &path[before.len()..path.len() - behind.len()];
                prop_assert_eq!(digits.parse(), Ok(number));
            }
        }
    }
}
