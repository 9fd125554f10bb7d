//! People: what each may do with the fleet, and how they get into a box by a certificate of it, past a
//! real sshd.

use anyhow::{Context, Result, ensure};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tempfile::TempDir;
use tests::operator::front_ca;
use tests::process::{Daemon, is_listening, output};
use tests::small_cdn::{BOXES, Plan, SmallCdn};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Somebody at a terminal of his own: what he is logged in as is his alone.
struct Person<'a> {
    cdn: &'a SmallCdn,
    home: TempDir,
}

impl<'a> Person<'a> {
    fn new(cdn: &'a SmallCdn) -> Result<Self> {
        Ok(Self { cdn, home: tempfile::tempdir()? })
    }

    /// Runs `fleet`, with something to read.
    async fn fleet(&self, line: &str, stdin: &str) -> Result<Output> {
        let mut command = Command::new(self.cdn.bin().join("fleet"));
        command.args(line.split_whitespace()).env_clear().env("PATH", env("PATH"));
        command.env("XDG_CONFIG_HOME", self.home.path()).env("HOME", self.home.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn()?;
        child.stdin.take().context("stdin")?.write_all(stdin.as_bytes()).await?;
        Ok(child.wait_with_output().await?)
    }

    /// What it prints, where it is to succeed.
    async fn ok(&self, line: &str, stdin: &str) -> Result<String> {
        let out = self.fleet(line, stdin).await?;
        ensure!(out.status.success(), "fleet {line}: {}", String::from_utf8_lossy(&out.stderr));
        Ok(String::from_utf8(out.stdout)?)
    }

    /// What it complains of, where it is to fail.
    async fn fails(&self, line: &str, stdin: &str) -> Result<String> {
        let out = self.fleet(line, stdin).await?;
        ensure!(!out.status.success(), "fleet {line} has worked");
        Ok(String::from_utf8(out.stderr)?)
    }

    async fn log_in(&self, name: &str, password: &str) -> Result<String> {
        self.ok(&format!("{} login {name} --password-stdin", self.reach()), password).await
    }

    /// How the manager is reached by who has not logged in.
    fn reach(&self) -> String {
        let front = front_ca(&self.cdn.fleet_folder());
        format!("--fleet https://{} --ca-file {}", self.cdn.fleet_address(), front.display())
    }
}

fn env(name: &str) -> std::ffi::OsString {
    std::env::var_os(name).unwrap_or_default()
}

/// Adds somebody; gives the password that was made for him.
async fn added(cdn: &SmallCdn, name: &str, role: &str) -> Result<String> {
    let said = cdn.operator.fleet(["-o", "json", "person", "create", name, "--role", role]).await?;
    let made: serde_json::Value = serde_json::from_str(&said)?;
    Ok(made["password"].as_str().context("a password")?.to_owned())
}

#[tokio::test]
async fn what_people_may_do_is_what_their_role_says() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let mut passwords = Vec::new();
    for (name, role) in [("vera", "viewer"), ("otto", "operator"), ("anna", "admin")] {
        passwords.push((name, added(&cdn, name, role).await?));
    }
    let [vera, otto, anna] = [Person::new(&cdn)?, Person::new(&cdn)?, Person::new(&cdn)?];
    for (person, (name, password)) in [&vera, &otto, &anna].into_iter().zip(&passwords) {
        let said = person.log_in(name, password).await?;
        ensure!(said.contains(&format!("logged in as {name}")), "{said}");
        ensure!(person.ok("whoami", "").await?.starts_with(name));
        ensure!(person.ok("status", "").await?.contains(BOXES[0]), "everybody sees everything");
    }
    let site = "site create site-z --latitude 1 --longitude 1";
    let refused = vera.fails(site, "").await?;
    ensure!(refused.contains("vera is viewer: this takes the role operator"), "{refused}");
    otto.ok(site, "").await?;
    for line in ["person list", "person create eve --role admin", "person role otto admin"] {
        let refused = otto.fails(line, "").await?;
        ensure!(refused.contains("this takes the role admin"), "{line}: {refused}");
    }
    // What an admin says counts at once, also for who is logged in.
    anna.ok("person role vera operator", "").await?;
    vera.ok("site delete site-z", "").await?;
    anna.ok("person delete otto", "").await?;
    let refused = otto.fails("status", "").await?;
    ensure!(refused.contains("counts no more"), "{refused}");
    // Whoever has left leaves nothing.
    vera.ok("logout", "").await?;
    ensure!(!vera.home.path().join("headend/session.json").exists());
    let refused = vera.fails(&format!("{} status", vera.reach()), "").await?;
    ensure!(refused.contains("`fleet login NAME`"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn passwords_are_changed_by_who_knows_them_and_guessed_by_nobody() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let first = added(&cdn, "vera", "viewer").await?;
    let vera = Person::new(&cdn)?;
    vera.log_in("vera", &first).await?;
    let session = fs::read_to_string(vera.home.path().join("headend/session.json"))?;
    ensure!(!session.contains(&first), "the password is kept");
    let next = "correct horse battery staple";
    let refused =
        vera.fails("person password --password-stdin", &format!("wrong\n{next}\n")).await?;
    ensure!(refused.contains("no such person with this password"), "{refused}");
    vera.ok("person password --password-stdin", &format!("{first}\n{next}\n")).await?;
    ensure!(vera.fails("status", "").await?.contains("counts no more"), "sessions have ended");
    ensure!(vera.log_in("vera", &first).await.is_err(), "the old one counts no more");
    vera.log_in("vera", next).await?;
    let guesser = Person::new(&cdn)?;
    let mut said = String::new();
    for guess in 0..40 {
        said =
            guesser.log_in("vera", &format!("guess {guess}")).await.expect_err("wrong").to_string();
        if said.contains("too many attempts") {
            break;
        }
    }
    ensure!(said.contains("too many attempts"), "{said}");
    // Whoever is in stays in, and nothing of it all is in a log or in a database.
    vera.ok("status", "").await?;
    let token: serde_json::Value =
        serde_json::from_slice(&fs::read(vera.home.path().join("headend/session.json"))?)?;
    let token = token["token"].as_str().context("a token")?.to_owned();
    let folder = cdn.fleet_folder().display().to_string();
    for secret in [first.as_str(), next, &token] {
        let found = output("grep", ["-rlaF", "--", secret, &folder]).await;
        ensure!(found.is_err(), "a secret lies in the manager's folder");
    }
    Ok(())
}

/// An sshd as a box has one: it believes the fleet's authority, and knows its own name.
struct Sshd {
    _daemon: Daemon,
    port: u16,
}

impl Sshd {
    async fn start(folder: &Path, authority: &str) -> Result<Self> {
        fs::create_dir_all("/run/sshd")?;
        let port = ports::free()?;
        let file = |name: &str| folder.join(name);
        fs::write(file("people.pub"), authority)?;
        fs::write(file("principals"), format!("{}\n", BOXES[0]))?;
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nTrustedUserCAKeys {}\n\
             AuthorizedPrincipalsFile {}\nAuthorizedKeysFile none\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n\
             StrictModes no\nUsePAM no\nPidFile none\nLogLevel VERBOSE\n",
            file("ssh_host_ed25519_key").display(),
            file("people.pub").display(),
            file("principals").display(),
        );
        fs::write(file("sshd_config"), config)?;
        let args = ["-D", "-e", "-f"].map(OsStr::new).into_iter();
        let config = file("sshd_config");
        let args = args.chain([config.as_os_str()]);
        let mut daemon = Daemon::start("sshd", "/usr/sbin/sshd", args, &file("sshd.log"))?;
        let address = ([127, 0, 0, 1], port).into();
        daemon.wait_until(async || is_listening(address).await).await?;
        Ok(Self { _daemon: daemon, port })
    }
}

async fn host_key(folder: &Path, name: &str) -> Result<PathBuf> {
    let file = folder.join(name);
    let path = file.display().to_string();
    output("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "root@box", "-f", &path]).await?;
    Ok(file)
}

#[tokio::test]
async fn people_get_into_a_box_by_a_certificate_and_see_that_it_is_that_box() -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can start an sshd for anybody but himself");
        return Ok(());
    }
    let ssh = tempfile::tempdir()?;
    host_key(ssh.path(), "ssh_host_ed25519_key").await?;
    let join_args = vec![format!("--ssh-folder={}", ssh.path().display())];
    let cdn = SmallCdn::start_with(Plan { one_box: true, join_args, ..Plan::default() }).await?;
    let (viewer, operator) =
        (added(&cdn, "vera", "viewer").await?, added(&cdn, "otto", "operator").await?);
    let (vera, otto) = (Person::new(&cdn)?, Person::new(&cdn)?);
    vera.log_in("vera", &viewer).await?;
    otto.log_in("otto", &operator).await?;
    let sshd = Sshd::start(ssh.path(), &otto.ok("ca people", "").await?).await?;
    let into = format!("ssh {} --address 127.0.0.1:{} --user root", BOXES[0], sshd.port);
    // A shell reads what it is to do.
    let said = otto.ok(&into, "echo in a shell; exit\n").await?;
    ensure!(said.contains("in a shell"), "{said}");
    // The command that was asked for is what the certificate is good for.
    ensure!(otto.ok(&format!("{into} -- echo one two"), "").await? == "one two\n");
    ensure!(otto.fleet(&format!("{into} -- exit 7"), "").await?.status.code() == Some(7));
    // And for what is no shell, it is kept.
    let kept = otto.home.path().join("kept");
    otto.ok(&format!("{into} --keep {}", kept.display()), "").await?;
    let config = kept.join(BOXES[0]).join("config");
    let args = ["-F".as_ref(), config.as_os_str(), BOXES[0].as_ref(), "echo kept".as_ref()];
    ensure!(output("ssh", args).await? == "kept\n");
    let refused = vera.fails(&into, "").await?;
    ensure!(refused.contains("a viewer gets no shell"), "{refused}");
    let refused = vera.fails(&format!("{into} -- cat /etc/shadow"), "").await?;
    ensure!(refused.contains("what changes nothing"), "{refused}");
    let issued = cdn.operator.fleet(["-o", "json", "person", "certificates"]).await?;
    ensure!(issued.contains("echo one two") && issued.contains("\"otto\""), "{issued}");
    ensure!(!issued.contains("\"vera\""), "nothing was issued that was refused: {issued}");
    // Another machine in the box's place is none.
    drop(sshd);
    fs::remove_file(ssh.path().join("ssh_host_ed25519_key"))?;
    fs::remove_file(ssh.path().join("ssh_host_ed25519_key.pub"))?;
    host_key(ssh.path(), "ssh_host_ed25519_key").await?;
    let sshd = Sshd::start(ssh.path(), &otto.ok("ca people", "").await?).await?;
    let into = format!("ssh {} --address 127.0.0.1:{} --user root", BOXES[0], sshd.port);
    let refused = otto.fails(&format!("{into} -- echo in"), "").await?;
    ensure!(refused.contains("Host key verification failed"), "{refused}");
    Ok(())
}
