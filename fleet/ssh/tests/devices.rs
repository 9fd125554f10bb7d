//! Devices that are slow, mute, cut off, or many.

mod support;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
use ssh::{
    Algorithms, Cancel, Device, During, HostKeys, Limits, Login, Prompt, Session, SshFailure, Why,
    each,
};
use ssh_devices::{Device as Simulated, Devices, Fault, WRONG_PASSWORD, running_config};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{limits, not_open, open, secret};

const CONFIG: &str = "show running-config";

/// Short, for what is to fail by it; the other steps have their time.
const BRIEF: Duration = Duration::from_millis(600);

fn simulate(devices: &[Simulated]) -> Devices {
    Devices::start(ports::free().expect("a port"), devices).expect("devices")
}

fn with_fault(fault: Fault) -> Devices {
    simulate(&[Simulated { fault, ..Simulated::default() }])
}

/// A device of theirs, as inventory knows it.
fn device(devices: &Devices, at: usize, login: Login) -> Device {
    Device {
        name: format!("{}-{at}", login.user),
        address: devices.address(at),
        host_keys: HostKeys::parse(devices.host_key(at)).expect("a key"),
        algorithms: Algorithms::Current,
        login: Arc::new(login),
    }
}

fn by_password(user: &str) -> Login {
    Login::with_password(user, secret("sesame"))
}

fn first(devices: &Devices) -> Device {
    device(devices, 0, by_password("fleet"))
}

/// What was given up, and that it was in time.
fn given_up<T>(begun: Instant, done: Result<T, SshFailure>) -> During {
    match done.map_err(|failure| failure.why) {
        Err(Why::Deadline { during, after }) => {
            assert_eq!(after, BRIEF);
            assert!(begun.elapsed() < BRIEF * 4, "{:?}", begun.elapsed());
            during
        }
        Err(why) => panic!("{why}"),
        Ok(_) => panic!("there was no end to wait for"),
    }
}

#[test]
fn a_configuration_is_what_the_device_has() {
    let devices = simulate(&[Simulated::default()]);
    let mut session = open(&first(&devices)).expect("open");
    let said = session.output_of(CONFIG, b"", &limits()).expect("run");
    assert!(said == running_config(20 << 10).into_bytes());
    let failure = session.output_of("reload", b"", &limits()).expect_err("a status");
    assert!(matches!(failure.why, Why::Exit { status: 1, .. }), "{failure}");
}

#[test]
fn passwords_let_in_as_do_answers_to_questions() {
    let devices = simulate(&[Simulated::default()]);
    for user in ["fleet", "asked"] {
        open(&device(&devices, 0, by_password(user))).expect(user);
        let wrong = Login::with_password(user, secret(WRONG_PASSWORD));
        let why = not_open(&device(&devices, 0, wrong), &limits());
        assert!(matches!(&why, Why::NotLetIn { .. }), "{why}");
        assert!(!why.to_string().contains(WRONG_PASSWORD), "{why}");
    }
}

#[test]
fn nobody_is_connected_to_who_is_not_known() {
    let devices = simulate(&[Simulated::default()]);
    let unknown = Device { host_keys: HostKeys::default(), ..first(&devices) };
    assert_eq!(not_open(&unknown, &limits()), Why::NoHostKeys);
    assert_eq!(devices.connections(), 0);
}

#[test]
fn a_black_hole_is_left_in_time() {
    // A queue for one, with two in it: the kernel answers no more SYNs.
    let queue = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&queue, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("bound");
    listen(&queue, 0).expect("listens");
    let address = SocketAddr::try_from(getsockname(&queue).expect("a name")).expect("an address");
    let _first = TcpStream::connect(address).expect("connected");
    let devices = with_fault(Fault::Silent);
    let brief = Limits { connect: BRIEF, handshake: BRIEF, ..limits() };
    let hole = Device { address, ..first(&devices) };
    let cancel = Cancel::new().expect("an event");
    let begun = Instant::now();
    assert_eq!(given_up(begun, Session::open(&hole, &brief, &cancel)), During::Connect);
    let begun = Instant::now();
    let silent = Session::open(&first(&devices), &brief, &cancel);
    assert_eq!(given_up(begun, silent), During::Handshake);
}

