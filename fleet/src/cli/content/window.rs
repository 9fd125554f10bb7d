//! `fleet content window`

use super::super::client::Client;
use super::super::output::Output;
use crate::api;
use clap::{ArgGroup, Args};
use contract::names::{GroupName, TitleName};
use jiff::{Timestamp, Zoned};

/// Set when a title is served.
///
/// Boxes keep to it by their own clocks, also while they do not reach the fleet: outside the
/// window they answer 404, whatever they hold. They fill ahead of it as usual. What is not given
/// is open: without --serve-until there is no end.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("times").required(true).multiple(true))]
pub(in super::super) struct Window {
    /// Its content group.
    group: GroupName,
    /// The title.
    title: TitleName,
    /// Not before, such as 2026-12-01T20:00:00Z or 2026-12-01T21:00[Europe/Berlin].
    #[arg(long, value_name = "TIME", value_parser = parse_time, group = "times")]
    serve_from: Option<Timestamp>,
    /// Not from then on.
    #[arg(long, value_name = "TIME", value_parser = parse_time, group = "times")]
    serve_until: Option<Timestamp>,
    /// At any time.
    #[arg(long, group = "times", conflicts_with_all = ["serve_from", "serve_until"])]
    always: bool,
}

pub(super) fn parse_time(text: &str) -> Result<Timestamp, String> {
    let zoned = || text.parse::<Zoned>().map(|it| it.timestamp());
    text.parse().or_else(|_| zoned()).map_err(|_| {
        "expected a time with its offset or zone, such as 2026-12-01T20:00:00Z, \
         2026-12-01T21:00:00+01:00 or 2026-12-01T21:00[Europe/Berlin]"
            .to_owned()
    })
}

impl Window {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let path = format!("/api/v1/titles/{}/{}/window", self.group, self.title);
        let window = api::Window { serve_from: self.serve_from, serve_until: self.serve_until };
        let window: api::Window = client.put(&path, &window).await?;
        let name = format!("{}/{}", self.group, self.title);
        output.write(&window, |window| format!("title {name} is served {}", words(window)))
    }
}

/// When a title is served, for people.
pub(super) fn words(window: &api::Window) -> String {
    match (window.serve_from, window.serve_until) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("from {from} until {until}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_an_offset_or_a_zone() {
        let expected: Timestamp = "2026-12-01T20:00:00Z".parse().expect("a time");
        for text in
            ["2026-12-01T20:00Z", "2026-12-01T21:00+01:00", "2026-12-01T21:00[Europe/Berlin]"]
        {
            assert_eq!(parse_time(text), Ok(expected), "{text}");
        }
        for text in ["2026-12-01", "2026-12-01T20:00", "tomorrow", ""] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
