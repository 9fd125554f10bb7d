//! SSH certificates: into a box, for some hours, by a key that somebody has made for this once.

use super::body::Body;
use super::caller::Operator;
use super::said::Query;
use super::status::rfc3339;
use super::{List, Problem, named};
use crate::server::{App, ClientAddress, now};
use axum::extract::State;
use axum::{Extension, Json};
use contract::names::DeviceName;
use http::StatusCode;
use people::{
    Caller, DEFAULT_SSH_LIFE, NotCertified, SourceNet, SshIssued, SshWish, allowed, new_serial,
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// So many are told of.
const LISTED: u32 = 1000;

/// Whose certificates boxes take for people.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SshAuthorityItem {
    /// For `TrustedUserCAKeys` (sshd_config(5)).
    pub(crate) public_key: String,
}

/// Who wants into a box.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SshRequest {
    /// Which.
    pub(crate) appliance: String,
    /// The key that he has made, as in its `.pub` file.
    pub(crate) public_key: String,
    /// The one command that it is to be good for; without one, a shell.
    #[serde(default)]
    pub(crate) command: Option<String>,
    /// Seconds from now; an hour where nothing is said, a day at most.
    #[serde(default)]
    pub(crate) life_s: Option<u64>,
}

/// A certificate, and what goes with it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SshCertified {
    /// For the file beside the key: `-cert.pub`.
    pub(crate) certificate: String,
    /// For `known_hosts`: by the name of the appliance (`HostKeyAlias`).
    pub(crate) known_hosts: String,
    /// What is written down of it.
    pub(crate) issued: SshIssuedItem,
}

/// A certificate that was issued.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SshIssuedItem {
    /// Its number.
    pub(crate) serial: u64,
    /// For whom.
    pub(crate) person: String,
    /// For which box.
    pub(crate) appliance: String,
    /// The one command that it is good for; without one, a shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    /// From where it is good; from anywhere where nothing is said.
    pub(crate) source_addresses: Vec<String>,
    /// Of the key.
    pub(crate) fingerprint: String,
    /// When (RFC 3339).
    pub(crate) issued_at: String,
    /// Until when it is good (RFC 3339).
    pub(crate) not_after: String,
}

impl SshIssuedItem {
    fn new(issued: &SshIssued) -> Self {
        Self {
            serial: issued.serial,
            person: issued.person.to_string(),
            appliance: issued.appliance.to_string(),
            command: issued.force_command.clone(),
            source_addresses: issued.source_addresses.iter().map(ToString::to_string).collect(),
            fingerprint: issued.fingerprint.clone(),
            issued_at: rfc3339(issued.issued_at),
            not_after: rfc3339(issued.not_after),
        }
    }
}

/// Whose certificates boxes take for people.
#[utoipa::path(get, path = "/api/v1/ssh/authority", tag = "people",
    responses((status = 200, body = SshAuthorityItem)))]
pub(super) async fn show_authority(State(app): State<Arc<App>>) -> Json<SshAuthorityItem> {
    Json(SshAuthorityItem { public_key: app.ssh.public_line().to_owned() })
}

/// Ask for a certificate.
#[utoipa::path(post, path = "/api/v1/ssh/certificates", tag = "people", request_body = SshRequest,
    responses((status = 201, body = SshCertified)))]
pub(super) async fn certify(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Body(request): Body<SshRequest>,
) -> Result<(StatusCode, Json<SshCertified>), Problem> {
    let appliance: DeviceName = named(&request.appliance)?;
    app.inventory.appliance(&appliance).await?;
    let grant = allowed(caller.role, &appliance, request.command.as_deref());
    let grant = grant.map_err(|why| Problem::new(403, why))?;
    let known_hosts = app.host_keys.known_hosts_lines(&appliance, &[]).await?;
    if known_hosts.is_empty() {
        let why =
            format!("{appliance} has said no SSH host key when it joined, so nobody can know");
        let help = "have it join anew with `appliance join --replace`, where its sshd has keys";
        return Err(Problem::new(409, format!("{why} whom he would talk to: {help}")));
    }
    let certificate = app.ssh.certify(&SshWish {
        person: &caller.name,
        grant: &grant,
        public_key: &request.public_key,
        source_addresses: &sources(&app.settings.ssh_from, address.ip()),
        life: request.life_s.map_or(DEFAULT_SSH_LIFE, Duration::from_secs),
        serial: new_serial()?,
        now: now(),
    });
    let certificate = certificate.map_err(not_certified)?;
    let issued = &certificate.issued;
    app.ssh_issued.add(issued).await?;
    tracing::info!(%address, key_id = issued.key_id, command = issued.force_command, "SSH certificate");
    let issued = SshIssuedItem::new(issued);
    Ok((
        StatusCode::CREATED,
        Json(SshCertified { certificate: certificate.line, known_hosts, issued }),
    ))
}

/// Where the operator has said it, from there; else from where it was asked for. What comes over
/// loopback says nothing of where somebody will be.
fn sources(said: &[SourceNet], client: IpAddr) -> Vec<SourceNet> {
    match said {
        [] if client.to_canonical().is_loopback() => Vec::new(),
        [] => vec![SourceNet::address(client)],
        said => said.to_vec(),
    }
}

fn not_certified(why: NotCertified) -> Problem {
    match why {
        NotCertified::Sign(_) | NotCertified::Random | NotCertified::Clock => {
            Problem::internal(why)
        }
        why => Problem::new(422, why),
    }
}

/// Of which box.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    appliance: Option<String>,
}

/// The certificates that were issued last, the newest first.
#[utoipa::path(get, path = "/api/v1/ssh/certificates", tag = "people",
    params(("appliance" = Option<String>, Query, description = "Of this one alone")),
    responses((status = 200, body = List<SshIssuedItem>)))]
pub(super) async fn list_certificates(
    State(app): State<Arc<App>>,
    _: Operator,
    Query(Which { appliance }): Query<Which>,
) -> Result<Json<List<SshIssuedItem>>, Problem> {
    let appliance: Option<DeviceName> = appliance.as_deref().map(named).transpose()?;
    let issued = app.ssh_issued.newest(appliance.as_ref(), LISTED).await?;
    Ok(Json(List { items: issued.iter().map(SshIssuedItem::new).collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_good_from_where_it_was_asked_for_unless_the_operator_says_otherwise() {
        let net = |text: &str| text.parse::<SourceNet>().expect(text);
        let client: IpAddr = "192.0.2.7".parse().expect("address");
        assert_eq!(sources(&[], client), [net("192.0.2.7")]);
        for local in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(sources(&[], local.parse().expect("address")), []);
        }
        let office = [net("198.51.100.0/24")];
        assert_eq!(sources(&office, client), office);
    }
}
