//! h2o, as Debian has it.

use super::object::Object;
use super::running::Running;
use super::site::Site;
use anyhow::Result;
use std::path::Path;

/// Starts one over the site's files. `unpacked` is where its packages were unpacked: their
/// libraries are not installed.
///
/// # Errors
/// When it does not come up.
pub async fn start(
    site: &Site,
    unpacked: &Path,
    name: &str,
    objects: &[Object],
) -> Result<Running> {
    let root = site.root(objects)?;
    let folder = site.folder().join("h2o");
    std::fs::create_dir_all(&folder)?;
    let port = ports::free()?;
    let conf = folder.join("h2o.conf");
    let text = include_str!("h2o.conf")
        .replace("FOLDER", &folder.display().to_string())
        .replace("ROOT", &root.display().to_string())
        .replace("PORT", &port.to_string())
        .replace("CHAIN", &site.issued().chain_file.display().to_string())
        .replace("KEY", &site.issued().key_file.display().to_string());
    // Started by root it would become nobody, who may not read the run's files.
    let user = if nix::unistd::geteuid().is_root() { "user: root\n" } else { "" };
    std::fs::write(&conf, text + user)?;
    let usr = unpacked.join("usr").display().to_string();
    let libraries = format!("{usr}/lib/{}-linux-gnu", std::env::consts::ARCH);
    let args = vec![
        "env".to_owned(),
        format!("LD_LIBRARY_PATH={libraries}"),
        format!("H2O_ROOT={usr}"),
        format!("{usr}/bin/h2o"),
        "-c".to_owned(),
        conf.display().to_string(),
    ];
    Running::start(name, args, port, &folder).await
}
