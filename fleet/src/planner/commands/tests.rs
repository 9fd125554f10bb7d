use super::*;
use contract::command::Outcome;
use db::testing;

const NOW: TimeUs = TimeUs(1_700_000_000_000_000);

async fn commands(test: &testing::TestDb) -> Commands {
    let rows = "INSERT INTO sites (\"key\", latitude, longitude, created_at_us)
            VALUES ('a', 0.0, 0.0, 1);
        INSERT INTO devices (\"key\", site, created_at_us) VALUES ('oca1.a', 'a', 1), ('oca2.a', 'a', 1)";
    sqlx::raw_sql(rows).execute(test.db.read()).await.expect(test.name);
    Commands::new(test.db.clone())
}

fn device(name: &str) -> DeviceName {
    DeviceName::new(name).expect("name")
}

fn eject() -> Action {
    Action::EjectDisk { folder: "/disks/a".to_owned() }
}

fn result(of: &RecordedCommand, outcome: Outcome) -> CommandResult {
    CommandResult { id: of.command.id.clone(), at_us: NOW.plus_s(5), outcome }
}

#[tokio::test]
async fn a_box_is_asked_for_one_thing_at_a_time() {
    for test in testing::both().await {
        let (commands, [one, two]) = (commands(&test).await, ["oca1.a", "oca2.a"].map(device));
        let made = commands.make(&one, eject(), NOW).await.expect(test.name);
        let refused = commands.make(&one, Action::Scrub, NOW).await.expect_err(test.name);
        let said = "oca1.a is to carry out another command first: eject disk /disks/a";
        assert_eq!(refused.to_string(), said, "{}", test.name);
        let other = commands.make(&two, Action::Scrub, NOW).await.expect(test.name);
        let pending = commands.pending(NOW).await.expect(test.name);
        let expected = [(one.clone(), made.command.clone()), (two.clone(), other.command)];
        assert_eq!(pending, HashMap::from(expected), "{}", test.name);

        let version = commands.version().await.expect(test.name);
        let failed = result(&made, Outcome::Failed("why".to_owned()));
        commands.settle(&two, &failed).await.expect("not its own");
        assert_eq!(commands.one(&made.command.id).await.expect(test.name), Some(made.clone()));
        commands.settle(&one, &failed).await.expect(test.name);
        assert!(commands.version().await.expect(test.name) > version);
        commands.settle(&one, &result(&made, Outcome::Done)).await.expect("said already");
        let ended = RecordedCommand { result: Some(failed), ..made };
        assert_eq!(commands.of(&one).await.expect(test.name), [ended], "{}", test.name);
        commands.make(&one, Action::Scrub, NOW.plus_s(9)).await.expect(test.name);
    }
}

#[tokio::test]
async fn what_nobody_heard_of_in_time_is_in_nobodys_way() {
    for test in testing::both().await {
        let (commands, one) = (commands(&test).await, device("oca1.a"));
        let made = commands.make(&one, eject(), NOW).await.expect(test.name);
        let last = NOW.plus_s(BEGIN_WITHIN_S);
        assert!(made.is_pending(last) && !made.is_pending(last.plus_s(1)));
        commands.make(&one, eject(), last).await.expect_err(test.name);
        assert!(commands.pending(last.plus_s(1)).await.expect(test.name).is_empty());
        commands.make(&one, eject(), last.plus_s(1)).await.expect(test.name);
    }
}

#[tokio::test]
async fn the_oldest_are_forgotten() {
    let test = testing::sqlite().await;
    let (commands, one) = (commands(&test).await, device("oca1.a"));
    for at in 0..KEPT + 3 {
        let made = commands.make(&one, eject(), NOW.plus_s(at)).await.expect("made");
        commands.settle(&one, &result(&made, Outcome::Done)).await.expect("settled");
    }
    let all = commands.of(&one).await.expect("read");
    let (newest, oldest) = (all.first().expect("some"), all.last().expect("some"));
    assert_eq!(all.len() as i64, KEPT);
    assert_eq!((newest.made_at, oldest.made_at), (NOW.plus_s(KEPT + 2), NOW.plus_s(3)));
}
