//! How fast machines become boxes, and boxes get their next certificates, of a fleet manager that
//! has a core to itself: each over a connection of its own, with a new key, and kept in the
//! database before it is answered. Beside them stands what a core can sign: an enrolment takes two
//! signatures of the fleet, and a check of one. And what a box has to do before it believes a
//! manifest, beside reading it.

use super::{Bench, Found};
use crate::bench::contender::median;
use crate::bench::core;
use crate::bench::fleet::{Fleet, SITE};
use crate::bench::sheet::Row;
use crate::bench::site::Site;
use crate::crowd::{self, AT_ONCE, Crowd, Machine, Member};
use crate::process;
use anyhow::{Context, Result, ensure};
use contract::catalogue::Catalogue;
use contract::certificates::{CertificateAnswer, Purpose};
use contract::envelope::{Envelope, Generation, Header, Kind, Reader};
use contract::manifest::{Hold, Manifest, Run};
use contract::names::DeviceName;
use contract::time::TimeUs;
use contract::trust::Authorities;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::time::Instant;

/// Machines of a round.
const MACHINES: u32 = 500;

/// Rounds; medians count.
const ROUNDS: usize = 3;

/// What a manifest tells a box to hold: a million objects, where nothing stands beside what it
/// belongs to.
const RUNS: u32 = 100_000;
const RUN_OBJECTS: u32 = 10;

pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let (mut joined, mut renewed, mut signed) = (vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        signed.push(openssl_signs_per_s().await?);
        let site = Site::new(&bench.results)?;
        let fleet = Fleet::start(&site, &bench.bin).await?;
        let machines = fleet.crowd.machines(SITE, MACHINES).await?;
        let (rate, members) = join(&fleet.crowd, machines).await?;
        joined.push(rate);
        renewed.push(renew(&members).await?);
    }
    let openssl = ("openssl, signatures with P-256", median(signed));
    let (checked, read) = manifest(&bench.results)?;
    let rows = vec![
        Row::new("machines that become boxes", "/s", median(joined), openssl, None),
        Row::new("identities renewed", "/s", median(renewed), openssl, None),
        Row::new("manifest of a million objects checked", "ms", checked, ("read", read), None),
    ];
    Ok(Found { runs: ROUNDS, rows, notes: Vec::new() })
}

async fn join(crowd: &Crowd, machines: Vec<Machine>) -> Result<(f64, Vec<Member>)> {
    let begun = Instant::now();
    let joining = machines.into_iter().map(|machine| crowd.join(machine));
    let members: Vec<Member> =
        stream::iter(joining).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok((f64::from(MACHINES) / begun.elapsed().as_secs_f64(), members))
}

async fn renew(members: &[Member]) -> Result<f64> {
    let begun = Instant::now();
    let renewing = members.iter().map(async |member| {
        let answer = member.renew(Purpose::Identity, &crowd::key()?).await?;
        ensure!(matches!(answer, CertificateAnswer::Issued { .. }), "{answer:?}");
        Ok(())
    });
    stream::iter(renewing).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    Ok(f64::from(MACHINES) / begun.elapsed().as_secs_f64())
}

/// What a core signs with P-256 in a second, as openssl finds.
async fn openssl_signs_per_s() -> Result<f64> {
    let args = ["-c", &core::SERVER.to_string(), "openssl", "speed", "-mr", "-seconds", "2"];
    let said = process::output("taskset", args.into_iter().chain(["ecdsap256"])).await?;
    // +F4:number:bits:signatures a second:checks a second
    let line = said.lines().find(|line| line.starts_with("+F4:"));
    let rate = line.and_then(|line| line.split(':').nth(3)?.parse::<f64>().ok());
    rate.with_context(|| format!("openssl says {said}"))
}

/// What it takes to check a manifest, and to read it, in milliseconds.
fn manifest(folder: &std::path::Path) -> Result<(f64, f64)> {
    let site = Site::new(folder)?;
    let key = site.control_key();
    let trust = contract::testing::said_of(vec![key.trusted()], Authorities::default()).read()?;
    let me = DeviceName::new("oca1.site-a")?;
    // Best first, and so in no order.
    let place = |rank: u32| rank.wrapping_mul(7919) % RUNS * 2 * RUN_OBJECTS;
    let manifest = Manifest {
        schema: contract::SCHEMA,
        version: 1,
        catalogue: Catalogue { schema: contract::SCHEMA, version: 1, segments: vec![] },
        hold: Hold::Snapshot((0..RUNS).map(|rank| Run(place(rank), RUN_OBJECTS)).collect()),
        deadlines: vec![],
    };
    let header = Header {
        schema: contract::SCHEMA,
        kind: Kind::Manifest,
        addressee: me.clone(),
        generation: Generation { epoch: trust.epoch, number: 1 },
        issued_at_us: TimeUs(0),
        not_after_us: TimeUs(1),
    };
    let envelope = Envelope::seal(header, &manifest, key)?;
    let reader = Reader { me: &me, trust: &trust, newest: None, now: TimeUs(0) };
    let (mut all, mut read) = (vec![], vec![]);
    for _ in 0..21 {
        all.push(millis(|| Ok(envelope.open::<Manifest>(&reader)?))?);
        read.push(millis(|| Ok(serde_json::from_str::<Manifest>(envelope.body.get())?))?);
    }
    let read = median(read);
    Ok((median(all) - read, read))
}

fn millis<T>(work: impl FnOnce() -> Result<T>) -> Result<f64> {
    let begun = Instant::now();
    let made = work()?;
    let took = begun.elapsed().as_secs_f64() * 1e3;
    drop(made);
    Ok(took)
}
