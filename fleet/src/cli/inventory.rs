//! `fleet inventory`: for `ansible-inventory`, which calls a script with `--list`.

use super::client::Client;
use super::records::{pair, with_query};
use clap::Args;
use serde_json::Value;
use std::io::Write;

/// Devices for Ansible.
#[derive(Debug, Args)]
pub(super) struct Inventory {
    /// All of them, in groups.
    #[arg(long, required_unless_present = "host")]
    list: bool,
    /// What is known of one.
    #[arg(long, value_name = "DEVICE", conflicts_with = "list")]
    host: Option<String>,
    /// Those alone of which this is so, such as status=active.
    #[arg(short, long = "filter", value_name = "FIELD=VALUE")]
    filters: Vec<String>,
}

impl Inventory {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        let mut asked = self.filters.iter().map(|it| pair(it)).collect::<Result<Vec<_>, _>>()?;
        asked.extend(self.host.iter().map(|host| ("name".to_owned(), host.clone())));
        let path = with_query("/api/v1/ansible-inventory".to_owned(), &asked);
        let told: Value = client.get(&path).await?;
        let told = match &self.host {
            // Whom nobody knows, of him nothing is known.
            Some(host) => told["_meta"]["hostvars"]
                .get(host)
                .cloned()
                .unwrap_or_else(|| Value::Object(serde_json::Map::new())),
            None => told,
        };
        Ok(writeln!(std::io::stdout(), "{}", serde_json::to_string(&told)?)?)
    }
}
