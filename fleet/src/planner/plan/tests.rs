use super::*;
use crate::planner::inputs::HeldTo;
use crate::planner::origin::Origin;
use crate::planner::placing::tests::placed;
use catalog::{NewObject, PurgeHistory, RightsWindow, Snapshot, Title, TitleSpec};
use contract::names::SiteName;
use contract::object::Digest;
use contract::sources::OriginPath;
use contract::tags::Tags;
use contract::time::TimeUs;
use inventory::{ContentGroup, Disk, DiskClass, Inventory, PlayerListener, Site};

fn site(name: &str) -> Site {
    let name = SiteName::new(name).expect("name");
    Site {
        name,
        latitude: 1.0,
        longitude: 2.0,
        client_prefixes: vec![],
        fill: None,
        provider: None,
        may_fill_sites: vec![],
        region: None,
        tags: vec![],
    }
}

fn appliance(name: &str, port: u16) -> Appliance {
    let (_, site) = name.split_once('.').expect("box.site");
    let address = |port| ([127, 0, 0, 1], port).into();
    let capacity_bytes = if site == "a" { 2 << 20 } else { 1 << 20 };
    Appliance {
        name: DeviceName::new(name).expect("name"),
        site: SiteName::new(site).expect("name"),
        serial: None,
        players: vec![PlayerListener { addresses: vec![address(8443)], http2: false }],
        peers: vec![address(port)],
        disks: vec![Disk::new("/d", DiskClass::Ssd, capacity_bytes)],
        ram_budget_bytes: 1 << 20,
        state_folder: "/s".into(),
        access_log_folder: None,
    }
}

fn group(name: &str) -> GroupName {
    GroupName::new(name).expect("name")
}

fn title(name: &str, revision: i64) -> Title {
    let spec = TitleSpec {
        group: group("g"),
        title: TitleName::new(name).expect("name"),
        name: name.into(),
        base_path: format!("/{name}"),
        hls: None,
        dash: None,
        tags: Tags::default(),
    };
    Title {
        spec,
        revision,
        added_at: TimeUs(revision),
        window: RightsWindow::default(),
        terms: vec![],
    }
}

fn object(ordinal: Ordinal, title: &str, size_bytes: u64) -> CatalogObject {
    let path = format!("/{title}/{ordinal}.m4s");
    CatalogObject {
        ordinal,
        group: group("g"),
        title: TitleName::new(title).expect("name"),
        file: NewObject {
            blake3: Digest::of(path.as_bytes()),
            path,
            size_bytes,
            modified: TimeUs(1),
            bitrate_bits_per_s: None,
        },
        tags: Tags::default(),
        window: RightsWindow::default(),
    }
}

/// Two sites, three boxes, a title that fits everywhere and one that fits beside it at one site alone.
pub(in crate::planner) fn inputs() -> Inputs {
    let mut objects: Vec<CatalogObject> = (0..40).map(|at| object(at, "small", 1000)).collect();
    objects.push(object(40, "large", 900_000));
    let origin_path =
        OriginPath { host: "origin.example".into(), prefix: "/o".into(), bucket: None };
    let origin = Origin { address: ([192, 0, 2, 1], 80).into(), tls_name: None, path: origin_path };
    Inputs {
        commands: HashMap::new(),
        commands_version: 0,
        inventory: Inventory {
            states: HashMap::new(),
            viewer_bits_per_s: HashMap::new(),
            version: 3,
            regions: HashMap::new(),
            sites: vec![site("a"), site("b")],
            appliances: vec![
                appliance("oca1.a", 9441),
                appliance("oca1.b", 9443),
                appliance("oca2.a", 9442),
            ],
            groups: vec![ContentGroup {
                name: group("g"),
                owner: "G".into(),
                host_pattern: "{device}.localhost".into(),
                origin_url: "http://origin.example/o".into(),
                origin_s3: None,
                cors_origins: vec![],
                log_requests: true,
                on_miss: OnMiss::Refuse,
                demand_share_percent: 10,
            }],
        },
        catalog: Snapshot {
            version: 9,
            titles: vec![title("small", 4), title("large", 9)],
            objects,
        },
        written: 9,
        announcements: 1,
        refused: None,
        held_to: vec![],
        purges: PurgeHistory::default(),
        origins: [(group("g"), origin)].into(),
    }
}

