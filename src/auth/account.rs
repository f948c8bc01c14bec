//! The handlers of `/v1/auth` for one's own account: joining by a link, the password, sessions.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::guard::OwnSession;
use super::jwt::Signer;
use super::password;
use super::person::{Acceptance, PasswordChange, SignIns};
use super::session::{
    Throttled, Tokens, busy, note_failure, origin, refused, tokens, too_many, user_agent,
};
use super::store::links::{self, LinkState};
use super::store::{access, sessions, users};
use super::throttle::LoginThrottle;
use crate::db::Database;
use crate::events::{RequestId, Writer};
use crate::http::address::TrustedProxies;
use crate::http::body::JsonBody;
use crate::http::conditional::{gone, private_json};
use crate::http::params::{NoParams, Query};
use crate::http::path::IdPath;
use crate::http::routes::BodySize;
use crate::problem::{Problem, ProblemDocument, UNAUTHENTICATED};
use crate::validation::Violation;

crate::operations! {
    self::accept_invitation (BodySize::UpTo(4 * 1024)),
    self::change_password (BodySize::UpTo(4 * 1024)),
    self::list_sessions,
    self::end_other_sessions,
    self::end_session,
}

/// What is wrong with a link, for whoever holds it: they know its token, so this tells nobody whose it is.
fn unusable(state: LinkState) -> Problem {
    let detail = match state {
        LinkState::Open(_) | LinkState::Unknown => {
            "The link is not known here. Copy all of it, or ask for another one."
        }
        LinkState::Expired => "The link has expired. Ask for another one.",
        LinkState::Used => {
            "The link was used already. Sign in with the password that was set, or ask for another link."
        }
        LinkState::Withdrawn => {
            "The link is not good any more: there is a newer one, or the account was changed. Ask for another one."
        }
    };
    refused(Problem::new(&UNAUTHENTICATED, detail))
}

/// Set a password by a link, and sign in
///
/// By an invitation or a link to reset a password. The link is good once; all other sessions of the person end. Attempts
/// are limited per address.
#[utoipa::path(
    post, path = "/v1/auth/invitations/accept", operation_id = "acceptInvitation", tag = "auth",
    request_body = Acceptance,
    responses(
        (status = 200, description = "The password is set, and they are signed in.", body = Tokens),
        (status = 401, description = "The link is unknown, has expired, was used, or there is a newer one.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many attempts.", body = ProblemDocument, content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds to wait."))),
    )
)]
pub async fn accept_invitation(
    request: HttpRequest,
    request_id: RequestId,
    database: Data<Database>,
    writer: Data<Writer>,
    signer: Data<Signer>,
    _: Query<NoParams>,
    Throttled(JsonBody(acceptance)): Throttled<JsonBody<Acceptance>>,
) -> Result<HttpResponse, Problem> {
    let token = acceptance.token.clone();
    // What anybody may have invented takes no turn of those who hash and write.
    let state = database
        .read(move |connection| links::state(connection, &token))
        .await?;
    let LinkState::Open(id) = state else {
        return Err(unusable(state));
    };
    let hash = password::hash_apart(acceptance.password.into_string())
        .await
        .map_err(busy)?;
    let user_agent = user_agent(&request);
    let token = acceptance.token;
    let accepted = writer
        .change(
            origin(id, request_id),
            move |change| access::accept(change, id, &token, &hash, user_agent.as_deref()),
            |_, accepted| Ok(accepted),
        )
        .await?;
    let (session, refresh_token) = accepted.map_err(unusable)?;
    tokens(&signer, session, refresh_token)
}

/// Change one's own password
///
/// All other sessions end; this one goes on. Links to reset the password are good no more. Attempts are limited as those
/// to sign in are.
#[utoipa::path(
    post, path = "/v1/auth/password", operation_id = "changePassword", tag = "auth",
    security(("bearer" = [])), request_body = PasswordChange,
    responses(
        (status = 204, description = "Changed."),
        (status = 429, description = "Too many attempts.", body = ProblemDocument, content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds to wait."))),
    )
)]
#[expect(
    clippy::too_many_arguments,
    reason = "each is something of its own that actix extracts"
)]
pub async fn change_password(
    OwnSession(session): OwnSession,
    request: HttpRequest,
    request_id: RequestId,
    database: Data<Database>,
    writer: Data<Writer>,
    throttle: Data<LoginThrottle>,
    proxies: Data<TrustedProxies>,
    _: Query<NoParams>,
    Throttled(JsonBody(change)): Throttled<JsonBody<PasswordChange>>,
) -> Result<HttpResponse, Problem> {
    let id = session.user;
    let user = database
        .read(move |connection| users::find(connection, id))
        .await?;
    throttle
        .attempt_account(&user.email, proxies.client(&request))
        .map_err(too_many)?;
    let proven = user.password_hash().unwrap_or_default().to_owned();
    let matches = password::verify(change.current_password, Some(proven.clone()))
        .await
        .map_err(busy)?;
    if !matches {
        note_failure(&throttle, &writer, request_id, id);
        let detail = "is not the password of this account";
        let wrong = Violation::new("/current_password", "wrong_password", detail);
        return Err(Problem::validation(wrong.into()));
    }
    let hash = password::hash_apart(change.new_password.into_string())
        .await
        .map_err(busy)?;
    writer
        .change(
            origin(id, request_id),
            move |change| access::change_own_password(change, session, &proven, &hash),
            |_, ()| Ok(()),
        )
        .await?;
    Ok(gone())
}

/// List one's own sessions
///
/// Those used last first. No addresses: they are not kept.
#[utoipa::path(
    get, path = "/v1/auth/sessions", operation_id = "listSessions", tag = "auth",
    security(("bearer" = [])),
    responses((status = 200, description = "The sessions that go on.", body = SignIns))
)]
pub async fn list_sessions(
    OwnSession(own): OwnSession,
    database: Data<Database>,
    _: Query<NoParams>,
) -> Result<HttpResponse, Problem> {
    let data = database
        .read(move |connection| sessions::list(connection, own.user, Some(own.id)))
        .await?;
    Ok(private_json(HttpResponse::Ok(), &SignIns { data }))
}

/// Sign out everywhere else
///
/// Ends all of one's own sessions but the one that asks.
#[utoipa::path(
    delete, path = "/v1/auth/sessions", operation_id = "endOtherSessions", tag = "auth",
    security(("bearer" = [])),
    responses((status = 204, description = "They have ended."))
)]
pub async fn end_other_sessions(
    OwnSession(own): OwnSession,
    request: RequestId,
    writer: Data<Writer>,
    _: Query<NoParams>,
) -> Result<HttpResponse, Problem> {
    writer
        .change(
            origin(own.user, request),
            move |change| access::revoke_other_sessions(change, own),
            |_, ()| Ok(()),
        )
        .await?;
    Ok(gone())
}

/// End one of one's own sessions
///
/// Its access token is refused from the next request on, whichever server is asked.
#[utoipa::path(
    delete, path = "/v1/auth/sessions/{id}", operation_id = "endSession", tag = "auth",
    security(("bearer" = [])), params(IdPath),
    responses((status = 204, description = "It has ended."))
)]
pub async fn end_session(
    OwnSession(own): OwnSession,
    IdPath(id): IdPath,
    request: RequestId,
    writer: Data<Writer>,
    _: Query<NoParams>,
) -> Result<HttpResponse, Problem> {
    writer
        .change(
            origin(own.user, request),
            move |change| access::revoke_own_session(change, own, id),
            |_, ()| Ok(()),
        )
        .await?;
    Ok(gone())
}
