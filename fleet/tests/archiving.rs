//! Copies of what devices run: taken of a machine with OpenSSH, of switches, and of those that are not who or where
//! they are said to be; as revisions, in a search, and as a git repository. On both databases.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use ssh_devices::{Device, Devices};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use support::process::Server;
use support::router::Router;
use support::shell::typed;

/// How long the fleet may take to do by itself what it is to do every second.
const PATIENCE: Duration = Duration::from_secs(60);

/// A password that the fleet knows, since it tells the device.
const KNOWN: &str = "correct-horse-battery";

/// One that nobody but the device knows.
const PLANTED: &str = "hunter2-of-the-router";

const DEVICES: &str = r#"
fleet site create munich --latitude 48.1 --longitude 11.6
fleet device create r1.munich --role router --site munich --status racked
fleet device create sw1.munich --role switch --site munich --status racked
fleet device create sw2.munich --role switch --site munich --status racked
fleet device create away.munich --role switch --site munich --status racked
fleet device create stranger.munich --role switch --site munich --status racked
fleet device create nowhere.munich --role switch --site munich --status racked
fleet device edit r1.munich --ssh-host-keys "ssh-ed25519 nonsense"
"#;

const FIRST: &str = r#"
fleet config backups
fleet config backup
fleet config backup nowhere.munich
fleet config backup nobody.munich
fleet config log | sort
fleet config log r1.munich -o yaml | grep -v "id:"
fleet config show r1.munich --revision latest
fleet config show r1.munich --revision 1 running-config
fleet config show r1.munich --revision 1 startup-config
fleet config show r1.munich --revision 2
fleet config show r1.munich --revision two
fleet config diff r1.munich
fleet config backup r1.munich sw1.munich
"#;

const SECOND: &str = r#"
fleet config backup r1.munich
fleet config diff r1.munich
fleet config diff r1.munich 2 1 -o json
fleet config diff r1.munich 2 2
fleet config search "^router bgp"
fleet config search "(?i)HOSTNAME r1" --all
fleet config search "hostname" --all -n 1
fleet config search "("
fleet config log r1.munich
"#;

/// What it says when it is asked what it runs: a file of ours.
fn runs(router: &Router, asn: u32) {
    let config = format!(
        "Building configuration...\n\nCurrent configuration:\n!\nfrr version 8.4.4\nhostname r1\n!\n\
             router bgp {asn}\n neighbor 192.0.2.9 remote-as 64511\n neighbor 192.0.2.9 password {PLANTED}\n\
             exit\n! the other one is {KNOWN}\nend\n"
    );
    std::fs::write(router.folder.join("running"), config).expect("written");
}

/// The devices' ways, as config contexts say them.
fn ways(router: &Router, switches: u16) -> String {
    let secrets = router.folder.display();
    format!(
        r##"
fleet config-context create everywhere --data '{{"management": {{"private_key": {{"$secret": "file:{secrets}/key"}}, "platform": "cisco-ios", "port": {switches}}}, "backup": {{"enabled": false}}}}'
fleet config-context create r1 --device r1.munich --data '{{"management": {{"platform": "frr", "port": {port}}}, "bgp": {{"password": {{"$secret": "file:{secrets}/bgp"}}}}, "backup": {{"commands": [{{"name": "running-config", "command": "cat {secrets}/running"}}]}}}}'
fleet config-context create sw2 --device sw2.munich --data '{{"management": {{"prompts": ["#"], "first_lines": ["terminal length 0"]}}}}'
fleet device edit r1.munich --management-address 127.0.0.1 --ssh-host-keys "{}"
"##,
        router.host_key(),
        port = router.port,
    )
}

/// Where switches listen, and by what they are known. One is known by the key of another, and at one place nobody
/// listens.
fn switches(devices: &Devices) -> String {
    let known = [("sw1", 0, 0), ("sw2", 1, 1), ("stranger", 1, 0)];
    let known = known.map(|(name, at, key)| {
        let (ip, key) = (devices.address(at).ip(), devices.host_key(key));
        format!(
            "fleet device edit {name}.munich --management-address {ip} --ssh-host-keys \"{key}\"\n"
        )
    });
    let away = format!(
        "fleet device edit away.munich --management-address 127.0.0.9 --ssh-host-keys \"{}\"\n",
        devices.host_key(0)
    );
    known.concat() + &away
}

