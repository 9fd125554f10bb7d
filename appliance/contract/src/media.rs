//! Media types of the files that HLS and DASH are made of (RFC 8216 §10, RFC 6381,
//! ISO/IEC 23009-1 Annex C, W3C for captions and images).

/// What is served for a suffix nobody registered.
pub const OCTET_STREAM: &str = "application/octet-stream";

const BY_SUFFIX: &[(&str, &str)] = &[
    ("aac", "audio/aac"),
    ("ac3", "audio/ac3"),
    ("av1", "video/mp4"),
    ("cmfa", "audio/mp4"),
    ("cmft", "application/mp4"),
    ("cmfv", "video/mp4"),
    ("dfxp", "application/ttml+xml"),
    ("ec3", "audio/eac3"),
    ("html", "text/html; charset=utf-8"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("key", "application/octet-stream"),
    ("m3u", "application/vnd.apple.mpegurl"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m4a", "audio/mp4"),
    ("m4i", "video/mp4"),
    ("m4s", "video/iso.segment"),
    ("m4v", "video/mp4"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mp4a", "audio/mp4"),
    ("mp4v", "video/mp4"),
    ("mpd", "application/dash+xml"),
    ("png", "image/png"),
    ("srt", "application/x-subrip"),
    ("ts", "video/mp2t"),
    ("ttml", "application/ttml+xml"),
    ("txt", "text/plain; charset=utf-8"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("webvtt", "text/vtt; charset=utf-8"),
    ("xml", "application/xml"),
];

/// The media type for a path, by its suffix, whatever its case.
#[must_use]
pub fn type_of(path: &str) -> &'static str {
    let file = path.rsplit('/').next().unwrap_or(path);
    let Some((_, suffix)) = file.rsplit_once('.') else { return OCTET_STREAM };
    BY_SUFFIX
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(suffix))
        .map_or(OCTET_STREAM, |(_, media_type)| media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffix_decides() {
        assert_eq!(type_of("/a/b.M3U8"), "application/vnd.apple.mpegurl");
        assert_eq!(type_of("/a.mpd/x"), OCTET_STREAM);
        assert_eq!(type_of("/seg-1.m4s"), "video/iso.segment");
        assert!(BY_SUFFIX.is_sorted_by_key(|(suffix, _)| suffix));
    }
}
