//! The media for editors and tools.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::files::{self, MediaFiles};
use super::input::{FetchInput, MediaInput};
use super::model::{MediaFilter, MediaItem, MediaUses};
use super::store::write::NewItem;
use super::store::{self, list, uses, write};
use super::upload::{self, Upload, storage_problem};
use crate::auth::guard::{Allowed, MediaRead, MediaWrite};
use crate::auth::model::{Caller, Right};
use crate::body::media::MediaKind;
use crate::db::connection_pool::Cost;
use crate::db::{Connection, Database, Id, StoreError, StoreResult, Timestamp};
use crate::events::{Change, RequestId, Writer};
use crate::http::body::JsonBody;
use crate::http::conditional::{IfMatch, editorial_json, private_json};
use crate::http::cursor::CursorKey;
use crate::http::page::{List, Paginator, editorial_page};
use crate::http::params::{FromParams, KeyedQuery, NoParams, Params, Query};
use crate::http::path::IdPath;
use crate::idempotency::{EditorialWriter, Reply};
use crate::merge_patch::MergePatch;
use crate::problem::{INVALID_CURSOR, Problem, ProblemDocument};
use crate::validation::Violation;
use pictures::Unreadable;

/// Parameters of uploading a file: what is said of it, where the body is the file itself.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UploadParams {
    /// What it is called for editors; a path before it is left out.
    #[param(max_length = 200)]
    file_name: Option<String>,
    /// What it shows, for those who do not see it.
    #[param(max_length = 1000)]
    alt: Option<String>,
    /// What is printed below it.
    #[param(max_length = 1000)]
    caption: Option<String>,
    /// Who made it.
    #[param(max_length = 300)]
    credit: Option<String>,
}

impl FromParams for UploadParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            file_name: params.text("file_name")?,
            alt: params.text("alt")?,
            caption: params.text("caption")?,
            credit: params.text("credit")?,
        })
    }
}

impl UploadParams {
    fn members(self) -> Map<String, Value> {
        let all = [
            ("file_name", self.file_name),
            ("alt", self.alt),
            ("caption", self.caption),
            ("credit", self.credit),
        ];
        let said = all.into_iter();
        said.filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?))))
            .collect()
    }
}

/// A form with a file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read part by part")]
pub struct MediaForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it is called for editors, instead of the name that comes with the file.
    #[schema(required = false, nullable = false)]
    file_name: Option<String>,
    /// What it shows, for those who do not see it.
    #[schema(required = false, nullable = false)]
    alt: Option<String>,
    /// What is printed below it.
    #[schema(required = false, nullable = false)]
    caption: Option<String>,
    /// Who made it.
    #[schema(required = false, nullable = false)]
    credit: Option<String>,
    /// Whose it is by law.
    #[schema(required = false, nullable = false)]
    copyright_notice: Option<String>,
    /// What may be done with it.
    #[schema(required = false, nullable = false)]
    usage_terms: Option<String>,
    /// Where its licence is to be read.
    #[schema(required = false, nullable = false)]
    licence_url: Option<String>,
    /// From then on it may not be published any more.
    #[schema(required = false, nullable = false)]
    rights_expire_at: Option<Timestamp>,
    /// How it came about: a name of the IPTC's vocabulary `digitalsourcetype`.
    #[schema(required = false, nullable = false)]
    digital_source_type: Option<String>,
}

