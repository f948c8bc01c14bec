//! Reading request bodies.

use std::future::poll_fn;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::{self, Bytes, BytesMut, Data};
use actix_web::{FromRequest, HttpRequest};
use deserr::Deserr;
use futures_util::Stream;
use futures_util::future::LocalBoxFuture;
use tokio::sync::Semaphore;

use crate::problem::{BAD_REQUEST, MALFORMED_JSON, Problem, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::{Violations, from_json};

/// The most bytes that a request's body may have.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub usize);

/// A body of so many bytes is read at once, wherever.
const FEW_BYTES: usize = 8 * 1024;

/// How many longer ones are read at the same time.
static READERS: Semaphore = Semaphore::const_new(4);

/// How much of a body that is too large is read and dropped, so that the client, still sending,
/// gets the answer instead of a reset connection.
const DRAIN_BYTES: usize = 256 * 1024 * 1024;

/// A JSON body read into `T`: 415 for another content type, 413 when too large, 400 when it is
/// not JSON, 422 with every violation when it is not a `T`.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

/// Like [`JsonBody`], where an empty body means `T::default()`.
#[derive(Debug)]
pub struct OptionalJsonBody<T>(pub T);

impl<T: Deserr<Violations> + Send + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = is_json(request);
        let bytes = read(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            media_type?;
            Ok(Self(read_as(bytes).await?))
        })
    }
}

impl<T: Deserr<Violations> + Default + Send + 'static> FromRequest for OptionalJsonBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = is_json(request);
        let bytes = read(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            if bytes.is_empty() {
                return Ok(Self(T::default()));
            }
            media_type?;
            Ok(Self(read_as(bytes).await?))
        })
    }
}

/// Reads a body as `T`. An article's body is sanitised on the way, which takes long for a long one:
/// not on the thread that other requests wait for.
async fn read_as<T: Deserr<Violations> + Send + 'static>(bytes: Bytes) -> Result<T, Problem> {
    let few = bytes.len() <= FEW_BYTES;
    let work = move || Ok(from_json(parse(&bytes)?)?);
    if few {
        return work();
    }
    let _turn = READERS.acquire().await;
    web::block(work)
        .await
        .map_err(|_| Problem::unavailable("The server is busy."))?
}

/// Parses a body as JSON.
///
/// # Errors
/// `malformed-json` with the line and column where reading stopped.
pub fn parse(bytes: &[u8]) -> Result<serde_json::Value, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        Problem::new(
            &MALFORMED_JSON,
            format!("The body cannot be read as JSON: {error}."),
        )
    })
}

/// The media type of the body, without parameters, in lower case; empty when there is none.
pub fn media_type(request: &HttpRequest) -> String {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default()
}

fn is_json(request: &HttpRequest) -> Result<(), Problem> {
    if let Some(coding) = request.headers().get(header::CONTENT_ENCODING) {
        let coding = String::from_utf8_lossy(coding.as_bytes());
        if !coding.eq_ignore_ascii_case("identity") {
            return Err(Problem::new(
                &UNSUPPORTED_MEDIA_TYPE,
                format!("The body must be sent without Content-Encoding; it came as {coding}."),
            ));
        }
    }
    let media_type = media_type(request);
    if media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
    {
        return Ok(());
    }
    Err(Problem::new(
        &UNSUPPORTED_MEDIA_TYPE,
        format!(
            "The body must be sent as Content-Type: application/json; it came {}.",
            if media_type.is_empty() {
                "without one".to_owned()
            } else {
                format!("as {media_type}")
            }
        ),
    ))
}

/// Reads the whole body within the limit.
///
/// The answer is the bytes, or `too-large`, or `bad-request` when the client broke off.
pub fn read(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, Problem>> + 'static {
    let limit = request
        .app_data::<Data<BodyLimit>>()
        .map_or(2 * 1024 * 1024, |limit| limit.0);
    let mut payload = payload.take();
    async move {
        let mut bytes = BytesMut::new();
        let mut seen = 0_usize;
        while let Some(chunk) = poll_fn(|context| Pin::new(&mut payload).poll_next(context)).await {
            let chunk = chunk.map_err(broken_off)?;
            seen = seen.saturating_add(chunk.len());
            if seen <= limit {
                bytes.extend_from_slice(&chunk);
            } else if seen > DRAIN_BYTES {
                break;
            }
        }
        if seen > limit {
            return Err(Problem::new(
                &TOO_LARGE,
                format!("The body has more than the {limit} bytes that are taken here."),
            ));
        }
        Ok(bytes.freeze())
    }
}

fn broken_off(error: PayloadError) -> Problem {
    Problem::new(
        &BAD_REQUEST,
        format!("The body could not be read: {error}."),
    )
}
