//! What is typed of a record: the parts of its key in their order, all else as flags.

use crate::cli::Usage;
use clap::{Arg, ArgAction, ArgMatches};
use inventory::query::Lookup;
use inventory::schema::{Field, Kind, Need, Shape, in_words};
use serde_json::{Map, Value};

/// `--u-height` for `u_height`.
fn flag(field: &Field) -> String {
    field.name.replace('_', "-")
}

fn is_key(kind: &Kind, field: &Field) -> bool {
    kind.key.contains(&field.name)
}

/// The parts of the key, in their order.
pub(super) fn keys(kind: &'static Kind) -> Vec<Arg> {
    let fields = kind.key.iter().filter_map(|name| kind.field(name));
    fields
        .map(|field| {
            let name = flag(field).to_ascii_uppercase();
            Arg::new(field.name).required(true).value_name(name).help(help(field, true))
        })
        .collect()
}

/// All that is not of the key. What is new has to have what is required.
pub(super) fn flags(kind: &'static Kind, is_new: bool) -> Vec<Arg> {
    flags_but(kind, is_new, &[])
}

pub(super) fn flags_but(kind: &'static Kind, is_new: bool, but: &[&str]) -> Vec<Arg> {
    let is_meant = |field: &&Field| !is_key(kind, field) && !but.contains(&field.name);
    kind.written_fields()
        .filter(is_meant)
        .map(|field| {
            let is_list = matches!(field.shape, Shape::Document(_));
            Arg::new(field.name)
                .long(flag(field))
                .value_name(value_name(&field.shape))
                .required(is_new && field.need == Need::Required)
                .allow_negative_numbers(true)
                .action(if is_list { ArgAction::Append } else { ArgAction::Set })
                .help(help(field, is_new))
        })
        .collect()
}

fn value_name(shape: &Shape) -> String {
    match shape {
        Shape::Choice(words) if words.len() <= 6 => words.join("|"),
        Shape::Choice(_) => "WORD".to_owned(),
        Shape::Integer(..) | Shape::Decimal(..) | Shape::Half(..) => "NUMBER".to_owned(),
        Shape::Flag => "true|false".to_owned(),
        Shape::Time => "TIME".to_owned(),
        Shape::Zone => "ZONE".to_owned(),
        Shape::Prefix => "NETWORK".to_owned(),
        Shape::Address => "ADDRESS/LENGTH".to_owned(),
        Shape::Ip => "ADDRESS".to_owned(),
        Shape::Mac => "MAC".to_owned(),
        Shape::Of(kind) => kind.to_ascii_uppercase(),
        Shape::Tags => "TAG[,TAG]".to_owned(),
        Shape::Document(_) => "YAML".to_owned(),
        Shape::Line | Shape::Label(_) | Shape::Notes | Shape::Name => "TEXT".to_owned(),
    }
}

fn help(field: &Field, is_new: bool) -> String {
    let words = match field.shape {
        Shape::Choice(words) if words.len() > 6 => format!(" One of {}.", words.join(", ")),
        Shape::Document(document) => format!(" Give {}.", document.name),
        _ => String::new(),
    };
    let usual = match field.need {
        Need::Default(text) if is_new => format!(" [default: {text}]"),
        _ => String::new(),
    };
    format!("{}{words}{usual}", field.about)
}

/// What was typed, as it is sent; what it means is looked at where it is taken.
pub(super) fn read(
    kind: &'static Kind,
    matches: &ArgMatches,
) -> anyhow::Result<Map<String, Value>> {
    let mut all = Map::new();
    for field in kind.written_fields() {
        let Ok(Some(given)) = matches.try_get_many::<String>(field.name) else { continue };
        let given: Vec<&String> = given.collect();
        let value = read_one(field, &given);
        let value = value.map_err(|what| Usage(format!("--{}: {what}", flag(field))))?;
        all.insert(field.name.to_owned(), value);
    }
    Ok(all)
}

fn read_one(field: &Field, given: &[&String]) -> Result<Value, String> {
    match (&field.shape, given) {
        (Shape::Document(_), given) => {
            let read = |text: &&String| -> Result<Value, String> {
                serde_yaml::from_str(text).map_err(|err| format!("{err}"))
            };
            let mut all = given.iter().map(read).collect::<Result<Vec<Value>, String>>()?;
            // One of several parts is meant as it stands, all else is one of a list.
            let value = match (all.len(), all.first()) {
                (1, Some(Value::Array(_) | Value::Object(_))) => all.remove(0),
                _ => Value::Array(all),
            };
            field.shape.read(&value).map_err(|wrong| in_words(&wrong))
        }
        (_, [.., text]) => field.shape.parse(text).map_err(|wrong| in_words(&wrong)),
        (_, []) => Err("expected something".to_owned()),
    }
}

/// Names of fields, and what follows them in a filter: for whoever asks for help.
pub(super) fn named(kind: &Kind) -> String {
    let names: Vec<&str> = kind.fields.iter().map(|field| field.name).collect();
    let suffixes = [
        Lookup::IsNot,
        Lookup::Holds,
        Lookup::Begins,
        Lookup::Ends,
        Lookup::Above,
        Lookup::AtLeast,
        Lookup::Below,
        Lookup::AtMost,
        Lookup::Empty,
    ];
    let suffixes: Vec<String> =
        suffixes.iter().map(|it| format!("  __{:<6} {}", it.suffix(), it.words())).collect();
    format!("Fields: {}\n\nAfter a field in a filter:\n{}", names.join(", "), suffixes.join("\n"))
}
