use super::*;
use crate::keys::Keeping;
use crate::testing::{Authority, HOST, config, naming};
use anyhow::bail;
use bytes::Bytes;
use contract::catalogue::SegmentRef;
use contract::exchange::Answer;
use contract::late::{LateAnswer, LateReports};
use contract::object::Digest;
use contract::report::Report;
use contract::time::TimeUs;
use rcgen::{
    CertificateParams, CertificateSigningRequestParams, DnType, KeyPair, PublicKeyData,
    SerialNumber,
};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const START: Duration = Duration::from_secs(1_800_000_000);
const DAY: Duration = Duration::from_secs(86_400);
const LIFE: Duration = Duration::from_secs(120 * 86_400);

/// How the fleet answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Issues,
    IsAway,
    HasNoTime,
    IssuesForAnother,
    /// For viewers by an authority that the root does not name; it gives the names asked for.
    OrdersElsewhere,
    /// The same without who has issued it.
    OrdersHalfAChain,
    IssuesWhatHasEnded,
    TalksNonsense,
}

struct State {
    mood: Mood,
    authority: Authority,
    elsewhere: Authority,
    /// When was asked, for what, and with which key.
    asked: Vec<(Instant, Purpose, Digest)>,
}

struct SimFleet {
    clock: Clock,
    state: Mutex<State>,
}

impl SimFleet {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn issue(&self, request: &CertificateRequest) -> String {
        let state = self.state();
        let read = CertificateSigningRequestParams::from_pem(&request.csr_pem).expect("a request");
        let names = match request.purpose {
            Purpose::Identity => vec!["oca1.box.internal".to_owned()],
            Purpose::Player => vec![HOST.to_owned()],
        };
        let is_elsewhere = request.purpose == Purpose::Player
            && matches!(state.mood, Mood::OrdersElsewhere | Mood::OrdersHalfAChain);
        let mut params = CertificateParams::new(names).expect("names");
        if is_elsewhere {
            params.subject_alt_names = read.params.subject_alt_names;
        }
        let now = Duration::from_micros(u64::try_from((self.clock)().0).expect("after 1970"));
        let from = match state.mood {
            Mood::IssuesWhatHasEnded => now - 2 * LIFE,
            _ => now,
        };
        params.not_before = (SystemTime::UNIX_EPOCH + from).into();
        params.not_after = (SystemTime::UNIX_EPOCH + from + LIFE).into();
        params.serial_number = Some(SerialNumber::from(state.asked.len() as u64 + 1));
        params.distinguished_name.push(DnType::CommonName, "oca1");
        let issued = match state.mood {
            Mood::IssuesForAnother => {
                let other = KeyPair::generate().expect("a key");
                params.signed_by(&other, &state.authority.issuer)
            }
            _ if is_elsewhere => params.signed_by(&read.public_key, &state.elsewhere.issuer),
            _ => params.signed_by(&read.public_key, &state.authority.issuer),
        };
        let leaf = issued.expect("signed").pem();
        let has_issuer = is_elsewhere && state.mood == Mood::OrdersElsewhere;
        if has_issuer { leaf + &state.elsewhere.pem } else { leaf }
    }
}

impl Fleet for SimFleet {
    async fn report(&self, _: &Report) -> Result<Answer> {
        bail!("nobody reports here")
    }

    async fn late_reports(&self, _: &LateReports) -> Result<LateAnswer> {
        bail!("nobody reports here")
    }

    async fn certificate(&self, request: &CertificateRequest) -> Result<CertificateAnswer> {
        let read = CertificateSigningRequestParams::from_pem(&request.csr_pem).expect("a request");
        let key = Digest::of(read.public_key.der_bytes());
        self.state().asked.push((Instant::now(), request.purpose, key));
        let mood = self.state().mood;
        match mood {
            Mood::IsAway => bail!("no answer"),
            Mood::TalksNonsense => Ok(CertificateAnswer::Issued { chain_pem: "x".repeat(100) }),
            Mood::HasNoTime => {
                let reason = "many boxes ask at once".to_owned();
                Ok(CertificateAnswer::Later { reason, retry_after_s: 100 })
            }
            _ => Ok(CertificateAnswer::Issued { chain_pem: self.issue(request) }),
        }
    }

    async fn segment(&self, _: &SegmentRef) -> Result<Bytes> {
        bail!("nobody fetches here")
    }
}

