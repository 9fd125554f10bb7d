//! Late reports: what a box could tell nobody, in batches that wait their turn.

use crate::api::Problem;
use crate::server::{App, now};
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::{Extension, Json};
use contract::SCHEMA;
use contract::late::{LateAnswer, MAX_LATE_BYTES};
use contract::names::DeviceName;
use health_collector::Collector;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Batches a second, from all boxes together. One is up to 256 rows and half a megabyte: fifty
/// leave a database with one writer time for the reports of boxes that are here. Twenty thousand
/// boxes that were away for a day take an hour and a half.
const BATCHES_PER_S: f64 = 50.0;

/// As many at once as a moment of silence allows: what is decoded at a time stays small.
const BURST: f64 = 10.0;

/// A box with a day to tell sends a dozen batches.
const PAUSE_S: f64 = 1.0;

/// Lets so many batches a second pass; who is refused comes again, by chance later and later.
#[derive(Debug)]
pub(crate) struct LateGate(Mutex<(f64, Instant)>);

impl LateGate {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Mutex::new((BURST, now)))
    }

    fn passes(&self, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, since) = *state;
        let waited_s = now.saturating_duration_since(since).as_secs_f64();
        let tokens = (tokens + waited_s * BATCHES_PER_S).min(BURST);
        let passes = tokens >= 1.0;
        *state = (if passes { tokens - 1.0 } else { tokens }, now.max(since));
        passes
    }
}

pub(super) async fn post_late_reports(
    State(app): State<Arc<App>>,
    Extension(identity): Extension<DeviceName>,
    request: Request,
) -> Result<Json<LateAnswer>, Problem> {
    // Before its body is read: who is turned away costs next to nothing.
    if !app.late_gate.passes(Instant::now()) {
        return Err(Problem::new(503, "many boxes have come back: later, please"));
    }
    let body = to_bytes(request.into_body(), MAX_LATE_BYTES).await;
    let body = body.map_err(|err| Problem::new(413, err))?;
    let late = Collector::read_late(&body, &identity).map_err(super::report::refused)?;
    let new = app.collector.accept_late(&late, now()).await.map_err(super::report::refused)?;
    tracing::debug!(%identity, reports = late.reports.len(), new, "late reports");
    Ok(Json(LateAnswer { schema: SCHEMA, next_in_s: PAUSE_S }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn everybody_at_once_passes_at_the_rate() {
        let began = Instant::now();
        let gate = LateGate::new(began);
        let passed = |from_ms: u64, to_ms: u64| {
            let tries = (from_ms..to_ms).flat_map(|at_ms| [at_ms; 20]);
            let at = |at_ms| began + Duration::from_millis(at_ms);
            tries.filter(|at_ms| gate.passes(at(*at_ms))).count()
        };
        assert_eq!(passed(0, 1), 10, "a burst");
        let second = passed(1, 1001);
        assert!((49..=51).contains(&second), "{second}");
        assert!(!gate.passes(began), "a clock that went back opens nothing");
        assert_eq!(passed(60_000, 60_001), 10, "silence earns no more than a burst");
    }
}
