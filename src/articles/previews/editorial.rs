//! Preview links for editors and tools.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;

use super::model::{PreviewLink, PreviewLinkInput, PreviewLinkList};
use super::token::PreviewLinks;
use crate::articles::store::previews::{self, Link};
use crate::auth::guard::{Allowed, ArticlesRead, ArticlesWrite};
use crate::db::Database;
use crate::http::body::OptionalJsonBody;
use crate::http::conditional::private_json;
use crate::http::params::{NoParams, Query};
use crate::http::path::{IdPath, PreviewLinkPath};
use crate::idempotency::{EditorialWriter, Reply};
use crate::problem::{Problem, ProblemDocument};

impl PreviewLinks {
    fn shown(&self, link: Link) -> PreviewLink {
        let token = self.keys.token(link.id);
        PreviewLink {
            id: link.id,
            url: self.url(&token),
            token,
            expires_at: link.expires_at,
            revision: link.revision,
            note: link.note,
            created_at: link.created_at,
            created_by: link.created_by,
        }
    }
}

/// List an article's preview links
///
/// Those that are good now, the newest first; at most 50.
#[utoipa::path(
    get, path = "/v1/editorial/articles/{id}/preview-links", operation_id = "listPreviewLinks", tag = "editorial articles",
    security(("bearer" = ["articles:read"])), params(IdPath),
    responses((status = 200, description = "The links.", body = PreviewLinkList))
)]
pub async fn list_preview_links(
    Allowed(caller, (IdPath(id), _), _): Allowed<ArticlesRead, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
    links: Data<PreviewLinks>,
) -> Result<HttpResponse, Problem> {
    let only_own = caller.only_own();
    let found = database
        .read(move |connection| previews::list(connection, id, only_own))
        .await?;
    let data = found.into_iter().map(|link| links.shown(link)).collect();
    Ok(private_json(HttpResponse::Ok(), &PreviewLinkList { data }))
}

/// Make a preview link
///
/// Whoever has its token reads this one article at `/v1/preview/{token}`, as readers would see it, until the link expires
/// or is revoked: an article of any status but the trash and retraction, at one revision or as it is newest, its working
/// copy included.
#[utoipa::path(
    post, path = "/v1/editorial/articles/{id}/preview-links", operation_id = "createPreviewLink", tag = "editorial articles",
    security(("bearer" = ["articles:write"])), params(IdPath),
    request_body = Option<PreviewLinkInput>,
    responses(
        (status = 201, description = "The link.", body = PreviewLink),
        (status = 409, description = "The article is in the trash or retracted, or has 50 links that are good.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn create_preview_link(
    Allowed(caller, (IdPath(id), _, OptionalJsonBody(input)), _): Allowed<
        ArticlesWrite,
        (IdPath, Query<NoParams>, OptionalJsonBody<PreviewLinkInput>),
    >,
    writer: EditorialWriter,
    links: Data<PreviewLinks>,
) -> Result<HttpResponse, Problem> {
    let of = caller.clone();
    writer
        .respond(
            &caller,
            move |change| previews::create(change, id, &of, input),
            move |connection, link| {
                let link = links.shown(previews::find(connection, link)?);
                Reply::json(StatusCode::CREATED, &link)
            },
        )
        .await
}

/// Revoke a preview link
///
/// From then on it shows nothing any more, to anybody.
#[utoipa::path(
    delete, path = "/v1/editorial/articles/{id}/preview-links/{link_id}", operation_id = "revokePreviewLink", tag = "editorial articles",
    security(("bearer" = ["articles:write"])), params(PreviewLinkPath),
    responses((status = 204, description = "It is revoked."))
)]
pub async fn revoke_preview_link(
    Allowed(caller, (PreviewLinkPath(id, link), _), _): Allowed<
        ArticlesWrite,
        (PreviewLinkPath, Query<NoParams>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let of = caller.clone();
    writer
        .remove(&caller, move |change| {
            previews::revoke(change, (id, link), &of)
        })
        .await
}
