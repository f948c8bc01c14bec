//! The identity provider as it is asked: its metadata, its keys, and who somebody is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::Mutex;
use url::Url;

use super::fetch::{FetchError, Fetcher};
use super::id_token::{Claims, Expected, Untrusted, UnverifiedToken};
use super::keys::KeySet;
use super::settings::{ProviderSettings, secure_url};

/// How long metadata and keys are used before they are read again. A key that the provider took back is trusted for so
/// long.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// How often the keys may be read again at once because a token names one that is not known, and how long until it may
/// be done once more: anybody can write any name into a token.
const REFETCHES: std::num::NonZeroU32 = std::num::NonZeroU32::new(5).expect("not zero");
const REFETCH_EVERY: Duration = Duration::from_secs(30);

/// Why a provider did not say who somebody is.
#[derive(Debug, Error)]
pub enum ProviderError {
    /// It is away, or too busy.
    #[error("the identity provider is away: {0}")]
    Away(String),
    /// It does not do what it should, or refuses this server.
    #[error("the identity provider: {0}")]
    Failed(String),
    /// It does not take the code.
    #[error("the identity provider refused the code")]
    Code,
    /// Its ID token proves nothing.
    #[error("the ID token was refused: {0}")]
    Untrusted(#[from] Untrusted),
}

impl From<FetchError> for ProviderError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Away(_) | FetchError::Busy(_) => Self::Away(error.to_string()),
            FetchError::Refused(_, ref word) if word == "invalid_grant" => Self::Code,
            FetchError::Refused(..) | FetchError::Malformed(_) => Self::Failed(error.to_string()),
        }
    }
}

/// What the provider says of itself (OpenID Connect Discovery 1.0, section 3), as far as it matters here.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Refuses what another issuer says of itself, and addresses at which others could read what is sent.
    fn check(&self, settings: &ProviderSettings) -> Result<(), String> {
        let issuer = &settings.issuer;
        if self.issuer != issuer.as_str() {
            let found = crate::validation::cut(&self.issuer, 200);
            return Err(format!(
                "it calls itself \"{found}\", not \"{}\"",
                issuer.as_str()
            ));
        }
        let endpoints = [
            &self.authorization_endpoint,
            &self.token_endpoint,
            &self.jwks_uri,
        ];
        for endpoint in endpoints.into_iter().chain(&self.userinfo_endpoint) {
            let url = secure_url(endpoint, "https")?;
            if url.scheme() != "https" && !issuer.is_local() {
                return Err("one of its endpoints is not https".into());
            }
        }
        Ok(())
    }

    /// Whether a client's secret goes into the form: a provider that says nothing takes it in a header (section 3).
    fn takes_secret_in_form(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_some_and(|methods| {
            let has = |wanted: &str| methods.iter().any(|method| method == wanted);
            has("client_secret_post") && !has("client_secret_basic")
        })
    }
}

/// Something that is read from the provider when it is needed, by one at a time, and kept for a while.
struct Cached<T> {
    slot: Mutex<Option<(Instant, Arc<T>)>>,
    failures: AtomicU64,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self {
            slot: Mutex::new(None),
            failures: AtomicU64::new(0),
        }
    }
}

impl<T> Cached<T> {
    async fn get(
        &self,
        load: impl AsyncFnOnce() -> Result<T, ProviderError>,
    ) -> Result<Arc<T>, ProviderError> {
        let failures = self.failures.load(Ordering::Relaxed);
        let mut slot = self.slot.lock().await;
        if let Some((read_at, value)) = slot.as_ref()
            && read_at.elapsed() < FRESH
        {
            return Ok(Arc::clone(value));
        }
        // Those who waited while it failed do not wait once more, one after the other.
        if self.failures.load(Ordering::Relaxed) != failures {
            return Err(ProviderError::Away("it did not answer just now".into()));
        }
        self.fill(&mut slot, load).await
    }