#[test]
fn where_nobody_listens_one_is_refused() {
    let address = (Ipv4Addr::LOCALHOST, ports::free().expect("a port")).into();
    let devices = simulate(&[Simulated::default()]);
    assert_eq!(not_open(&Device { address, ..first(&devices) }, &limits()), Why::Refused);
    // What is everybody is nobody for TCP.
    let nowhere = (Ipv4Addr::new(224, 0, 0, 1), 22).into();
    let why = not_open(&Device { address: nowhere, ..first(&devices) }, &limits());
    assert!(matches!(why, Why::Unreachable(_)), "{why}");
}

#[test]
fn a_byte_at_a_time_is_no_way_to_stay() {
    // Each byte comes long before anybody would call a single wait too long.
    let devices = with_fault(Fault::Drips(BRIEF / 20));
    let brief = Limits { handshake: BRIEF, ..limits() };
    let cancel = Cancel::new().expect("an event");
    let begun = Instant::now();
    let done = Session::open(&first(&devices), &brief, &cancel);
    assert_eq!(given_up(begun, done), During::Handshake);
    // Slow is not too slow.
    let devices = with_fault(Fault::Drips(Duration::from_micros(10)));
    open(&first(&devices)).expect("open");
}

#[test]
fn who_hangs_up_behind_the_last_line_was_heard() {
    let devices = with_fault(Fault::HangsUp);
    for _ in 0..50 {
        let mut session = open(&first(&devices)).expect("open");
        let said = session.output_of(CONFIG, b"", &limits()).expect("run");
        assert_eq!(said.len(), 20 << 10);
    }
}

#[test]
fn wherever_it_is_cut_it_is_no_configuration() {
    let mut seen = BTreeSet::new();
    for bytes in (5..26_000).step_by(1301) {
        let devices = with_fault(Fault::CutAfter(bytes));
        let done = open(&first(&devices))
            .and_then(|mut session| session.output_of(CONFIG, b"", &limits()));
        match done.map_err(|failure| failure.why) {
            Err(Why::Closed { during }) => seen.insert(format!("{during:?}")),
            Err(why) => panic!("{bytes}: {why}"),
            // All had come, and the end of the connection was the end of all.
            Ok(said) => {
                assert_eq!(said.len(), 20 << 10);
                seen.insert("nowhere".to_owned())
            }
        };
    }
    assert!(seen.contains("Handshake") && seen.contains("Command"), "{seen:?}");
}

#[test]
fn who_never_stops_is_stopped() {
    let devices = with_fault(Fault::Endless);
    let mut session = open(&first(&devices)).expect("open");
    let failure = session.run(CONFIG, b"", &limits()).expect_err("too much");
    assert_eq!(failure.why, Why::TooMuch { limit_bytes: limits().output_bytes });
}

fn prompt(first: &[&str]) -> Prompt {
    let first = first.iter().map(|line| (*line).to_owned()).collect();
    Prompt { endings: vec!["#".to_owned(), ">".to_owned()], first }
}

#[test]
fn a_switch_that_knows_no_commands_has_a_screen() {
    let latency = Duration::from_millis(2);
    let devices = simulate(&[Simulated { has_commands: false, latency, ..Simulated::default() }]);
    let mut session = open(&first(&devices)).expect("open");
    let mut screen = session.screen(&prompt(&["terminal length 0"]), &limits()).expect("a screen");
    let clock = screen.ask("show clock").expect("an answer");
    assert_eq!(clock, "12:00:00.000 UTC Tue Dec 1 2026");
    let said = screen.ask(CONFIG).expect("an answer");
    assert_eq!(said.trim_end(), running_config(20 << 10).trim_end());
    let bad = screen.ask("show\nreload").expect_err("two lines");
    assert!(matches!(bad.why, Why::BadWord { .. }), "{bad}");
    drop(screen);
    let failure = session.run(CONFIG, b"", &limits()).expect_err("no commands");
    assert!(matches!(failure.why, Why::NotGiven { what: "command", .. }), "{failure}");
}

