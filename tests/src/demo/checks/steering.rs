//! Viewers are sent to their own site first, by the address they come from.

use super::Verdict;
use crate::demo::plan::GROUPS;
use crate::demo::world::World;
use anyhow::{Context, Result, ensure};
use serde_json::Value;

pub(super) async fn run(world: &World, verdict: &mut Verdict) {
    for (client, site) in [("127.0.1.7", "site-a"), ("127.0.2.7", "site-b")] {
        for dialect in ["hls", "dash"] {
            let name = format!("steering {dialect} {client}");
            verdict.add(&name, order(world, client, site, dialect).await);
        }
    }
}

async fn order(world: &World, client: &str, site: &str, dialect: &str) -> Result<String> {
    let group = &GROUPS[0];
    let file = if dialect == "hls" { "master.m3u8" } else { "manifest.mpd" };
    let url = format!("{}/play/{}/{}/{file}", world.plan.fleet_url(), group.name, group.title);
    let playlist = world.ask_fleet(client, &url).await?;
    let server = server_uri(&playlist).context("the playlist names no steering server")?;
    let answer: Value = serde_json::from_str(&world.ask_fleet(client, &server).await?)?;
    let pathways: Vec<&str> = answer["PATHWAY-PRIORITY"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    ensure!(answer["VERSION"] == 1, "VERSION is {}", answer["VERSION"]);
    ensure!(answer["TTL"].as_u64().is_some_and(|ttl| ttl > 0), "TTL is {}", answer["TTL"]);
    ensure!(pathways.len() == 3, "{pathways:?} are not three");
    let nearest: Vec<bool> = pathways.iter().map(|pathway| pathway.contains(site)).collect();
    ensure!(nearest == [true, true, false], "{pathways:?} do not begin with {site}");
    Ok(pathways.join(" > "))
}

/// From the HLS tag or the DASH element.
fn server_uri(playlist: &str) -> Option<String> {
    let raw = match playlist.split_once("SERVER-URI=\"") {
        Some((_, rest)) => rest.split('"').next()?,
        None => {
            let element = playlist.split_once("<ContentSteering")?.1;
            element.split_once('>')?.1.split('<').next()?
        }
    };
    Some(raw.trim().replace("&amp;", "&"))
}
