//! Collections for editors and tools.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;

use super::input::CollectionInput;
use super::model::{EditorialCollection, EditorialCollectionSummary};
use super::store::editorial::{self, Reads};
use super::store::write;
use crate::auth::guard::{Allowed, CollectionsRead, CollectionsWrite};
use crate::auth::model::{Caller, Right};
use crate::db::Database;
use crate::etag;
use crate::events::{RequestId, Writer};
use crate::http::body::JsonBody;
use crate::http::conditional::{IfMatch, IfMatchOrNew, editorial_json, receipt};
use crate::http::cursor::CursorKey;
use crate::http::page::{List, PageParams, Paginator, editorial_page};
use crate::http::params::{KeyedQuery, NoParams, Query};
use crate::http::path::SlugPath;
use crate::idempotency::EditorialWriter;
use crate::problem::Problem;

/// Which articles that are not public a caller may read.
fn reads(caller: &Caller) -> Reads {
    match caller.only_own() {
        Some(user) => Reads::Own(user),
        None if caller.may(Right::ArticlesRead) => Reads::All,
        None => Reads::None,
    }
}

fn path(slug: &str) -> String {
    format!("/v1/editorial/collections/{slug}")
}

/// A page of the editorial list.
type EditorialCollectionPage = List<EditorialCollectionSummary>;

/// List collections with their versions
///
/// By slug.
#[utoipa::path(
    get, path = "/v1/editorial/collections", operation_id = "listAnyCollections", tag = "editorial collections",
    security(("bearer" = ["collections:read"])), params(PageParams),
    responses((status = 200, description = "A page of collections.", body = EditorialCollectionPage))
)]
pub async fn list_any_collections(
    Allowed(_, query, _): Allowed<CollectionsRead, KeyedQuery<PageParams>>,
    database: Data<Database>,
    cursors: Data<CursorKey>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let cursor = params.cursor.as_deref();
    let name = "editorial collections".into();
    let paginator = Paginator::new(&cursors, name, cursor, params.limit)?;
    let (start, limit) = (paginator.start(), paginator.fetch());
    let found = database
        .read(move |connection| editorial::list(connection, start, limit))
        .await?;
    let list = paginator.page(found, None, |collection| collection.id);
    Ok(editorial_page(&canonical, &list))
}

/// Read a collection as editors write it
///
/// Its slots with what the desk needs to know of their articles, and its rule. An article that is not public comes
/// without anything else of it to callers who may not read it.
#[utoipa::path(
    get, path = "/v1/editorial/collections/{slug}", operation_id = "readCollection", tag = "editorial collections",
    security(("bearer" = ["collections:read"])),
    params(SlugPath),
    responses((status = 200, description = "The collection.", body = EditorialCollection, headers(("ETag" = String))))
)]
pub async fn read_collection(
    Allowed(caller, (SlugPath(slug), _), _): Allowed<CollectionsRead, (SlugPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let reads = reads(&caller);
    let collection = database
        .read(move |connection| editorial::find(connection, &slug, reads))
        .await?;
    let version = collection.version;
    Ok(editorial_json(HttpResponse::Ok(), version, &collection))
}

/// Create or replace a collection
///
/// All of it: what is left out is gone. To create one, leave `If-Match` out; `If-None-Match: *` says besides that there
/// must be none yet. To replace one, send `If-Match` with the ETag that you read. One that is sent as it is stays as it is.
#[utoipa::path(
    put, path = "/v1/editorial/collections/{slug}", operation_id = "putCollection", tag = "editorial collections",
    security(("bearer" = ["collections:write"])),
    params(
        SlugPath, IfMatchOrNew,
        ("If-None-Match" = Option<String>, Header, description = "`*`: only create; 412 when there is one."),
    ),
    request_body = CollectionInput,
    responses(
        (status = 200, description = "Replaced.", body = EditorialCollection, headers(("ETag" = String))),
        (status = 201, description = "Created.", body = EditorialCollection, headers(("Location" = String), ("ETag" = String))),
    )
)]
pub async fn put_collection(
    Allowed(caller, (SlugPath(slug), IfMatchOrNew(precondition), _, JsonBody(input)), _): Allowed<
        CollectionsWrite,
        (
            SlugPath,
            IfMatchOrNew,
            Query<NoParams>,
            JsonBody<CollectionInput>,
        ),
    >,
    request: RequestId,
    writer: Data<Writer>,
) -> Result<HttpResponse, Problem> {
    let (reads, named) = (reads(&caller), slug.clone());
    let (is_new, collection) = writer
        .change(
            caller.origin(request),
            move |change| write::put(change, &slug, &precondition, input),
            move |connection, is_new| Ok((is_new, editorial::find(connection, &named, reads)?)),
        )
        .await?;
    let (version, may_read) = (collection.version, caller.may(Right::CollectionsRead));
    let mut created = HttpResponse::Created();
    created.insert_header((header::LOCATION, path(&collection.slug)));
    Ok(match (is_new, may_read) {
        (true, true) => editorial_json(created, version, &collection),
        (true, false) => created
            .insert_header((header::ETAG, etag::of_version(version)))
            .insert_header((header::CACHE_CONTROL, etag::PRIVATE))
            .finish(),
        (false, true) => editorial_json(HttpResponse::Ok(), version, &collection),
        (false, false) => receipt(version),
    })
}

/// Delete a collection
///
/// For good; its articles stay what they are.
#[utoipa::path(
    delete, path = "/v1/editorial/collections/{slug}", operation_id = "deleteCollection", tag = "editorial collections",
    security(("bearer" = ["collections:write"])),
    params(SlugPath, IfMatch),
    responses((status = 204, description = "Deleted."))
)]
pub async fn delete_collection(
    Allowed(caller, (SlugPath(slug), IfMatch(expected), _), _): Allowed<
        CollectionsWrite,
        (SlugPath, IfMatch, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    writer
        .remove(&caller, move |change| {
            write::delete(change, &slug, &expected)
        })
        .await
}
