//! Making numbered documents of a plan. It carries out and decides nothing: a document gets
//! a new number when its content is another, or when it has grown old.

use super::documents::{self, Documents, Head};
use super::plan::{BoxTargets, Plan};
use contract::SCHEMA;
use contract::envelope::{Generation, Kind};
use contract::manifest::Manifest;
use contract::names::DeviceName;
use contract::object::Digest;
use contract::sources::Sources;
use contract::time::TimeUs;
use contract::tombstones::Tombstones;
use db::Tx;
use serde::Serialize;
use std::collections::HashMap;

const DAY_S: i64 = 86_400;

/// A box that is cut off serves until its documents end: at least 30 days from any moment at
/// which it was connected, so a document lives longer than that by the time it may grow old.
const LIFE_S: i64 = 45 * DAY_S;

/// When a document has less than this left, it is issued anew.
const RENEW_BELOW_S: i64 = 38 * DAY_S;

const _: () = assert!(RENEW_BELOW_S >= 30 * DAY_S && RENEW_BELOW_S < LIFE_S);

/// The epoch of a fleet that was never restored from a backup.
const FIRST_EPOCH: u32 = 1;

/// Publishes what a plan says; gives the heads of what is now in force, box by box.
pub(super) async fn publish(
    store: &Documents,
    plan: &Plan,
    tombstones: &Tombstones,
    now: TimeUs,
) -> anyhow::Result<HashMap<DeviceName, Vec<Head>>> {
    let mut in_force = HashMap::new();
    for target in &plan.boxes {
        // A transaction a box: a fleet's worth in one would keep reports waiting.
        let mut tx = store.begin().await?;
        let heads = publish_box(&mut tx, plan, target, tombstones, now).await?;
        tx.commit().await?;
        in_force.insert(target.device.clone(), heads);
    }
    Ok(in_force)
}

async fn publish_box(
    tx: &mut Tx,
    plan: &Plan,
    target: &BoxTargets,
    tombstones: &Tombstones,
    now: TimeUs,
) -> anyhow::Result<Vec<Head>> {
    let before = documents::heads(tx, &target.device).await?;
    let mut press = Press { tx, device: &target.device, before, now };
    let manifest = press
        .issue(Kind::Manifest, |version| Manifest {
            schema: SCHEMA,
            version,
            catalogue: plan.catalogue.clone(),
            hold: target.hold.clone(),
            deadlines: Vec::new(),
        })
        .await?;
    let sources = press
        .issue(Kind::Sources, |_| Sources {
            schema: SCHEMA,
            manifest_version: manifest.content_version,
            batches: target.batches.clone(),
        })
        .await?;
    let tombstones = press.issue(Kind::Tombstones, |_| tombstones.clone()).await?;
    Ok(vec![manifest, sources, tombstones])
}

/// Issues the documents of one box.
struct Press<'a> {
    tx: &'a mut Tx,
    device: &'a DeviceName,
    before: Vec<Head>,
    now: TimeUs,
}

impl Press<'_> {
    /// Issues a document where it must be; gives what is then in force. `body` is told the
    /// content's version, and what it makes of version 0 says whether the content changed.
    async fn issue<T: Serialize>(
        &mut self,
        kind: Kind,
        body: impl Fn(u64) -> T,
    ) -> anyhow::Result<Head> {
        let digest = Digest::of(&serde_json::to_vec(&body(0))?).to_string();
        let before = self.before.iter().find(|head| head.kind == kind);
        let same = before.filter(|head| head.content_digest == digest);
        if let Some(head) = same
            && head.not_after > self.now.plus_s(RENEW_BELOW_S)
        {
            return Ok(head.clone());
        }
        let newest = before.map_or(0, |head| head.content_version);
        let head = Head {
            kind,
            generation: next(before.map(|head| head.generation)),
            content_version: if same.is_some() { newest } else { newest + 1 },
            content_digest: digest,
            issued_at: self.now,
            not_after: self.now.plus_s(LIFE_S),
        };
        let body = serde_json::to_string(&body(head.content_version))?;
        documents::write(self.tx, self.device, &head, &body).await?;
        Ok(head)
    }
}

fn next(before: Option<Generation>) -> Generation {
    match before {
        Some(Generation { epoch, number }) => Generation { epoch, number: number + 1 },
        None => Generation { epoch: FIRST_EPOCH, number: 1 },
    }
}

#[cfg(test)]
mod tests;
