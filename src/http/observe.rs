//! What happens around every request: an id, a log line, metrics, a time limit, and a problem
//! document for errors that the framework made.

use std::cell::Cell;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse};
use tracing::Instrument;
use tracing::field::{self, display};
use uuid::Uuid;

use crate::events::RequestId;
use crate::http::address::TrustedProxies;
use crate::http::cors::CrossOrigin;
use crate::http::path_prefix::PathPrefix;
use crate::http::template::{Template, routed_path};
use crate::log::Repeated;
use crate::metrics::Metrics;
use crate::problem::{OUTCOME_UNKNOWN, Problem, REQUEST_TIMEOUT};
use crate::trace::{self, TraceParent};
use crate::validation::cut;

/// The header that carries a request's id, both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The trace that a request belongs to (W3C Trace Context).
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// Every response is what its `Content-Type` says (Fetch, "X-Content-Type-Options").
pub const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// What the documentation's pages may load and send, and that no other page may frame them.
const PAGES: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// How long a request may take from its head to its response.
#[derive(Debug, Clone, Copy)]
pub struct RequestTimeout(pub Duration);

/// The outermost middleware. An `X-Request-Id` that is a UUID is taken over from a trusted proxy, so that
/// an id given by it runs through; otherwise one is made.
///
/// # Errors
/// Only what already is a response.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody + 'static>>, Error> {
    let started = Instant::now();
    let request_id = request_id(&request);
    let mut buffer = Uuid::encode_buffer();
    let id: &str = request_id.0.hyphenated().encode_lower(&mut buffer);
    let method = request.method().clone();
    let metrics = request.app_data::<Data<Metrics>>().cloned();
    let timeout = time_limit(&request);
    let cross_origin = CrossOrigin::of(&request);
    let tell_browsers = |headers: &mut HeaderMap| {
        if let Some(cross_origin) = &cross_origin {
            cross_origin.add_to(headers);
        }
    };
    let arrived = Arrived::of(&request, request_id);
    request.extensions_mut().insert(arrived.clone());
    let span = span_of(&request, id);
    let deadline = Deadline::new(started + timeout);
    request.extensions_mut().insert(deadline.clone());
    let outcome = deadline
        .limit(next.call(request).instrument(span.clone()))
        .await;
    let _entered = span.enter();

    let outcome = match outcome {
        Ok(Ok(response)) => Ok(as_problem(response, id)),
        Ok(Err(error)) => Err(answer(
            &Problem::from_status(error.as_response_error().status_code()),
            id,
        )),
        Err(_) => Err(answer(&timed_out(&method, &arrived, timeout), id)),
    };
    let (status, route) = match &outcome {
        Ok(response) => (response.status(), response.request().app_data::<Template>()),
        Err(response) => (response.status(), None),
    };
    let route = route.map_or("none", |template| &*template.0);
    if cfg!(feature = "otlp") {
        trace::name(&span, || format!("{method} {route}"));
        span.record("http.response.status_code", status.as_u16());
    }
    let elapsed = started.elapsed();
    if let Some(metrics) = metrics {
        metrics.observe(&method, route, status, elapsed);
    }
    log(&method, &outcome, route, status, elapsed);
    if let (StatusCode::FORBIDDEN, Ok(response)) = (status, &outcome) {
        OnForbidden::run(response.request());
    }
    let mut response = outcome.map_err(|mut refused| {
        tell_browsers(refused.headers_mut());
        InternalError::from_response("refused", refused)
    })?;
    tell_browsers(response.headers_mut());
    add_headers(&mut response, id);
    Ok(response)
}

/// What a request's log lines and spans stand in; part of the trace that a trusted proxy names.
fn span_of(request: &ServiceRequest, id: &str) -> tracing::Span {
    let span = tracing::info_span!(
        "request",
        id,
        trace = field::Empty,
        otel.kind = cfg!(feature = "otlp").then_some("server"),
        http.response.status_code = field::Empty,
    );
    if let Some(parent) = trace_parent(request) {
        span.record("trace", display(parent.id().simple()));
        parent.adopt(&span);
    }
    span
}

