//! Records in YAML, or JSON, which is YAML too: lists by what several of a kind are called, or one list
//! in which each says its kind.

use super::files::InFile;
use inventory::kinds::{ALL, kind};
use inventory::schema::Kind;
use serde_json::{Map, Value};
use serde_yaml::Spanned;
use std::collections::BTreeMap;

type Fields = BTreeMap<String, Value>;

/// A file is as large as may be; it is the names of names that must not make more of it.
fn options() -> serde_yaml::Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_nodes: 20_000_000,
            max_events: 40_000_000,
        },
    }
}

/// The first letter says which of the two it is, so that an error is told of what was meant.
pub(super) fn read(
    of: Option<&'static Kind>,
    text: &str,
) -> Result<Vec<InFile>, Vec<(u64, String)>> {
    let meant = text.lines().map(str::trim_start);
    let meant =
        meant.filter(|line| !line.is_empty() && !line.starts_with(['#', '%']) && *line != "---");
    let is_list = meant.into_iter().next().is_some_and(|line| line.starts_with(['-', '[']));
    if is_list {
        let list: Result<Vec<Spanned<Fields>>, _> =
            serde_yaml::from_str_with_options(text, options());
        return each(list.map_err(|err| broken(&err))?.into_iter().map(|one| (of, one)));
    }
    let lists: Result<BTreeMap<String, Vec<Spanned<Fields>>>, _> =
        serde_yaml::from_str_with_options(text, options());
    by_kind(of, lists.map_err(|err| broken(&err))?)
}

fn broken(err: &serde_yaml::Error) -> Vec<(u64, String)> {
    let line = err.location().map_or(0, |at| at.line());
    let says = "expected lists of records by kind (sites:, devices:), or a list of records";
    vec![(line, format!("{says}: {}", err.without_snippet()))]
}

fn by_kind(
    of: Option<&'static Kind>,
    lists: BTreeMap<String, Vec<Spanned<Fields>>>,
) -> Result<Vec<InFile>, Vec<(u64, String)>> {
    let mut all = Vec::new();
    for (name, list) in lists {
        let known =
            kind(&name.replace('_', "-")).filter(|kind| of.is_none_or(|of| of.name == kind.name));
        let Some(kind) = known else {
            let line = list.first().map_or(0, |one| one.referenced.line());
            let plurals: Vec<&str> = ALL.iter().map(|kind| kind.plural).collect();
            let plurals = of.map_or(plurals.join(", "), |of| of.plural.to_owned());
            return Err(vec![(line, format!("{name}: expected {plurals}"))]);
        };
        all.extend(list.into_iter().map(|one| (Some(kind), one)));
    }
    each(all.into_iter())
}

fn each(
    all: impl Iterator<Item = (Option<&'static Kind>, Spanned<Fields>)>,
) -> Result<Vec<InFile>, Vec<(u64, String)>> {
    let (mut records, mut wrong) = (Vec::new(), Vec::new());
    for (of, one) in all {
        let line = one.referenced.line();
        let mut fields: Map<String, Value> = one.value.into_iter().collect();
        let said = fields.remove("kind");
        let said = said.as_ref().and_then(Value::as_str);
        match of.or_else(|| kind(said?)) {
            Some(kind) if said.is_none_or(|said| said == kind.name) => {
                records.push((kind, fields, line));
            }
            _ => {
                let names: Vec<&str> = ALL.iter().map(|kind| kind.name).collect();
                wrong.push((
                    line,
                    format!(
                        "kind: expected {}",
                        of.map_or(names.join(", "), |of| of.name.to_owned())
                    ),
                ));
            }
        }
    }
    if wrong.is_empty() { Ok(records) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inventory::kinds::SITE;

    #[test]
    fn two_forms_say_the_same() {
        let one = "sites:\n- name: a\n  latitude: 1\nracks:\n- {site: a, name: r1}\n";
        let other = "- kind: rack\n  site: a\n  name: r1\n- {kind: site, name: a, latitude: 1}\n";
        let read = |text: &str| {
            let all = read(None, text).map_err(|wrong| format!("{wrong:?}")).expect("two");
            let told = |it: &InFile| (it.0.name, Value::Object(it.1.clone()).to_string(), it.2);
            let mut all: Vec<_> = all.iter().map(told).collect();
            all.sort_unstable();
            all
        };
        let (one, other) = (read(one), read(other));
        assert_eq!(one[0].1, other[0].1);
        assert_eq!((one[0].2, one[1].2), (5, 2), "lines");
        assert_eq!((other[0].2, other[1].2), (1, 4), "lines");
    }

    #[test]
    fn what_is_wrong_is_named_by_line() {
        let wrong = |of, text: &str| read(of, text).expect_err("wrong");
        assert_eq!(wrong(None, "- name: a\n- kind: sit\n")[1].0, 2);
        assert!(wrong(None, "boxes:\n- name: a\n")[0].1.contains("expected tags, regions"));
        assert!(wrong(Some(&SITE), "racks:\n- name: a\n")[0].1.contains("expected sites"));
        assert!(wrong(None, "- a: [\n- b: 1\n")[0].0 > 0);
    }
}
