//! Windows and caps: what a seed gives to boxes, and what of it holds at every moment.
//!
//! Held against what comes out of the network, and not against what the filler says of it: over
//! any ten seconds no more than the highest cap that held in them, and since a cap has changed no
//! more than what has held since. A process knows nothing of the one before it, so that each
//! begins anew. What a source gives beyond what it was asked for is its own doing; where all comes in
//! one answer, it is read as far as was granted, and with the piece in which that ends, whose length
//! nobody knows before.

use crate::appliance::SimBox;
use crate::network::Party;
use crate::plan::random_for;
use crate::world::World;
use contract::config::{Fill, SourceCaps};
use contract::quantity::BitRate;
use contract::time::TimeUs;
use fill::Rules;
use rand::Rng;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// What a cap is kept over.
const SPAN: Duration = Duration::from_secs(10);

/// Within this time a box has heard of another cap.
const HEARD_IN: Duration = Duration::from_millis(1);

const MINUTE_S: i64 = 60;

/// 2026-11-25T00:00:00Z.
const MIDNIGHT_S: i64 = 1_795_564_800;

/// When windows open and close, in minutes of the day; the last for longer than any world lasts.
const WINDOWS: [(i64, i64); 2] = [(120, 121), (126, 840)];

/// Windows and caps of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitsPlan {
    /// Boxes fill in [`WINDOWS`] alone.
    pub has_windows: bool,
    /// Boxes have caps, and other ones every few seconds.
    pub has_caps: bool,
    /// What origins give at most to one box.
    pub origin_cap_bytes_per_s: Option<u64>,
    /// What boxes give at most to one box.
    pub sibling_cap_bytes_per_s: Option<u64>,
    /// Boxes know these from their configuration; else documents name them with sources.
    pub are_configured: bool,
    /// What clocks on walls show when the world begins.
    pub wall: TimeUs,
}

impl LimitsPlan {
    /// Drawn for itself, so that worlds are else as they were before there were limits.
    #[must_use]
    pub fn of(seed: u64) -> Option<Self> {
        let random = &mut random_for(seed, "limits");
        if !random.random_bool(0.35) {
            return None;
        }
        let mut some = || random.random_bool(0.4).then(|| cap(random));
        let (origin_cap_bytes_per_s, sibling_cap_bytes_per_s) = (some(), some());
        // From shortly before the first window to shortly before it closes.
        let begins_s = WINDOWS[0].0 * MINUTE_S + random.random_range(-40..50);
        let wall = TimeUs(0).plus_s(MIDNIGHT_S + begins_s);
        let (has_windows, has_caps) = (random.random_bool(0.5), random.random_bool(0.7));
        // Then that of the origin holds for what nobody ordered, too, of which no slice comes in
        // time below it.
        let is_enough = origin_cap_bytes_per_s.is_none_or(|cap| cap >= 200_000);
        let are_configured = random.random_bool(0.5) && is_enough;
        Some(Self {
            has_windows,
            has_caps,
            origin_cap_bytes_per_s,
            sibling_cap_bytes_per_s,
            are_configured,
            wall,
        })
    }

    /// Whether a box may fill at a moment.
    fn is_open(&self, wall: TimeUs) -> bool {
        let second = wall.unix_s() - MIDNIGHT_S;
        let is_in =
            |(opens, closes): &(i64, i64)| (opens * MINUTE_S..closes * MINUTE_S).contains(&second);
        !self.has_windows || WINDOWS.iter().any(is_in)
    }

    /// What a box is told.
    fn rules(&self, cap_bytes_per_s: Option<u64>) -> Rules {
        let mut text = "{\"parallel\": 3".to_owned();
        let mut add = |part: String| text.write_str(&part).unwrap_or_default();
        if let Some(cap) = cap_bytes_per_s {
            add(format!(", \"cap_bits_per_s\": {}", cap * 8));
        }
        if self.has_windows {
            let time = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
            let window = |(opens, closes): (i64, i64)| {
                format!("{{\"opens\": \"{}\", \"closes\": \"{}\"}}", time(opens), time(closes))
            };
            let windows = WINDOWS.map(window).join(", ");
            add(format!(", \"time_zone\": \"UTC\", \"windows\": [{windows}]"));
        }
        add("}".to_owned());
        let mut fill: Fill =
            serde_json::from_str(&text).unwrap_or_else(|err| panic!("{text}: {err}"));
        if self.are_configured {
            fill.source_caps_bits_per_s = SourceCaps {
                peer: self.sibling_cap_bytes_per_s.map(BitRate::of_bytes_per_s),
                origin: self.origin_cap_bytes_per_s.map(BitRate::of_bytes_per_s),
            };
        }
        Rules::of(&fill).unwrap_or_else(|err| panic!("{err}"))
    }
}

/// From a trickle that lets a world settle to more than its cables carry.
fn cap(random: &mut StdRng) -> u64 {
    let low = random.random_range(50_000..400_000);
    if random.random_bool(0.5) { low } else { low * random.random_range(2..100) }
}

/// The limits of all boxes, and what has come to them.
#[derive(Debug)]
pub struct Limits {
    plan: Option<LimitsPlan>,
    boxes: Vec<Mutex<Limited>>,
}

/// One box.
#[derive(Debug, Default)]
struct Limited {
    /// Since when which cap holds, the latest last; nothing before the first.
    caps: Vec<(Instant, Option<u64>)>,
    came: Came,
    by_source: BTreeMap<Party, Came>,
}

/// What came in the past ten seconds.
#[derive(Debug, Default)]
struct Came(VecDeque<Piece>);

#[derive(Debug)]
struct Piece {
    at: Instant,
    bytes: u64,
    is_asked_for: bool,
}

