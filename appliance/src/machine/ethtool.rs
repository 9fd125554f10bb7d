//! `ethtool`, which asks network cards what no file tells.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A card that takes longer to answer has other worries.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is read of an answer; a whole one has a few KiB.
const MOST_OCTETS: u64 = 64 << 10;

/// What somebody prints who is asked like this: with an option, for an interface.
pub(super) type Ethtool<'a> = dyn Fn(&str, &str) -> Option<String> + 'a;

/// Asks the program. It is no trouble where there is none.
pub(super) fn ask(option: &str, interface: &str) -> Option<String> {
    printed("ethtool", &[option, interface], PATIENCE)
}

/// What it says of one thing: a line of its own, with a colon between.
pub(super) fn value<'a>(printed: &'a str, what: &str) -> Option<&'a str> {
    let mut lines = printed.lines().filter_map(|line| line.split_once(':'));
    lines.find_map(|(key, value)| (key.trim() == what).then(|| value.trim()))
}

/// What a program prints, that is ended if it takes longer.
fn printed(program: &str, args: &[&str], patience: Duration) -> Option<String> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let stdout = child.stdout.take()?;
    let (tell, told) = mpsc::channel();
    let reading = move || {
        let mut octets = Vec::new();
        // What has come counts.
        let _ = stdout.take(MOST_OCTETS).read_to_end(&mut octets);
        let _ = tell.send(octets);
    };
    thread::spawn(reading);
    let octets = told.recv_timeout(patience).ok();
    // One that waits for a dying card cannot be ended before it: nobody waits with it.
    let _ = child.kill();
    thread::spawn(move || child.wait());
    octets.map(|octets| String::from_utf8_lossy(&octets).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn nobody_is_waited_for_longer_than_that() {
        let printed = |script: &str, patience| printed("sh", &["-c", script], patience);
        assert_eq!(printed("echo a: b", PATIENCE).as_deref(), Some("a: b\n"));
        let begun = Instant::now();
        assert_eq!(printed("exec sleep 1000", Duration::from_millis(50)), None);
        assert!(begun.elapsed() < PATIENCE);
        let endless = printed("yes", PATIENCE).expect("what has come");
        assert_eq!(endless.len() as u64, MOST_OCTETS);
        assert_eq!(super::printed("/there/is/no/such", &[], PATIENCE), None);
    }

    #[test]
    fn values_stand_behind_the_first_colon() {
        let printed = "driver: a\n\tVendor SN   : 1:2 \n";
        assert_eq!(value(printed, "Vendor SN"), Some("1:2"));
        assert_eq!(value(printed, "driver"), Some("a"));
        assert_eq!(value(printed, "version"), None);
    }
}
