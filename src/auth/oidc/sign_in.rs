//! The handlers of `/v1/auth/oidc`: a browser goes to the provider and comes back, and a client is given tokens.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::Utc;
use deserr::Deserr;
use utoipa::ToSchema;

use super::account::Account;
use super::browser::{
    CallbackParams, IdentityProvider, Named, SignInService, StartParams, allowed, back_to,
    browser_of, cookie_of, redirect,
};
use super::failure::{Failure, NOT_THIS_BROWSER, PROVIDER_FAILED};
use super::provider::{AuthenticationRequest, ProviderError};
use super::state::{self, Browser, State};
use crate::auth::jwt::Signer;
use crate::auth::session::{Throttled, Tokens, refused, server, tokens, user_agent};
use crate::auth::store::identities;
use crate::auth::store::provider_sign_ins;
use crate::auth::throttle::LoginThrottle;
use crate::db::Database;
use crate::events::{RequestId, Writer};
use crate::http::body::JsonBody;
use crate::http::cors::EditorialOrigins;
use crate::http::params::{NoParams, Query};
use crate::http::routes::BodySize;
use crate::problem::{Problem, ProblemDocument, UNAUTHENTICATED, UNAVAILABLE};
use crate::validation::Violations;

crate::operations! {
    self::start_sign_in,
    self::finish_sign_in,
    self::exchange_sign_in_code (BodySize::UpTo(4 * 1024)),
}

/// Seconds after which somebody may try again while the provider is away.
const TRY_AGAIN: u16 = 10;

fn unavailable(error: &ProviderError) -> Problem {
    tracing::warn!(%error, "nobody can sign in by the identity provider");
    Problem::new(
        &UNAVAILABLE,
        "The identity provider is away, or does not answer as it should.",
    )
    .with_header(header::RETRY_AFTER, HeaderValue::from(TRY_AGAIN))
}

/// Begin to sign in by the identity provider
///
/// For a browser, not for a script: it is sent to the newsroom's identity provider (OpenID Connect) and has ten minutes to
/// come back. Then it is sent to `return_to` with a `code`, which the client exchanges within a minute; or with `error`
/// and `error_description` (RFC 6749, section 4.1.2.1). Attempts are limited per address as those to sign in are.
#[utoipa::path(
    get, path = "/v1/auth/oidc/{provider}/start", operation_id = "startSignIn", tag = "auth",
    params(Named, StartParams),
    responses(
        (status = 302, description = "To the identity provider.", headers(("Location" = String), ("Set-Cookie" = String, description = "Ties the sign-in to this browser for ten minutes."))),
        (status = 404, description = "The newsroom has no identity provider of this name.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many attempts.", body = ProblemDocument, content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds to wait."))),
        (status = 503, description = "The identity provider is away.", body = ProblemDocument, content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds to wait."))),
    )
)]
pub async fn start_sign_in(
    Named(service): Named,
    request: HttpRequest,
    origins: Data<EditorialOrigins>,
    Throttled(Query(params)): Throttled<Query<StartParams>>,
) -> Result<HttpResponse, Problem> {
    let challenge = params.challenge()?;
    let return_to = params.return_to(&origins)?;
    let is_secure = service.provider.settings.is_secure();
    // Sign-ins of several tabs are of one browser.
    let browser = browser_of(request.headers(), is_secure).unwrap_or_else(Browser::generate);
    let now = Utc::now().timestamp();
    let (begun, text) = service
        .key
        .begin(&browser, challenge, return_to.as_str(), now);
    let address = service
        .provider
        .address(&AuthenticationRequest {
            state: &text,
            nonce: &service.key.nonce(&begun),
            code_challenge: &state::challenge(&service.key.verifier(&begun, &browser)),
        })
        .await
        .map_err(|error| unavailable(&error))?;
    let mut response = redirect(&address);
    let cookie = cookie_of(&browser, is_secure);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Come back from the identity provider
///
/// Only the provider sends browsers here. They are sent on to the page that they came from, with a `code` or an `error`.
/// What the provider sends besides is ignored.
#[utoipa::path(
    get, path = "/v1/auth/oidc/{provider}/callback", operation_id = "finishSignIn", tag = "auth",
    params(Named, CallbackParams),
    responses(
        (status = 302, description = "To the page that the browser came from.", headers(("Location" = String))),
        (status = 400, description = "This server did not send the browser, so that it knows no page to return to.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "The newsroom has no identity provider of this name.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[expect(
    clippy::too_many_arguments,
    reason = "each is something of its own that actix extracts"
)]
pub async fn finish_sign_in(
    Named(service): Named,
    params: CallbackParams,
    request: HttpRequest,
    request_id: RequestId,
    origins: Data<EditorialOrigins>,
    database: Data<Database>,
    writer: Data<Writer>,
    throttle: Data<LoginThrottle>,
) -> Result<HttpResponse, Problem> {
    let begun = params
        .state
        .as_deref()
        .and_then(|text| service.key.open(text));
    // Origins may have been taken off the list since.
    let known = begun.and_then(|begun| Some((allowed(&begun.return_to, &origins)?, begun)));
    let Some((page, begun)) = known else {
        let reason = "was not made by this server; begin to sign in again where you came from";
        return Err(Problem::parameter("state", reason));
    };
    let browser = browser_of(request.headers(), service.provider.settings.is_secure());
    let arrival = Arrival {
        service: &service,
        begun,
        browser,
        params,
    };
    let code = match arrival.account(&database).await {
        Ok(account) => {
            let entry = arrival.enter(&writer, &throttle, request_id, account);
            entry.await
        }
        Err(failure) => Err(failure),
    };
    Ok(match code {
        Ok(code) => back_to(&page, &[("code", &code)]),
        Err(Failure(error, sentence)) => {
            back_to(&page, &[("error", error), ("error_description", sentence)])
        }
    })
}

/// A browser that came back.
struct Arrival<'a> {
    service: &'a SignInService,
    begun: State,
    browser: Option<Browser>,
    params: CallbackParams,
}

impl Arrival<'_> {
    /// Who the provider says it is. The state is used by then, whatever comes of it.
    async fn account(&self, database: &Database) -> Result<Account, Failure> {
        let now = Utc::now().timestamp();
        let browser = self.browser.as_ref();
        let browser = browser.filter(|browser| self.begun.is_good(Some(browser), now));
        let browser = browser.ok_or(NOT_THIS_BROWSER)?;
        let hash = self.begun.hash();
        let lifetime = chrono::Duration::seconds(state::LIFETIME);
        let is_first = database
            .write(move |connection| provider_sign_ins::use_state(connection, &hash, lifetime))
            .await?;
        if !is_first {
            return Err(NOT_THIS_BROWSER);
        }
        let provider = &self.service.provider;
        if !provider.sent(self.params.iss.as_deref()).await? {
            tracing::warn!("another identity provider sent a browser back");
            return Err(PROVIDER_FAILED);
        }
        if let Some(error) = &self.params.error {
            return Err(Failure::from_provider(error));
        }
        let code = self.params.code.as_deref().unwrap_or_default();
        if code.is_empty() {
            return Err(PROVIDER_FAILED);
        }
        let key = &self.service.key;
        let (verifier, nonce) = (key.verifier(&self.begun, browser), key.nonce(&self.begun));
        let now = || Utc::now().timestamp();
        let claims = provider.exchange(code, &verifier, &nonce, now).await?;
        Account::of(&claims, &provider.settings).map_err(|error| ProviderError::from(error).into())
    }

    /// Lets them in; returns the code that their client exchanges.
    async fn enter(
        &self,
        writer: &Writer,
        throttle: &LoginThrottle,
        request: RequestId,
        account: Account,
    ) -> Result<String, Failure> {
        let (hash, challenge) = (self.begun.hash(), self.begun.code_challenge.clone());
        let entering = account.clone();
        let entered = writer
            .change(
                server(request),
                move |change| match identities::enter(change, &entering)? {
                    Ok(user) => {
                        provider_sign_ins::make_code(change, &hash, &challenge, user).map(Ok)
                    }
                    Err(refused) => Ok(Err(refused)),
                },
                |_, entered| Ok(entered),
            )
            .await?;
        let refused = match entered {
            Ok(code) => return Ok(code),
            Err(refused) => refused,
        };
        let whom = refused
            .person()
            .unwrap_or_else(|| identities::id_of(&account));
        if throttle.failure_is_news(whom) {
            let noted = writer.change(
                server(request),
                move |change| identities::note_refused(change, &account, refused),
                |_, ()| Ok(()),
            );
            if let Err(error) = noted.await {
                tracing::warn!(?error, "a failed sign-in was not noted");
            }
        }
        Err(refused.into())
    }
}

/// The code of a sign-in, and the proof of who began it.
#[derive(Clone, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({
    "code": "dc_k3J…", "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
}))]
pub struct SignInCode {
    /// `code` of the address to which the browser was sent.
    code: String,
    /// The random text of which `code_challenge` was made when the sign-in began.
    #[schema(format = Password)]
    code_verifier: String,
}

