//! What somebody types, and what he is told.

use super::process::Server;
use std::process::Command;

/// Types it line by line; what begins with `!` is refused. Gives all that is said, without times.
pub fn played(server: &Server, session: &str) -> String {
    let mut all = String::new();
    for line in session.lines().filter(|line| !line.is_empty()) {
        let (line, is_refused) = match line.strip_prefix('!') {
            Some(line) => (line, true),
            None => (line, false),
        };
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let said = match is_refused {
            true => {
                let (code, said) = server.fails(&words);
                format!("{}[{}]\n", said.trim_end().to_owned() + "\n", code.expect("a code"))
            }
            false => server.ok(&words),
        };
        all.push_str(&format!("$ fleet {line}\n{}\n", without_times(&said)));
    }
    all
}

fn words(line: &str) -> Vec<String> {
    let out =
        Command::new("sh").args(["-c", &format!("printf '%s\\n' {line}")]).output().expect("sh");
    String::from_utf8(out.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// Times are those of the day.
pub fn without_times(text: &str) -> String {
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
