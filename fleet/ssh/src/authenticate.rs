//! Logging in.

use crate::wire::{Snag, Step, Wire, codes};
use crate::{Login, Secret, UserKey, Why};
use ssh2::{KeyboardInteractivePrompt, Prompt};

/// How a way to log in ended.
enum Outcome {
    LetIn,
    /// The device does not want it this way.
    Refused(String),
}

/// Tries what there is, in the order in which [`Login`] says it.
pub(crate) fn authenticate(wire: &mut Wire, step: &Step, login: &Login) -> Result<(), Why> {
    let mut refused = Vec::new();
    let mut is_let_in = |outcome| match outcome {
        Outcome::LetIn => true,
        Outcome::Refused(why) => {
            refused.push(why);
            false
        }
    };
    if let Some(key) = &login.key
        && is_let_in(by_key(wire, step, &login.user, key)?)
    {
        return Ok(());
    }
    if let Some(password) = &login.password
        && (is_let_in(by_password(wire, step, &login.user, password)?)
            || is_let_in(by_answers(wire, step, &login.user, password)?))
    {
        return Ok(());
    }
    if refused.is_empty() {
        refused.push("neither key nor password is there".to_owned());
    }
    Err(Why::NotLetIn { user: login.user.clone(), why: refused.join("; ") })
}

fn by_key(wire: &mut Wire, step: &Step, user: &str, key: &UserKey) -> Result<Outcome, Why> {
    let certificate = key.certificate.as_deref().map(str::trim);
    let passphrase = key.passphrase.as_ref().map(Secret::text);
    let done = wire.until_said(step, |ssh| {
        ssh.userauth_pubkey_memory(user, certificate, key.private.text(), passphrase)
    });
    let what = if certificate.is_some() { "certificate" } else { "key" };
    match done {
        Err(Snag::Said { code, why }) if is_about_the_key(code) => {
            Err(Why::BadKey { user: user.to_owned(), why })
        }
        done => outcome(step, what, done),
    }
}

fn by_password(
    wire: &mut Wire,
    step: &Step,
    user: &str,
    password: &Secret,
) -> Result<Outcome, Why> {
    let done = wire.until_said(step, |ssh| ssh.userauth_password(user, password.text()));
    outcome(step, "password", done)
}

fn by_answers(wire: &mut Wire, step: &Step, user: &str, password: &Secret) -> Result<Outcome, Why> {
    let mut answers = Answers { user, password };
    let done = wire.until_said(step, |ssh| ssh.userauth_keyboard_interactive(user, &mut answers));
    outcome(step, "keyboard-interactive", done)
}

fn outcome(step: &Step, what: &str, done: Result<(), Snag>) -> Result<Outcome, Why> {
    match done {
        Ok(()) => Ok(Outcome::LetIn),
        Err(Snag::Said { code, why }) if !is_the_end(code) => {
            Ok(Outcome::Refused(format!("{what}: {why}")))
        }
        Err(snag) => Err(step.why(snag)),
    }
}

/// Neither that the device refuses it nor that it has gone.
fn is_about_the_key(code: i32) -> bool {
    let is_refused = matches!(
        code,
        codes::AUTHENTICATION_FAILED | codes::PUBLICKEY_UNVERIFIED | codes::METHOD_NONE
    );
    !is_refused && !is_the_end(code)
}

fn is_the_end(code: i32) -> bool {
    matches!(
        code,
        codes::SOCKET_SEND | codes::SOCKET_DISCONNECT | codes::SOCKET_RECV | codes::TIMEOUT
    )
}

/// What a device is told that asks in its own words: the password where it hides what is typed, else
/// who we are.
struct Answers<'a> {
    user: &'a str,
    password: &'a Secret,
}

impl KeyboardInteractivePrompt for Answers<'_> {
    fn prompt<'p>(&mut self, _: &str, _: &str, prompts: &[Prompt<'p>]) -> Vec<String> {
        let answer =
            |prompt: &Prompt<'p>| if prompt.echo { self.user } else { self.password.text() };
        prompts.iter().map(|prompt| answer(prompt).to_owned()).collect()
    }
}