fn time_limit(request: &ServiceRequest) -> Duration {
    let limit = request.app_data::<Data<RequestTimeout>>();
    limit.map_or(Duration::from_secs(30), |limit| limit.0)
}

fn add_headers(response: &mut ServiceResponse<impl MessageBody>, id: &str) {
    let is_page = routed_path(response.request()).starts_with("/docs");
    let prefix = response.request().app_data::<Data<PathPrefix>>().cloned();
    let headers = response.headers_mut();
    set_request_id(headers, id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    if let Some(prefix) = prefix {
        prefix.add_to(headers);
    }
    if is_page {
        headers.insert(header::CONTENT_SECURITY_POLICY, PAGES);
    }
}

/// When a request must have been answered. What takes as long as its client, such as receiving a file, puts it off.
#[derive(Debug, Clone)]
pub struct Deadline(Rc<Cell<Instant>>);

/// The time was over.
struct Elapsed;

impl Deadline {
    fn new(at: Instant) -> Self {
        Self(Rc::new(Cell::new(at)))
    }

    /// Sets another time.
    pub fn set(&self, at: Instant) {
        self.0.set(at);
    }

    async fn limit<T>(&self, work: impl Future<Output = T>) -> Result<T, Elapsed> {
        let mut work = std::pin::pin!(work);
        loop {
            let until = self.0.get();
            let asleep = tokio::time::sleep_until(until.into());
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                () = asleep => {}
            }
            if self.0.get() <= until {
                return Err(Elapsed);
            }
        }
    }
}

/// A request's id, and whether all of it has arrived.
#[derive(Debug, Clone)]
pub struct Arrived(Rc<(RequestId, Cell<bool>)>);

impl Arrived {
    fn of(request: &ServiceRequest, id: RequestId) -> Self {
        let has_body = request.headers().contains_key(header::TRANSFER_ENCODING)
            || request
                .headers()
                .get(header::CONTENT_LENGTH)
                .is_some_and(|length| length != "0");
        Self(Rc::new((id, Cell::new(!has_body))))
    }

    /// Its body has been read to the end.
    pub fn has(&self) {
        self.0.1.set(true);
    }
}

/// What is to be done when a request is answered 403, beside the answer: nobody waits for it.
pub struct OnForbidden(Box<dyn FnOnce()>);

impl OnForbidden {
    /// Has something done when this request is answered 403, in place of what was to be done before.
    pub fn set(request: &HttpRequest, work: impl FnOnce() + 'static) {
        request.extensions_mut().insert(Self(Box::new(work)));
    }

    fn run(request: &HttpRequest) {
        let work = request.extensions_mut().remove::<Self>();
        if let Some(Self(work)) = work {
            work();
        }
    }
}

/// What a request is answered that took too long: whose fault that is, and whether something may have
/// come of it.
fn timed_out(method: &Method, arrived: &Arrived, timeout: Duration) -> Problem {
    if !arrived.0.1.get() {
        let detail = format!("The request had not arrived in full after {timeout:?}.");
        return Problem::new(&REQUEST_TIMEOUT, detail);
    }
    if method.is_safe() {
        return Problem::unavailable(format!("The server had no answer after {timeout:?}."));
    }
    Problem::new(&OUTCOME_UNKNOWN, OUTCOME_UNKNOWN.meaning)
}

/// Marks a response of which a reader's every click makes one.
#[derive(Debug, Clone, Copy)]
pub struct Frequent;

fn is_frequent<B>(outcome: &Result<ServiceResponse<B>, HttpResponse>) -> bool {
    let marked = |response: &ServiceResponse<B>| {
        response.response().extensions().get::<Frequent>().is_some()
    };
    outcome.as_ref().is_ok_and(marked)
}

