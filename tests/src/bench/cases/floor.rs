//! Whole segments from RAM against what no server can undercut.

use super::{Bench, Found};
use crate::bench::appliance::{self, Options};
use crate::bench::comparison::Comparison;
use crate::bench::contender::{Contender, ROUNDS, take_turns};
use crate::bench::figures::core_per_gb;
use crate::bench::load::asker::{Asker, Piece};
use crate::bench::load::closed::Closed;
use crate::bench::object::Object;
use crate::bench::running::Running;
use crate::bench::sheet::{Limit, Row};
use crate::bench::site::Site;
use anyhow::Result;

const CONNECTIONS: usize = 16;

/// How many records the floor sends at once: the best of these counts.
const RECORDS: [usize; 5] = [4, 8, 16, 32, 64];

const COMPARISON: Comparison = Comparison {
    name: "server core busy",
    unit: "core-s/GB",
    figure: core_per_gb,
    best: Limit::AtMost(1.20),
    debian_nginx: None,
};

pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let site = Site::new(&bench.results)?;
    let tls = site.client()?;
    let objects = [Object::new("/large.m4s", 4 << 20)];
    let open = |server: Running, tls| -> Result<Contender> {
        let asker = Asker::new(&objects, Piece::Whole);
        let load = Closed::open(server.address, tls, asker, CONNECTIONS)?;
        Ok(Contender::new(server, load.warm()?))
    };
    let ours = appliance::start(&site, &bench.bin, &objects, &Options::default()).await?;
    let mut contenders = vec![open(ours, Some(&tls))?];
    let plain = start(&site, &objects[0], "sendfile, no TLS", "--plain").await?;
    contenders.push(open(plain, None)?);
    for records in RECORDS {
        let name = format!("floor, {records} records");
        let records = format!("--records={records}");
        let floor = start(&site, &objects[0], &name, &records).await?;
        contenders.push(open(floor, Some(&tls))?);
    }
    take_turns(&mut contenders)?;
    let [ours, plain, floors @ ..] = &*contenders else { anyhow::bail!("nobody was measured") };
    let mut rows = COMPARISON.rows(ours, floors);
    // What is left when nothing is sealed: it informs, since no server of ours may do so.
    let plain = (plain.name(), plain.median(core_per_gb));
    let (name, unit) = (COMPARISON.name, COMPARISON.unit);
    rows.push(Row::new(name, unit, ours.median(core_per_gb), plain, None));
    Ok(Found { runs: ROUNDS, rows, notes: Vec::new() })
}

/// A floor is this program, as a process of its own, like every server.
async fn start(site: &Site, object: &Object, name: &str, way: &str) -> Result<Running> {
    let port = ports::free()?;
    let (chain, key) = (&site.issued().chain_file, &site.issued().key_file);
    let args = vec![
        std::env::current_exe()?.display().to_string(),
        "floor".to_owned(),
        format!("--port={port}"),
        format!("--chain={}", chain.display()),
        format!("--key={}", key.display()),
        format!("--path={}", object.path),
        format!("--bytes={}", object.bytes),
        way.to_owned(),
    ];
    Running::start(name, args, port, site.folder()).await
}
