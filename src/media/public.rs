//! Files of the media for readers. What is at an address never changes, so that caches may keep it for ever.

use std::future::{Ready, ready};

use actix_web::body::SizedStream;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use utoipa::IntoParams;

use super::files::{File, FileError, MediaFiles};
use super::upload::storage_problem;
use crate::body::media_uses::is_name;
use crate::db::Database;
use crate::http::conditional::none_match_names;
use crate::http::params::{NoParams, Query};
use crate::objects::{ByteRange, ObjectError};
use crate::problem::{INTERNAL, Problem, ProblemDocument, RANGE_NOT_SATISFIABLE};
use pictures::Kind;

/// For ever, as far as HTTP goes (RFC 8246).
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A file that a browser opens by itself may do nothing, whatever is in it.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// Pages of any origin may show it, also those that ask for isolation (Fetch, "Cross-Origin-Resource-Policy").
const EMBEDDABLE: (HeaderName, HeaderValue) = (
    HeaderName::from_static("cross-origin-resource-policy"),
    HeaderValue::from_static("cross-origin"),
);

/// The file that a path names.
#[derive(Debug, IntoParams)]
#[into_params(names("name", "file"), parameter_in = Path)]
pub struct FilePath(
    /// The name of the item's files: 32 hexadecimal digits.
    #[param(
        pattern = "^[0-9a-f]{32}$",
        example = "3f6c0e8b9a7d45218c1e2f3a4b5c6d7e"
    )]
    String,
    /// `original` with an extension, or a rendition of a picture: its width, for a crop the ratio and the focal point in
    /// hundredths, and `.webp` or `.jpg`.
    #[param(max_length = 60, example = "640.webp")]
    String,
);

impl FromRequest for FilePath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let part = |name| {
            request
                .match_info()
                .get(name)
                .unwrap_or_default()
                .to_owned()
        };
        let (name, file) = (part("name"), part("file"));
        ready(match is_name(&name) {
            true => Ok(Self(name, file)),
            false => Err(Problem::not_found()),
        })
    }
}

/// The problem of a file that cannot be had.
pub fn problem(error: FileError) -> Problem {
    match error {
        FileError::NotFound | FileError::Moved(_) => Problem::not_found(),
        FileError::Object(ObjectError::OutOfRange { total }) => {
            let detail = format!("The file has {total} bytes.");
            let range = HeaderValue::from_str(&format!("bytes */{total}"));
            let problem = Problem::new(&RANGE_NOT_SATISFIABLE, detail);
            match range {
                Ok(range) => problem.with_header(header::CONTENT_RANGE, range),
                Err(_) => problem,
            }
        }
        FileError::Object(error) => storage_problem(&error),
        FileError::Store(error) => error.into(),
        FileError::Unreadable(error) => {
            tracing::error!(%error, "a rendition could not be made");
            Problem::new(&INTERNAL, INTERNAL.meaning)
        }
        FileError::Busy => Problem::unavailable("Too many pictures are being made."),
    }
}

