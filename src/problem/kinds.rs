//! Every kind of problem and its words, in one table.

use serde::Serialize;
use utoipa::ToSchema;

/// A kind of problem: what `type` in a problem document points to.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemType {
    /// The last part of its URL, `/problems/{name}`.
    pub name: &'static str,
    /// The HTTP status it comes with.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// A short summary, the same for every occurrence.
    pub title: &'static str,
    /// What it means and what to do.
    pub meaning: &'static str,
}

macro_rules! problem_types {
    ($($constant:ident = $name:literal, $status:literal, $title:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning]
        pub const $constant: ProblemType = ProblemType {
            name: $name, status: $status, title: $title, meaning: $meaning,
        };)*

        /// Every kind of problem this server answers with.
        pub const TYPES: &[&ProblemType] = &[$(&$constant),*];
    };
}

problem_types! {
    BAD_REQUEST = "bad-request", 400, "Bad request",
        "The request could not be understood as HTTP or as UTF-8 text.";
    MALFORMED_JSON = "malformed-json", 400, "Malformed JSON",
        "The body is not JSON (RFC 8259), is cut short, or is nested too deeply. `detail` names line and column.";
    INVALID_PARAMETER = "invalid-parameter", 400, "Invalid parameter",
        "A query parameter is unknown or has a value that it cannot take. `detail` names it, and the one that was probably meant.";
    INVALID_CURSOR = "invalid-cursor", 400, "Invalid cursor",
        "The cursor was not made by this server for this list with these filters. Start again without one.";
    UNAUTHENTICATED = "unauthenticated", 401, "Not signed in",
        "The request needs `Authorization: Bearer …` with an access token or an API token that is valid now.";
    INVALID_CREDENTIALS = "invalid-credentials", 401, "Wrong e-mail address or password",
        "No user has this e-mail address and password. Which of the two is wrong is not said.";
    FORBIDDEN = "forbidden", 403, "Not allowed",
        "The token is valid, but its role or scopes do not include this. `detail` names the right that is needed.";
    NOT_FOUND = "not-found", 404, "Not found",
        "Not found, or not public.";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "Method not allowed",
        "This resource does not take this method; the `Allow` header lists those it takes.";
    REQUEST_TIMEOUT = "request-timeout", 408, "Request took too long",
        "The request did not arrive in full within the time limit.";
    SLUG_TAKEN = "slug-taken", 409, "Slug is taken",
        "Another resource has this slug. `suggestion` is the nearest free one; `existing` names an article that has it, to callers who may read that.";
    NAME_TAKEN = "name-taken", 409, "Name is taken",
        "Another tag of the same kind has this name, case and kinds of space aside. `existing` names it.";
    IN_USE = "in-use", 409, "In use",
        "Articles refer to it, or collections are filled by it, so that it cannot be deleted. `article_count` says how many articles do, of any status; merging it into another takes all along.";
    WRONG_STATE = "wrong-state", 409, "Not possible in this state",
        "The step is not allowed from the state it is in. `allowed` lists the steps of an article that are.";
    MERGE_CONFLICT = "merge-conflict", 409, "Changed in two ways",
        "The article and its working copy have changed the same thing in different ways, named in `conflicts` with both sides. Nothing was changed. Settle it in the working copy: `PATCH` it with what you decide and `rebase` set to `article_version`.";
    LOCKED = "locked", 409, "Somebody else edits it",
        "Another person, or a tool, has said that they edit this article. `lock` says who, and until when. It keeps nobody from writing: a change needs `If-Match` only. With the right `articles:publish`, `take=true` takes the lock over.";
    NO_PUBLIC_URL = "no-public-url", 409, "The site's address is not known",
        "Feeds, sitemaps and structured data name addresses of the newsroom's site, and this server does not know it: start it with `--public-url`.";
    CONFLICT = "conflict", 409, "Written at the same moment",
        "Something that this request builds on was written at the same moment. Nothing was changed; try again.";
    KEY_IN_FLIGHT = "idempotency-key-in-flight", 409, "Being answered",
        "A request with this `Idempotency-Key` has not been answered yet. Send it again after `Retry-After` seconds: it is answered as the first one then.";
    SHOWN_ONCE = "shown-once", 409, "Shown once only",
        "The request with this `Idempotency-Key` was done, and its response had a secret in it, which is not kept. `detail` says where the thing is that it made; delete that and make another one.";
    RETRACTED = "retracted", 410, "Retracted",
        "Readers knew this article, and it was withdrawn for good. `retraction` says when, and what editors tell readers of it.";
    SYNC_EXPIRED = "sync-expired", 410, "Begin anew",
        "The cursor knows more than this database, which was brought back from a backup, or is another one. Begin anew with `initial=true`.";
    LINK_OVER = "link-over", 410, "The link is over",
        "The preview link has expired or was revoked; whoever sent it can make another one.";
    PRECONDITION_FAILED = "precondition-failed", 412, "Changed since you read it",
        "The `If-Match` header does not name the current version. The `ETag` header does: read again, then repeat the change.";
    TOO_LARGE = "too-large", 413, "Too large",
        "The body is larger than this resource takes.";
    URI_TOO_LONG = "uri-too-long", 414, "Address too long",
        "The request's path and query are longer than this server reads.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "Unsupported media type",
        "The body's `Content-Type` is not one that this resource takes.";
    RANGE_NOT_SATISFIABLE = "range-not-satisfiable", 416, "Range not satisfiable",
        "The file is shorter than where the range begins. `Content-Range` says how long it is.";
    VALIDATION = "validation", 422, "Validation failed",
        "The body is well-formed, but its content is not acceptable. `errors` lists everything that is wrong, each with a JSON pointer.";
    KEY_REUSED = "idempotency-key-reused", 422, "Idempotency-Key used for something else",
        "Another request was sent with this `Idempotency-Key` in the last 24 hours: another path, query, body or `If-Match`. Nothing was changed; take a new key for a new request.";
    PRECONDITION_REQUIRED = "precondition-required", 428, "If-Match is required",
        "A change needs an `If-Match` header with the ETag that was read, so that two editors never overwrite each other.";
    RATE_LIMITED = "rate-limited", 429, "Too many requests",
        "Wait as long as `Retry-After` says.";
    HEADERS_TOO_LARGE = "headers-too-large", 431, "Headers too large",
        "The request's header fields are larger than this server reads.";
    INTERNAL = "internal", 500, "Internal error",
        "The server failed. `instance` is the request's id: its operator finds the reason in the log under it.";
    UNAVAILABLE = "unavailable", 503, "Not available now",
        "The server or its database is busy or starting, or the identity provider is away. Try again after `Retry-After` seconds.";
    OUTCOME_UNKNOWN = "outcome-unknown", 504, "Outcome unknown",
        "The database did not say whether it has made the change: it is there as a whole, or not at all. Read what you meant to change before you send it again.";
    TOO_SLOW = "too-slow", 503, "Takes too long",
        "What was asked for takes longer than the server gives one request, and was ended. Ask for less: fewer or rarer words in `q`, no `beginning*`, a tag, a section or dates to narrow it, no `count`.";
}
