//! What readers are told of mistakes, and changing what they are told.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::editorial::change;
use super::parts::CorrectionInput;
use super::public::place;
use super::store::corrections;
use super::store::public_corrections::{CorrectionFilter, list};
use crate::auth::guard::{Allowed, ArticlesPublish};
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::{Connection, Id, Timestamp};
use crate::http::body::JsonBody;
use crate::http::conditional::IfMatch;
use crate::http::cursor::CursorKey;
use crate::http::page::{List, Paginator, links};
use crate::http::params::{FromParams, KeyedQuery, NoParams, Params, Query};
use crate::http::path::CorrectionPath;
use crate::idempotency::EditorialWriter;
use crate::merge_patch::MergePatch;
use crate::problem::{Problem, ProblemDocument};
use crate::publication::KnownPublication;

/// What readers are told of a retraction for which editors gave no notice.
pub const RETRACTED: &str = "This article was retracted.";

/// What readers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NoticeKind {
    /// Something was wrong.
    Correction,
    /// Something could be misunderstood.
    Clarification,
    /// Something was added.
    Update,
    /// The article was withdrawn as a whole.
    Retraction,
}

impl NoticeKind {
    /// Every kind by name.
    pub const ALL: &[(&str, Self)] = &[
        ("correction", Self::Correction),
        ("clarification", Self::Clarification),
        ("update", Self::Update),
        ("retraction", Self::Retraction),
    ];

    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, kind)| *kind == self);
        known.map_or("correction", |(name, _)| name)
    }
}

impl std::str::FromStr for NoticeKind {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let known = Self::ALL.iter().find(|(known, _)| *known == name);
        known.map(|(_, kind)| *kind).ok_or(())
    }
}

/// The article that a correction is of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CorrectedArticle {
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Where readers find it; null of one that was retracted, and where the address of the site is not known.
    #[schema(required = true)]
    pub canonical_url: Option<String>,
    /// The headline; null of one that was retracted: it may be what was wrong.
    #[schema(required = true)]
    pub headline: Option<String>,
}

/// A correction of an article, or its retraction, as readers see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "kind": "correction",
    "text": "An earlier version gave the wrong year.", "published_at": "2026-03-01T08:30:00.000Z",
    "article": {
        "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a12", "slug": "flood-fund",
        "canonical_url": "https://news.example/flood-fund", "headline": "Harbour cities agree on a flood fund"
    }
}))]
pub struct PublicCorrection {
    /// Identifies it for good; of a retraction it is that of the article.
    pub id: Id,
    /// What it is.
    #[schema(inline)]
    pub kind: NoticeKind,
    /// Its words, plain text.
    pub text: String,
    /// When readers were told.
    pub published_at: Timestamp,
    /// The article.
    pub article: CorrectedArticle,
}

/// Parameters of the list of corrections.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CorrectionListParams {
    /// Most items on a page, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Where to read on: `page.next_cursor` of the page before.
    cursor: Option<String>,
    /// `correction`, `clarification`, `update` or `retraction`, comma-separated: any of them. All when left out.
    #[param(value_type = Option<Vec<NoticeKind>>, style = Form, explode = false, max_items = 4, inline, example = json!(["correction", "retraction"]))]
    kind: Vec<NoticeKind>,
    /// Only those that readers were told of after this.
    #[param(value_type = Option<Timestamp>)]
    published_after: Option<Timestamp>,
}

impl FromParams for CorrectionListParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            cursor: params.text("cursor")?,
            kind: params.choices("kind", NoticeKind::ALL)?,
            published_after: params.one("published_after")?,
        })
    }
}

/// A page of the list of corrections.
type CorrectionPage = List<PublicCorrection>;

/// List corrections and retractions
///
/// What readers are told of mistakes, the newest first: corrections of articles that are public now, and retractions of
/// articles that were. A correction that is withdrawn is gone; one that is changed says what it says now.
#[utoipa::path(
    get, path = "/v1/corrections", operation_id = "listCorrections", tag = "articles",
    params(CorrectionListParams),
    responses((status = 200, description = "A page of corrections.", body = CorrectionPage))
)]
pub async fn list_corrections(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    cursors: Data<CursorKey>,
    site: Data<KnownPublication>,
    query: KeyedQuery<CorrectionListParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let wanted = CacheRequest::new(&request, Kind::ArticleList, &canonical);
    let answer = move |connection: &mut Connection| {
        let filter = CorrectionFilter {
            kinds: params.kind,
            published_after: params.published_after,
        };
        let cursor = params.cursor.as_deref();
        let name = format!("corrections {filter:?}");
        let paginator = Paginator::new(&cursors, name, cursor, params.limit)?;
        let start = place(paginator.start())?;
        let site = site.0.as_ref();
        let (found, depends_on) = list(connection, &filter, start, paginator.fetch(), site)?;
        let list = paginator.page(found, None, |correction| correction.id);
        Ok(Lookup::Here(
            Payload::json(&list)?
                .depends_on(depends_on)
                .purge_key("articles".into())
                .link(links(&canonical, &list.page)),
        ))
    };
    responses.answer(&request, wanted, answer).await
}

/// Change a correction
///
/// A JSON merge patch (RFC 7396). Readers see the new words at once; the event log keeps those before. When it was
/// added stays.
#[utoipa::path(
    patch, path = "/v1/editorial/articles/{id}/corrections/{correction_id}", operation_id = "editCorrection", tag = "editorial articles",
    security(("bearer" = ["articles:publish"])),
    params(CorrectionPath, IfMatch),
    request_body(content = CorrectionInput, content_type = "application/merge-patch+json"),
    responses(
        (status = 200, description = "The article after it.", body = super::model::EditorialArticle, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
        (status = 409, description = "The step is not possible from its status.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn edit_correction(
    Allowed(caller, (CorrectionPath(id, correction), IfMatch(expected), _, JsonBody(patch)), _): Allowed<
        ArticlesPublish,
        (CorrectionPath, IfMatch, Query<NoParams>, JsonBody<MergePatch>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    change(&writer, caller, id, move |change, caller| {
        corrections::edit(change, (id, correction), caller, &expected, patch)
    })
    .await
}

/// Withdraw a correction
///
/// Readers do not see it any more; the event log keeps it.
#[utoipa::path(
    delete, path = "/v1/editorial/articles/{id}/corrections/{correction_id}", operation_id = "withdrawCorrection", tag = "editorial articles",
    security(("bearer" = ["articles:publish"])),
    params(CorrectionPath, IfMatch),
    responses(
        (status = 200, description = "The article after it.", body = super::model::EditorialArticle, headers(("ETag" = String))),
        (status = 204, description = "Done; the caller may not read articles.", headers(("ETag" = String))),
        (status = 409, description = "The step is not possible from its status.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn withdraw_correction(
    Allowed(caller, (CorrectionPath(id, correction), IfMatch(expected), _), _): Allowed<
        ArticlesPublish,
        (CorrectionPath, IfMatch, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    change(&writer, caller, id, move |change, caller| {
        corrections::withdraw(change, (id, correction), caller, &expected)
    })
    .await
}
