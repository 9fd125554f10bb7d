use super::*;
use crate::cli::content::hash::hash_folder;
use proptest::prelude::*;
use std::path::Path;

const MPD: &str = "/t/manifest.mpd";

/// Puts files into a folder, and says what is learned of them: paths and bits a second.
fn learned(files: &[(&str, &[u8])]) -> (Vec<(String, u64)>, Vec<String>) {
    let folder = tempfile::tempdir().expect("folder");
    files.iter().for_each(|(name, content)| put(folder.path(), name, content));
    let mut hashed = hash_folder(folder.path(), "/t").expect("hashed");
    let warnings = learn(&mut hashed, MPD);
    let bitrates = hashed.into_iter().filter_map(|file| Some((file.path, file.bitrate?.0)));
    let place = format!("{}/", folder.path().display());
    (bitrates.collect(), warnings.iter().map(|warning| warning.replace(&place, "")).collect())
}

fn put(folder: &Path, name: &str, content: &[u8]) {
    let place = folder.join(name);
    std::fs::create_dir_all(place.parent().expect("a folder")).expect("made");
    std::fs::write(place, content).expect("written");
}

fn found(files: &[(&str, &[u8])]) -> Vec<(String, u64)> {
    let (bitrates, warnings) = learned(files);
    assert_eq!(warnings, [""; 0]);
    bitrates
}

fn rates(wanted: &[(&str, u64)]) -> Vec<(String, u64)> {
    wanted.iter().map(|(path, rate)| ((*path).to_owned(), *rate)).collect()
}

