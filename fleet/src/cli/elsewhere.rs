//! What `fleet serve` is told of an authority elsewhere that issues what viewers see.

use super::Usage;
use crate::server::Elsewhere as Settings;
use acme::Budget;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// An authority that is asked by ACME. Without it the fleet issues what viewers see itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "Certificates for viewers")]
pub(super) struct Elsewhere {
    /// The directory of the authority that issues what boxes show to viewers, asked by ACME
    /// (https://…). Without it the fleet issues that itself.
    #[arg(long, value_name = "URL", requires_all = ["acme_agree_terms", "acme_dns", "acme_dns_key"])]
    acme_directory: Option<Url>,
    /// The operator agrees to the authority's terms of service.
    #[arg(long, requires = "acme_directory")]
    acme_agree_terms: bool,
    /// Whom the authority tells when something is wrong. Can be given several times.
    #[arg(long, value_name = "ADDRESS", requires = "acme_directory")]
    acme_contact: Vec<String>,
    /// Certificates in PEM to believe the authority by, instead of those that the system believes.
    #[arg(long, env = "ACME_CA_FILE", hide_env_values = true, value_name = "FILE")]
    acme_ca_file: Option<PathBuf>,
    /// The primary name server of the zone that host names are in: it takes updates over TCP
    /// (RFC 2136).
    #[arg(long, value_name = "ADDRESS", requires = "acme_directory")]
    acme_dns: Option<SocketAddr>,
    /// The key that updates are signed with, as `tsig-keygen -a hmac-sha256` prints it.
    #[arg(long, value_name = "FILE", requires = "acme_directory")]
    acme_dns_key: Option<PathBuf>,
    /// Another name server that has to show a record before the authority is told to look. Can be
    /// given several times.
    #[arg(long, value_name = "ADDRESS", requires = "acme_directory")]
    acme_dns_also: Vec<SocketAddr>,
    /// How many certificates may be ordered within an hour.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    acme_orders_per_hour: u32,
    /// How many certificates may be ordered within a day.
    #[arg(long, value_name = "COUNT", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    acme_orders_per_day: u32,
    /// Seconds until an order that came to nothing is tried again; twice as long after each further
    /// failure, up to six hours.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=21_600))]
    acme_retry_s: u64,
}

impl Elsewhere {
    /// `None` where the fleet issues itself.
    ///
    /// # Errors
    /// When what was said cannot be meant.
    pub(super) fn read(self) -> Result<Option<Settings>, Usage> {
        let Some(directory) = self.acme_directory else { return Ok(None) };
        if directory.scheme() != "https" {
            return Err(Usage(format!("--acme-directory {directory}: expected https://…")));
        }
        let missing = |what: &str| Usage(format!("--acme-directory needs {what}"));
        let settings = acme::Settings {
            directory,
            contact: self.acme_contact.iter().map(|address| contact(address)).collect(),
            ca_file: self.acme_ca_file,
            folder: PathBuf::new(),
            dns: self.acme_dns.ok_or_else(|| missing("--acme-dns"))?,
            seen_at: self.acme_dns_also,
            dns_key: self.acme_dns_key.ok_or_else(|| missing("--acme-dns-key"))?,
        };
        let budget = Budget {
            per_hour: self.acme_orders_per_hour,
            per_day: self.acme_orders_per_day,
            first_pause: Duration::from_secs(self.acme_retry_s),
        };
        Ok(Some(Settings { settings, budget }))
    }
}

/// Authorities take URLs; people write addresses.
fn contact(address: &str) -> String {
    if address.contains(':') { address.to_owned() } else { format!("mailto:{address}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        elsewhere: Elsewhere,
    }

    fn read(line: &str) -> Result<Option<Settings>, String> {
        let words = ["fleet"].into_iter().chain(line.split_whitespace());
        let alone = Alone::try_parse_from(words).map_err(|err| err.to_string())?;
        alone.elsewhere.read().map_err(|err| err.to_string())
    }

    const ENOUGH: &str = "--acme-agree-terms --acme-dns 192.0.2.1:53 --acme-dns-key key";

    #[test]
    fn an_authority_is_named_with_all_that_it_takes() {
        assert!(read("").expect("nothing said").is_none());
        let line = format!(
            "--acme-directory https://acme.example/dir {ENOUGH} --acme-contact a@example.org"
        );
        let read = read(&line).expect("enough").expect("an authority");
        assert_eq!(read.settings.contact, ["mailto:a@example.org"]);
        assert_eq!(read.budget.first_pause, Duration::from_secs(600));
    }

    #[test]
    fn what_is_missing_is_named() {
        let alone = read("--acme-directory https://acme.example/dir").expect_err("alone");
        for option in ["--acme-agree-terms", "--acme-dns ", "--acme-dns-key"] {
            assert!(alone.contains(option), "{alone}");
        }
        let plain = format!("--acme-directory http://acme.example/dir {ENOUGH}");
        assert!(read(&plain).expect_err("not secret").contains("expected https"));
        assert!(read("--acme-agree-terms").is_err(), "to whose?");
    }
}
