//! What was published before and after an article in its section, for readers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::card::{ArticleCard, View};
use super::fields::{Asked, Shown};
use super::model::{BodyFormat, Summary};
use super::public::{select, unwritable};
use super::read_model::{Included, PublicArticle};
use super::store::neighbours::neighbours;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::slugs::public_article_once_named;
use crate::db::{Connection, StoreError};
use crate::http::fields::Selection;
use crate::http::params::{FromParams, KeyedQuery, Params};
use crate::http::path::SlugPath;
use crate::http::public_url::PublicUrl;
use crate::problem::Problem;

/// The articles beside another one in its section.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Neighbours {
    /// The one published before it; null when it is the first, or in no section.
    #[schema(required = true)]
    pub previous: Option<Summary>,
    /// The one published after it; null when it is the last, or in no section.
    #[schema(required = true)]
    pub next: Option<Summary>,
}

/// The same with `view=card`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NeighbourCards {
    /// The one published before it; null when it is the first, or in no section.
    #[schema(required = true)]
    pub previous: Option<ArticleCard>,
    /// The one published after it; null when it is the last, or in no section.
    #[schema(required = true)]
    pub next: Option<ArticleCard>,
}

/// Parameters of neighbours.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NeighbourParams {
    /// Only these fields of each, comma-separated, dotted below the first level.
    #[param(value_type = Option<String>, example = "slug,headline")]
    fields: Option<Selection>,
    /// `card`: of each only what a teaser needs, an `ArticleCard`. Not together with `fields`.
    #[param(value_type = Option<View>, inline)]
    view: View,
}

impl FromParams for NeighbourParams {
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

impl NeighbourParams {
    /// An article as it is asked for; null when there is none.
    fn shown(&self, article: Option<&PublicArticle>) -> Result<Vec<u8>, Problem> {
        let Some(article) = article else {
            return Ok(b"null".to_vec());
        };
        let added = Included::default();
        let shown = article.viewed(self.view, &added).map_err(unwritable)?;
        select(self.fields.as_ref(), shown)
    }
}

/// Read the previous and the next article
///
/// Of the section of this one, by publication.
#[utoipa::path(
    get, path = "/v1/articles/{slug}/neighbours", operation_id = "getNeighbours", tag = "articles",
    params(SlugPath, NeighbourParams),
    responses(
        (status = 200, description = "The two articles; with `view=card`, `NeighbourCards`.", body = Neighbours),
        (status = 301, description = "The article has another slug now.", headers(("Location" = String))),
    )
)]
pub async fn get_neighbours(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    site: Data<PublicUrl>,
    SlugPath(slug): SlugPath,
    query: KeyedQuery<NeighbourParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let wanted = CacheRequest::new(&request, Kind::ArticleList, &canonical);
    let answer = move |connection: &mut Connection| {
        let found = match neighbours(connection, &slug, site.0.as_deref()) {
            Err(StoreError::NotFound) => {
                let (_, slug) = public_article_once_named(connection, &slug)?;
                return Ok(Lookup::Moved(slug));
            }
            found => found?,
        };
        let mut json = br#"{"previous":"#.to_vec();
        json.extend(params.shown(found.previous.as_ref())?);
        json.extend_from_slice(br#","next":"#);
        json.extend(params.shown(found.next.as_ref())?);
        json.push(b'}');
        let shown = found.previous.iter().chain(&found.next);
        Ok(Lookup::Here(
            Payload::of_json(json)
                .depends_on(found.depends_on)
                .depends_on(shown.flat_map(PublicArticle::depends_on))
                .purge_key("articles".into()),
        ))
    };
    responses.answer(&request, wanted, answer).await
}
