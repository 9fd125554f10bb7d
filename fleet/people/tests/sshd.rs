//! Certificates and pinned keys, as OpenSSH understands them: a real server, a real client.

mod support;

use contract::names::DeviceName;
use contract::time::TimeUs;
use people::{
    Grant, HostKey, PersonName, Role, SourceNet, SshAuthority, SshCertificate, SshHost, SshWish,
    allowed,
};
use std::time::{Duration, SystemTime};
use support::keys::{self, KeyPair};
use support::server::{Server, Visit, outcome};
use tempfile::TempDir;

const HOUR: Duration = Duration::from_secs(3600);

/// A fleet's authority, a box that believes it, and somebody with a key.
struct Scene {
    authority: SshAuthority,
    server: Server,
    key: KeyPair,
    known_hosts: String,
    folder: TempDir,
}

/// What somebody asks the fleet for.
#[derive(Clone, Copy)]
struct Asks<'a> {
    appliance: &'a str,
    command: Option<&'a str>,
    sources: &'a [&'a str],
    /// Seconds from now.
    at: i64,
}

const SHELL: Asks<'static> = Asks { appliance: "oca1.site-a", command: None, sources: &[], at: 0 };

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = SshAuthority::open(&folder.path().join("ssh")).expect("a key");
        let server = Server::start("oca1.site-a", authority.public_line());
        let key = keys::make(folder.path(), "anna", &["-t", "ed25519"]);
        let known_hosts = known_hosts(&server, &server.host_key.public).await;
        Self { authority, server, key, known_hosts, folder }
    }

    fn certificate(&self, asks: &Asks<'_>) -> SshCertificate {
        certified(&self.authority, &self.key, asks)
    }

    fn visit(
        &self,
        certificate: Option<&SshCertificate>,
        command: &[&str],
    ) -> Result<String, String> {
        self.visit_with(certificate, &[], command)
    }

    fn visit_with(
        &self,
        certificate: Option<&SshCertificate>,
        options: &[&str],
        command: &[&str],
    ) -> Result<String, String> {
        let (key, known_hosts) = (&self.key, &*self.known_hosts);
        outcome(&self.server.visit(&Visit { key, certificate, known_hosts, options, command }))
    }

    /// The server refuses, and says why.
    fn is_refused(&self, certificate: Option<&SshCertificate>, why: &str) {
        let refused = self.visit(certificate, &["true"]).expect_err(why);
        assert!(refused.contains("Permission denied"), "{why}: {refused}");
        self.server.says(why);
        self.server.says("Connection closed by authenticating user");
    }
}

fn certified(authority: &SshAuthority, key: &KeyPair, asks: &Asks<'_>) -> SshCertificate {
    let sources: Vec<SourceNet> =
        asks.sources.iter().map(|text| text.parse().expect(text)).collect();
    let anna = PersonName::new("anna").expect("a name");
    let wish = SshWish {
        person: &anna,
        grant: &granted(asks),
        public_key: &key.public,
        source_addresses: &sources,
        life: HOUR,
        serial: 42,
        now: TimeUs::from(SystemTime::now()).plus_s(asks.at),
    };
    authority.certify(&wish).expect("certified")
}

fn granted(asks: &Asks<'_>) -> Grant {
    let appliance = DeviceName::new(asks.appliance).expect("a name");
    allowed(Role::Operator, &appliance, asks.command).expect("granted")
}

