//! Scripts that newsrooms paste into their pages.
//!
//! - `share.js` – "12 shares · Share · Tweet" wherever an element says of which article

use std::sync::LazyLock;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha384};
use utoipa::ToSchema;

use crate::cache::fixed::FixedContent;
use crate::http::params::{NoParams, Query};
use crate::http::path_prefix::PathPrefix;
use crate::problem::Problem;

/// How long a script may be kept whose address does not change with it.
const FOR_A_WHILE: &str = "public, max-age=300, stale-while-revalidate=86400";
/// What is under an address that names what it says.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

crate::operations! {
    self::list_widgets,
    self::get_share_widget,
    self::get_share_widget_version,
}

/// A script.
struct Script {
    content: FixedContent,
    integrity: String,
}

static SHARE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("share.js")));

impl Script {
    fn new(text: &'static str) -> Self {
        Self {
            content: FixedContent::new("text/javascript; charset=utf-8", text),
            integrity: format!("sha384-{}", STANDARD.encode(Sha384::digest(text))),
        }
    }

    fn path(&self) -> String {
        format!("/widgets/share-{}.js", self.content.version())
    }

    fn answer(&self, request: &HttpRequest, cache_control: &'static str) -> HttpResponse {
        let mut response = self.content.respond(request, cache_control);
        let path = HeaderValue::try_from(self.path()).expect("hexadecimal digits and letters");
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LOCATION, path);
        // Pages of other origins load it, also those that isolate themselves.
        headers.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        );
        response
    }
}

/// A script that pages can load.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"name": "share", "url": "/widgets/share-0123456789abcdef.js", "integrity": "sha384-…"}))]
pub struct Widget {
    /// Its name.
    name: &'static str,
    /// Its address in this version, which may be kept for ever.
    url: String,
    /// The `integrity` of the script element (Subresource Integrity).
    integrity: String,
}

/// All scripts that pages can load.
#[derive(Serialize, ToSchema)]
pub struct Widgets {
    /// The scripts.
    data: Vec<Widget>,
}

/// List widgets
///
/// The scripts that pages can load, each with the address of its present version.
#[utoipa::path(
    get, path = "/widgets", operation_id = "listWidgets", tag = "widgets",
    responses((status = 200, description = "The scripts.", body = Widgets))
)]
pub async fn list_widgets(prefix: Data<PathPrefix>, _: Query<NoParams>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, FOR_A_WHILE))
        .json(Widgets {
            data: vec![Widget {
                name: "share",
                url: prefix.before(&SHARE.path()),
                integrity: SHARE.integrity.clone(),
            }],
        })
}

/// The share widget
///
/// Makes "12 shares · Share · Tweet" of every element with `data-dateline-article="slug"`.
#[utoipa::path(
    get, path = "/widgets/share.js", operation_id = "getShareWidget", tag = "widgets",
    responses((status = 200, description = "The script.", body = String, content_type = "text/javascript"))
)]
pub async fn get_share_widget(request: HttpRequest, _: Query<NoParams>) -> HttpResponse {
    SHARE.answer(&request, FOR_A_WHILE)
}

/// The share widget in one version
///
/// The present version is kept for ever. One that this server does not have is answered with the one it
/// has, for pages that were made before it was brought up to date; with `integrity`, browsers refuse that.
#[utoipa::path(
    get, path = "/widgets/share-{version}.js", operation_id = "getShareWidgetVersion", tag = "widgets",
    params(("version" = String, Path, description = "As `/widgets` lists it.", example = "0123456789abcdef")),
    responses((status = 200, description = "The script.", body = String, content_type = "text/javascript"))
)]
pub async fn get_share_widget_version(
    request: HttpRequest,
    _: Query<NoParams>,
) -> Result<HttpResponse, Problem> {
    let version = request.match_info().get("version").unwrap_or_default();
    let present = SHARE.content.version();
    if version.len() != present.len() || !version.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Problem::not_found());
    }
    let is_present = version == present;
    Ok(SHARE.answer(&request, if is_present { FOR_EVER } else { FOR_A_WHILE }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_widget_stays_small() {
        assert!(SHARE.content.most_bytes_coded() <= 4096);
    }
}
