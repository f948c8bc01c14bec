//! The key by which search engines know that addresses come from the newsroom (indexnow.org).

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoParams;

use crate::http::params::{NoParams, Query};
use crate::http::path::in_path;
use crate::problem::Problem;

/// The key, as it is set; `None` when search engines are not told.
#[derive(Debug, Clone, Default)]
pub struct IndexNowKey(pub Option<String>);

/// Whether a text can be a key: 8 to 128 letters, digits and hyphens.
pub fn is_key(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (8..=128).contains(&text.len()) && text.bytes().all(known)
}

/// `{key}` of the path.
#[derive(Debug, IntoParams)]
#[into_params(names("key"), parameter_in = Path)]
pub struct KeyPath(
    /// The key that is set.
    #[param(pattern = "^[A-Za-z0-9-]{8,128}$", example = "0123456789abcdef")]
    pub String,
);

/// Read the key of IndexNow
///
/// The key itself, at the address that search engines are told of: the site's host is to serve it.
#[utoipa::path(
    get, path = "/{key}.txt", operation_id = "getIndexNowKey", tag = "feeds",
    params(KeyPath),
    responses((status = 200, description = "The key.", body = String, content_type = "text/plain"))
)]
pub async fn get_indexnow_key(
    request: HttpRequest,
    set: Data<IndexNowKey>,
    _: Query<NoParams>,
) -> Result<HttpResponse, Problem> {
    let asked: String = in_path(&request, "key")?;
    match &set.0 {
        Some(key) if *key == asked => Ok(HttpResponse::Ok()
            .insert_header((
                header::CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=300"),
            ))
            .content_type("text/plain; charset=utf-8")
            .body(key.clone())),
        _ => Err(Problem::not_found()),
    }
}
