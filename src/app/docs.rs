//! Interactive documentation, for people: the pages of Swagger UI, which the program carries along.

use std::sync::{Arc, LazyLock};

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use utoipa_swagger_ui::Config;

use crate::http::cors::to_any_origin;
use crate::problem::{INTERNAL, Problem};

/// How long browsers may keep a page: it changes with the server's version only.
const UNCHANGING: &str = "public, max-age=300";

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::from("/openapi.json");
    Arc::new(config.try_it_out_enabled(true).persist_authorization(false))
});

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

async fn page(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let file = request.match_info().get("file").unwrap_or_default();
    let file = utoipa_swagger_ui::serve(file, Arc::clone(&CONFIG)).map_err(|error| {
        tracing::error!(%error, "a page of the documentation could not be made");
        Problem::new(&INTERNAL, INTERNAL.meaning)
    })?;
    let file = file.ok_or_else(|| to_any_origin(Problem::not_found()))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, UNCHANGING));
    if file.gzpipped {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Ok(response
        .content_type(file.content_type)
        .body(file.bytes.into_owned()))
}