/// Upload a file
///
/// A picture (JPEG, PNG, WebP, GIF), audio (MP3, M4A), video (MP4) or document (PDF), told by its content: as the body itself, or
/// as the part `file` of a form. Pictures are turned upright, and made into WebP and JPEG in several widths. What a file says of
/// itself (IPTC, XMP) becomes its credit, caption, alt, copyright and so on, where nothing else is said; then all of it is taken
/// out, places included. Who uploads a file that is there already gets the item that is there, with 200. What needs no token
/// is the address of a file, which nobody can guess: it is public as soon as somebody knows it, whatever the status of the
/// articles that show it.
#[utoipa::path(
    post, path = "/v1/editorial/media", operation_id = "uploadMedia", tag = "editorial media",
    security(("bearer" = ["media:write"])), params(UploadParams),
    request_body(content(
        (MediaForm = "multipart/form-data"),
        (Vec<u8> = "application/octet-stream"),
    )),
    responses(
        (status = 200, description = "The same file was uploaded before: that item.", body = MediaItem, headers(("Location" = String), ("ETag" = String))),
        (status = 201, description = "Stored.", body = MediaItem, headers(("Location" = String), ("ETag" = String))),
    )
)]
pub async fn upload_media(
    request: HttpRequest,
    Allowed(caller, (Query(params), payload), _): Allowed<
        MediaWrite,
        (Query<UploadParams>, Payload),
    >,
    files: Data<MediaFiles>,
    database: Data<Database>,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let upload = upload::receive(&request, payload, &files, params.members()).await?;
    keep(&caller, upload, (&files, &database), &writer).await
}

/// Fetch a file
///
/// From an address on the web, as if it had been uploaded. Addresses of private networks are refused, also where a name or
/// a redirect leads to one.
#[utoipa::path(
    post, path = "/v1/editorial/media/fetch", operation_id = "fetchMedia", tag = "editorial media",
    security(("bearer" = ["media:write"])), request_body = FetchInput,
    responses(
        (status = 200, description = "The same file was uploaded before: that item.", body = MediaItem, headers(("Location" = String), ("ETag" = String))),
        (status = 201, description = "Stored.", body = MediaItem, headers(("Location" = String), ("ETag" = String))),
    )
)]
pub async fn fetch_media(
    request: HttpRequest,
    Allowed(caller, (_, JsonBody(input)), _): Allowed<
        MediaWrite,
        (Query<NoParams>, JsonBody<FetchInput>),
    >,
    files: Data<MediaFiles>,
    database: Data<Database>,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    upload::wait_for_fetching(&request);
    let upload = upload::fetch(&input.url, &files).await?;
    keep(&caller, upload, (&files, &database), &writer).await
}

/// Makes an item of a file that was received, or finds the one that was made of it before.
async fn keep(
    caller: &Caller,
    upload: Upload,
    (files, database): (&MediaFiles, &Database),
    writer: &EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let upload_hash = upload.received.sha256();
    let known = database
        .read(move |connection| store::uploaded(connection, &upload_hash))
        .await?;
    if known.is_some() {
        let find = move |change: &mut Change<'_>| {
            let known = store::uploaded(change.connection, &upload_hash)?;
            // It may have been deleted meanwhile: then the file is to be sent again.
            Ok((known.ok_or(StoreError::Conflict)?, false))
        };
        return respond(caller, writer, find).await;
    }
    // Taken until all of it is done.
    let Upload {
        received,
        format,
        said,
        room: _room,
    } = upload;
    let processed = files.process(Arc::new(received), format).await;
    let processed = processed.map_err(|error| storage_problem(&error))?;
    let mut processed = processed.map_err(|error| unreadable(&error))?;
    let name = files::new_name();
    let (renditions, original) = processed.take_files();
    let item = NewItem::of(&name, upload_hash, format, processed, said);
    let stored = files.put(&name, format, renditions, original).await;
    stored.map_err(super::public::problem)?;
    let response = respond(caller, writer, move |change| write::add(change, item)).await;
    let is_new = |response: &HttpResponse| {
        let replayed = response.headers().contains_key("idempotency-replayed");
        response.status() == StatusCode::CREATED && !replayed
    };
    // Somebody was faster, or it came to nothing.
    if !response.as_ref().is_ok_and(is_new) {
        let unknown = |problem: &Problem| problem.status_code() == StatusCode::GATEWAY_TIMEOUT;
        if !response.as_ref().err().is_some_and(unknown) {
            files.delete(&name).await;
        }
    }
    response
}

