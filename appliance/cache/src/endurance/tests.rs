use super::*;
use budget::{CARRIED_PERIODS, Record};
use proptest::prelude::*;

const DAY_US: u64 = 86_400_000_000;
const DAYS: u64 = 1826;
const GB: u64 = 1_000_000_000;

/// A disk in the life of a test: what it has, and what its maker would count.
struct Disk {
    rating: Rating,
    budget: Budget,
    kept: Record,
    /// Since it was new, whatever any clock shows.
    age_us: u64,
    /// When the process began.
    began_us: u64,
    /// By how much the wall clock is wrong.
    wrong_us: i64,
    written_bytes: u64,
}

impl Disk {
    fn new(rating: Rating) -> Self {
        let budget = Budget::begin(rating, 0, true, TimeUs(0), 0);
        let (kept, began_us, wrong_us) = (budget.to_keep(), 0, 0);
        Self { rating, budget, kept, age_us: 0, began_us, wrong_us, written_bytes: 0 }
    }

    fn now_us(&self) -> u64 {
        self.age_us - self.began_us
    }

    fn wall(&self) -> TimeUs {
        TimeUs(i64::try_from(self.age_us).expect("a lifetime").saturating_add(self.wrong_us))
    }

    fn pass(&mut self, span_us: u64) {
        self.age_us += span_us;
    }

    /// As a disk does it: written down before it is written.
    fn write(&mut self, bytes: u64) -> Result<(), Exhausted> {
        self.budget.promise(bytes, self.now_us())?;
        if self.budget.is_uncovered() {
            self.keep();
        }
        self.written_bytes += bytes;
        Ok(())
    }

    fn keep(&mut self) {
        self.kept = self.budget.to_keep();
        self.budget.kept(&self.kept);
    }

    /// What was not written down is forgotten.
    fn crash(&mut self, away_us: u64) {
        self.age_us += away_us;
        self.began_us = self.age_us;
        self.budget = Budget::resume(self.rating, self.kept, self.wall(), 0);
    }

    fn balance(&mut self) -> i64 {
        let now_us = self.now_us();
        self.budget.told(now_us).balance_bytes
    }
}

#[test]
fn a_disk_that_is_written_to_whenever_it_may_be_lasts_its_life() {
    let rating = Rating::new(7_000_000 * GB, DAYS);
    let mut disk = Disk::new(rating);
    for day in 0..DAYS {
        // It is restarted once a week.
        if day % 7 == 3 {
            disk.crash(DAY_US / 1000);
        }
        for _ in 0..24 {
            while disk.write(4 * GB).is_ok() {}
            disk.pass(DAY_US / 24);
        }
        let share = rating.write_bytes / DAYS;
        assert!(disk.written_bytes <= share * (day + 2) + 4 * GB, "day {day}");
        assert!(disk.written_bytes >= share * day / 100 * 98, "day {day}: {}", disk.written_bytes);
    }
}

#[test]
fn what_is_not_used_is_carried_over_for_a_week_and_then_spread() {
    let mut disk = Disk::new(Rating::new(1826 * GB, DAYS));
    assert_eq!(disk.balance(), 1_000_000_000);
    disk.pass(3 * DAY_US);
    assert!((4 * GB - 1..4 * GB + GB / 100).contains(&disk.balance().unsigned_abs()));
    disk.pass(900 * DAY_US);
    // Half of its life has passed unused: a day is worth twice as much.
    let most = disk.balance().unsigned_abs();
    assert!((13 * GB..15 * GB).contains(&most), "{most}");
    // What is too large for what is there begins all the same, and is paid back.
    disk.write(20 * GB).expect("there is something");
    let exhausted = disk.write(1).expect_err("nothing is left");
    let wait = exhausted.wait.expect("there will be");
    assert!((2..4).contains(&(wait.as_secs() / 86_400)), "{wait:?}");
    disk.pass(u64::try_from(wait.as_micros()).expect("short"));
    disk.write(1).expect("it has waited");
}

#[test]
fn a_rating_that_is_used_up_stays_so() {
    let rating = Rating::new(10 * GB, 1);
    let mut disk = Disk::new(rating);
    assert_eq!(disk.write(11 * GB), Err(Exhausted { wait: None }));
    disk.write(10 * GB).expect("all of it in a day");
    disk.pass(4000 * DAY_US);
    assert_eq!(disk.write(1), Err(Exhausted { wait: None }));
    // Somebody rates it anew, or the disk was replaced.
    disk.budget.set_rating(Rating::new(20 * GB, 5000), disk.now_us());
    let wait = disk.write(1).expect_err("not at once").wait.expect("soon");
    disk.pass(u64::try_from(wait.as_micros()).expect("short"));
    disk.write(1).expect("it has waited");
}

