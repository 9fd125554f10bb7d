//! What a device says to SSH.

use crate::shell::{PROMPT, Shell, said};
use crate::{Device, Fault, WRONG_PASSWORD};
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, Response, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, Disconnect, Pty};
use std::sync::Arc;

/// Of words without end, so many at a time.
const BLOCK: &[u8] = &[b'x'; 32 << 10];

/// Who that is will not be let in, whatever he has.
const NOBODY: &str = "nobody";

/// Somebody who has come.
pub(crate) struct Visit {
    device: Arc<Device>,
    shell: Shell,
}

impl Visit {
    pub(crate) fn new(device: Arc<Device>) -> Self {
        Self { device, shell: Shell::default() }
    }

    fn judge(user: &str, password: &str) -> Auth {
        if user == NOBODY || password == WRONG_PASSWORD { Auth::reject() } else { Auth::Accept }
    }

    fn run(
        &self,
        line: &str,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(channel)?;
        if self.device.fault == Fault::Endless {
            return speak_for_ever(channel, session);
        }
        let said = said(&self.device, line);
        session.data(channel, said.text.into_bytes())?;
        session.exit_status_request(channel, said.status)?;
        session.eof(channel)?;
        session.close(channel)?;
        if self.device.fault == Fault::HangsUp {
            session.disconnect(Disconnect::ByApplication, "", "")?;
        }
        Ok(())
    }
}

fn speak_for_ever(channel: ChannelId, session: &Session) -> Result<(), russh::Error> {
    let handle = session.handle();
    tokio::spawn(async move { while handle.data(channel, BLOCK).await.is_ok() {} });
    Ok(())
}

impl Handler for Visit {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        user: &str,
        _: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        Ok(Self::judge(user, ""))
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        // Switches that ask in their own words take no password otherwise.
        if user == "asked" { Ok(Auth::reject()) } else { Ok(Self::judge(user, password)) }
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Some(response) = response else {
            let prompts = vec![("login: ".into(), true), ("Password: ".into(), false)];
            return Ok(Auth::Partial {
                name: "sw1".into(),
                instructions: "who are you?".into(),
                prompts: prompts.into(),
            });
        };
        let answers: Vec<_> = response.collect();
        match &*answers {
            [login, password] if **login == *user.as_bytes() => {
                Ok(Self::judge(user, &String::from_utf8_lossy(password)))
            }
            _ => Ok(Auth::reject()),
        }
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        line: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        match self.device.has_commands {
            true => self.run(&String::from_utf8_lossy(line), channel, session),
            false => session.channel_failure(channel),
        }
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        _: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(channel)
    }

    async fn shell_request(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(channel)?;
        let prompt = if self.device.fault == Fault::NoPrompt { "" } else { PROMPT };
        session.data(channel, format!("\r\n#### sw1, nobody's ####\r\n{prompt}").into_bytes())
    }

    async fn data(
        &mut self,
        channel: ChannelId,
        bytes: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        if self.device.fault == Fault::NoPrompt {
            return Ok(());
        }
        let shown = self.shell.hear(&self.device, bytes);
        session.data(channel, shown.into_bytes())
    }
}
