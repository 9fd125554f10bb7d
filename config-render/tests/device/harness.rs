//! A device in a folder: a root, a clock and a boot that the test decides, and units that run when it says so.

use config_render::device::{
    Bundle, CHANGE_SH, Check, Command as Activation, Draft, File, Observed, Outcome, State, Status,
    Target, When,
};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// What there is, and what `change` makes of it. One more is made, with its folders: `NEW`.
pub(crate) const KEPT: &str = "/etc/bird/bird.conf";
pub(crate) const GONE: &str = "/etc/cron.d/old";
pub(crate) const NEW: &str = "/etc/new/folder/a.conf";

/// Longer than its commands may take.
pub(crate) const ARMED_S: u32 = 60;

/// Where the words of those who came last are heard, and what the device's services were told.
const RAN: &str = "ran";

pub(crate) struct Device {
    root: TempDir,
}

/// How a call of the program ended.
pub(crate) struct Ran {
    /// None when it was killed.
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
}

impl Ran {
    pub(crate) fn outcome(&self) -> Outcome {
        Outcome::from(self.code.expect("it was not killed"))
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.code.is_none()
    }
}

/// The user and group that the test runs as.
pub(crate) fn owner() -> String {
    let name = |flag: &str| {
        let said = Command::new("id").arg(flag).output().expect("id").stdout;
        String::from_utf8(said).expect("a name").trim().to_owned()
    };
    format!("{}:{}", name("-un"), name("-gn"))
}

fn copy(from: &Path, to: &Path) {
    let mut cp = Command::new("cp");
    assert!(cp.arg("-aT").args([from, to]).status().expect("cp").success());
}

pub(crate) fn present(path: &str, mode: u32, content: impl Into<Vec<u8>>) -> File {
    let target = Target::Present { mode, owner: owner(), content: content.into() };
    File { path: path.to_owned(), target }
}

/// One file becomes another, one goes, one comes.
pub(crate) fn draft(label: &str) -> Draft {
    let run = "cat $HEADEND_ROOT/etc/bird/bird.conf >>$HEADEND_ROOT/ran";
    Draft {
        label: label.to_owned(),
        files: vec![
            present(KEPT, 0o640, format!("new {label}\n")),
            File { path: GONE.to_owned(), target: Target::Absent },
            present(NEW, 0o644, "made\n"),
        ],
        checks: vec![Check {
            path: KEPT.to_owned(),
            command: "grep -q new {}".to_owned(),
            limit_s: 5,
        }],
        commands: vec![Activation { when: When::Both, command: run.to_owned(), limit_s: 5 }],
    }
}

pub(crate) fn change(label: &str) -> Bundle {
    draft(label).pack().expect("a sound change")
}

impl Device {
    pub(crate) fn new() -> Self {
        // In memory where there is such a place: thousands of small synchronisations beside a build take minutes.
        let memory = Path::new("/dev/shm");
        let root = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        let device = Self { root: root.expect("a folder") };
        for folder in [
            "etc/bird",
            "etc/cron.d",
            "etc/systemd/system/sysinit.target.wants",
            "etc/systemd/system/timers.target.wants",
            "usr/local",
            "proc/sys/kernel/random",
            "run",
            "sd",
            "bin",
        ] {
            std::fs::create_dir_all(device.path(folder)).expect("a folder");
        }
        device.write(KEPT, "old\n");
        device.write(GONE, "stays\n");
        device.write("change.sh", CHANGE_SH);
        device.write("bin/systemctl", include_str!("systemctl"));
        let runnable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(device.path("bin/systemctl"), runnable).expect("runnable");
        device.set_boot("11111111-aaaa-4bbb-8ccc-000000000001");
        device.set_uptime(1000);
        device
    }

    /// All that it is now, to begin from once more.
    pub(crate) fn save(&self) -> TempDir {
        let saved = TempDir::new_in(self.root.path().parent().expect("a folder"));
        let saved = saved.expect("a folder");
        copy(self.root.path(), saved.path());
        saved
    }

