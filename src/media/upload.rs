//! Files as they are sent: the body itself, or the part `file` of a form. They go to the disk as they come, however large
//! they are; what is not taken is refused as soon as that is known.

use std::time::{Duration, Instant};

use actix_web::error::PayloadError;
use actix_web::http::header::{self, ContentDisposition, DispositionParam};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use multer::{Constraints, Multipart, SizeLimit};
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::files::{MediaFiles, storing_time};
use super::input::MediaInput;
use crate::http::body::{BodyDigest, IDEMPOTENCY_KEY, media_type};
use crate::http::observe::{Arrived, Deadline};
use crate::objects::{Incoming, ObjectError, Received};
use crate::outbound;
use crate::problem::{BAD_REQUEST, Problem, REQUEST_TIMEOUT, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::{Violation, cut, from_json};
use pictures::{Format, SNIFFED_BYTES, sniff};

/// How long a client may send nothing.
const IDLE: Duration = Duration::from_secs(15);
/// How long an upload may take besides what its bytes take.
const PATIENCE: Duration = Duration::from_secs(60);
/// As slow as a client may send after that (bytes a second).
const SLOWEST: u64 = 16 * 1024;
/// How much of what is refused is read and dropped, so that the client, still sending, gets the response.
const DRAINED: u64 = 8 * 1024 * 1024;
/// How long that may take.
const DRAINING: Duration = Duration::from_secs(5);
/// Most parts of a form.
const MOST_PARTS: usize = 32;
/// Most bytes of a part that is a text.
const MOST_TEXT: u64 = 8 * 1024;
/// Most bytes of a form besides its file.
const MOST_AROUND: u64 = 256 * 1024;
/// How long fetching a file may take.
const FETCHING: Duration = Duration::from_secs(60);

/// What may be said of a file where it is sent, each as a text.
const SAID: &[&str] = &[
    "alt",
    "caption",
    "credit",
    "copyright_notice",
    "usage_terms",
    "licence_url",
    "rights_expire_at",
    "digital_source_type",
];

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

/// A file on its way to the disk.
struct Receiving {
    incoming: Incoming,
    head: Vec<u8>,
    most: u64,
}

impl Receiving {
    async fn begin(files: &MediaFiles) -> Result<Self, Problem> {
        let objects = files.objects().map_err(|error| storage_problem(&error))?;
        let incoming = objects.incoming().await;
        Ok(Self {
            incoming: incoming.map_err(|error| storage_problem(&error))?,
            head: Vec::new(),
            most: files.settings.most_bytes,
        })
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        if self.incoming.len() + chunk.len() as u64 > self.most {
            return Err(too_large(self.most));
        }
        let missing = SNIFFED_BYTES.saturating_sub(self.head.len());
        let begins_now = self.head.len() < SNIFFED_BYTES;
        self.head
            .extend_from_slice(&chunk[..chunk.len().min(missing)]);
        if begins_now && self.head.len() >= SNIFFED_BYTES {
            // What is of no use is not received to its end.
            sniffed(&self.head, None)?;
        }
        let written = self.incoming.write(chunk).await;
        written.map_err(|error| storage_problem(&error))
    }

    async fn finish(self, declared: Option<&str>) -> Result<(Received, Format), Problem> {
        if self.incoming.is_empty() {
            return Err(Problem::new(&BAD_REQUEST, "The file is empty."));
        }
        let format = sniffed(&self.head, declared)?;
        let received = self.incoming.finish().await;
        Ok((received.map_err(|error| storage_problem(&error))?, format))
    }
}

fn too_large(most: u64) -> Problem {
    let detail = format!("The file has more than the {most} bytes that are taken here.");
    Problem::new(&TOO_LARGE, detail)
}

/// Media types that say nothing of what a file is.
const ANYTHING: &[&str] = &[
    "",
    "application/octet-stream",
    "binary/octet-stream",
    "application/x-www-form-urlencoded",
];

/// What some clients call formats.
const ALIASES: &[(&str, &str)] = &[
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("image/x-png", "image/png"),
    ("audio/mp3", "audio/mpeg"),
    ("audio/x-m4a", "audio/mp4"),
    ("audio/m4a", "audio/mp4"),
    ("video/x-m4v", "video/mp4"),
    ("application/x-pdf", "application/pdf"),
];

/// What a file is, by its content and as it was declared: both must agree.
fn sniffed(head: &[u8], declared: Option<&str>) -> Result<Format, Problem> {
    let format = sniff(head)
        .map_err(|unsupported| Problem::new(&UNSUPPORTED_MEDIA_TYPE, unsupported.to_string()))?;
    let declared = declared.unwrap_or_default();
    let declared = match ALIASES.iter().find(|(alias, _)| *alias == declared) {
        Some((_, mime)) => mime,
        None => declared,
    };
    let is_other = match Format::from_mime(declared) {
        Some(other) => other != format && !same_family(other, format),
        None => !ANYTHING.contains(&declared),
    };
    if is_other {
        let detail = format!(
            "The file was sent as {}, and is {}.",
            cut(declared, 64),
            format.mime()
        );
        return Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE, detail));
    }
    Ok(format)
}

