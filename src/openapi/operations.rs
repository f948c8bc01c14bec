//! What follows from what an operation takes, so that no handler can forget it: responses, their headers and
//! examples, conditional requests, the right that it needs.

use super::SCHEMAS;
use crate::http::cors::is_for_listed_origins;
use serde_json::{Map, Value, json};

use super::{each_operation, reference};
use crate::idempotency::key::MOST_CHARACTERS;
use crate::problem::{ProblemType, TYPES};

/// What paths name, and a slug of the sample newsroom.
const NAMED: &[(&str, &str, &str)] = &[
    ("/articles/", "article", "harbour-cities-agree-flood-fund"),
    ("/tags/", "tag", "climate-adaptation"),
    ("/authors/", "author", "alex-writer"),
    ("/collections/", "collection", "home"),
];

/// Headers of several responses: name, type, meaning.
const HEADERS: &[(&str, &str, &str)] = &[
    (
        "Allow",
        "string",
        "The methods that the resource takes (RFC 9110, section 10.2.1).",
    ),
    (
        "Cache-Control",
        "string",
        "How long caches may keep it (RFC 9111).",
    ),
    (
        "ETag",
        "string",
        "The version of what was answered (RFC 9110, section 8.8.3).",
    ),
    (
        "Idempotency-Replayed",
        "string",
        "`true`: the request was done before, and this is the response that it got then.",
    ),
    ("Location", "string", "Where it is."),
    (
        "Retry-After",
        "integer",
        "Seconds after which trying again makes sense.",
    ),
    (
        "Surrogate-Key",
        "string",
        "Keys by which a CDN can purge it, with spaces between them.",
    ),
    ("WWW-Authenticate", "string", "How to sign in (RFC 6750)."),
];

/// What is public to whoever has a link, and to no cache.
const PREVIEW: &str = "/v1/preview/{token}";

/// Completes every operation.
pub fn complete(document: &mut Value) {
    for (path, method, operation) in each_operation(document) {
        let writes = method != "get";
        name_parameters(path, operation);
        show_examples(operation);
        say_right(operation);
        say_cards(path, operation);
        say_ninjs(path, operation);
        let facts = Facts::of(path, operation, writes, method == "post");
        add_responses(&facts, operation);
        if facts.is_repeatable {
            add_key(operation);
        }
        if facts.is_cacheable {
            add_conditions(operation);
        }
        // Said of every operation: an empty list is "no token needed".
        if operation.get("security").is_none() {
            operation["security"] = json!([]);
        }
    }
    document["components"]["headers"] = HEADERS.iter().map(header).collect::<Map<_, _>>().into();
    document["components"]["examples"] = examples().into();
}

/// Says what an operation responds with when it is asked for `view=card`. A second schema beside the usual one
/// would make every client of lists tell the two apart.
fn say_cards(path: &str, operation: &mut Value) {
    if !parameters(operation).any(|parameter| parameter["name"] == "view") {
        return;
    }
    let name = match path.rsplit('/').next() {
        Some("neighbours") => "NeighbourCards",
        Some("related") => "RelatedCards",
        Some("trending") => "TrendingCards",
        _ if path.starts_with("/v1/collections/") => "CollectionCards",
        _ => "ArticleCardPage",
    };
    let schema = json!({"$ref": format!("{SCHEMAS}{name}")});
    operation["responses"]["200"]["x-view-card"] = schema;
}

/// The same of `format=ninjs`.
fn say_ninjs(path: &str, operation: &mut Value) {
    let name = match path {
        "/v1/articles" => "NinjsPage",
        "/v1/articles/{slug}" => "Ninjs",
        _ => return,
    };
    let schema = json!({"$ref": format!("{SCHEMAS}{name}")});
    operation["responses"]["200"]["x-format-ninjs"] = schema;
}

/// What feed readers, crawlers and other sites ask for, which is below no version.
fn is_for_machines(path: &str) -> bool {
    let starts = ["/feeds/", "/sitemap.xml", "/sitemaps/", "/oembed"];
    starts.iter().any(|start| path.starts_with(start))
}

fn header((name, kind, meaning): &(&str, &str, &str)) -> (String, Value) {
    let header = json!({"description": meaning, "schema": {"type": kind}});
    ((*name).to_owned(), header)
}

