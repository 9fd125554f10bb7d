//! What is left of a request that was answered before it had come to its end.
//!
//! hyper hangs up on whoever sends it, and does not say so: the next request on that connection would
//! find nobody there. Many clients send head and body apart, so that any refusal would do.

use super::lingering::Unread;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, header};
use hyper::body::{Frame, SizeHint};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// As much as is under way on a line that is not a slow one.
const MOST_BYTES: usize = 1 << 20;

/// Whoever has not sent it by then waits for something.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A body that can be gone on with by whoever lent it.
#[derive(Clone)]
struct Lent(Arc<Mutex<Body>>);

impl Lent {
    fn with<T>(&self, look: impl FnOnce(Pin<&mut Body>) -> T) -> T {
        look(Pin::new(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.with(|body| body.poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}

/// Takes what is left before the answer goes out, or has it say that the connection ends with it.
pub(super) async fn taken(State(unread): State<Unread>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(head, body)).await;
    }
    // It is sent when it is asked for, and after a refusal it is not.
    let is_asked_for = head.headers.contains_key(header::EXPECT);
    let lent = Lent(Arc::new(Mutex::new(body)));
    let mut response = next.run(Request::from_parts(head, Body::new(lent.clone()))).await;
    let is_over = lent.is_end_stream()
        || !is_asked_for && tokio::time::timeout(TIMEOUT, end_of(lent)).await.unwrap_or(false);
    if !is_over {
        unread.say();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether it comes to its end in good order, and soon.
async fn end_of(mut lent: Lent) -> bool {
    let mut left = MOST_BYTES;
    loop {
        match poll_fn(|context| Pin::new(&mut lent).poll_frame(context)).await {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok(frame)) => match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(less) => left = less,
                None => return false,
            },
        }
    }
}
