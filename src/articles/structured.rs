//! One article as JSON-LD, to be put into its page as it is.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::formats::jsonld::JsonLd;
use super::formats::published::Published;
use super::model::{ArticleSort, Include};
use super::public::{EVERY_ARTICLE, kind_of, moved_or_retracted, unwritable};
use super::store::public;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::{Connection, StoreError};
use crate::http::params::{FromParams, KeyedQuery, Params};
use crate::http::path::SlugPath;
use crate::problem::{Problem, ProblemDocument};
use crate::publication::KnownPublication;

/// What can be added to JSON-LD.
const INCLUDE: &[(&str, Include)] = &[("shares", Include::Shares)];

/// Parameters of an article as JSON-LD.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JsonLdParams {
    /// `shares`: how often it was shared, where it was.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["shares"]))]
    pub include: Vec<Include>,
}

impl FromParams for JsonLdParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            include: params.choices("include", INCLUDE)?,
        })
    }
}

/// Read an article as JSON-LD
///
/// The article as a `NewsArticle` of schema.org or one of its subtypes, by its genre. The text is safe as it is within
/// `<script type="application/ld+json">`.
#[utoipa::path(
    get, path = "/v1/articles/{slug}/jsonld", operation_id = "getArticleJsonLd", tag = "articles",
    params(SlugPath, JsonLdParams),
    responses(
        (status = 200, description = "The article.", body = JsonLd, content_type = "application/ld+json", headers(
            ("ETag" = String, description = "Strong; for `If-None-Match`."),
        )),
        (status = 301, description = "The article has another slug now.", headers(("Location" = String))),
        (status = 409, description = "The server does not know the site's address.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "The article was public and was retracted; `retraction` is what readers are told.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_article_jsonld(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    site: Data<KnownPublication>,
    SlugPath(slug): SlugPath,
    query: KeyedQuery<JsonLdParams>,
) -> Result<HttpResponse, Problem> {
    site.get()?;
    let KeyedQuery { params, canonical } = query;
    let kind = kind_of(&params.include, ArticleSort::default(), Kind::Article);
    let wanted = CacheRequest::new(&request, kind, &canonical);
    let with_shares = params.include.contains(&Include::Shares);
    let work = move |connection: &mut Connection| {
        let publication = site.get()?;
        let found = public::find(connection, &slug, with_shares, Some(publication));
        let (article, _, shares) = match found {
            Err(StoreError::NotFound) => return moved_or_retracted(connection, &slug),
            found => found?,
        };
        let published = Published::read(&article, publication).map_err(unwritable)?;
        let jsonld = JsonLd::of(&published, shares.as_ref(), publication);
        let text = jsonld.to_script().map_err(unwritable)?;
        let changed_at = article.read_model.changed_at;
        Ok(Lookup::Here(
            Payload::of("application/ld+json", text.into_bytes())
                .depends_on(article.depends_on())
                .changing_in(article.ends_in)
                .last_modified(shares.is_none().then_some(changed_at))
                .purge_key(format!("article-{}", article.id))
                .purge_key(EVERY_ARTICLE.into()),
        ))
    };
    responses.answer(&request, wanted, work).await
}
