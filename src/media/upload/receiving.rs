//! A file on its way to the disk, and what it is by its content.

use super::storage_problem;
use crate::media::files::MediaFiles;
use crate::objects::{Incoming, Received};
use crate::problem::{BAD_REQUEST, Problem, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::cut;
use pictures::{Format, SNIFFED_BYTES, sniff};

/// A file on its way to the disk.
pub(super) struct Receiving {
    incoming: Incoming,
    head: Vec<u8>,
    most: u64,
}

impl Receiving {
    pub(super) async fn begin(files: &MediaFiles) -> Result<Self, Problem> {
        let objects = files.objects().map_err(|error| storage_problem(&error))?;
        let incoming = objects.incoming().await;
        Ok(Self {
            incoming: incoming.map_err(|error| storage_problem(&error))?,
            head: Vec::new(),
            most: files.settings.most_bytes,
        })
    }

    pub(super) async fn write(&mut self, chunk: &[u8]) -> Result<(), Problem> {
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

    pub(super) async fn finish(
        self,
        declared: Option<&str>,
    ) -> Result<(Received, Format), Problem> {
        if self.incoming.is_empty() {
            return Err(Problem::new(&BAD_REQUEST, "The file is empty."));
        }
        let format = sniffed(&self.head, declared)?;
        let received = self.incoming.finish().await;
        Ok((received.map_err(|error| storage_problem(&error))?, format))
    }
}

pub(super) fn too_large(most: u64) -> Problem {
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
