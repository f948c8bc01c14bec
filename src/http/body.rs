//! Reading request bodies.

use std::future::poll_fn;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use futures_util::Stream;
use futures_util::future::LocalBoxFuture;
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::http::observe::Arrived;
use crate::problem::{
    BAD_REQUEST, INTERNAL, MALFORMED_JSON, Problem, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE,
};
use crate::threads::Threads;
use crate::validation::{Violations, cut, from_json};

/// The header of a request that may be sent again.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A hash of a body's bytes (SHA-256), of a request that has an [idempotency key](IDEMPOTENCY_KEY): among the
/// request's extensions once the body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyDigest(pub [u8; 32]);

/// The most bytes that a request's body may have: an app's datum of its resource.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub usize);

/// Bodies of resources that say nothing of them.
pub const USUAL_LIMIT: usize = 16 * 1024;

/// A body of so many bytes is read at once, wherever, unless it may be an article's.
const FEW_BYTES: usize = 4 * 1024;

/// Bytes of all bodies that are in memory at once, as they came in, but for a few of each.
const ALL_BODIES: usize = 64 * 1024 * 1024;
static BODIES: Semaphore = Semaphore::const_new(ALL_BODIES / KIBIBYTE);

/// Most values in one body: each takes some 80 bytes, however short it is written. An article of the most
/// blocks and cells has a tenth of that.
const MOST_VALUES: usize = 200_000;

/// Bytes that reading bodies may take at once, and about how many it takes for each byte that came in:
/// JSON becomes values, and an article's HTML a tree of nodes.
const ALL_VALUES: usize = 64 * 1024 * 1024;
const BYTES_OF_VALUE: usize = 64;
static VALUES: Semaphore = Semaphore::const_new(ALL_VALUES / KIBIBYTE);

const KIBIBYTE: usize = 1024;

/// How long a body waits for room in memory.
const ROOM_WAIT: Duration = Duration::from_secs(2);

/// How much of a body that is too large is read and dropped, so that the client, still sending,
/// gets the answer instead of a reset connection.
const DRAIN_BYTES: usize = 8 * 1024 * 1024;

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
        let (bytes, readers) = (read(request, payload), readers(request));
        Box::pin(async move {
            let bytes = bytes.await?;
            media_type?;
            Ok(Self(read_as(bytes, readers).await?))
        })
    }
}

impl<T: Deserr<Violations> + Default + Send + 'static> FromRequest for OptionalJsonBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = is_json(request);
        let (bytes, readers) = (read(request, payload), readers(request));
        Box::pin(async move {
            let bytes = bytes.await?;
            if bytes.is_empty() {
                return Ok(Self(T::default()));
            }
            media_type?;
            let Nullable(value) = read_as(bytes, readers).await?;
            Ok(Self(value))
        })
    }
}

/// A value for which null is none.
struct Nullable<T>(T);

impl<T: Deserr<Violations> + Default> Deserr<Violations> for Nullable<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        Option::<T>::deserialize_from_value(value, location)
            .map(|value| Self(value.unwrap_or_default()))
    }
}

/// Reads a body as `T`. An article's body is sanitised on the way, which takes long for a long one, and
/// for a short one that is made for it: not on the thread that other requests wait for.
async fn read_as<T: Deserr<Violations> + Send + 'static>(
    body: Body,
    readers: Option<BodyReaders>,
) -> Result<T, Problem> {
    if body.limit <= USUAL_LIMIT && body.bytes.len() <= FEW_BYTES {
        return Ok(from_json(parse(&body.bytes)?)?);
    }
    let room = (body.bytes.len() * BYTES_OF_VALUE).clamp(KIBIBYTE, ALL_VALUES) / KIBIBYTE;
    let room = room_for(&VALUES, room).await?;
    let read = move || -> Result<T, Problem> {
        // It lasts as long as the work, whoever waits for that.
        let (body, _room) = (body, room);
        Ok(from_json(parse(&body.bytes)?)?)
    };
    match readers {
        Some(readers) => readers
            .0
            .run(read)
            .await
            .map_err(|_| Problem::new(&INTERNAL, INTERNAL.meaning))?,
        None => read(),
    }
}

/// Threads on which long bodies are read.
#[derive(Clone)]
pub struct BodyReaders(Arc<Threads>);

impl BodyReaders {
    /// As many as there are cores.
    ///
    /// # Errors
    /// When the machine gives no more threads.
    pub fn start() -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let threads = Threads::start("body", u32::try_from(cores).unwrap_or(2))?;
        Ok(Self(threads))
    }
}

fn readers(request: &HttpRequest) -> Option<BodyReaders> {
    request.app_data::<BodyReaders>().cloned()
}

/// Takes some kibibytes of the memory there is for bodies.
async fn room_for(
    memory: &'static Semaphore,
    kibibytes: usize,
) -> Result<SemaphorePermit<'static>, Problem> {
    let kibibytes = u32::try_from(kibibytes).unwrap_or(u32::MAX);
    match tokio::time::timeout(ROOM_WAIT, memory.acquire_many(kibibytes)).await {
        Ok(Ok(room)) => Ok(room),
        _ => Err(Problem::unavailable(
            "Too much is being sent to the server at once.",
        )),
    }
}

/// At most how many values JSON has: what begins one, and what parts two.
fn values(json: &[u8]) -> usize {
    let (mut values, mut in_string, mut escaped) = (1, false, false);
    for byte in json {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b',' | b'[' | b'{' | b':') => values += 1,
            _ => {}
        }
    }
    values
}

