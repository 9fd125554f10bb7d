//! How long a box can serve alone: what of it ends first.

use crate::time::TimeUs;
use serde::{Deserialize, Serialize};

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// A certificate that viewers are shown: they refuse the box afterwards.
    Certificate,
    /// A document in force: the box goes on with what it has, which nobody answers for then.
    Document,
    /// The time in which an object may be served: it is refused afterwards, and others are not.
    Rights,
}

impl LimitKind {
    /// As shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Document => "document",
            Self::Rights => "rights",
        }
    }
}

impl std::fmt::Display for LimitKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// What.
    pub kind: LimitKind,
    /// Which one.
    pub subject: String,
    /// When.
    pub until_us: TimeUs,
}

/// The first limit of each kind, the soonest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Autonomy {
    /// None: nothing ends.
    pub limits: Vec<Limit>,
}

impl Autonomy {
    /// Of all limits, the first of each kind.
    #[must_use]
    pub fn of(mut limits: Vec<Limit>) -> Self {
        limits.sort_by(|a, b| {
            (a.until_us, a.kind, &a.subject).cmp(&(b.until_us, b.kind, &b.subject))
        });
        let mut first: Vec<Limit> = Vec::new();
        for limit in limits {
            if first.iter().all(|it| it.kind != limit.kind) {
                first.push(limit);
            }
        }
        Self { limits: first }
    }

    /// What ends first.
    #[must_use]
    pub fn first(&self) -> Option<&Limit> {
        self.limits.first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soonest_of_each_kind_is_told_and_the_soonest_first() {
        let limit = |kind, subject: &str, until| Limit {
            kind,
            subject: subject.to_owned(),
            until_us: TimeUs(until),
        };
        let all = vec![
            limit(LimitKind::Document, "manifest", 9),
            limit(LimitKind::Certificate, "b", 8),
            limit(LimitKind::Certificate, "a", 5),
            limit(LimitKind::Document, "sources", 4),
        ];
        let autonomy = Autonomy::of(all.clone());
        assert_eq!(autonomy.limits, [all[3].clone(), all[2].clone()]);
        assert_eq!(autonomy.first(), Some(&all[3]));
        assert_eq!(Autonomy::of(Vec::new()).first(), None);
    }
}
