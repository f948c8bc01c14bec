//! Documentation for people: a short guide, and below it the reference by Swagger UI, which the program carries
//! along.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use utoipa_swagger_ui::Config;

use crate::http::path_prefix::PathPrefix;
use crate::problem::{INTERNAL, Problem};

/// The guide, with a place for the reference.
const GUIDE: &str = include_str!("docs.html");

/// Our colours and type, for the guide and for Swagger UI.
const STYLE: &str = include_str!("docs.css");

/// How long browsers may keep a page: it changes with the server's version only.
const UNCHANGING: &str = "public, max-age=300";

/// Serves the pages under `/docs/`, to GET and HEAD.
pub fn add_to(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/docs")
                .route(web::get().to(moved))
                .route(web::head().to(moved)),
        )
        .service(
            web::resource("/docs/{file:.*}")
                .route(web::get().to(page))
                .route(web::head().to(page)),
        );
}

async fn moved() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

async fn page(request: HttpRequest, prefix: Data<PathPrefix>) -> Result<HttpResponse, Problem> {
    let config = Config::from(prefix.before("/openapi.json")).use_base_layout();
    let config = config.try_it_out_enabled(true).persist_authorization(false);
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, UNCHANGING));
    let file = match request.match_info().get("file").unwrap_or_default() {
        "" | "index.html" => {
            return Ok(response
                .content_type("text/html; charset=utf-8")
                .body(GUIDE));
        }
        "dateline.css" => {
            return Ok(response.content_type("text/css; charset=utf-8").body(STYLE));
        }
        file => file,
    };
    let file = utoipa_swagger_ui::serve(file, Arc::new(config)).map_err(|error| {
        tracing::error!(%error, "a page of the documentation could not be made");
        Problem::new(&INTERNAL, INTERNAL.meaning)
    })?;
    let file = file.ok_or_else(Problem::not_found)?;
    if file.gzpipped {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Ok(response
        .content_type(file.content_type)
        .body(file.bytes.into_owned()))
}
