//! Why something is not changed, as a problem.

use crate::api::{Problem, ProblemItem};
use inventory::records::{Refused, Row};
use inventory::schema::Kind;

/// More of them tell nobody more.
const MOST_ERRORS: usize = 1000;

/// One problem of several: the first, with what is wrong with the others.
pub(super) fn add(wrong: &mut Option<Problem>, another: Problem) {
    match wrong {
        Some(problem) if problem.errors.len() < MOST_ERRORS => {
            problem.errors.extend(another.errors);
        }
        Some(_) => {}
        None => *wrong = Some(another),
    }
}

/// Says of which it is, and which of many.
pub(super) fn at_row(kind: &Kind, at: Option<usize>, key: &str, err: Refused) -> Problem {
    let problem = Problem::from(err);
    let detail = match at {
        None => problem.detail.clone(),
        Some(at) => format!("number {} ({} {key}): {}", at + 1, kind.name, problem.detail),
    };
    let whole = vec![ProblemItem::new(&problem.detail)];
    let errors = if problem.errors.is_empty() { whole } else { problem.errors };
    let errors = errors.into_iter().map(|it| placed(it, at, kind.name, Some(key))).collect();
    Problem { errors, ..Problem::new(problem.status, detail) }
}

fn placed(it: ProblemItem, row: Option<usize>, kind: &str, key: Option<&str>) -> ProblemItem {
    ProblemItem { row, kind: kind.to_owned(), key: key.map(str::to_owned), ..it }
}

impl From<Refused> for Problem {
    fn from(err: Refused) -> Self {
        use Refused::{Database, Duplicate, InUse, Invalid, NotFound, OtherRequest, Rows, Stale};
        let said = err.to_string();
        let (status, errors) = match err {
            Database(err) => return err.into(),
            Invalid(all) => (422, all.iter().map(ProblemItem::from).collect()),
            OtherRequest => (422, Vec::new()),
            Duplicate(..) | InUse { .. } => (409, Vec::new()),
            NotFound(..) => (404, Vec::new()),
            Stale { .. } => (412, Vec::new()),
            Rows(rows) => {
                let is_taken = rows.iter().all(|row| row.complaints.is_empty());
                (if is_taken { 409 } else { 422 }, rows.iter().flat_map(of_row).collect())
            }
        };
        Self { errors, ..Self::new(status, said) }
    }
}

fn of_row(row: &Row) -> Vec<ProblemItem> {
    let taken = row.is_duplicate.then(|| ProblemItem::new("its key is taken"));
    let all = taken.into_iter().chain(row.complaints.iter().map(ProblemItem::from));
    all.map(|it| placed(it, Some(row.at), row.kind, row.key.as_deref())).collect()
}
