//! A machine of its own for a box under test: an emulated x86-64 with an NVMe disk and a TPM under
//! Debian's kernel for virtual machines, and in its memory those of this system's programs that are
//! wanted. Everything is emulated, so that it is the same wherever it runs; it boots in seconds.
//! It has no network but its loopback.

mod initramfs;
mod monitor;

use super::image::said;
use super::place::Place;
use initramfs::Initramfs;
use monitor::Monitor;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const QEMU: &str = "qemu-system-x86_64";

/// How long a command may say nothing, on a machine with others to emulate; the first waits for this
/// one to boot.
const PATIENCE: Duration = Duration::from_secs(100);

/// What the box, its tools and this guest are in memory, several times over.
const MEMORY: &str = "512M";

/// What commands are made of.
const PROGRAMS: [&str; 16] = [
    "addpart",
    "blockdev",
    "cat",
    "chmod",
    "chown",
    "cmp",
    "dd",
    "ip",
    "mkfs.ext4",
    "mount",
    "setpriv",
    "sleep",
    "stty",
    "sync",
    "smartctl",
    "umount",
];

/// The disk: its name in the emulator, and what it says of itself.
const DISK: &str = "disk";
pub(crate) const SERIAL: &str = "HEADEND-1";

/// What its firmware tells of it: the whole, its board, its memory.
const FIRMWARE: [&str; 4] = [
    "type=0,version=3.7b",
    "type=1,manufacturer=A Maker,serial=CZ1234ABCD",
    "type=2,manufacturer=A Maker,product=X99,serial=UM12S3",
    "type=17,manufacturer=A Memory Maker,serial=4A7B01,part=M-512M,loc_pfx=DIMM",
];
const DISK_BYTES: u64 = 256 << 20;

/// A running machine. It is switched off when this is dropped.
pub(crate) struct Guest {
    folder: TempDir,
    qemu: Child,
    tpm: Child,
    shell: BufReader<UnixStream>,
    monitor: Monitor,
    commands: u32,
}

impl Guest {
    /// Boots one in which everything of `place` stands where it stands here, with the NVMe disk
    /// mounted as the disk of the box.
    pub(crate) fn boot(place: &Place) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("initramfs"), initramfs(place)).expect("written");
        let disk = fs::File::create(path("disk")).expect("made");
        disk.set_len(DISK_BYTES).expect("made");
        said("mkfs.ext4", &["-q", "-F", "-m", "0", path("disk").to_str().expect("text")]);
        let tpm = start_tpm(folder.path());
        super::wait_for("its TPM does not come up", || path("tpm").exists());
        let qemu = start(folder.path());
        let mut shell = None;
        super::wait_for("the emulator does not come up (is it installed?)", || {
            shell = UnixStream::connect(path("shell")).ok();
            shell.is_some()
        });
        let shell = shell.expect("connected");
        shell.set_read_timeout(Some(PATIENCE)).expect("set");
        let monitor = Monitor::connect(&path("monitor"));
        let shell = BufReader::new(shell);
        let mut guest = Self { folder, qemu, tpm, shell, monitor, commands: 0 };
        guest.until("ready");
        guest
    }

    /// Has its shell run a command that must succeed, and gives what it printed.
    pub(crate) fn run(&mut self, command: &str) -> String {
        let (printed, status) = self.outcome(command);
        assert_eq!(status, "0", "{command}: {printed}");
        printed
    }

    /// The same for a command that may fail: what it printed, and its status.
    pub(crate) fn outcome(&mut self, command: &str) -> (String, String) {
        self.commands += 1;
        let end = format!("command {} ended with ", self.commands);
        let line = format!("{{ {command}\n}} 2>&1; status=$?; echo; echo \"{end}$status\"\n");
        self.shell.get_mut().write_all(line.as_bytes()).expect("told");
        self.until(&end)
    }

    /// What was printed before a line that begins so, and the rest of that line.
    fn until(&mut self, begins: &str) -> (String, String) {
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            let read = self.shell.read_line(&mut line);
            let octets = read.unwrap_or_else(|err| panic!("{err} after {printed:?}"));
            assert!(octets > 0, "the machine has gone after {printed:?}");
            match line.strip_prefix(begins) {
                Some(rest) => return (printed, rest.trim_end().to_owned()),
                None => printed += &line,
            }
        }
    }

    /// The disk warns of something from now on: bits as in the health log of NVMe.
    pub(crate) fn set_critical_warning(&mut self, bits: u8) {
        self.monitor.set(DISK, "smart_critical_warning", bits.into());
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // They may have ended already.
        for process in [&mut self.qemu, &mut self.tpm] {
            process.kill().ok();
            process.wait().ok();
        }
        if std::thread::panicking() {
            let console = fs::read(self.folder.path().join("console")).unwrap_or_default();
            eprintln!("{}", String::from_utf8_lossy(&console));
        }
    }
}

