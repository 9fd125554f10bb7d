//! Caps under many transfers, slow sources and changes of mind, all of it from seeds and on a
//! clock that stands still.

use super::*;
use crate::arrivals::SPAN;
use crate::grant::Grant;
use contract::quantity::BitRate;
use contract::sources::SourceKind;
use contract::time::TimeUs;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::time::Duration;

const KB: u64 = 1000;

pub(crate) fn source(port: u16, cap_bytes_per_s: Option<u64>) -> Source {
    Source {
        kind: SourceKind::Origin,
        address: ([127, 0, 0, 1], port).into(),
        tls_name: None,
        origin: None,
        after_s: 0,
        cap_bytes_per_s,
    }
}

/// What was read: when, from which port, how much.
type Wire = Arc<Mutex<Vec<(Instant, u16, u64)>>>;

/// A network that takes its time, and whoever reads from it.
struct Transfer {
    caps: Arc<Caps>,
    wire: Wire,
    random: StdRng,
}

impl Transfer {
    /// Reads `bytes` from the source, in requests for what is granted.
    async fn run(mut self, source: Source, bytes: u64) -> Instant {
        let (caps, mut left) = (Arc::clone(&self.caps), bytes);
        while left > 0 {
            let Ok(mut grant) = caps.acquire(&source, left, Urgency::Ordinary).await else {
                panic!("open all the time");
            };
            left -= self.request(&source, &mut grant).await;
        }
        Instant::now()
    }

    /// One request; says how much of it came before it ended.
    async fn request(&mut self, source: &Source, grant: &mut Grant<'_>) -> u64 {
        let (port, mut came) = (source.address.port(), 0);
        // One answer in eight is late by seconds: then much is on its way.
        let late_ms = if self.random.random_ratio(1, 8) { 12_000 } else { 60 };
        while grant.left() > 0 {
            let bytes = self.random.random_range(1..=grant.left());
            let wait = Duration::from_millis(self.random.random_range(0..late_ms));
            tokio::select! {
                biased;
                _ = grant.revoked() => return came,
                () = tokio::time::sleep(wait) => {}
            }
            grant.arrived(bytes);
            lock(&self.wire).push((Instant::now(), port, bytes));
            came += bytes;
        }
        came
    }
}

/// No ten seconds with more than ten seconds of the highest cap in them.
fn check(seed: u64, what: &str, reads: &[(Instant, u64)], caps: &[(Instant, Option<u64>)]) {
    for (at, (first, _)) in reads.iter().enumerate() {
        let end = *first + SPAN;
        let sum: u64 =
            reads[at..].iter().take_while(|(when, _)| *when <= end).map(|(_, bytes)| bytes).sum();
        let before = caps.iter().rposition(|(from, _)| *from <= *first).unwrap_or(0);
        let inside = caps[before..].iter().take_while(|(from, _)| *from <= end);
        let most = inside.map(|(_, cap)| cap.unwrap_or(u64::MAX / 10)).max().expect("a cap");
        assert!(sum <= most * 10, "seed {seed}: {what}: {sum} in ten seconds at {most} B/s");
    }
}

#[tokio::test(start_paused = true)]
async fn no_cap_is_exceeded_over_any_ten_seconds_and_everybody_gets_there() {
    for seed in 0..120 {
        let mut random = StdRng::seed_from_u64(seed);
        let caps = Arc::new(Caps::new());
        let wire = Wire::default();
        let total = |random: &mut StdRng| {
            let cap = [20 * KB, 150 * KB, 2_000 * KB, 50_000 * KB][random.random_range(0..4)];
            (!random.random_ratio(1, 6)).then_some(cap)
        };
        let own = [None, Some(30 * KB), Some(400 * KB)];
        let sources: Vec<Source> = (1..).zip(own).map(|(port, cap)| source(port, cap)).collect();
        let mut changes = vec![(Instant::now(), total(&mut random))];
        caps.allow(Admission::All, changes[0].1.and_then(NonZeroU64::new), None);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..random.random_range(1..12) {
            let transfer = Transfer {
                caps: Arc::clone(&caps),
                wire: Arc::clone(&wire),
                random: StdRng::seed_from_u64(random.random()),
            };
            let source = sources[random.random_range(0..3)].clone();
            let bytes = random.random_range(1..4000 * KB);
            let is_dropped = random.random_ratio(1, 4);
            let patience = Duration::from_millis(random.random_range(0..20_000));
            tasks.spawn(async move {
                let run = transfer.run(source, bytes);
                if is_dropped {
                    drop(tokio::time::timeout(patience, run).await);
                } else {
                    let all = tokio::time::timeout(Duration::from_secs(86_400), run).await;
                    all.unwrap_or_else(|_| panic!("seed {seed}: a transfer stands still"));
                }
            });
        }
        for _ in 0..random.random_range(0..6) {
            tokio::time::sleep(Duration::from_millis(random.random_range(0..15_000))).await;
            let cap = total(&mut random);
            changes.push((Instant::now(), cap));
            caps.allow(Admission::All, cap.and_then(NonZeroU64::new), None);
        }
        while let Some(ended) = tasks.join_next().await {
            ended.expect("a transfer");
        }
        let wire = lock(&wire);
        let all: Vec<_> = wire.iter().map(|(at, _, bytes)| (*at, *bytes)).collect();
        check(seed, "all", &all, &changes);
        for source in &sources {
            let port = source.address.port();
            let own = wire.iter().filter(|(_, from, _)| *from == port);
            let own: Vec<_> = own.map(|(at, _, bytes)| (*at, *bytes)).collect();
            let began = changes[0].0;
            check(seed, "one source", &own, &[(began, source.cap_bytes_per_s)]);
        }
    }
}

