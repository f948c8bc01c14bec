//! What leads readers further: related articles, and what articles can be narrowed by.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use utoipa::IntoParams;

use super::card::View;
use super::fields::{Asked, Shown};
use super::model::{ArticleFilter, BodyFormat, FacetBy, Facets, RelatedArticles};
use super::params::excluded;
use super::public::{moved, select, unwritable};
use super::read_model::{Included, PublicArticle};
use super::store::{public, related};
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::connection_pool::Cost;
use crate::db::{Connection, StoreError};
use crate::http::fields::Selection;
use crate::http::params::{Both, FromParams, KeyedQuery, Params};
use crate::http::path::SlugPath;
use crate::problem::Problem;
use crate::publication::KnownPublication;
use crate::text::Slug;

/// How articles beside another one are shown.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TeaserParams {
    /// Only these fields of each, comma-separated, dotted below the first level.
    #[param(value_type = Option<String>, example = "slug,headline,lead_image.url")]
    fields: Option<Selection>,
    /// `card`: of each only what a teaser needs, an `ArticleCard`, which is about half as long. Not together with
    /// `fields`.
    #[param(value_type = Option<View>, inline)]
    view: View,
}

impl FromParams for TeaserParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let asked = Asked {
            shown: Shown::Related,
            include: &[],
            body_format: BodyFormat::default(),
        };
        let fields = asked.fields(params)?;
        Ok(Self {
            view: View::read(params, fields.as_ref(), &[])?,
            fields,
        })
    }
}

impl TeaserParams {
    /// An article as it is asked for, as JSON.
    ///
    /// # Errors
    /// When it cannot be written as JSON: a mistake in the code.
    pub(super) fn shown(&self, article: &PublicArticle) -> Result<Vec<u8>, Problem> {
        let shown = article
            .viewed(self.view, &Included::default())
            .map_err(unwritable)?;
        select(self.fields.as_ref(), shown)
    }
}

/// Parameters of related articles.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RelatedParams {
    /// Most articles, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// Not these slugs, comma-separated, at most 100: what stands elsewhere on the page.
    #[param(value_type = Option<Vec<Slug>>, style = Form, explode = false, max_items = 100)]
    exclude: Vec<Slug>,
}

impl FromParams for RelatedParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.limit()?,
            exclude: excluded(params)?,
        })
    }
}

/// Read related articles
///
/// Public articles that share tags with this one, rare tags before common ones, those published
/// around the same time first.
#[utoipa::path(
    get, path = "/v1/articles/{slug}/related", operation_id = "listRelatedArticles", tag = "articles",
    params(SlugPath, RelatedParams, TeaserParams),
    responses(
        (status = 200, description = "The related articles; with `view=card`, `RelatedCards`.", body = RelatedArticles),
        (status = 301, description = "The article has another slug now.", headers(("Location" = String))),
    )
)]
pub async fn list_related(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    site: Data<KnownPublication>,
    SlugPath(slug): SlugPath,
    query: KeyedQuery<Both<RelatedParams, TeaserParams>>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let Both(RelatedParams { limit, exclude }, teasers) = params;
    let limit = usize::try_from(limit).unwrap_or(0);
    let wanted = CacheRequest::new(&request, Kind::ArticleList, &canonical);
    let answer = move |connection: &mut Connection| {
        let (data, depends_on) =
            match related::related(connection, &slug, &exclude, limit, site.0.as_ref()) {
                Err(StoreError::NotFound) => return moved(connection, &slug),
                found => found?,
            };
        let shown = data.iter().map(|article| teasers.shown(article));
        let shown: Vec<Vec<u8>> = shown.collect::<Result<_, Problem>>()?;
        Ok(Lookup::Here(
            Payload::list(&shown, &json!({}))?
                .depends_on(depends_on)
                .depends_on(data.iter().flat_map(PublicArticle::depends_on))
                .purge_key("articles".into()),
        ))
    };
    responses.answer(&request, wanted, answer).await
}

/// Parameters of facets.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FacetParams {
    /// What to count by: `tag`, `author`, `section` or `day`.
    #[param(inline, value_type = FacetBy, example = "tag")]
    by: FacetBy,
    /// Most values, 1 to 100.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 20)]
    limit: i64,
}

impl FromParams for FacetParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let by = params.choice("by", FacetBy::ALL)?.ok_or_else(|| {
            Problem::parameter("by", "is required: one of tag, author, section, day")
        })?;
        Ok(Self {
            by,
            limit: params.limit()?,
        })
    }
}

/// Count articles by what they have
///
/// How many of the articles that the filters leave have each tag, author, section, or day of
/// publication. The filters are those of the list. When they leave more than 10,000 articles, the newest
/// 10,000 are counted, and `counts_are` is `at_least`.
#[utoipa::path(
    get, path = "/v1/articles/facets", operation_id = "listFacets", tag = "articles",
    params(FacetParams, ArticleFilter),
    responses((status = 200, description = "The counts.", body = Facets))
)]
pub async fn list_facets(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    query: KeyedQuery<Both<FacetParams, ArticleFilter>>,
) -> Result<HttpResponse, Problem> {
    let Both(params, filter) = query.params;
    let wanted = CacheRequest::new(&request, Kind::ArticleList, &query.canonical).costs(Cost::High);
    let answer = move |connection: &mut Connection| {
        let (data, counts_are, depends_on) =
            public::facets(connection, &filter, params.by, params.limit)?;
        let facets = Facets {
            by: params.by,
            counts_are,
            data,
        };
        Ok(Lookup::Here(
            Payload::json(&facets)?
                .depends_on(depends_on)
                .purge_key("articles".into()),
        ))
    };
    responses.answer(&request, wanted, answer).await
}