    /// Reads it again, unless somebody has since it was `old`, or `may` says no.
    async fn again(
        &self,
        old: &Arc<T>,
        may: impl FnOnce() -> bool,
        load: impl AsyncFnOnce() -> Result<T, ProviderError>,
    ) -> Result<Arc<T>, ProviderError> {
        let mut slot = self.slot.lock().await;
        match slot.as_ref() {
            Some((_, value)) if !Arc::ptr_eq(value, old) => Ok(Arc::clone(value)),
            _ if !may() => Ok(Arc::clone(old)),
            _ => self.fill(&mut slot, load).await,
        }
    }

    async fn fill(
        &self,
        slot: &mut Option<(Instant, Arc<T>)>,
        load: impl AsyncFnOnce() -> Result<T, ProviderError>,
    ) -> Result<Arc<T>, ProviderError> {
        match load().await {
            Ok(value) => {
                let value = Arc::new(value);
                *slot = Some((Instant::now(), Arc::clone(&value)));
                Ok(value)
            }
            Err(error) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                Err(error)
            }
        }
    }
}

#[derive(Deserialize)]
struct TokenResponse {
    id_token: String,
    access_token: Option<String>,
}

/// The address to which a browser is sent, and what it says there (OpenID Connect Core 1.0, section 3.1.2.1).
#[derive(Debug, Clone, Copy)]
pub struct AuthenticationRequest<'a> {
    /// What comes back with the browser.
    pub state: &'a str,
    /// What comes back in the ID token.
    pub nonce: &'a str,
    /// The S256 challenge.
    pub code_challenge: &'a str,
}

/// The identity provider.
pub struct Provider {
    /// What the newsroom set.
    pub settings: ProviderSettings,
    fetcher: Fetcher,
    metadata: Cached<Metadata>,
    keys: Cached<KeySet>,
    refetches: DefaultDirectRateLimiter,
}

impl Provider {
    /// A provider that nothing was asked of yet: it may be away when a server starts.
    ///
    /// # Errors
    /// When TLS cannot be used on this machine.
    pub fn new(settings: ProviderSettings) -> Result<Self, reqwest::Error> {
        let quota = Quota::with_period(REFETCH_EVERY)
            .expect("not zero")
            .allow_burst(REFETCHES);
        Ok(Self {
            fetcher: Fetcher::new(settings.timeout)?,
            settings,
            metadata: Cached::default(),
            keys: Cached::default(),
            refetches: RateLimiter::direct(quota),
        })
    }

