use super::*;
use crate::planner::plan::tests::{inputs, planned};
use contract::envelope::FIRST_EPOCH;
use contract::manifest::Hold;
use db::testing;

const NOW: TimeUs = TimeUs(1_700_000_000_000_000);

async fn boxes(test: &testing::TestDb) -> Documents {
    let rows = "INSERT INTO sites (\"key\", latitude, longitude, created_at_us) VALUES ('a', 0.0, 0.0, 1), ('b', 0.0, 0.0, 1);
        INSERT INTO devices (\"key\", site, created_at_us) VALUES ('oca1.a', 'a', 1), ('oca2.a', 'a', 1),
            ('oca1.b', 'b', 1)";
    sqlx::raw_sql(rows).execute(test.db.read()).await.expect(test.name);
    Documents::new(test.db.clone())
}

#[tokio::test]
async fn a_box_that_is_told_nothing_of_content_is_told_of_purges() {
    for test in testing::both().await {
        let store = boxes(&test).await;
        let inputs = inputs();
        let (before, after) =
            (PurgeHistory::default(), PurgeHistory { version: 1, ..PurgeHistory::default() });
        let first = planned(&inputs);
        let none = Beside {
            epoch: FIRST_EPOCH,
            history: &before,
            confirmed: &|_, _| 0,
            trust_version: 1,
            dropped_in: &|_| None,
            command: &|_| None,
        };
        let heads = publish(&store, &first, none, NOW).await.expect(test.name);
        let kept = first.boxes.into_iter().map(|it| it.device).collect();
        let nothing = Plan { segments: vec![], boxes: vec![], kept };
        let purged = Beside { history: &after, ..none };
        let next = publish(&store, &nothing, purged, NOW).await.expect(test.name);
        for (device, before) in &heads {
            assert_eq!(next[device].heads[1..], before.heads[1..], "{}: {device}", test.name);
            assert_ne!(next[device].heads[0], before.heads[0], "{}: {device}", test.name);
        }
        // What has grown old is issued anew, as it is.
        let later = NOW.plus_s(8 * DAY_S);
        let renewed = publish(&store, &nothing, purged, later).await.expect(test.name);
        let device = DeviceName::new("oca1.a").expect("name");
        let (head, body) =
            store.body(&device, Kind::Manifest).await.expect(test.name).expect("there");
        assert_eq!((head.issued_at, head.content_version), (later, 1), "{}", test.name);
        assert_eq!(renewed[&device].heads[1], head, "{}", test.name);
        let manifest: Manifest = serde_json::from_str(&body).expect("a manifest");
        assert_eq!(manifest.version, 1);
    }
}

/// Of tombstones, manifest and sources.
fn numbers(in_force: &HashMap<DeviceName, InForce>, device: &str) -> Vec<(u64, u64)> {
    let heads = &in_force[device].heads;
    heads.iter().map(|head| (head.generation.number, head.content_version)).collect()
}

#[tokio::test]
async fn generations_rise_only_with_the_content_or_with_age() {
    for test in testing::both().await {
        let store = boxes(&test).await;
        let mut inputs = inputs();
        let history = PurgeHistory::default();
        let none = Beside {
            epoch: FIRST_EPOCH,
            history: &history,
            confirmed: &|_, _| 0,
            trust_version: 1,
            dropped_in: &|_| None,
            command: &|_| None,
        };
        let first = planned(&inputs);
        let heads = publish(&store, &first, none, NOW).await.expect(test.name);
        assert_eq!(numbers(&heads, "oca1.a"), [(1, 1), (1, 1), (1, 1)], "{}", test.name);
        let again = publish(&store, &first, none, NOW.plus_s(60)).await.expect(test.name);
        assert_eq!(again, heads, "{}: the same plan again", test.name);

        inputs.catalog.objects.truncate(30);
        inputs.catalog.version += 1;
        let second = planned(&inputs);
        let heads = publish(&store, &second, none, NOW.plus_s(120)).await.expect(test.name);
        // Sources name the manifest's version, so they follow it; tombstones do not.
        assert_eq!(numbers(&heads, "oca1.a"), [(1, 1), (2, 2), (2, 2)], "{}", test.name);

        let later = NOW.plus_s(120 + 8 * DAY_S);
        let heads = publish(&store, &second, none, later).await.expect(test.name);
        assert_eq!(numbers(&heads, "oca1.a"), [(2, 1), (3, 2), (3, 2)], "{}: renewed", test.name);
        let device = DeviceName::new("oca1.a").expect("name");
        let (head, body) =
            store.body(&device, Kind::Manifest).await.expect(test.name).expect("there");
        assert_eq!(head, heads[&device].heads[1]);
        assert_eq!(head.not_after, later.plus_s(LIFE_S));
        let manifest: Manifest = serde_json::from_str(&body).expect("a manifest");
        assert_eq!(manifest.version, 2);
        assert!(matches!(manifest.hold, Hold::Snapshot(_)));

        // By a clock that was wrong then, or is now: boxes would not believe it.
        let heads = publish(&store, &second, none, NOW).await.expect(test.name);
        assert_eq!(numbers(&heads, "oca1.a"), [(3, 1), (4, 2), (4, 2)], "{}: dated", test.name);
    }
}

#[tokio::test]
async fn a_box_is_told_of_each_purge_and_not_of_what_it_has_confirmed() {
    for test in testing::both().await {
        let store = boxes(&test).await;
        let plan = planned(&inputs());
        let (one, other) = ("oca1.a", "oca2.a");
        let publish = async |version: u64, confirmed: &[(&str, u64)]| {
            let of = |device: &DeviceName, epoch: u32| {
                assert_eq!(epoch, FIRST_EPOCH);
                confirmed.iter().find(|it| it.0 == device.as_str()).map_or(0, |it| it.1)
            };
            let history = history(version);
            let purging = Beside {
                epoch: FIRST_EPOCH,
                history: &history,
                confirmed: &of,
                trust_version: 1,
                dropped_in: &|_| None,
                command: &|_| None,
            };
            publish(&store, &plan, purging, NOW).await.expect(test.name)
        };
        let told = async |device: &str| {
            let device = DeviceName::new(device).expect("name");
            let body = store.body(&device, Kind::Tombstones).await.expect(test.name);
            let (head, body) = body.expect("there");
            let told: Tombstones = serde_json::from_str(&body).expect("tombstones");
            let versions: Vec<u64> = told.purges.iter().map(|purge| purge.version).collect();
            (head.generation.number, told.after, versions)
        };
        publish(2, &[]).await;
        assert_eq!(told(one).await, (1, 0, vec![1, 2]), "{}", test.name);
        // What it confirms is no reason to write to it.
        publish(2, &[(one, 2)]).await;
        assert_eq!(told(one).await, (1, 0, vec![1, 2]), "{}", test.name);
        let in_force = publish(3, &[(one, 2)]).await;
        assert_eq!(told(one).await, (2, 2, vec![3]), "{}", test.name);
        assert_eq!(told(other).await, (2, 0, vec![1, 2, 3]), "{}", test.name);
        let after = [one, other].map(|device| in_force[device].purges_after);
        assert_eq!(after, [2, 0], "{}", test.name);
        // A box that lost its memory, and one that has more than there ever was.
        publish(3, &[(other, 9)]).await;
        assert_eq!(told(one).await, (3, 0, vec![1, 2, 3]), "{}", test.name);
        assert_eq!(told(other).await, (2, 0, vec![1, 2, 3]), "{}", test.name);
    }
}

fn history(version: u64) -> PurgeHistory {
    let purge = |version| catalog::RecordedPurge {
        purge: contract::tombstones::Purge {
            version,
            group: contract::names::GroupName::new("g").expect("name"),
            what: contract::tombstones::Purged::Prefix(format!("/{version}/")),
        },
        subject: String::new(),
        made_at: NOW,
        folded: false,
    };
    PurgeHistory { version, purges: (1..=version).map(purge).collect() }
}

#[tokio::test]
async fn in_a_new_epoch_everything_is_issued_anew() {
    for test in testing::both().await {
        let store = boxes(&test).await;
        let mut inputs = inputs();
        let history = history(3);
        let epoch = |epoch| Beside {
            epoch,
            history: &history,
            confirmed: &|_, _| 3,
            trust_version: 1,
            dropped_in: &|_| None,
            command: &|_| None,
        };
        let first = planned(&inputs);
        publish(&store, &first, epoch(1), NOW).await.expect(test.name);
        inputs.catalog.objects.truncate(30);
        let second = planned(&inputs);
        publish(&store, &second, epoch(1), NOW).await.expect(test.name);

        let begun = publish(&store, &second, epoch(2), NOW.plus_s(1)).await.expect(test.name);
        let generations = |in_force: &HashMap<DeviceName, InForce>| -> Vec<String> {
            in_force["oca1.a"].heads.iter().map(|head| head.generation.to_string()).collect()
        };
        assert_eq!(generations(&begun), ["2.1", "2.1", "2.1"], "{}", test.name);
        // The content is the same, and its version too.
        assert_eq!(numbers(&begun, "oca1.a"), [(1, 1), (1, 2), (1, 2)], "{}", test.name);
        let again = publish(&store, &second, epoch(2), NOW.plus_s(2)).await.expect(test.name);
        assert_eq!(again, begun, "{}: once", test.name);
        let next = publish(&store, &first, epoch(2), NOW.plus_s(3)).await.expect(test.name);
        assert_eq!(generations(&next), ["2.1", "2.2", "2.2"], "{}", test.name);
    }
}

#[tokio::test]
async fn what_a_dropped_key_has_signed_is_issued_anew() {
    let test = testing::sqlite().await;
    let store = boxes(&test).await;
    let (plan, history) = (planned(&inputs()), PurgeHistory::default());
    let published = async |trust_version: u64, dropped: Option<u64>, now: TimeUs| {
        let dropped_in = |role| dropped.filter(|_| role == Role::Control);
        let beside = Beside {
            epoch: FIRST_EPOCH,
            history: &history,
            confirmed: &|_, _| 0,
            trust_version,
            dropped_in: &dropped_in,
            command: &|_| None,
        };
        let in_force = publish(&store, &plan, beside, now).await.expect("published");
        numbers(&in_force, "oca1.a")
    };
    assert_eq!(published(1, None, NOW).await, [(1, 1); 3]);
    assert_eq!(published(2, None, NOW.plus_s(1)).await, [(1, 1); 3], "no key was dropped");
    // Whatever the clock says.
    assert_eq!(published(3, Some(3), NOW.plus_s(-6)).await, [(2, 1); 3]);
    assert_eq!(published(4, Some(3), NOW.plus_s(7)).await, [(2, 1); 3], "once");
}

#[tokio::test]
async fn a_command_is_told_while_it_is_pending_and_counted_on_afterwards() {
    use contract::command::{Action, Command};
    let test = testing::sqlite().await;
    let store = boxes(&test).await;
    let (plan, history) = (planned(&inputs()), PurgeHistory::default());
    let told = async |id: Option<&str>, epoch: u32, now: TimeUs| {
        let command = |device: &DeviceName| {
            let (action, deadline_us) = (Action::Scrub, NOW.plus_s(3600));
            let id = id.filter(|_| device.as_str() == "oca1.a")?.to_owned();
            Some(Command { schema: SCHEMA, id, deadline_us, action })
        };
        let beside = Beside {
            epoch,
            history: &history,
            confirmed: &|_, _| 0,
            trust_version: 1,
            dropped_in: &|_| None,
            command: &command,
        };
        let mut in_force = publish(&store, &plan, beside, now).await.expect("published");
        let others = in_force.remove("oca2.a").expect("there");
        assert!(others.command.is_none() && others.heads.len() == 3);
        let its = in_force.remove("oca1.a").expect("there");
        let head = its.heads.into_iter().find(|head| head.kind == Kind::Command);
        (its.command, head.map(|head| (head.generation.epoch, head.generation.number)))
    };
    let some = |id: &str| Some(id.to_owned());
    let first = FIRST_EPOCH;
    assert_eq!(told(None, first, NOW).await, (None, None));
    assert_eq!(told(Some("a"), first, NOW).await, (some("a"), Some((first, 1))));
    assert_eq!(told(Some("a"), first, NOW.plus_s(60)).await, (some("a"), Some((first, 1))));
    assert_eq!(told(Some("a"), first + 1, NOW).await, (some("a"), Some((first + 1, 1))));
    assert_eq!(told(None, first + 1, NOW).await, (None, None));
    assert_eq!(told(Some("b"), first + 1, NOW).await, (some("b"), Some((first + 1, 2))));
}
