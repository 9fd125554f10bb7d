//! `fleet site …`

use super::client::Client;
use super::output::{Output, number, text};
use super::quantity::parse_rate;
use crate::api::List;
use clap::{Args, Subcommand};
use contract::civil::{TimeOfDay, TimeZoneName};
use contract::config::{EmergencyFill, FillWindow, SourceCaps};
use contract::names::SiteName;
use contract::quantity::BitRate;
use inventory::{Site, SiteFill};
use ipnet::IpNet;

#[derive(Debug, Subcommand)]
pub(super) enum SiteCommand {
    /// Add a site.
    Create(Create),
    /// All sites.
    List,
    /// One site.
    Show {
        /// The site.
        name: SiteName,
    },
    /// Remove a site on which no appliance stands.
    Delete {
        /// The site.
        name: SiteName,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Its name, such as `site-a`.
    name: SiteName,
    /// Degrees north.
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    latitude: f64,
    /// Degrees east.
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    longitude: f64,
    /// A network whose clients are nearest to this site. Can be given several times.
    #[arg(long = "prefix", value_name = "NETWORK")]
    prefixes: Vec<IpNet>,
    /// Have its boxes fill at certain hours alone, in this time zone, such as Europe/Berlin:
    /// from 02:00 to 14:00, unless windows are given.
    #[arg(long, value_name = "ZONE", help_heading = "Filling")]
    time_zone: Option<TimeZoneName>,
    /// When its boxes may fill, local time, with a cap for each box: 02:00-14:00=1.2Gb/s.
    /// Without a cap, 1.2 Gb/s for boxes of 100 TB and more, else 0.4 Gb/s. Can be given several
    /// times.
    #[arg(long = "fill-window", value_name = "FROM-TO[=CAP]", requires = "time_zone",
        value_parser = parse_window, help_heading = "Filling")]
    fill_windows: Vec<FillWindow>,
    /// The most that a box there draws from each other box.
    #[arg(long, value_name = "CAP", requires = "time_zone", value_parser = parse_rate,
        help_heading = "Filling")]
    peer_cap: Option<BitRate>,
    /// The most that a box there draws from each owner's own server.
    #[arg(long, value_name = "CAP", requires = "time_zone", value_parser = parse_rate,
        help_heading = "Filling")]
    origin_cap: Option<BitRate>,
    /// What cannot wait for the next window may come outside of them, this fast for each box.
    #[arg(long, value_name = "CAP", requires = "time_zone", value_parser = parse_rate,
        help_heading = "Filling")]
    emergency_fill: Option<BitRate>,
}

impl Create {
    fn fill(&self) -> Option<SiteFill> {
        let mut fill = SiteFill::published(self.time_zone.clone()?);
        fill.windows.clone_from(&self.fill_windows);
        fill.source_caps_bits_per_s = SourceCaps { peer: self.peer_cap, origin: self.origin_cap };
        if let Some(cap_bits_per_s) = self.emergency_fill {
            fill.emergency_fill = EmergencyFill::Capped { cap_bits_per_s };
        }
        Some(fill)
    }
}

/// `02:00-14:00` or `02:00-14:00=1.2Gb/s`.
fn parse_window(text: &str) -> Result<FillWindow, String> {
    let (times, cap) = match text.split_once('=') {
        Some((times, cap)) => (times, Some(parse_rate(cap)?)),
        None => (text, None),
    };
    let (opens, closes) =
        times.split_once('-').ok_or("expected FROM-TO, such as 02:00-14:00".to_owned())?;
    let time = |text: &str| text.parse::<TimeOfDay>().map_err(|err| err.to_string());
    let (opens, closes) = (time(opens)?, time(closes)?);
    Ok(FillWindow { opens, closes, days: Vec::new(), cap_bits_per_s: cap })
}

impl SiteCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => {
                let fill = create.fill();
                let site = Site {
                    fill,
                    name: create.name,
                    latitude: create.latitude,
                    longitude: create.longitude,
                    client_prefixes: create.prefixes,
                };
                let site: Site = client.post("/api/v1/sites", &site).await?;
                output.write(&site, |site| format!("site {} created", site.name))
            }
            Self::List => {
                let sites: List<Site> = client.get("/api/v1/sites").await?;
                output.write(&sites, |sites| table(output, &sites.items))
            }
            Self::Show { name } => {
                let site: Site = client.get(&format!("/api/v1/sites/{name}")).await?;
                output.write(&site, |site| table(output, std::slice::from_ref(site)))
            }
            Self::Delete { name } => {
                client.delete(&format!("/api/v1/sites/{name}")).await?;
                output.done(&format!("site {name} deleted"))
            }
        }
    }
}

fn table(output: &Output, sites: &[Site]) -> String {
    let mut table = output.columns(&["site", "latitude", "longitude", "client prefixes", "fills"]);
    for site in sites {
        let prefixes: Vec<String> = site.client_prefixes.iter().map(ToString::to_string).collect();
        table.row([
            text(&site.name),
            number(&site.latitude),
            number(&site.longitude),
            text(&prefixes.join(", ")),
            text(&fills(site.fill.as_ref())),
        ]);
    }
    table.render()
}

/// When, in a word or two.
fn fills(fill: Option<&SiteFill>) -> String {
    let Some(fill) = fill else { return "at any hour".to_owned() };
    let window = |window: &FillWindow| {
        let cap = window.cap_bits_per_s.map(|cap| format!(" at {cap}")).unwrap_or_default();
        let days: String = window.days.iter().map(|day| format!("{} ", day.as_str())).collect();
        format!("{days}{}-{}{cap}", window.opens, window.closes)
    };
    let windows = fill.windows().iter().map(window).collect::<Vec<_>>().join(", ");
    let of_each = fill.source_caps_bits_per_s.each();
    let caps: String = of_each.map(|(kind, cap)| format!(", {cap} from each {kind}")).collect();
    format!("{windows} {}{caps}", fill.time_zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::civil::Weekday;

    #[test]
    fn windows_are_written_as_people_say_them() {
        let window = parse_window("22:30-04:00=1.2Gb/s").expect("a window");
        assert_eq!((window.opens.minutes(), window.length_minutes()), (1350, 330));
        assert_eq!(window.cap_bits_per_s, Some(BitRate(1_200_000_000)));
        assert_eq!(parse_window("02:00-14:00").expect("a window").cap_bits_per_s, None);
        for bad in ["", "02:00", "2-14", "02:00-14:00=", "02:00-14:00=fast", "02:00-25:00"] {
            assert!(parse_window(bad).is_err(), "{bad}");
        }
        let zone = TimeZoneName::new("Europe/Berlin").expect("zone");
        let mut fill = SiteFill::published(zone);
        assert_eq!(fills(Some(&fill)), "02:00-14:00 Europe/Berlin");
        fill.windows = vec![window];
        assert_eq!(fills(Some(&fill)), "22:30-04:00 at 1.2 Gb/s Europe/Berlin");
        fill.windows[0].days = vec![Weekday::Fri, Weekday::Sat];
        assert_eq!(fills(Some(&fill)), "fri sat 22:30-04:00 at 1.2 Gb/s Europe/Berlin");
        fill.windows.clear();
        fill.source_caps_bits_per_s.origin = Some(BitRate(200_000_000));
        assert_eq!(fills(Some(&fill)), "02:00-14:00 Europe/Berlin, 200.0 Mb/s from each origin");
        assert_eq!(fills(None), "at any hour");
    }
}