/// A plan beside nothing.
pub(in crate::planner) fn planned(inputs: &Inputs) -> Plan {
    plan(inputs, &placed(inputs)).expect("a plan")
}

#[test]
fn every_box_is_told_what_to_hold_and_from_whom() {
    let plan = planned(&inputs());
    let told: Vec<_> = plan
        .boxes
        .iter()
        .map(|each| serde_json::json!({"device": each.device, "hold": each.hold, "batches": each.batches}))
        .collect();
    insta::assert_json_snapshot!(told);
}

#[test]
fn only_whole_titles_count_as_held() {
    let plan = planned(&inputs());
    let held = |each: &BoxTargets| {
        let mut titles: Vec<&str> = each.titles.iter().map(|held| held.title.as_str()).collect();
        titles.sort_unstable();
        format!("{} {titles:?} {:?}", each.device, each.not_placed)
    };
    let told: Vec<String> = plan.boxes.iter().map(held).collect();
    let both = r#"["large", "small"] []"#;
    let first = r#"oca1.b ["small"] []"#.to_owned();
    assert_eq!(told, [format!("oca1.a {both}"), first, format!("oca2.a {both}")]);
}

#[test]
fn what_does_not_fit_onto_the_disks_is_no_whole_title() {
    let mut inputs = inputs();
    let placed = placed(&inputs);
    // The disks of this box are smaller than they were when it was placed.
    inputs.inventory.appliances[1].disks[0].capacity_bytes = 100_000;
    let plan = plan(&inputs, &placed).expect("a plan");
    let small = &plan.boxes[1];
    assert!(small.titles.is_empty());
    assert_eq!(small.not_placed, [(Reason::NoRoom, 30)]);
}

#[test]
fn what_is_about_to_be_served_is_to_be_there_first() {
    let mut inputs = inputs();
    let begins = TimeUs(0).plus_s((20_000 + 2) * 86_400);
    inputs.catalog.titles[1].window.serve_from = Some(begins);
    let plan = planned(&inputs);
    let deadline = Deadline { ordinal: 40, by_us: begins };
    let first = |each: &BoxTargets| each.hold.resolve(None).expect("a list")[0];
    for each in &plan.boxes {
        let is_told = each.deadlines == [deadline] && first(each) == 40;
        let is_there = each.titles.iter().any(|held| held.title.as_str() == "large");
        assert_eq!(is_told, is_there, "{each:?}");
    }
    assert!(plan.boxes.iter().any(|each| !each.deadlines.is_empty()));
}

#[test]
fn boxes_ask_those_above_them_before_the_origin() {
    let mut inputs = inputs();
    let sites = &mut inputs.inventory.sites;
    sites[0].may_fill_sites = vec![sites[1].name.clone()];
    let plan = planned(&inputs);
    let below = plan.boxes.iter().find(|each| each.device.as_str() == "oca1.b").expect("there");
    let beyond = below.batches[0].beyond.iter().map(|it| it.kind.to_string());
    assert_eq!(beyond.collect::<Vec<_>>(), ["parent oca1.a", "parent oca2.a", "origin"]);
    let above = plan.boxes.iter().filter(|each| each.device.as_str() != "oca1.b");
    for batch in above.flat_map(|each| &each.batches) {
        assert_eq!(batch.beyond.len(), 1, "nobody is above a site that gives");
    }
}

#[test]
fn without_an_origin_only_peers_are_told() {
    let mut inputs = inputs();
    inputs.origins.clear();
    let plan = planned(&inputs);
    let alone = plan.boxes.iter().find(|each| each.device.as_str() == "oca1.b").expect("there");
    assert!(alone.batches.is_empty());
    let sources = plan.boxes.iter().flat_map(|each| &each.batches).flat_map(|each| &each.beyond);
    assert_eq!(sources.count(), 0);
    let mut batches = plan.boxes.iter().flat_map(|each| &each.batches);
    assert!(batches.any(|each| !each.siblings.is_empty()));
}

