//! How the fleet comes to a device over SSH: where it is, by which keys it is known, and as whom.

use crate::secrets::NoSecret;
use crate::server::App;
use config_render::Facts;
use config_render::values::Settings;
use contract::names::DeviceName;
use inventory::rules::settings::SECRET;
use people::PeopleError;
use serde_json::Value;
use ssh::{Algorithms, BadHostKeys, Device, HostKeys, Login, Secret, UserKey};
use std::net::SocketAddr;
use std::sync::Arc;

/// Why there is no way to a device.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoWay {
    #[error(
        "nobody has said where its SSH server is: `fleet device edit {0} --management-address …`"
    )]
    NoAddress(String),
    #[error("ssh_host_keys: {0}")]
    HostKeys(#[from] BadHostKeys),
    #[error("neither management.private_key nor management.password is said: nothing lets us in")]
    NoLogin,
    #[error("management.{0}: {1}")]
    Setting(&'static str, &'static str),
    #[error(transparent)]
    Secret(#[from] NoSecret),
    #[error(transparent)]
    People(#[from] PeopleError),
}

/// The way to a device.
pub(crate) async fn way(app: &App, facts: &Facts, settings: &Settings) -> Result<Device, NoWay> {
    let name = facts.name().to_owned();
    let address = facts.management_address();
    let address = address.ok_or_else(|| NoWay::NoAddress(name.clone()))?;
    let setting = |name: &str| settings.get(&format!("management.{name}"));
    let port = setting("port").and_then(Value::as_u64).and_then(|it| u16::try_from(it).ok());
    let port = port.filter(|it| *it != 0).ok_or(NoWay::Setting("port", "expected 1 to 65535"))?;
    let is_old = setting("old_algorithms").and_then(Value::as_bool).unwrap_or_default();
    let algorithms = if is_old { Algorithms::Old } else { Algorithms::Current };
    let user = setting("user").and_then(Value::as_str).filter(|it| !it.is_empty());
    let user = user.ok_or(NoWay::Setting("user", "expected the name of a user"))?.to_owned();
    let secret = |name: &str| -> Result<Option<String>, NoSecret> {
        let place = setting(name).and_then(|it| it.get(SECRET)).and_then(Value::as_str);
        place.map(|place| app.secrets.at(place)).transpose()
    };
    let passphrase = secret("private_key_passphrase")?.map(Secret::new);
    let key = secret("private_key")?.map(|text| UserKey {
        // What writes keys ends their last line.
        private: Secret::new(format!("{text}\n")),
        passphrase,
        certificate: None,
    });
    let password = secret("password")?.map(Secret::new);
    if key.is_none() && password.is_none() {
        return Err(NoWay::NoLogin);
    }
    let host_keys = host_keys(app, facts).await?;
    let login = Arc::new(Login { user, key, password });
    let address = SocketAddr::new(address, port);
    Ok(Device { name, address, host_keys, algorithms, login })
}

/// What the inventory says; of a box of which it says nothing, what the box said when it joined.
async fn host_keys(app: &App, facts: &Facts) -> Result<HostKeys, NoWay> {
    let said = HostKeys::parse(facts.ssh_host_keys())?;
    let Ok(name) = DeviceName::new(facts.name()) else { return Ok(said) };
    if !said.is_empty() {
        return Ok(said);
    }
    let pinned = app.host_keys.of(&name).await?;
    let lines: Vec<&str> = pinned.iter().map(people::HostKey::as_str).collect();
    Ok(HostKeys::parse(&lines.join("\n"))?)
}