/// Reads at once what is granted.
async fn read_all(caps: &Caps, source: &Source, bytes: u64) -> Duration {
    let (began, mut left) = (Instant::now(), bytes);
    while left > 0 {
        let grant = caps.acquire(source, left, Urgency::Ordinary).await;
        let mut grant = grant.expect("open all the time");
        left -= grant.left();
        grant.arrived(grant.left());
    }
    began.elapsed()
}

fn open(cap: u64) -> Arc<Caps> {
    let caps = Caps::new();
    caps.allow(Admission::All, NonZeroU64::new(cap), None);
    Arc::new(caps)
}

#[tokio::test(start_paused = true)]
async fn a_cap_is_used_to_a_percent() {
    for cap in [100 * KB, 5_000 * KB, 50_000 * KB, 150_000 * KB] {
        let took = read_all(&open(cap), &source(1, None), cap * 100).await;
        assert!(took.as_secs_f64() < 101.0, "{took:?} for 100 s of {cap} B/s");
    }
}

#[tokio::test(start_paused = true)]
async fn transfers_share_a_cap_evenly_and_a_slow_source_holds_nobody_up() {
    let (caps, bytes) = (open(10_000 * KB), 50_000 * KB);
    let (slow, fast) = (source(1, Some(100 * KB)), source(2, None));
    let run = |source: &Source, bytes| {
        let (caps, source) = (Arc::clone(&caps), source.clone());
        tokio::spawn(async move { read_all(&caps, &source, bytes).await.as_secs_f64() })
    };
    let trickle = run(&slow, 3000 * KB);
    let halves = [run(&fast, bytes), run(&fast, bytes)];
    for half in halves {
        let took = half.await.expect("read");
        assert!((9.5..10.6).contains(&took), "{took} s for half of the cap");
    }
    let took = trickle.await.expect("read");
    assert!((29.0..32.0).contains(&took), "{took} s at its own cap");
}

#[tokio::test(start_paused = true)]
async fn who_is_dropped_in_line_or_gives_back_holds_nothing() {
    let (caps, fast) = (open(1000 * KB), source(1, None));
    let first = caps.acquire(&fast, 1, Urgency::Ordinary).await.expect("open");
    first.give_back();
    for _ in 0..50 {
        let waiting = caps.acquire(&fast, u64::MAX, Urgency::Ordinary);
        // Not long enough for a turn.
        assert!(tokio::time::timeout(Duration::from_micros(1), waiting).await.is_err());
    }
    let took = read_all(&caps, &fast, 100 * KB).await;
    assert!(took < Duration::from_millis(250), "{took:?} for a tenth of a second's worth");
}

#[tokio::test(start_paused = true)]
async fn an_edge_sends_away_who_waits_and_lets_in_what_is_urgent() {
    let (caps, fast) = (open(KB), source(1, None));
    let opens = TimeUs(7);
    let wait = |urgency| {
        let (caps, fast) = (Arc::clone(&caps), fast.clone());
        Box::pin(async move {
            let grant = caps.acquire(&fast, 400, urgency).await?;
            Ok::<u64, WaitingOn>(grant.left())
        })
    };
    let mut waiting = [Urgency::Ordinary, Urgency::Ordinary, Urgency::Urgent].map(wait);
    for each in &mut waiting {
        let early = tokio::time::timeout(Duration::ZERO, each.as_mut()).await;
        assert!(early.is_err(), "it stands in line");
    }
    caps.allow(Admission::Urgent { opens }, NonZeroU64::new(2 * KB), None);
    let mut outcomes = Vec::new();
    for each in waiting {
        outcomes.push(each.await);
    }
    let closed = Err(WaitingOn::FillWindow { opens });
    assert_eq!(outcomes, [closed, closed, Ok(400)]);
    caps.allow(Admission::Nobody { opens }, None, None);
    assert_eq!(wait(Urgency::Urgent).await, closed);
}

