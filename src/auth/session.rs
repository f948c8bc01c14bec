//! The handlers of `/v1/auth` for signing in, staying signed in and signing out.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use deserr::Deserr;
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use utoipa::ToSchema;

use super::guard::SignedIn;
use super::jwt::{LIFETIME, Session, Signer};
use super::model::{Caller, Right, Role};
use super::store::sessions::{self, Refreshed};
use super::store::{access, users};
use super::throttle::LoginThrottle;
use super::{model, password};
use crate::db::{Database, Id, StoreError};
use crate::events::{Actor, Origin, RequestId, Writer};
use crate::http::address::TrustedProxies;
use crate::http::body::JsonBody;
use crate::http::conditional::private_json;
use crate::http::params::{NoParams, Query};
use crate::http::routes::BodySize;
use crate::problem::{INTERNAL, INVALID_CREDENTIALS, Problem, ProblemDocument, UNAUTHENTICATED};
use crate::validation::Violations;

crate::operations! {
    self::login (BodySize::UpTo(4 * 1024)),
    self::refresh (BodySize::UpTo(4 * 1024)),
    self::logout (BodySize::UpTo(4 * 1024)),
    self::me,
}

/// What a person signs in with.
#[derive(Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"email": "desk@example.com", "password": "correct horse battery"}))]
pub struct Credentials {
    /// E-mail address, in any case.
    email: String,
    /// Password.
    #[schema(format = Password)]
    password: String,
}

/// A refresh token.
#[derive(Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "dr_k3J…"}))]
pub struct RefreshToken {
    /// As it was answered by login or the last refresh.
    refresh_token: String,
}

/// How an access token is sent.
#[derive(ToSchema)]
pub enum TokenType {
    /// In `Authorization: Bearer`.
    Bearer,
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJhbGciOiJIUzI1NiIs…", "token_type": "Bearer",
    "expires_in": 900, "refresh_token": "dr_k3J…"
}))]
pub struct Tokens {
    /// A JWT for `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(value_type = TokenType, inline)]
    token_type: &'static str,
    /// Seconds for which the access token is valid.
    expires_in: u64,
    /// Good for one call of refresh. Using it again more than 10 seconds later ends the session.
    refresh_token: String,
}

/// What a token stands for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallerKind {
    /// A person who signed in.
    User,
    /// A tool with an API token.
    Token,
}

/// Who the token of a request stands for.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "kind": "user", "email": "desk@example.com",
    "name": "Desk", "role": "editor", "rights": ["articles:read", "articles:write"]
}))]
pub struct Me {
    /// The user's or the token's id.
    id: Id,
    /// What they are.
    kind: CallerKind,
    /// A user's e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<String>,
    /// A user's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// A user's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role: Option<Role>,
    /// What they may do.
    rights: Vec<Right>,
}

/// Most characters that are kept of what a client calls itself.
const MOST_OF_USER_AGENT: usize = 200;

pub(super) fn busy(_: password::Busy) -> Problem {
    Problem::unavailable("Too many people are signing in just now.")
}

pub(super) fn too_many(wait: Duration) -> Problem {
    Problem::rate_limited("Too many attempts to sign in.", wait)
}

/// What is sent to sign in, read only when its address may try once more.
#[derive(Debug)]
pub struct Throttled<T>(pub T);

impl<T: FromRequest<Error = Problem> + 'static> FromRequest for Throttled<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let throttle = request.app_data::<Data<LoginThrottle>>();
        let proxies = request.app_data::<Data<TrustedProxies>>();
        let may = match (throttle, proxies) {
            (Some(throttle), Some(proxies)) => {
                throttle.attempt(proxies.client(request)).map_err(too_many)
            }
            _ => Err(Problem::unavailable("The server is starting.")),
        };
        let sent = T::from_request(request, payload);
        Box::pin(async move {
            may?;
            sent.await.map(Self)
        })
    }
}

pub(super) fn tokens(
    signer: &Signer,
    session: Session,
    refresh_token: String,
) -> Result<HttpResponse, Problem> {
    let access_token = signer.issue(session).map_err(|error| {
        tracing::error!(%error, "an access token could not be signed");
        Problem::new(&INTERNAL, INTERNAL.meaning)
    })?;
    Ok(private_json(
        HttpResponse::Ok(),
        &Tokens {
            access_token,
            token_type: "Bearer",
            expires_in: LIFETIME.as_secs(),
            refresh_token,
        },
    ))
}

