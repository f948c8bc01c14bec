//! The OpenAPI 3.1 document: generated from the handlers, plus what holds for all of them.
//!
//! - [`shape`] – schemas in the form that client generators read best
//! - `inputs` – what is sent: closed objects, and merge patches of them
//! - `operations` – what follows from what an operation takes: responses, headers, rights
//!
//! utoipa says what a Rust type says. What only the whole document knows (which schema is sent, which is
//! received, which operation can be asked again with `If-None-Match`) is worked out here, on the document as JSON.

use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::articles::card::{ArticleCardPage, RelatedCards, TrendingCards};
use crate::articles::formats::ninjs::{Ninjs, NinjsPage};
use crate::articles::model::{ArticleSort, BodyFormat, Include};
use crate::articles::neighbours::NeighbourCards;
use crate::articles::workflow::Status;
use crate::collections::model::CollectionCards;
use crate::http::path_prefix::PathPrefix;
use crate::problem::ProblemDocument;
use crate::shares::model::Network;
use crate::shares::time::{Granularity, Window};
use crate::tags::model::{TagKind, TagSort};
use crate::{
    announcements, articles, audit, auth, authors, collections, feeds, ghost, media, oembed,
    service, shares, sitemaps, streams, sync, tags, webhooks, widgets,
};

mod inputs;
mod operations;
pub mod shape;

/// Where schemas are.
const SCHEMAS: &str = "#/components/schemas/";

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dateline",
        description = "A headless JSON content API for newsrooms.\n\n\
            `/v1/…` is for readers: what is public now, without a token. `/v1/editorial/…` is for \
            editors and tools with `Authorization: Bearer …`. Timestamps are RFC 3339 in UTC; \
            errors are problem documents (RFC 9457).\n\n\
            Within `/v1` fields, parameters, operations, values of closed lists and types of blocks are \
            only added: clients ignore those that they do not know.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    components(schemas(
        ProblemDocument, ArticleSort, BodyFormat, Granularity, Include, Network, Status, TagKind,
        TagSort, Window,
        // Cards are what the same operations answer with `view=card`.
        ArticleCardPage, RelatedCards, TrendingCards, NeighbourCards, CollectionCards,
        Ninjs, NinjsPage,
    )),
    tags(
        (name = "articles", description = "Articles for readers."),
        (name = "collections", description = "What front pages are made of, for readers."),
        (name = "shares", description = "Share counts, reporting shares, and what trends."),
        (name = "tags", description = "Tags and sections for readers."),
        (name = "authors", description = "Authors for readers."),
        (name = "feeds", description = "The public lists for feed readers, search engines and other sites."),
        (name = "ghost", description = "Ghost's Content API, for frontends that were written for it."),
        (name = "sync", description = "Keeping a copy of everything that is public, and hearing of changes."),
        (name = "editorial articles", description = "Articles of any status, for editors and tools."),
        (name = "editorial tags", description = "Tags and sections, for editors and tools."),
        (name = "editorial authors", description = "Authors, for editors and tools."),
        (name = "editorial collections", description = "What front pages are made of, for editors and tools."),
        (name = "editorial shares", description = "Share counts in full, and those observed elsewhere, for editors and tools."),
        (name = "auth", description = "Signing in and out, and one's own account."),
        (name = "editorial people", description = "People who sign in, for admins."),
        (name = "editorial tokens", description = "API tokens of tools, for admins."),
        (name = "editorial webhooks", description = "Other programs that are told what happens, and what was sent to them."),
        (name = "editorial audit", description = "Who did what, for administrators."),
        (name = "widgets", description = "Scripts for pages."),
        (name = "service", description = "For operators and developers."),
    ),
)]
struct Document;

/// The document as it is served and committed: pretty JSON with a line break at its end.
///
/// # Panics
/// When the document cannot be written as JSON: a mistake in the code.
pub fn json() -> String {
    json_below(&PathPrefix::default())
}

/// The same of a server that a proxy has put below a path.
///
/// # Panics
/// As [`json()`].
pub fn json_below(prefix: &PathPrefix) -> String {
    let mut document = generated();
    // Clients put paths, which begin with a slash, behind it.
    let below = prefix.before("");
    document["servers"][0]["url"] = json!(if below.is_empty() { "/" } else { &below });
    shape::inline_plain(&mut document);
    shape::flatten(&mut document);
    inputs::say_conditions(&mut document);
    inputs::separate(&mut document);
    inputs::add_patches(&mut document);
    shape::nullable_once(&mut document);
    operations::complete(&mut document);
    shape::remove_unused(&mut document);
    let mut text = serde_json::to_string_pretty(&document).expect("JSON can be written");
    text.push('\n');
    text
}

/// What utoipa makes of the handlers and their types.
fn generated() -> Value {
    let mut document = Document::openapi();
    for module in [
        articles::document(),
        articles::revisions::document(),
        articles::working_copy::document(),
        articles::previews::document(),
        articles::desk::document(),
        collections::document(),
        shares::document(),
        tags::document(),
        authors::document(),
        media::document(),
        sync::document(),
        streams::document(),
        webhooks::document(),
        feeds::document(),
        sitemaps::document(),
        oembed::document(),
        ghost::document(),
        announcements::document(),
        auth::session::document(),
        auth::account::document(),
        auth::oidc::sign_in::document(),
        auth::oidc::editorial::document(),
        auth::people::document(),
        auth::tokens::document(),
        audit::document(),
        widgets::document(),
        service::document(),
    ] {
        document.merge(module);
    }
    let mut document = serde_json::to_value(document).expect("the document is plain data");
    document["components"]["securitySchemes"] = json!({"bearer": {
        "type": "http", "scheme": "bearer",
        "description": "An access token from `/v1/auth/login`, or an API token (`dl_…`).",
    }});
    document
}

/// The name of the schema that a reference leads to.
fn referred(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)
}

/// A reference to a schema.
fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{SCHEMAS}{name}") })
}

/// Looks at a value and all that it holds, the outermost last.
fn visit(value: &mut Value, look: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|field| visit(field, look)),
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, look)),
        _ => return,
    }
    look(value);
}

/// The names of all schemas that a value leads to, and those lead to.
fn reachable<'a>(document: &'a Value, from: &'a Value, found: &mut Vec<&'a str>) {
    if let Some(name) = referred(from)
        && !found.contains(&name)
    {
        found.push(name);
        reachable(document, &document["components"]["schemas"][name], found);
    }
    match from {
        Value::Object(fields) => fields
            .values()
            .for_each(|field| reachable(document, field, found)),
        Value::Array(items) => items
            .iter()
            .for_each(|item| reachable(document, item, found)),
        _ => {}
    }
}

/// Every operation with its path and method.
fn each_operation(document: &mut Value) -> impl Iterator<Item = (&str, &str, &mut Value)> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object_mut().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}