fn parameters(operation: &mut Value) -> impl Iterator<Item = &mut Value> {
    let parameters = operation.get_mut("parameters");
    parameters
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

/// Says whose slug or id a path has.
fn name_parameters(path: &str, operation: &mut Value) {
    let Some((_, noun, slug)) = NAMED.iter().find(|(part, ..)| path.contains(part)) else {
        return;
    };
    for parameter in parameters(operation) {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        if parameter["in"] != "path" || !matches!(name.as_str(), "slug" | "id") {
            continue;
        }
        if name == "slug" {
            parameter["example"] = json!(slug);
        }
        parameter["description"] = match path.ends_with("/merge") {
            true => json!(format!(
                "The {name} of the {noun} that is merged, and is gone then."
            )),
            false => json!(format!("The {noun}'s {name}.")),
        };
    }
}

/// Examples of what may be left out become those of its schema: a page that fills in all `example`s at once would
/// ask for what fits every filter.
fn show_examples(operation: &mut Value) {
    for parameter in parameters(operation) {
        let is_required = parameter["required"] == true;
        let Some(fields) = parameter.as_object_mut().filter(|_| !is_required) else {
            continue;
        };
        let given = fields.shift_remove("example");
        let Some(schema) = fields.get_mut("schema").and_then(Value::as_object_mut) else {
            continue;
        };
        let of_type = schema.shift_remove("example");
        if let Some(example) = given.or(of_type) {
            schema.insert("examples".into(), json!([example]));
        }
    }
}

/// Says which right a token must give, as its scope says it as well.
fn say_right(operation: &mut Value) {
    let right = operation.pointer("/security/0/bearer/0").cloned();
    let Some(right) = right.as_ref().and_then(Value::as_str) else {
        return;
    };
    let needed = format!("Needs the right `{right}`.");
    let about = operation["description"].as_str();
    operation["description"] = match about {
        Some(about) => json!(format!("{about}\n\n{needed}")),
        None => json!(needed),
    };
    operation["x-required-right"] = json!(right);
}

/// What an operation takes.
struct Facts {
    in_api: bool,
    writes: bool,
    is_guarded: bool,
    takes_body: bool,
    takes_cursor: bool,
    is_conditional: bool,
    /// Whether some of what it can be asked for names addresses of the newsroom's site.
    names_site: bool,
    is_cacheable: bool,
    names_something: bool,
    is_malformable: bool,
    needs_database: bool,
    /// Whether it takes an idempotency key.
    is_repeatable: bool,
}

impl Facts {
    fn of(path: &str, operation: &Value, writes: bool, is_post: bool) -> Self {
        let takes = |name: &str| {
            let parameters = operation["parameters"].as_array();
            parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == name))
        };
        let in_api = path.starts_with("/v1/") || is_for_machines(path);
        let is_guarded = operation.get("security").is_some();
        let takes_body = operation.get("requestBody").is_some();
        let is_public = in_api && !is_guarded && !is_for_listed_origins(path);
        let is_fixed = path == "/openapi.json" || path.ends_with(".js");
        let is_kept = is_public || is_fixed || path.starts_with("/ghost/");
        // What goes on and on, or is for whoever has a link, is kept by no cache.
        let is_stream = operation
            .pointer("/responses/200/content/text~1event-stream")
            .is_some();
        Self {
            in_api,
            writes,
            is_guarded,
            takes_body,
            takes_cursor: takes("cursor"),
            is_conditional: takes("If-Match"),
            names_site: is_public && takes("include") && !path.contains("/editorial/"),
            is_cacheable: !writes && is_kept && !is_stream && path != PREVIEW,
            names_something: path.contains('{'),
            is_malformable: !matches!(path, "/livez" | "/readyz" | "/openapi.json"),
            needs_database: in_api || path == "/readyz",
            is_repeatable: is_post && path.starts_with("/v1/editorial/"),
        }
    }

    /// Every response that is not the handler's own: whether there is one, its status, what it means.
    fn responses(&self) -> [(bool, &'static str, &'static str); 18] {
        let changes = self.is_guarded && (self.takes_body || self.is_conditional);
        [
            (
                self.is_malformable,
                "400",
                "The request is malformed, or has an unknown or wrong parameter.",
            ),
            (
                self.is_guarded,
                "401",
                "There is no token, or it is not valid.",
            ),
            (self.is_guarded, "403", "The token does not give the right."),
            (self.names_something, "404", "Not found, or not public."),
            (
                self.in_api,
                "405",
                "The resource does not take this method; `Allow` lists those it takes.",
            ),
            (
                self.in_api,
                "408",
                "The request did not arrive in full in time.",
            ),
            (
                changes,
                "409",
                "Something it builds on was written at the same moment; try again.",
            ),
            (
                self.names_site,
                "409",
                "What is asked for names the site's address, which the server does not know.",
            ),
            (
                self.is_conditional,
                "412",
                "It was changed since it was read; `ETag` names the current version.",
            ),
            (self.takes_body, "413", "The body is too large."),
            (self.takes_body, "415", "The body has another content type."),
            (
                self.takes_body,
                "422",
                "The body has content that is not acceptable; `errors` lists everything.",
            ),
            (
                self.is_repeatable,
                "409",
                "A request with this `Idempotency-Key` has not been answered yet; try again.",
            ),
            (
                self.is_repeatable,
                "422",
                "The `Idempotency-Key` was used for another request.",
            ),
            (self.is_conditional, "428", "`If-Match` is missing."),
            (
                self.is_repeatable,
                "429",
                "The caller has used as many idempotency keys as a day has.",
            ),
            (
                self.needs_database,
                "503",
                "The database is busy or cannot be reached; try again after `Retry-After`.",
            ),
            (
                self.in_api && self.writes,
                "504",
                "The database did not say whether it has made the change: read before you send it again.",
            ),
        ]
    }
}