/// Sign in
///
/// Returns a short-lived access token and a refresh token. Attempts are limited per address, and per account from each address.
#[utoipa::path(
    post, path = "/v1/auth/login", operation_id = "login", tag = "auth",
    request_body = Credentials,
    responses(
        (status = 200, description = "Signed in.", body = Tokens),
        (status = 401, description = "Wrong e-mail address or password.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many attempts.", body = ProblemDocument, content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds to wait."))),
    )
)]
#[expect(
    clippy::too_many_arguments,
    reason = "each is something of its own that actix extracts"
)]
pub async fn login(
    request: HttpRequest,
    request_id: RequestId,
    database: Data<Database>,
    writer: Data<Writer>,
    signer: Data<Signer>,
    throttle: Data<LoginThrottle>,
    proxies: Data<TrustedProxies>,
    _: Query<NoParams>,
    Throttled(JsonBody(credentials)): Throttled<JsonBody<Credentials>>,
) -> Result<HttpResponse, Problem> {
    let email = users::normalise_email(&credentials.email);
    // An address longer than any user's would only fill the throttle's memory.
    let account: String = email.chars().take(254).collect();
    let address = proxies.client(&request);
    throttle
        .attempt_account(&account, address)
        .map_err(too_many)?;
    let user = database
        .read(move |connection| users::find_by_email(connection, &email))
        .await?
        .filter(|user| user.disabled_at.is_none());
    let hash = user
        .as_ref()
        .and_then(|user| user.password_hash())
        .map(str::to_owned);
    let matches = password::verify(credentials.password, hash.clone())
        .await
        .map_err(busy)?;
    if let Some(user) = user.as_ref().filter(|_| !matches) {
        note_failure(&throttle, &writer, request_id, user.id);
    }
    let (Some(user), Some(hash)) = (user.filter(|_| matches), hash) else {
        return Err(wrong_credentials());
    };
    let id = user.id;
    let user_agent = user_agent(&request);
    let begun = writer
        .change(
            origin(id, request_id),
            move |change| access::sign_in(change, id, &hash, user_agent.as_deref()),
            |_, begun| Ok(begun),
        )
        .await?;
    // Somebody has changed the password or disabled the account since it was read.
    let (session, refresh_token) = begun.ok_or_else(wrong_credentials)?;
    throttle.signed_in(&account, address);
    tokens(&signer, session, refresh_token)
}

fn wrong_credentials() -> Problem {
    refused(Problem::new(
        &INVALID_CREDENTIALS,
        INVALID_CREDENTIALS.meaning,
    ))
}

/// Where a change comes from that a person makes who is not signed in yet.
pub(super) fn origin(user: Id, request: RequestId) -> Origin {
    Origin {
        actor: Actor::User(user),
        request: Some(request.0),
    }
}

/// What the client calls itself: a line of at most 200 characters.
pub(super) fn user_agent(request: &HttpRequest) -> Option<String> {
    let said = request.headers().get(header::USER_AGENT)?.to_str().ok()?;
    let said: String = said.chars().take(MOST_OF_USER_AGENT).collect();
    (!said.trim().is_empty()).then(|| said.trim().to_owned())
}

/// Puts down, in the background so that it takes no longer than for an account that does not exist, that somebody
/// gave a wrong password: once a minute for each account, however many try.
pub(super) fn note_failure(
    throttle: &LoginThrottle,
    writer: &Data<Writer>,
    request: RequestId,
    id: Id,
) {
    if !throttle.failure_is_news(id) {
        return;
    }
    let writer = writer.clone();
    let origin = server(request);
    actix_web::rt::spawn(async move {
        let noted = writer
            .change(
                origin,
                move |change| access::note_failed_sign_in(change, id),
                |_, ()| Ok(()),
            )
            .await;
        if let Err(error) = noted {
            tracing::warn!(?error, "a failed sign-in was not noted");
        }
    });
}