/// What some editors and libraries write before text; a parser may ignore it (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Parses a body as JSON, with or without a byte order mark before it.
///
/// # Errors
/// `too-large` for more values than are taken; `malformed-json` with the line and column where reading stopped.
pub fn parse(bytes: &[u8]) -> Result<serde_json::Value, Problem> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if values(bytes) > MOST_VALUES {
        return Err(Problem::new(
            &TOO_LARGE,
            format!("The body has more than the {MOST_VALUES} values that are taken here."),
        ));
    }
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
                format!(
                    "The body must be sent without Content-Encoding; it came as {}.",
                    cut(&coding, 64)
                ),
            ));
        }
    }
    let media_type = media_type(request);
    if media_type == "application/json-patch+json" {
        let detail =
            "A JSON Patch (RFC 6902) is not taken; changes are JSON merge patches (RFC 7396).";
        return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE, detail));
    }
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
                format!("as {}", cut(&media_type, 64))
            }
        ),
    ))
}

/// A body in memory, and its room there.
pub struct Body {
    bytes: Bytes,
    limit: usize,
    _room: Option<SemaphorePermit<'static>>,
}

impl Deref for Body {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.bytes
    }
}

/// Takes room for what has come, not for what was announced: who sends slowly holds little. The first few
/// bytes are those of the connection.
async fn grow(room: &mut Option<SemaphorePermit<'static>>, seen: usize) -> Result<(), Problem> {
    let has = room.as_ref().map_or(0, SemaphorePermit::num_permits);
    let needs = seen.saturating_sub(FEW_BYTES).div_ceil(KIBIBYTE);
    if needs > has {
        let more = room_for(&BODIES, needs - has).await?;
        match room {
            Some(room) => room.merge(more),
            None => *room = Some(more),
        }
    }
    Ok(())
}

/// What becomes of a body's digest, where the request wants one.
struct Digesting(Option<(HttpRequest, Sha256)>);

impl Digesting {
    fn of(request: &HttpRequest) -> Self {
        let is_wanted = request.headers().contains_key(IDEMPOTENCY_KEY);
        Self(is_wanted.then(|| (request.clone(), Sha256::new())))
    }

    fn add(&mut self, chunk: &[u8]) {
        if let Some((_, digest)) = &mut self.0 {
            digest.update(chunk);
        }
    }

    fn finish(self) {
        if let Some((request, digest)) = self.0 {
            let digest = BodyDigest(digest.finalize().into());
            request.extensions_mut().insert(digest);
        }
    }
}

/// Reads the whole body within the limit.
///
/// The answer is the bytes, or `too-large`, or `bad-request` when the client broke off, or
/// `unavailable` when the bodies of others take all the memory there is for them.
pub fn read(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Body, Problem>> + 'static {
    let limit = request
        .app_data::<BodyLimit>()
        .map_or(USUAL_LIMIT, |limit| limit.0);
    let announced: Option<usize> = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let waits_to_send = request.headers().contains_key(header::EXPECT);
    let arrived = request.extensions().get::<Arrived>().cloned();
    let mut digest = Digesting::of(request);
    let mut payload = payload.take();
    async move {
        let too_large = || {
            Problem::new(
                &TOO_LARGE,
                format!("The body has more than the {limit} bytes that are taken here."),
            )
        };
        // One that would not be read to its end anyway is not begun, nor one that has not been sent yet.
        let most = if waits_to_send {
            limit
        } else {
            limit.max(DRAIN_BYTES)
        };
        if announced.is_some_and(|announced| announced > most) {
            return Err(too_large());
        }
        let mut bytes = BytesMut::new();
        let mut room: Option<SemaphorePermit<'static>> = None;
        let mut seen = 0_usize;
        while let Some(chunk) = poll_fn(|context| Pin::new(&mut payload).poll_next(context)).await {
            let chunk = chunk.map_err(broken_off)?;
            seen = seen.saturating_add(chunk.len());
            if seen <= limit {
                grow(&mut room, seen).await?;
                digest.add(&chunk);
                bytes.extend_from_slice(&chunk);
            } else if seen > DRAIN_BYTES {
                break;
            } else {
                bytes = BytesMut::new();
                room = None;
            }
        }
        if seen > limit {
            return Err(too_large());
        }
        if let Some(arrived) = arrived {
            arrived.has();
        }
        digest.finish();
        Ok(Body {
            bytes: bytes.freeze(),
            limit,
            _room: room,
        })
    }
}

fn broken_off(error: PayloadError) -> Problem {
    Problem::new(
        &BAD_REQUEST,
        format!("The body could not be read: {error}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_without_reading_them() {
        for (json, least) in [
            ("0", 1),
            ("[1,2,3]", 4),
            (r#"{"a":[{}],"b":"x,[{:,"}"#, 6),
            (r#"["\\",1,"\\\"",2]"#, 5),
        ] {
            assert!(values(json.as_bytes()) >= least, "{json}");
            assert!(values(json.as_bytes()) <= 2 * least + 1, "{json}");
        }
        assert!(parse(format!("[{}0]", "0,".repeat(MOST_VALUES)).as_bytes()).is_err());
        let text = format!("[\"{}\"]", ",".repeat(2 * MOST_VALUES));
        assert!(parse(text.as_bytes()).is_ok());
    }

    #[test]
    fn one_byte_order_mark_is_no_part_of_the_text() {
        assert_eq!(parse(b"\xEF\xBB\xBF{\"a\":1}").unwrap()["a"], 1);
        assert!(parse(b"\xEF\xBB\xBF\xEF\xBB\xBF1").is_err());
        assert!(parse(b"\xEF\xBB\xBF").is_err());
        assert!(parse(b"\xFF\xFE1\x00").is_err());
    }
}
