//! `fleet zone list`.

use crate::api::List;
use crate::cli::client::Client;
use crate::cli::output::{Output, number, text};
use inventory::zones::Called;

pub(super) async fn run(client: &Client, output: &Output) -> anyhow::Result<()> {
    let all: List<Called> = client.get("/api/v1/zones").await?;
    output.write(&all, |all| table(output, &all.items))
}

fn table(output: &Output, all: &[Called]) -> String {
    let mut table = output.columns(&["zone", "names", "for"]);
    for Called { zone, prefixes, names } in all {
        let prefixes: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
        let whom = if prefixes.is_empty() { "boxes".to_owned() } else { prefixes.join(", ") };
        table.row([text(zone), number(names), text(&whom)]);
    }
    table.render()
}