#[tokio::test(start_paused = true)]
async fn what_is_on_its_way_hears_of_an_edge_and_of_a_cap_that_begins_or_falls() {
    let caps = open(1000 * KB);
    let plain = source(1, None);
    let closed = WaitingOn::FillWindow { opens: TimeUs(7) };
    let grant = caps.acquire(&plain, 100, Urgency::Ordinary).await.expect("open");
    caps.allow(Admission::All, NonZeroU64::new(5), None);
    assert_eq!(grant.revoked().await, Revoked::Capped);
    caps.allow(Admission::Nobody { opens: TimeUs(7) }, None, None);
    assert_eq!(grant.revoked().await, Revoked::Closed(closed));
    drop(grant);

    caps.allow(Admission::All, None, None);
    let free = caps.acquire(&plain, u64::MAX, Urgency::Ordinary).await.expect("open");
    assert_eq!(free.left(), u64::MAX, "without a cap there are no turns");
    let still = tokio::time::timeout(Duration::from_secs(60), free.revoked()).await;
    assert!(still.is_err(), "nothing changed");
    caps.set_sources([&source(1, Some(KB))]);
    assert_eq!(free.revoked().await, Revoked::Capped);
    drop(free);

    // The source's cap alone: under that of the box something is under way.
    caps.allow(Admission::All, NonZeroU64::new(1000 * KB), None);
    let grant = caps.acquire(&source(2, None), 100, Urgency::Ordinary).await.expect("open");
    caps.set_sources([&source(2, Some(1000 * KB))]);
    let told = tokio::time::timeout(Duration::from_secs(60), grant.revoked()).await;
    assert_eq!(told, Ok(Revoked::Capped));
    drop(grant);
    let counted = source(2, Some(1000 * KB));
    let grant = caps.acquire(&counted, 100, Urgency::Ordinary).await.expect("open");
    let still = tokio::time::timeout(Duration::from_secs(60), grant.revoked()).await;
    assert!(still.is_err(), "it is counted");
    drop(grant);
    let never = caps.acquire(&source(1, Some(0)), 1, Urgency::Ordinary).await.map(|_| ());
    assert_eq!(never, Err(WaitingOn::NotAllowed));
}

#[tokio::test(start_paused = true)]
async fn more_of_the_same_is_counted_by_its_source_as_well() {
    let caps = open(1000 * KB);
    let mut grant = caps.acquire(&source(1, None), 100, Urgency::Ordinary).await.expect("open");
    let capped = source(1, Some(1000 * KB));
    caps.set_sources([&capped]);
    let more = caps.acquire(&capped, 100, Urgency::Ordinary).await.expect("open");
    grant.add(more);
    let lane = lock(&caps.lanes).of(&capped, Instant::now()).expect("it has a cap");
    assert!(lock(&lane.account).arrivals.is_recent(Instant::now()), "it is on its way");
    grant.give_back();
    assert!(!lock(&lane.account).arrivals.is_recent(Instant::now()), "nothing is");
}

#[tokio::test(start_paused = true)]
async fn of_what_a_document_and_the_configuration_say_the_lower_holds() {
    let each = |kb_per_s: u64| SourceCaps { peer: None, origin: Some(BitRate(kb_per_s * 8 * KB)) };
    let (caps, plain, named) = (Caps::new(), source(1, None), source(2, Some(20 * KB)));
    caps.allow(Admission::All, None, None);
    let free = caps.acquire(&plain, u64::MAX, Urgency::Ordinary).await.expect("open");
    caps.set_sources([&plain, &named]);
    caps.set_each(each(10));
    assert_eq!(
        free.revoked().await,
        Revoked::Capped,
        "it hears of it, although no document names one"
    );
    drop(free);
    for (source, kb_per_s) in [(&plain, 10), (&named, 10)] {
        let took = read_all(&caps, source, 400 * KB).await.as_secs();
        assert!((39..41).contains(&took), "{took} s at {kb_per_s} kB/s");
    }
    // A document that comes takes nothing back.
    caps.set_sources([&named]);
    assert!(read_all(&caps, &plain, 400 * KB).await.as_secs() >= 39);
    caps.set_each(each(100));
    let took = read_all(&caps, &named, 400 * KB).await.as_secs();
    assert!((19..21).contains(&took), "{took} s at 20 kB/s");
    let peer = Source { kind: SourceKind::Peer("b.a".parse().expect("name")), ..source(3, None) };
    assert_eq!(read_all(&caps, &peer, 4000 * KB).await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn who_could_never_have_all_of_it_keeps_nobody_waiting() {
    let (caps, plain) = (open(100 * KB), source(1, None));
    let never = caps.acquire_all(&plain, 1001 * KB, Urgency::Urgent).await.map(|_| ());
    assert_eq!(never, Err(WaitingOn::NotAllowed));
    assert!(read_all(&caps, &plain, 100 * KB).await <= Duration::from_millis(1100));

    // Who gives up has had nothing.
    let (caps, began) = (open(100 * KB), Instant::now());
    for _ in 0..3 {
        let waiting = caps.acquire_all(&plain, 900 * KB, Urgency::Urgent);
        assert!(tokio::time::timeout(Duration::from_secs(3), waiting).await.is_err());
    }
    let all = caps.acquire_all(&plain, 900 * KB, Urgency::Urgent).await.expect("it fits");
    assert_eq!(all.left(), 900 * KB);
    assert!(began.elapsed() < Duration::from_secs(19), "{:?}", began.elapsed());
}
