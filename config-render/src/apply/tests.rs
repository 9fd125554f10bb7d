use super::*;
use crate::device::{Bundle, Deadline, Draft, File, State, Status, Step, Target};

fn bundle() -> Bundle {
    let command = crate::device::Command {
        when: crate::device::When::Both,
        command: "true".to_owned(),
        limit_s: 20,
    };
    let file = File { path: "/etc/a".to_owned(), target: Target::Absent };
    let draft = Draft {
        label: "c-1".to_owned(),
        files: vec![file],
        checks: vec![],
        commands: vec![command],
    };
    draft.pack().expect("sound")
}

fn status(bundle: &Bundle, state: State) -> Status {
    Status {
        id: Some(bundle.id().clone()),
        label: "c-1".to_owned(),
        state,
        deadline: Some(Deadline { wall_s: 0, left_s: 60 }),
        is_guarded: true,
        files: Vec::new(),
        error: None,
        steps: Vec::new(),
    }
}

#[test]
fn nothing_is_switched_that_would_not_come_back_by_itself() {
    let bundle = bundle();
    let armed = status(&bundle, State::Armed);
    let then = |status: &Status| next(&bundle, status, 100, true);
    assert_eq!(then(&armed), Next::Do(Step::Switch));
    // What its commands may take comes on top.
    let again = Next::Do(Step::Arm { seconds: 120 });
    assert_eq!(then(&status(&bundle, State::Checked)), again);
    assert_eq!(then(&Status { is_guarded: false, ..armed.clone() }), again);
    assert_eq!(then(&Status { deadline: None, ..armed.clone() }), again);
    let soon = Some(Deadline { wall_s: 0, left_s: 20 });
    assert_eq!(then(&Status { deadline: soon, ..armed }), again, "its commands may take that long");
}

#[test]
fn what_was_taken_back_before_is_tried_again_and_what_was_taken_back_now_is_not() {
    let bundle = bundle();
    let reverted = status(&bundle, State::Reverted);
    assert_eq!(next(&bundle, &reverted, 100, false), Next::Do(Step::Stage));
    let ended = next(&bundle, &reverted, 100, true);
    assert!(matches!(ended, Next::End(Ended::Reverted { .. })), "{ended:?}");
    let other = Status { id: None, ..reverted };
    assert_eq!(next(&bundle, &other, 100, true), Next::Do(Step::Stage), "of another change");
}