/// Most characters of a path in a log line.
const MOST_LOGGED: usize = 200;

/// Successful reads and shares are many and alike: they are logged at `debug` only.
fn log<B>(
    method: &Method,
    outcome: &Result<ServiceResponse<B>, HttpResponse>,
    route: &str,
    status: StatusCode,
    elapsed: Duration,
) {
    let micros = elapsed.as_micros() as u64;
    let status_code = status.as_u16();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        // While the database is away all are: why is said where it is found out.
        static LOG: Repeated = Repeated::new();
        LOG.warn("answered 503");
        tracing::debug!(%method, route, status = status_code, micros, "answered");
    } else if status.is_server_error() {
        tracing::error!(%method, route, status = status_code, micros, "answered");
    } else if (method.is_safe() || is_frequent(outcome)) && !status.is_client_error() {
        tracing::debug!(%method, route, status = status_code, micros, "answered");
    } else {
        let path = match outcome {
            Ok(response) => cut(response.request().path(), MOST_LOGGED),
            Err(_) => String::new(),
        };
        let method = cut(method.as_str(), 20);
        tracing::info!(
            method,
            path,
            route,
            status = status_code,
            micros,
            "answered"
        );
    }
}

/// The request's id: the one that a trusted proxy gave it, when it is a UUID; else the id of the trace that
/// it belongs to; else a new one.
pub fn request_id(request: &ServiceRequest) -> RequestId {
    let given = from_proxy(request, &REQUEST_ID).and_then(|text| Uuid::try_parse(text).ok());
    let of_trace = || trace_parent(request).map(|parent| parent.id());
    RequestId(given.or_else(of_trace).unwrap_or_else(Uuid::now_v7))
}

impl FromRequest for RequestId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request_id_of(request)))
    }
}

/// The id that a request was given.
pub fn request_id_of(request: &HttpRequest) -> RequestId {
    let id = request.extensions().get::<Arrived>().map(|of| of.0.0);
    // Every request has passed through [`observe`].
    id.unwrap_or_else(|| RequestId(Uuid::now_v7()))
}

/// The trace that a request belongs to, as a trusted proxy says.
fn trace_parent(request: &ServiceRequest) -> Option<TraceParent> {
    from_proxy(request, &TRACE_PARENT)?.parse().ok()
}

/// A header that only trusted proxies may set.
fn from_proxy<'a>(request: &'a ServiceRequest, name: &HeaderName) -> Option<&'a str> {
    let text = request.headers().get(name)?.to_str().ok()?;
    let proxies = request.app_data::<Data<TrustedProxies>>()?;
    proxies.sent(request.peer_addr()).then_some(text)
}

/// Sends the request's id back.
pub fn set_request_id(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
}

fn answer(problem: &Problem, id: &str) -> HttpResponse {
    let mut response = problem.to_response(Some(id));
    set_request_id(response.headers_mut(), id);
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    response
}

/// Problems get the request's id; errors that the framework answered become problems.
fn as_problem<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    id: &str,
) -> ServiceResponse<EitherBody<B>> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response.map_into_left_body();
    }
    let replacement = match response.response().error() {
        Some(error) => match error.as_error::<Problem>() {
            Some(problem) => problem.to_response(Some(id)),
            None => Problem::from_status(status).to_response(Some(id)),
        },
        // A response that says nothing at all, as the documentation's pages give for unknown paths.
        None if !response.headers().contains_key(header::CONTENT_TYPE) => {
            Problem::from_status(status).to_response(Some(id))
        }
        None => return response.map_into_left_body(),
    };
    let (request, old) = response.into_parts();
    let mut new = replacement;
    // What inner middleware added stays.
    for (name, value) in old.headers() {
        if !new.headers().contains_key(name) && name != header::CONTENT_LENGTH {
            new.headers_mut().append(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, new).map_into_right_body()
}
