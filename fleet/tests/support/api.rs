//! The API, asked by curl.

use super::process::Server;
use serde_json::Value;
use std::process::Command;

/// A request of the operator by curl: status, headers, body.
pub fn ask(server: &Server, method: &str, path: &str, more: &[&str]) -> (u16, String, Value) {
    let (status, head, body) = ask_as(server, &server.bearer(), method, path, more);
    (status, head, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// The same by somebody else, the body as it comes.
pub fn ask_as(
    server: &Server,
    bearer: &str,
    method: &str,
    path: &str,
    more: &[&str],
) -> (u16, String, String) {
    let mut curl = Command::new("curl");
    curl.args(["-s", "-i", "-X", method]);
    for header in ["Expect:", "Content-Type: application/json", bearer] {
        curl.args(["-H", header]);
    }
    curl.arg("--cacert").arg(server.front()).args(more);
    let out = curl.arg(format!("https://{}{path}", server.listen)).output().expect("curl");
    let text = String::from_utf8(out.stdout).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    (status, head.to_ascii_lowercase(), body.to_owned())
}
