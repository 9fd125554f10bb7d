//! Whether this box can say who it is, to the fleet and to viewers, and for how long yet.

use super::{About, Finding};
use crate::credential::Leaf;
use crate::filling::when;
use anyhow::{Context, Result};
use contract::config::{ApplianceConfig, Certificate};
use contract::time::TimeUs;

/// What was found, and since when the identity is good.
pub(super) fn look(config: &ApplianceConfig, now: TimeUs) -> (Vec<Finding>, Option<TimeUs>) {
    let identity = read(&config.identity);
    let since = identity.as_ref().ok().map(|leaf| leaf.not_before);
    let mut found = vec![told("to the fleet and to siblings", identity, now)];
    for certificate in &config.certificates {
        found.push(told("to viewers", read(certificate), now));
    }
    (found, since)
}

fn read(certificate: &Certificate) -> Result<Leaf> {
    let file = &certificate.chain_file;
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Leaf::read(&text).with_context(|| format!("{}", file.display()))
}

fn told(whom: &str, leaf: Result<Leaf>, now: TimeUs) -> Finding {
    let missing = |says: String, advice: &str| Finding::missing(About::Identity, says, advice);
    let leaf = match leaf {
        Ok(leaf) => leaf,
        Err(err) => {
            let says = format!("{whom}: {err:#}");
            return missing(says, "have this machine join again: appliance join --replace");
        }
    };
    let Leaf { not_before, not_after, names, .. } = &leaf;
    if leaf.is_uncertified() {
        let advice = "it is asked for as soon as the fleet can be reached";
        return missing(format!("{whom}: nobody has certified the key yet"), advice);
    }
    let (from, until) = (when(*not_before), when(*not_after));
    if now > *not_after {
        let advice = "where the clock is right: appliance join --replace, with a new token";
        return missing(format!("{whom}: it has ended at {until}"), advice);
    }
    if now < *not_before {
        return missing(format!("{whom}: it counts only from {from}"), "see the clock");
    }
    Finding::well(About::Identity, format!("{whom}: {} until {until}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_and_what_has_not_begun_is_missing() {
        let at = |second| TimeUs(0).plus_s(second);
        let leaf = |issuer: &[u8]| Leaf {
            not_before: at(10),
            not_after: at(20),
            names: vec!["oca1.box.internal".to_owned()],
            issuer: issuer.to_vec(),
            subject: b"oca1".to_vec(),
            spread: 0.0,
        };
        let said = |leaf, second| told("to viewers", Ok(leaf), at(second)).says;
        assert_eq!(
            said(leaf(b"fleet"), 15),
            "to viewers: oca1.box.internal until 1970-01-01T00:00:20Z"
        );
        assert!(said(leaf(b"fleet"), 21).contains("has ended"));
        assert!(said(leaf(b"fleet"), 9).contains("only from"));
        assert!(said(leaf(b"oca1"), 15).contains("nobody has certified"));
        let gone = told("to viewers", Err(anyhow::anyhow!("cannot read")), at(15));
        assert!(gone.advice.is_some_and(|it| it.contains("join")));
    }
}
