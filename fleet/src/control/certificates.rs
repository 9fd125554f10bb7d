//! A box asks for a certificate: to follow the one that it has, or for new names.

use crate::api::Problem;
use crate::issuing;
use crate::server::App;
use axum::body::Bytes;
use axum::extract::State;
use axum::{Extension, Json};
use ca::RequestedKey;
use contract::certificates::{CertificateAnswer, CertificateRequest, MAX_CSR_BYTES};
use contract::names::DeviceName;
use std::sync::Arc;

/// A request with some words around it.
const MAX_BYTES: usize = 2 * MAX_CSR_BYTES;

pub(super) async fn post_certificate(
    State(app): State<Arc<App>>,
    Extension(identity): Extension<DeviceName>,
    body: Bytes,
) -> Result<Json<CertificateAnswer>, Problem> {
    if body.len() > MAX_BYTES {
        return Err(Problem::new(413, format!("more than {MAX_BYTES} bytes")));
    }
    let request: CertificateRequest =
        serde_json::from_slice(&body).map_err(|err| Problem::new(400, err))?;
    if request.device != identity {
        let message = format!("{identity} asks for {}", request.device);
        return Err(Problem::new(403, message));
    }
    let key = RequestedKey::read(&request.csr_pem).map_err(|err| Problem::new(400, err))?;
    issuing::answer(&app, &identity, request.purpose, &key).await.map(Json)
}
