//! Responses for resources that have another slug now.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::cors::for_any_origin;

/// How long caches may believe that a slug has moved. Short: something new may take it.
const CACHE_CONTROL: &str = "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400";

/// 301 to `path` with the request's own query.
pub fn moved(request: &HttpRequest, path: &str) -> HttpResponse {
    let location = match request.query_string() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    let mut response = HttpResponse::MovedPermanently();
    for header in for_any_origin() {
        response.insert_header(header);
    }
    response
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, CACHE_CONTROL))
        .finish()
}
