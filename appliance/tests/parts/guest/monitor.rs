//! The emulator's own ear (QMP): what happens to a machine that it cannot do to itself.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// It answers at once, or its machine hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to it.
pub(crate) struct Monitor(BufReader<UnixStream>);

impl Monitor {
    pub(crate) fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).expect("the monitor listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        let mut monitor = Self(BufReader::new(stream));
        monitor.next();
        monitor.execute("qmp_capabilities", &json!({}));
        monitor
    }

    /// Changes a property of a device, by the name that it was given.
    pub(crate) fn set(&mut self, device: &str, property: &str, value: u64) {
        let path = format!("/machine/peripheral/{device}");
        self.execute("qom-set", &json!({ "path": path, "property": property, "value": value }));
    }

    fn execute(&mut self, command: &str, arguments: &Value) {
        let line = json!({ "execute": command, "arguments": arguments });
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).expect("told");
        loop {
            let said = self.next();
            if said.get("event").is_none() {
                assert!(said.get("return").is_some(), "{command}: {said}");
                return;
            }
        }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("an answer in time");
        serde_json::from_str(&line).expect("JSON")
    }
}
