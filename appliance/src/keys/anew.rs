//! `appliance seal`: the keys of a box that joined without a TPM are sealed, or sealed anew, to other
//! registers or by another TPM. The box may run meanwhile.

use super::{Keys, TpmWanted, own, settle};
use crate::credential::NewKey;
use anyhow::{Context, Result, ensure};
use contract::config::ApplianceConfig;
use tpm::Place;

/// Seals them; gives which TPM has.
pub(crate) fn seal_anew(config: &ApplianceConfig, wanted: &TpmWanted) -> Result<Place> {
    let keys = Keys::default();
    let place = wanted.found()?.context("there is no TPM to seal with")?;
    let folder = config.identity.key_file.parent().context("a file stands in a folder")?;
    // All are read before one is written.
    let mut all = Vec::new();
    for (purpose, files) in own(config) {
        let file = &files.key_file;
        let is_beside = file.parent() == Some(folder);
        ensure!(is_beside, "{} does not lie in {}", file.display(), folder.display());
        let key = NewKey::of(file, purpose, &keys)?;
        let key = key.with_context(|| format!("{} is not there", file.display()))?;
        let text = std::fs::read_to_string(file)?;
        let chain = text.find("-----BEGIN CERTIFICATE-----").and_then(|at| text.get(at..));
        let chain = chain.with_context(|| format!("{} holds no certificate", file.display()))?;
        all.push((purpose, file, key, chain.to_owned()));
    }
    ensure!(
        !all.is_empty(),
        "this box has made no key itself: all are left to whoever brings them"
    );
    let keeping = keys.make(folder, &place, wanted.pcrs)?;
    for (purpose, file, key, chain) in &all {
        key.write_with(chain, file, (*purpose, &keeping))?;
    }
    settle(folder, &keeping)?;
    Ok(place)
}
