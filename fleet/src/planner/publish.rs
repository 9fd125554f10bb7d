//! Making numbered documents of a plan. It carries out and decides nothing: a document gets
//! a new number when its content is another, or when it has grown old.

use super::documents::{self, Documents, Head};
use super::plan::{BoxTargets, Plan};
use catalog::PurgeHistory;
use contract::SCHEMA;
use contract::catalogue::Catalogue;
use contract::command::Command;
use contract::envelope::{Generation, Kind, MAX_AHEAD_S, Role};
use contract::manifest::Manifest;
use contract::names::DeviceName;
use contract::object::Digest;
use contract::sources::Sources;
use contract::time::TimeUs;
use contract::tombstones::Tombstones;
use db::Tx;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::HashMap;

const DAY_S: i64 = 86_400;

/// A box that is cut off serves until its documents end: at least 30 days from any moment at
/// which it was connected, so a document lives longer than that by the time it may grow old.
const LIFE_S: i64 = 45 * DAY_S;

/// When a document has less than this left, it is issued anew.
const RENEW_BELOW_S: i64 = 38 * DAY_S;

const _: () = assert!(RENEW_BELOW_S >= 30 * DAY_S && RENEW_BELOW_S < LIFE_S);

/// What boxes are told beside the plan: what to purge, and what to do once; and in which epoch
/// documents are counted.
#[derive(Clone, Copy)]
pub(super) struct Beside<'a> {
    pub(super) epoch: u32,
    pub(super) history: &'a PurgeHistory,
    /// Up to which version a box has confirmed the purges of an epoch.
    pub(super) confirmed: &'a (dyn Fn(&DeviceName, u32) -> u64 + Sync),
    /// Of what the root says.
    pub(super) trust_version: u64,
    /// In which version a key of a role was dropped last.
    pub(super) dropped_in: &'a (dyn Fn(Role) -> Option<u64> + Sync),
    /// What a box is asked for now.
    pub(super) command: &'a (dyn Fn(&DeviceName) -> Option<Command> + Sync),
}

/// What is in force for a box.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct InForce {
    pub(super) heads: Vec<Head>,
    /// Its tombstones list purges beyond this version.
    pub(super) purges_after: u64,
    /// The command that it is to carry out, by its id.
    pub(super) command: Option<String>,
}

/// Publishes what a plan says; gives what is now in force, box by box.
pub(super) async fn publish(
    store: &Documents,
    plan: &Plan,
    beside: Beside<'_>,
    now: TimeUs,
) -> anyhow::Result<HashMap<DeviceName, InForce>> {
    let mut in_force = HashMap::new();
    let told = plan.boxes.iter().map(|target| (&target.device, Some(target)));
    for (device, target) in told.chain(plan.kept.iter().map(|device| (device, None))) {
        // A transaction a box: a fleet's worth in one would keep reports waiting.
        let mut tx = store.begin().await?;
        let its = publish_box(&mut tx, (device, target), beside, now).await?;
        tx.commit().await?;
        in_force.insert(device.clone(), its);
    }
    Ok(in_force)
}

async fn publish_box(
    tx: &mut Tx,
    (device, target): (&DeviceName, Option<&BoxTargets>),
    beside: Beside<'_>,
    now: TimeUs,
) -> anyhow::Result<InForce> {
    let before = documents::heads(tx, device).await?;
    let mut press = Press { tx, device, before, beside, now };
    let of_content = match target {
        Some(target) => press.issue_content(target).await?,
        None => press.renew_content().await?,
    };
    let (tombstones, purges_after) = press.issue_tombstones().await?;
    let mut heads = vec![tombstones];
    heads.extend(of_content);
    let command = (beside.command)(device);
    if let Some(command) = &command {
        heads.push(press.issue(Kind::Command, |_| command.clone()).await?);
    }
    Ok(InForce { heads, purges_after, command: command.map(|command| command.id) })
}

/// Issues the documents of one box.
struct Press<'a> {
    tx: &'a mut Tx,
    device: &'a DeviceName,
    before: Vec<Head>,
    beside: Beside<'a>,
    now: TimeUs,
}

