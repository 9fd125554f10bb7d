//! What players send, what they should not, and what must never hurt.

use super::*;
use crate::http::fields::Fields;
use crate::http::method::Method;
use crate::http::target::Target;
use proptest::prelude::*;

fn read(fields: &[(&str, &str)], query: Option<&str>) -> Option<Cmcd> {
    let mut known = Fields::default();
    for (name, value) in fields {
        known.add(name, value.as_bytes());
    }
    let target = Target::Resource { host: "h", path: "/", query };
    Cmcd::of(&Request { method: Method::Get, method_name: "GET", target, fields: known })
}

fn header(value: &str) -> Option<Cmcd> {
    read(&[("CMCD-Request", value)], None)
}

fn sid(cmcd: Option<Cmcd>) -> Option<String> {
    cmcd?.sid.map(|sid| sid.as_str().to_owned())
}

#[test]
fn four_fields_make_one() {
    let cmcd = read(
        &[
            ("CMCD-Request", "bl=21300,dl=18500,mtp=48100,su,nor=\"..%2F300kbps%2Ftrack.m4v\""),
            ("CMCD-Object", "br=3200,d=4004,ot=v,tb=6000"),
            ("CMCD-Status", "bs,rtp=12000"),
            ("CMCD-Session", "sid=\"6e2fb550-c457-11e9\",sf=h,st=v,pr=1.08,cid=\"faec\",v=1"),
        ],
        None,
    )
    .unwrap();
    assert_eq!(
        (cmcd.bl, cmcd.dl, cmcd.mtp, cmcd.su),
        (Some(21300), Some(18500), Some(48100), true)
    );
    assert_eq!((cmcd.br, cmcd.d, cmcd.tb), (Some(3200), Some(4004), Some(6000)));
    assert_eq!((cmcd.bs, cmcd.rtp, cmcd.pr), (true, Some(12000), Some(1.08)));
    assert_eq!((cmcd.ot, cmcd.sf), (Some(ObjectType::Video), Some(StreamingFormat::Hls)));
    assert_eq!(
        (cmcd.st, sid(Some(cmcd))),
        (Some(StreamType::OnDemand), Some("6e2fb550-c457-11e9".into()))
    );
}

#[test]
fn the_query_argument_says_the_same() {
    let query = "x=1&CMCD=br%3D3200%2Cbs%2Csid%3D%22a%5C%22b%22%2Cot%3Dav&y=2";
    let cmcd = read(&[], Some(query));
    assert_eq!(sid(cmcd).as_deref(), Some("a\"b"));
    assert_eq!(
        cmcd.map(|cmcd| (cmcd.br, cmcd.bs, cmcd.ot)),
        Some((Some(3200), true, Some(ObjectType::Muxed)))
    );
    assert_eq!(read(&[], Some("cmcd=br%3D1")), None);
}

#[test]
fn what_cannot_be_read_is_left_out_alone() {
    let cmcd = header("br=x,bl=-5,mtp=99999999999,tb=7, ot=zz,longer-than-any=1,d=5").unwrap();
    assert_eq!((cmcd.br, cmcd.bl, cmcd.mtp, cmcd.ot), (None, None, None, None));
    assert_eq!((cmcd.tb, cmcd.d), (Some(7), Some(5)));
    assert_eq!(header("pr=inf"), None);
    assert_eq!(header("pr=NaN"), None);
    assert_eq!(header("=,=,,\"\",\"x"), None);
    assert_eq!(header("br=1,sid=\"no end").and_then(|cmcd| cmcd.br), Some(1));
    assert_eq!(read(&[], Some("CMCD=br%3D1%2Cd%3D2%zz")).and_then(|cmcd| cmcd.d), Some(2));
}

#[test]
fn texts_beyond_their_limits() {
    let id = |length: usize| sid(header(&format!("sid=\"{}\"", "a".repeat(length))));
    assert_eq!(id(MAX_SESSION_LEN).map(|id| id.len()), Some(MAX_SESSION_LEN));
    assert_eq!(id(MAX_SESSION_LEN + 1), None);
    let late = format!("{}br=1", "x,".repeat(MAX_OCTETS));
    assert_eq!(header(&late), None);
}

#[test]
fn the_session_id_is_not_written() {
    let cmcd = header("sid=\"secret\",br=1").unwrap();
    assert_eq!(serde_json::to_string(&cmcd).unwrap(), "{\"br\":1}");
}

proptest! {
    #[test]
    fn anything_is_survived(value in proptest::collection::vec(any::<u8>(), 0..200), query in ".{0,80}") {
        let mut fields = Fields::default();
        fields.add("cmcd-session", &value);
        let query = format!("CMCD={query}");
        let target = Target::Resource { host: "", path: "/", query: Some(&query) };
        let _ = Cmcd::of(&Request { method: Method::Get, method_name: "GET", target, fields });
    }

    #[test]
    fn what_is_written_is_read(br: u32, bl: u32, bs: bool, id in "[ -~]{0,64}") {
        let quoted = id.replace('\\', "\\\\").replace('"', "\\\"");
        let flag = if bs { ",bs" } else { "" };
        let cmcd = header(&format!("br={br},sid=\"{quoted}\"{flag},bl={bl}")).unwrap();
        prop_assert_eq!((cmcd.br, cmcd.bl, cmcd.bs), (Some(br), Some(bl), bs));
        prop_assert_eq!(sid(Some(cmcd)), Some(id));
    }

    #[test]
    fn both_ways_read_the_same(text in "[a-z=,\"\\\\ 0-9.]{0,60}") {
        let encoded: String = text.bytes().map(|octet| format!("%{octet:02x}")).collect();
        let query = format!("CMCD={encoded}");
        prop_assert_eq!(read(&[], Some(&query)), header(&text));
    }
}
