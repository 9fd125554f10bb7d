//! Who gave what, since the process began.

use contract::report::FilledFrom;
use contract::sources::SourceKind;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Default, Clone, Copy)]
struct Account {
    objects: u64,
    bytes: u64,
    failures: u64,
}

/// Counts per source.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<BTreeMap<SourceKind, Account>>);

impl Ledger {
    fn with(&self, source: &SourceKind, change: impl FnOnce(&mut Account)) {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(accounts.entry(source.clone()).or_default());
    }

    pub(crate) fn published(&self, source: &SourceKind, bytes: u64) {
        self.with(source, |account| {
            account.objects += 1;
            account.bytes += bytes;
        });
    }

    /// An object begins to come that nobody ordered.
    pub(crate) fn began(&self, source: &SourceKind) {
        self.with(source, |account| account.objects += 1);
    }

    /// A part of one has come.
    pub(crate) fn received(&self, source: &SourceKind, bytes: u64) {
        self.with(source, |account| account.bytes += bytes);
    }

    pub(crate) fn failed(&self, source: &SourceKind) {
        self.with(source, |account| account.failures += 1);
    }

    /// All accounts, as the report carries them.
    #[must_use]
    pub fn accounts(&self) -> Vec<FilledFrom> {
        let accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        accounts
            .iter()
            .map(|(source, Account { objects, bytes, failures })| FilledFrom {
                source: source.clone(),
                objects: *objects,
                bytes: *bytes,
                failures: *failures,
            })
            .collect()
    }
}
