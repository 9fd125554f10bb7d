//! What the demo and the lab print.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// A line for a step that is done.
#[expect(clippy::print_stdout, reason = "the demo and the lab speak to a person")]
pub fn line(text: &str) {
    println!("{text}");
}

/// A step under way: a spinner on a terminal, nothing elsewhere.
#[must_use]
pub fn step(text: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(text.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// A bar over bytes: drawn on a terminal, nothing elsewhere.
#[must_use]
pub fn bytes(total: u64) -> ProgressBar {
    let style = "  fill {bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {msg}";
    let bar = ProgressBar::new(total);
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
