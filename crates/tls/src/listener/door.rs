//! From hyper to axum: picks the app for each request, tells it of the connection, and survives its panics.

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{body::Body, routing::future::RouteFuture};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tower::Service as _;

use super::{
    ConnInfo, Shared,
    pulse::{Pulse, UnderWay},
};

/// The service of one connection.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) shared: Arc<Shared>,
    pub(super) pulse: Arc<Pulse>,
    pub(super) info: ConnInfo,
}

impl hyper::service::Service<Request<Incoming>> for Door {
    type Response = Response<Counted>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, mut request: Request<Incoming>) -> Answer {
        request.extensions_mut().insert(self.info);
        // Asked for each request: a kept-alive plain connection must not outlive the change to TLS.
        let is_plain = !self.info.is_tls && self.shared.tls.load().is_some();
        let apps = &self.shared.apps;
        let mut app = if is_plain { apps.plain.clone() } else { apps.full.clone() };
        let under_way = Some(self.pulse.begin());
        let running = catch_unwind(AssertUnwindSafe(|| app.call(request))).ok();
        Answer { running, under_way }
    }
}

/// A request that an app works on.
pub(super) struct Answer {
    /// None when the app has panicked.
    running: Option<RouteFuture<Infallible>>,
    under_way: Option<UnderWay>,
}

impl Future for Answer {
    type Output = Result<Response<Counted>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = match self.running.as_mut() {
            Some(running) => catch_unwind(AssertUnwindSafe(|| Pin::new(running).poll(cx))).ok(),
            None => None,
        };
        let response = match polled {
            Some(polled) => {
                let Ok(response) = ready!(polled);
                response
            }
            None => {
                self.running = None;
                tracing::error!("a request was ended by a panic in its handler");
                internal_error()
            }
        };
        let under_way = self.under_way.take();
        Poll::Ready(Ok(response.map(|body| Counted { body, _under_way: under_way })))
    }
}

/// A body that belongs to a request under way.
pub(super) struct Counted {
    body: Body,
    _under_way: Option<UnderWay>,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn internal_error() -> Response<Body> {
    let mut response = Response::new(Body::from("internal error\n"));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