/// A box that has just joined.
struct Place {
    folder: TempDir,
    fleet: Arc<SimFleet>,
    renewing: Renewing,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Place {
    fn new() -> Self {
        let began = Instant::now();
        let clock: Clock = Arc::new(move || {
            let now = START + began.elapsed();
            TimeUs(i64::try_from(now.as_micros()).expect("a few years"))
        });
        let authority = Authority::new("authority 1");
        let elsewhere = Authority::new("authority of another house");
        let state = State { mood: Mood::Issues, authority, elsewhere, asked: Vec::new() };
        let fleet = Arc::new(SimFleet { clock: Arc::clone(&clock), state: Mutex::new(state) });
        let folder = tempfile::tempdir().expect("a folder");
        for (purpose, file) in
            [(Purpose::Identity, "identity.pem"), (Purpose::Player, "player.pem")]
        {
            let (key, file) = (NewKey::generate().expect("a key"), folder.path().join(file));
            let device = contract::names::DeviceName::new("oca1").expect("a name");
            let csr_pem = key.request(Vec::new()).expect("a request");
            let issued = fleet.issue(&CertificateRequest { device, purpose, csr_pem });
            let kept = (purpose, &Keeping::Plain);
            match purpose {
                Purpose::Identity => key.write_with(&issued, &file, kept).expect("written"),
                Purpose::Player => key.write_uncertified(&file, kept).expect("written"),
            }
        }
        let (config, keys) = (Arc::new(config(folder.path())), Keys::default());
        let identity = Identity::open(&config.identity, &keys).expect("an identity");
        let renewing = Renewing {
            config,
            identity,
            certificates: Certificates::default(),
            keys,
            journal: Journal::new(Arc::clone(&clock)),
            clock,
            players: watch::Sender::new(Issuer::Fleet),
        };
        let (stop, stopped) = watch::channel(false);
        let (runs, link) = (renewing.clone(), Arc::clone(&fleet));
        let place = |running| Self { folder, fleet, renewing, stop, running };
        let place = place(tokio::spawn(async move { runs.run(&*link, stopped).await }));
        place.names();
        place
    }

    /// The root names the authority that issues now.
    fn names(&self) {
        let trust = naming(&[&self.fleet.state().authority]);
        self.renewing.identity.believe(&trust).expect("authorities");
    }

    fn leaf(&self, file: &str) -> Leaf {
        let text = std::fs::read(self.folder.path().join(file)).expect("a file");
        Leaf::read(&text).expect("a certificate")
    }

    fn is_good(&self, file: &str) -> bool {
        let (leaf, now) = (self.leaf(file), (self.renewing.clock)());
        (leaf.not_before..leaf.not_after).contains(&now) && !leaf.is_uncertified()
    }

    fn set(&self, mood: Mood) {
        self.fleet.state().mood = mood;
    }

    fn asked(&self) -> usize {
        self.fleet.state().asked.len()
    }

    /// Events of a kind.
    fn events(&self, kind: &str) -> usize {
        self.renewing.journal.unreported().iter().filter(|event| event.kind == kind).count()
    }

    async fn end(self) {
        self.stop.send_replace(true);
        self.running.await.expect("it ends");
    }
}

#[tokio::test(start_paused = true)]
async fn certificates_follow_one_another_for_years() {
    let place = Place::new();
    sleep(Duration::from_secs(60)).await;
    assert!(place.is_good("player.pem"), "a box that has just joined is certified at once");
    assert_eq!(place.asked(), 1);
    for day in 0..3 * 365 {
        sleep(DAY).await;
        assert!(place.is_good("player.pem") && place.is_good("identity.pem"), "day {day}");
    }
    let asked: Vec<Instant> = place.fleet.state().asked.iter().map(|it| it.0).collect();
    // Every 80 to 90 days for each of the two, and the first.
    assert!((24..=28).contains(&asked.len()), "asked {} times", asked.len());
    assert_eq!(place.events("certificate_not_renewed"), 0);
    place.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_fleet_that_is_away_for_weeks_is_asked_until_it_is_back() {
    let place = Place::new();
    sleep(Duration::from_secs(60)).await;
    place.set(Mood::IsAway);
    sleep(118 * DAY).await;
    assert!(place.is_good("player.pem") && place.is_good("identity.pem"), "they last so long");
    assert_eq!(place.events("certificate_not_renewed"), 2, "once for each");
    let asked = place.asked();
    assert!(asked < 2 * 40 * 24, "asked {asked} times in vain");
    place.set(Mood::Issues);
    sleep(LONGEST_PAUSE * 2).await;
    let now = (place.renewing.clock)();
    for file in ["player.pem", "identity.pem"] {
        assert!(place.leaf(file).not_after > now.plus_s(100 * 86_400), "{file}");
    }
    place.end().await;
}

#[tokio::test(start_paused = true)]
async fn who_is_told_to_come_later_comes_then_and_with_the_same_key() {
    let place = Place::new();
    place.set(Mood::HasNoTime);
    sleep(Duration::from_secs(1050)).await;
    let asked = std::mem::take(&mut place.fleet.state().asked);
    assert_eq!(asked.len(), 11);
    assert!(asked.windows(2).all(|pair| pair[0].2 == pair[1].2), "another key each time");
    assert_eq!(place.events("certificate_not_renewed"), 0, "nothing is wrong");
    place.set(Mood::Issues);
    sleep(Duration::from_secs(100)).await;
    assert!(place.is_good("player.pem"));
    place.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_not_asked_for_is_not_taken() {
    let place = Place::new();
    sleep(Duration::from_secs(60)).await;
    for mood in [Mood::IssuesForAnother, Mood::IssuesWhatHasEnded, Mood::TalksNonsense] {
        let before = place.leaf("player.pem");
        place.set(mood);
        sleep(92 * DAY).await;
        assert_eq!(place.leaf("player.pem"), before, "{mood:?}");
        place.set(Mood::Issues);
        sleep(LONGEST_PAUSE * 2).await;
        assert_ne!(place.leaf("player.pem"), before, "{mood:?}");
    }
    place.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_replaced_is_left_soon() {
    let place = Place::new();
    sleep(Duration::from_secs(60)).await;
    let old = place.leaf("identity.pem").issuer;
    assert_eq!(place.leaf("player.pem").issuer, old);
    place.fleet.state().authority = Authority::new("authority 2");
    place.names();
    // Ten reports at the most, and the exchange.
    sleep(Duration::from_secs(101)).await;
    for file in ["player.pem", "identity.pem"] {
        assert_ne!(place.leaf(file).issuer, old, "{file}");
    }
    assert_eq!(place.asked(), 3);
    place.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_better_is_not_taken_and_asked_for_less_and_less() {
    let place = Place::new();
    sleep(Duration::from_secs(60)).await;
    let before = ["player.pem", "identity.pem"].map(|file| place.leaf(file));
    // Named, and not held by the fleet: it was restored from a backup.
    let named = Authority::new("authority 2");
    let trust = naming(&[&place.fleet.state().authority, &named]);
    place.renewing.identity.believe(&trust).expect("authorities");
    sleep(DAY).await;
    assert_eq!(["player.pem", "identity.pem"].map(|file| place.leaf(file)), before);
    assert_eq!(place.events("certificate_not_renewed"), 2, "once for each");
    let asked = place.asked();
    assert!((20..120).contains(&asked), "asked {asked} times");
    place.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_issued_elsewhere_is_taken_once_the_fleet_says_so() {
    let place = Place::new();
    sleep(Duration::from_secs(60)).await;
    let own = place.leaf("player.pem").issuer;
    place.set(Mood::OrdersElsewhere);
    place.renewing.players.send_replace(Issuer::Elsewhere);
    sleep(Duration::from_secs(101)).await;
    let elsewhere = place.leaf("player.pem");
    assert_ne!(elsewhere.issuer, own);
    assert_eq!(elsewhere.names, [HOST], "the box has asked for its names");
    assert_eq!(place.leaf("identity.pem").issuer, own);
    let asked = place.asked();
    // A process that has heard nothing yet keeps what there is; so does one that has.
    for said in [Issuer::NotSaid, Issuer::Elsewhere] {
        place.renewing.players.send_replace(said);
        sleep(DAY).await;
        assert_eq!(place.asked(), asked, "{said:?}");
    }
    place.set(Mood::Issues);
    place.renewing.players.send_replace(Issuer::Fleet);
    sleep(Duration::from_secs(101)).await;
    assert_eq!(place.leaf("player.pem").issuer, own, "and back");
    assert_eq!(place.events("certificate_not_renewed"), 0);
    place.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_issued_elsewhere_is_not_taken_otherwise() {
    let place = Place::new();
    sleep(Duration::from_secs(60)).await;
    let before = place.leaf("player.pem");
    // By the fleet's word its own authority issues.
    place.set(Mood::OrdersElsewhere);
    sleep(92 * DAY).await;
    assert_eq!(place.leaf("player.pem"), before);
    place.renewing.players.send_replace(Issuer::Elsewhere);
    place.set(Mood::OrdersHalfAChain);
    sleep(DAY).await;
    assert_eq!(place.leaf("player.pem"), before, "viewers would lack its issuer");
    place.set(Mood::OrdersElsewhere);
    sleep(LONGEST_PAUSE * 2).await;
    assert_ne!(place.leaf("player.pem"), before);
    place.end().await;
}
