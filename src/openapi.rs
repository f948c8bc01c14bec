//! The OpenAPI 3.1 document: generated from the handlers, plus what holds for all of them.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, ObjectBuilder, OneOfBuilder, Ref, RefOr, Response,
    ResponseBuilder, Schema,
};
use utoipa::{Modify, OpenApi};

use crate::articles::card::{ArticleCard, RelatedCards, TrendingCards};
use crate::articles::neighbours::NeighbourCards;
use crate::http::page::List;
use crate::http::path_prefix::PathPrefix;
use crate::problem::ProblemDocument;
use crate::{articles, auth, authors, service, shares, tags, widgets};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dateline",
        description = "A headless JSON content API for newsrooms.\n\n\
            `/v1/…` is for readers: what is public now, without a token. `/v1/editorial/…` is for \
            editors and tools with `Authorization: Bearer …`. Timestamps are RFC 3339 in UTC; \
            errors are problem documents (RFC 9457).",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    // Cards are what the same operations answer with `view=card`.
    components(schemas(ProblemDocument, List<ArticleCard>, RelatedCards, TrendingCards, NeighbourCards)),
    tags(
        (name = "articles", description = "Articles for readers."),
        (name = "shares", description = "Share counts, reporting shares, and what trends."),
        (name = "tags", description = "Tags and sections for readers."),
        (name = "authors", description = "Authors for readers."),
        (name = "editorial articles", description = "Articles of any status, for editors and tools."),
        (name = "editorial tags", description = "Tags and sections, for editors and tools."),
        (name = "editorial authors", description = "Authors, for editors and tools."),
        (name = "editorial shares", description = "Share counts in full, and those observed elsewhere, for editors and tools."),
        (name = "auth", description = "Signing in and out."),
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
/// As [`json`].
pub fn json_below(prefix: &PathPrefix) -> String {
    let mut document = Document::openapi();
    for server in document.servers.iter_mut().flatten() {
        server.url = prefix.before("/");
    }
    for module in [
        articles::document(),
        shares::document(),
        tags::document(),
        authors::document(),
        auth::session::document(),
        widgets::document(),
        service::document(),
    ] {
        document.merge(module);
    }
    for modifier in [&Bearer as &dyn Modify, &CommonAnswers, &MergePatches] {
        modifier.modify(&mut document);
    }
    let mut text = document
        .to_pretty_json()
        .expect("the document is plain data");
    text.push('\n');
    text
}

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An access token from `/v1/auth/login`, or an API token (`dl_…`).",
            ))
            .build();
        if let Some(components) = document.components.as_mut() {
            components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
        }
    }
}

/// A merge patch has the fields of what it changes, none of them required, and null removes
/// (RFC 7396): each schema that a PATCH takes gets one of its own for that.
struct MergePatches;

impl Modify for MergePatches {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let Some(components) = document.components.as_mut() else {
            return;
        };
        let bodies = document.paths.paths.values_mut().filter_map(|item| {
            match item.patch.as_mut()?.request_body.as_mut()? {
                RefOr::T(body) => Some(body),
                RefOr::Ref(_) => None,
            }
        });
        for content in bodies.flat_map(|body| body.content.values_mut()) {
            let RefOr::T(content) = content else {
                continue;
            };
            let Some(RefOr::Ref(reference)) = &content.schema else {
                continue;
            };
            let name = reference
                .ref_location
                .rsplit('/')
                .next()
                .unwrap_or_default();
            let Some(RefOr::T(Schema::Object(whole))) = components.schemas.get(name) else {
                continue;
            };
            let mut patch = whole.clone();
            patch.required.clear();
            for property in patch.properties.values_mut() {
                let null = ObjectBuilder::new().schema_type(utoipa::openapi::Type::Null);
                *property = OneOfBuilder::new().item(null).item(property.clone()).into();
            }
            let patch_name = name.replace("Input", "Patch");
            content.schema = Some(Ref::from_schema_name(&patch_name).into());
            components
                .schemas
                .insert(patch_name, Schema::Object(patch).into());
        }
    }
}

/// The responses that follow from what an operation takes, so that no handler can forget one.
struct CommonAnswers;

