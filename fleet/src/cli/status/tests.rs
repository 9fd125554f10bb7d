use super::*;
use crate::api::{ApplianceItem, NotSteeredItem};

fn status(name: &str, state: &str, held: u64, peer: Option<&str>) -> ApplianceStatus {
    let (_, site) = name.split_once('.').expect("box.site");
    let from_peer = if peer.is_some() { 9_100_000 } else { 0 };
    let origin =
        FilledItem { source: "origin".into(), objects: 80, bytes: 14_200_000, failures: 1 };
    let peer = peer.map(|name| FilledItem {
        source: format!("peer {name}"),
        objects: 50,
        bytes: from_peer,
        failures: 0,
    });
    ApplianceStatus {
        item: ApplianceItem {
            name: name.into(),
            site: site.into(),
            state: state.into(),
            base_url: Some(format!("https://{name}.localhost:8443/")),
            objects_held: held,
            objects_wanted: 130,
            bytes_held: held * 179_231,
            bytes_wanted: 23_300_030,
            bytes_from_peer: from_peer,
            bytes_from_origin: 14_200_000,
            last_report_age_s: (held > 0).then_some(1.4),
            version: Some("0.1.0".into()),
        },
        engine: Some("portable".into()),
        first_limit: None,
        late_reports_waiting: 0,
        filled_from: std::iter::once(origin).chain(peer).collect(),
        documents: vec![],
        barred: None,
        certificate_waits: None,
        not_steered_to: vec![],
        not_placed: vec![],
        events: vec![EventItem {
            at: format!("2026-11-21T13:00:{:02}.000Z", held % 60),
            severity: "warning".into(),
            kind: "block_corrupt".into(),
            subject: "studio-a:/big-demo/seg-0-00001.m4s".into(),
            detail: "CRC-32C wrong; refetched from peer".into(),
        }],
    }
}

#[test]
fn tables_for_people() {
    let mut all = [
        status("oca1.site-a", "live", 130, Some("oca2.site-a")),
        status("oca2.site-a", "silent", 129, None),
        status("oca1.site-b", "never-seen", 0, None),
    ];
    insta::assert_snapshot!(tables(&Output::plain(), &all, 2));
    all[1].not_steered_to = vec![NotSteeredItem {
        group: "studio-a".into(),
        reason: "purge 7 (title big-demo) is not confirmed: the box has purged up to 5".into(),
    }];
    insta::assert_snapshot!(tables(&Output::plain(), &all, 1));
    all[1].not_steered_to.clear();
    all[0].documents = vec![DocumentItem {
        kind: "manifest".into(),
        in_force: Some("1.9".into()),
        issued: Some("1.5".into()),
        rejected: None,
        refused: Some("1.9223372036854775808: absurdly far beyond 1.9".into()),
        doubt: Some("1.9 is in force, 1.5 was issued last".into()),
    }];
    insta::assert_snapshot!(tables(&Output::plain(), &all, 0));
    all[0].documents.clear();
    all[1].certificate_waits = Some(CertificateWaitsItem {
        reason:
            "50 certificates were ordered within an hour: --acme-orders-per-hour allows no more"
                .into(),
        until: "2026-11-21T13:50:00.000Z".into(),
    });
    insta::assert_snapshot!(tables(&Output::plain(), &all, 0));
}
