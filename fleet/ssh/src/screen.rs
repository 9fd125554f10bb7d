//! A shell with a prompt, for devices that know no commands by SSH.

use crate::run::{PACKET_BYTES, not_given, open_channel};
use crate::terminal::{last_line, shown};
use crate::wire::{Step, Wire};
use crate::{During, Limits, Session, SshFailure, Why};
use ssh2::Channel;
use std::io::{Read, Write};

/// Wide enough that no line of a configuration is broken, high enough that a pager has little to do.
const SIZE: (u32, u32, u32, u32) = (511, 1000, 0, 0);

/// Longer lines are no prompts: of what is looked at for each piece that comes.
const MAX_PROMPT_BYTES: usize = 200;

/// How a device says that it waits for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What it ends with, such as `#`; spaces behind it do not count. What stands before is learnt from the
    /// first, so that a `#` in a configuration is none.
    pub endings: Vec<String>,
    /// What turns paging off, such as `terminal length 0`.
    pub first: Vec<String>,
}

impl Prompt {
    /// What a line has before its ending, if it looks like a prompt.
    fn stem<'a>(&self, line: &'a str) -> Option<&'a str> {
        let line = line.trim_end();
        let stem = self.endings.iter().find_map(|ending| line.strip_suffix(ending.trim_end()))?;
        let has_name = stem.chars().any(char::is_alphanumeric);
        (has_name && line.len() <= MAX_PROMPT_BYTES).then_some(stem)
    }
}

/// A shell at its prompt. It is closed when it goes.
pub struct Screen<'a> {
    session: &'a mut Session,
    channel: Channel,
    prompt: Prompt,
    /// What each prompt begins with.
    stem: String,
    limits: Limits,
}

impl Session {
    /// Opens a shell, waits for its prompt, and turns paging off. The command's time is for each line.
    ///
    /// # Errors
    /// [`Why::Deadline`] where no prompt comes, [`Why::NotGiven`] where there is no shell.
    pub fn screen(&mut self, prompt: &Prompt, limits: &Limits) -> Result<Screen<'_>, SshFailure> {
        let (channel, stem) = self.once(During::Prompt, |wire| {
            let step = wire.begin(During::Prompt, limits.command);
            let mut channel = open_shell(wire, &step)?;
            let stem = learn(wire, &step, &mut channel, prompt, limits)?;
            Ok((channel, stem))
        })?;
        let (session, prompt, limits) = (self, prompt.clone(), *limits);
        let mut screen = Screen { session, channel, prompt, stem, limits };
        for line in screen.prompt.first.clone() {
            screen.ask(&line)?;
        }
        Ok(screen)
    }
}

impl Screen<'_> {
    /// Types a line, and gives what is shown until the next prompt, without the line itself. A prompt
    /// begins a line: behind words that do not end theirs it is none, rather than that half a
    /// configuration is taken for a whole one.
    ///
    /// # Errors
    /// [`Why::Deadline`] where no prompt comes, [`Why::TooMuch`], [`Why::Closed`]. The session is over then.
    pub fn ask(&mut self, line: &str) -> Result<String, SshFailure> {
        if line.contains(char::is_control) {
            let why = Why::BadWord { what: "the line", why: "something in it is no letter" };
            return Err(self.session.device.failure(why));
        }
        let Self { session, channel, prompt, stem, limits } = self;
        session.once(During::Prompt, |wire| {
            let step = wire.begin(During::Prompt, limits.command);
            type_line(wire, &step, channel, line)?;
            let is_over = |heard: &[u8]| {
                // The line itself, before it is carried out, stands behind a prompt and not on a line alone.
                let last = last_line(heard);
                heard.contains(&b'\n')
                    && prompt.stem(&last).is_some_and(|it| it.starts_with(&**stem))
            };
            let heard = hear(wire, &step, channel, limits.output_bytes, is_over)?;
            Ok(answer(&shown(&heard), line))
        })
    }
}