impl Modify for CommonAnswers {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            if let Some(operation) = &mut item.get {
                complete(path, operation, false);
            }
            let writes = [
                &mut item.post,
                &mut item.put,
                &mut item.patch,
                &mut item.delete,
            ];
            for operation in writes.into_iter().flatten() {
                complete(path, operation, true);
            }
        }
    }
}

/// What paths name, and a slug of the sample newsroom.
const NAMED: &[(&str, &str, &str)] = &[
    ("/articles/", "article", "harbour-cities-agree-flood-fund"),
    ("/tags/", "tag", "climate"),
    ("/authors/", "author", "alex-writer"),
];

/// Says whose slug or id a path has.
fn name_parameters(path: &str, operation: &mut Operation) {
    let Some((_, noun, slug)) = NAMED.iter().find(|(part, ..)| path.contains(part)) else {
        return;
    };
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else {
            continue;
        };
        let example = match parameter.name.as_str() {
            "slug" => Some((*slug).into()),
            "id" => None,
            _ => continue,
        };
        let description = match path.ends_with("/merge") {
            true => format!(
                "The {} of the {noun} that is merged, and is gone then.",
                parameter.name
            ),
            false => format!("The {noun}'s {}.", parameter.name),
        };
        *parameter = ParameterBuilder::from(parameter.clone())
            .description(Some(description))
            .example(example)
            .build();
    }
}

fn complete(path: &str, operation: &mut Operation, writes: bool) {
    name_parameters(path, operation);
    let responses = common_responses(path, operation, writes);
    // Said of every operation: an empty list is "no token needed".
    operation.security.get_or_insert_default();
    let documented = &mut operation.responses.responses;
    for (applies, status, description) in responses {
        if applies && !documented.contains_key(status) {
            documented.insert(status.into(), RefOr::T(problem(status, description)));
        }
    }
}

/// Every response that is not the handler's own: whether an operation has it, its status, what it means.
fn common_responses(
    path: &str,
    operation: &Operation,
    writes: bool,
) -> [(bool, &'static str, &'static str); 15] {
    let is_if_match = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(parameter) if parameter.name == "If-Match");
    let conditional = operation.parameters.iter().flatten().any(is_if_match);
    let guarded = operation.security.is_some();
    let takes_body = operation.request_body.is_some();
    let in_api = path.starts_with("/v1/");
    let cacheable = in_api && !guarded && !takes_body && !path.starts_with("/v1/auth/");
    let changes = guarded && (takes_body || conditional);
    let malformed = in_api || path.starts_with("/problems");
    [
        (
            malformed,
            "400",
            "The request is malformed, or has an unknown or wrong parameter.",
        ),
        (
            cacheable,
            "304",
            "The client has this version already (`If-None-Match`).",
        ),
        (guarded, "401", "There is no token, or it is not valid."),
        (guarded, "403", "The token does not give the right."),
        (path.contains('{'), "404", "Not found, or not public."),
        (
            conditional,
            "412",
            "It was changed since it was read; `ETag` names the current version.",
        ),
        (conditional, "428", "`If-Match` is missing."),
        (
            changes,
            "409",
            "Something it builds on was written at the same moment; try again.",
        ),
        (takes_body, "413", "The body is too large."),
        (takes_body, "415", "The body has another content type."),
        (
            takes_body,
            "422",
            "The body has content that is not acceptable; `errors` lists everything.",
        ),
        (
            in_api,
            "405",
            "The resource does not take this method; `Allow` lists those it takes.",
        ),
        (in_api, "408", "The request did not arrive in full in time."),
        (
            in_api && writes,
            "504",
            "The database did not say whether it has made the change: read before you send it again.",
        ),
        (
            in_api || path == "/readyz",
            "503",
            "The database is busy or cannot be reached; try again after `Retry-After`.",
        ),
    ]
}

fn problem(status: &str, description: &str) -> Response {
    let mut response = ResponseBuilder::new().description(description);
    if status == "304" {
        return response.build();
    }
    response = response.content(
        "application/problem+json",
        ContentBuilder::new()
            .schema(Some(RefOr::Ref(Ref::from_schema_name("Problem"))))
            .build(),
    );
    if status == "401" {
        response = response.header(
            "WWW-Authenticate",
            HeaderBuilder::new()
                .schema(Some(
                    ObjectBuilder::new().schema_type(utoipa::openapi::Type::String),
                ))
                .build(),
        );
    }
    response.build()
}
