//! `fleet prefill explain`.

use super::rate;
use crate::api::PlacementReason;
use crate::cli::client::Client;
use crate::cli::output::{Output, number, text};
use crate::cli::quantity::bytes;
use crate::cli::records::with_query;
use clap::Args;
use contract::names::{GroupName, SiteName, TitleName};

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// Why a title is at a site, or is not.
///
/// Titles are placed whole: viewers are sent to a box with a title. What is compared is what a site's viewers, and
/// the sites below it, want of a title at the peak, for each byte that it takes: shown as how many times its size
/// a day that would be.
#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// What, and where: GROUP/TITLE@SITE, or GROUP/PATH@SITE with the path of one of its objects.
    #[arg(value_name = "OBJECT@SITE", value_parser = parse)]
    what: What,
    /// In an older placement.
    #[arg(long, value_name = "VERSION")]
    at: Option<u64>,
}

/// An object at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
struct What {
    group: GroupName,
    object: String,
    site: SiteName,
}

fn parse(text: &str) -> Result<What, String> {
    let expected = "expected GROUP/TITLE@SITE or GROUP/PATH@SITE, such as studio-a/big-demo@site-a";
    // A path may have an @, a site has none.
    let (object, site) = text.rsplit_once('@').ok_or(expected)?;
    let (group, object) = object.split_once('/').ok_or(expected)?;
    let object = match TitleName::new(object) {
        Ok(title) => title.to_string(),
        Err(_) if object.is_empty() => return Err(expected.to_owned()),
        Err(_) => format!("/{object}"),
    };
    let group = GroupName::new(group).map_err(|err| err.to_string())?;
    let site = SiteName::new(site).map_err(|err| err.to_string())?;
    Ok(What { group, object, site })
}

impl Explain {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let What { group, object, site } = self.what;
        let mut asked = vec![
            ("group".to_owned(), group.to_string()),
            ("object".to_owned(), object),
            ("site".to_owned(), site.to_string()),
        ];
        asked.extend(self.at.map(|at| ("at".to_owned(), at.to_string())));
        let path = with_query("/api/v1/prefill/explain".to_owned(), &asked);
        let reason: PlacementReason = client.get(&path).await?;
        output.write(&reason, |reason| shown(output, reason))
    }
}

fn shown(output: &Output, it: &PlacementReason) -> String {
    let list = |names: &[String]| match names {
        [] => "nobody".to_owned(),
        some => some.join(", "),
    };
    let times = |density: f64| format!("{:.3}", density * DAY_S);
    let mut lines = vec![
        format!("{}/{} at {}, placement {}", it.group, it.title, it.site, it.version),
        format!("  why        {}", it.why),
        format!("  held by    {}", list(&it.boxes)),
        format!("  elsewhere  {}", list(&it.elsewhere)),
        format!(
            "  wanted     {} at the peak, {} times its {} a day: number {} of {}",
            rate(it.demand_bytes_per_s),
            times(it.density_per_s),
            bytes(it.size_bytes),
            it.rank,
            it.titles,
        ),
    ];
    if !it.classes.is_empty() {
        let mut table =
            output.columns(&["class", "from times a day on", "copies", "there", "scarce"]);
        for class in &it.classes {
            table.row([
                text(&class.class),
                number(&class.cut_off_per_s.map_or_else(|| "-".to_owned(), times)),
                number(&class.copies),
                text(if class.is_there { "yes" } else { "no" }),
                text(class.scarce.as_deref().unwrap_or("nothing")),
            ]);
        }
        lines.push(table.render());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_or_one_of_its_objects() {
        let read =
            |text: &str| parse(text).map(|it| format!("{} {} {}", it.group, it.object, it.site));
        assert_eq!(read("g/big-demo@a").as_deref(), Ok("g big-demo a"));
        assert_eq!(read("g/big/seg@1.m4s@a").as_deref(), Ok("g /big/seg@1.m4s a"));
        for bad in ["g@a", "g/x", "g/@a", "g/x@", "/x@a", "g/x@A b"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
