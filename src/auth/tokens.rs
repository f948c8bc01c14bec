//! The handlers of `/v1/editorial/tokens`: what tools may do.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;

use super::api_token::{ApiTokenDescription, ApiTokenInput, ApiTokenStatus, CreatedApiToken};
use super::guard::{Allowed, TokensManage};
use super::store::tokens::{self, ApiToken};
use crate::db::{Connection, Database};
use crate::events::Change;
use crate::http::body::JsonBody;
use crate::http::conditional::private_json;
use crate::http::cursor::CursorKey;
use crate::http::page::{List, PageParams, Paginator, editorial_page};
use crate::http::params::{KeyedQuery, NoParams, Query};
use crate::http::path::IdPath;
use crate::idempotency::{EditorialWriter, Reply};
use crate::problem::{FORBIDDEN, Problem};

crate::operations! {
    self::list_api_tokens,
    self::create_api_token,
    self::read_api_token,
    self::revoke_api_token,
}

impl From<ApiToken> for ApiTokenDescription {
    fn from(token: ApiToken) -> Self {
        let status = match (token.revoked_at, token.is_valid()) {
            (Some(_), _) => ApiTokenStatus::Revoked,
            (None, true) => ApiTokenStatus::Valid,
            (None, false) => ApiTokenStatus::Expired,
        };
        Self {
            status,
            scopes: token.scopes(),
            id: token.id,
            name: token.name,
            created_at: token.created_at,
            created_by: token.created_by,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            revoked_at: token.revoked_at,
        }
    }
}

/// A page of the list.
type ApiTokenPage = List<ApiTokenDescription>;

/// List API tokens
///
/// Those created first come first, revoked and expired ones included; never their secrets.
#[utoipa::path(
    get, path = "/v1/editorial/tokens", operation_id = "listApiTokens", tag = "editorial tokens",
    security(("bearer" = ["tokens:manage"])), params(PageParams),
    responses((status = 200, description = "A page of API tokens.", body = ApiTokenPage))
)]
pub async fn list_api_tokens(
    Allowed(_, query, _): Allowed<TokensManage, KeyedQuery<PageParams>>,
    database: Data<Database>,
    cursors: Data<CursorKey>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let cursor = params.cursor.as_deref();
    let paginator = Paginator::new(&cursors, "tokens".into(), cursor, params.limit)?;
    let (start, limit) = (paginator.start(), paginator.fetch());
    let found = database
        .read(move |connection| tokens::page(connection, start, limit))
        .await?;
    let found = found
        .into_iter()
        .map(|token| (ApiTokenDescription::from(token), String::new()));
    let list = paginator.page(found.collect(), None, |token| token.id);
    Ok(editorial_page(&canonical, &list))
}

/// Create an API token
///
/// Its secret is shown this once, and only its hash is kept. Nobody gives a token more than they may themselves.
#[utoipa::path(
    post, path = "/v1/editorial/tokens", operation_id = "createApiToken", tag = "editorial tokens",
    security(("bearer" = ["tokens:manage"])), request_body = ApiTokenInput,
    responses((status = 201, description = "Created.", body = CreatedApiToken, headers(("Location" = String))))
)]
pub async fn create_api_token(
    Allowed(caller, (_, JsonBody(input)), _): Allowed<
        TokensManage,
        (Query<NoParams>, JsonBody<ApiTokenInput>),
    >,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    let missing = input.scopes.0.iter().find(|right| !caller.may(**right));
    if let Some(right) = missing {
        let detail = format!("Nobody gives a token more than they have: {right} is not yours.");
        return Err(Problem::new(&FORBIDDEN, detail));
    }
    let work = move |change: &mut Change<'_>| {
        let name = input.name.as_str();
        tokens::create(change, name, &input.scopes.0, input.expires_at)
    };
    let reply = |connection: &mut Connection, (id, secret)| {
        let created = CreatedApiToken {
            api_token: tokens::find_by_id(connection, id)?.into(),
            secret,
        };
        let reply = Reply::json(StatusCode::CREATED, &created)?;
        let location = format!("/v1/editorial/tokens/{id}");
        Ok(reply.with_location(location).shown_once())
    };
    writer.respond(&caller, work, reply).await
}

/// Read an API token
#[utoipa::path(
    get, path = "/v1/editorial/tokens/{id}", operation_id = "readApiToken", tag = "editorial tokens",
    security(("bearer" = ["tokens:manage"])), params(IdPath),
    responses((status = 200, description = "The token, without its secret.", body = ApiTokenDescription))
)]
pub async fn read_api_token(
    Allowed(_, (IdPath(id), _), _): Allowed<TokensManage, (IdPath, Query<NoParams>)>,
    database: Data<Database>,
) -> Result<HttpResponse, Problem> {
    let token = database
        .read(move |connection| tokens::find_by_id(connection, id))
        .await?;
    let token = ApiTokenDescription::from(token);
    Ok(private_json(HttpResponse::Ok(), &token))
}

/// Revoke an API token
///
/// It is refused from the next request on, whichever server is asked, and stays in the list. Once more is no error.
#[utoipa::path(
    delete, path = "/v1/editorial/tokens/{id}", operation_id = "revokeApiToken", tag = "editorial tokens",
    security(("bearer" = ["tokens:manage"])), params(IdPath),
    responses((status = 204, description = "Revoked."))
)]
pub async fn revoke_api_token(
    Allowed(caller, (IdPath(id), _), _): Allowed<TokensManage, (IdPath, Query<NoParams>)>,
    writer: EditorialWriter,
) -> Result<HttpResponse, Problem> {
    writer
        .remove(&caller, move |change| tokens::revoke(change, id))
        .await
}
