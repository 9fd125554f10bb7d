//! A real browser, driven over lines of JSON.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// What the page says of playback.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Playback {
    /// Where in the title.
    pub current_time: f64,
    /// How much lies ahead.
    pub buffer_seconds: f64,
    /// How often playback stood still after it had begun.
    pub stalls: u32,
    /// For how long, together.
    pub stall_seconds: f64,
    /// Who sent the last media segment.
    pub serving_host: Option<String>,
    /// Player and network errors, last ones.
    #[serde(default)]
    pub errors: Vec<Value>,
}

/// Chromium with a fresh profile.
pub struct Browser {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Browser {
    /// Starts it with trust in the demo's CA.
    ///
    /// # Errors
    /// When node or Chromium do not start.
    pub async fn launch(root: &Path, profile: &Path, ca: &Path, log: &Path) -> Result<Self> {
        let log = std::fs::File::options().create(true).append(true).open(log)?;
        let mut child = Command::new("node")
            .arg(root.join("tests/browser/driver.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .process_group(0)
            .spawn()
            .context("cannot start node")?;
        let orders = child.stdin.take().context("stdin")?;
        let answers = BufReader::new(child.stdout.take().context("stdout")?).lines();
        let mut browser = Self { child, orders, answers };
        let launch = json!({ "cmd": "launch", "profile": profile, "headless": true, "ca": ca });
        browser.order(launch).await?;
        Ok(browser)
    }

    async fn order(&mut self, order: Value) -> Result<Value> {
        self.orders.write_all(format!("{order}\n").as_bytes()).await?;
        let answer = tokio::time::timeout(Duration::from_secs(90), self.answers.next_line());
        let line = answer.await.context("the browser driver does not answer")??;
        let answer: Value = serde_json::from_str(&line.context("the browser driver has ended")?)?;
        if answer["ok"] == true {
            Ok(answer)
        } else {
            bail!("{}: {}", order["cmd"], answer["error"])
        }
    }

    /// Opens a page.
    ///
    /// # Errors
    /// When the page does not load.
    pub async fn open(&mut self, url: &str) -> Result<()> {
        self.order(json!({ "cmd": "open", "url": url })).await.map(drop)
    }

    /// What the page says of playback.
    ///
    /// # Errors
    /// When the page does not say.
    pub async fn playback(&mut self) -> Result<Playback> {
        let mut answer = self.order(json!({ "cmd": "state" })).await?;
        serde_json::from_value(answer["state"].take()).context("the page's state")
    }

    /// A picture of the page.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn screenshot(&mut self, file: &Path) -> Result<()> {
        self.order(json!({ "cmd": "screenshot", "path": file })).await.map(drop)
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn quit(mut self) -> Result<()> {
        self.order(json!({ "cmd": "quit" })).await?;
        tokio::time::timeout(Duration::from_secs(20), self.child.wait()).await??;
        Ok(())
    }
}
