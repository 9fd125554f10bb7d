//! Whether viewers could believe a certificate. Whom they believe they know themselves; what can be
//! seen from here is that nothing is missing for it.

use crate::credential::Leaf;
use anyhow::{Context, Result, bail, ensure};
use contract::certificates::MAX_PLAYER_LIFE_D;
use contract::time::TimeUs;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::Arc;
use std::time::Duration;

/// A leaf, an authority below a root, perhaps one more between, and one that vouches for the root
/// where that is new.
const MOST_CERTIFICATES: usize = 5;

/// An authority that the root names must have signed it; another has to come with it. It is for every
/// host name, for nobody's but one host each, and for no longer than viewers take.
///
/// # Errors
/// When it is not.
pub(super) fn check(
    chain_pem: &str,
    host_names: &[String],
    named: &[String],
    now: TimeUs,
) -> Result<()> {
    let leaf = Leaf::read(chain_pem.as_bytes())?;
    let most = Duration::from_secs(MAX_PLAYER_LIFE_D * 86_400);
    ensure!(leaf.life() <= most, "good for more than {MAX_PLAYER_LIFE_D} days");
    if let Some(name) = leaf.names.iter().find(|name| name.contains('*')) {
        bail!("it is for all of {name}");
    }
    let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes());
    let chain: Vec<CertificateDer<'_>> = chain.collect::<Result<_, _>>()?;
    ensure!(chain.len() <= MOST_CERTIFICATES, "a chain of {} certificates", chain.len());
    let (shown, others) = chain.split_first().context("no certificate")?;
    let verifier = WebPkiServerVerifier::builder_with_provider(
        Arc::new(issuers(&leaf, others, named)?),
        Arc::new(default_provider()),
    )
    .build()?;
    let since_1970 = Duration::from_micros(u64::try_from(now.0).unwrap_or(0));
    let now = UnixTime::since_unix_epoch(since_1970);
    for name in host_names {
        let name = ServerName::try_from(name.as_str())?;
        verifier.verify_server_cert(shown, others, &name, &[], now)?;
    }
    Ok(())
}

/// Who vouches for it in the end, as far as can be seen from here.
fn issuers(leaf: &Leaf, others: &[CertificateDer<'_>], named: &[String]) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for pem in named {
        if Leaf::read(pem.as_bytes())?.subject == leaf.issuer {
            roots.add(CertificateDer::from_pem_slice(pem.as_bytes())?)?;
        }
    }
    if roots.is_empty() {
        let last = others.last().context("its issuer is not in its chain, and unknown here")?;
        roots.add(last.clone().into_owned())?;
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Authority;
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    };
    use std::time::SystemTime;

    const DAY: Duration = Duration::from_secs(86_400);

    /// A root that nobody names here, and an authority below it.
    struct Elsewhere {
        below: Issuer<'static, KeyPair>,
        below_pem: String,
    }

    impl Elsewhere {
        fn new(root: &Authority) -> Self {
            let key = KeyPair::generate().expect("a key");
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
            params.distinguished_name.push(DnType::CommonName, "below");
            let below_pem = params.signed_by(&key, &root.issuer).expect("signed").pem();
            Self { below: Issuer::new(params, key), below_pem }
        }
    }

    fn leaf(names: &[&str], life: Duration, issuer: &Issuer<'_, KeyPair>) -> String {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.not_before = SystemTime::now().into();
        params.not_after = (SystemTime::now() + life).into();
        let key = KeyPair::generate().expect("a key");
        params.signed_by(&key, issuer).expect("signed").pem()
    }

    fn outcome(chain: &[&str], names: &[&str], named: &[&Authority]) -> Result<()> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let named: Vec<String> = named.iter().map(|each| each.pem.clone()).collect();
        check(&chain.concat(), &names, &named, TimeUs::from(SystemTime::now() + DAY))
    }

    #[test]
    fn a_chain_that_holds_together_is_one_that_viewers_could_believe() {
        let (own, root) = (Authority::new("own"), Authority::new("root"));
        let elsewhere = Elsewhere::new(&root);
        let names = ["a.example", "b.example"];
        let of_own = leaf(&names, 90 * DAY, &own.issuer);
        outcome(&[&of_own], &names, &[&own]).expect("by whom the root names");
        let other = leaf(&names, 90 * DAY, &elsewhere.below);
        outcome(&[&other, &elsewhere.below_pem], &names, &[&own]).expect("with its issuer");
        outcome(&[&other, &elsewhere.below_pem, &root.pem], &names[..1], &[&own]).expect("all");
    }

    #[test]
    fn what_viewers_could_not_believe_is_refused() {
        let (own, root) = (Authority::new("own"), Authority::new("root"));
        let elsewhere = Elsewhere::new(&root);
        let refused = |leaf: &str, others: &[&str], names: &[&str], what: &str| {
            let chain = [&[leaf], others].concat();
            assert!(outcome(&chain, names, &[&own]).is_err(), "{what}");
        };
        let (names, below) = (["a.example"], &[&*elsewhere.below_pem]);
        let good = leaf(&names, 90 * DAY, &elsewhere.below);
        refused(&good, &[], &names, "no issuer");
        refused(&good, &[&root.pem], &names, "not its issuer");
        refused(&good, below, &["a.example", "b.example"], "a name is missing");
        refused(&good, &[&*elsewhere.below_pem; MOST_CERTIFICATES], &names, "too long a chain");
        refused(&leaf(&names, 400 * DAY, &elsewhere.below), below, &names, "good for too long");
        refused(&leaf(&names, DAY / 2, &elsewhere.below), below, &names, "ended");
        let all = leaf(&["a.example", "*.example"], 90 * DAY, &elsewhere.below);
        refused(&all, below, &names, "for everybody");
        // It has the name of one that the root names, and another's signature.
        let false_own = leaf(&names, 90 * DAY, &Authority::new("own").issuer);
        refused(&false_own, &[&Authority::new("own").pem], &names, "forged");
    }
}