async fn respond(
    caller: &Caller,
    writer: &EditorialWriter,
    work: impl FnOnce(&mut Change<'_>) -> StoreResult<(Id, bool)> + Clone + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let reads = caller.may(Right::MediaRead);
    let reply = move |connection: &mut Connection, (id, is_new): (Id, bool)| {
        let status = match is_new {
            true => StatusCode::CREATED,
            false => StatusCode::OK,
        };
        let item = store::find(connection, id)?;
        let version = item.version;
        let reply = match reads {
            true => Reply::json(status, &item)?,
            false => Reply::json(status, &serde_json::json!({"id": id}))?,
        };
        Ok(reply
            .with_version(version)
            .with_location(format!("/v1/editorial/media/{id}")))
    };
    writer.respond(caller, work, reply).await
}

fn unreadable(error: &Unreadable) -> Problem {
    let code = match error {
        Unreadable::TooManyPixels { .. } => "too_many_pixels",
        Unreadable::Truncated => "truncated",
        _ => "unreadable",
    };
    Violation::whole(code, format!("cannot be used: {error}")).into()
}

/// Parameters of the list of media.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MediaParams {
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    cursor: Option<String>,
    /// `true` adds `page.total`.
    #[param(value_type = Option<bool>)]
    count: bool,
    /// Only items of these kinds.
    #[param(value_type = Option<Vec<MediaKind>>, style = Form, explode = false)]
    kind: Vec<MediaKind>,
    /// Only items that have each of these words, or words with these parts, in their alt, caption, credit, copyright or file
    /// name, case and accents aside; at most 200 characters.
    #[param(value_type = Option<String>, max_length = 200)]
    q: Option<String>,
    /// Only items whose credit has this, case and accents aside.
    #[param(value_type = Option<String>, max_length = 200)]
    credit: Option<String>,
    /// `true`: only items that no article shows.
    #[param(value_type = Option<bool>)]
    unused: bool,
    /// `true`: only items whose rights have expired; `false`: only others.
    #[param(value_type = Option<bool>)]
    rights_expired: Option<bool>,
    /// Only items whose rights expire before then.
    #[param(value_type = Option<Timestamp>)]
    rights_expire_before: Option<Timestamp>,
}

impl FromParams for MediaParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let credit = params.text("credit")?;
        if credit
            .as_ref()
            .is_some_and(|text| text.chars().count() > 200)
        {
            return Err(Problem::parameter(
                "credit",
                "must have at most 200 characters",
            ));
        }
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            count: params.flag("count")?,
            kind: params.choices("kind", MediaKind::ALL)?,
            q: params.part_of_name()?,
            credit,
            unused: params.flag("unused")?,
            rights_expired: params.choice("rights_expired", &[("true", true), ("false", false)])?,
            rights_expire_before: params.one("rights_expire_before")?,
        })
    }
}

/// A page of the list of media.
type MediaPage = List<MediaItem>;

/// List media
///
/// The newest first.
#[utoipa::path(
    get, path = "/v1/editorial/media", operation_id = "listMedia", tag = "editorial media",
    security(("bearer" = ["media:read"])), params(MediaParams),
    responses((status = 200, description = "A page of items.", body = MediaPage))
)]
pub async fn list_media(
    Allowed(_, query, _): Allowed<MediaRead, KeyedQuery<MediaParams>>,
    database: Data<Database>,
    cursors: Data<CursorKey>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let words = params.q.unwrap_or_default();
    let filter = MediaFilter {
        kinds: params.kind,
        words: words
            .split_whitespace()
            .take(20)
            .map(str::to_owned)
            .collect(),
        credit: params.credit,
        unused: params.unused,
        rights_expired: params.rights_expired,
        rights_expire_before: params.rights_expire_before,
    };
    let name = format!("media {filter:?}");
    let paginator = Paginator::new(&cursors, name, params.cursor.as_deref(), params.limit)?;
    let limit = paginator.fetch();
    let start = paginator
        .start()
        .map(|start| start.try_map(|at| at.parse()));
    let start = start
        .transpose()
        .map_err(|_| Problem::new(&INVALID_CURSOR, INVALID_CURSOR.meaning))?;
    let (found, total) = database
        .read_within(Cost::High, move |connection| {
            let total = params
                .count
                .then(|| list::count(connection, &filter))
                .transpose()?;
            Ok((list::list(connection, &filter, start, limit)?, total))
        })
        .await?;
    let list = paginator.page(found, total, |item| item.id);
    Ok(editorial_page(&canonical, &list))
}

