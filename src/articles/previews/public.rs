//! Reading by a preview link.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::IntoParams;

use super::model::PreviewArticle;
use super::token::PreviewLinks;
use crate::articles::model::Include;
use crate::articles::params::ArticleParams;
use crate::articles::public::{unwritable, written};
use crate::articles::read_model::with_member;
use crate::articles::store::previews::{self, LinkState, Preview};
use crate::db::{Connection, Database};
use crate::etag::PRIVATE;
use crate::http::params::Query;
use crate::http::path::in_path;
use crate::problem::{LINK_OVER, Problem, ProblemDocument};
use crate::publication::KnownPublication;

/// `{token}` of the path.
#[derive(Debug, IntoParams)]
#[into_params(names("token"), parameter_in = Path)]
pub struct TokenPath(
    /// The token of a preview link.
    #[param(value_type = String)]
    pub String,
);

/// Read an article by a preview link
///
/// The same as readers get of a public article, with the mark `preview`. No token is needed but that of the link, which
/// shows this one article and nothing else. No cache keeps it, and search engines are told not to index it.
#[utoipa::path(
    get, path = "/v1/preview/{token}", operation_id = "getPreview", tag = "articles",
    params(TokenPath, ArticleParams),
    responses(
        (status = 200, description = "The article.", body = PreviewArticle),
        (status = 410, description = "The link has expired or was revoked.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_preview(
    request: HttpRequest,
    Query(params): Query<ArticleParams>,
    database: Data<Database>,
    links: Data<PreviewLinks>,
    site: Data<KnownPublication>,
) -> Result<HttpResponse, Problem> {
    if params.format.is_some() {
        let detail = "is for what is public: partners would take a preview for it";
        return Err(Problem::parameter("format", detail));
    }
    let token: String = in_path(&request, "token")?;
    let link = links.keys.link_of(&token).ok_or_else(Problem::not_found)?;
    let with_shares = params.include.contains(&Include::Shares);
    let known = site.clone();
    let read = move |connection: &mut Connection| {
        previews::read(connection, link, with_shares, known.0.as_ref())
    };
    let preview = match database.read(read).await? {
        LinkState::Open(preview) => *preview,
        LinkState::Expired => return Err(over("The link has expired. Ask for another one.")),
        LinkState::Revoked => return Err(over("The link was revoked. Ask for another one.")),
    };
    let Preview {
        article,
        body,
        shares,
        mark,
    } = preview;
    let json = written(&article, &body, shares.as_ref(), &params, &site)?;
    let json = with_member(json, "preview", &mark).map_err(unwritable)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .insert_header(("x-robots-tag", "noindex, nofollow, noarchive"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .content_type("application/json")
        .body(json))
}

fn over(detail: &str) -> Problem {
    Problem::new(&LINK_OVER, detail)
}
