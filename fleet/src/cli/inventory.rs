//! `fleet inventory`: for `ansible-inventory`, which calls a script with `--list`.

use super::Usage;
use super::client::Client;
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
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for filter in &self.filters {
            let (name, value) = filter.split_once('=').ok_or_else(|| {
                Usage(format!("--filter {filter}: expected FIELD=VALUE, such as status=active"))
            })?;
            query.append_pair(name, value);
        }
        query.extend_pairs(self.host.iter().map(|host| ("name", host)));
        let path = format!("/api/v1/ansible-inventory?{}", query.finish());
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
