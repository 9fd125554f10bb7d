//! What people see, held still.

use super::*;
use crate::api::{FillFailureItem, FillWaitingItem};

fn title(name: &str, state: &str, done: u64) -> FillTitleItem {
    FillTitleItem {
        group: "studio-a".into(),
        title: name.into(),
        state: state.into(),
        source: None,
        sources: Vec::new(),
        objects_wanted: 200,
        objects_held: done / 1_000_000,
        bytes_wanted: 200_000_000,
        bytes_done: done,
        rate_bytes_per_s: 0,
        waiting: None,
        finish_at: None,
    }
}

fn fill(appliance: &str, admission: &str) -> ApplianceFill {
    ApplianceFill {
        appliance: appliance.into(),
        site: "site-a".into(),
        state: "live".into(),
        report_age_s: Some(1.2),
        admission: Some(admission.to_owned()),
        until: Some("2026-11-25T13:00:00.000Z".into()),
        cap_bytes_per_s: Some(150_000_000),
        rate_bytes_per_s: 140_000_000,
        bytes_missing: 250_500_000,
        finish_at: Some("2026-11-25T02:00:02.300Z".into()),
        sources: vec![FillSourceItem { source: "origin".into(), rate_bytes_per_s: 140_000_000 }],
        failing: Vec::new(),
        titles: Vec::new(),
        titles_left_out: 0,
    }
}

#[test]
fn a_fill_under_way_and_one_that_waits() {
    let from =
        |source: &str, rate_bytes_per_s| FillSourceItem { source: source.into(), rate_bytes_per_s };
    let arriving = FillTitleItem {
        source: Some("peer oca2.site-a".into()),
        sources: vec![from("origin", 90_000_000), from("peer oca2.site-a", 50_000_000)],
        rate_bytes_per_s: 140_000_000,
        finish_at: Some("2026-11-25T02:00:01.000Z".into()),
        ..title("big-demo", "arriving", 149_500_000)
    };
    let held = FillTitleItem { source: Some("origin".into()), ..title("old", "held", 200_000_000) };
    let until = Some("2026-11-26T01:00:00.000Z".into());
    let words = "the fill window".into();
    let waiting = FillTitleItem {
        waiting: Some(FillWaitingItem { on: "fill_window".into(), words, until }),
        ..title("big-demo", "waiting", 0)
    };
    let open = ApplianceFill {
        titles: vec![arriving, title("next", "queued", 0), held],
        titles_left_out: 4,
        ..fill("oca1.site-a", "all")
    };
    let refused = FillFailureItem {
        source: "origin".into(),
        group: "studio-a".into(),
        path: "/big-demo/seg-1.m4s".into(),
        reason: "it answered 403".into(),
        at: "2026-11-25T01:59:58.200Z".into(),
    };
    let closed = ApplianceFill {
        failing: vec![refused],
        titles: vec![waiting],
        cap_bytes_per_s: None,
        rate_bytes_per_s: 0,
        ..fill("oca1.site-b", "nobody")
    };
    insta::assert_snapshot!(tables(&Output::plain(), &[open, closed]));
}
