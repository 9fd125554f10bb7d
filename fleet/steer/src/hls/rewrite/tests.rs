use super::*;
use proptest::prelude::*;

fn pathways() -> Vec<Pathway> {
    [("oca1.site-a", "oca1.site-a.localhost:8443"), ("oca1.site-b", "kino.oca1.site-b.example")]
        .map(|(id, authority)| Pathway { id: id.into(), authority: authority.into() })
        .into()
}

fn rewritten(text: &str) -> Result<String, BadPlaylist> {
    let steering_uri = "http://127.0.1.1:7080/steer/v1/hls?g=g&t=t&p=oca1.site-a,oca1.site-b";
    rewrite(
        text,
        &Rewriting { path: "/films/film/master.m3u8", pathways: &pathways(), steering_uri },
    )
}

#[test]
fn ffmpeg() {
    let text = include_str!("../../../testdata/ffmpeg.m3u8");
    insta::assert_snapshot!(rewritten(text).expect("rewritten"));
}

#[test]
fn packager() {
    let text = include_str!("../../../testdata/packager.m3u8");
    insta::assert_snapshot!(rewritten(text).expect("rewritten"));
}

#[test]
fn what_cannot_be_rewritten_says_where() {
    let cases = [
        ("", "not an HLS playlist: it does not begin with #EXTM3U"),
        ("<html>", "not an HLS playlist: it does not begin with #EXTM3U"),
        (
            "#EXTM3U\n#EXTINF:2,\nseg.m4s\n",
            "not a multivariant playlist: no #EXT-X-STREAM-INF in it",
        ),
        (
            "#EXTM3U\n\n#EXT-X-STREAM-INF:BANDWIDTH",
            "line 3: cannot read the attributes of #EXT-X-STREAM-INF",
        ),
        (
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n",
            "line 2: #EXT-X-STREAM-INF without an address in the next line",
        ),
        (
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttps://[x\n",
            "line 3: \"https://[x\" is not an address",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(rewritten(text).expect_err(message).to_string(), message);
    }
}

proptest! {
    #[test]
    fn no_playlist_makes_it_panic(lines in proptest::collection::vec(
        "(#EXT-X-MEDIA:|#EXT-X-STREAM-INF:|#EXT-X-I-FRAME-STREAM-INF:|)[ -~]{0,30}", 0..8)) {
        let _ = rewritten(&format!("#EXTM3U\n{}", lines.join("\n")));
    }
}