#[test]
fn a_prompt_that_never_comes_is_waited_for_no_longer() {
    let brief = Limits { command: BRIEF, ..limits() };
    let mute = with_fault(Fault::NoPrompt);
    let begun = Instant::now();
    let mut session = open(&first(&mute)).expect("open");
    assert_eq!(given_up(begun, session.screen(&prompt(&[]), &brief).map(drop)), During::Prompt);
    // Nor does one come behind «--More--», where paging is on.
    let devices = simulate(&[Simulated::default()]);
    let mut session = open(&first(&devices)).expect("open");
    let mut screen = session.screen(&prompt(&[]), &brief).expect("a screen");
    let begun = Instant::now();
    assert_eq!(given_up(begun, screen.ask(CONFIG)), During::Prompt);
}

/// Two hundred devices at ten addresses.
fn crowd(devices: &Devices) -> Vec<Device> {
    (0..200).map(|at| device(devices, at % 10, by_password(&format!("sw{at}")))).collect()
}

#[test]
fn two_hundred_devices_are_visited_at_once_and_some_of_them_fail() {
    let latency = Duration::from_millis(20);
    let good = Simulated { latency, config_bytes: 2000, ..Simulated::default() };
    let mut all = vec![good; 10];
    all[3].fault = Fault::CutAfter(3000);
    let devices = simulate(&all);
    let mut visited = crowd(&devices);
    // Who answers there is another.
    visited[7].host_keys = HostKeys::parse(devices.host_key(8)).expect("a key");
    let names: BTreeSet<String> = visited.iter().map(|device| device.name.clone()).collect();
    let cancel = Cancel::new().expect("an event");
    let results =
        each(visited, 200, limits(), cancel, |session| session.output_of(CONFIG, b"", &limits()));
    let (mut seen, mut failed) = (BTreeSet::new(), 0);
    for (device, done) in results.expect("threads") {
        match done.map_err(|failure| failure.why) {
            Ok(said) => assert_eq!(said.len(), 2000),
            Err(Why::Closed { .. }) => assert!(device.name.ends_with("-3"), "{}", device.name),
            Err(Why::HostKey { .. }) => assert_eq!(device.name, "sw7-7"),
            Err(why) => panic!("{}: {why}", device.name),
        }
        failed += usize::from(device.name.ends_with("-3"));
        seen.insert(device.name);
    }
    assert_eq!(seen, names);
    assert_eq!(failed, 20);
}

#[test]
fn who_calls_it_off_waits_for_nobody() {
    let devices = simulate(&vec![Simulated { fault: Fault::Silent, ..Simulated::default() }; 10]);
    let cancel = Cancel::new().expect("an event");
    let results = each(crowd(&devices), 20, limits(), cancel.clone(), |_| Ok(()));
    let results = results.expect("threads");
    let begun = Instant::now();
    while devices.connections() < 20 {
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody comes");
        std::thread::yield_now();
    }
    let begun = Instant::now();
    cancel.cancel();
    let why: Vec<Why> = results.map(|(_, done)| done.expect_err("called off").why).collect();
    assert!(why.iter().all(|why| matches!(why, Why::Cancelled { .. })), "{why:?}");
    assert_eq!(why.len(), 200);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // Who was not begun was not connected to.
    assert_eq!(devices.connections(), 20);
}

#[test]
fn nobody_listens_and_nobody_goes_on() {
    let devices = simulate(&vec![Simulated::default(); 10]);
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = {
        let taken = Arc::clone(&taken);
        crowd(&devices).into_iter().cycle().inspect(move |_| {
            taken.fetch_add(1, Ordering::Relaxed);
        })
    };
    let cancel = Cancel::new().expect("an event");
    let mut results =
        each(counted, 4, limits(), cancel, |session| session.output_of(CONFIG, b"", &limits()))
            .expect("threads");
    for _ in 0..3 {
        results.next().expect("a result").1.expect("a configuration");
    }
    drop(results);
    // Each thread has one under way, and one that nobody has fetched.
    let taken = taken.load(Ordering::Relaxed);
    assert!(taken <= 3 + 2 * 4 + 4, "{taken} devices were taken");
}
