//! Ours: the release build's fleet manager, on the server's core, with a root and a site.

use super::core::Cores;
use super::running::Running;
use super::site::Site;
use crate::crowd::{self, Crowd, Https};
use crate::operator::Operator;
use anyhow::{Result, ensure};
use db::testing::{TestDb, postgres};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The site of all boxes.
pub const SITE: &str = "site-a";

/// A fleet manager alone.
pub struct Manager {
    server: Running,
    operator: Operator,
    api: Https,
    folder: PathBuf,
}

/// Whatever takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);

impl Manager {
    /// Starts one, on a database of its own or on this one.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(site: &Site, bin: &Path, database_url: Option<&str>) -> Result<Self> {
        let folder = site.folder().join("fleet");
        std::fs::create_dir_all(&folder)?;
        let [listen, control, join] = [ports::free()?, ports::free()?, ports::free()?];
        let mut args = vec![
            bin.join("fleet").display().to_string(),
            "serve".to_owned(),
            format!("--data={}", folder.display()),
            format!("--listen=127.0.0.1:{listen}"),
            format!("--control=127.0.0.1:{control}"),
            format!("--join=127.0.0.1:{join}"),
        ];
        args.extend(database_url.map(|url| format!("--database-url={url}")));
        let server = Running::start_on(Cores::Server, "fleet", args, listen, &folder, PATIENCE);
        let mut server = server.await?;
        let token = folder.join("operator.token");
        server.wait_for(PATIENCE, async || token.exists()).await?;
        let url = format!("https://127.0.0.1:{listen}");
        let operator = Operator::new(&[], &bin.join("fleet"), &url, &token);
        let api = crowd::operator(server.address, &folder)?;
        Ok(Self { server, operator, api, folder })
    }

    /// Runs a command of its operator's; gives what it prints.
    ///
    /// # Errors
    /// When it fails.
    pub async fn run(&self, words: &[&str]) -> Result<String> {
        self.operator.fleet(words.iter().copied()).await
    }

    /// Looks at something, over a connection of its own.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let asked = self.api.get(self.server.address, path).await?;
        ensure!(asked.status.is_success(), "{path}: {}", asked.text());
        Ok(serde_json::from_slice(&asked.body)?)
    }
}

/// The databases that a fleet may have, each empty.
pub const DATABASES: [&str; 2] = ["SQLite", "PostgreSQL"];

/// One of them: nothing for SQLite, which is a file of the fleet's.
pub async fn database(name: &str) -> Option<TestDb> {
    if name == "SQLite" {
        return None;
    }
    let server = postgres().await;
    server.db.close().await;
    Some(server)
}

/// A fleet manager, and who will be its boxes.
pub struct Fleet {
    _server: Running,
    operator: Operator,
    /// Asks it.
    pub crowd: Crowd,
}

impl Fleet {
    /// Starts one with nothing but a root, a site and a group.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(site: &Site, bin: &Path) -> Result<Self> {
        Self::start_on(site, bin, None).await
    }

    /// The same on this database.
    ///
    /// # Errors
    /// As [`Fleet::start`].
    pub async fn start_on(site: &Site, bin: &Path, database_url: Option<&str>) -> Result<Self> {
        let manager = Manager::start(site, bin, database_url).await?;
        let Manager { server, operator, folder, .. } = manager;
        operator.init(&site.folder().join("fleet-root")).await?;
        operator.create_site(SITE, (48.0, 11.0), ["10.0.0.0/8"]).await?;
        operator.create_group("open", "owner", "{device}.test", "http://127.0.0.1:1", None).await?;
        let crowd = Crowd::of(server.address, &folder).await?;
        Ok(Self { _server: server, operator, crowd })
    }

    /// Runs a command of its operator's; gives what it prints.
    ///
    /// # Errors
    /// When it fails.
    pub async fn run(&self, words: &[&str]) -> Result<String> {
        self.operator.fleet(words.iter().copied()).await
    }
}