impl Came {
    fn add(&mut self, bytes: u64, is_asked_for: bool) {
        let at = Instant::now();
        self.0.push_back(Piece { at, bytes, is_asked_for });
        while self.0.front().is_some_and(|piece| at - piece.at > SPAN) {
            self.0.pop_front();
        }
    }

    /// Without the longest piece that nobody has asked for as a part.
    fn since(&self, from: Instant) -> u64 {
        let pieces = || self.0.iter().filter(|piece| piece.at >= from);
        let of_itself = pieces().filter(|piece| !piece.is_asked_for);
        let longest = of_itself.map(|piece| piece.bytes).max().unwrap_or(0);
        pieces().map(|piece| piece.bytes).sum::<u64>() - longest
    }

    fn all(&self) -> u64 {
        self.0.front().map_or(0, |first| self.since(first.at))
    }
}

impl Limits {
    /// Of a world with so many boxes.
    #[must_use]
    pub fn new(plan: Option<LimitsPlan>, boxes: usize) -> Self {
        let boxes = std::iter::repeat_with(Mutex::default).take(boxes).collect();
        Self { plan, boxes }
    }

    /// Whether caps may let a slice take longer than a box waits for one: then it turns to an
    /// origin, and what crosses the edge is not judged.
    #[must_use]
    pub fn slow(&self) -> bool {
        self.plan.is_some_and(|plan| {
            let caps = [plan.origin_cap_bytes_per_s, plan.sibling_cap_bytes_per_s];
            plan.has_caps || caps.iter().any(Option::is_some)
        })
    }

    fn of(&self, number: usize) -> MutexGuard<'_, Limited> {
        self.boxes[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process begins: what it is told.
    pub fn begin(&self, number: usize) -> Rules {
        let Some(plan) = self.plan else { return Rules { parallel: 3, ..Rules::default() } };
        let mut limited = self.of(number);
        let cap = limited.caps.last().and_then(|(_, cap)| *cap);
        *limited = Limited { caps: vec![(Instant::now(), cap)], ..Limited::default() };
        plan.rules(cap)
    }

    /// A box asks a source, or is given something by it.
    pub fn check_window(&self, world: &World, number: usize, what: &str) {
        if self.plan.is_none_or(|plan| plan.is_open(world.wall())) {
            return;
        }
        let second = world.wall().unix_s() - MIDNIGHT_S;
        let name = &world.boxes[number].name;
        world.findings.violation(format_args!("{name} {what} at second {second} of the day"));
    }

    /// A box was given something that it had asked for.
    pub fn came(
        &self,
        world: &World,
        number: usize,
        from: Party,
        (bytes, is_asked_for): (u64, bool),
    ) {
        let Some(plan) = self.plan else { return };
        self.check_window(world, number, "is given something");
        let mut limited = self.of(number);
        limited.came.add(bytes, is_asked_for);
        let by_source = limited.by_source.entry(from).or_default();
        by_source.add(bytes, is_asked_for);
        let (name, from_it) = (&world.boxes[number].name, by_source.all());
        let cap = match from {
            Party::Box(_) => plan.sibling_cap_bytes_per_s,
            Party::Origin | Party::Fleet => plan.origin_cap_bytes_per_s,
            // Its cap is nobody's to name but the operator's.
            Party::Publisher => plan.origin_cap_bytes_per_s.filter(|_| plan.are_configured),
        };
        if let Some(cap) = cap.filter(|cap| from_it > cap * SPAN.as_secs()) {
            let what = format_args!("{name} is given {from_it} bytes by {from:?} at {cap} B/s");
            world.findings.violation(what);
        }
        if let Some((bytes, cap)) = limited.excess() {
            let what =
                format_args!("{name} is given {bytes} bytes within ten seconds at {cap} B/s");
            world.findings.violation(what);
        }
    }
}

impl Limited {
    /// What came in the past ten seconds, or since a cap has changed in them, where that is more
    /// than the highest cap since then allows.
    fn excess(&self) -> Option<(u64, u64)> {
        let began = Instant::now().checked_sub(SPAN)?;
        let mut highest = 0;
        for (at, cap) in self.caps.iter().rev() {
            // Before there was a cap, what came was free.
            highest = highest.max((*cap)?);
            let from = if *at > began { *at + HEARD_IN } else { began };
            let came = self.came.since(from);
            if came > highest * SPAN.as_secs() {
                return Some((came, highest));
            }
            if *at <= began {
                break;
            }
        }
        None
    }
}

/// Boxes have other caps every few seconds, as an operator would have it, until it is calm.
pub async fn turn(world: Arc<World>, is_calm: watch::Receiver<bool>) {
    let Some(plan) = world.limits.plan.filter(|plan| plan.has_caps) else { return };
    let mut random = random_for(world.plan.seed, "caps");
    while !*is_calm.borrow() {
        let sim_box = &world.boxes[random.random_range(0..world.boxes.len())];
        let cap = random.random_bool(0.85).then(|| cap(&mut random));
        world.findings.note(format_args!("{}: may draw {cap:?} B/s", sim_box.name));
        set_cap(&world, sim_box, plan, cap);
        sleep(Duration::from_millis(random.random_range(50..6_000))).await;
    }
}

fn set_cap(world: &World, sim_box: &SimBox, plan: LimitsPlan, cap: Option<u64>) {
    let now = Instant::now();
    {
        let caps = &mut world.limits.of(sim_box.number).caps;
        caps.push((now, cap));
        let old = |pair: &[(Instant, Option<u64>)]| now - pair[1].0 > SPAN;
        while caps.get(..2).is_some_and(old) {
            caps.remove(0);
        }
    }
    sim_box.limit(plan.rules(cap));
}