pub(super) fn refused(problem: Problem) -> Problem {
    problem.with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"dateline\""),
    )
}

/// Renew a session
///
/// Exchanges a refresh token for new tokens. Each can be used once, and again for 10 seconds after that:
/// two tabs of a browser may renew their session at the same moment. A later use revokes the whole session,
/// because someone else has a copy.
#[utoipa::path(
    post, path = "/v1/auth/refresh", operation_id = "refreshSession", tag = "auth",
    request_body = RefreshToken,
    responses(
        (status = 200, description = "Renewed.", body = Tokens),
        (status = 401, description = "Unknown, run out, revoked or used before.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn refresh(
    database: Data<Database>,
    writer: Data<Writer>,
    request: RequestId,
    signer: Data<Signer>,
    _: Query<NoParams>,
    JsonBody(body): JsonBody<RefreshToken>,
) -> Result<HttpResponse, Problem> {
    let token = body.refresh_token.clone();
    // What anybody may have invented takes no turn of those who write.
    let is_known = database
        .read(move |connection| sessions::is_known(connection, &token))
        .await?;
    if !is_known {
        return Err(unknown_refresh_token());
    }
    let refreshed = writer
        .change(
            server(request),
            move |change| sessions::refresh(change, &body.refresh_token),
            |_, refreshed| Ok(refreshed),
        )
        .await?;
    match refreshed {
        Refreshed::Renewed { token, session } => tokens(&signer, session, token),
        Refreshed::Refused => Err(unknown_refresh_token()),
    }
}

/// Where a change comes from that nobody has proven to ask for.
pub(super) fn server(request: RequestId) -> Origin {
    Origin {
        actor: Actor::System,
        request: Some(request.0),
    }
}

fn unknown_refresh_token() -> Problem {
    refused(Problem::new(
        &UNAUTHENTICATED,
        "The refresh token is unknown, has run out, or was used before.",
    ))
}

/// Sign out
///
/// Revokes the session that the refresh token belongs to. Unknown tokens are no error.
#[utoipa::path(
    post, path = "/v1/auth/logout", operation_id = "logout", tag = "auth",
    request_body = RefreshToken,
    responses((status = 204, description = "Signed out."))
)]
pub async fn logout(
    database: Data<Database>,
    writer: Data<Writer>,
    request: RequestId,
    _: Query<NoParams>,
    JsonBody(body): JsonBody<RefreshToken>,
) -> Result<HttpResponse, Problem> {
    let token = body.refresh_token.clone();
    let is_known = database
        .read(move |connection| sessions::is_known(connection, &token))
        .await?;
    if is_known {
        writer
            .change(
                server(request),
                move |change| sessions::end(change, &body.refresh_token),
                |_, ()| Ok(()),
            )
            .await?;
    }
    Ok(HttpResponse::build(StatusCode::NO_CONTENT)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}

/// Who am I
///
/// The user or API token that the request's bearer token stands for, and what it may do.
#[utoipa::path(
    get, path = "/v1/auth/me", operation_id = "getMe", tag = "auth",
    security(("bearer" = [])),
    responses((status = 200, description = "The caller.", body = Me))
)]
pub async fn me(
    SignedIn(caller): SignedIn,
    database: Data<Database>,
    _: Query<NoParams>,
) -> Result<HttpResponse, Problem> {
    let rights = Right::ALL
        .iter()
        .copied()
        .filter(|right| caller.may(*right))
        .collect();
    let me = match caller {
        Caller::Tool { id, .. } => Me {
            id,
            kind: CallerKind::Token,
            email: None,
            name: None,
            role: None,
            rights,
        },
        model::Caller::User { id, .. } => {
            let user = database
                .read(move |connection| users::find(connection, id))
                .await
                .map_err(|error| match error {
                    // Deleted since the token was issued.
                    StoreError::NotFound => refused(Problem::new(
                        &UNAUTHENTICATED,
                        "The user does not exist any more.",
                    )),
                    error => error.into(),
                })?;
            Me {
                id,
                kind: CallerKind::User,
                role: Some(user.role()?),
                email: Some(user.email),
                name: Some(user.name),
                rights,
            }
        }
    };
    Ok(private_json(HttpResponse::Ok(), &me))
}
