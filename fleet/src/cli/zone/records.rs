//! Records of the inventory as name servers have them.

use anyhow::Context;
use dns::{A, AAAA, CAA, Name, PTR, RData, Record};
use inventory::zones::{Data, Record as Own};

/// Where certificates are spoken of: who may issue.
const ISSUE: &str = "issue";

/// A whole name.
pub(super) fn name(text: &str) -> anyhow::Result<Name> {
    let mut name = Name::from_ascii(text).with_context(|| format!("{text:?} is no name"))?;
    name.set_fqdn(true);
    Ok(name)
}

pub(super) fn record(own: &Own, ttl_s: u32) -> anyhow::Result<Record> {
    let data = match &own.data {
        Data::A { address } => RData::A(A(*address)),
        Data::Aaaa { address } => RData::AAAA(AAAA(*address)),
        Data::Ptr { target } => RData::PTR(PTR(name(target)?)),
        Data::Caa { issue } => {
            // All else of such a record is what it would be with this.
            let mut caa = CAA::new_issue(false, None, Vec::new());
            caa.value = issue.clone().into_bytes();
            RData::CAA(caa)
        }
    };
    Ok(Record::from_rdata(name(&own.name)?, ttl_s, data))
}

/// Whether it says who may issue certificates, and not who may issue those for all names, or whom to tell.
pub(super) fn says_who_issues(caa: &CAA) -> bool {
    caa.tag.eq_ignore_ascii_case(ISSUE)
}

/// As a file of a zone has it.
pub(super) fn shown(data: &RData) -> String {
    match data {
        RData::CAA(caa) => {
            let value = String::from_utf8_lossy(&caa.value);
            format!("{} {} {value:?}", caa.flags(), caa.tag)
        }
        other => other.to_string(),
    }
}