/// Read a file of the media
///
/// A picture in one of its widths, a part of it with a fixed ratio, or what was uploaded. A crop is made when it is first
/// asked for. Parts of a file are sent to who asks for them (`Range`, RFC 9110).
#[utoipa::path(
    get, path = "/media/{name}/{file}", operation_id = "getMediaFile", tag = "media",
    params(
        FilePath,
        ("Range" = Option<String>, Header, description = "One range of bytes, such as `bytes=0-1023`."),
        ("If-None-Match" = Option<String>, Header, description = "ETags that the client has: 304 when the file's is one of them."),
    ),
    responses(
        (status = 200, description = "The file.", body = Vec<u8>, content_type = "application/octet-stream", headers(("ETag" = String), ("Cache-Control" = String))),
        (status = 206, description = "A part of it.", body = Vec<u8>, content_type = "application/octet-stream", headers(("ETag" = String), ("Content-Range" = String))),
        (status = 302, description = "The picture is cropped around another point by now: that crop.", headers(("Location" = String))),
        (status = 304, description = "The client has it.", headers(("ETag" = String))),
        (status = 416, description = "The file is shorter than where the range begins.", body = ProblemDocument, content_type = "application/problem+json", headers(("Content-Range" = String))),
    )
)]
pub async fn get_media_file(
    request: HttpRequest,
    path: FilePath,
    _: Query<NoParams>,
    files: Data<MediaFiles>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let FilePath(name, file) = path;
    let Some(known) = File::named(&file) else {
        return Err(Problem::not_found());
    };
    let etag = format!("\"{name}-{file}\"");
    let has_it =
        HeaderValue::from_str(&etag).is_ok_and(|etag| none_match_names(request.headers(), &etag));
    let range = asked_range(&request, &etag);
    let mut response = HttpResponse::Ok();
    describe(&mut response, &etag);
    response.insert_header((header::CONTENT_TYPE, known.mime()));
    match known {
        File::Rendition(variant) => {
            let found = match files.cached(&name, &file) {
                Some(bytes) => Ok(bytes),
                None => files.rendition(&database, &name, variant).await,
            };
            match found {
                Ok(_) if has_it => Ok(not_modified(&etag)),
                Ok(bytes) => part_of(response, bytes, range),
                Err(FileError::Moved(now)) => Ok(HttpResponse::Found()
                    .insert_header((header::LOCATION, now))
                    .insert_header((header::CACHE_CONTROL, "no-store"))
                    .finish()),
                Err(error) => Err(problem(error)),
            }
        }
        // What was deleted a client no longer has: caches that ask again are to forget it.
        File::Original(format) if has_it => {
            let is_there = files.has_original(&name, format).await;
            match is_there.map_err(problem)? {
                true => Ok(not_modified(&etag)),
                false => Err(Problem::not_found()),
            }
        }
        File::Original(format) => {
            let found = files.original(&name, format, range).await;
            let object = found.map_err(problem)?;
            response.insert_header((header::CONTENT_DISPOSITION, disposition(format.kind())));
            let (total, part) = (object.total, object.range.clone());
            if range.is_some() {
                say_range(&mut response, &part, total);
            }
            let length = part.end - part.start;
            Ok(response.body(SizedStream::new(length, object.body)))
        }
    }
}

fn not_modified(etag: &str) -> HttpResponse {
    let mut response = HttpResponse::NotModified();
    describe(&mut response, etag);
    response.finish()
}

/// What a browser does with a file: documents it saves.
fn disposition(kind: Kind) -> &'static str {
    match kind {
        Kind::Document => "attachment",
        Kind::Image | Kind::Audio | Kind::Video => "inline",
    }
}

fn describe(response: &mut HttpResponseBuilder, etag: &str) {
    response
        .insert_header((header::CACHE_CONTROL, IMMUTABLE))
        .insert_header((header::ETAG, etag))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CONTENT_SECURITY_POLICY, NOTHING))
        .insert_header(EMBEDDABLE);
}

/// The one range that is asked for, of this file as it is. Several, and what is no range, are not answered (RFC 9110, section
/// 14.2): then the whole is sent.
fn asked_range(request: &HttpRequest, etag: &str) -> Option<ByteRange> {
    let value = request.headers().get(header::RANGE)?.to_str().ok()?;
    if let Some(of) = request.headers().get(header::IF_RANGE)
        && of != etag
    {
        return None;
    }
    let range = value.strip_prefix("bytes=")?.trim();
    let (first, last) = range.split_once('-')?;
    match (first.is_empty(), last.is_empty()) {
        (true, true) => None,
        (true, false) => last.parse().ok().map(ByteRange::Last),
        (false, true) => first.parse().ok().map(ByteRange::From),
        (false, false) => {
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some(ByteRange::Between(first, last))
        }
    }
}

fn say_range(response: &mut HttpResponseBuilder, part: &std::ops::Range<u64>, total: u64) {
    response.status(StatusCode::PARTIAL_CONTENT);
    let last = part.end.saturating_sub(1);
    let range = format!("bytes {}-{last}/{total}", part.start);
    response.insert_header((header::CONTENT_RANGE, range));
}

/// A file in memory, or the part of it that is asked for.
fn part_of(
    mut response: HttpResponseBuilder,
    bytes: Bytes,
    range: Option<ByteRange>,
) -> Result<HttpResponse, Problem> {
    let Some(range) = range else {
        return Ok(response.body(bytes));
    };
    let total = bytes.len() as u64;
    let Some(part) = range.within(total) else {
        return Err(problem(ObjectError::OutOfRange { total }.into()));
    };
    say_range(&mut response, &part, total);
    let index = |at: u64| usize::try_from(at).unwrap_or(bytes.len());
    Ok(response.body(bytes.slice(index(part.start)..index(part.end))))
}