#[test]
fn segments_have_the_bits_of_their_seconds() {
    let list = b"#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"init.mp4\"\n\
        #EXTINF:4,\r\n1.m4s\r\n#EXT-X-DISCONTINUITY\n#EXTINF:0.5,a title\n../b%20c/2.m4s?v=1\n\
        #EXTINF:4,\n1.m4s\n#EXT-X-ENDLIST\n";
    let files: [(&str, &[u8]); 5] = [
        ("master.m3u8", b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9\na/list.m3u8\n"),
        ("a/list.m3u8", list),
        ("a/init.mp4", &[0; 900]),
        ("a/1.m4s", &[0; 1000]),
        ("b c/2.m4s", &[0; 1000]),
    ];
    assert_eq!(found(&files), rates(&[("/t/a/1.m4s", 2000), ("/t/b%20c/2.m4s", 16_000)]));
}

#[test]
fn ranges_of_one_file_share_its_bits() {
    let list = b"#EXTM3U\n#EXTINF:2,\n#EXT-X-BYTERANGE:500@0\nall.mp4\n\
        #EXTINF:2,\n#EXT-X-BYTERANGE:500\nall.mp4\n\
        #EXTINF:2,\n#EXT-X-BYTERANGE:500@0\nall.mp4\n";
    let frames = b"#EXTM3U\n#EXT-X-I-FRAMES-ONLY\n#EXTINF:4,\n#EXT-X-BYTERANGE:9@0\nall.mp4\n";
    let files: [(&str, &[u8]); 3] =
        [("v.m3u8", list), ("frames.m3u8", frames), ("all.mp4", &[0; 1000])];
    // The range that comes a second time is no more of the file.
    assert_eq!(found(&files), rates(&[("/t/all.mp4", 2000)]));
}

#[test]
fn what_cannot_be_meant_has_no_bitrate() {
    for duration in ["0", "-4", "NaN", "inf", "1e300", "1e-300", "86401"] {
        let list = format!("#EXTM3U\n#EXTINF:{duration},\n1.m4s\n");
        let (bitrates, _) = learned(&[("v.m3u8", list.as_bytes()), ("1.m4s", &[0; 1000])]);
        assert_eq!(bitrates, [], "{duration}");
    }
    let list = b"#EXTM3U\n#EXTINF:4,\n/t/../x/1.m4s\n#EXTINF:4,\n../../../etc/passwd\n\
        #EXTINF:4,\nhttps://elsewhere.example/t/1.m4s\n#EXTINF:4,\n\n#EXTINF:4000,\nslow.m4s\n\
        #EXTINF:0.001,\nfast.m4s\n";
    let files: [(&str, &[u8]); 4] = [
        ("v.m3u8", list),
        ("1.m4s", &[0; 1000]),
        ("slow.m4s", &[0; 1000]),
        ("fast.m4s", &vec![0; 1_250_001]),
    ];
    assert_eq!(found(&files), []);
}

#[test]
fn a_bad_playlist_costs_its_own_bitrates_only() {
    let large = vec![b'#'; (16 << 20) + 1];
    let files: [(&str, &[u8]); 6] = [
        ("1.m4s", &[0; 1000]),
        ("bytes.m3u8", b"\xff\xfe"),
        ("good.m3u8", b"#EXTM3U\n#EXTINF:four,\n2.m4s\n#EXT\n#EXTINF:4,\n1.m4s\n"),
        ("large.m3u8", &large),
        ("manifest.mpd", b"<MPD><Period></MPD>"),
        ("words.m3u8", b"no playlist\n"),
    ];
    let (bitrates, warnings) = learned(&files);
    assert_eq!(bitrates, rates(&[("/t/1.m4s", 2000)]));
    let begins = [
        "bytes.m3u8: gives no bitrates: stream did not contain valid UTF-8",
        "good.m3u8: lines that cannot be read: 2",
        "large.m3u8: gives no bitrates: larger than 16 MiB",
        "words.m3u8: gives no bitrates: it does not begin with #EXTM3U",
        "manifest.mpd: gives no bitrates: ",
    ];
    assert_eq!(warnings.len(), begins.len(), "{warnings:?}");
    for (warning, begin) in warnings.iter().zip(begins) {
        assert!(warning.starts_with(begin), "{warning}");
    }
}

#[test]
fn the_mpd_says_what_no_playlist_does() {
    let mpd = br#"<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>dash/</BaseURL><Period>
  <AdaptationSet><SegmentTemplate initialization="$RepresentationID$/init.mp4"
      media="$RepresentationID$/$Number%05d$.m4s"/>
    <Representation id="v&amp;1" bandwidth="5000000"/>
    <Representation id="v2" bandwidth="3000000"><BaseURL>other/</BaseURL>
      <SegmentTemplate media="v2/$Bandwidth%08d$-$Time$$$.m4s" timescale="1"/></Representation>
  </AdaptationSet>
  <AdaptationSet><Representation id="a" bandwidth="128000"><SegmentList>
    <SegmentURL media="a1.m4s"/><SegmentURL media="/t/a2.m4s"/></SegmentList></Representation>
    <Representation id="b" bandwidth="64000"><BaseURL>whole.mp4</BaseURL></Representation>
    <Representation id="c" bandwidth="7"><BaseURL>slow.mp4</BaseURL></Representation>
  </AdaptationSet></Period></MPD>"#;
    let files: [(&str, &[u8]); 10] = [
        ("manifest.mpd", mpd),
        ("v.m3u8", b"#EXTM3U\n#EXTINF:4,\ndash/a1.m4s\n"),
        ("dash/v&1/00001.m4s", b"x"),
        ("dash/v&1/x.m4s", b"x"),
        ("dash/v&1/init.mp4", b"x"),
        ("dash/other/v2/03000000-77$.m4s", b"x"),
        ("dash/a1.m4s", &[0; 1000]),
        ("a2.m4s", b"x"),
        ("dash/whole.mp4", b"x"),
        ("dash/slow.mp4", b"x"),
    ];
    let wanted = rates(&[
        ("/t/a2.m4s", 128_000),
        ("/t/dash/a1.m4s", 2000),
        ("/t/dash/other/v2/03000000-77$.m4s", 3_000_000),
        ("/t/dash/v&1/00001.m4s", 5_000_000),
        ("/t/dash/whole.mp4", 64_000),
    ]);
    assert_eq!(found(&files), wanted);
}

fn lines(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    let line = prop_oneof![proptest::sample::select(of).prop_map(str::to_owned), ".{0,12}"];
    proptest::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

const HLS: &[&str] = &[
    "#EXTM3U",
    "#EXTINF:4,",
    "#EXTINF:",
    "#EXTINF:-1e9",
    "#EXT-X-BYTERANGE:18446744073709551615@18446744073709551615",
    "#EXT-X-BYTERANGE:1",
    "#EXT",
    "a.m4s",
    "\r",
];

const DASH: &[&str] = &[
    "<MPD>",
    "</MPD>",
    "<Period>",
    "</Period>",
    "<Representation id='1' bandwidth='5000'>",
    "<Representation bandwidth='18446744073709551616'/>",
    "</Representation>",
    "<SegmentTemplate media='$Number%0999999999d$-$Bandwidth%099999999d$$'/>",
    "<SegmentTemplate media='$RepresentationID$/$Number$.m4s'/>",
    "<SegmentURL media='//['/>",
    "<BaseURL>a/</BaseURL>",
    "<BaseURL>mailto:x</BaseURL>",
];

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&octets);
        let base = address(MPD).expect("an address");
        drop(hls::read(&text));
        drop(hls::read(&format!("#EXTM3U\n{text}")));
        drop(dash::read(&text, &base));
    }

    #[test]
    fn what_is_read_is_plausible(hls in lines(HLS), mpd in lines(DASH), size in any::<u64>()) {
        let base = address(MPD).expect("an address");
        if let Ok(rules) = dash::read(&mpd, &base) {
            rules.bitrate_of("/t/1/2.m4s");
        }
        if let Ok(said) = hls::read(&format!("#EXTM3U\n{hls}")) {
            for (uri, duration) in said.durations {
                prop_assert!(!duration.is_zero(), "{uri}");
                let rate = rate(size, duration).filter(is_plausible);
                prop_assert!(rate.is_none_or(|rate| rate.0 >= 1000));
            }
        }
    }
}
