//! `appliance check`: what only this machine can tell of a configuration.

use crate::keys::Keys;
use crate::pem;
use crate::s3;
use crate::trust;
use contract::certificates::Purpose;
use contract::config::{
    ApplianceConfig, Certificate, ContentGroup, Disk, Document, Problem, Problems, parse,
};
use fill::Rules;
use std::path::Path;

/// Reads a configuration and checks it against this machine. Changes nothing.
pub(crate) fn check(file: &Path, keys: &Keys) -> Result<Document, Problems> {
    let document = read(file)?;
    judged(machine(&document.config, keys), document)
}

/// The same, for who looks at keys and certificates by himself.
pub(crate) fn check_but_keys(file: &Path) -> Result<Document, Problems> {
    let document = read(file)?;
    judged(folders_and_times(&document.config), document)
}

fn judged(found: Vec<(String, String)>, document: Document) -> Result<Document, Problems> {
    let problem = |(path, message): (String, String)| document.problem(&path, message);
    let problems: Vec<Problem> = found.into_iter().map(problem).collect();
    if problems.is_empty() { Ok(document) } else { Err(Problems(problems)) }
}

/// The configuration as it stands now, and what it says of filling. All of it has to hold, also
/// what takes a restart.
pub(crate) fn read_again(file: &Path) -> Result<(ApplianceConfig, Rules), Problems> {
    let document = read(file)?;
    let rules = Rules::of(&document.config.fill)
        .map_err(|err| Problems(vec![document.problem("fill.time_zone", err.to_string())]))?;
    Ok((document.config, rules))
}

/// What a box starts without, since it serves what it holds all the same.
pub(crate) fn warnings(document: &Document) -> Vec<Problem> {
    let disks = unusable_disks(&document.config).into_iter().map(|(path, message)| {
        document.problem(&path, format!("it serves without this disk: {message}"))
    });
    let groups = document.config.content_groups.iter().enumerate();
    let complaint = |(at, group): (usize, &ContentGroup)| {
        let why = s3::check(group.origin_credentials.as_ref()?).err()?;
        let message = format!("its origin will deny access: {why}");
        Some(document.problem(&format!("content_groups[{at}].origin_credentials"), message))
    };
    let unheard = document.config.admin.address.map(|_| {
        let socket = document.config.admin_socket();
        let message = format!("counts no more: the box answers at {}", socket.display());
        document.problem("admin.address", message)
    });
    disks.chain(groups.filter_map(complaint)).chain(unheard).collect()
}

/// Reads a configuration, for who only wants to know what it says: keys are left alone.
pub(crate) fn read(file: &Path) -> Result<Document, Problems> {
    let text = std::fs::read_to_string(file).map_err(|err| {
        let message = format!("cannot be read: {err}");
        Problems(vec![Problem { place: None, path: String::new(), message }])
    })?;
    parse(&text)
}

fn machine(config: &ApplianceConfig, keys: &Keys) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, files) in config.certificates.iter().enumerate() {
        let complaint = certified(files, Purpose::Player, keys);
        found.extend(complaint.map(|(key, why)| (format!("certificates[{at}]{key}"), why)));
    }
    let complaint = certified(&config.identity, Purpose::Identity, keys);
    found.extend(complaint.map(|(key, why)| (format!("identity{key}"), why)));
    found.extend(folders_and_times(config));
    found
}

/// What is wrong with a certificate and its key, and below which key of the configuration.
fn certified(
    files: &Certificate,
    purpose: Purpose,
    keys: &Keys,
) -> impl Iterator<Item = (&'static str, String)> {
    let chain = pem::chain(&files.chain_file).map_err(|err| (".chain_file", format!("{err:#}")));
    let key = keys.read(&files.key_file, purpose).map_err(|err| (".key_file", err.to_string()));
    let (wrong, missing) = match (chain, key) {
        (Ok(chain), Ok(key)) => {
            let provider = rustls::crypto::aws_lc_rs::default_provider();
            let fits = rustls::sign::CertifiedKey::from_der(chain, key, &provider);
            let why = fits.err().map(|err| ("", format!("key and certificate do not fit: {err}")));
            (why, None)
        }
        (chain, key) => (chain.err(), key.err()),
    };
    wrong.into_iter().chain(missing)
}

fn folders_and_times(config: &ApplianceConfig) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Some(Err(err)) = config.fleet.as_ref().map(trust::given) {
        found.push(("fleet.trust_file".to_owned(), format!("{err:#}")));
    }
    if let Err(err) = Rules::of(&config.fill) {
        found.push(("fill.time_zone".to_owned(), err.to_string()));
    }
    let unusable = unusable_disks(config);
    if unusable.len() == config.disks.len() {
        found.extend(unusable);
    }
    let state = ("state_folder".to_owned(), config.state_folder.as_path());
    let access = config.log.access_folder.iter();
    let access = access.map(|folder| ("log.access_folder".to_owned(), folder.as_path()));
    for (path, folder) in [state].into_iter().chain(access) {
        found.extend(unwritable(folder).map(|message| (path, message)));
    }
    found
}

/// Disks that cannot be written to. One that is dead, or not mounted, keeps nobody from serving what
/// the others hold.
fn unusable_disks(config: &ApplianceConfig) -> Vec<(String, String)> {
    let disks = config.disks.iter().enumerate();
    let complaint = |(at, disk): (usize, &Disk)| {
        Some((format!("disks[{at}].folder"), unwritable(&disk.folder)?))
    };
    disks.filter_map(complaint).collect()
}

/// Why a folder could not be written; it need not exist as long as it can be made.
fn unwritable(folder: &Path) -> Option<String> {
    let existing = folder.ancestors().find(|ancestor| ancestor.exists())?;
    if !existing.is_dir() {
        return Some(format!("{} is not a folder", existing.display()));
    }
    let writable = nix::unistd::access(existing, nix::unistd::AccessFlags::W_OK);
    writable.err().map(|err| format!("{} cannot be written: {}", existing.display(), err.desc()))
}