/// Sound in a container that may hold pictures as well is called by either name.
fn same_family(one: Format, other: Format) -> bool {
    let is_mp4 = |format| matches!(format, Format::M4a | Format::Mp4);
    is_mp4(one) && is_mp4(other)
}

/// What a client sends, within the time it has.
struct Sent {
    payload: Payload,
    deadline: Option<Deadline>,
    begun: Instant,
    bytes: u64,
}

impl Sent {
    async fn next(&mut self) -> Option<Result<Bytes, Problem>> {
        let chunk = match tokio::time::timeout(IDLE, self.payload.next()).await {
            Ok(chunk) => chunk?,
            Err(_) => {
                let detail = format!("Nothing was sent for {} seconds.", IDLE.as_secs());
                return Some(Err(Problem::new(&REQUEST_TIMEOUT, detail)));
            }
        };
        Some(chunk.map_err(broken_off).inspect(|chunk| {
            self.bytes += chunk.len() as u64;
            self.go_on();
        }))
    }

    /// Gives the request as much time as it has earned.
    fn go_on(&self) {
        if let Some(deadline) = &self.deadline {
            let earned = PATIENCE + IDLE + Duration::from_secs(self.bytes / SLOWEST);
            deadline.set(self.begun + earned);
        }
    }

    /// Reads what a client still sends that has been refused, as far as it is not much.
    async fn drain(&mut self) {
        let read = async {
            let before = self.bytes;
            while let Some(Ok(_)) = self.next().await {
                if self.bytes - before > DRAINED {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(DRAINING, read).await;
    }
}

fn broken_off(error: PayloadError) -> Problem {
    let detail = format!("The file could not be received: {error}.");
    Problem::new(&BAD_REQUEST, detail)
}

/// Receives a file.
///
/// # Errors
/// `unsupported-media-type`, `too-large`, `request-timeout`, `bad-request`, `validation`, `storage-full`, `unavailable`.
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
    let mut sent = Sent {
        payload,
        deadline: request.extensions().get::<Deadline>().cloned(),
        begun: Instant::now(),
        bytes: 0,
    };
    sent.go_on();
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
    if let Some(deadline) = &sent.deadline {
        deadline.set(Instant::now() + PATIENCE + storing_time(sent.bytes));
    }
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

/// Hands what is sent over to the reader of a form, which must be able to go to another thread.
async fn pump(
    sent: &mut Sent,
    chunks: mpsc::Sender<Result<Bytes, std::io::Error>>,
) -> Result<(), Problem> {
    while let Some(chunk) = sent.next().await {
        if chunks.send(Ok(chunk?)).await.is_err() {
            // The reader has given up.
            return Ok(());
        }
    }
    Ok(())
}

async fn form(
    request: &HttpRequest,
    sent: &mut Sent,
    files: &MediaFiles,
    params: Map<String, Value>,
) -> Result<SentFile, Problem> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default());
    let boundary = boundary.map_err(|error| malformed(&error, files))?;
    let (sender, receiver) = mpsc::channel(4);
    let chunks = futures_util::stream::unfold(receiver, async |mut receiver| {
        let chunk = receiver.recv().await?;
        Some((chunk, receiver))
    });
    let limits = SizeLimit::new()
        .whole_stream(files.settings.most_bytes + MOST_AROUND)
        .per_field(MOST_TEXT)
        .for_field("file", files.settings.most_bytes);
    let constraints = Constraints::new().size_limit(limits);
    let parts = Multipart::with_constraints(chunks.boxed(), boundary, constraints);
    // What went wrong on the way says more than that a form ends too early.
    let (pumped, read) = tokio::join!(pump(sent, sender), parts_of(parts, files, params));
    pumped?;
    read
}

fn malformed(error: &multer::Error, files: &MediaFiles) -> Problem {
    match error {
        multer::Error::FieldSizeExceeded { field_name, .. }
            if field_name.as_deref() != Some("file") =>
        {
            let name = cut(field_name.as_deref().unwrap_or_default(), 64);
            let detail =
                format!("The part \"{name}\" has more than the {MOST_TEXT} bytes that are taken.");
            Problem::new(&TOO_LARGE, detail)
        }
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            too_large(files.settings.most_bytes)
        }
        error => {
            let detail = format!("The body cannot be read as multipart/form-data: {error}.");
            Problem::new(&BAD_REQUEST, detail)
        }
    }
}

