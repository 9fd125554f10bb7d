//! What is made of measurements.

use super::contender::Taken;

/// How busy the server's core was per decimal gigabyte.
#[must_use]
pub fn core_per_gb(taken: &Taken) -> f64 {
    taken.core.as_secs_f64() / gigabytes(taken)
}

/// What the server's process used per decimal gigabyte.
#[must_use]
pub fn process_per_gb(taken: &Taken) -> f64 {
    taken.process.as_secs_f64() / gigabytes(taken)
}

/// Answers, or handshakes, for a second of the server's core.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub fn answers_per_core_s(taken: &Taken) -> f64 {
    taken.brought.answers as f64 / taken.core.as_secs_f64()
}

/// The share of the time that the server's core was busy.
#[must_use]
pub fn server_share(taken: &Taken) -> f64 {
    taken.core.as_secs_f64() / taken.span.as_secs_f64()
}

/// The share of the time that the load had something to do. Where this is nearer to 1 than
/// the server's share, the load is what limits.
#[must_use]
pub fn load_share(taken: &Taken) -> f64 {
    1.0 - taken.brought.idle.as_secs_f64() / taken.span.as_secs_f64()
}

/// How fast content came, in decimal gigabytes a second.
#[must_use]
pub fn gb_per_s(taken: &Taken) -> f64 {
    taken.brought.bytes_per_s / 1e9
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn gigabytes(taken: &Taken) -> f64 {
    taken.brought.bytes as f64 / 1e9
}
