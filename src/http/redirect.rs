//! Responses for resources that have another slug now.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::template::Template;

/// How long caches may believe that a slug has moved. Short: something new may take it.
const CACHE_CONTROL: &str = "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400";

/// 301 to the same resource of another slug, with the request's own query.
pub fn moved(request: &HttpRequest, slug: &str) -> HttpResponse {
    let path = Template::fill(request, |name| (name == "slug").then_some(slug));
    let location = match request.query_string() {
        "" => path,
        query => format!("{path}?{query}"),
    };
    HttpResponse::MovedPermanently()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, CACHE_CONTROL))
        .finish()
}
