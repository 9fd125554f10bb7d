use super::*;
use proptest::prelude::*;

fn rewritten(text: &str) -> Result<String, BadMpd> {
    let pathways = [
        ("oca1.site-a", "oca1.site-a.localhost:8443"),
        ("oca1.site-b", "kino.oca1.site-b.example"),
    ]
    .map(|(id, authority)| Pathway { id: id.into(), authority: authority.into() });
    let steering_uri = "http://127.0.1.1:7080/steer/v1/dash?g=g&t=t&p=oca1.site-a,oca1.site-b";
    rewrite(
        text,
        &Rewriting { path: "/films/film/manifest.mpd", pathways: &pathways, steering_uri },
    )
}

#[test]
fn ffmpeg() {
    let text = include_str!("../../../testdata/ffmpeg.mpd");
    insta::assert_snapshot!(rewritten(text).expect("rewritten"));
}

#[test]
fn the_owners_base_and_steering_give_way() {
    let text = r#"<?xml version="1.0"?><m:MPD xmlns:m="urn:mpeg:dash:schema:mpd:2011">
        <m:BaseURL> ../media/a&amp;b/ </m:BaseURL><m:BaseURL serviceLocation="x">y/</m:BaseURL>
        <m:ContentSteering proxyServerURL="z">https://other.example/</m:ContentSteering>
        <m:Period><m:BaseURL>kept/</m:BaseURL></m:Period></m:MPD>"#;
    insta::assert_snapshot!(rewritten(text).expect("rewritten"));
}

#[test]
fn what_cannot_be_rewritten_says_why() {
    let elsewhere = "<MPD><BaseURL>https://cdn.example/</BaseURL><Period/></MPD>";
    assert_eq!(rewritten(elsewhere), Err(BadMpd::Elsewhere("https://cdn.example/".into())));
    assert_eq!(rewritten("<html><MPD/></html>"), Err(BadMpd::NotMpd));
    assert_eq!(rewritten("<MPD></MPD>"), Err(BadMpd::NoPeriod));
    assert_eq!(rewritten(""), Err(BadMpd::NoPeriod));
    assert!(matches!(rewritten("<MPD><Period></MPD>"), Err(BadMpd::Xml(_))));
}

proptest! {
    #[test]
    fn no_mpd_makes_it_panic(text in "(<(/)?(MPD|BaseURL|Period|x)( a=\"b\")?(/)?>|[ -~]|<!--){0,24}") {
        let _ = rewritten(&text);
    }
}
