//! What a device runs beside what it is to run: told with what has come of it. On both databases.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use support::process::Server;
use support::router::Router;
use support::shell::typed;

/// A password that the fleet tells the device.
const TOLD: &str = "correct-horse-battery";

const FRR: &str = "/etc/frr/frr.conf";
const CHRONY: &str = "/etc/chrony/chrony.conf";

const THERE: &str = r#"
fleet site create munich --latitude 48.1 --longitude 11.6
fleet provider create isp-a --asns 64496
fleet prefix create 192.0.2.0/24 --site munich
fleet device create r1.munich --role router --site munich --status racked
fleet interface create r1.munich ge0
fleet address create 192.0.2.1/24 --interface r1.munich:ge0
fleet bgp create r1.munich 192.0.2.11 --peer-asn 64511 --local-asn 64496
fleet config drift
fleet config drift r1.munich
"#;

/// The way there: what stands in files of ours is what it says that it has.
fn way(router: &Router) -> String {
    let folder = router.folder.display();
    let command = |path: &str, file: &str| {
        format!("{{\"name\": \"{path}\", \"command\": \"cat {folder}/{file}\"}}")
    };
    format!(
        "fleet device edit r1.munich --management-address 127.0.0.1 --ssh-host-keys \"{}\"\n\
         fleet config-context create r1 --device r1.munich --data '{{\"management\": {{\"port\": {}, \
         \"private_key\": {{\"$secret\": \"file:{folder}/key\"}}}}, \"bgp\": {{\"password\": {{\"$secret\": \
         \"file:{folder}/bgp\"}}}}, \"backup\": {{\"enabled\": false, \"commands\": [{}, {}]}}}}'\n",
        router.host_key(),
        router.port,
        command(FRR, "frr"),
        command(CHRONY, "chrony"),
    )
}

/// What it is to have, with the secret in its place.
fn intended(server: &Server, path: &str) -> String {
    server.ok(&["config", "show", "r1.munich", path]).replace("(secret)", TOLD)
}

fn story(database_url: Option<&str>) -> String {
    let work = tempfile::tempdir().expect("a folder");
    let machine = work.path().join("machine");
    std::fs::create_dir(&machine).expect("a folder");
    let router = Router::start(&machine);
    let has = |file: &str, text: &str| std::fs::write(machine.join(file), text).expect("written");
    has("bgp", TOLD);
    let secrets = ["--secrets", machine.to_str().expect("text")];
    let server = Server::start_with(&work.path().join("data"), database_url, &secrets);
    let see = |script: &str| typed(&server, work.path(), script);
    let mut all = see(THERE);
    let said = see(&way(&router));
    assert!(!said.contains("\n["), "{said}");
    // It has had another clock from the start.
    has("frr", &intended(&server, FRR));
    assert!(std::fs::read_to_string(machine.join("frr")).expect("text").contains(TOLD));
    has("chrony", "server somebody.example\n");
    let look = "fleet config backup r1.munich\nfleet config drift r1.munich\n";
    all += &see(look);
    // Somebody helps himself on the device.
    has("frr", &intended(&server, FRR).replace("64511", "64512"));
    all += &see(look);
    all += &see("fleet config drift r1.munich --diff | grep -A30 frr.conf\n");
    // And is right.
    let edit = "fleet bgp edit r1.munich:192.0.2.11 --peer-asn 64512 -m \"they have moved\"\n";
    all += &see(&format!("{edit}{look}"));
    // What is decided from now on, it does not have yet.
    let decided = "fleet config-context create slow --site munich --data '{bgp: {hold_time_s: 30}}' -m \"ticket 7\"\n";
    all += &see(&format!("{decided}{look}"));
    all += &see("fleet config drift -o json | grep -c correct-horse\n");
    all
}

#[test]
fn what_differs_is_told_with_what_has_come_of_it() {
    insta::assert_snapshot!("drift", story(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn and_on_postgresql() {
    let test = db::testing::postgres().await;
    test.db.close().await;
    let url = test.address.clone();
    let said = tokio::task::spawn_blocking(move || story(Some(&url))).await.expect("a story");
    insta::assert_snapshot!("drift", said);
}
