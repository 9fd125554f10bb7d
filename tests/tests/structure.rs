//! The architecture, read from `cargo metadata` and the sources: who may depend on whom,
//! that every crate says what it is, that `unsafe` stays where it is named.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// `A: B C` means that A may depend on B and C, and on no other crate of ours.
const ALLOWED: &[(&str, &str)] = &[
    ("contract", ""),
    ("cache", "contract"),
    ("records", ""),
    ("tpm", ""),
    ("fill", "cache contract records"),
    ("serve", "cache contract records"),
    ("appliance", "serve fill cache contract tpm"),
    ("fuzz", "records serve"),
    ("sim", "fill cache contract"),
    ("ports", ""),
    ("ssh-devices", ""),
    ("ssh-server", ""),
    ("uml-xstate", ""),
    ("db", ""),
    ("ssh", ""),
    ("ca", "contract db"),
    ("dns", ""),
    ("acme", "ca contract db dns"),
    ("people", "ca contract db"),
    ("catalog", "contract db"),
    ("inventory", "contract db"),
    ("rollout", ""),
    ("config-render", "inventory rollout ssh contract db"),
    ("health-collector", "inventory ssh contract db"),
    ("prefill", "contract"),
    ("steer", "contract"),
    ("simulate", "inventory catalog prefill steer contract db"),
    (
        "fleet",
        "db dns ssh ca acme people catalog inventory rollout config-render health-collector prefill steer simulate contract",
    ),
];

/// Whose tests may use them, and nothing else: any crate.
const FOR_TESTS: &[&str] = &["ports", "ssh-devices", "ssh-server"];

/// Depends on everything, and nothing on it.
const TESTS: &str = "tests";

/// Crates that are pure: no runtime, no network, no files, no clock.
const PURE: &[&str] = &["contract", "prefill", "records", "rollout", "steer"];

/// What a pure crate must not pull in.
const IMPURE: &[&str] = &["tokio", "hyper", "axum", "sqlx", "nix", "rand", "ssh2"];

/// Where `unsafe` may stand: files or folders, from the root.
const UNSAFE_ALLOWED: &[&str] = &[
    "appliance/serve/src/uring",
    "appliance/serve/src/sockopt.rs",
    "appliance/cache/src/arena",
    // Two calls to the kernel: a thread's class at the processor, and at disks.
    "appliance/src/background.rs",
    // One call: what the kernel knows of its clock.
    "appliance/src/diagnose/clock.rs",
    // An allocator that counts, and hands back what it keeps when told to.
    "tests/src/bin/world.rs",
    // Stands in for a function of the C library.
    "tests/uml-xstate",
    // Another that counts.
    "appliance/cache/tests/memory.rs",
];

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().exec().expect("cargo metadata")
}

fn allowed() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    ALLOWED.iter().map(|(from, to)| (*from, to.split_whitespace().collect())).collect()
}

fn forbidden(packages: &[&Package]) -> Vec<String> {
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let allowed = allowed();
    let mut found = Vec::new();
    for package in packages.iter().filter(|package| package.name != TESTS) {
        let Some(may) = allowed.get(package.name.as_str()) else {
            found.push(format!("{} stands nowhere in ALLOWED", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            if FOR_TESTS.contains(&name) && dependency.kind == DependencyKind::Development {
                continue;
            }
            if ours.contains(name) && !may.contains(name) {
                found.push(format!("{} must not depend on {name}", package.name));
            }
            let is_build = dependency.kind != DependencyKind::Development;
            if is_build && PURE.contains(&package.name.as_str()) && IMPURE.contains(&name) {
                found.push(format!("{} is pure and must not use {name}", package.name));
            }
        }
    }
    found
}

#[test]
fn dependencies_follow_the_architecture() {
    let metadata = metadata();
    let found = forbidden(&metadata.workspace_packages());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_forbidden_dependency_would_be_found() {
    let metadata = metadata();
    let mut packages: Vec<Package> = metadata.workspace_packages().into_iter().cloned().collect();
    let fleet = packages.iter().find(|package| package.name == "fleet").expect("fleet");
    let on_contract = fleet.dependencies.iter().find(|d| d.name == "contract").expect("contract");
    let on_contract = on_contract.clone();
    let others = || ["cache"].into_iter().chain(FOR_TESTS.iter().copied());
    let on_others = others().map(|name| {
        let mut on_other = on_contract.clone();
        name.clone_into(&mut on_other.name);
        on_other
    });
    let fleet = packages.iter_mut().find(|package| package.name == "fleet").expect("fleet");
    fleet.dependencies.extend(on_others);
    let found = forbidden(&packages.iter().collect::<Vec<_>>());
    let expected: Vec<String> =
        others().map(|name| format!("fleet must not depend on {name}")).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_crate_says_what_it_is() {
    let mut found = Vec::new();
    for package in metadata().workspace_packages() {
        if package.description.as_deref().unwrap_or("").len() < 20 {
            found.push(format!("{} has no description", package.name));
        }
        let root = package.manifest_path.parent().expect("folder").join("src");
        for file in ["lib.rs", "main.rs"].map(|file| root.join(file)) {
            let text = std::fs::read_to_string(&file).unwrap_or_else(|_| "//!".to_owned());
            if !text.starts_with("//!") {
                found.push(format!("{file} does not begin with //!"));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn unsafe_stays_where_it_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("root");
    let mut found = Vec::new();
    for file in sources(root) {
        let relative = file.strip_prefix(root).expect("below root");
        if UNSAFE_ALLOWED.iter().any(|allowed| relative.starts_with(allowed)) {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("source");
        for (at, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            if is_unsafe(code) {
                found.push(format!("{}:{}: {}", relative.display(), at + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "unsafe outside {UNSAFE_ALLOWED:?}:\n{}", found.join("\n"));
}

fn is_unsafe(code: &str) -> bool {
    ["fn", "{", "impl", "trait", "extern"]
        .iter()
        .any(|what| code.contains(&format!("{} {what}", concat!("un", "safe"))))
}

#[test]
fn files_stay_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("root");
    let mut lengths: Vec<(usize, PathBuf)> = sources(root)
        .into_iter()
        .map(|file| (std::fs::read_to_string(&file).expect("source").lines().count(), file))
        .collect();
    lengths.sort();
    let (longest, file) = lengths.last().expect("a source");
    assert!(*longest <= 500, "{} has {longest} lines: which role should move out?", file.display());
    let median = lengths[lengths.len() / 2].0;
    assert!(median <= 150, "half of the files have more than {median} lines");
}

fn sources(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("folder") {
            let path = entry.expect("entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir()
                && !matches!(&*name, "target" | "node_modules")
                && !name.starts_with('.')
            {
                folders.push(path);
            } else if path.extension().is_some_and(|suffix| suffix == "rs") {
                found.push(path);
            }
        }
    }
    found
}
