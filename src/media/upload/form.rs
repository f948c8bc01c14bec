//! Files as the part `file` of a form.

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::StreamExt;
use multer::{Constraints, Multipart, SizeLimit};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::receiving::{Receiving, too_large};
use super::sent::Sent;
use super::{MOST_AROUND, SentFile, said};
use crate::media::files::MediaFiles;
use crate::objects::Received;
use crate::problem::{BAD_REQUEST, Problem, TOO_LARGE};
use crate::validation::{Violation, cut};
use pictures::Format;

/// Most parts of a form.
const MOST_PARTS: usize = 32;
/// Most bytes of a part that is a text.
const MOST_TEXT: u64 = 8 * 1024;

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

pub(super) async fn form(
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