#[test]
fn the_disks_own_counter_knows_what_others_wrote() {
    let mut disk = Disk::new(Rating::new(1826 * GB, DAYS));
    // What was before the first answer is part of the rating, and no reason to wait.
    disk.budget.counted(500 * GB, 0);
    let told = disk.budget.told(0);
    assert_eq!(told.written_bytes, 500 * GB);
    assert!(told.exhausted.is_none() && told.daily_bytes < GB);
    let before = disk.balance();
    disk.write(GB / 10).expect("written");
    // Not all of it has reached the disk when it is asked.
    let unseen = disk.budget.unseen_bytes();
    disk.budget.counted(500 * GB + GB / 20, unseen);
    assert_eq!(disk.balance(), before - 100_000_000);
    // The rest comes, with what others wrote.
    disk.budget.counted(500 * GB + GB / 10 + GB / 5, disk.budget.unseen_bytes());
    assert_eq!(disk.balance(), before - 300_000_000);
    // A counter that begins anew, or stands still, gives nothing back.
    disk.budget.counted(7, disk.budget.unseen_bytes());
    disk.write(GB / 10).expect("written");
    disk.budget.counted(7, disk.budget.unseen_bytes());
    assert_eq!(disk.balance(), before - 400_000_000);
}

#[test]
fn what_others_wrote_meanwhile_is_not_given_back() {
    let mut disk = Disk::new(Rating::new(1826 * GB, DAYS));
    disk.budget.counted(500 * GB, 0);
    let before = disk.balance();
    disk.write(GB / 10).expect("promised");
    // The counter rises by more than was promised, or by less, and none of it was ours.
    disk.budget.counted(500 * GB + GB / 5, disk.budget.unseen_bytes());
    disk.budget.refund(GB / 10);
    assert_eq!(disk.balance(), before - 200_000_000);
    disk.write(GB / 10).expect("promised");
    disk.budget.counted(500 * GB + GB / 5 + GB / 50, disk.budget.unseen_bytes());
    disk.budget.refund(GB / 10);
    assert_eq!(disk.balance(), before - 220_000_000);
    assert_eq!(disk.budget.told(0).written_bytes, 500_220_000_000);
}

#[test]
fn nobody_knows_what_a_disk_has_taken_that_has_objects_and_no_record() {
    let rating = Rating::new(1826 * GB, DAYS);
    let mut budget = Budget::begin(rating, 300 * GB, false, TimeUs(0), 0);
    let told = budget.told(0);
    assert_eq!((told.written_bytes, told.balance_bytes), (300 * GB, 0));
    assert!(told.exhausted.expect("not yet").wait < Some(Duration::from_secs(1)));
}

#[derive(Debug, Clone)]
enum Step {
    Pass(u64),
    Write(u64),
    Keep,
    Crash(u64),
    /// The wall clock is set, right or wrong, and the process starts again.
    Jump(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..20 * DAY_US).prop_map(Step::Pass),
        4 => (0..3_600_000_000_u64).prop_map(Step::Pass),
        8 => (0..5 * GB).prop_map(Step::Write),
        1 => Just(Step::Keep),
        2 => (0..40 * DAY_US).prop_map(Step::Crash),
        1 => prop_oneof![-4_000_000_000_000_000_i64..4_000_000_000_000_000, Just(i64::MAX)]
            .prop_map(Step::Jump),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    /// Whatever happens to it and to its clocks.
    #[test]
    fn a_rating_is_never_passed_and_nothing_waits_for_ever(
        rated in GB..4000 * GB, days in 1_u64..3000,
        steps in prop::collection::vec(step(), 1..300),
    ) {
        let mut disk = Disk::new(Rating::new(rated, days));
        for step in steps {
            match step {
                Step::Pass(span_us) => disk.pass(span_us),
                Step::Keep => disk.keep(),
                Step::Crash(away_us) => disk.crash(away_us),
                Step::Jump(wrong_us) => {
                    disk.wrong_us = wrong_us;
                    disk.crash(1);
                }
                Step::Write(bytes) => {
                    if let Err(Exhausted { wait }) = disk.write(bytes) {
                        let now_us = disk.now_us();
                        let told = disk.budget.told(now_us);
                        let left = rated - told.written_bytes.min(rated);
                        prop_assert!(wait.is_some() || bytes > left);
                        if let Some(wait) = wait {
                            disk.pass(u64::try_from(wait.as_micros()).expect("some time"));
                            let again = disk.write(bytes.min(left));
                            prop_assert!(again.is_ok(), "{again:?} after {wait:?}");
                        }
                    }
                }
            }
            // A jump gives no more than what may be carried over.
            let now_us = disk.now_us();
            let told = disk.budget.told(now_us);
            let most = told.daily_bytes.saturating_add(1).saturating_mul(CARRIED_PERIODS);
            prop_assert!(told.balance_bytes <= i64::try_from(most).expect("a week's worth"));
            // It never thinks that less was written than was, and what was never passes the rating.
            prop_assert!(disk.written_bytes <= told.written_bytes);
            prop_assert!(disk.written_bytes <= rated);
        }
    }
}
