//! A name server that gives zones to whoever has the key, and takes updates by it: Debian's Knot DNS.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// 32 bytes, as good as any.
const SECRET: &str = "aGVhZGVuZCBoZWFkZW5kIGhlYWRlbmQgaGVhZGVuZCE=";

/// The name server.
pub struct Knot {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl Knot {
    /// Starts it with these zones, each as a file.
    pub fn start(zones: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = ports::free().expect("a port");
        let path = |name: &str| folder.path().join(name);
        for (zone, text) in zones {
            std::fs::write(path(&format!("{zone}.zone")), text).expect("written");
        }
        let names: Vec<&str> = zones.iter().map(|(zone, _)| *zone).collect();
        std::fs::write(path("knot.conf"), configuration(folder.path(), port, &names))
            .expect("written");
        std::fs::write(path("fleet.key"), key("fleet", SECRET)).expect("written");
        std::fs::write(path("wrong.key"), key("fleet", &SECRET.replace('a', "b")))
            .expect("written");
        std::fs::write(path("reads.key"), key("reads", SECRET)).expect("written");
        let log = std::fs::File::create(path("log")).expect("a log");
        // It ends with us, whatever becomes of us.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", "/usr/sbin/knotd", "-c"])
            .arg(path("knot.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("knotd starts");
        let knot = Self { child, folder, port };
        knot.until_ready(&names);
        knot
    }

    fn until_ready(&self, zones: &[&str]) {
        let deadline = Instant::now() + Duration::from_secs(20);
        for zone in zones {
            while self.ask("SOA", zone).is_empty() {
                let log = || std::fs::read_to_string(self.path("log")).unwrap_or_default();
                assert!(Instant::now() < deadline, "{zone} is not there:\n{}", log());
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// A file in its folder: `fleet.key`, `wrong.key` (another secret), `reads.key` (may change nothing).
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it answers, a record a line, in order.
    pub fn ask(&self, kind: &str, name: &str) -> Vec<String> {
        self.kdig(&["+short", kind, name])
    }

    /// All that stands in a zone, in order, but for its beginning.
    pub fn zone(&self, zone: &str) -> Vec<String> {
        let key = format!("hmac-sha256:fleet:{SECRET}");
        let all = self.kdig(&["-y", &key, "+noall", "+answer", "AXFR", zone]);
        let one = |line: &String| line.split_whitespace().collect::<Vec<_>>().join(" ");
        all.iter().map(one).filter(|line| !line.contains(" IN SOA ")).collect()
    }

    fn kdig(&self, more: &[&str]) -> Vec<String> {
        let port = self.port.to_string();
        let mut kdig = Command::new("kdig");
        kdig.args(["@127.0.0.1", "-p", &port, "+tcp", "+retry=0", "+time=5"]).args(more);
        let out = kdig.output().expect("kdig");
        let text = String::from_utf8(out.stdout).expect("text");
        let is_said = |line: &&str| !line.is_empty() && !line.starts_with(";;");
        let lines = text.lines().filter(is_said).map(|line| line.trim().to_owned());
        let mut lines: Vec<String> = lines.collect();
        lines.sort();
        lines
    }

    /// Changes a zone, as somebody else.
    pub fn others_change(&self, zone: &str, commands: &str) {
        let script = self.path("script");
        let text = format!(
            "server 127.0.0.1 {}\nkey hmac-sha256:fleet {SECRET}\nzone {zone}.\n{commands}\nsend\n",
            self.port
        );
        std::fs::write(&script, text).expect("written");
        let out = Command::new("knsupdate").arg("-v").arg(script).output().expect("knsupdate");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }

    /// Ends it without warning.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Knot {
    fn drop(&mut self) {
        self.kill();
    }
}

fn configuration(folder: &Path, port: u16, zones: &[&str]) -> String {
    let folder = folder.display();
    let user = if is_root() { "  user: root\n" } else { "" };
    let zones: String = zones
        .iter()
        .map(|zone| {
            format!(
                "- domain: {zone}\n  file: {folder}/{zone}.zone\n  zonefile-sync: -1\n  \
                 journal-content: changes\n  acl: [fleet, reads]\n"
            )
        })
        .collect();
    format!(
        "server:
  rundir: {folder}
  listen: 127.0.0.1@{port}
{user}database:
  storage: {folder}
key:
- id: fleet
  algorithm: hmac-sha256
  secret: {SECRET}
- id: reads
  algorithm: hmac-sha256
  secret: {SECRET}
acl:
- id: fleet
  key: fleet
  action: [transfer, update]
- id: reads
  key: reads
  action: transfer
zone:
{zones}log:
- target: stderr
  any: info
"
    )
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id");
    id.stdout == b"0\n"
}

/// As `tsig-keygen` prints it.
fn key(name: &str, secret: &str) -> String {
    format!("key \"{name}\" {{\n\talgorithm hmac-sha256;\n\tsecret \"{secret}\";\n}};\n")
}
