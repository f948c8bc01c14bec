//! The audit trail for administrators and tools.

use std::fmt::Write;

use actix_web::http::{Method, header};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;

use super::filter::{AuditFilter, AuditSort};
use super::model::AuditEntry;
use super::params::{AuditExportParams, AuditPageParams};
use super::store;
use crate::auth::guard::{Allowed, AuditRead};
use crate::db::connection_pool::Cost;
use crate::db::keyset::KeysetBound;
use crate::db::{Database, Id, StoreResult};
use crate::etag::PRIVATE;
use crate::events::log;
use crate::http::cursor::CursorKey;
use crate::http::page::{List, Paginator, editorial_page};
use crate::http::params::{Both, KeyedQuery};
use crate::problem::{INVALID_CURSOR, Problem};

/// Entries that an export reads and sends at a time: no connection to the database is held between.
const AT_ONCE: i64 = 1_000;

/// A page of the audit trail.
type AuditEntryPage = List<AuditEntry>;

/// List who did what
///
/// What editors, tools and the server did, as the log recorded it in the transaction of each change. The newest first,
/// and nothing is ever taken out. Denied access is recorded at most once a minute of each caller and operation.
#[utoipa::path(
    get, path = "/v1/editorial/audit", operation_id = "listAuditEntries", tag = "editorial audit",
    security(("bearer" = ["audit:read"])), params(AuditPageParams, AuditFilter),
    responses((status = 200, description = "A page of entries.", body = AuditEntryPage))
)]
pub async fn list_audit_entries(
    Allowed(_, query, _): Allowed<AuditRead, KeyedQuery<Both<AuditPageParams, AuditFilter>>>,
    database: Data<Database>,
    cursors: Data<CursorKey>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let Both(page, filter) = params;
    let AuditPageParams {
        limit,
        cursor,
        sort,
    } = page;
    let name = match sort {
        AuditSort::NewestFirst => filter.list(),
        AuditSort::OldestFirst => format!("{} upwards", filter.list()),
    };
    let paginator = Paginator::new(&cursors, name, cursor.as_deref(), limit)?;
    let start = start(&paginator)?;
    let (fetch, cost) = (
        paginator.fetch(),
        match filter.is_by_index() {
            true => Cost::Low,
            false => Cost::High,
        },
    );
    let found = database
        .read_within(cost, move |connection| {
            store::list(connection, &filter, sort, start, fetch)
        })
        .await?;
    // The sequence alone says where an entry stands.
    let list = paginator.page(found, None, |_| Id(uuid::Uuid::nil()));
    Ok(editorial_page(&canonical, &list))
}

/// Where a page starts, by the sequence.
fn start(paginator: &Paginator<'_>) -> Result<Option<KeysetBound<i64>>, Problem> {
    let start = paginator.start();
    let start = start.map(|start| start.try_map(|value| value.parse::<i64>()));
    start
        .transpose()
        .map_err(|_| Problem::new(&INVALID_CURSOR, INVALID_CURSOR.meaning))
}

/// Export the audit trail
///
/// Every entry as a line of JSON (NDJSON), in the order of the log, at most 100,000 in one response. Where the log has
/// more, `Link` names the next export (`rel="next"`). A response that breaks off is gone on with by `after`, the
/// sequence of the last line that arrived.
#[utoipa::path(
    get, path = "/v1/editorial/audit/export", operation_id = "exportAuditEntries", tag = "editorial audit",
    security(("bearer" = ["audit:read"])), params(AuditExportParams),
    responses((
        status = 200, description = "The entries, one `AuditEntry` a line.", body = String,
        content_type = "application/x-ndjson"
    ))
)]
pub async fn export_audit_entries(
    Allowed(_, query, _): Allowed<AuditRead, KeyedQuery<AuditExportParams>>,
    request: HttpRequest,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let head = database.read(log::head).await?;
    let last = params.after.saturating_add(params.limit).min(head.sequence);
    let mut response = HttpResponse::Ok();
    response
        .content_type("application/x-ndjson")
        .insert_header((header::CACHE_CONTROL, PRIVATE));
    if last < head.sequence {
        let next = canonical.with("after", &last.to_string());
        response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
    }
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let database = database.get_ref().clone();
    let lines = stream::try_unfold(params.after, move |after| {
        let database = database.clone();
        async move {
            if after >= last {
                return Ok::<_, actix_web::Error>(None);
            }
            let read = database.read(move |connection| lines(connection, after, last));
            let (lines, after) = read.await.map_err(Problem::from)?;
            Ok(Some((Bytes::from(lines), after)))
        }
    });
    Ok(response.streaming(lines))
}

/// The next lines of an export, and after which entry it goes on.
fn lines(
    connection: &mut crate::db::Connection,
    after: i64,
    last: i64,
) -> StoreResult<(String, i64)> {
    let entries = store::after(connection, after, last, AT_ONCE)?;
    let mut lines = String::new();
    for entry in &entries {
        let _ = writeln!(lines, "{}", line(entry));
    }
    let reached = entries.last().map_or(last, |entry| entry.sequence);
    Ok((lines, reached))
}

/// An entry as a line of an export, without the line break.
pub fn line(entry: &AuditEntry) -> String {
    // Text, numbers, ids and times always are JSON.
    serde_json::to_string(entry).unwrap_or_default()
}