fn add_responses(facts: &Facts, operation: &mut Value) {
    for (applies, status, description) in facts.responses() {
        if applies && operation["responses"].get(status).is_none() {
            operation["responses"][status] = json!({
                "description": description,
                "content": {"application/problem+json": {"schema": reference("Problem")}},
            });
        }
    }
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    responses.sort_keys();
    for (status, response) in responses {
        for name in headers_of(status) {
            add_header(response, name);
        }
        if let Some(content) = response.pointer_mut("/content/application~1problem+json") {
            let about = content_of(facts, status);
            content["examples"] = about.collect::<Map<_, _>>().into();
        }
    }
}

/// The headers that all responses of a status have.
fn headers_of(status: &str) -> &'static [&'static str] {
    match status {
        "301" => &["Location", "Cache-Control", "Surrogate-Key"],
        "401" => &["WWW-Authenticate"],
        "405" => &["Allow"],
        "412" => &["ETag"],
        "429" | "503" => &["Retry-After"],
        _ => &[],
    }
}

fn add_header(response: &mut Value, name: &str) {
    if response["headers"].get(name).is_none() {
        response["headers"][name] = json!({"$ref": format!("#/components/headers/{name}")});
    }
}

/// The kinds of problems that a response can be, as examples.
fn content_of(facts: &Facts, status: &str) -> impl Iterator<Item = (String, Value)> {
    let fits = |kind: &&&ProblemType| match kind.name {
        "bad-request" => false,
        "malformed-json" => facts.takes_body,
        "invalid-cursor" => facts.takes_cursor,
        "invalid-credentials" => !facts.is_guarded,
        "unauthenticated" => facts.is_guarded,
        "validation" => facts.takes_body || !facts.is_repeatable,
        "idempotency-key-in-flight" | "idempotency-key-reused" | "shown-once" => {
            facts.is_repeatable
        }
        "wrong-state" => facts.is_conditional,
        "too-slow" => !facts.is_guarded && !facts.writes,
        _ => true,
    };
    TYPES
        .iter()
        .filter(move |kind| kind.status.to_string() == status)
        .filter(fits)
        .map(|kind| {
            (
                kind.name.to_owned(),
                json!({"$ref": format!("#/components/examples/{}", kind.name)}),
            )
        })
        .collect::<Vec<_>>()
        .into_iter()
}

/// One example of each kind of problem.
fn examples() -> Map<String, Value> {
    let example = |kind: &&ProblemType| {
        let mut value = json!({
            "type": format!("/problems/{}", kind.name), "title": kind.title, "status": kind.status,
            "detail": kind.meaning, "instance": "urn:uuid:019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11",
        });
        match kind.name {
            "validation" => {
                let wrong =
                    json!({"pointer": "/headline", "code": "blank", "detail": "must not be blank"});
                value["errors"] = json!([wrong]);
            }
            "slug-taken" => value["suggestion"] = json!("harbour-cities-agree-flood-fund-2"),
            "wrong-state" => value["allowed"] = json!(["restore"]),
            _ => {}
        }
        (
            kind.name.to_owned(),
            json!({"summary": kind.title, "value": value}),
        )
    };
    TYPES.iter().map(example).collect()
}

/// A request that may be sent again.
fn add_key(operation: &mut Value) {
    let key = json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "schema": {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS + 2},
        "description": "A name for this request that no other one has, such as a UUID, in double quotes or without. Sent \
            again with it within 24 hours, the request is not done again: the response is the one that it got.",
    });
    match operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut)
    {
        Some(parameters) => parameters.push(key),
        None => operation["parameters"] = json!([key]),
    }
    let responses = operation["responses"].as_object_mut().into_iter().flatten();
    for (_, response) in responses.filter(|(status, _)| status.starts_with('2')) {
        add_header(response, "Idempotency-Replayed");
    }
}

/// A response that a client may have already.
fn add_conditions(operation: &mut Value) {
    let condition = json!({
        "name": "If-None-Match", "in": "header", "required": false, "schema": {"type": "string"},
        "description": "The `ETag` of the version that the client has: 304 while it is current.",
    });
    match operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut)
    {
        Some(parameters) => parameters.push(condition),
        None => operation["parameters"] = json!([condition]),
    }
    let responses = &mut operation["responses"];
    responses["304"] = json!({"description": "The client has this version already."});
    for status in ["200", "304"] {
        for name in ["ETag", "Cache-Control", "Surrogate-Key"] {
            add_header(&mut responses[status], name);
        }
    }
    if let Some(responses) = responses.as_object_mut() {
        responses.sort_keys();
    }
}
