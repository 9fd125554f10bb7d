//! `fleet prefill releases` and `expect`.

use crate::api::{ExpectRequest, KindName, List, ReleaseItem};
use crate::cli::client::Client;
use crate::cli::output::{Output, number, text};
use crate::cli::records::with_query;
use clap::{Args, ValueEnum};
use contract::names::{GroupName, TitleName};

const PATH: &str = "/api/v1/prefill/releases";

/// What a title is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum KindWord {
    /// Watched once.
    Film,
    /// Watched episode by episode.
    Series,
}

/// Say what to expect of a title until it has been watched.
///
/// It need not be there yet. Without this a title is expected to be watched as new ones were so far.
#[derive(Debug, Args)]
pub(in crate::cli) struct Expect {
    /// Its content group.
    group: GroupName,
    /// The title.
    title: TitleName,
    /// What it is: new ones are watched as others of their kind were.
    #[arg(long, value_enum, default_value_t = KindWord::Film)]
    kind: KindWord,
    /// What part of all that is watched it will be in its first days, in percent.
    #[arg(long, value_name = "PERCENT")]
    share_percent: Option<f64>,
    /// Take back what was said of it.
    #[arg(long, conflicts_with_all = ["kind", "share_percent"])]
    nothing: bool,
}

impl Expect {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let Self { group, title, kind, share_percent, nothing } = self;
        if nothing {
            let pairs =
                [("group".to_owned(), group.to_string()), ("title".to_owned(), title.to_string())];
            client.delete(&with_query(PATH.to_owned(), &pairs)).await?;
            return output.done(&format!("nothing is expected of {group}/{title} any more"));
        }
        let kind = match kind {
            KindWord::Film => KindName::Film,
            KindWord::Series => KindName::Series,
        };
        let request = ExpectRequest { group, title, kind, share_percent };
        let said: ReleaseItem = client.put(PATH, &request).await?;
        output.write(&said, |said| {
            let share = said.share_percent.map_or_else(
                || "watched as others were".to_owned(),
                |percent| format!("{percent} % of all that is watched"),
            );
            format!("{}/{}: a {}, {share}", said.group, said.title, word(said.kind))
        })
    }
}

pub(super) async fn list(client: &Client, output: &Output) -> anyhow::Result<()> {
    let releases: List<ReleaseItem> = client.get(PATH).await?;
    output.write(&releases, |all| table(output, &all.items))
}

fn table(output: &Output, releases: &[ReleaseItem]) -> String {
    let mut table = output.columns(&["title", "from", "kind", "share", "said", "by"]);
    for one in releases {
        let share =
            one.share_percent.map_or_else(|| "usual".to_owned(), |percent| format!("{percent} %"));
        table.row([
            text(&format!("{}/{}", one.group, one.title)),
            text(one.serve_from.as_deref().unwrap_or("-")),
            text(word(one.kind)),
            number(&share),
            text(one.made_at.as_deref().unwrap_or("-")),
            text(one.made_by.as_deref().unwrap_or("-")),
        ]);
    }
    table.render()
}

fn word(kind: KindName) -> &'static str {
    match kind {
        KindName::Film => "film",
        KindName::Series => "series",
    }
}
