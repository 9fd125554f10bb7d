//! Against a TPM that is software (Debian: swtpm): what it has sealed it alone unseals, and for as long
//! as the machine starts as it did.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tpm::{Pcrs, Place, Reason, Secret, TpmError, seal, unseal};

/// A chip. Its state is in a folder, its power in a process.
struct Chip {
    folder: TempDir,
    power: Option<Child>,
}

impl Chip {
    fn new() -> Self {
        let mut chip = Self { folder: tempfile::tempdir().expect("a folder"), power: None };
        chip.on();
        chip
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn place(&self) -> Place {
        Place::Socket(self.socket())
    }

    fn on(&mut self) {
        let (folder, socket) = (self.folder.path().display(), self.socket());
        // The kernel ends it should we be killed.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", "swtpm", "socket", "--tpm2"])
            .args(["--flags", "startup-clear", "--tpmstate", &format!("dir={folder}")])
            .args(["--server", &format!("type=unixio,path={}", socket.display())])
            .stdin(Stdio::null())
            .spawn()
            .expect("swtpm");
        self.power = Some(child);
        let begun = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "swtpm does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn off(&mut self) {
        let mut child = self.power.take().expect("it is on");
        child.kill().expect("ended");
        child.wait().expect("ended");
        std::fs::remove_file(self.socket()).expect("its socket");
    }

    /// Says something that this library never does.
    fn say(&self, command: &[u8]) {
        let mut stream = UnixStream::connect(self.socket()).expect("connected");
        stream.write_all(command).expect("said");
        let mut head = [0; 10];
        stream.read_exact(&mut head).expect("an answer");
        assert_eq!(head[6..], [0; 4], "it refused");
    }

    /// As firmware or a boot loader that is another would (TPM2_PCR_Extend).
    fn extend(&self, pcr: u8) {
        let tag_len_code = b"\x80\x02\0\0\0\x41\0\0\x01\x82";
        let nobody = b"\0\0\0\x09\x40\0\0\x09\0\0\0\0\0";
        let digests = [b"\0\0\0\x01\0\x0b".as_slice(), &[1; 32]].concat();
        self.say(&[tag_len_code.as_slice(), &[0, 0, 0, pcr], nobody, &digests].concat());
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        if self.power.is_some() {
            self.off();
        }
    }
}

fn reason(outcome: Result<Secret, TpmError>) -> Option<Reason> {
    outcome.expect_err("it cannot be unsealed").reason()
}

#[test]
fn what_a_chip_has_sealed_it_alone_unseals() {
    let (mut chip, other) = (Chip::new(), Chip::new());
    let secret = Secret::random().expect("random");
    let sealed = seal(&chip.place(), &secret, Pcrs::default()).expect("sealed");
    assert_eq!(unseal(&chip.place(), &sealed).expect("unsealed"), secret);
    assert_eq!(reason(unseal(&other.place(), &sealed)), Some(Reason::NotItsOwn));
    // The machine is switched off and on.
    chip.off();
    assert!(matches!(unseal(&chip.place(), &sealed), Err(TpmError::Open(_))));
    chip.on();
    assert_eq!(unseal(&chip.place(), &sealed).expect("unsealed"), secret);
    // Its owner clears it (TPM2_Clear, with the platform's empty password).
    chip.say(b"\x80\x02\0\0\0\x1b\0\0\x01\x26\x40\0\0\x0c\0\0\0\x09\x40\0\0\x09\0\0\0\0\0");
    assert_eq!(reason(unseal(&chip.place(), &sealed)), Some(Reason::NotItsOwn));
}

#[test]
fn what_is_bound_to_registers_is_lost_when_they_change() {
    let mut chip = Chip::new();
    let secret = Secret::random().expect("random");
    let bound = seal(&chip.place(), &secret, "0,7".parse().expect("registers")).expect("sealed");
    let free = seal(&chip.place(), &secret, Pcrs::default()).expect("sealed");
    assert_eq!(unseal(&chip.place(), &bound).expect("unsealed"), secret);
    chip.extend(7);
    assert_eq!(reason(unseal(&chip.place(), &bound)), Some(Reason::StartedOtherwise));
    assert_eq!(unseal(&chip.place(), &free).expect("unsealed"), secret);
    // Nobody gets around it by saying that it is bound to nothing.
    let claimed = tpm::Sealed { pcrs: Pcrs::default(), ..bound.clone() };
    assert!(unseal(&chip.place(), &claimed).is_err());
    chip.off();
    chip.on();
    assert_eq!(unseal(&chip.place(), &bound).expect("unsealed"), secret);
}

/// It has room for three objects and three sessions: whoever leaves something there is noticed.
#[test]
fn nothing_is_left_in_the_chip_whatever_comes_of_it() {
    let (chip, other) = (Chip::new(), Chip::new());
    let secret = Secret::random().expect("random");
    let sealed = seal(&chip.place(), &secret, Pcrs::default()).expect("sealed");
    for _ in 0..8 {
        assert_eq!(reason(unseal(&other.place(), &sealed)), Some(Reason::NotItsOwn));
        let bound = seal(&chip.place(), &secret, "16".parse().expect("one")).expect("sealed");
        chip.extend(16);
        assert_eq!(reason(unseal(&chip.place(), &bound)), Some(Reason::StartedOtherwise));
        assert_eq!(unseal(&chip.place(), &sealed).expect("unsealed"), secret);
    }
}

#[test]
fn what_is_not_whole_is_refused() {
    let chip = Chip::new();
    let secret = Secret::random().expect("random");
    let sealed = seal(&chip.place(), &secret, Pcrs::default()).expect("sealed");
    let len = sealed.public.len() + sealed.private.len();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
    let changes = (0..len, 1u8..=255);
    runner
        .run(&changes, |(at, change)| {
            let mut wrong = sealed.clone();
            let octet = wrong.public.iter_mut().chain(&mut wrong.private).nth(at);
            *octet.expect("it is that long") ^= change;
            prop_assert!(unseal(&chip.place(), &wrong).is_err());
            Ok(())
        })
        .expect("refused");
    assert_eq!(unseal(&chip.place(), &sealed).expect("unsealed"), secret);
}
