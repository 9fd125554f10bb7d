//! Commands as they are typed, and waiting for what they say.

use super::process::Server;
use serde_json::Value;
use std::time::{Duration, Instant};

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// What a command prints that is to succeed.
pub fn ok(server: &Server, line: &str) -> String {
    server.ok(&words(line))
}

/// The same as JSON.
pub fn json(server: &Server, line: &str) -> Value {
    serde_json::from_str(&ok(server, &format!("{line} -o json"))).expect("json")
}

/// Why a command is refused.
pub fn refused(server: &Server, line: &str) -> String {
    let (code, err) = server.fails(&words(line));
    assert!(matches!(code, Some(1 | 2)), "{code:?}: {err}");
    err
}

/// Asks until there is an answer.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < deadline, "never so: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