/// Asks until it is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The commits of a repository, the latest first.
fn commits(repository: &Path) -> Vec<String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(repository).args(["log", "--format=%s", "main"]);
    let said = git.output().expect("git").stdout;
    String::from_utf8(said).expect("text").lines().map(str::to_owned).collect()
}

fn story(database_url: Option<&str>) -> String {
    let work = tempfile::tempdir().expect("a folder");
    let (data, machine) = (work.path().join("data"), work.path().join("machine"));
    std::fs::create_dir(&machine).expect("a folder");
    std::fs::write(machine.join("bgp"), KNOWN).expect("written");
    let router = Router::start(&machine);
    let screen = Device { has_commands: false, ..Device::default() };
    let port = ports::free().expect("a port");
    let devices = Devices::start(port, &[Device::default(), screen]).expect("devices");
    let secrets = ["--secrets", machine.to_str().expect("text")];
    let mut server = Server::start_with(&data, database_url, &secrets);
    let steady = |said: String| {
        let said = said.replace(&format!(":{port}"), ":SWITCHES");
        said.replace(&format!(":{}", router.port), ":ROUTER")
    };
    let mut all = typed(&server, work.path(), DEVICES);
    // What is typed of keys and ports is another each time.
    let said = typed(&server, work.path(), &(ways(&router, port) + &switches(&devices)));
    assert!(!said.contains("\n["), "{said}");
    runs(&router, 64496);
    all += &steady(typed(&server, work.path(), FIRST));
    runs(&router, 64497);
    all += &steady(typed(&server, work.path(), SECOND));
    // Who is stopped and comes back goes on with what was kept.
    server.stop();
    let server = Server::start_with(&data, database_url, &secrets);
    let repository = work.path().join("copies");
    let export = || typed(&server, work.path(), "fleet config export copies\n");
    all += &export();
    all += &export();
    assert_eq!(commits(&repository).len(), 4);
    runs(&router, 64498);
    let often = "fleet config-context create often --device r1.munich --expires 2100-01-01T00:00:00Z --data '{backup: {enabled: true, every_s: 1}}'\n";
    typed(&server, work.path(), often);
    let log = || server.ok(&["config", "log", "r1.munich"]);
    until("a revision by itself", || log().contains("schedule"));
    all += &export();
    assert_eq!(commits(&repository)[0], "r1.munich: revision 3 (schedule)");
    let shown = Command::new("git")
        .arg("-C")
        .arg(&repository)
        .args(["show", "main:r1.munich/running-config"])
        .output()
        .expect("git");
    let shown = String::from_utf8(shown.stdout).expect("text");
    assert!(shown.contains("router bgp 64498") && !shown.contains("Building"), "{shown}");
    let everything = all.clone() + &log() + &shown;
    for secret in [KNOWN, PLANTED] {
        assert!(!everything.contains(secret), "{everything}");
        assert!(!is_kept(&data, secret.as_bytes()), "{secret} is in a file of the manager");
    }
    all
}

/// Whether some file of the manager has it.
fn is_kept(folder: &Path, secret: &[u8]) -> bool {
    std::fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => is_kept(&path, secret),
            false => {
                let content = std::fs::read(&path).unwrap_or_default();
                content.windows(secret.len()).any(|it| it == secret)
            }
        }
    })
}

#[test]
fn what_devices_run_is_kept_searched_and_exported() {
    insta::assert_snapshot!("copies", story(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn and_on_postgresql() {
    let test = db::testing::postgres().await;
    test.db.close().await;
    let url = test.address.clone();
    let said = tokio::task::spawn_blocking(move || story(Some(&url))).await.expect("a story");
    insta::assert_snapshot!("copies", said);
}
