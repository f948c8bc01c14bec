//! What browsers bring to `/v1/auth/oidc`, and where they are sent.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use url::Url;
use utoipa::IntoParams;

use super::provider::Provider;
use super::settings::ProviderName;
use super::state::{Browser, LIFETIME, MOST_RETURN_TO, StateKey, is_challenge};
use crate::http::cors::EditorialOrigins;
use crate::http::params::{FromParams, Params};
use crate::http::path::in_path;
use crate::problem::Problem;

/// Where a browser's secret is kept. With TLS it cannot be set by a page of a neighbouring host (`__Host-`, RFC 6265bis,
/// section 4.1.3.2).
const COOKIE: &str = "dateline-sign-in";
const SECURE_COOKIE: &str = "__Host-dateline-sign-in";

/// Parameters with which a page is told how a sign-in ended.
const TOLD: [&str; 3] = ["code", "error", "error_description"];

/// The newsroom's identity provider, when it has one, and the key of sign-ins by it.
pub struct SignInService {
    /// The provider.
    pub provider: Provider,
    /// Signs what goes with browsers.
    pub key: StateKey,
}

/// The service of the whole server; `None` without a provider.
#[derive(Clone, Default)]
pub struct IdentityProvider(pub Option<Arc<SignInService>>);

/// `{provider}` of the path: the provider that the newsroom has; 404 for every other.
#[derive(IntoParams)]
#[into_params(names("provider"), parameter_in = Path)]
pub struct Named(
    /// The name that the newsroom gave its identity provider.
    #[param(value_type = String, example = "sso")]
    pub Arc<SignInService>,
);

impl FromRequest for Named {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let service = request.app_data::<Data<IdentityProvider>>();
        let service = service.and_then(|service| service.0.clone());
        let name = in_path::<ProviderName>(request, "provider");
        let named = name.and_then(|name| {
            let is_named = |service: &Arc<SignInService>| service.provider.settings.name == name;
            service.filter(is_named).ok_or_else(Problem::not_found)
        });
        ready(named.map(Self))
    }
}

/// Parameters of the beginning of a sign-in.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StartParams {
    /// Where the browser is sent in the end, of one of `--editorial-origins`. What it has behind `?` stays.
    #[param(value_type = String, max_length = 1000, example = "https://desk.example/signed-in")]
    return_to: Option<String>,
    /// SHA-256, in base64url, of a random text that only this client knows (RFC 7636, S256): nobody else exchanges the code.
    #[param(
        value_type = String, min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{43}$",
        example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )]
    code_challenge: Option<String>,
}

impl FromParams for StartParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            return_to: params.text("return_to")?,
            code_challenge: params.text("code_challenge")?,
        })
    }
}

impl StartParams {
    /// The challenge.
    ///
    /// # Errors
    /// `invalid-parameter` when it is none.
    pub fn challenge(&self) -> Result<&str, Problem> {
        let challenge = self.code_challenge.as_deref().unwrap_or_default();
        if !is_challenge(challenge) {
            let reason = "is required: SHA-256 of the client's code_verifier, in base64url without padding (RFC 7636)";
            return Err(Problem::parameter("code_challenge", reason));
        }
        Ok(challenge)
    }

    /// The page to return to.
    ///
    /// # Errors
    /// `invalid-parameter` unless it is a page of an editorial origin.
    pub fn return_to(&self, origins: &EditorialOrigins) -> Result<Url, Problem> {
        let wrong = |reason: &str| Problem::parameter("return_to", reason);
        let text = self.return_to.as_deref().unwrap_or_default();
        if text.is_empty() {
            return Err(wrong("is required: the page to return to"));
        }
        let url = allowed(text, origins).ok_or_else(|| {
            wrong("must be the http or https URL of a page of --editorial-origins, without a user and without #")
        })?;
        if url.as_str().len() > MOST_RETURN_TO {
            let reason = format!("must have at most {MOST_RETURN_TO} bytes");
            return Err(wrong(&reason));
        }
        if url.query_pairs().any(|(name, _)| TOLD.contains(&&*name)) {
            return Err(wrong(
                "must not have code, error or error_description of its own",
            ));
        }
        Ok(url)
    }
}

/// A page to which browsers may be sent: of an editorial origin. It is sent as it is read here, so that a browser reads
/// the same origin in it.
pub fn allowed(text: &str, origins: &EditorialOrigins) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_plain =
        url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let origin = url.origin().ascii_serialization();
    let is_listed = origins.0.contains(&origin) && matches!(url.scheme(), "http" | "https");
    (is_plain && is_listed).then_some(url)
}

/// What the provider sends back with the browser (RFC 6749, section 4.1.2; RFC 9207). Parameters that are not known are
/// ignored, as that section demands.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallbackParams {
    /// What went with the browser.
    #[param(nullable = false)]
    pub state: Option<String>,
    /// The provider's code.
    #[param(nullable = false)]
    pub code: Option<String>,
    /// Why there is none.
    #[param(nullable = false)]
    pub error: Option<String>,
    /// The provider's issuer.
    #[param(nullable = false)]
    pub iss: Option<String>,
}