async fn parts_of(
    mut parts: Multipart<'_>,
    files: &MediaFiles,
    mut members: Map<String, Value>,
) -> Result<SentFile, Problem> {
    let mut file: Option<(Received, Format)> = None;
    let mut seen = 0;
    while let Some(mut part) = parts
        .next_field()
        .await
        .map_err(|error| malformed(&error, files))?
    {
        seen += 1;
        if seen > MOST_PARTS {
            let detail = format!("The form has more than the {MOST_PARTS} parts that are taken.");
            return Err(Problem::new(&TOO_LARGE, detail));
        }
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            if file.is_some() {
                return Err(Problem::new(
                    &BAD_REQUEST,
                    "The form has two parts \"file\".",
                ));
            }
            if let Some(name) = part.file_name() {
                members
                    .entry("file_name")
                    .or_insert_with(|| Value::String(name.to_owned()));
            }
            let declared = part
                .content_type()
                .map(|kind| kind.essence_str().to_owned());
            let mut receiving = Receiving::begin(files).await?;
            while let Some(chunk) = part
                .chunk()
                .await
                .map_err(|error| malformed(&error, files))?
            {
                receiving.write(&chunk).await?;
            }
            file = Some(receiving.finish(declared.as_deref()).await?);
            continue;
        }
        let text = part
            .text()
            .await
            .map_err(|error| malformed(&error, files))?;
        if name != "file_name" && !SAID.contains(&name.as_str()) {
            let detail = format!(
                "is no part of this form; these are taken: file, file_name, {}",
                SAID.join(", ")
            );
            let pointer = format!("/{}", cut(&name, 64).replace('~', "~0").replace('/', "~1"));
            return Err(Violation::new(pointer, "unknown_field", detail).into());
        }
        // An empty part of a form is one that was not filled in.
        if !text.is_empty() {
            members.insert(name, Value::String(text));
        }
    }
    let Some(file) = file else {
        return Err(Violation::new("/file", "required", "is required: the file itself").into());
    };
    Ok((file, said(members)?))
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
        let code = match error {
            outbound::OutboundError::Blocked(_) => "blocked",
            _ => "not_fetched",
        };
        Problem::from(Violation::new("/url", code, error.to_string()))
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
