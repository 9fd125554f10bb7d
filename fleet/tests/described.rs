//! The API is what its OpenAPI document says: Schemathesis asks a running manager whatever the document
//! allows and forbids, and nothing may come back that it does not announce, a 500 least of all.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use support::api::ask;
use support::process::Server;
use support::story;

/// The same questions every time, as far as answers and time allow.
const SEED: &str = "20260117";

/// Each once would take 40 s; what is left goes to what comes after what.
const PATIENCE_S: u64 = 75;

/// For `make nightly`.
const NIGHTLY_S: u64 = 900;

/// 401 to everything would pass as well: so much has to have been changed meanwhile.
const LEAST_CHANGES: i64 = 50;

/// No check of requests by their schema (`negative_data_rejection`, `positive_data_acceptance`): what may
/// stand in a field together with what stands in others is beyond a schema, and answered with 422.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,unsupported_method,\
    allow_header_conformance,missing_required_header,ignored_auth,use_after_free";

/// Where `setup/schemathesis.sh` puts it; `None` where it has not.
fn schemathesis() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("target/");
    let program = target.join("schemathesis/bin/schemathesis");
    if program.exists() {
        return Some(program);
    }
    assert!(std::env::var_os("CI").is_none(), "no {}: setup/schemathesis.sh", program.display());
    eprintln!("skipped: no {}: setup/schemathesis.sh makes it", program.display());
    None
}

/// Something of most kinds, so that names lead somewhere.
fn seed(server: &Server, work: &Path) {
    let root = work.join("root");
    server.ok(&["ca", "init", "--root", root.to_str().expect("text")]);
    let lines = [
        "simulate seed --appliances 4",
        "tag create blue",
        "site create site-a --latitude 48.14 --longitude 11.58 --prefix 127.0.0.0/8",
        "group create studio-a --owner Studio --host-pattern {device}.localhost --origin http://127.0.0.1:8000/o",
        "appliance create oca1.site-a --site site-a --serial SN-1 --player 127.0.0.1:8441 \
         --peer 127.0.0.1:9441 --disk /srv/disk0:nvme:1GiB --ram 64MiB --state-folder /var/lib/headend",
        "disk scrub oca1.site-a",
    ];
    for line in lines {
        server.ok(&line.split_whitespace().collect::<Vec<_>>());
    }
    story::title(&work.join("title"));
    story::add_title(server, work);
    let person = r#"{"name": "eve", "role": "viewer", "password": "correct horse battery"}"#;
    assert_eq!(ask(server, "POST", "/api/v1/people", &["-d", person]).0, 201);
}

fn version(server: &Server) -> i64 {
    let (_, _, tags) = ask(server, "GET", "/api/v1/tags", &[]);
    tags["version"].as_i64().expect("a version")
}

/// All of the API is asked. Nothing in it ends the process, and the token that is shown is no session's:
/// to log out leaves it be.
fn is_as_described(database_url: Option<&str>) {
    let Some(program) = schemathesis() else { return };
    let work = tempfile::tempdir().expect("folder");
    let server = Server::start(&work.path().join("data"), database_url);
    seed(&server, work.path());
    let before = version(&server);
    let is_nightly = std::env::var_os("HEADEND_NIGHTLY").is_some_and(|value| value == "1");
    let patience_s = if is_nightly { NIGHTLY_S } else { PATIENCE_S }.to_string();
    let address = format!("https://{}", server.listen);
    let mut command = Command::new(program);
    command.arg("run").arg(format!("{address}/api/v1/openapi.json")).args(["--url", &address]);
    command.arg("--tls-verify").arg(server.front()).args(["--header", &server.bearer()]);
    command.args(["--seed", SEED, "--max-time", &patience_s, "--checks", CHECKS]);
    // A filter for each field and suffix is much, and no reason to stop.
    command.args(["--suppress-health-check", "all", "--warnings", "off", "--no-color"]);
    // The deadline of the server, and some.
    command.args(["--request-timeout", "40", "--generation-database", "none"]);
    let output = command.current_dir(work.path()).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    eprintln!("seed {SEED}: {said}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let changes = version(&server) - before;
    assert!(changes >= LEAST_CHANGES, "only {changes} changes: who was let in?");
}

#[test]
fn whatever_is_asked_is_answered_as_described() {
    is_as_described(None);
}

#[tokio::test(flavor = "multi_thread")]
async fn and_on_postgresql() {
    if std::env::var_os("SKIP_POSTGRES").is_some() {
        return;
    }
    let test = db::testing::postgres().await;
    test.db.close().await;
    is_as_described(Some(&test.address));
}
