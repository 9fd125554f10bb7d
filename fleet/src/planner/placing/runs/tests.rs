use super::*;
use db::testing;
use prefill::question::BoxAnswer;

const NOW: TimeUs = TimeUs(1_700_000_000_000_000);

fn device(name: &str) -> DeviceName {
    DeviceName::new(name).expect("name")
}

/// What boxes are to hold.
fn answer(boxes: &[(&str, &[u32])]) -> Answer {
    let one = |(name, titles): &(&str, &[u32])| BoxAnswer {
        device: device(name),
        titles: titles.to_vec(),
        new_bytes: 0,
        held_bytes: 0,
        said: None,
    };
    Answer { boxes: boxes.iter().map(one).collect(), outcome: Outcome::default() }
}

/// Takes down the next run of a line; gives its version.
async fn next(
    runs: &Runs,
    line: Line,
    (day, base): (i32, Option<u64>),
    boxes: &[(&str, &[u32])],
    now: TimeUs,
) -> u64 {
    let parent = runs.latest(line).await.expect("read");
    let question = Question { day, base, ..Question::default() };
    let (answer, digest) = (answer(boxes), format!("{boxes:?}"));
    let new = NewRun { line, policy: 0, parent, question, answer, digest };
    let made = runs.record(new, now).await.expect("written").expect("nobody was faster");
    made.0.version
}

#[tokio::test]
async fn lines_do_not_mix_and_each_says_what_boxes_hold() {
    for test in testing::both().await {
        let runs = Runs::new(test.db.clone());
        let beside = Line(7);
        let first = next(&runs, Line::LIVE, (1, None), &[("a", &[1, 2]), ("b", &[3])], NOW).await;
        let shadow = next(&runs, beside, (1, Some(first)), &[("a", &[4]), ("b", &[3])], NOW).await;
        let second = next(&runs, Line::LIVE, (2, Some(first)), &[("a", &[1, 2])], NOW).await;
        let holds = async |version| {
            let mut all: Vec<_> = runs.holds(version).await.expect("read").into_iter().collect();
            all.sort();
            all
        };
        let (a, b) = (device("a"), device("b"));
        assert_eq!(holds(first).await, [(a.clone(), vec![1, 2]), (b.clone(), vec![3])]);
        assert_eq!(holds(shadow).await, [(a.clone(), vec![4]), (b.clone(), vec![3])]);
        // One that has gone holds nothing; the other holds what was said of it before.
        assert_eq!(holds(second).await, [(a, vec![1, 2]), (b, vec![])], "{}", test.name);
        assert_eq!(holds(99).await, []);
        let latest = async |line| runs.latest(line).await.expect("read").map(|run| run.version);
        assert_eq!((latest(Line::LIVE).await, latest(beside).await), (Some(second), Some(shadow)));
        assert_eq!(latest(Line(8)).await, None);
        let before = runs.before_day(Line::LIVE, 2).await.expect("read");
        assert_eq!(before.map(|run| run.version), Some(first));
        let third = next(&runs, Line::LIVE, (2, Some(first)), &[("a", &[5])], NOW).await;
        let days = runs.last_of_days(Line::LIVE, 9).await.expect("read");
        assert_eq!(days.iter().map(|run| run.version).collect::<Vec<_>>(), [third, first]);
        let list = runs.list(Line::LIVE, Some(third), 9).await.expect("read");
        assert_eq!(list.iter().map(|run| run.version).collect::<Vec<_>>(), [second, first]);
    }
}

#[tokio::test]
async fn who_was_overtaken_takes_nothing_down() {
    for test in testing::both().await {
        let runs = Runs::new(test.db.clone());
        let new = |parent, policy| NewRun {
            line: Line::LIVE,
            policy,
            parent,
            question: Question::default(),
            answer: answer(&[]),
            digest: String::new(),
        };
        next(&runs, Line::LIVE, (1, None), &[("a", &[1])], NOW).await;
        let late = runs.record(new(None, 0), NOW).await.expect("read");
        assert!(late.is_none(), "{}: another run came first", test.name);
        let parent = runs.latest(Line::LIVE).await.expect("read");
        let frozen = runs.record(new(parent.clone(), 3), NOW).await.expect("read");
        assert!(frozen.is_none(), "{}: an operator has said otherwise", test.name);
        assert!(runs.record(new(parent, 0), NOW).await.expect("written").is_some());
    }
}

#[tokio::test]
async fn what_is_old_goes_but_for_what_others_stand_on() {
    for test in testing::both().await {
        let runs = Runs::new(test.db.clone());
        let old = |days: i64| NOW.plus_s(-days * 86_400);
        let boxes = |title: u32| [title];
        let first = next(&runs, Line::LIVE, (1, None), &[("a", &boxes(1))], old(200)).await;
        let kept = next(&runs, Line::LIVE, (2, None), &[("a", &boxes(2))], old(190)).await;
        let gone = next(&runs, Line(5), (2, Some(kept)), &[("a", &boxes(9))], old(190)).await;
        let newest = next(&runs, Line::LIVE, (3, Some(kept)), &[("a", &boxes(3))], old(100)).await;
        // Nothing was placed for months: the last that was told, and what it stands on, are there.
        let is_there = async |version| runs.one(version).await.expect("read").is_some();
        assert!(is_there(newest).await && is_there(kept).await, "{}", test.name);
        assert!(!is_there(first).await, "{}", test.name);
        let today = next(&runs, Line::LIVE, (4, Some(kept)), &[("a", &boxes(4))], NOW).await;
        assert!(is_there(kept).await && is_there(newest).await, "base and parent");
        assert!(!is_there(gone).await, "a line that nobody follows goes");
        assert_eq!(runs.holds(kept).await.expect("read")[&device("a")], [2]);
        assert_eq!(runs.holds(today).await.expect("read")[&device("a")], [4]);
        let left = sqlx::query("SELECT COUNT(*) FROM prefill_holds WHERE line = 5");
        let left: i64 =
            left.fetch_one(test.db.read()).await.expect("read").try_get(0).expect("a count");
        assert_eq!(left, 0, "{}: nor does what it said stay", test.name);
    }
}
