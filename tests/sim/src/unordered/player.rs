//! Players: they ask boxes for what nobody ordered, several at once, and what they are handed is
//! held against what the origin has had, has told, and what was purged.

use super::Unordered;
use super::origin::Version;
use super::told::Moment;
use crate::appliance::{Running, SimBox};
use crate::content;
use crate::plan::random_for;
use crate::world::World;
use cache::received::Absence;
use cache::{BLOCK_BYTES, Cache, Demanded, Object};
use contract::object::ObjectKey;
use contract::time::TimeUs;
use rand::Rng;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// So often `serve` has origins asked for one request.
const MOST_TRIES: usize = 3;

/// Nobody waits longer, whatever is wrong: each try has 16 s for the origin, and three in a row
/// may be in vain because of purges.
const LONGEST_WAIT: Duration = Duration::from_secs(200);

/// Players of one group at a time.
const MOST_AT_ONCE: usize = 12;

/// What a look-up came to.
pub(super) struct Looked {
    pub(super) found: Demanded,
    /// When it was looked up last.
    now: TimeUs,
    /// Since when it was waited for.
    asked: Option<TimeUs>,
}

/// Looks a key up as `serve` does, and has the origins asked where that is necessary.
pub(super) async fn look_up(world: &World, cache: &Cache, key: &ObjectKey, offset: u64) -> Looked {
    let came = world.wall();
    let mut asked = None;
    for _ in 0..=MOST_TRIES {
        let now = world.wall();
        match cache.demanded(&key.group, &key.path, asked, now) {
            Demanded::Ask(_) => {
                let Some(resolving) = cache.resolve(key, offset) else { break };
                resolving.await;
                asked = Some(came);
            }
            found => return Looked { found, now, asked },
        }
    }
    Looked { found: Demanded::Absent(Absence::NoAnswer), now: world.wall(), asked }
}

/// A group of players asks for one thing after the other, for as long as the world lasts.
pub async fn play(world: Arc<World>, number: usize) {
    let Some(unordered) = &world.unordered else { return };
    let mut random = random_for(world.plan.seed, &format!("player {number}"));
    let mut visits = JoinSet::new();
    loop {
        sleep(Duration::from_millis(random.random_range(1..2500))).await;
        let sim_box = random.random_range(0..world.boxes.len());
        let path = random.random_range(0..unordered.plan.paths);
        let is_crowd = random.random_bool(0.3);
        for _ in 0..if is_crowd { random.random_range(2..=4) } else { 1 } {
            let offset = if random.random_bool(0.7) { 0 } else { random.random_range(0..2 << 20) };
            visits.spawn(visit(Arc::clone(&world), sim_box, path, offset));
        }
        while visits.len() > MOST_AT_ONCE {
            visits.join_next().await;
        }
    }
}

async fn visit(world: Arc<World>, number: usize, path: usize, offset: u64) {
    let (Some(unordered), Some(running)) = (&world.unordered, world.boxes[number].running()) else {
        return;
    };
    let view = View { world: &world, unordered, sim_box: &world.boxes[number], path };
    let _ = view.ask(&running, offset).await;
}

/// What a player was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// Something that is right.
    Right,
    /// Nothing, for this time.
    Nothing,
}

/// One path at one box, from outside.
pub(super) struct View<'a> {
    pub(super) world: &'a World,
    pub(super) unordered: &'a Unordered,
    pub(super) sim_box: &'a SimBox,
    pub(super) path: usize,
}

