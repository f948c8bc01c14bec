//! What was published before and after an article in its section, for readers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::card::ArticleCard;
use super::discovery::TeaserParams;
use super::model::Summary;
use super::public::moved;
use super::read_model::PublicArticle;
use super::store::neighbours::neighbours;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::{Connection, StoreError};
use crate::http::params::KeyedQuery;
use crate::http::path::SlugPath;
use crate::problem::Problem;
use crate::publication::KnownPublication;

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

/// One of the two as it is asked for; null when there is none.
fn shown(params: &TeaserParams, article: Option<&PublicArticle>) -> Result<Vec<u8>, Problem> {
    article.map_or_else(|| Ok(b"null".to_vec()), |article| params.shown(article))
}

/// Read the previous and the next article
///
/// Of the section of this one, by publication.
#[utoipa::path(
    get, path = "/v1/articles/{slug}/neighbours", operation_id = "getNeighbours", tag = "articles",
    params(SlugPath, TeaserParams),
    responses(
        (status = 200, description = "The two articles; with `view=card`, `NeighbourCards`.", body = Neighbours),
        (status = 301, description = "The article has another slug now.", headers(("Location" = String))),
    )
)]
pub async fn get_neighbours(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    site: Data<KnownPublication>,
    SlugPath(slug): SlugPath,
    query: KeyedQuery<TeaserParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let wanted = CacheRequest::new(&request, Kind::ArticleList, &canonical);
    let answer = move |connection: &mut Connection| {
        let found = match neighbours(connection, &slug, site.0.as_ref()) {
            Err(StoreError::NotFound) => return moved(connection, &slug),
            found => found?,
        };
        let mut json = br#"{"previous":"#.to_vec();
        json.extend(shown(&params, found.previous.as_ref())?);
        json.extend_from_slice(br#","next":"#);
        json.extend(shown(&params, found.next.as_ref())?);
        json.push(b'}');
        let both = found.previous.iter().chain(&found.next);
        Ok(Lookup::Here(
            Payload::of_json(json)
                .depends_on(found.depends_on)
                .depends_on(both.flat_map(PublicArticle::depends_on))
                .purge_key("articles".into()),
        ))
    };
    responses.answer(&request, wanted, answer).await
}