impl FromRequest for CallbackParams {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request.query_string()))
    }
}

impl CallbackParams {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut read = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "state" => &mut read.state,
                "code" => &mut read.code,
                "error" => &mut read.error,
                "iss" => &mut read.iss,
                _ => continue,
            };
            // RFC 6749, section 3.1.
            if place.replace(value.into_owned()).is_some() {
                return Err(Problem::parameter(&name, "may stand only once"));
            }
        }
        Ok(read)
    }
}

/// The browser that its cookie says it is.
pub fn browser_of(headers: &HeaderMap, is_secure: bool) -> Option<Browser> {
    let name = if is_secure { SECURE_COOKIE } else { COOKIE };
    let cookies = headers.get_all(header::COOKIE);
    cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .find_map(|(_, value)| Browser::from_cookie(value))
}

/// The cookie of a browser, for as long as it may take at the provider. `Lax`: it comes along when the provider sends the
/// browser back, and with nothing that another site's page loads.
pub fn cookie_of(browser: &Browser, is_secure: bool) -> HeaderValue {
    let value = browser.cookie();
    let cookie = match is_secure {
        true => format!(
            "{SECURE_COOKIE}={value}; Path=/; Max-Age={LIFETIME}; Secure; HttpOnly; SameSite=Lax"
        ),
        false => format!("{COOKIE}={value}; Path=/; Max-Age={LIFETIME}; HttpOnly; SameSite=Lax"),
    };
    HeaderValue::try_from(cookie).expect("base64url and plain words")
}

/// Sends a browser elsewhere. Nothing keeps the response, and the address that it came from, which has a code in it, is
/// told to nobody.
pub fn redirect(to: &str) -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, to))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .finish()
}

/// Sends a browser back to the page that it came from, which is told how it ended.
pub fn back_to(page: &Url, told: &[(&str, &str)]) -> HttpResponse {
    let mut url = page.clone();
    url.query_pairs_mut().extend_pairs(told);
    redirect(url.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_editorial_origins_are_returned_to() {
        let origins = EditorialOrigins(vec![
            "https://desk.example".into(),
            "http://localhost:3000".into(),
        ]);
        for (page, read) in [
            ("https://desk.example", "https://desk.example/"),
            (
                "https://DESK.example:443/a?b=c",
                "https://desk.example/a?b=c",
            ),
            ("http://localhost:3000/in", "http://localhost:3000/in"),
            ("https:\\\\desk.example\\a", "https://desk.example/a"),
        ] {
            let url = allowed(page, &origins).unwrap();
            assert_eq!(url.as_str(), read, "{page}");
        }
        for other in [
            "",
            "/in",
            "//desk.example/in",
            "desk.example",
            "http://desk.example/in",
            "https://desk.example:8443/in",
            "https://desk.example.other.example/in",
            "https://other.example/https://desk.example",
            "https://desk.example@other.example/in",
            "https://other.example\\@desk.example/in",
            "https://user@desk.example/in",
            "https://user:secret@desk.example/in",
            "https://desk.example/in#there",
            "https://localhost:3000/in",
            "javascript:alert(1)//desk.example",
            "data:text/html,desk.example",
            "blob:https://desk.example/0",
            "null",
        ] {
            assert!(allowed(other, &origins).is_none(), "{other}");
        }
    }

    #[test]
    fn a_callback_ignores_what_it_does_not_know() {
        let read = |query: &str| CallbackParams::read(query);
        let params = read("code=a%20b&scope=openid&state=c&session_state=d&hd=e").unwrap();
        assert_eq!(params.code.as_deref(), Some("a b"));
        assert_eq!(params.state.as_deref(), Some("c"));
        assert!(read("state=a&state=b").is_err());
        assert!(read("code=a&code=a").is_err());
        assert!(read("").unwrap().state.is_none());
    }

    #[test]
    fn a_browser_is_found_among_other_cookies() {
        let (browser, other) = (Browser::generate(), Browser::generate());
        let mut headers = HeaderMap::new();
        let cookie = format!(
            "a=b; {COOKIE}={}; {SECURE_COOKIE}={}",
            other.cookie(),
            browser.cookie()
        );
        headers.insert(header::COOKIE, HeaderValue::try_from(cookie).unwrap());
        assert!(browser_of(&headers, true) == Some(browser.clone()));
        assert!(browser_of(&headers, false) == Some(other));
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("dateline-sign-in=x; b"),
        );
        assert!(browser_of(&headers, false).is_none());
        let cookie = cookie_of(&browser, true);
        let cookie = cookie.to_str().unwrap();
        for part in [
            "__Host-",
            "Secure",
            "HttpOnly",
            "SameSite=Lax",
            "Path=/;",
            "Max-Age=600",
        ] {
            assert!(cookie.contains(part), "{cookie}");
        }
    }
}