fn initramfs(place: &Place) -> Vec<u8> {
    let mut files = Initramfs::default();
    files.add_program(Path::new("/bin/sh"));
    files.add_programs(&PROGRAMS);
    files.add_program(Path::new(env!("CARGO_BIN_EXE_appliance")));
    for folder in ["/dev", "/proc", "/sys", "/tmp"] {
        files.make(Path::new(folder));
    }
    files.add_folder(place.folder());
    files.make(&place.path("disk"));
    let appliance = Path::new(env!("CARGO_BIN_EXE_appliance")).parent().expect("a folder");
    files.add_init(&init(&place.path("disk"), appliance));
    files.finish()
}

/// The first process: makes the usual mounts, then does what comes in on the second serial port.
/// A shell whose complaints go to a file takes nobody for a person, and prompts for nothing.
fn init(disk: &Path, programs: &Path) -> String {
    format!(
        "#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:{programs}
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
ip link set lo up
mount -t ext4 /dev/nvme0n1 {disk}
stty -F /dev/ttyS1 raw -echo
exec </dev/ttyS1 >/dev/ttyS1
echo ready
exec sh 2>/tmp/complaints
",
        programs = programs.display(),
        disk = disk.display(),
    )
}

/// The kernel that `make setup` has fetched.
fn kernel() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_appliance")).ancestors().nth(2);
    let kernel = target.expect("it stands in target/PROFILE").join("guest/vmlinuz");
    assert!(kernel.exists(), "{} is not there: setup/kernel.sh", kernel.display());
    kernel
}

/// Starts the machine's TPM, which the emulator asks at its control socket. It ends with us.
fn start_tpm(folder: &Path) -> Child {
    let state = folder.join("tpm-state");
    fs::create_dir(&state).expect("made");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", "swtpm", "socket", "--tpm2"]);
    command.args(["--tpmstate", &format!("dir={}", state.display())]);
    command.args(["--ctrl", &format!("type=unixio,path={}", folder.join("tpm").display())]);
    command.stdin(Stdio::null()).spawn().expect("setpriv (util-linux)")
}

/// Starts the emulator. It ends with us, however we do.
fn start(folder: &Path) -> Child {
    let path = |name: &str| folder.join(name).display().to_string();
    let listen = |name: &str| format!("unix:{},server=on,wait=off", path(name));
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", QEMU]);
    command.args(["-machine", "q35", "-accel", "tcg", "-cpu", "max", "-m", MEMORY]);
    command.args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
    command.arg("-kernel").arg(kernel()).args(["-initrd", &path("initramfs")]);
    command.args(["-append", "console=ttyS0 quiet panic=-1"]);
    command.args(["-serial", &format!("file:{}", path("console"))]);
    command.args(["-serial", &listen("shell"), "-qmp", &listen("monitor")]);
    // Nobody needs the disk afterwards: no flush of it waits for ours.
    command.args([
        "-drive",
        &format!("if=none,id=file,format=raw,cache=unsafe,file={}", path("disk")),
    ]);
    command.args(["-device", &format!("nvme,id={DISK},drive=file,serial={SERIAL}")]);
    for structure in FIRMWARE {
        command.args(["-smbios", structure]);
    }
    command.args(["-chardev", &format!("socket,id=chip,path={}", path("tpm"))]);
    command.args(["-tpmdev", "emulator,id=tpm,chardev=chip", "-device", "tpm-tis,tpmdev=tpm"]);
    command.stdin(Stdio::null()).spawn().expect("setpriv (util-linux)")
}