impl View<'_> {
    /// Asks as a player does, and reads from there to the end.
    pub(super) async fn ask(&self, running: &Running, offset: u64) -> Given {
        let key = self.unordered.origin.path(self.path).key;
        let look = look_up(self.world, &running.cache, &key, offset);
        let Ok(Looked { found, now, asked }) = timeout(LONGEST_WAIT, look).await else {
            self.waits_in_vain(running, "the origin");
            return Given::Nothing;
        };
        if running.power.is_off() {
            return Given::Nothing;
        }
        let circle = self.unordered.circle(self.world, self.sim_box.number);
        let judge = Judge {
            view: self,
            moment: Moment {
                circle,
                now,
                asked,
                is_through_home: self.unordered.plan.has_homes,
                may_be_kept_from_asking: self.world.plan.limits.is_some(),
            },
            floor: self.unordered.purges.floor(self.sim_box, self.path),
        };
        match found {
            Demanded::Usable(object) => self.read(running, &object, offset, &judge).await,
            Demanded::Absent(Absence::NotFound) => {
                judge.hand_out_nothing();
                Given::Right
            }
            Demanded::Absent(Absence::NotForCaches | Absence::NoRoom) => Given::Right,
            Demanded::Absent(_) | Demanded::Withheld | Demanded::Ask(_) => Given::Nothing,
        }
    }

    async fn read(
        &self,
        running: &Running,
        object: &Arc<Object>,
        offset: u64,
        judge: &Judge<'_>,
    ) -> Given {
        self.world.findings.count(|counts| counts.asked += 1);
        let blocks = u32::try_from(object.entry.size_bytes.div_ceil(BLOCK_BYTES)).unwrap_or(0);
        let first = u32::try_from(offset / BLOCK_BYTES).unwrap_or(0);
        let mut versions = self.versions(object.entry.size_bytes);
        for block in first..blocks {
            let Ok(read) = timeout(LONGEST_WAIT, running.cache.read(object, block)).await else {
                self.waits_in_vain(running, "a slice");
                return Given::Nothing;
            };
            let Ok(read) = read else { return Given::Nothing };
            // Nobody is handed anything by a process that has ended.
            if running.power.is_off() {
                return Given::Nothing;
            }
            self.world.findings.count(|counts| counts.blocks_handed += 1);
            let start = usize::try_from(u64::from(block) * BLOCK_BYTES).unwrap_or(usize::MAX);
            versions.retain(|version| is_part(version, start, read.bytes()));
            if !judge.hand_out(&versions, object, block) {
                return Given::Nothing;
            }
        }
        judge.hand_out(&versions, object, blocks);
        Given::Right
    }

    /// Those that the origin has had, of this length unless it lies about lengths.
    fn versions(&self, size_bytes: u64) -> Vec<Arc<Version>> {
        let may_lie = self.unordered.plan.troubles.lies;
        let is_it = |version: &Arc<Version>| {
            let length = version.content.map(|it| content::of(it).bytes.len() as u64);
            length.is_some_and(|length| may_lie || length == size_bytes)
        };
        let all = self.unordered.origin.path(self.path).versions;
        all.into_iter().filter(is_it).collect()
    }

    /// Caps and windows may have somebody wait for as long as they like.
    fn waits_in_vain(&self, running: &Running, what: &str) {
        if self.world.plan.limits.is_none() && !running.power.is_off() {
            let (name, path) = (&self.sim_box.name, self.path);
            let what = format_args!("forgotten: somebody waits for {what} of {path} at {name}");
            self.world.findings.violation(what);
        }
    }
}

fn is_part(version: &Version, start: usize, bytes: &[u8]) -> bool {
    let all = version.content.map(|content| &content::of(content).bytes);
    all.and_then(|all| all.get(start..start + bytes.len())) == Some(bytes)
}

/// Whether something may be handed out that was found at some moment.
struct Judge<'a> {
    view: &'a View<'a>,
    moment: Moment,
    /// The first version that no purge has taken.
    floor: usize,
}

impl Judge<'_> {
    /// Of these versions, whichever it is of them, something is handed out. Gives whether it may be.
    fn hand_out(&self, versions: &[Arc<Version>], object: &Object, block: u32) -> bool {
        let is_left = |version: &&Arc<Version>| version.number.1 >= self.floor;
        let what = if versions.is_empty() {
            "mixed: these are no bytes of one version"
        } else if !versions.iter().any(|version| is_left(&version)) {
            "purged: this was purged before it was asked for"
        } else if !versions.iter().filter(is_left).any(|version| self.allows(version)) {
            "stale: this may not be served any more"
        } else {
            return true;
        };
        let numbers: Vec<_> = versions.iter().map(|version| version.number.1).collect();
        let of = format_args!("block {block} of {} for versions {numbers:?}", object.entry.path);
        self.find(what, of);
        false
    }

    /// It is said that there is nothing.
    fn hand_out_nothing(&self) {
        let all = self.view.unordered.origin.path(self.view.path).versions;
        let told = |version: &Arc<Version>| version.content.is_none() && self.allows(version);
        let told: Vec<_> = all.iter().filter(|version| told(version)).collect();
        let what = if told.is_empty() {
            "absent: nobody says any more that there is nothing"
        } else if told.iter().all(|version| version.number.1 < self.floor) {
            "purged: that there is nothing was purged before it was asked for"
        } else {
            return;
        };
        self.find(what, format_args!("path {}", self.view.path));
    }

    fn allows(&self, version: &Version) -> bool {
        self.view.unordered.ledger.allows(version, self.moment)
    }

    fn find(&self, what: &str, of: std::fmt::Arguments<'_>) {
        let (name, moment, floor) = (&self.view.sim_box.name, self.moment, self.floor);
        let what = format_args!("{what}: {of}, at {name}, {moment:?}, purged below {floor}");
        self.view.world.findings.violation(what);
    }
}
