//! Real worker processes: this test program, started again, is their program.

use config_render::engine::{Fault, Library, Limits};
use config_render::workers::{Answer, Asked, Job, Pool, PoolOptions, Reason, serve};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The worker: no test, but what the pools below start. The test harness writes to standard
/// output, so that the pool's pipe is number 3 here.
#[test]
#[ignore = "the program of the workers"]
fn worker_process() {
    let output = File::options().write(true).open("/proc/self/fd/3").expect("the pool's pipe");
    serve(std::io::stdin(), output).expect("served");
}

/// This program as a worker, with its process written to a file first.
fn worker(environment: &str, pids: &Path) -> Command {
    let again = "--exact worker_process --ignored --nocapture --test-threads=1";
    let script =
        format!("echo $$ >>\"$1\"; exec 3>&1 >&2; exec env -i {environment} \"$0\" {again}");
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &script]);
    command.arg(std::env::current_exe().expect("this program")).arg(pids);
    command
}

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("config-render-{test}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("folder");
        Self(folder)
    }

    fn pids(&self) -> PathBuf {
        self.0.join("pids")
    }

    /// The processes that have been started, as soon as there are so many.
    fn started(&self, count: usize) -> Vec<Pid> {
        let read = || -> Vec<Pid> {
            let text = fs::read_to_string(self.pids()).unwrap_or_default();
            text.lines().filter_map(|line| line.parse().ok()).map(Pid::from_raw).collect()
        };
        until(|| read().len() >= count);
        read()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_there(pid: Pid) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

fn library(template: &str) -> Arc<Library> {
    Arc::new(Library::new([("t", template), ("good", "good {{ x }}\n")]).expect("library"))
}

fn job(device: &str, template: &str) -> Job {
    let values = br#"{"x": 1}"#.to_vec();
    Job { device: device.into(), texts: vec![template.into()], values }
}

fn options(workers: usize, wall: Duration) -> PoolOptions {
    PoolOptions { workers, wall, limits: Limits::default() }
}

/// Whatever else the machine does meanwhile: what is to end here ends for another reason.
const WALL: Duration = Duration::from_secs(120);

fn pool(folder: &Folder, workers: usize, wall: Duration) -> Pool {
    let pids = folder.pids();
    Pool::new(options(workers, wall), move || worker("", &pids)).expect("pool")
}

/// Renders something good: the pool is alive.
fn assert_lives(pool: &Pool, library: &Arc<Library>) {
    let answers: Vec<Answer> = pool.render(library, [job("next", "good")]).collect();
    assert_eq!(answers[0].result.as_ref().expect("rendered")[0].as_deref(), Ok("good 1\n"));
}

/// What a template does to its worker, and that the pool goes on.
fn assert_ends(template: &str, expected: &Reason) {
    let folder =
        Folder::new(&format!("{expected:?}").split('(').next().expect("word").to_lowercase());
    let pool = pool(&folder, 1, WALL);
    let library = library(template);
    assert_lives(&pool, &library);
    let jobs = [job("before", "good"), job("bad", "t"), job("after", "good")];
    let mut answers: Vec<Answer> = pool.render(&library, jobs).collect();
    answers.sort_by_key(|answer| answer.number);
    let failed = answers[1].result.as_ref().expect_err("a bomb");
    assert_eq!((failed.device.as_str(), &failed.reason), ("bad", expected), "{template}");
    assert!(answers[0].result.is_ok() && answers[2].result.is_ok(), "{answers:?}");
    assert_lives(&pool, &library);
    assert_eq!(folder.started(2).len(), 2, "one worker has ended, and one was started");
}

#[test]
fn texts_that_double_end_with_the_memory() {
    let doubling = "{% set ns = namespace(x='a') %}{% for i in range(40) %}\
                    {% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}";
    assert_ends(doubling, &Reason::Memory);
}

#[test]
fn loops_of_slow_filters_end_with_the_processor_time() {
    let slow = "{% for i in range(99999) %}{% set y = range(99999) | sort | length %}{% endfor %}";
    assert_ends(slow, &Reason::ProcessorTime);
}

#[test]
fn values_in_values_end_with_the_stack() {
    let nested = "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}\
                  {% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | length }}";
    assert_ends(nested, &Reason::Stack);
}

/// Many of one kind of text in one list: no text of them is too long.
#[test]
fn many_long_texts_end_with_the_memory() {
    let folder = Folder::new("many");
    let pool = pool(&folder, 1, WALL);
    for bomb in [
        "{% set a = 'a' * 10**8 %}{% set b = 'b' * 10**8 %}{% set c = 'c' * 10**8 %}",
        "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}\
         {% set ns.x = [ns.x, 'a' * 99999 ~ i] %}{% endfor %}",
        "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set y %}{{ 'x' * 9999 }}\
         {{ 'x' * 9999 }}{% endset %}{% set ns.x = [y, y ~ y] + ns.x %}{% endfor %}",
    ] {
        let library = library(bomb);
        let answers: Vec<Answer> = pool.render(&library, [job("bad", "t")]).collect();
        match &answers[0].result {
            Err(failed) => assert_eq!(failed.reason, Reason::Memory, "{bomb}"),
            Ok(rendered) => {
                let err = rendered[0].as_ref().expect_err("a bomb");
                assert_eq!(err.fault, Fault::Limit, "{bomb}: {err}");
            }
        }
        assert_lives(&pool, &library);
    }
}

#[test]
fn what_the_engine_stops_costs_no_worker() {
    let folder = Folder::new("engine");
    let pool = pool(&folder, 1, WALL);
    for bomb in [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{{ 'x' * 9999 }}{% endfor %}",
        "{{ 'a' | indent(10**9) }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 't' %}",
    ] {
        let library = library(bomb);
        let answers: Vec<Answer> = pool.render(&library, [job("bad", "t")]).collect();
        let rendered = answers[0].result.as_ref().expect("the worker lives");
        let err = rendered[0].as_ref().expect_err("a bomb");
        assert!(matches!(err.fault, Fault::Limit | Fault::Value), "{bomb}: {err}");
        assert_lives(&pool, &library);
    }
    assert_eq!(folder.started(1).len(), 1);
}

#[test]
fn a_worker_that_is_killed_takes_its_own_job_along_and_no_other() {
    let folder = Folder::new("killed");
    let pool = pool(&folder, 1, WALL);
    // Neither killed nor ended within the test.
    let library =
        library("{% for i in range(999) %}{% set y = range(9999) | sort | length %}{% endfor %}");
    let killer = {
        let folder = Folder(folder.0.clone());
        std::thread::spawn(move || {
            kill(folder.started(1)[0], Signal::SIGKILL).expect("killed");
            std::mem::forget(folder);
        })
    };
    let jobs = [job("killed", "t"), job("after", "good")];
    let answers: Vec<Answer> = pool.render(&library, jobs).collect();
    killer.join().expect("killer");
    let failed = answers[0].result.as_ref().expect_err("killed");
    assert!(matches!(&failed.reason, Reason::Died(how) if how.contains("signal: 9")), "{failed}");
    assert!(answers[1].result.is_ok(), "{answers:?}");
    // One that ends while it has nothing to do is not even missed.
    let idle = folder.started(2)[1];
    kill(idle, Signal::SIGKILL).expect("killed");
    until(|| fs::read_to_string(format!("/proc/{idle}/stat")).is_ok_and(|it| it.contains(") Z ")));
    assert_lives(&pool, &library);
}

/// The first worker is another program; those after it are ours.
fn pool_after(folder: &Folder, wall: Duration, script: &'static str) -> Pool {
    let (pids, started) = (folder.pids(), AtomicUsize::new(0));
    let command = move || match started.fetch_add(1, Ordering::Relaxed) {
        0 => {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", script]);
            command
        }
        _ => worker("", &pids),
    };
    Pool::new(options(1, wall), command).expect("pool")
}

#[test]
fn workers_that_talk_nonsense_are_replaced() {
    for (script, said) in [
        ("echo this is no answer; exec sleep 1000", "a message of"),
        ("head -c 4 /dev/zero; exec sleep 1000", "an empty message"),
        ("printf '\\1\\0\\0\\0\\7'; exec sleep 1000", "an answer of kind 7"),
        (
            "printf '\\15\\0\\0\\0\\3\\10\\0\\0\\0\\11\\0\\0\\0\\0\\0\\0\\0'; exec sleep 1000",
            "another job",
        ),
        (
            "printf '\\15\\0\\0\\0\\3\\10\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0'; exec sleep 1000",
            "something else",
        ),
    ] {
        let folder = Folder::new("nonsense");
        let pool = pool_after(&folder, WALL, script);
        let library = library("");
        let answers: Vec<Answer> = pool.render(&library, [job("first", "good")]).collect();
        let failed = answers[0].result.as_ref().expect_err("nonsense");
        assert!(
            matches!(&failed.reason, Reason::Garbage(what) if what.contains(said)),
            "{script}: {failed}"
        );
        assert_lives(&pool, &library);
    }
}

#[test]
fn workers_that_never_answer_are_replaced() {
    let wall = Duration::from_secs(2);
    // Whether they read what they are told or not.
    for script in [
        "exec sleep 1000",
        "head -c 1000000 >/dev/null; exec sleep 1000",
        "exec cat >&2",
        "sleep 1000 & exec sleep 1000",
    ] {
        let folder = Folder::new("silent");
        let pool = pool_after(&folder, wall, script);
        let library = library("");
        let values = format!(r#"{{"x": "{}"}}"#, "x".repeat(1 << 20)).into_bytes();
        let long = Job { values, ..job("silent", "good") };
        let begun = Instant::now();
        let answers: Vec<Answer> = pool.render(&library, [long]).collect();
        let failed = answers[0].result.as_ref().expect_err("silence");
        assert_eq!(failed.reason, Reason::WallTime(wall), "{script}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        assert_lives(&pool, &library);
    }
}

#[test]
fn a_worker_that_cannot_be_one_says_why() {
    let missing = Pool::new(options(1, WALL), || Command::new("/nonexistent/program"));
    let missing = missing.expect("pool");
    let answers: Vec<Answer> = missing.render(&library(""), [job("a", "good")]).collect();
    let failed = answers[0].result.as_ref().expect_err("no program");
    assert!(matches!(failed.reason, Reason::NoWorker(_)), "{failed}");

    let folder = Folder::new("environment");
    let pids = folder.pids();
    let open = Pool::new(options(1, WALL), move || worker("SECRET=1", &pids)).expect("pool");
    let answers: Vec<Answer> = open.render(&library(""), [job("a", "good")]).collect();
    let failed = answers[0].result.as_ref().expect_err("an environment");
    assert!(failed.to_string().contains("without an environment"), "{failed}");
}

/// Also when what it has started would go on and keep its pipes open.
#[test]
fn a_worker_that_gives_up_says_how() {
    let script = "sleep 1000 >/dev/null & echo no more >&2; exit 3";
    let folder = Folder::new("gives-up");
    let pool = pool_after(&folder, WALL, script);
    let library = library("");
    let answers: Vec<Answer> = pool.render(&library, [job("first", "good")]).collect();
    let failed = answers[0].result.as_ref().expect_err("it has ended").to_string();
    assert!(failed.contains("exit status: 3: no more"), "{failed}");
    assert_lives(&pool, &library);
}

#[test]
fn a_worker_has_nothing() {
    let folder = Folder::new("nothing");
    let pool = pool(&folder, 1, WALL);
    assert_lives(&pool, &library(""));
    let pid = folder.started(1)[0];
    let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).expect("process");
    assert_eq!(read("environ"), "");
    let limits = read("limits");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).expect("limit");
        line[name.len()..].split_whitespace().next().expect("value").to_owned()
    };
    assert_eq!(limit("Max core file size"), "0");
    assert_eq!(limit("Max file size"), "0");
    assert_eq!(limit("Max open files"), "8");
    assert_eq!(limit("Max processes"), "0");
    assert!(limit("Max cpu time").parse::<u64>().expect("number") <= 10);
    assert!(limit("Max address space").parse::<u64>().expect("number") < 2 << 30);
}

