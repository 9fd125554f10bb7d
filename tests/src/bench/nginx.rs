//! nginx, Debian's or another: one configuration for both.

use super::object::Object;
use super::running::Running;
use super::site::Site;
use anyhow::Result;
use std::path::Path;

/// Starts one over the site's files.
///
/// # Errors
/// When it does not come up.
pub async fn start(site: &Site, program: &Path, name: &str, objects: &[Object]) -> Result<Running> {
    let root = site.root(objects)?;
    let folder = tempfile::Builder::new().prefix("nginx-").tempdir_in(site.folder())?.keep();
    let port = ports::free()?;
    let conf = folder.join("nginx.conf");
    let text = include_str!("nginx.conf")
        .replace("FOLDER", &folder.display().to_string())
        .replace("ROOT", &root.display().to_string())
        .replace("PORT", &port.to_string())
        .replace("CHAIN", &site.issued().chain_file.display().to_string())
        .replace("KEY", &site.issued().key_file.display().to_string());
    std::fs::write(&conf, text)?;
    let args = [program, "-p".as_ref(), &folder, "-c".as_ref(), &conf];
    let args = args.iter().map(|arg| arg.display().to_string()).collect();
    Running::start(name, args, port, &folder).await
}
