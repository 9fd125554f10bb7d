//! The listener at which machines become boxes. Who connects shows nothing but a token; who
//! answers shows a certificate of an authority that the root names.

use crate::api::{Problem, configuration};
use crate::barring;
use crate::issuing;
use crate::server::{App, now};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use ca::{RequestedKey, Shown};
use contract::join::{
    JOIN_PATH, JoinRequest, Joined, MAX_JOIN_BYTES, MAX_SERIAL_CHARS, TRUST_PATH,
};
use contract::trust::SignedTrust;
use inventory::changes::Author;
use people::HostKey;
use std::fmt;
use std::sync::Arc;

use crate::server::ClientAddress;

/// What machines can ask.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route(TRUST_PATH, get(get_trust))
        .route(JOIN_PATH, post(post_join))
        .layer(DefaultBodyLimit::max(MAX_JOIN_BYTES))
        .layer(axum::middleware::from_fn(crate::api::deadline))
        .with_state(app)
}

/// What the root has said last.
async fn get_trust(State(app): State<Arc<App>>) -> Result<Json<SignedTrust>, Problem> {
    let said = app.said.last().ok_or_else(|| Problem::new(503, "the root has said nothing yet"))?;
    Ok(Json(said.signed.clone()))
}

/// What the machine says that its SSH server shows; nothing where it has none.
fn host_keys(request: &JoinRequest, key: &RequestedKey) -> Result<Vec<HostKey>, Problem> {
    let Some(said) = &request.ssh_host_keys else { return Ok(Vec::new()) };
    let bad = |why: &dyn fmt::Display| Problem::new(422, format!("ssh_host_keys: {why}"));
    let lines = said.read(&request.token, key.point()).map_err(|why| bad(&why))?;
    let help = "give the machine others, or have it join with `--ssh-folder` elsewhere";
    HostKey::parse_all(lines).map_err(|why| bad(&format!("{why}: {help}")))
}

async fn post_join(
    State(app): State<Arc<App>>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    body: Bytes,
) -> Result<Json<Joined>, Problem> {
    let request: JoinRequest =
        serde_json::from_slice(&body).map_err(|err| Problem::new(400, err))?;
    if !request.folder.is_absolute() {
        return Err(Problem::new(422, "folder: expected an absolute path"));
    }
    if request.serial.chars().count() > MAX_SERIAL_CHARS {
        return Err(Problem::new(422, format!("serial: more than {MAX_SERIAL_CHARS} characters")));
    }
    let key = RequestedKey::read(&request.csr_pem).map_err(|err| Problem::new(400, err))?;
    let host_keys = host_keys(&request, &key)?;
    let JoinRequest { token, secret, serial, folder, .. } = &request;
    let shown = Shown { id: token, secret, serial, key: key.digest() };
    let device = match app.tokens.take(shown, now()).await? {
        Ok(device) => device,
        Err(why) => {
            tracing::warn!(%address, token, serial, "nobody joins: {why}");
            return Err(Problem::new(403, why));
        }
    };
    // Whoever has taken it out of the house brings it back first.
    if let Some(state) = app.inventory.state(&device).await?.filter(|state| !state.may_join()) {
        return Err(Problem::new(403, format!("{device} is {state}: nothing joins as it")));
    }
    let config = configuration(&app, &device, folder).await?;
    let chain_pem = issuing::identity(&app, &device, &key).await?;
    // Whoever was this box before is so no more.
    barring::take_over(&app, &device, key.digest()).await?;
    app.collector.is_another_machine(&device);
    app.observing.forget(&device);
    app.host_keys.replace_all(&device, &host_keys, now()).await?;
    let author =
        Author { who: format!("box {device}"), request_id: format!("join-{token}"), message: None };
    app.inventory.enrolled(&device, author, now()).await?;
    tracing::info!(%address, %device, serial, "a machine has joined");
    app.changed.notify_one();
    Ok(Json(Joined { device, chain_pem, config }))
}
