//! All boxes of a fleet ask for certificates at the same time: after a key was replaced, or when the
//! fleet is back from a long absence.

use anyhow::{Context, Result, ensure};
use contract::certificates::{CertificateAnswer, Purpose};
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tests::crowd::{self, AT_ONCE, Crowd, Member};
use tests::effort;
use tests::small_cdn::{BOXES, Plan, SITE, SmallCdn};

/// In `make test`; a large fleet in `make nightly`.
const MEMBERS: usize = 1000;
const NIGHTLY_MEMBERS: usize = 5000;

/// A box asks so long before it is worried; it has weeks.
const PATIENCE: Duration = Duration::from_mins(10);

async fn crowd_of(cdn: &SmallCdn, count: usize) -> Result<(Crowd, Vec<Member>)> {
    let crowd = Crowd::of(cdn.fleet_address(), &cdn.fleet_folder()).await?;
    let machines = crowd.machines(SITE, u32::try_from(count)?).await?;
    let joining = machines.into_iter().map(|machine| crowd.join(machine));
    let members = stream::iter(joining).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok((crowd, members))
}

/// Asks as long as it is told to come back; gives the new certificate, and how often it asked.
async fn renews(crowd: &Crowd, member: Member) -> Result<(Member, Vec<u8>, usize)> {
    let (key, begun) = (crowd::key()?, Instant::now());
    let mut asked = 0;
    while begun.elapsed() < PATIENCE {
        asked += 1;
        match member.renew(Purpose::Identity, &key).await? {
            CertificateAnswer::Issued { chain_pem } => {
                let leaf = CertificateDer::from_pem_slice(chain_pem.as_bytes())?;
                return Ok((member.showing(crowd, &chain_pem, &key)?, leaf.to_vec(), asked));
            }
            CertificateAnswer::Later { retry_after_s, .. } => {
                tokio::time::sleep(Duration::from_secs(retry_after_s)).await;
            }
        }
    }
    anyhow::bail!("{} was sent away {asked} times", member.device)
}

#[tokio::test]
async fn all_get_theirs_and_the_fleet_does_everything_else_meanwhile() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let count = if effort::is_nightly() { NIGHTLY_MEMBERS } else { MEMBERS };
    let (crowd, members) = crowd_of(&cdn, count).await?;
    let late = cdn.operator.late_reports(BOXES[0]).await?;
    let renewing = members.into_iter().map(|member| renews(&crowd, member));
    let renewing = stream::iter(renewing).buffer_unordered(count).try_collect::<Vec<_>>();
    let mut renewing = std::pin::pin!(renewing.fuse());
    let renewed = loop {
        tokio::select! {
            renewed = &mut renewing => break renewed?,
            state = state_of_box(&cdn) => ensure!(state? != "silent", "a report was not taken"),
        }
    };
    let late_since = cdn.operator.late_reports(BOXES[0]).await?;
    ensure!(late_since.len() == late.len(), "reports had to be sent again: {late_since:?}");
    let leaves: BTreeSet<&Vec<u8>> = renewed.iter().map(|(_, leaf, _)| leaf).collect();
    ensure!(leaves.len() == count, "{} certificates for {count}", leaves.len());
    ensure!(renewed.iter().any(|(_, _, asked)| *asked > 1), "nobody had to come back");
    // And what they got is good.
    for (member, _, _) in renewed.into_iter().take(10) {
        renews(&crowd, member).await?;
    }
    Ok(())
}

/// What the fleet says of the one box that runs.
async fn state_of_box(cdn: &SmallCdn) -> Result<String> {
    let begun = Instant::now();
    let list = cdn.fleet_json("appliance list").await?;
    ensure!(begun.elapsed() < Duration::from_secs(10), "the fleet is slow to answer");
    let items = list["items"].as_array().context("a list")?;
    let item = items.iter().find(|item| item["name"] == BOXES[0]).context("the box")?;
    Ok(item["state"].as_str().context("a state")?.to_owned())
}