/// What the fleet says of the box, once it has said this key.
async fn known_hosts(server: &Server, host_key: &str) -> String {
    let test = db::testing::sqlite().await;
    let mut tx = test.db.begin().await.expect("begun");
    for statement in [
        "INSERT INTO sites (\"key\", latitude, longitude, created_at_us) VALUES ('a', 0, 0, 0)",
        "INSERT INTO devices (\"key\", site, created_at_us)
         VALUES ('oca1.site-a', 'a', 0)",
    ] {
        sqlx::query(statement).execute(&mut *tx).await.expect("written");
    }
    tx.commit().await.expect("committed");
    let store = people::HostKeyStore::new(test.db.clone());
    let oca1 = DeviceName::new("oca1.site-a").expect("a name");
    let keys = HostKey::parse_all(host_key).expect("a host key");
    store.replace_all(&oca1, &keys, TimeUs(0)).await.expect("pinned");
    let address = SshHost::new("127.0.0.1", server.port).expect("an address");
    store.known_hosts_lines(&oca1, &[address]).await.expect("lines")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_lets_in_and_the_box_knows_whom() {
    let scene = Scene::new().await;
    let here = ["127.0.0.0/8", "2001:db8::/32"];
    for sources in [&[] as &[&str], &here] {
        let certificate = scene.certificate(&Asks { sources, ..SHELL });
        let said = scene.visit(Some(&certificate), &["echo", "inside"]);
        assert_eq!(said.as_deref(), Ok("inside\n"));
        let line = scene.server.says("Accepted publickey");
        assert!(line.contains("ID anna@oca1.site-a/42 (serial 42)"), "{line}");
    }
    let certificate = scene.certificate(&SHELL);
    let terminal = scene.visit_with(Some(&certificate), &["-tt"], &["tty"]);
    match terminal {
        Ok(terminal) => assert!(terminal.starts_with("/dev/pts/"), "{terminal}"),
        // Where /dev/pts has no group of its own only root's sshd can hand a terminal over; that it
        // was allowed is seen all the same.
        Err(why) => {
            assert!(!ssh_server::is_roots(), "{why}");
            assert!(!why.contains("PTY allocation request failed"), "{why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_certificate_for_this_box_from_here_and_now_stays_outside() {
    let scene = Scene::new().await;
    let certificate = |asks: Asks<'_>| scene.certificate(&asks);
    let others = certificate(Asks { appliance: "oca2.site-a", ..SHELL });
    scene.is_refused(Some(&others), "does not contain an authorized principal");
    let ended = certificate(Asks { at: -2 * 3600, ..SHELL });
    scene.is_refused(Some(&ended), "Certificate invalid: expired");
    let not_yet = certificate(Asks { at: 2 * 3600, ..SHELL });
    scene.is_refused(Some(&not_yet), "Certificate invalid: not yet valid");
    let from_elsewhere = certificate(Asks { sources: &["192.0.2.0/24"], ..SHELL });
    scene.is_refused(Some(&from_elsewhere), "not from a permitted source address");
    let stranger = SshAuthority::open(&scene.folder.path().join("other")).expect("a key");
    let strangers = certified(&stranger, &scene.key, &SHELL);
    scene.is_refused(Some(&strangers), "ED25519-CERT");
    scene.is_refused(None, "Failed publickey");
    // It was none of these for another reason.
    let good = certificate(SHELL);
    assert_eq!(scene.visit(Some(&good), &["echo", "inside"]).as_deref(), Ok("inside\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_is_run_and_nothing_else() {
    let scene = Scene::new().await;
    let asks = Asks { command: Some("echo status \"$SSH_ORIGINAL_COMMAND\""), ..SHELL };
    let certificate = Some(scene.certificate(&asks));
    let visit = |options: &[&str], command: &[&str]| {
        scene.visit_with(certificate.as_ref(), options, command)
    };
    assert_eq!(visit(&[], &[]).as_deref(), Ok("status \n"));
    assert_eq!(visit(&[], &["rm", "-rf", "x"]).as_deref(), Ok("status rm -rf x\n"));
    assert_eq!(visit(&[], &["; echo more"]).as_deref(), Ok("status ; echo more\n"));
    assert_eq!(visit(&["-s"], &["sftp"]).as_deref().map(|it| it.starts_with("status")), Ok(true));
    let refused = visit(&["-tt"], &["sh"]).expect_err("a terminal");
    assert!(refused.contains("PTY allocation request failed"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_forwarded() {
    let scene = Scene::new().await;
    for command in [None, Some("echo status")] {
        let certificate = scene.certificate(&Asks { command, ..SHELL });
        let to_itself = format!("127.0.0.1:{}", scene.server.port);
        let through = scene.visit_with(Some(&certificate), &["-W", &to_itself], &[]);
        let refused = through.expect_err("a way through");
        assert!(refused.contains("administratively prohibited"), "{refused}");
        let back = ["-o", "ExitOnForwardFailure=yes", "-N", "-R", "0:127.0.0.1:9"];
        let refused = scene.visit_with(Some(&certificate), &back, &[]).expect_err("a way back");
        assert!(refused.contains("remote port forwarding failed"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_pinned_host_is_spoken_to() {
    let mut scene = Scene::new().await;
    let certificate = scene.certificate(&SHELL);
    let by_name = ["-o", "HostKeyAlias=oca1.site-a"];
    let enters = |scene: &Scene, options: &[&str]| {
        scene.visit_with(Some(&certificate), options, &["echo", "inside"])
    };
    for options in [&[] as &[&str], &by_name] {
        assert_eq!(enters(&scene, options).as_deref(), Ok("inside\n"), "{options:?}");
    }
    let other = keys::make(scene.folder.path(), "other_host_key", &["-t", "ed25519"]);
    scene.known_hosts = known_hosts(&scene.server, &other.public).await;
    for options in [&[] as &[&str], &by_name] {
        let refused = enters(&scene, options).expect_err("another host's key");
        assert!(refused.contains("Host key verification failed"), "{refused}");
    }
    scene.known_hosts = String::new();
    let refused = enters(&scene, &[]).expect_err("a host that nobody knows");
    assert!(refused.contains("Host key verification failed"), "{refused}");
}
