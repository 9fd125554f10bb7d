//! Whose word counts, and whose no more: heard before anything that is told with it.

use super::Control;
use crate::trust::Heard;
use contract::certificates::Revoked;
use contract::report::Severity;
use contract::trust::SignedTrust;

impl Control {
    /// Gives whether the root has said something new.
    pub(super) fn hear(&mut self, chain: &[SignedTrust]) -> bool {
        let heard = self.documents.hear(chain);
        if heard == Heard::default() {
            return false;
        }
        let subject = || "trust".to_owned();
        if let Some(version) = heard.version {
            let detail = format!("the root has spoken, version {version}");
            self.journal.note(Severity::Info, "trust", subject(), detail);
            self.believe();
        }
        if let Some(why) = heard.refused {
            self.journal.note(Severity::Warning, "document_refused", subject(), why);
        }
        self.tell_reporter();
        heard.version.is_some()
    }

    /// Those are strangers from now on.
    pub(super) fn hear_of_revoked(&mut self, revoked: &Revoked) {
        let subject = || format!("revoked {}", revoked.generation);
        match self.revoked.hear(revoked) {
            Ok(true) => {
                let detail = "identities that count no more".to_owned();
                self.journal.note(Severity::Info, "trust", subject(), detail);
                self.tell_reporter();
            }
            Ok(false) => {}
            Err(err) => tracing::warn!("{}: {err:#}", subject()),
        }
    }

    /// The fleet and siblings are those whom the root names now.
    fn believe(&self) {
        let believed = self.documents.trust().map(|trust| self.identity.believe(trust));
        if let Some(Err(err)) = believed {
            let detail = format!("the old authorities stay: {err:#}");
            self.journal.note(Severity::Critical, "trust", "trust".to_owned(), detail);
        }
    }
}
