//! A session as somebody types it into a shell, and what he sees of it.

use super::process::Server;
use std::path::Path;
use std::process::Command;

/// What ends a text that a command is given.
const END: &str = "EOF";

/// Types a script into a shell, command by command, in a folder that is home; gives all that is seen,
/// without what is another each time. What begins with `#` is said to the reader alone.
pub fn typed(server: &Server, home: &Path, script: &str) -> String {
    let mut all = String::new();
    for command in commands(script) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{{ {command}\n}} 2>&1")]).current_dir(home).env("HOME", home);
        server.reach(&mut shell);
        let output = shell.output().expect("a shell");
        let said = String::from_utf8(output.stdout).expect("text");
        all.push_str(&format!("$ {command}\n{}", without_times(&steady(&said, server, home))));
        match output.status.code() {
            Some(0) => all.push('\n'),
            code => all.push_str(&format!("[{}]\n\n", code.expect("a code"))),
        }
    }
    all
}

/// A command is a line, and the text below it where it takes one.
fn commands(script: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut is_text = false;
    for line in script.lines() {
        match commands.last_mut().filter(|_| is_text) {
            Some(command) => command.push_str(&format!("\n{line}")),
            None if line.is_empty() || line.starts_with('#') => continue,
            None => commands.push(line.to_owned()),
        }
        is_text = match is_text {
            true => line != END,
            false => line.contains(&format!("<<{END}")),
        };
    }
    assert!(!is_text, "a text has no end");
    commands
}

/// Where it runs is told by name, and what is drawn by lot by how it looks.
fn steady(said: &str, server: &Server, home: &Path) -> String {
    let mut said = said.replace(home.to_str().expect("text"), "~");
    for (address, name) in
        [(server.listen, "FLEET"), (server.control, "CONTROL"), (server.join, "JOIN")]
    {
        said = said.replace(&address.to_string(), name);
    }
    let is_of_a_word = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    let mut all = String::new();
    for word in said.split_inclusive(|it| !is_of_a_word(it)) {
        let bare = word.strip_suffix(|it| !is_of_a_word(it)).unwrap_or(word);
        let (word, end) = word.split_at(bare.len());
        match before_drawn(word) {
            Some(before) => all.push_str(&format!("{before}DRAWN")),
            None => all.push_str(if is_date(word) { "DATE" } else { word }),
        }
        all.push_str(end);
    }
    all
}

/// Such as 2028-11-29.
fn is_date(word: &str) -> bool {
    let is_right =
        |(at, it): (usize, u8)| if at == 4 || at == 7 { it == b'-' } else { it.is_ascii_digit() };
    word.len() == 10 && word.bytes().enumerate().all(is_right)
}

/// Of a word that ends in many hexadecimal digits, as names of keys do, what stands before them; of one that is
/// longer than any word, as tokens are, nothing.
fn before_drawn(word: &str) -> Option<&str> {
    let before = word.trim_end_matches(|it| matches!(it, '0'..='9' | 'a'..='f'));
    match word.len() {
        40.. => Some(""),
        length if length - before.len() >= 16 => Some(before),
        _ => None,
    }
}

/// Times are those of the day.
fn without_times(text: &str) -> String {
    let mut all = String::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        while let Some(at) = line.find("20").filter(|at| is_time(&line[*at..])) {
            let end = line[at..].find('Z').expect("an end");
            line.replace_range(at..=at + end, "TIME");
        }
        all.push_str(line.trim_end());
        all.push('\n');
    }
    all
}

fn is_time(text: &str) -> bool {
    let shape = |(it, wanted): (u8, &u8)| match wanted {
        b'd' => it.is_ascii_digit(),
        wanted => it == *wanted,
    };
    text.len() > 20 && text.bytes().zip(b"dddd-dd-ddTdd:dd:dd").all(shape)
}
