//! HTTP/2 over a connection (RFC 9113): hyper frames, the meaning is that of HTTP/1.1.

use super::drain::Drain;
use super::h2_activity::Activity;
use super::h2_body::{BodyOnStream, Ending};
use super::h2_request;
use super::open::Ready;
use crate::account::{Account, Asked};
use crate::http::answer::{Answer, FieldSink};
use crate::http::date::DateText;
use crate::http::head::MAX_FIELDS;
use crate::http::refuse;
use crate::shared::{Shared, Via, now};
use cache::Object;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite};

/// Streams at once: a player has a handful under way, and each may hold one block.
const MAX_STREAMS: u32 = 64;

/// What hyper may hold of a stream's body beyond what the client has room for: one block,
/// so that the next is read while this one is sent.
const SEND_BUFFER_BYTES: usize = 256 << 10;

/// 32 octets for each field that a head may have.
const HPACK_OVERHEAD: u64 = 32 * (MAX_FIELDS as u64 + 5);

/// Serves until one side ends it.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    shared: Arc<Shared>,
    via: Via,
    mut drain: Drain,
) {
    let activity = Arc::new(Activity::new(&shared.limits));
    let service = service_fn({
        let (shared, activity) = (Arc::clone(&shared), Arc::clone(&activity));
        move |request| {
            let (shared, activity) = (Arc::clone(&shared), Arc::clone(&activity));
            async move { Ok::<_, Infallible>(answer(request, shared, via, activity).await) }
        }
    });
    let builder = builder(&shared);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut drains = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(err) = ended {
                    tracing::debug!(%err, "an HTTP/2 connection broke");
                }
                return;
            }
            () = drain.begun(), if !drains => {
                drains = true;
                connection.as_mut().graceful_shutdown();
            }
            was_idle = activity.expired() => {
                let timeouts = &shared.counters.timeouts;
                if was_idle { timeouts.idle.one() } else { timeouts.write.one() }
                return;
            }
        }
    }
}

fn builder(shared: &Shared) -> http2::Builder<TokioExecutor> {
    let limits = &shared.limits;
    // Room for a request that is just within our limits, by HPACK's way of counting
    // (RFC 7541 §4.1), so that over every protocol the same ones are refused.
    let list_bytes = limits.max_header_bytes.0 + limits.max_request_line_bytes.0 + HPACK_OVERHEAD;
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        // Ours, like every other field.
        .auto_date_header(false)
        .max_concurrent_streams(MAX_STREAMS)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .max_header_list_size(u32::try_from(list_bytes).unwrap_or(u32::MAX));
    builder
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    via: Via,
    activity: Arc<Activity>,
) -> Response<BodyOnStream> {
    let began = Instant::now();
    let open = activity.stream();
    let at = now();
    let mut account = Account::new(via, at, began);
    let (parts, _body) = request.into_parts();
    let request = match h2_request::read(&parts, shared.limits.max_header_bytes.0) {
        Ok(request) => request,
        Err(bad) => {
            let refusal = refuse::bad_head(&shared.policy, bad);
            account.decided(&refusal);
            let ending = Ending::new(Arc::clone(&shared), account, None, None, open);
            return respond(refusal, at, |answer| BodyOnStream::new(answer.body, None, ending));
        }
    };
    let Ready { decision, opened, viewed } = shared.answer(&request, via, at).await;
    account.decided(&decision.answer);
    account.viewed = viewed;
    let asked = Asked::of(&shared, decision.group, &request, &decision.path);
    let group = decision.group.map(|group| group.ordinal);
    let ending = Ending::new(Arc::clone(&shared), account, group, asked.as_ref(), open);
    respond(decision.answer, at, |answer| BodyOnStream::new(answer.body, opened, ending))
}

fn respond<'p>(
    answer: Answer<'p, Arc<Object>>,
    at: contract::time::TimeUs,
    body: impl FnOnce(Answer<'p, Arc<Object>>) -> BodyOnStream,
) -> Response<BodyOnStream> {
    let mut fields = Fields(HeaderMap::with_capacity(16));
    answer.write_fields(&DateText::of(at), &mut fields);
    let status = answer.status;
    let mut response = Response::new(body(answer));
    *response.status_mut() = status;
    *response.headers_mut() = fields.0;
    response
}

struct Fields(HeaderMap);

impl FieldSink for Fields {
    fn field_of(&mut self, name: &'static str, value: &[&[u8]]) {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_bytes(&value.concat());
        // Names and values are ours: one that HTTP does not allow cannot come up.
        if let (Ok(name), Ok(value)) = (name, value) {
            self.0.append(name, value);
        }
    }
}
