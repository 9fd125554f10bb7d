//! `fleet prefill …`: what belongs where, ahead of those who ask for it.

mod changes;
mod demand;
mod evaluate;
mod expect;
mod explain;
mod freeze;
mod plan;
mod policy;
mod replay;
mod rules;
mod shadow;
mod shortfall;
mod simulate;
mod trial;

use super::client::Client;
use super::output::Output;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum PrefillCommand {
    /// What is placed where, site by site and box by box.
    Plan(plan::ShowPlan),
    /// The newest placements, with what each was made from.
    Runs(plan::Runs),
    /// Work placements out again with the code of this program, from what the manager was asked.
    Replay(replay::Replay),
    /// What boxes are to hold in one placement otherwise than in another one.
    Diff(changes::Diff),
    /// Why a title is at a site, or is not.
    Explain(explain::Explain),
    /// What would be different if: nothing of it is carried out.
    Simulate(simulate::Simulate),
    /// What will not be enough in 3, 7 or 14 days, and the cheapest of what would be.
    Shortfall(shortfall::Shortfall),
    /// How everything is placed, and what is worked out beside that.
    Policy(policy::ShowPolicy),
    /// Another policy, worked out beside the one in force from the same inputs, and told to no box.
    #[command(subcommand)]
    Shadow(shadow::ShadowCommand),
    /// Another policy for real, at some sites, beside others that are alike.
    #[command(subcommand)]
    Trial(trial::TrialCommand),
    /// Place nothing anew: what is in force stays, whatever happens.
    Freeze(freeze::Freeze),
    /// Place again whenever something is another.
    Unfreeze,
    /// Put an older placement in force again, and keep it.
    Apply(freeze::Apply),
    /// What is said of where titles belong: pins and bans.
    Rules,
    /// Have sites hold a title, whatever viewers want.
    Pin(rules::PinTitle),
    /// Have sites hold nothing of a title, whatever viewers want.
    Ban(rules::BanTitle),
    /// Take back a pin or a ban.
    Unset(rules::Unset),
    /// The release calendar: titles that are to come, and what is expected of them.
    Releases,
    /// Say what to expect of a title until it has been watched.
    Expect(expect::Expect),
    /// Bring what viewers asked for, of days in which boxes counted nothing.
    Demand(demand::Demand),
    /// How good forecasts are: on demand that was observed, each week forecast from those before it.
    Evaluate(evaluate::Evaluate),
}

impl PrefillCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Plan(plan) => plan.run(client, output).await,
            Self::Runs(runs) => runs.run(client, output).await,
            Self::Replay(replay) => replay.run(client, output).await,
            Self::Diff(diff) => diff.run(client, output).await,
            Self::Explain(explain) => explain.run(client, output).await,
            Self::Simulate(simulate) => simulate.run(client, output).await,
            Self::Shortfall(shortfall) => shortfall.run(client, output).await,
            Self::Policy(policy) => policy.run(client, output).await,
            Self::Shadow(shadow) => shadow.run(client, output).await,
            Self::Trial(trial) => trial.run(client, output).await,
            Self::Freeze(freeze) => freeze.run(client, output).await,
            Self::Unfreeze => freeze::unfreeze(client, output).await,
            Self::Apply(apply) => apply.run(client, output).await,
            Self::Rules => rules::list(client, output).await,
            Self::Pin(pin) => pin.run(client, output).await,
            Self::Ban(ban) => ban.run(client, output).await,
            Self::Unset(unset) => unset.run(client, output).await,
            Self::Releases => expect::list(client, output).await,
            Self::Expect(expect) => expect.run(client, output).await,
            Self::Demand(demand) => demand.run(client, output).await,
            Self::Evaluate(evaluate) => evaluate.run(output),
        }
    }
}

/// `1.2 GB/s`.
fn rate(bytes_per_s: f64) -> String {
    format!("{}/s", super::quantity::bytes(whole(bytes_per_s)))
}

/// `97.25 %`.
fn percent(part: f64) -> String {
    format!("{:.2} %", part * 100.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shown, and not below 0"
)]
fn whole(number: f64) -> u64 {
    number.max(0.0).round() as u64
}
