//! A disk that is a file system in a file: somebody else fills it to the last byte, and bits of it
//! change under the box. Nobody gets a wrong byte, nothing that the box said it holds is lost in
//! silence, and it goes on when it can.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use cache::layout::content_offset;
use parts::documents::Objects;
use parts::image::{Image, may_mount, said};
use parts::place::Place;
use parts::running::Running;
use parts::viewer::{Client, NoAnswer};
use parts::{content, wait_for};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const MIB: u64 = 1 << 20;

/// How events are called that say that an object which was held is held no more.
const LOSSES: [&str; 5] =
    ["block_corrupt", "disk_error", "disk_ejected", "file_discarded", "table_damaged"];

fn place(objects: Objects<'static>) -> Place {
    let place = Place::with("auto", objects);
    // Nobody keeps a box waiting that has just started.
    let fleet = format!("\"{}\"", place.fleet.local_addr().expect("address"));
    let changes = [
        (&*fleet, "\"127.0.0.1:1\""),
        ("stall_timeout_s: 60", "stall_timeout_s: 60, parallel: 1"),
        ("capacity_bytes: 64MiB", "capacity_bytes: 64MiB, reserve_bytes: 4MiB"),
    ];
    place.configure(2, &changes);
    place
}

fn held(place: &Place) -> u64 {
    place.status().map_or(0, |report| report.held.objects_held)
}

/// What has happened by the log of the box, through all of its lives: kind and subject.
fn events(running: &Running<'_>) -> Vec<(String, String)> {
    let event = |line: &str| {
        // The last line may still be written.
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let field = |name: &str| Some(line["fields"][name].as_str()?.to_owned());
        Some((field("kind")?, field("subject")?))
    };
    running.log().lines().filter_map(event).collect()
}

/// Whether something of this kind has happened to something whose name ends so.
fn happened(running: &Running<'_>, kind: &str, subject: &str) -> bool {
    events(running).iter().any(|(what, to)| what == kind && to.ends_with(subject))
}

fn lost(running: &Running<'_>) -> Vec<(String, String)> {
    let is_loss = |(kind, _): &(String, String)| LOSSES.contains(&&**kind);
    events(running).into_iter().filter(is_loss).collect()
}

/// Whether an object is served whole. What comes is right as far as it goes, whatever it is.
fn is_served(client: &Client, place: &Place, (path, size): (&str, usize)) -> bool {
    let expected = content(path, size);
    let mut connection = client.connect(place.player).expect("connected");
    let head = match connection.ask(path) {
        Ok(head) => head,
        Err(NoAnswer::Closed | NoAnswer::Broken(_)) => return false,
    };
    if head.status != 200 {
        assert_eq!(head.status, 404, "{path}");
        return false;
    }
    let came = connection.as_far_as_it_goes(head.length);
    assert!(expected.starts_with(&came), "wrong bytes of {path}");
    came.len() == size
}

fn are_served(client: &Client, place: &Place, objects: Objects<'_>) -> bool {
    objects.iter().all(|object| is_served(client, place, *object))
}

/// Fills the disk until so much is free, or nothing.
fn fill_up(image: &Image, pid: u32, leave_bytes: u64) {
    let filler = image.within(pid, &format!("somebody-else-{leave_bytes}"));
    let filler = filler.to_str().expect("text");
    let take = image.free(pid).saturating_sub(leave_bytes);
    said("fallocate", &["-l", &take.to_string(), filler]);
    if leave_bytes == 0 {
        // What is left when a file's own blocks are counted.
        let of = format!("of={filler}-more");
        let dd = Command::new("dd").args(["if=/dev/zero", &of, "bs=4k"]).output().expect("dd");
        let err = String::from_utf8_lossy(&dd.stderr).into_owned();
        assert!(err.contains("No space left on device"), "{err}");
        assert_eq!(image.free(pid), 0);
    }
}