#[test]
fn neighbours_are_told_of_where_boxes_turn_to_each_other() {
    let mut inputs = inputs();
    let none = planned(&inputs);
    assert!(none.boxes.iter().all(|each| each.neighbours.is_empty()));
    for on_miss in [OnMiss::Redirect, OnMiss::Proxy] {
        inputs.inventory.groups[0].on_miss = on_miss;
        neighbours_of_a_site_are_told(&inputs);
    }
}

fn neighbours_of_a_site_are_told(inputs: &Inputs) {
    let plan = planned(inputs);
    let told = |device: &str| {
        let told = plan.boxes.iter().find(|each| each.device.as_str() == device).expect("there");
        let one = |it: &Neighbour| (it.source.kind.to_string(), it.viewers[&group("g")].clone());
        told.neighbours.iter().map(one).collect::<Vec<_>>()
    };
    let authority = inputs.inventory.groups[0].authority(&inputs.inventory.appliances[2]);
    assert_eq!(told("oca1.a"), [("peer oca2.a".to_owned(), authority.expect("a listener"))]);
    assert_eq!(told("oca1.b"), [], "no other box of the site");
}

#[test]
fn sites_that_stay_with_a_version_are_told_what_it_says() {
    let mut inputs = inputs();
    let held = |cohort: &str, version: u64, objects: usize| {
        let catalog = Snapshot {
            version,
            titles: inputs.catalog.titles.clone(),
            objects: inputs.catalog.objects[..objects].to_vec(),
        };
        HeldTo { cohort: cohort.to_owned(), catalog }
    };
    let (all, canary) = (held("", 7, 20), held("canary", 5, 10));
    let told = |inputs: &Inputs| -> Vec<(String, u64, usize)> {
        let plan = planned(inputs);
        let told = |it: &BoxTargets| {
            let count = it.hold.resolve(None).expect("a list").len();
            (it.device.to_string(), it.catalogue.version, count)
        };
        plan.boxes.iter().map(told).collect()
    };
    let named = |name: &str, version, count| (name.to_owned(), version, count);
    inputs.held_to = vec![canary];
    // A tag that no site has holds nobody.
    let everywhere = [("oca1.a", 41), ("oca1.b", 40), ("oca2.a", 41)];
    assert_eq!(told(&inputs), everywhere.map(|(name, count)| named(name, 9, count)));
    inputs.inventory.sites[0].tags = vec!["canary".to_owned()];
    let of_a = [named("oca1.a", 5, 10), named("oca2.a", 5, 10)];
    assert_eq!(told(&inputs), [&of_a[..], &[named("oca1.b", 9, 40)]].concat());
    inputs.held_to.insert(0, all);
    assert_eq!(told(&inputs), [&of_a[..], &[named("oca1.b", 7, 20)]].concat());
}

#[test]
fn boxes_are_told_of_what_may_be_shown_where_they_stand() {
    use catalog::terms::Terms;
    let mut inputs = inputs();
    inputs.inventory.regions = [("de".to_owned(), "europe".to_owned())].into();
    inputs.inventory.sites[0].region = Some("de".to_owned());
    let window = RightsWindow { serve_from: None, serve_until: Some(TimeUs(7)) };
    let terms = Terms { region: Some("europe".to_owned()), window, lacks: vec![] };
    inputs.catalog.titles[0].terms = vec![terms];
    let plan = planned(&inputs);
    let told: Vec<(&str, usize)> = plan
        .boxes
        .iter()
        .map(|it| (it.device.as_str(), it.hold.resolve(None).expect("a list").len()))
        .collect();
    // Where the first may not be shown there is room for the other.
    assert_eq!(told, [("oca1.a", 41), ("oca2.a", 41), ("oca1.b", 1)]);
    let held: Vec<usize> = plan.boxes.iter().map(|it| it.titles.len()).collect();
    assert_eq!(held, [2, 2, 1]);
    // What both are told of alike is there once.
    inputs.catalog.titles[0].terms.clear();
    assert_eq!(planned(&inputs).segments.len(), 1);
    assert_eq!(plan.segments.len(), 2);
    let until = &plan.boxes[0].catalogue;
    assert_ne!(until.segments, plan.boxes[2].catalogue.segments);
}
