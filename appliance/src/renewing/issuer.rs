//! Who issues what viewers see, by the fleet's word.

use super::due::WantedIssuer;
use crate::credential::Leaf;
use anyhow::Result;

/// Who issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Issuer {
    /// The fleet has said nothing since this process began: whoever has issued what there is.
    NotSaid,
    /// The authorities that the root names.
    Fleet,
    /// None of them.
    Elsewhere,
}

impl Issuer {
    /// As an answer says it.
    pub(crate) fn said(is_elsewhere: bool) -> Self {
        if is_elsewhere { Self::Elsewhere } else { Self::Fleet }
    }

    /// Who is wanted, where the root names these, in PEM.
    pub(super) fn wanted(self, named: &[String]) -> Result<WantedIssuer> {
        let subject = |pem: &String| Leaf::read(pem.as_bytes()).map(|it| it.subject);
        Ok(match self {
            Self::NotSaid => WantedIssuer::Anybody,
            Self::Fleet => match named.last().map(subject).transpose()? {
                Some(newest) => WantedIssuer::This(newest),
                None => WantedIssuer::Anybody,
            },
            Self::Elsewhere => {
                WantedIssuer::NoneOf(named.iter().map(subject).collect::<Result<_>>()?)
            }
        })
    }
}