#[test]
fn a_disk_that_somebody_else_fills_to_the_last_byte() {
    const FULL: Objects<'static> =
        &[("/v/first.m4s", 70_000), ("/late/second.m4s", 300_000), ("/v/third.m4s", 3 << 20)];
    const RESERVE: u64 = 4 * MIB;
    if !may_mount() {
        return;
    }
    let place = place(FULL);
    let image = Image::new(place.path("image"), place.path("disk"), 48 * MIB);
    let client = Client::new(&place);
    let running = Running::start_in(&place, &image.mounted());
    let pid = running.pid();
    wait_for("the second is never asked for", || {
        held(&place) == 1 && place.origin.late_asked() > 0
    });

    // There is room on the disk for the third, and not above the reserve.
    fill_up(&image, pid, RESERVE + 2 * MIB);
    place.origin.give_all();
    wait_for("nothing says that there is no room", || {
        happened(&running, "disk_refused", "/v/third.m4s")
    });
    assert_eq!(held(&place), 2, "the second had its room");
    assert!(image.free(pid) >= RESERVE, "{} bytes are free", image.free(pid));

    fill_up(&image, pid, 0);
    assert!(are_served(&client, &place, &FULL[..2]));
    assert_eq!(lost(&running), []);
    // And started over a disk that is full.
    running.kill();
    let running = Running::start_in(&place, &image.mounted());
    let pid = running.pid();
    assert_eq!((held(&place), image.free(pid)), (2, 0));
    assert!(are_served(&client, &place, &FULL[..2]) && !is_served(&client, &place, FULL[2]));
    assert_eq!(lost(&running), []);

    for leave_bytes in [RESERVE + 2 * MIB, 0] {
        let filler = image.within(pid, &format!("somebody-else-{leave_bytes}"));
        fs::remove_file(filler).expect("removed");
    }
    wait_for("the third never comes", || are_served(&client, &place, FULL));
    assert_eq!(lost(&running), []);
}

/// The file of an object: its header says so.
fn file_of(image: &Image, pid: u32, path: &str) -> PathBuf {
    let folders = fs::read_dir(image.within(pid, "objects")).expect("objects");
    let files = folders.flat_map(|folder| fs::read_dir(folder.expect("a folder").path()));
    let is_it = |file: &PathBuf| {
        let octets = fs::read(file).expect("a file");
        octets[..4096].windows(path.len()).any(|some| some == path.as_bytes())
    };
    let mut files = files.flatten().map(|file| file.expect("a file").path());
    files.find(is_it).unwrap_or_else(|| panic!("no file of {path}"))
}

#[test]
fn bits_that_change_under_the_file_system() {
    const ROTTEN: Objects<'static> =
        &[("/v/content.mp4", 5 << 20), ("/v/header.mp4", 3 << 20), ("/v/table.mp4", 2 << 20)];
    if !may_mount() {
        return;
    }
    let place = place(ROTTEN);
    let image = Image::new(place.path("image"), place.path("disk"), 48 * MIB);
    let client = Client::new(&place);
    let running = Running::start_in(&place, &image.mounted());
    wait_for("never held", || held(&place) == 3);
    let pid = running.pid();
    let [of_content, of_header, of_table] = [0, 1, 2].map(|at| file_of(&image, pid, ROTTEN[at].0));

    // In the third slice, before anybody has asked for it.
    let asked = place.origin.sent();
    image.flip(&of_content, content_offset(5 * MIB) + 5 * MIB / 2);
    assert!(!is_served(&client, &place, ROTTEN[0]), "it cannot have been whole");
    wait_for("nothing says so", || happened(&running, "block_corrupt", "/v/content.mp4"));
    wait_for("it does not come again", || is_served(&client, &place, ROTTEN[0]));
    assert_eq!(place.origin.sent() - asked, 1 << 20, "it costs the slice that it stands in");
    assert_eq!(lost(&running).len(), 1, "{:?}", lost(&running));

    // In what is read at start.
    image.flip(&of_header, 100);
    image.flip(&of_table, 4096 + 64 + 7);
    running.kill();
    let running = Running::start_in(&place, &image.mounted());
    let name = of_header.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(happened(&running, "file_discarded", &name), "{:?}", lost(&running));
    assert!(happened(&running, "table_damaged", "/v/table.mp4"), "{:?}", lost(&running));
    wait_for("they do not come again", || are_served(&client, &place, ROTTEN));
    drop(running);
}