/// Exchange the code of a sign-in
///
/// The last step of a sign-in by the identity provider, within a minute, by the client that began it. The code is good
/// once, also when the verifier is wrong.
#[utoipa::path(
    post, path = "/v1/auth/oidc/token", operation_id = "exchangeSignInCode", tag = "auth",
    request_body = SignInCode,
    responses(
        (status = 200, description = "Signed in.", body = Tokens),
        (status = 401, description = "The code is unknown, was used, has expired, or is another client's.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[expect(
    clippy::too_many_arguments,
    reason = "each is something of its own that actix extracts"
)]
pub async fn exchange_sign_in_code(
    request: HttpRequest,
    request_id: RequestId,
    provider: Data<IdentityProvider>,
    database: Data<Database>,
    writer: Data<Writer>,
    signer: Data<Signer>,
    _: Query<NoParams>,
    JsonBody(body): JsonBody<SignInCode>,
) -> Result<HttpResponse, Problem> {
    let code = body.code.clone();
    // What anybody may have invented takes no turn of those who write.
    let is_known = database
        .read(move |connection| provider_sign_ins::is_known(connection, &code))
        .await?;
    let Some(service) = provider.0.as_ref().filter(|_| is_known) else {
        return Err(no_code());
    };
    let name = service.provider.settings.name.clone();
    let user_agent = user_agent(&request);
    let begun = writer
        .change(
            server(request_id),
            move |change| {
                let SignInCode {
                    code,
                    code_verifier,
                } = &body;
                let (name, agent) = (name.as_str(), user_agent.as_deref());
                provider_sign_ins::redeem(change, code, code_verifier, name, agent)
            },
            |_, begun| Ok(begun),
        )
        .await?;
    let (session, refresh_token) = begun.ok_or_else(no_code)?;
    tokens(&signer, session, refresh_token)
}

fn no_code() -> Problem {
    refused(Problem::new(
        &UNAUTHENTICATED,
        "The code is unknown, was used, has expired, or belongs to another client. Begin to sign in again.",
    ))
}
