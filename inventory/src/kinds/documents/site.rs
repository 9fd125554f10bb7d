//! Of sites: whose clients are near, when and whom they may fill.

use super::{kept, typed};
use crate::SiteFill;
use crate::schema::{Document, Shape, Wrong};
use contract::civil::{TimeOfDay, Weekday};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// Networks whose clients are nearest to it.
pub(crate) static CLIENT_PREFIXES: Document =
    Document { name: "a list of networks, such as [\"192.0.2.0/24\"]", read: client_prefixes };

/// When and how fast its boxes fill.
pub(crate) static FILL: Document =
    Document { name: "{time_zone, windows, source_caps_bits_per_s, …}", read: fill };

/// Hours of the week.
pub(crate) static WINDOWS: Document = Document {
    name: "a list of hours, such as [{days: [sun], opens: \"02:00\", closes: \"05:00\"}]",
    read: windows,
};

/// Names of sites.
pub(crate) static SITES: Document = Document { name: "a list of names of sites", read: sites };

/// A list of this many is a mistake.
const MOST: usize = 10_000;

fn list<'a>(value: &'a Value, document: &Document) -> Result<&'a Vec<Value>, Wrong> {
    let list = value.as_array().filter(|list| list.len() <= MOST);
    list.ok_or_else(|| vec![(String::new(), format!("expected {}", document.name))])
}

/// Each read by itself; all that is wrong with any of them.
fn each<T>(list: &[Value], read: impl Fn(&Value) -> Result<T, String>) -> Result<Vec<T>, Wrong> {
    let (mut good, mut wrong) = (Vec::new(), Wrong::new());
    for (at, value) in list.iter().enumerate() {
        match read(value) {
            Ok(value) => good.push(value),
            Err(message) => wrong.push((format!("[{at}]"), message)),
        }
    }
    if wrong.is_empty() { Ok(good) } else { Err(wrong) }
}

fn client_prefixes(value: &Value) -> Result<Value, Wrong> {
    let mut seen = BTreeSet::new();
    let one = |value: &Value| -> Result<IpNet, String> {
        let text = value.as_str().unwrap_or_default();
        let net: IpNet = text.parse().map_err(|_| "expected a network".to_owned())?;
        match net.trunc() == net {
            true => Ok(net),
            false => Err(format!("{net} has host bits; did you mean {}?", net.trunc())),
        }
    };
    let nets = each(list(value, &CLIENT_PREFIXES)?, one)?;
    let twice = nets.iter().position(|net| !seen.insert(*net));
    match twice {
        Some(at) => Err(vec![(format!("[{at}]"), format!("{} is named twice", nets[at]))]),
        None => kept(&nets),
    }
}

fn fill(value: &Value) -> Result<Value, Wrong> {
    let fill: SiteFill = typed(value)?;
    let wrong: Wrong = fill.wrong().into_iter().map(|it| (it.field, it.message)).collect();
    if wrong.is_empty() { kept(&fill) } else { Err(wrong) }
}

/// Hours of some days.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    /// Every day where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    days: Vec<Weekday>,
    opens: TimeOfDay,
    closes: TimeOfDay,
}

fn windows(value: &Value) -> Result<Value, Wrong> {
    let one = |value: &Value| Window::deserialize(value).map_err(|err| err.to_string());
    kept(&each(list(value, &WINDOWS)?, one)?)
}

fn sites(value: &Value) -> Result<Value, Wrong> {
    let one = |value: &Value| {
        let name = Shape::Name.read(value).map_err(|wrong| wrong[0].1.clone())?;
        Ok(name.as_str().unwrap_or_default().to_owned())
    };
    let names: BTreeSet<String> = each(list(value, &SITES)?, one)?.into_iter().collect();
    kept(&names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_of_a_list_is_looked_at() {
        assert_eq!(client_prefixes(&json!(["10.0.0.0/8"])), Ok(json!(["10.0.0.0/8"])));
        let wrong = client_prefixes(&json!(["10.0.0.1/8", "x", 5])).expect_err("three");
        assert_eq!(
            wrong.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>(),
            ["[0]", "[1]", "[2]"]
        );
        assert!(wrong[0].1.contains("did you mean 10.0.0.0/8?"));
        let wrong = client_prefixes(&json!(["::/0", "::/0"])).expect_err("twice");
        assert_eq!(wrong, [("[1]".to_owned(), "::/0 is named twice".to_owned())]);
        assert_eq!(sites(&json!(["b", "a", "b"])), Ok(json!(["a", "b"])));
        assert!(sites(&json!(["A b"])).is_err() && sites(&json!("a")).is_err());
    }

    #[test]
    fn hours_are_hours() {
        let good = json!([{"days": ["sun"], "opens": "02:00", "closes": "05:00"}]);
        assert_eq!(windows(&good), Ok(good));
        assert!(windows(&json!([{"opens": "02:00"}])).is_err());
        assert!(windows(&json!([{"opens": "02:00", "closes": "25:00"}])).is_err());
        let zone = json!({"time_zone": "Europe/Berlin"});
        let fill = fill(&zone).expect("a plan");
        assert_eq!(super::fill(&fill), Ok(fill), "what is kept is read again");
        let wrong = super::fill(&json!({"time_zone": "Europe/Bonn"})).expect_err("no zone");
        assert_eq!(wrong[0].0, "time_zone");
    }
}
