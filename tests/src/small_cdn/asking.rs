//! Asking the boxes: as viewers do, and as their siblings.

use super::{BOXES, GROUP, SmallCdn, TITLE};
use crate::operator::players_ca;
use anyhow::{Context, Result};
use contract::trust::SignedTrust;
use std::path::{Path, PathBuf};

/// What a box answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

impl SmallCdn {
    /// The boxes that a viewer who begins to play the title now is sent to.
    pub async fn steered_to(&self) -> Vec<&'static str> {
        let [port, ..] = self.fleet_ports;
        let url = format!("https://127.0.0.1:{port}/play/{GROUP}/{TITLE}/master.m3u8");
        let text = self.asked_of_fleet(&url).await.unwrap_or_default();
        let lists = |name: &&'static str| text.contains(&format!("https://{name}.localhost"));
        BOXES.into_iter().filter(lists).collect()
    }

    /// Asks a box for an object as a viewer does. `None`: it does not answer.
    pub async fn ask(&self, at: usize, path: &str) -> Option<Answer> {
        self.ask_with(at, path, &[]).await
    }

    /// The same with more for curl.
    pub async fn ask_with(&self, at: usize, path: &str, more: &[&str]) -> Option<Answer> {
        let own = || players_ca(&self.root_folder());
        let ca = self.viewers_believe.clone().unwrap_or_else(own);
        let mut curl = tokio::process::Command::new("curl");
        curl.args(["-s", "-m", "20", "-w", "%{stderr}%{http_code}", "--cacert"]).arg(ca);
        for (device, ports) in BOXES.iter().zip(&self.ports) {
            curl.args(["--resolve", &format!("{device}.localhost:{}:127.0.0.1", ports.player)]);
        }
        let (host, port) = (format!("{}.localhost", BOXES[at]), self.ports[at].player);
        let url = format!("https://{host}:{port}{path}");
        let out = curl.args(more).arg(url).output().await.ok()?;
        let status = String::from_utf8(out.stderr).ok()?.parse().ok().filter(|it| *it > 0)?;
        Some(Answer { status, body: out.stdout })
    }

    /// Asks a box what its sibling may ask it, as that one.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ask_as_sibling(&self, at: usize, path: &str, more: &[&str]) -> Result<Answer> {
        let own = self.path(BOXES[1 - at]);
        let (host, port) = (format!("{}.box.internal", BOXES[at]), self.ports[at].peer);
        let mut curl = tokio::process::Command::new("curl");
        curl.args(["-s", "-m", "20", "-w", "%{stderr}%{http_code}", "--cacert"]);
        curl.arg(self.authorities(&own)?).arg("--cert").arg(own.join("identity.pem"));
        curl.arg("--key").arg(own.join("identity.pem"));
        curl.args(["--resolve", &format!("{host}:{port}:127.0.0.1")]).args(more);
        let out = curl.arg(format!("https://{host}:{port}{path}")).output().await?;
        let status = String::from_utf8(out.stderr)?.parse().ok().filter(|it| *it > 0);
        Ok(Answer { status: status.context("no answer")?, body: out.stdout })
    }

    /// Who vouches for boxes, as a box was told at its enrolment.
    fn authorities(&self, enrolment: &Path) -> Result<PathBuf> {
        let said: SignedTrust =
            serde_json::from_slice(&std::fs::read(enrolment.join("trust.json"))?)?;
        let file = enrolment.join("authorities.pem");
        std::fs::write(&file, said.read()?.authorities.boxes.concat())?;
        Ok(file)
    }

    /// The status with which a box answers; 0 for none.
    pub async fn status(&self, at: usize, path: &str) -> u16 {
        self.ask(at, path).await.map_or(0, |answer| answer.status)
    }
}
