//! The handlers.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use tokio::time::Instant;
use utoipa::IntoParams;

use super::broadcast::Streams;
use super::listener::{Listener, Wanted};
use crate::auth::guard::{Allowed, ArticlesRead};
use crate::db::Database;
use crate::events::mark::Mark;
use crate::http::params::{FromParams, Params, Query};
use crate::messages::kinds::{Audience, MessageKind};
use crate::problem::{BAD_REQUEST, Problem};
use crate::publication::KnownPublication;

/// The id of the last event that a client knows.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Proxies are not to gather what is sent.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// How long a stream for the desk lasts until its token is looked at again.
const DESK_LASTS: Duration = Duration::from_secs(5 * 60);

/// Parameters of a stream.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StreamParams {
    /// Only events of these types, comma-separated; all when left out.
    #[param(value_type = Option<Vec<MessageKind>>, explode = false, style = Form)]
    pub types: Option<HashSet<MessageKind>>,
    /// Where to go on: the id of the last event that arrived. The header `Last-Event-ID`, which browsers send by themselves when they
    /// come again, goes before it.
    #[param(value_type = Option<String>, example = "1204-9f86d081884c7d65")]
    pub after: Option<Mark>,
}

impl FromParams for StreamParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let types: Vec<MessageKind> = params.list("types", MessageKind::ALL.len())?;
        Ok(Self {
            types: (!types.is_empty()).then(|| types.into_iter().collect()),
            after: params.one("after")?,
        })
    }
}

/// Listen to what readers see change
///
/// Server-sent events, in the order in which things were committed, within milliseconds: `event` is the type, `data` a
/// `Message` as webhooks get it, `id` its place in the log. A client that comes again with `Last-Event-ID` is told what it has missed;
/// one that has missed too much, or knows of what is in no log since a backup was restored, gets the event `reset`, and is to
/// read anew what it shows, or to go on with `/v1/sync`. Every 15 seconds something is sent, so that proxies keep the connection.
#[utoipa::path(
    get, path = "/v1/events", operation_id = "streamEvents", tag = "sync",
    params(StreamParams, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that arrived.")),
    responses((
        status = 200, description = "Events, for as long as the client listens.", body = String,
        content_type = "text/event-stream"
    ))
)]
pub async fn stream_events(
    request: HttpRequest,
    Query(params): Query<StreamParams>,
    streams: Data<Streams>,
    database: Data<Database>,
    publication: Data<KnownPublication>,
) -> Result<HttpResponse, Problem> {
    let wanted = Wanted {
        audience: Audience::Readers,
        kinds: for_readers(&params)?,
        only_own: None,
    };
    listen(&request, &params, wanted, (streams, database, publication)).await
}

/// Listen to what happens at the desk
///
/// As `streamEvents`, and besides what readers do not see: articles that are created, saved, submitted, scheduled, thrown away, restored or
/// deleted, working copies, media. Authors are told of their own articles. The stream ends after five minutes, so that the token is
/// looked at again: come again with `Last-Event-ID`.
#[utoipa::path(
    get, path = "/v1/editorial/events", operation_id = "streamEditorialEvents", tag = "editorial articles",
    security(("bearer" = ["articles:read"])),
    params(StreamParams, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that arrived.")),
    responses((
        status = 200, description = "Events, for five minutes.", body = String,
        content_type = "text/event-stream"
    ))
)]
pub async fn stream_editorial_events(
    Allowed(caller, Query(params), _): Allowed<ArticlesRead, Query<StreamParams>>,
    request: HttpRequest,
    streams: Data<Streams>,
    database: Data<Database>,
    publication: Data<KnownPublication>,
) -> Result<HttpResponse, Problem> {
    let wanted = Wanted {
        audience: Audience::Desk,
        kinds: params.types.clone(),
        only_own: caller.only_own(),
    };
    listen(&request, &params, wanted, (streams, database, publication)).await
}

/// The types that are asked for, of which each is one that readers are told of.
fn for_readers(params: &StreamParams) -> Result<Option<HashSet<MessageKind>>, Problem> {
    let is_told =
        |kind: &MessageKind| kind.audience() == Audience::Readers && *kind != MessageKind::Ping;
    let mut kinds = params.types.iter().flatten();
    match kinds.find(|kind| !is_told(kind)) {
        Some(kind) => Err(Problem::parameter(
            "types",
            format!("cannot have {kind}, which readers are never told of"),
        )),
        None => Ok(params.types.clone()),
    }
}

/// The last event that a client knows; `None` when it comes for the first time.
fn last_known(request: &HttpRequest, params: &StreamParams) -> Result<Option<Mark>, Problem> {
    match request.headers().get(LAST_EVENT_ID) {
        // A browser that was sent no id sends an empty one.
        Some(header) if !header.is_empty() => {
            let id = header
                .to_str()
                .ok()
                .and_then(|text| text.trim().parse().ok());
            let detail = "Last-Event-ID must be the id of an event.";
            id.map(Some)
                .ok_or_else(|| Problem::new(&BAD_REQUEST, detail))
        }
        _ => Ok(params.after),
    }
}

async fn listen(
    request: &HttpRequest,
    params: &StreamParams,
    wanted: Wanted,
    (streams, database, publication): (Data<Streams>, Data<Database>, Data<KnownPublication>),
) -> Result<HttpResponse, Problem> {
    let known = last_known(request, params)?;
    let place = Arc::clone(&streams.free).try_acquire_owned();
    let place =
        place.map_err(|_| Problem::unavailable("As many listen already as may at once."))?;
    let (told, head) = streams.subscribe(&database).await?;
    let lasts = match wanted.audience {
        Audience::Desk => Some(Instant::now() + DESK_LASTS),
        Audience::Readers => None,
    };
    let listener = Listener {
        told,
        database,
        publication,
        wanted,
        known: known.unwrap_or(head),
        position: known.unwrap_or(head).sequence,
        is_behind: known.is_some_and(|known| known != head),
        until: lasts,
        place,
    };
    let mut response = HttpResponse::build(StatusCode::OK);
    response
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store, no-transform"))
        .insert_header((ACCEL_BUFFERING, HeaderValue::from_static("no")));
    Ok(match *request.method() == Method::HEAD {
        true => response.finish(),
        false => response.streaming(listener.stream()),
    })
}
