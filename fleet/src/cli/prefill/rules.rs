//! `fleet prefill rules`, `pin`, `ban` and `unset`.

use crate::api::{List, RuleItem, RuleName, RuleRequest};
use crate::cli::client::Client;
use crate::cli::output::{Output, number, text};
use crate::cli::records::with_query;
use clap::Args;
use contract::names::{GroupName, SiteName, TagName, TitleName};

const PATH: &str = "/api/v1/prefill/rules";

/// Have sites hold a title, whatever viewers want.
///
/// Of what is said of a title, what is said of a site goes before what is said of its tags, that before its
/// regions, the smallest first, and all of it before what is said of everywhere. Of several tags a ban counts. What
/// cannot be kept is left out, and `fleet prefill rules` says why.
#[derive(Debug, Args)]
pub(in crate::cli) struct PinTitle {
    #[command(flatten)]
    which: Which,
    /// At least so many copies at each site, where it has as many boxes.
    #[arg(long, default_value_t = 1)]
    copies: u16,
}

/// Have sites hold nothing of a title, whatever viewers want: it is served from elsewhere.
#[derive(Debug, Args)]
pub(in crate::cli) struct BanTitle {
    #[command(flatten)]
    which: Which,
}

/// Take back a pin or a ban.
#[derive(Debug, Args)]
pub(in crate::cli) struct Unset {
    #[command(flatten)]
    which: Which,
}

/// Of which title, and where: everywhere without more.
#[derive(Debug, Args)]
struct Which {
    /// Its content group.
    group: GroupName,
    /// The title.
    title: TitleName,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct Place {
    /// At this site; everywhere without any of these.
    #[arg(long)]
    site: Option<SiteName>,
    /// At sites with this tag.
    #[arg(long)]
    tag: Option<TagName>,
    /// At sites in this region, and in its parts.
    #[arg(long)]
    region: Option<String>,
}

impl Place {
    fn words(&self) -> String {
        let site = self.site.as_ref().map(|name| format!("site {name}"));
        let tag = || self.tag.as_ref().map(|name| format!("tag {name}"));
        let region = || self.region.as_ref().map(|name| format!("region {name}"));
        site.or_else(tag).or_else(region).unwrap_or_else(|| "everywhere".to_owned())
    }
}

pub(super) async fn list(client: &Client, output: &Output) -> anyhow::Result<()> {
    let rules: List<RuleItem> = client.get(PATH).await?;
    output.write(&rules, |rules| table(output, &rules.items))
}

fn table(output: &Output, rules: &[RuleItem]) -> String {
    let mut table = output.columns(&["title", "where", "rule", "copies", "said", "by", "not kept"]);
    for rule in rules {
        let copies = rule.copies.map_or_else(|| "-".to_owned(), |copies| copies.to_string());
        let not_kept = match rule.not_kept.as_slice() {
            [] => "-".to_owned(),
            [one] => format!("at {}: {}", one.site, one.why),
            [one, others @ ..] => {
                format!("at {}: {}; and at {} more", one.site, one.why, others.len())
            }
        };
        table.row([
            text(&format!("{}/{}", rule.group, rule.title)),
            text(&rule.r#where),
            text(word(rule.rule)),
            number(&copies),
            text(&rule.made_at),
            text(&rule.made_by),
            text(&not_kept),
        ]);
    }
    table.render()
}

fn word(rule: RuleName) -> &'static str {
    match rule {
        RuleName::Pin => "pin",
        RuleName::Ban => "ban",
    }
}

impl Which {
    async fn put(
        self,
        rule: RuleName,
        copies: Option<u16>,
        client: &Client,
        output: &Output,
    ) -> anyhow::Result<()> {
        let r#where = self.place.words();
        let Self { group, title, .. } = self;
        let request = RuleRequest { group, title, r#where, rule, copies };
        let said: RuleItem = client.put(PATH, &request).await?;
        output.write(&said, |it| match it.rule {
            RuleName::Pin => {
                let copies = match it.copies.unwrap_or(1) {
                    1 => "1 copy".to_owned(),
                    more => format!("{more} copies"),
                };
                format!("{}/{} is pinned: {}, at least {copies}", it.group, it.title, it.r#where)
            }
            RuleName::Ban => format!("{}/{} is banned: {}", it.group, it.title, it.r#where),
        })
    }
}

impl PinTitle {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        self.which.put(RuleName::Pin, Some(self.copies), client, output).await
    }
}

impl BanTitle {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        self.which.put(RuleName::Ban, None, client, output).await
    }
}

impl Unset {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let (place, Which { group, title, .. }) = (self.which.place.words(), self.which);
        let pairs = [
            ("group".to_owned(), group.to_string()),
            ("title".to_owned(), title.to_string()),
            ("where".to_owned(), place.clone()),
        ];
        client.delete(&with_query(PATH.to_owned(), &pairs)).await?;
        output.done(&format!("nothing is said of {group}/{title} any more: {place}"))
    }
}
