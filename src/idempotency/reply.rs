//! Responses that are made in the transaction of the write that they tell of.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::key::REPLAYED;
use crate::db::{StoreError, StoreResult};
use crate::etag::{self, PRIVATE};

/// A successful response to an editorial request: all of it that is the same when the request is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) location: Option<String>,
    /// JSON; `None` where there is no content.
    pub(super) body: Option<Vec<u8>>,
    pub(super) is_shown_once: bool,
}

impl Reply {
    /// With a value as JSON.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it cannot be written: a mistake in the code.
    pub fn json(status: StatusCode, value: &impl Serialize) -> StoreResult<Self> {
        let body = serde_json::to_vec(value).map_err(StoreError::unreadable)?;
        Ok(Self {
            body: Some(body),
            ..Self::empty(status)
        })
    }

    /// Without content.
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status: status.as_u16(),
            etag: None,
            location: None,
            body: None,
            is_shown_once: false,
        }
    }

    /// 204 with the version that something has now, for a caller who may change it and not read it.
    pub fn receipt(version: i64) -> Self {
        Self::empty(StatusCode::NO_CONTENT).with_version(version)
    }

    /// The same with the version of what it shows as its ETag.
    pub fn with_version(self, version: i64) -> Self {
        Self {
            etag: Some(etag::of_version(version)),
            ..self
        }
    }

    /// The same with the path of what was created.
    pub fn with_location(self, location: String) -> Self {
        Self {
            location: Some(location),
            ..self
        }
    }

    /// The same of a response with a secret in it. It is stored without its content: sent again, the request is
    /// 409 `shown-once` and names the location.
    pub fn shown_once(self) -> Self {
        Self {
            is_shown_once: true,
            ..self
        }
    }

    /// Its content.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is something else.
    pub fn read<T: DeserializeOwned>(&self) -> StoreResult<T> {
        let body = self.body.as_deref().unwrap_or_default();
        serde_json::from_slice(body).map_err(StoreError::unreadable)
    }

    /// As what a client is sent.
    pub fn into_response(self, is_replayed: bool) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CACHE_CONTROL, PRIVATE));
        if let Some(etag) = self.etag {
            response.insert_header((header::ETAG, etag));
        }
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if is_replayed {
            response.insert_header((REPLAYED, "true"));
        }
        match self.body {
            Some(body) => response.content_type("application/json").body(body),
            None => response.finish(),
        }
    }
}