#[test]
fn what_is_larger_than_any_device_has_is_told_and_not_sent() {
    let folder = Folder::new("large");
    let pool = pool(&folder, 1, WALL);
    let library = library("{{ x }}");
    let item = format!("\"{}\"", "x".repeat(30 << 20)).into_bytes();
    let texts = vec![Asked { template: "t".into(), item: Some(item) }];
    let large = Job { texts, ..job("large", "t") };
    let answers: Vec<_> = pool.render(&library, [large, job("small", "good")]).collect();
    let result = |at: usize| &answers.iter().find(|it| it.number == at).expect("an answer").result;
    let why = result(0).as_ref().expect_err("too large");
    assert!(matches!(why.reason, Reason::TooLarge(bytes) if bytes > 30 << 20), "{why}");
    assert!(result(1).is_ok());
}

#[test]
fn every_job_has_its_answer_and_nothing_remains() {
    // More than two processes do before they are replaced.
    const JOBS: usize = 10_010;
    let folder = Folder::new("all");
    let pool = pool(&folder, 2, WALL);
    let template = "{{ device }} {{ n * 2 }}\n";
    let named = |n: usize| {
        let values = format!(r#"{{"device": "box{n}", "n": {n}}}"#).into_bytes();
        Job { device: format!("box{n}"), texts: vec!["t".into(), "good".into()], values }
    };
    let mut seen = vec![false; JOBS];
    for answer in pool.render(&library(template), (0..JOBS).map(named)) {
        let rendered = answer.result.expect("rendered");
        let n = answer.number;
        assert_eq!(rendered[0].as_deref(), Ok(format!("box{n} {}\n", n * 2).as_str()));
        let err = rendered[1].as_ref().expect_err("there is no x");
        assert_eq!(
            (err.fault, err.names.as_slice()),
            (Fault::Undefined, ["x".to_owned()].as_slice())
        );
        assert!(!std::mem::replace(&mut seen[n], true), "twice");
    }
    assert!(seen.iter().all(|seen| *seen));
    let bad = Job { values: b"[1]".to_vec(), ..job("list", "good") };
    let answers: Vec<Answer> = pool.render(&library(template), [bad]).collect();
    assert!(matches!(answers[0].result.as_ref().expect_err("no map").reason, Reason::Values(_)));
    // Whoever no longer listens does not stop the others.
    drop(pool.render(&library(template), (0..JOBS).map(named)).next());
    assert_lives(&pool, &library(template));
    let pids = folder.started(3);
    assert!(pids.len() > 2, "none was replaced: {pids:?}");
    drop(pool);
    assert!(!pids.into_iter().any(is_there), "a worker or a zombie has remained");
}

/// Owns a pool with a busy worker until it is killed: no test.
#[test]
#[ignore = "a program that is killed by the next test"]
fn pool_owner() {
    let folder = Folder(std::env::var_os("POOL_OWNER_FOLDER").expect("folder").into());
    let pool = pool(&folder, 1, Duration::from_secs(1_000));
    let slow = "{% for i in range(99999) %}{% set y = range(99999) | sort | length %}{% endfor %}";
    let answers: Vec<Answer> = pool.render(&library(slow), [job("a", "t")]).collect();
    panic!("it was not killed: {answers:?}");
}

#[test]
fn workers_end_with_their_parent() {
    let folder = Folder::new("parent");
    let mut owner = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "pool_owner", "--ignored"])
        .env("POOL_OWNER_FOLDER", &folder.0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("owner");
    let worker = folder.started(1)[0];
    // Busy, as a worker, and not as the shell that became it.
    until(|| {
        let limits = fs::read_to_string(format!("/proc/{worker}/limits")).unwrap_or_default();
        limits.lines().any(|line| line.starts_with("Max core file size") && line.contains(" 0 "))
    });
    owner.kill().expect("killed");
    owner.wait().expect("waited for");
    until(|| {
        !is_there(worker)
            || fs::read_to_string(format!("/proc/{worker}/stat"))
                .is_ok_and(|it| it.contains(") Z "))
    });
}