    async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        let load = async || {
            let url = self.settings.issuer.discovery_url();
            let metadata: Metadata = self.fetcher.get(&url).await?;
            metadata
                .check(&self.settings)
                .map_err(ProviderError::Failed)?;
            Ok(metadata)
        };
        self.metadata.get(load).await
    }

    async fn load_keys(&self, metadata: &Metadata) -> Result<KeySet, ProviderError> {
        let json = self.fetcher.bytes(&metadata.jwks_uri).await?;
        KeySet::read(&json).map_err(|_| ProviderError::Failed("its keys are no key set".into()))
    }

    /// Where a browser is sent to sign in.
    ///
    /// # Errors
    /// [`ProviderError::Away`], [`ProviderError::Failed`].
    pub async fn address(
        &self,
        request: &AuthenticationRequest<'_>,
    ) -> Result<String, ProviderError> {
        let metadata = self.metadata().await?;
        let mut url = Url::parse(&metadata.authorization_endpoint)
            .map_err(|_| ProviderError::Failed("its endpoint is no URL".into()))?;
        let redirect_uri = self.settings.redirect_uri();
        let mut scopes: Vec<&str> = self.settings.scopes.split_whitespace().collect();
        if !scopes.contains(&"openid") {
            scopes.insert(0, "openid");
        }
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", request.state)
            .append_pair("nonce", request.nonce)
            .append_pair("code_challenge", request.code_challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// Whether a response that came with a browser is this provider's (RFC 9207): one that says so of all must say it.
    ///
    /// # Errors
    /// [`ProviderError::Away`], [`ProviderError::Failed`].
    pub async fn sent(&self, issuer: Option<&str>) -> Result<bool, ProviderError> {
        Ok(match issuer {
            Some(issuer) => issuer == self.settings.issuer.as_str(),
            None => {
                !self
                    .metadata()
                    .await?
                    .authorization_response_iss_parameter_supported
            }
        })
    }

    /// Exchanges a code for what the provider says of somebody (OpenID Connect Core 1.0, section 3.1.3).
    ///
    /// # Errors
    /// As [`ProviderError`] says.
    pub async fn exchange(
        &self,
        code: &str,
        verifier: &str,
        nonce: &str,
        now: impl FnOnce() -> i64,
    ) -> Result<Claims, ProviderError> {
        let metadata = self.metadata().await?;
        let tokens = self.redeem(&metadata, code, verifier).await?;
        let token = UnverifiedToken::read(&tokens.id_token)?;
        let claims = self.verify(&metadata, &token).await?;
        claims.check(&Expected {
            issuer: self.settings.issuer.as_str(),
            client_id: &self.settings.client_id,
            nonce,
            now: now(),
        })?;
        self.complete(&metadata, claims, tokens.access_token).await
    }

    async fn redeem(
        &self,
        metadata: &Metadata,
        code: &str,
        verifier: &str,
    ) -> Result<TokenResponse, ProviderError> {
        let redirect_uri = self.settings.redirect_uri();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", verifier),
        ];
        let client = self.settings.client_id.as_str();
        let secret = self.settings.client_secret.as_ref();
        let credentials = match secret.map(|secret| secret.reveal()) {
            Some(secret) if metadata.takes_secret_in_form() => {
                form.extend([("client_id", client), ("client_secret", secret)]);
                None
            }
            Some(secret) => Some((client, secret)),
            None => {
                form.push(("client_id", client));
                None
            }
        };
        let endpoint = &metadata.token_endpoint;
        Ok(self.fetcher.post(endpoint, &form, credentials).await?)
    }

    /// Finds the key of a token, also when the provider changed its keys since they were read.
    async fn verify(
        &self,
        metadata: &Metadata,
        token: &UnverifiedToken<'_>,
    ) -> Result<Claims, ProviderError> {
        let load = async || self.load_keys(metadata).await;
        let mut keys = self.keys.get(load).await?;
        let id = token.key_id.as_deref();
        if keys.find(id, token.algorithm).is_none() {
            let may = || self.refetches.check().is_ok();
            keys = self.keys.again(&keys, may, load).await?;
        }
        let key = keys.find(id, token.algorithm).ok_or(Untrusted::Key)?;
        Ok(token.verify(key)?)
    }

    /// Adds what the provider says at its other endpoint only (OpenID Connect Core 1.0, section 5.3), where the ID token
    /// lacks something that decides.
    async fn complete(
        &self,
        metadata: &Metadata,
        mut claims: Claims,
        access_token: Option<String>,
    ) -> Result<Claims, ProviderError> {
        let lacks = |name: &str| !claims.0.contains_key(name);
        let lacks_groups = !self.settings.roles.is_empty() && lacks(&self.settings.groups_claim);
        let (Some(url), Some(token)) = (&metadata.userinfo_endpoint, access_token) else {
            return Ok(claims);
        };
        if !lacks("email") && !lacks_groups {
            return Ok(claims);
        }
        let more = Claims(self.fetcher.get_with(url, &token).await?);
        // What is said of somebody else is not taken (section 5.3.2).
        if more.subject()? != claims.subject()? {
            return Err(Untrusted::Subject.into());
        }
        for (name, value) in more.0 {
            claims.0.entry(name).or_insert(value);
        }
        Ok(claims)
    }
}
