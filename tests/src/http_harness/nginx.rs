//! Debian's nginx over the same files: the server that everybody knows.

use super::keys::Issued;
use super::world::{LISTED_HOST, OPEN_HOST, World};
use crate::process::Daemon;
use anyhow::Result;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use tokio::net::TcpStream;

/// A running nginx. Ends with this.
pub struct Nginx {
    daemon: Daemon,
    /// Where it listens: IPv4, then IPv6.
    pub addresses: [SocketAddr; 2],
}

impl Nginx {
    /// Starts one over the files and with the certificate of `world`.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(world: &World) -> Result<Self> {
        let folder = world.folder.path().join("nginx");
        std::fs::create_dir_all(folder.join("temp"))?;
        let port = ports::free()?;
        let addresses = [(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()];
        let file = folder.join("nginx.conf");
        std::fs::write(&file, config(&folder, &world.shelf.files, &world.site, port))?;
        let args = ["-p".as_ref(), folder.as_os_str(), "-c".as_ref(), file.as_os_str()];
        let mut daemon = Daemon::start("nginx", "/usr/sbin/nginx", args, &folder.join("log"))?;
        let is_ready = async || TcpStream::connect(addresses[1]).await.is_ok();
        daemon.wait_until(is_ready).await?;
        Ok(Self { daemon, addresses })
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn stop(mut self) -> Result<()> {
        self.daemon.kill().await
    }

    /// The entity tag that it makes of a file: time and length.
    #[must_use]
    pub fn etag(modified_s: u64, length: usize) -> String {
        format!("\"{modified_s:x}-{length:x}\"")
    }
}

fn config(folder: &Path, files: &Path, site: &Issued, port: u16) -> String {
    let (folder, files) = (folder.display(), files.display());
    let (chain, key) = (site.chain_file.display(), site.key_file.display());
    let listen = |more: &str| {
        format!(
            "listen 127.0.0.1:{port} ssl http2{more};\n        listen [::1]:{port} ssl http2{more};"
        )
    };
    let (first, second, default) = (listen(""), listen(""), listen(" default_server"));
    format!(
        "daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 512; }}
http {{
    access_log off;
    server_tokens off;
    keepalive_timeout 20;
    client_body_temp_path {folder}/temp/body;
    proxy_temp_path {folder}/temp/proxy;
    fastcgi_temp_path {folder}/temp/fastcgi;
    uwsgi_temp_path {folder}/temp/uwsgi;
    scgi_temp_path {folder}/temp/scgi;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    default_type application/octet-stream;
    types {{
        video/iso.segment m4s;
        video/mp4 mp4;
        video/mp2t ts;
        application/vnd.apple.mpegurl m3u8;
        application/dash+xml mpd;
    }}
    server {{
        {default}
        server_name _;
        return 421;
    }}
    server {{
        {first}
        server_name {OPEN_HOST};
        root {files}/open;
    }}
    server {{
        {second}
        server_name {LISTED_HOST};
        root {files}/listed;
    }}
}}
"
    )
}
