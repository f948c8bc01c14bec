//! Answers for resources that have another slug now.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::conditional::PUBLIC_CACHE_CONTROL;

/// 301 to `path` with the request's own query.
pub fn moved(request: &HttpRequest, path: &str) -> HttpResponse {
    let location = match request.query_string() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    HttpResponse::MovedPermanently()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, PUBLIC_CACHE_CONTROL))
        .finish()
}
