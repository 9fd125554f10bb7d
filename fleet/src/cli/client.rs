//! The API from the other side.

use super::{Usage, believing};
use crate::api::{Problem, ProblemItem};
use anyhow::Context;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as HttpClient, Error as HttpError};
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use url::Url;

/// Where somebody logs in: there he shows a password, and no token yet.
pub(super) const LOG_IN: &str = "/api/v1/sessions";

/// Beyond the server's own deadline, so that its answer is seen.
const TIMEOUT: Duration = Duration::from_secs(40);

/// A list of a hundred thousand objects is 20 MB.
const MAX_ANSWER_BYTES: usize = 256 << 20;

/// The manager said no.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) detail: String,
    /// Each thing that is wrong, where there may be several.
    pub(super) errors: Vec<ProblemItem>,
}

/// A client of the manager's API.
#[derive(Debug)]
pub(super) struct Client {
    base: Url,
    token: Option<String>,
    http: HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// The operator's token, from where the user said it is.
pub(super) fn token(token: Option<String>, file: Option<&Path>) -> anyhow::Result<Option<String>> {
    match (token, file) {
        (Some(token), _) => Ok(Some(token)),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file).map_err(|err| {
                Usage(format!("cannot read the token in {}: {err}", file.display()))
            })?;
            Ok(Some(text.trim().to_owned()))
        }
        (None, None) => Ok(None),
    }
}

impl Client {
    /// One that believes the manager by these certificates in PEM, or by those that the system
    /// believes.
    pub(super) fn new(
        base: &str,
        token: Option<String>,
        authorities: Option<&str>,
    ) -> anyhow::Result<Self> {
        let base = Url::parse(base).map_err(|err| Usage(format!("--fleet {base}: {err}")))?;
        if base.scheme() != "https" || base.host().is_none() {
            return Err(Usage(format!("--fleet {base}: expected https://HOST:PORT")).into());
        }
        let http =
            HttpClient::builder(TokioExecutor::new()).build(believing::connector(authorities)?);
        Ok(Self { base, token, http })
    }

    /// Where the manager is.
    pub(super) fn fleet(&self) -> &str {
        self.base.as_str()
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        read(&self.request(Method::GET, path, None).await?)
    }

    pub(super) async fn get_text(&self, path: &str) -> anyhow::Result<String> {
        let bytes = self.request(Method::GET, path, None).await?;
        String::from_utf8(bytes.into()).context("the fleet's answer is no text")
    }

    pub(super) async fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> anyhow::Result<T> {
        read(&self.request(Method::POST, path, Some(serde_json::to_vec(body)?)).await?)
    }

    pub(super) async fn put<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> anyhow::Result<T> {
        read(&self.request(Method::PUT, path, Some(serde_json::to_vec(body)?)).await?)
    }

    /// Where nothing is answered.
    pub(super) async fn send<B: Serialize>(&self, path: &str, body: &B) -> anyhow::Result<()> {
        self.request(Method::POST, path, Some(serde_json::to_vec(body)?)).await?;
        Ok(())
    }

    pub(super) async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.request(Method::DELETE, path, None).await?;
        Ok(())
    }

    /// Changes something; where a version is named, it has to be that one. Null where nothing is answered.
    pub(super) async fn change(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        version: Option<i64>,
    ) -> anyhow::Result<Value> {
        let body = Some(serde_json::to_vec(body)?);
        let answer = self.conditional(method, path, body, version).await?;
        if answer.is_empty() { Ok(Value::Null) } else { read(&answer) }
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> anyhow::Result<Bytes> {
        self.conditional(method, path, body, None).await
    }

    async fn conditional(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        version: Option<i64>,
    ) -> anyhow::Result<Bytes> {
        let url = self.base.join(path).context("cannot make the request's address")?;
        let mut request = Request::builder().method(method).uri(url.as_str());
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, format!("\"{version}\""));
        }
        let request = request.body(Full::from(body.unwrap_or_default()))?;
        let answer = tokio::time::timeout(TIMEOUT, async {
            let response = self.http.request(request).await.map_err(|err| self.unreached(&err))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
            let body = body.map_err(|err| anyhow::anyhow!("the answer broke off: {err}"))?;
            Ok::<_, anyhow::Error>((status, body.to_bytes()))
        });
        let (status, body) = answer.await.context("the fleet manager does not answer")??;
        match status.is_success() {
            true => Ok(body),
            false => Err(self.refusal(status, path, &body).into()),
        }
    }

    fn unreached(&self, err: &HttpError) -> anyhow::Error {
        let cause = std::error::Error::source(err).map(|cause| format!(" ({cause})"));
        if let Some(why) = believing::disbelief(err) {
            return anyhow::anyhow!(
                "whoever answers at {} is not the fleet manager that is believed here: {why}. \
                 --ca-file DATA/ca/front.pem or FLEET_CA_FILE say whom to believe",
                self.base
            );
        }
        anyhow::anyhow!(
            "cannot reach the fleet manager at {}{}: is `fleet serve` running there? \
             --fleet or FLEET_URL say where it is",
            self.base,
            cause.unwrap_or_default()
        )
    }

    fn refusal(&self, status: StatusCode, path: &str, body: &[u8]) -> Refusal {
        let problem = serde_json::from_slice::<Problem>(body).ok();
        let (detail, errors) = match problem {
            Some(problem) => (problem.detail, problem.errors),
            None => (format!("the fleet answered {status}"), Vec::new()),
        };
        let detail = match (status, &self.token) {
            (StatusCode::UNAUTHORIZED, None) if path != LOG_IN => {
                "the fleet manager answers nobody that it does not know: `fleet login NAME`, or give \
                 --token-file DATA/operator.token or set FLEET_TOKEN_FILE"
                    .to_owned()
            }
            _ => detail,
        };
        Refusal { status: status.as_u16(), detail, errors }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(body).context("the fleet's answer is not what this command expects")
}
