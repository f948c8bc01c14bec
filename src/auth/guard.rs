//! The right that a handler needs is in its signature: `Allowed<ArticlesPublish>`. Nobody can
//! forget it, and the reader sees it.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::denials;
use super::jwt::{Session, Signer};
use super::model::{Caller, Right};
use super::secret::{API_TOKEN_PREFIX, digest};
use super::store::{sessions, tokens};
use crate::db::{Database, StoreError, Timestamp};
use crate::problem::{FORBIDDEN, Problem, UNAUTHENTICATED};

/// A type that stands for a right in a signature.
pub trait Requires: 'static {
    /// The right.
    const RIGHT: Right;
}

macro_rules! requirements {
    ($($name:ident),*) => {
        $(
            #[doc = concat!("Requires [`Right::", stringify!($name), "`].")]
            #[derive(Debug)]
            pub struct $name;

            impl Requires for $name {
                const RIGHT: Right = Right::$name;
            }
        )*
    };
}

requirements!(
    ArticlesRead,
    ArticlesWrite,
    ArticlesPublish,
    TagsWrite,
    AuthorsWrite,
    CollectionsRead,
    CollectionsWrite,
    MediaRead,
    MediaWrite,
    SharesWrite,
    PeopleManage,
    TokensManage,
    WebhooksManage,
    AuditRead,
    ArticlesDelete
);

/// A caller who has the right `R`, and what they sent: 401 without a valid token, 403 without the
/// right. `T` is only read once the right is proven, so that a stranger learns nothing of what a
/// body should look like.
#[derive(Debug)]
pub struct Allowed<R: Requires, T = ()>(pub Caller, pub T, pub PhantomData<R>);

impl<R: Requires, T: FromRequest + 'static> FromRequest for Allowed<R, T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let caller = caller(&request).await?;
            let is_allowed = caller.may(R::RIGHT);
            denials::watch(&request, &caller, (!is_allowed).then_some(R::RIGHT));
            if !is_allowed {
                return Err(Problem::new(
                    &FORBIDDEN,
                    format!("This needs the right {}.", R::RIGHT),
                )
                .into());
            }
            let sent = T::from_request(&request, &mut payload)
                .await
                .map_err(Into::into)?;
            Ok(Self(caller, sent, PhantomData))
        })
    }
}

/// Any caller with a valid token: 401 without one.
#[derive(Debug)]
pub struct SignedIn(pub Caller);

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = caller(request);
        Box::pin(async move { caller.await.map(Self) })
    }
}

/// A person, signed in, with the session that the request belongs to: 401 without a valid token, 403 for a tool's.
#[derive(Debug)]
pub struct OwnSession(pub Session);

impl FromRequest for OwnSession {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let session = bearer(request).and_then(|token| {
            let signer = request.app_data::<Data<Signer>>()?;
            signer.verify(&token)
        });
        let caller = caller(request);
        Box::pin(async move {
            match (caller.await?, session) {
                (Caller::User { .. }, Some(session)) => Ok(Self(session)),
                _ => Err(Problem::new(
                    &FORBIDDEN,
                    "This is for people who signed in: API tokens have no password and no sessions.",
                )),
            }
        })
    }
}

/// 401 as RFC 6750 wants it: `error` only where a token was sent.
fn unauthenticated(detail: &str, sent: bool) -> Problem {
    let challenge = if sent {
        "Bearer realm=\"dateline\", error=\"invalid_token\""
    } else {
        "Bearer realm=\"dateline\""
    };
    Problem::new(&UNAUTHENTICATED, detail).with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(challenge),
    )
}

fn bearer(request: &HttpRequest) -> Option<String> {
    let value = request
        .headers()
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim().to_owned())
}

fn caller(request: &HttpRequest) -> impl Future<Output = Result<Caller, Problem>> + use<> {
    let token = bearer(request);
    let signer = request.app_data::<Data<Signer>>().cloned();
    let database = request.app_data::<Data<Database>>().cloned();
    async move {
        let (Some(signer), Some(database)) = (signer, database) else {
            return Err(Problem::unavailable("The server is starting."));
        };
        let Some(token) = token else {
            return Err(unauthenticated(
                "Send Authorization: Bearer with an access token or an API token.",
                false,
            ));
        };
        let caller = if token.starts_with(API_TOKEN_PREFIX) {
            tool(&database, &token).await?
        } else {
            match signer.verify(&token) {
                Some(session) => user(&database, session).await?,
                None => None,
            }
        };
        caller.ok_or_else(|| {
            unauthenticated("The token is unknown, has run out, or was revoked.", true)
        })
    }
}

async fn user(database: &Data<Database>, session: Session) -> Result<Option<Caller>, Problem> {
    let role = database
        .read(move |connection| sessions::role_in(connection, session))
        .await?;
    Ok(role.map(|role| Caller::User {
        id: session.user,
        role,
    }))
}

async fn tool(database: &Data<Database>, token: &str) -> Result<Option<Caller>, Problem> {
    let digest = digest(token);
    let found = database
        .read(move |connection| tokens::find(connection, &digest))
        .await;
    let token = match found {
        Ok(token) if token.is_valid() => token,
        Ok(_) | Err(StoreError::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let minute_ago = Timestamp::now().plus(chrono::Duration::minutes(-1));
    if token.last_used_at.is_none_or(|used| used < minute_ago) {
        let (database, id) = (database.clone(), token.id);
        actix_web::rt::spawn(async move {
            let noted = database
                .write(move |connection| tokens::touch(connection, id))
                .await;
            if let Err(error) = noted {
                tracing::warn!(?error, "the use of an API token was not noted");
            }
        });
    }
    Ok(Some(Caller::Tool {
        id: token.id,
        scopes: token.scopes(),
    }))
}
