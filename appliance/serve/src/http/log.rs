//! A line of the request log: JSON, one object a line.
//!
//! Personal data: the client is a /24 or /48, the session a hash under a key that lives
//! for a day and in memory only, the query (where tokens and session ids travel) is left
//! out, and of the user agent the beginning is kept.

use super::client::ClientPrefix;
use super::cmcd::Cmcd;
use super::session_hash::SessionHash;
use contract::time::TimeUs;
use serde::{Serialize, Serializer};

/// Tells browsers and players apart; longer ones only tell people apart.
const MAX_AGENT_LEN: usize = 120;

/// The longest method that is written as it came.
const MAX_METHOD_LEN: usize = 16;

/// One request, answered.
#[derive(Debug, Serialize)]
pub struct LogRecord<'a> {
    /// When the request was read.
    #[serde(serialize_with = "rfc3339")]
    pub time: TimeUs,
    /// Whose content.
    pub group: &'a str,
    /// The client's network.
    pub client: ClientPrefix,
    /// The method.
    #[serde(serialize_with = "method")]
    pub method: &'a str,
    /// The path half of the cache key.
    pub path: &'a str,
    /// The status code.
    pub status: u16,
    /// First and last byte of a 206.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<(u64, u64)>,
    /// Bytes of body handed to the connection.
    pub bytes_sent: u64,
    /// Whether that was all.
    pub complete: bool,
    /// From the request read to the last byte handed over.
    pub duration_us: u64,
    /// By its ALPN name.
    pub protocol: &'static str,
    /// What carried the bytes.
    pub engine: &'static str,
    /// `ram` or `disk`, where content was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<&'static str>,
    /// What the player said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmcd: Option<Cmcd>,
    /// The session, as today's hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionHash>,
    /// The beginning of `User-Agent`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "agent")]
    pub user_agent: Option<&'a str>,
}

impl LogRecord<'_> {
    /// Writes the line, with its end, in place of what `line` holds.
    pub fn write(&self, line: &mut Vec<u8>) {
        line.clear();
        // Strings and numbers into memory cannot fail.
        if serde_json::to_writer(&mut *line, self).is_ok() {
            line.push(b'\n');
        }
    }
}

fn rfc3339<S: Serializer>(at: &TimeUs, to: S) -> Result<S::Ok, S::Error> {
    match jiff::Timestamp::from_microsecond(at.0) {
        Ok(at) => to.collect_str(&format_args!("{at:.6}")),
        Err(_) => to.serialize_i64(at.0),
    }
}

fn method<S: Serializer>(method: &str, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(method.get(..MAX_METHOD_LEN).unwrap_or(method))
}

fn agent<S: Serializer>(agent: &Option<&str>, to: S) -> Result<S::Ok, S::Error> {
    let agent = agent.unwrap_or_default();
    let end = (0..=MAX_AGENT_LEN.min(agent.len())).rev().find(|&at| agent.is_char_boundary(at));
    to.serialize_str(agent.get(..end.unwrap_or(0)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_what_it_may_and_no_more() {
        let agent = "ä".repeat(200);
        let record = LogRecord {
            time: TimeUs(784_111_777_000_001),
            group: "studio-a",
            client: ClientPrefix::V4([203, 0, 113]),
            method: "GET",
            path: "/a/b.m4s",
            status: 206,
            range: Some((0, 9)),
            bytes_sent: 10,
            complete: true,
            duration_us: 7,
            protocol: "h2",
            engine: "portable",
            tier: Some("ram"),
            cmcd: Some(Cmcd { br: Some(3200), ..Cmcd::default() }),
            session: None,
            user_agent: Some(&agent),
        };
        let mut line = b"of somebody else".to_vec();
        record.write(&mut line);
        let line = String::from_utf8(line).unwrap();
        let expected = format!(
            "{{\"time\":\"1994-11-06T08:49:37.000001Z\",\"group\":\"studio-a\",\
             \"client\":\"203.0.113.0/24\",\"method\":\"GET\",\"path\":\"/a/b.m4s\",\"status\":206,\
             \"range\":[0,9],\"bytes_sent\":10,\"complete\":true,\"duration_us\":7,\
             \"protocol\":\"h2\",\"engine\":\"portable\",\"tier\":\"ram\",\"cmcd\":{{\"br\":3200}},\
             \"user_agent\":\"{}\"}}\n",
            "ä".repeat(60)
        );
        assert_eq!(line, expected);
    }
}