fn open_shell(wire: &mut Wire, step: &Step) -> Result<Channel, Why> {
    let mut channel = open_channel(wire, step)?;
    let given = wire.until_said(step, |_| channel.request_pty("vt100", None, Some(SIZE)));
    given.map_err(|snag| not_given(step, "terminal", snag))?;
    let given = wire.until_said(step, |_| channel.shell());
    given.map_err(|snag| not_given(step, "shell", snag))?;
    Ok(channel)
}

/// What every prompt begins with. A banner may look like one; so an empty line is typed, and what is there
/// before and after it, alone on its line, is the prompt.
fn learn(
    wire: &mut Wire,
    step: &Step,
    channel: &mut Channel,
    prompt: &Prompt,
    limits: &Limits,
) -> Result<String, Why> {
    let looks_like_it = |heard: &[u8]| prompt.stem(&last_line(heard)).is_some();
    let before = hear(wire, step, channel, limits.output_bytes, looks_like_it)?;
    type_line(wire, step, channel, "")?;
    let is_there_twice = |more: &[u8]| {
        let text = shown(&[&*before, more].concat());
        let mut lines = text.lines().rev().filter(|line| !line.trim().is_empty());
        let [last, previous] = [lines.next(), lines.next()];
        !text.ends_with('\n')
            && last == previous
            && last.is_some_and(|it| prompt.stem(it).is_some())
    };
    let heard = hear(wire, step, channel, limits.output_bytes, is_there_twice)?;
    let last = last_line(&heard);
    prompt.stem(&last).map(str::to_owned).ok_or_else(|| step.protocol("no prompt".to_owned()))
}

fn type_line(wire: &mut Wire, step: &Step, channel: &mut Channel, line: &str) -> Result<(), Why> {
    let typed = format!("{line}\n");
    let mut left = typed.as_bytes();
    while !left.is_empty() {
        let sent = wire.until(step, |_| channel.write(left))?;
        left = &left[sent..];
    }
    Ok(())
}

/// What comes until that is enough.
fn hear(
    wire: &mut Wire,
    step: &Step,
    channel: &mut Channel,
    limit_bytes: usize,
    is_enough: impl Fn(&[u8]) -> bool,
) -> Result<Vec<u8>, Why> {
    let mut heard = Vec::new();
    let mut chunk = [0; PACKET_BYTES as usize];
    loop {
        let bytes = wire.until(step, |_| channel.read(&mut chunk))?;
        if bytes == 0 {
            return Err(Why::Closed { during: During::Prompt });
        }
        if heard.len() + bytes > limit_bytes {
            return Err(Why::TooMuch { limit_bytes });
        }
        heard.extend_from_slice(&chunk[..bytes]);
        wire.wanted(bytes);
        if is_enough(&heard) {
            return Ok(heard);
        }
    }
}

/// Without what was typed, and without the prompt behind it.
fn answer(seen: &str, typed: &str) -> String {
    let (said, _prompt) = seen.rsplit_once('\n').unwrap_or_default();
    let (first, rest) = said.split_once('\n').unwrap_or((said, ""));
    let said = if first.trim() == typed.trim() { rest } else { said };
    said.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt() -> Prompt {
        Prompt { endings: vec!["#".to_owned(), ">".to_owned(), "$ ".to_owned()], first: Vec::new() }
    }

    #[test]
    fn a_prompt_has_a_name_and_an_ending() {
        for (line, stem) in [
            ("sw1#", Some("sw1")),
            ("sw1(config)# ", Some("sw1(config)")),
            ("admin@mx1>", Some("admin@mx1")),
            ("root@box:~$ ", Some("root@box:~")),
            ("#", None),
            ("####", None),
            ("sw1", None),
            ("", None),
        ] {
            assert_eq!(prompt().stem(line), stem, "{line:?}");
        }
        assert_eq!(prompt().stem(&format!("{}#", "x".repeat(MAX_PROMPT_BYTES))), None);
    }

    #[test]
    fn an_answer_is_what_stands_between() {
        for (seen, said) in [
            ("show clock\n12:00\nsw1#", "12:00"),
            ("12:00\nmore\nsw1#", "12:00\nmore"),
            ("show clock\nsw1#", ""),
            ("sw1#", ""),
        ] {
            assert_eq!(answer(seen, "show clock"), said, "{seen:?}");
        }
    }
}
