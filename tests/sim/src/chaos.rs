//! What goes wrong while a world lasts.

use crate::appliance::SimBox;
use crate::content::SHELF;
use crate::disk::{DiskFaults, SimDisk};
use crate::network::{Lies, Party};
use crate::plan::random_for;
use crate::world::World;
use cache::Lookup;
use rand::Rng;
use rand::rngs::StdRng;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// Things go wrong until it is calm; then all of it is mended.
pub async fn reign(world: Arc<World>, is_calm: watch::Receiver<bool>) {
    let mut random = random_for(world.plan.seed, "chaos");
    while !*is_calm.borrow() {
        sleep(Duration::from_millis(random.random_range(10..4000))).await;
        if !*is_calm.borrow() {
            strike(&world, &mut random);
        }
    }
}

/// What is hot is another thing every few seconds.
pub async fn turn(world: Arc<World>, is_calm: watch::Receiver<bool>) {
    let mut random = random_for(world.plan.seed, "fashion");
    while world.plan.troubles.fashions && !*is_calm.borrow() {
        sleep(Duration::from_millis(random.random_range(500..10_000))).await;
        world.set_fashion(random.random());
        world.boxes.iter().for_each(|each| each.obey(&world));
    }
}

/// All is well from here on.
pub fn mend(world: &World) {
    world.findings.note("all is mended");
    world.network.mend();
    crate::unordered::mend(world);
    world.boxes.iter().filter_map(SimBox::running).for_each(|running| running.power.stay_on());
    for disk in world.boxes.iter().flat_map(|each| each.disks.iter()) {
        disk.set_faults(DiskFaults::default());
        disk.crowd(0);
    }
    for sim_box in &world.boxes {
        let Some(running) = sim_box.running() else { continue };
        for slot in running.cache.disk_slots().iter().filter(|slot| slot.in_use().is_none()) {
            readmit(world, sim_box, &slot.setup.folder);
        }
    }
}

/// An operator has a disk used again.
fn readmit(world: &World, sim_box: &SimBox, folder: &Path) {
    let Some(running) = sim_box.running() else { return };
    if let Err(refused) = running.cache.readmit(folder) {
        world.findings.note(format_args!("{}: not readmitted: {refused}", folder.display()));
    }
}

/// An operator has a disk ejected that is well, or readmits one.
fn operate(world: &World, sim_box: &SimBox, disk: &SimDisk) {
    let Some(running) = sim_box.running() else { return };
    let folder = &disk.plan.root;
    disk.want_ejected();
    if running.cache.eject(folder, "an operator wants it so").is_err() {
        readmit(world, sim_box, folder);
    }
}

fn strike(world: &World, random: &mut StdRng) {
    let troubles = world.plan.troubles;
    let sim_box = &world.boxes[random.random_range(0..world.boxes.len())];
    let disk = &sim_box.disks[random.random_range(0..sim_box.disks.len())];
    match random.random_range(0..9) {
        0 if troubles.cuts => cut(world, random),
        1 if troubles.liars => lie(world, random),
        2 if troubles.rot => disk.rot(),
        3 if troubles.replacements && sim_box.running().is_none() => {
            world.findings.note(format_args!("{} is a new disk", disk.plan.root.display()));
            disk.replace();
        }
        4 if troubles.nuisances => {
            let most = disk.plan.size_bytes;
            disk.crowd(if random.random_bool(0.5) { 0 } else { random.random_range(0..most) });
        }
        5 if troubles.changes => change(world, random),
        6 if troubles.changes => purge(world, random),
        7 if troubles.ejections => operate(world, sim_box, disk),
        _ => {
            let faults = faults(world, random);
            if faults != DiskFaults::default() {
                let root = disk.plan.root.display();
                world.findings.note(format_args!("{root} behaves badly: {faults:?}"));
            }
            disk.set_faults(faults);
        }
    }
}

fn cut(world: &World, random: &mut StdRng) {
    let mut party = || match random.random_range(0..world.boxes.len() + 2) {
        0 => Party::Origin,
        1 => Party::Fleet,
        other => Party::Box(other - 2),
    };
    let (one, other) = (party(), party());
    let time = Duration::from_millis(random.random_range(1..15_000));
    world.findings.note(format_args!("{one:?} and {other:?} do not reach each other for {time:?}"));
    world.network.cut(one, other, time);
}

fn lie(world: &World, random: &mut StdRng) {
    let party = match random.random_range(0..=world.boxes.len()) {
        0 => Party::Origin,
        other => Party::Box(other - 1),
    };
    let mut rate = |most| if random.random_bool(0.5) { random.random_range(0..most) } else { 0 };
    let lies = Lies {
        wrong_bytes: rate(500),
        ends_early: rate(300),
        goes_on: rate(300),
        stalls: rate(50),
    };
    world.findings.note(format_args!("{party:?} lies: {lies:?}"));
    world.network.set_lies(party, lies);
}

fn faults(world: &World, random: &mut StdRng) -> DiskFaults {
    let troubles = world.plan.troubles;
    let mut rate = |is_on: bool, most| {
        if is_on && random.random_bool(0.5) { random.random_range(0..most) } else { 0 }
    };
    DiskFaults {
        read_errors: rate(troubles.disk_errors, 100),
        write_errors: rate(troubles.disk_errors, 100),
        lost_syncs: rate(troubles.lost_syncs, 500),
        short_reads: rate(troubles.nuisances, 500),
        slow_us: u64::from(rate(troubles.nuisances, 2_000_000)),
    }
}

fn change(world: &World, random: &mut StdRng) {
    let ordinal = random.random_range(0..world.places());
    let content = random.random_bool(0.8).then(|| random.random_range(0..SHELF));
    world.findings.note(format_args!("the catalogue has content {content:?} at {ordinal} now"));
    world.change(ordinal, content);
    world.boxes.iter().for_each(|each| each.obey(world));
}

fn purge(world: &World, random: &mut StdRng) {
    let Some(entry) = world.entry(random.random_range(0..world.places())) else { return };
    world.findings.note(format_args!("{} is purged", entry.path));
    for sim_box in &world.boxes {
        let Some(running) = sim_box.running() else { continue };
        let held = sim_box.held(&entry).map(|object| object.file());
        let moved = sim_box.promises.stood_in(&entry.path).into_iter().filter(|file| {
            running.cache.disks().iter().any(|disk| file.starts_with(disk.folder()))
        });
        let files = held.into_iter().chain(sim_box.moving.copy_of(&entry.path)).chain(moved);
        let files: Vec<PathBuf> = files.collect();
        match running.cache.purge(|held| held.path == entry.path) {
            // Nobody hears of a process that ends in the middle of it.
            Ok(_) if running.power.is_off() => {}
            Ok(_) => sim_box.promises.never_again(files),
            Err(err) => {
                let path = &entry.path;
                world.findings.note(format_args!("a disk does not forget {path} yet: {err}"));
            }
        }
        sim_box.promises.forget(&entry.path);
        if matches!(running.cache.lookup(&entry.common.group, &entry.path), Lookup::Held(_)) {
            world.findings.violation(format_args!("{} is held after its purge", entry.path));
        }
    }
}