impl Press<'_> {
    /// What a box is to hold, and from whom it gets it.
    async fn issue_content(&mut self, target: &BoxTargets) -> anyhow::Result<Vec<Head>> {
        let manifest = self
            .issue(Kind::Manifest, |version| Manifest {
                schema: SCHEMA,
                version,
                catalogue: Catalogue::clone(&target.catalogue),
                hold: target.hold.clone(),
                deadlines: target.deadlines.clone(),
            })
            .await?;
        let sources = self
            .issue(Kind::Sources, |_| Sources {
                schema: SCHEMA,
                manifest_version: manifest.content_version,
                batches: target.batches.clone(),
                neighbours: target.neighbours.clone(),
            })
            .await?;
        Ok(vec![manifest, sources])
    }

    /// The same as it was issued last, anew where it has grown old.
    async fn renew_content(&mut self) -> anyhow::Result<Vec<Head>> {
        let mut heads = Vec::new();
        for kind in [Kind::Manifest, Kind::Sources] {
            let Some(before) = self.before(kind).cloned() else { continue };
            let Some(text) = documents::text(self.tx, self.device, kind).await? else { continue };
            let body: Box<RawValue> = serde_json::from_str(&text)?;
            heads.push(self.put(kind, true, before.content_digest, |_| body.clone()).await?);
        }
        Ok(heads)
    }

    fn before(&self, kind: Kind) -> Option<&Head> {
        self.before.iter().find(|head| head.kind == kind)
    }

    /// Issues a document where it must be; gives what is then in force. `body` is told the
    /// content's version, and what it makes of version 0 says whether the content changed.
    async fn issue<T: Serialize>(
        &mut self,
        kind: Kind,
        body: impl Fn(u64) -> T,
    ) -> anyhow::Result<Head> {
        let digest = Digest::of(&serde_json::to_vec(&body(0))?).to_string();
        let is_same = self.before(kind).is_some_and(|head| head.content_digest == digest);
        self.put(kind, is_same, digest, body).await
    }

    /// Tombstones list what the box has not confirmed. What it confirms since leaves them with
    /// the next purge: a list that is too long is as good until then. Gives also where the list
    /// in force begins.
    async fn issue_tombstones(&mut self) -> anyhow::Result<(Head, u64)> {
        let Beside { epoch, history, confirmed, .. } = self.beside;
        let kind = Kind::Tombstones;
        // A box that has purged more than there is comes from a future that a backup undid.
        let up_to = Some(confirmed(self.device, epoch)).filter(|it| *it <= history.version);
        let up_to = up_to.unwrap_or(0);
        let text = documents::text(self.tx, self.device, kind).await?;
        let listed = text.and_then(|text| serde_json::from_str::<Tombstones>(&text).ok());
        let good = listed.filter(|it| it.version == history.version && it.after <= up_to);
        let after = good.as_ref().map_or(up_to, |good| good.after);
        let body = history.tombstones(after);
        let digest = Digest::of(&serde_json::to_vec(&body)?).to_string();
        let head = self.put(kind, good.is_some(), digest, |_| body.clone()).await?;
        Ok((head, after))
    }

    async fn put<T: Serialize>(
        &mut self,
        kind: Kind,
        is_same: bool,
        content_digest: String,
        body: impl Fn(u64) -> T,
    ) -> anyhow::Result<Head> {
        let before = self.before(kind);
        let Beside { epoch, trust_version, dropped_in, .. } = self.beside;
        // Boxes do not keep what was signed by a key whose word counts no more.
        let is_good = |head: &&Head| {
            head.generation.epoch == epoch && Some(head.trust_version) >= dropped_in(kind.role())
        };
        // Nor what was made by a clock that was wrong.
        let is_dated = |head: &&Head| head.issued_at <= self.now.plus_s(MAX_AHEAD_S);
        if let Some(head) = before.filter(|_| is_same).filter(is_good).filter(is_dated)
            && head.not_after > self.now.plus_s(RENEW_BELOW_S)
        {
            return Ok(head.clone());
        }
        let newest = before.map_or(0, |head| head.content_version);
        let head = Head {
            kind,
            generation: next(before.map(|head| head.generation), epoch),
            content_version: if is_same { newest } else { newest + 1 },
            content_digest,
            issued_at: self.now,
            not_after: self.now.plus_s(LIFE_S),
            trust_version,
        };
        let body = serde_json::to_string(&body(head.content_version))?;
        documents::write(self.tx, self.device, &head, &body).await?;
        Ok(head)
    }
}

/// Numbers begin anew with an epoch.
fn next(before: Option<Generation>, epoch: u32) -> Generation {
    let number = before.filter(|it| it.epoch == epoch).map_or(1, |it| it.number + 1);
    Generation { epoch, number }
}

#[cfg(test)]
mod tests;
