//! `--wait`: until boxes have done what was asked of them.

use super::quantity::parse_duration;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// How often the manager is asked while somebody waits; a box says at once how it ended.
const ASK_EVERY: Duration = Duration::from_millis(250);

#[derive(Debug, Args)]
pub(super) struct Wait {
    /// Wait until it was carried out, or for this long. Without it the command ends once the wish
    /// is recorded; an appliance hears of it with its next report.
    #[arg(
        long,
        value_name = "TIME",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "30s",
        value_parser = parse_duration
    )]
    wait: Option<Duration>,
}

impl Wait {
    /// How long, where somebody waits.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.wait
    }
}

/// Asks until it is done or the time is over, and shows meanwhile how far it is, on a terminal
/// only. A manager that does not answer may be back in time.
pub(super) async fn until<T>(
    patience: Duration,
    ask: impl AsyncFn() -> anyhow::Result<T>,
    is_done: impl Fn(&T) -> bool,
    words: impl Fn(&T) -> String,
) -> anyhow::Result<T> {
    let until = Instant::now() + patience;
    let live = ProgressBar::new_spinner();
    live.set_style(ProgressStyle::with_template("{spinner} {msg}")?);
    let outcome = loop {
        let asked = ask().await;
        if let Ok(item) = &asked {
            live.set_message(words(item));
        }
        live.tick();
        let is_over = Instant::now() >= until;
        match asked {
            Ok(item) if is_over || is_done(&item) => break Ok(item),
            Err(err) if is_over => break Err(err),
            Ok(_) | Err(_) => tokio::time::sleep(ASK_EVERY).await,
        }
    };
    live.finish_and_clear();
    outcome
}
