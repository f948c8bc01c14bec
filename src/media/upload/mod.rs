//! Files as they are sent: the body itself, or the part `file` of a form. They go to the disk as they come, however large
//! they are; what is not taken is refused as soon as that is known.
//!
//! - `sent` – what a client sends, within the time it has
//! - `receiving` – a file on its way to the disk
//! - `form` – files as parts of forms

mod form;
mod receiving;
mod sent;

use std::time::{Duration, Instant};

use actix_web::http::header::{self, ContentDisposition, DispositionParam};
use actix_web::web::Payload;
use actix_web::{HttpMessage, HttpRequest};
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;

use self::form::form;
use self::receiving::{Receiving, too_large};
use self::sent::{PATIENCE, Sent};
use super::files::MediaFiles;
use super::input::MediaInput;
use crate::http::body::{BodyDigest, IDEMPOTENCY_KEY, media_type};
use crate::http::observe::{Arrived, Deadline};
use crate::objects::{ObjectError, Received};
use crate::outbound;
use crate::problem::{Problem, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::{Violation, from_json};
use pictures::Format;

/// Most bytes of a form besides its file.
const MOST_AROUND: u64 = 256 * 1024;
/// How long fetching a file may take.
const FETCHING: Duration = Duration::from_secs(60);

/// A file that has been received.
pub struct Upload {
    /// The file, which is deleted unless it is stored.
    pub received: Received,
    /// What it is, by its content.
    pub format: Format,
    /// What was said of it.
    pub said: MediaInput,
    /// Its room among the files that are taken in at once.
    pub room: OwnedSemaphorePermit,
}

/// The problem of a store of files.
pub fn storage_problem(error: &ObjectError) -> Problem {
    tracing::error!(%error, "files of the media cannot be stored or read");
    match error {
        ObjectError::Full(_) => {
            Problem::unavailable("There is no room where files are kept. Nothing was stored.")
        }
        _ => Problem::unavailable("The place where files are kept is not available."),
    }
}

/// A file with what it is, and what was said of it.
type SentFile = ((Received, Format), MediaInput);

/// Receives a file.
///
/// # Errors
/// `unsupported-media-type`, `too-large`, `request-timeout`, `bad-request`, `validation`, `unavailable`.
pub async fn receive(
    request: &HttpRequest,
    payload: Payload,
    files: &MediaFiles,
    params: Map<String, Value>,
) -> Result<Upload, Problem> {
    let Some(room) = files.room() else {
        return Err(Problem::unavailable(
            "Too many files are being received at once.",
        ));
    };
    check_length(request, files.settings.most_bytes)?;
    let deadline = request.extensions().get::<Deadline>().cloned();
    let mut sent = Sent::new(payload, deadline);
    let file = match media_type(request).as_str() {
        "multipart/form-data" => form(request, &mut sent, files, params).await,
        declared => body(request, declared, &mut sent, files, params).await,
    };
    if file.is_err() {
        sent.drain().await;
    }
    let ((received, format), said) = file?;
    let upload = Upload {
        received,
        format,
        said,
        room,
    };
    let arrived = request.extensions().get::<Arrived>().cloned();
    if let Some(arrived) = arrived {
        arrived.has();
    }
    sent.is_complete();
    if request.headers().contains_key(IDEMPOTENCY_KEY) {
        let digest = BodyDigest(upload.received.sha256());
        request.extensions_mut().insert(digest);
    }
    Ok(upload)
}

/// What is announced to be too large is not begun.
fn check_length(request: &HttpRequest, most: u64) -> Result<(), Problem> {
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        let detail = "The file must be sent without Content-Encoding.";
        return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length: Option<u64> = length.and_then(|length| length.to_str().ok()?.parse().ok());
    match length {
        Some(length) if length > most + MOST_AROUND => Err(too_large(most)),
        _ => Ok(()),
    }
}

async fn body(
    request: &HttpRequest,
    declared: &str,
    sent: &mut Sent,
    files: &MediaFiles,
    mut params: Map<String, Value>,
) -> Result<SentFile, Problem> {
    let named = request.headers().get(header::CONTENT_DISPOSITION);
    let named = named.and_then(|value| ContentDisposition::from_raw(value).ok());
    if let Some(name) = named.as_ref().and_then(file_name_of) {
        params
            .entry("file_name")
            .or_insert_with(|| Value::String(name));
    }
    let mut receiving = Receiving::begin(files).await?;
    while let Some(chunk) = sent.next().await {
        receiving.write(&chunk?).await?;
    }
    let file = receiving.finish(Some(declared)).await?;
    Ok((file, said(params)?))
}

fn file_name_of(disposition: &ContentDisposition) -> Option<String> {
    let extended = disposition.parameters.iter().find_map(|param| match param {
        DispositionParam::FilenameExt(name) => String::from_utf8(name.value.clone()).ok(),
        _ => None,
    });
    extended.or_else(|| disposition.get_filename().map(str::to_owned))
}

/// What is said of a file, by its members as texts. A name with a path is the name alone.
fn said(mut members: Map<String, Value>) -> Result<MediaInput, Problem> {
    let name = match members.shift_remove("file_name") {
        Some(Value::String(name)) => plain_name(&name),
        _ => None,
    };
    members.extend(name.map(|name| ("file_name".to_owned(), Value::String(name))));
    Ok(from_json(Value::Object(members))?)
}

/// What a file is called, without where it was; nothing where that cannot be shown.
pub fn plain_name(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen = name.chars().filter(|c| !c.is_control());
    let name: String = seen.collect::<String>().trim().chars().take(200).collect();
    name.parse::<crate::text::Line<200>>()
        .ok()
        .map(crate::text::Line::into_string)
}

/// Gives a request that fetches a file the time that takes.
pub fn wait_for_fetching(request: &HttpRequest) {
    if let Some(deadline) = request.extensions().get::<Deadline>() {
        deadline.set(Instant::now() + FETCHING + PATIENCE);
    }
}

/// Fetches a file from an address on the web.
///
/// # Errors
/// `validation` when it cannot be fetched, and as [`receive`].
pub async fn fetch(url: &str, files: &MediaFiles) -> Result<Upload, Problem> {
    let Some(room) = files.room() else {
        return Err(Problem::unavailable(
            "Too many files are being received at once.",
        ));
    };
    let not_fetched = |error: outbound::OutboundError| {
        Problem::from(match error {
            outbound::OutboundError::Blocked(why) => {
                Violation::new("/url", "blocked", why.to_string())
            }
            _ => Violation::new("/url", "not_fetched", error.to_string()),
        })
    };
    let Ok(url) = url::Url::parse(url) else {
        let detail = "must be an http or https URL";
        return Err(Violation::new("/url", "invalid_url", detail).into());
    };
    let limits = outbound::Limits::new(files.settings.most_bytes, FETCHING);
    let accept = Format::ALL.map(Format::mime).join(", ");
    let mut response = files
        .outbound
        .get(&url, &accept, limits)
        .await
        .map_err(not_fetched)?;
    let mut receiving = Receiving::begin(files).await?;
    while let Some(chunk) = response.chunk().await.map_err(not_fetched)? {
        receiving.write(&chunk).await?;
    }
    // What other servers say that a file is they often do not know.
    let (received, format) = receiving.finish(None).await?;
    let name = response.url().path_segments();
    let name = name.and_then(|mut segments| segments.next_back());
    let name = name.and_then(|name| {
        percent_encoding::percent_decode_str(name)
            .decode_utf8()
            .ok()
    });
    let members = name.map(|name| ("file_name".to_owned(), Value::String(name.into_owned())));
    Ok(Upload {
        received,
        format,
        said: said(members.into_iter().collect())?,
        room,
    })
}
