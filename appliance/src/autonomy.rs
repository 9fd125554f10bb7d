//! How long this box can serve alone: what ends of what it has, and when.
//!
//! Nothing is invented here: certificates end by themselves, documents say until when they are
//! to be gone by, and objects until when they may be served. There are no keys of tokens yet,
//! and nobody doubts the clock.

use contract::autonomy::{Autonomy, Limit, LimitKind};
use contract::catalogue::CatalogueEntry;
use contract::time::TimeUs;
use serve::Certificates;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Until when objects may be served that the manifest lists.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rights {
    /// How many objects, and the title of one of them.
    ends: BTreeMap<TimeUs, (u64, String)>,
}

impl Rights {
    pub(crate) fn of(entries: &[Arc<CatalogueEntry>]) -> Self {
        let mut ends = BTreeMap::new();
        for entry in entries {
            let Some(until) = entry.common.serve_until_us else { continue };
            let title = || (0, format!("{}/{}", entry.common.group, entry.common.title));
            ends.entry(until).or_insert_with(title).0 += 1;
        }
        Self { ends }
    }

    /// What ends next; what has ended is served no more.
    fn limit(&self, now: TimeUs) -> Option<Limit> {
        let (until_us, (objects, title)) = self.ends.range(now..).next()?;
        let subject = format!("{objects} objects, among them of {title}");
        Some(Limit { kind: LimitKind::Rights, subject, until_us: *until_us })
    }
}

/// What ends of all this.
pub(crate) fn autonomy(
    certificates: &Certificates,
    documents: &[Limit],
    rights: &Rights,
    now: TimeUs,
) -> Autonomy {
    let certificate =
        |(subject, until_us)| Limit { kind: LimitKind::Certificate, subject, until_us };
    let mut limits: Vec<Limit> = certificates.ends().into_iter().map(certificate).collect();
    limits.extend(documents.iter().cloned());
    limits.extend(rights.limit(now));
    Autonomy::of(limits)
}

/// RFC 3339, to the second.
pub(crate) fn tell(autonomy: &Autonomy, now: TimeUs) -> String {
    let Some(first) = autonomy.first() else {
        return "can serve alone: nothing that it has ends".to_owned();
    };
    let Limit { kind, subject, until_us } = first;
    let at = crate::filling::when(*until_us);
    if *until_us <= now {
        return format!("first limit PASSED at {at}: {kind} ({subject})");
    }
    format!("can serve alone until {at}, first limit: {kind} ({subject})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::catalogue::Common;
    use contract::names::{GroupName, TitleName};
    use contract::object::Digest;

    fn entry(path: &str, until: Option<i64>) -> Arc<CatalogueEntry> {
        let group = GroupName::new("g").expect("name");
        let title = TitleName::new("t").expect("name");
        let serve_until_us = until.map(|until_s| TimeUs(0).plus_s(until_s));
        let common = Common { serve_until_us, ..Common::of(group, title) };
        Arc::new(CatalogueEntry {
            ordinal: 0,
            path: path.into(),
            size_bytes: 1,
            blake3: Digest::of(path.as_bytes()),
            modified_us: TimeUs(0),
            common: common.share(),
        })
    }

    #[test]
    fn rights_that_end_next_are_a_limit_and_those_that_ended_are_not() {
        let entries = [Some(100), Some(50), None, Some(100)];
        let entries: Vec<_> =
            (0..).zip(entries).map(|(at, until)| entry(&format!("/{at}"), until)).collect();
        let rights = Rights::of(&entries);
        let at = |second| TimeUs(0).plus_s(second);
        let told = |now_s| {
            let documents = [Limit {
                kind: LimitKind::Document,
                subject: "manifest 1.5".to_owned(),
                until_us: at(80),
            }];
            let autonomy = autonomy(&Certificates::default(), &documents, &rights, at(now_s));
            tell(&autonomy, at(now_s))
        };
        let expected = [
            (
                0,
                "can serve alone until 1970-01-01T00:00:50Z, first limit: rights (1 objects, among them of g/t)",
            ),
            (
                60,
                "can serve alone until 1970-01-01T00:01:20Z, first limit: document (manifest 1.5)",
            ),
            (90, "first limit PASSED at 1970-01-01T00:01:20Z: document (manifest 1.5)"),
        ];
        for (now_s, words) in expected {
            assert_eq!(told(now_s), words);
        }
        let none = autonomy(&Certificates::default(), &[], &Rights::default(), at(0));
        assert_eq!(tell(&none, at(0)), "can serve alone: nothing that it has ends");
    }
}
