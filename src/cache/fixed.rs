//! Content that stays the same while the server runs: coded once, with a strong ETag for each coding.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

use super::coding::Coding;
use crate::http::conditional::none_match_names;

/// Fixed content in every coding.
pub struct FixedContent {
    version: String,
    media_type: &'static str,
    coded: Vec<(Coding, HeaderValue, Bytes)>,
}

impl FixedContent {
    /// Codes a text.
    pub fn new(media_type: &'static str, text: impl Into<Bytes>) -> Self {
        let text = text.into();
        let digest = Sha256::digest(&text);
        let version: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let coded = Coding::ALL.into_iter().map(|coding| {
            let name = coding
                .name()
                .map_or_else(String::new, |name| format!("-{name}"));
            let etag = HeaderValue::try_from(format!("\"{version}{name}\""));
            let bytes = coding.code(&text).map_or(text.clone(), Bytes::from);
            (coding, etag.expect("hexadecimal digits and letters"), bytes)
        });
        Self {
            coded: coded.collect(),
            media_type,
            version,
        }
    }

    /// The start of its SHA-256 in hexadecimal digits.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How many bytes it has in the coding that takes most of those that compress.
    #[cfg(test)]
    pub fn most_bytes_coded(&self) -> usize {
        let coded = self.coded.iter();
        let coded = coded.filter(|(coding, ..)| *coding != Coding::Identity);
        coded.map(|(.., bytes)| bytes.len()).max().unwrap_or(0)
    }

    /// Responds in the coding that the client wants most, or with 304 where it has this version already.
    pub fn respond(&self, request: &HttpRequest, cache_control: &'static str) -> HttpResponse {
        let wanted = Coding::accepted(request);
        let coded = self.coded.iter().find(|(coding, ..)| *coding == wanted);
        let (coding, etag, bytes) = coded.unwrap_or(&self.coded[self.coded.len() - 1]);
        let unchanged = none_match_names(request.headers(), etag);
        let mut response = if unchanged {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        response
            .insert_header((header::CACHE_CONTROL, cache_control))
            .insert_header((header::ETAG, etag.clone()))
            .insert_header((header::VARY, "accept-encoding"));
        if unchanged {
            return response.finish();
        }
        if let Some(name) = coding.name() {
            response.insert_header((header::CONTENT_ENCODING, name));
        }
        response.content_type(self.media_type).body(bytes.clone())
    }
}
