//! What `make demo CHECK=1` proves, one file a subject. Each check prints a line.

mod corruption;
mod engine;
mod fleet_away;
mod holding;
mod nearer;
mod players;
mod steering;

use super::world::World;
use crate::operator::shares::Share;
use crate::say;
use anyhow::Result;

/// The outcome of all checks so far.
#[derive(Debug, Default)]
pub struct Verdict {
    passed: u32,
    failed: u32,
}

impl Verdict {
    /// One check has ended: prints its line.
    pub fn add(&mut self, name: &str, outcome: Result<String>) {
        match outcome {
            Ok(detail) => {
                self.passed += 1;
                say::line(&format!("ok   {name}  {detail}"));
            }
            Err(err) => {
                self.failed += 1;
                say::line(&format!("FAIL {name}  {err:#}"));
            }
        }
    }

    /// Whether every check passed; prints the sum.
    #[must_use]
    pub fn close(&self) -> bool {
        say::line(&format!("{} passed, {} failed", self.passed, self.failed));
        self.failed == 0
    }
}

/// Runs all checks on a filled world.
///
/// # Errors
/// Only when the world itself breaks; a check that fails is a line.
pub async fn run(world: &mut World, shares: &[Share]) -> Result<bool> {
    let mut verdict = Verdict::default();
    holding::run(world, shares, &mut verdict);
    steering::run(world, &mut verdict).await;
    corruption::run(world, &mut verdict).await;
    players::run(world, &mut verdict).await?;
    fleet_away::run(world, &mut verdict).await?;
    engine::run(world, &mut verdict).await;
    nearer::run(world, &mut verdict).await;
    Ok(verdict.close())
}