/// Read an item of the media
#[utoipa::path(
    get, path = "/v1/editorial/media/{id}", operation_id = "readMedia", tag = "editorial media",
    security(("bearer" = ["media:read"])), params(IdPath),
    responses((status = 200, description = "The item.", body = MediaItem, headers(("ETag" = String))))
)]
pub async fn read_media(
    Allowed(_, (IdPath(id), _), _): Allowed<MediaRead, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let item = database
        .read(move |connection| store::find(connection, id))
        .await?;
    let version = item.version;
    Ok(editorial_json(HttpResponse::Ok(), version, &item))
}

/// List the articles that show an item
///
/// Those that the caller may see, in any status, with their working copies.
#[utoipa::path(
    get, path = "/v1/editorial/media/{id}/uses", operation_id = "listMediaUses", tag = "editorial media",
    security(("bearer" = ["media:read"])), params(IdPath),
    responses((status = 200, description = "The articles.", body = MediaUses))
)]
pub async fn list_media_uses(
    Allowed(caller, (IdPath(id), _), _): Allowed<MediaRead, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let uses = database
        .read(move |connection| {
            store::find(connection, id)?;
            uses::known_to(connection, id, &caller)
        })
        .await?;
    Ok(private_json(HttpResponse::Ok(), &uses))
}

/// Describe an item of the media
///
/// Articles that show it show what it says from then on, but for what they say themselves: published ones too, which needs
/// the right `articles:publish`. Each gets a new version; readers are shown no new `updated_at`.
#[utoipa::path(
    patch, path = "/v1/editorial/media/{id}", operation_id = "describeMedia", tag = "editorial media",
    security(("bearer" = ["media:write"])), params(IdPath, IfMatch),
    request_body(content = MediaInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The item after the change.", body = MediaItem, headers(("ETag" = String))))
)]
pub async fn describe_media(
    Allowed(caller, (IdPath(id), IfMatch(expected), _, JsonBody(patch)), _): Allowed<
        MediaWrite,
        (IdPath, IfMatch, Query<NoParams>, JsonBody<MergePatch>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let (reads, of) = (caller.may(Right::MediaRead), caller.clone());
    writer
        .respond(
            &caller,
            move |change| write::edit(change, id, &of, &expected, patch),
            move |connection, ()| {
                let item = store::find(connection, id)?;
                match reads {
                    true => Ok(Reply::json(StatusCode::OK, &item)?.with_version(item.version)),
                    false => Ok(Reply::receipt(item.version)),
                }
            },
        )
        .await
}

/// Delete an item of the media
///
/// For good, with its files, when no article and no working copy shows it. Caches may show them for some time.
#[utoipa::path(
    delete, path = "/v1/editorial/media/{id}", operation_id = "deleteMedia", tag = "editorial media",
    security(("bearer" = ["media:write"])), params(IdPath, IfMatch),
    responses(
        (status = 204, description = "Deleted."),
        (status = 409, description = "Articles or working copies show it.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn delete_media(
    Allowed(caller, (IdPath(id), IfMatch(expected), _), _): Allowed<
        MediaWrite,
        (IdPath, IfMatch, Query<NoParams>),
    >,
    request: RequestId,
    files: Data<MediaFiles>,
    writer: Data<Writer>,
) -> Result<HttpResponse, Problem> {
    let of = caller.clone();
    let delete = move |change: &mut Change<'_>| write::delete(change, id, &of, &expected);
    let name = writer
        .change(caller.origin(request), delete, |_, name| Ok(name))
        .await?;
    files.delete(&name).await;
    Ok(HttpResponse::NoContent()
        .insert_header(("Cache-Control", crate::etag::PRIVATE))
        .finish())
}
