//! A change is driven to its end while the device is lost, its program killed, its power cut and its deadline
//! passes, as a seed decides: what is said of it in the end is what the device is seen to be.

use super::harness::{Device, change};
use config_render::apply::{Answer, Apply, Cut, Ended, Heard, Way, apply};
use config_render::device::{Bundle, ChangeId, Observed, Outcome, State, Step};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cell::RefCell;
use std::io::Write;
use std::time::Duration;

const LABEL: &str = "c-1";

/// How many seeds: each plays some dozens of calls of the program.
const SEEDS: u64 = 12;

/// A device and what happens to it.
struct World {
    device: Device,
    bundle: Bundle,
    rng: RefCell<ChaCha8Rng>,
    /// How many more things go wrong.
    wrong: RefCell<u32>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let wrong = RefCell::new(rng.random_range(0..4));
        Self { device: Device::new(), bundle: change(LABEL), rng: RefCell::new(rng), wrong }
    }

    fn draw(&self, one_in: u32) -> bool {
        self.rng.borrow_mut().random_ratio(1, one_in)
    }

    /// Whether something goes wrong now.
    fn goes_wrong(&self, one_in: u32) -> bool {
        let may = *self.wrong.borrow() > 0;
        let is_now = may && self.draw(one_in);
        if is_now {
            *self.wrong.borrow_mut() -= 1;
        }
        is_now
    }

    fn call(&self, step: Step, id: &ChangeId, stdin: &[u8]) -> Result<Answer, Cut> {
        let words = step.command(id);
        let words: Vec<&str> = words.split(' ').skip(2).collect();
        let mut command = self.device.program(words);
        if step != Step::Status && self.goes_wrong(8) {
            let point = self.rng.borrow_mut().random_range(1..12_u32);
            command.env("HEADEND_KILL_AT", point.to_string());
        }
        command.stdin(std::process::Stdio::piped());
        let mut child = command.spawn().expect("dash");
        // Who is killed reads no more.
        let _ = child.stdin.take().expect("a pipe").write_all(stdin);
        let said = child.wait_with_output().expect("its end");
        let code = said.status.code().ok_or_else(|| lost("it was killed"))?;
        if self.goes_wrong(8) {
            return Err(lost("the answer was lost"));
        }
        let stderr = String::from_utf8_lossy(&said.stderr).into_owned();
        Ok(Answer { outcome: Outcome::from(code), stdout: said.stdout, stderr })
    }

    /// What happens while nobody is there.
    fn pass(&self) {
        if self.goes_wrong(3) {
            self.device.boot();
        } else if self.draw(3) {
            self.device.deadline();
        }
    }
}

fn lost(why: &str) -> Cut {
    Cut { why: why.to_owned(), is_lasting: false }
}

struct There<'a>(&'a World);

impl Way for There<'_> {
    fn install(&mut self) -> Result<Answer, Cut> {
        Ok(Answer { outcome: Outcome::Done, stdout: Vec::new(), stderr: String::new() })
    }

    fn step(&mut self, step: Step, id: &ChangeId, stdin: &[u8]) -> Result<Answer, Cut> {
        self.0.call(step, id, stdin)
    }
}

/// One drive; `patience` is how often it waits until whoever drives it is killed himself.
fn drive(world: &World, is_resumed: bool, is_well: bool, patience: u32) -> (Ended, Vec<String>) {
    let mut story = Vec::new();
    let mut left = patience;
    let ended = apply(Apply {
        bundle: &world.bundle,
        is_resumed,
        armed_for_s: super::harness::ARMED_S,
        reach: &mut || if world.goes_wrong(6) { Err(lost("no route")) } else { Ok(There(world)) },
        look: &mut || if is_well { Ok(()) } else { Err("no BGP session".to_owned()) },
        heard: &mut |heard: Heard<'_>| match heard {
            Heard::Status(status) => story.push(format!("{:?}", status.state)),
            other => story.push(format!("{other:?}")),
        },
        pass: &mut |_: Duration| {
            world.pass();
            left = left.saturating_sub(1);
            left > 0
        },
    });
    (ended, story)
}

/// What is said, beside what is so.
fn is_true(world: &World, ended: &Ended, told: &str) {
    let observed = world.device.observed(LABEL);
    let status = world.device.status(&world.bundle);
    match ended {
        Ended::Done => {
            assert_eq!((observed, status.state), (Observed::After, State::Disarmed), "{told}");
        }
        Ended::Refused { .. } | Ended::Unreachable { .. } | Ended::Reverted { .. } => {
            assert_eq!(observed, Observed::Before, "{told}");
        }
        Ended::RevertFailed { .. } => assert_eq!(status.state, State::RevertFailed, "{told}"),
        Ended::Unknown { .. } => panic!("{told}: nobody was there to the end"),
    }
}

#[test]
fn what_is_said_of_it_is_so() {
    let (mut done, mut reverted) = (0, 0);
    let is_nightly = std::env::var_os("HEADEND_NIGHTLY").is_some_and(|value| value == "1");
    for seed in 0..if is_nightly { 50 * SEEDS } else { SEEDS } {
        let world = World::new(seed);
        let is_well = !world.draw(4);
        let (mut ended, mut story) = drive(&world, false, is_well, 6);
        // Who drove it was killed; the next goes on where the device is.
        if matches!(ended, Ended::Unknown { .. }) {
            let (next, more) = drive(&world, true, is_well, 60);
            story.push("again".to_owned());
            story.extend(more);
            ended = next;
        }
        let told = format!("seed {seed}: {ended:?} after {}", story.join(", "));
        is_true(&world, &ended, &told);
        if !is_well {
            assert_ne!(ended, Ended::Done, "{told}");
        }
        if let (Ended::Reverted { why }, true) = (&ended, told.contains("Looked(Err")) {
            assert_eq!(why, "no BGP session", "{told}");
        }
        match ended {
            Ended::Done => done += 1,
            Ended::Reverted { .. } => reverted += 1,
            _ => {}
        }
        // Whatever was said: left alone, it settles.
        world.device.deadline();
        let state = world.device.state(&world.bundle);
        let is_settled = !matches!(state, State::Switching | State::Switched | State::Reverting);
        assert!(is_settled, "{told}; then {state:?}");
    }
    assert!(done > 0 && reverted > 0, "nothing was tried");
}

#[test]
fn nobody_there_is_said_at_once_where_it_lasts() {
    let world = World::new(0);
    let ended = apply(Apply {
        bundle: &world.bundle,
        is_resumed: false,
        armed_for_s: 60,
        reach: &mut || -> Result<There<'_>, Cut> {
            Err(Cut { why: "another host key".to_owned(), is_lasting: true })
        },
        look: &mut || Ok(()),
        heard: &mut |_| {},
        pass: &mut |_| panic!("it does not wait"),
    });
    assert_eq!(ended, Ended::Unreachable { why: "another host key".to_owned() });
}
