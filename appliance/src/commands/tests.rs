use super::*;
use crate::journal::Journal;
use crate::one_disk;
use contract::SCHEMA;
use contract::config::Scrub;
use contract::envelope::{Generation, Header, Kind, Role, SigningKey};
use contract::names::DeviceName;
use contract::time::TimeUs;
use rcgen::KeyPair;
use tempfile::TempDir;

const NOW: TimeUs = TimeUs(1_795_564_800_000_000);

/// A box with one disk.
struct Place {
    folder: TempDir,
    means: Means,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let path = |name: &str| folder.path().join(name);
        let journal = Journal::new(Arc::new(|| NOW));
        let cache = one_disk::open(path("disk"), &journal);
        let (config, file) = (Scrub::default(), path("scrub.json"));
        let scrubbing = Scrubbing::open(Arc::clone(&cache), journal, config, file);
        let kept_out = KeptOut::open(path("ejected.json"));
        Self { means: Means { cache, scrubbing, kept_out }, folder }
    }

    fn disk(&self) -> String {
        self.folder.path().join("disk").display().to_string()
    }

    fn commands(&self) -> Commands {
        let file = self.folder.path().join("commands.json");
        Commands::open(self.means.clone(), Arc::new(|| NOW), file)
    }

    fn in_use(&self) -> bool {
        self.means.cache.disks().len() == 1
    }
}

fn command(id: &str, action: Action) -> Command {
    Command { schema: SCHEMA, id: id.to_owned(), deadline_us: NOW, action }
}

fn sealed(command: &Command) -> Envelope {
    let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("key");
    let key = SigningKey::from_pkcs8("k".to_owned(), Role::Control, &pair.serialize_der());
    let header = Header {
        schema: SCHEMA,
        kind: Kind::Command,
        addressee: DeviceName::new("oca1").expect("name"),
        generation: Generation { epoch: 1, number: 1 },
        issued_at_us: NOW,
        not_after_us: NOW,
    };
    Envelope::seal(header, command, &key.expect("an Ed25519 key")).expect("sealed")
}

async fn outcome(commands: &mut Commands, command: Command) -> Outcome {
    assert_eq!(commands.begin(&sealed(&command), command), Stage::Pending);
    let (_, _, outcome) = commands.end().await;
    outcome
}

#[tokio::test]
async fn a_disk_that_is_ejected_stays_so_until_it_is_readmitted() {
    let place = Place::new();
    let mut commands = place.commands();
    let (eject, readmit) = (
        || Action::EjectDisk { folder: place.disk() },
        || Action::ReadmitDisk { folder: place.disk() },
    );
    for id in ["1", "2"] {
        assert_eq!(outcome(&mut commands, command(id, eject())).await, Outcome::Done);
        assert!(!place.in_use());
    }
    // As a reload or a new process does, over a disk that somebody else takes into use.
    let disk = PathBuf::from(place.disk());
    place.means.cache.readmit(&disk).expect("in use");
    KeptOut::open(place.folder.path().join("ejected.json")).enforce(&place.means.cache);
    assert!(!place.in_use());
    for id in ["3", "4"] {
        assert_eq!(outcome(&mut commands, command(id, readmit())).await, Outcome::Done);
        place.means.kept_out.enforce(&place.means.cache);
        assert!(place.in_use());
    }
}

#[tokio::test]
async fn a_disk_that_cannot_be_used_stays_ejected() {
    let place = Place::new();
    let mut commands = place.commands();
    let eject = Action::EjectDisk { folder: place.disk() };
    assert_eq!(outcome(&mut commands, command("1", eject)).await, Outcome::Done);
    std::fs::remove_dir_all(place.disk()).expect("removed");
    std::fs::write(place.disk(), "no folder").expect("written");
    let readmit = Action::ReadmitDisk { folder: place.disk() };
    let said = outcome(&mut commands, command("2", readmit)).await;
    assert!(matches!(said, Outcome::Failed(_)), "{said:?}");
    assert!(place.means.kept_out.has(Path::new(&place.disk())));
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_its_reason() {
    let place = Place::new();
    let mut commands = place.commands();
    let folder = "/disks/other".to_owned();
    let late = Command { deadline_us: NOW.plus_s(-1), ..command("late", Action::Scrub) };
    let version = env!("CARGO_PKG_VERSION");
    for (command, reason) in [
        (command("1", Action::EjectDisk { folder: folder.clone() }), "there is no such disk"),
        (command("2", Action::ReadmitDisk { folder }), "there is no such disk"),
        (command("3", Action::Drain), &format!("appliance {version} does not do this")),
        (late, "it came after its time"),
    ] {
        let said = outcome(&mut commands, command).await;
        assert_eq!(said, Outcome::Refused(reason.to_owned()));
    }
}

#[tokio::test]
async fn how_a_command_ended_is_known_to_the_next_process() {
    let place = Place::new();
    let mut commands = place.commands();
    let (first, second) = (command("1", Action::Scrub), command("2", Action::Drain));
    assert_eq!(commands.begin(&sealed(&first), first.clone()), Stage::Pending);
    // It waits for the one before, and comes again.
    assert_eq!(commands.begin(&sealed(&second), second.clone()), Stage::Pending);
    let (_, action, outcome) = commands.end().await;
    assert_eq!((action, outcome), (Action::Scrub, Outcome::Done));
    assert_eq!(commands.results().len(), 1);

    let mut commands = place.commands();
    assert_eq!(commands.begin(&sealed(&first), first), Stage::Ended);
    for number in 2..2 + MAX_RESULTS {
        self::outcome(&mut commands, command(&number.to_string(), Action::Drain)).await;
    }
    let results = commands.results();
    assert_eq!((results.len(), results[0].id.as_str()), (MAX_RESULTS, "2"));
}