    /// As it was.
    pub(crate) fn restore(&self, saved: &TempDir) {
        for entry in std::fs::read_dir(self.root.path()).expect("its root") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                std::fs::remove_dir_all(path).expect("removed");
            } else {
                std::fs::remove_file(path).expect("removed");
            }
        }
        copy(saved.path(), self.root.path());
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        std::fs::write(self.path(path), text).expect("written");
    }

    pub(crate) fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.path(path)).ok()
    }

    pub(crate) fn set_boot(&self, id: &str) {
        self.write("proc/sys/kernel/random/boot_id", &format!("{id}\n"));
    }

    pub(crate) fn set_uptime(&self, seconds: u32) {
        self.write("proc/uptime", &format!("{seconds}.25 99.00\n"));
    }

    /// A program with the device around it.
    pub(crate) fn command(&self, program: &str) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command.env("HEADEND_ROOT", self.root.path());
        command.env("PATH", format!("{}:{path}", self.path("bin").display()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The program as it is on the device, with these words.
    pub(crate) fn program<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.command("dash");
        command.arg(self.path("change.sh")).args(words);
        command
    }

    pub(crate) fn finish(child: Child) -> Ran {
        let ended = child.wait_with_output().expect("its end");
        Ran { code: ended.status.code(), said: String::from_utf8_lossy(&ended.stderr).into_owned() }
    }

    /// Begins a call of the program, which kills itself at this point.
    pub(crate) fn start(&self, bundle: &Bundle, verb: &str, kill_at: Option<u32>) -> Child {
        let mut command = self.program([verb, bundle.id().as_str()]);
        if verb == "arm" {
            command.arg(ARMED_S.to_string());
        }
        if let Some(point) = kill_at {
            command.env("HEADEND_KILL_AT", point.to_string());
        }
        if verb == "stage" {
            self.put_bundle(bundle.bytes());
            command.stdin(std::fs::File::open(self.path("bundle")).expect("the bundle"));
        }
        command.spawn().expect("dash")
    }

    pub(crate) fn put_bundle(&self, bytes: &[u8]) {
        std::fs::write(self.path("bundle"), bytes).expect("the bundle");
    }

    pub(crate) fn run(&self, bundle: &Bundle, verb: &str) -> Ran {
        Self::finish(self.start(bundle, verb, None))
    }

    /// What it said, if it was not done.
    pub(crate) fn must(&self, bundle: &Bundle, verbs: &[&str]) {
        for verb in verbs {
            let ran = self.run(bundle, verb);
            assert_eq!(ran.outcome(), Outcome::Done, "{verb}: {}", ran.said);
        }
    }

    pub(crate) fn status(&self, bundle: &Bundle) -> Status {
        let mut command = self.program(["status", bundle.id().as_str()]);
        let said = command.output().expect("dash");
        let text = String::from_utf8_lossy(&said.stdout);
        let err = String::from_utf8_lossy(&said.stderr);
        Status::read(&said.stdout).unwrap_or_else(|bad| panic!("{bad}: {text}{err}"))
    }

    pub(crate) fn state(&self, bundle: &Bundle) -> State {
        self.status(bundle).state
    }

    /// Runs what a unit runs, if that unit is there.
    fn run_unit(&self, unit: &str) -> Option<Ran> {
        let text = self.read(&format!("etc/systemd/system/{unit}"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("ExecStart="));
        // A dash: however it ends is well with systemd.
        let line = line.map(|line| line.trim_start_matches('-'));
        let mut command = self.command("sh");
        command.args(["-c", &format!("exec {}", line.expect("it runs something"))]);
        Some(Self::finish(command.spawn().expect("sh")))
    }

    /// The deadline comes: systemd starts the service, if the timer counts.
    pub(crate) fn deadline(&self) -> Option<Ran> {
        self.set_uptime(1000 + 2 * ARMED_S);
        let is_active = self.path("sd/active-headend-revert.timer").exists();
        is_active.then(|| self.run_unit("headend-revert.service")).flatten()
    }

    /// It boots: nothing runs, the early unit does, and the timer counts anew.
    pub(crate) fn boot(&self) -> Option<Ran> {
        self.set_boot("22222222-aaaa-4bbb-8ccc-000000000002");
        self.set_uptime(3);
        std::fs::remove_dir_all(self.path("run")).expect("memory is lost");
        std::fs::create_dir(self.path("run")).expect("a folder");
        let _ = std::fs::remove_file(self.path("sd/active-headend-revert.timer"));
        let is_enabled = |unit: &str| self.path(&format!("sd/enabled-{unit}")).exists();
        let boot = "headend-revert-boot.service";
        let ran = is_enabled(boot).then(|| self.run_unit(boot)).flatten();
        if is_enabled("headend-revert.timer") {
            self.write("sd/active-headend-revert.timer", "");
        }
        ran
    }

    /// Whether all files of `change` are of before, or all are the new ones; anything else is a failure.
    pub(crate) fn observed(&self, label: &str) -> Observed {
        let files = [KEPT, GONE, NEW].map(|path| self.read(path));
        let [kept, gone, new] = files.each_ref().map(Option::as_deref);
        match (kept, gone, new) {
            (Some("old\n"), Some("stays\n"), None) => Observed::Before,
            (Some(text), None, Some("made\n")) if text == format!("new {label}\n") => {
                Observed::After
            }
            _ => panic!("a mixture: {files:?}"),
        }
    }

    /// What lies about that is not configuration.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let mut command = self.command("find");
        command.args([&self.path("etc"), &self.path("var")]);
        command.args(["-name", ".headend-*", "-o", "-name", "headend-revert*", "-o"]);
        command.args(["-name", "*.new", "-o", "-path", "*/etc/new"]);
        let said = command.output().expect("find").stdout;
        String::from_utf8_lossy(&said).lines().map(str::to_owned).collect()
    }

    /// What the commands of the change were run with.
    pub(crate) fn ran(&self) -> String {
        self.read(RAN).unwrap_or_default()
    }
}
