//! `fleet login`, `fleet logout`, `fleet whoami`.

use super::client::{Client, LOG_IN};
use super::output::Output;
use super::password;
use super::session::Session;
use crate::api::{LogIn as Asked, PersonItem, SessionItem};
use clap::Args;

/// Log in: the commands that follow are yours, until tonight.
///
/// Where the manager is and by what it is believed is kept beside the session, in
/// ~/.config/headend/session.json, which you alone can read.
#[derive(Debug, Args)]
pub(super) struct LogIn {
    /// As whom.
    name: String,
    /// Take the password from standard input, up to the first end of line, and ask nothing.
    #[arg(long)]
    password_stdin: bool,
}

impl LogIn {
    /// `authorities`: by what the manager is believed.
    pub(super) async fn run(
        self,
        client: &Client,
        output: &Output,
        authorities: Option<String>,
    ) -> anyhow::Result<()> {
        let password = password::read("Password: ", self.password_stdin)?;
        let asked = Asked { name: self.name, password };
        let session: SessionItem = client.post(LOG_IN, &asked).await?;
        let (fleet, token) = (client.fleet().to_owned(), session.token);
        Session { fleet, authorities, token }.write()?;
        let (name, role, until) = (session.name, session.role, session.expires_at);
        output.done(&format!("logged in as {name} ({role}), until {until}"))
    }
}

/// Ends the session, here and at the manager.
pub(super) async fn log_out(client: &Client, output: &Output) -> anyhow::Result<()> {
    let ended = client.delete("/api/v1/sessions/current").await;
    Session::remove()?;
    ended?;
    output.done("logged out")
}

/// Says as whom the manager knows who asks.
pub(super) async fn who_am_i(client: &Client, output: &Output) -> anyhow::Result<()> {
    let me: PersonItem = client.get("/api/v1/sessions/current").await?;
    output.write(&me, |me| format!("{} ({})", me.name, me.role))
}
