//! The API, asked by curl.

use super::process::Server;
use serde_json::Value;
use std::process::Command;

/// A request by curl: status, headers, body.
pub fn ask(server: &Server, method: &str, path: &str, more: &[&str]) -> (u16, String, Value) {
    let token = std::fs::read_to_string(server.data.join("operator.token")).expect("a token");
    let bearer = format!("Authorization: Bearer {}", token.trim());
    let mut curl = Command::new("curl");
    curl.args([
        "-s",
        "-i",
        "-H",
        "Expect:",
        "-X",
        method,
        "-H",
        &bearer,
        "-H",
        "Content-Type: application/json",
    ]);
    curl.arg("--cacert").arg(server.front()).args(more);
    let out = curl.arg(format!("https://{}{path}", server.listen)).output().expect("curl");
    let text = String::from_utf8(out.stdout).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    (status, head.to_ascii_lowercase(), serde_json::from_str(body).unwrap_or(Value::Null))
}
