//! An identity provider for tests, which can also lie, and a browser that signs in by it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use dateline::config::ServerConfig;
use hmac::{Hmac, Mac};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::harness::{Reply, TestApp};

pub const CLIENT: &str = "dateline";
/// With characters that a form writes in another way.
pub const SECRET: &str = "s3cret: +&=%";
pub const API: &str = "https://api.example";
pub const PAGE: &str = "https://desk.example/signed-in?tab=2";
pub const START: &str = "/v1/auth/oidc/sso/start";
pub const CALLBACK: &str = "/v1/auth/oidc/sso/callback";
pub const TOKEN: &str = "/v1/auth/oidc/token";
const COOKIE: &str = "__Host-dateline-sign-in";

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A key of a provider's.
#[derive(Clone)]
pub struct SigningKey {
    pub id: &'static str,
    key: PKey<Private>,
}

impl SigningKey {
    pub fn rsa(id: &'static str) -> Self {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        Self { id, key }
    }

    pub fn p256(id: &'static str) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        Self { id, key }
    }

    pub fn ed25519(id: &'static str) -> Self {
        let key = PKey::generate_ed25519().unwrap();
        Self { id, key }
    }

    fn algorithm(&self) -> &'static str {
        match self.key.id() {
            openssl::pkey::Id::RSA => "RS256",
            openssl::pkey::Id::EC => "ES256",
            _ => "EdDSA",
        }
    }

    fn published(&self) -> Value {
        let number = |number: &BigNum| base64url(number.to_vec());
        match self.algorithm() {
            "RS256" => {
                let rsa = self.key.rsa().unwrap();
                let (n, e) = (rsa.n().to_owned().unwrap(), rsa.e().to_owned().unwrap());
                json!({"kty": "RSA", "use": "sig", "kid": self.id, "n": number(&n), "e": number(&e)})
            }
            "ES256" => {
                let key = self.key.ec_key().unwrap();
                let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
                let mut context = BigNumContext::new().unwrap();
                key.public_key()
                    .affine_coordinates(key.group(), &mut x, &mut y, &mut context)
                    .unwrap();
                let padded = |number: &BigNum| base64url(number.to_vec_padded(32).unwrap());
                json!({"kty": "EC", "crv": "P-256", "kid": self.id, "x": padded(&x), "y": padded(&y)})
            }
            _ => {
                let x = base64url(self.key.raw_public_key().unwrap());
                json!({"kty": "OKP", "crv": "Ed25519", "kid": self.id, "x": x})
            }
        }
    }

    fn sign(&self, signed: &str) -> Vec<u8> {
        let signed = signed.as_bytes();
        match self.algorithm() {
            "EdDSA" => {
                let mut signer = Signer::new_without_digest(&self.key).unwrap();
                signer.sign_oneshot_to_vec(signed).unwrap()
            }
            "ES256" => {
                let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
                let der = signer.sign_oneshot_to_vec(signed).unwrap();
                let both = EcdsaSig::from_der(&der).unwrap();
                let padded = |number: &openssl::bn::BigNumRef| number.to_vec_padded(32).unwrap();
                [padded(both.r()), padded(both.s())].concat()
            }
            _ => {
                let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
                signer.sign_oneshot_to_vec(signed).unwrap()
            }
        }
    }

    fn public_pem(&self) -> Vec<u8> {
        self.key.public_key_to_pem().unwrap()
    }
}

/// The first key of every provider: making one takes a while.
static FIRST: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rsa("first"));

/// How an ID token is signed.
#[derive(Clone)]
pub enum Signed {
    By(SigningKey),
    /// By one key in the name of another.
    As(SigningKey, &'static str),
    /// With no name of a key.
    Unnamed(SigningKey),
    /// Not at all: `alg: none`.
    Not,
    /// By HMAC, with the public key for a secret.
    WithPublicKey,
    /// Whatever this is.
    Text(String),
}

/// What happens to a request.
#[derive(Clone)]
pub enum Fault {
    Status(u16),
    /// 1 MiB of JSON.
    Huge,
    /// The head, and then nothing.
    Stalled,
    Body(String),
    RedirectTo(String),
}

/// What a provider says and does.
pub struct Script {
    /// What the ID token says besides, or instead; null takes it away.
    pub claims: Value,
    pub signed: Signed,
    pub keys: Vec<SigningKey>,
    /// What the metadata say besides, or instead; null takes it away.
    pub metadata: Value,
    /// What the endpoint for it says of somebody.
    pub userinfo: Value,
    /// By the path that they happen at.
    pub faults: HashMap<&'static str, Fault>,
    /// How often each path was asked for.
    pub asked: HashMap<String, usize>,
    /// How clients prove themselves: `basic`, `post` or `none`.
    pub client: &'static str,
    codes: HashMap<String, Granted>,
}

struct Granted {
    nonce: Value,
    challenge: String,
    redirect_uri: String,
}

/// A provider on this machine.
#[derive(Clone)]
pub struct Provider {
    pub url: String,
    script: Arc<Mutex<Script>>,
}

fn merge(into: &mut Value, more: &Value) {
    let into = into.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        match value {
            Value::Null => drop(into.remove(name)),
            value => drop(into.insert(name.clone(), value.clone())),
        }
    }
}

impl Provider {
    pub async fn start() -> Self {
        let script = Script {
            claims: json!({}),
            signed: Signed::By(FIRST.clone()),
            keys: vec![FIRST.clone()],
            metadata: json!({}),
            userinfo: json!({}),
            faults: HashMap::new(),
            asked: HashMap::new(),
            client: "basic",
            codes: HashMap::new(),
        };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(script));
        let provider = Self { url, script };
        let data = Data::new(provider.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(answer))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap();
        actix_web::rt::spawn(server.run());
        provider
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script
            .lock()
            .unwrap_or_else(|error| error.into_inner())
    }

    /// Somebody with a verified address of the newsroom's.
    pub fn is(&self, subject: &str, email: &str) {
        self.script().claims = json!({
            "sub": subject, "email": email, "email_verified": true, "name": "Kim Newcomer"
        });
    }

    pub fn claim(&self, claims: Value) {
        let mut script = self.script();
        let all = script.claims.as_object_mut().unwrap();
        all.extend(claims.as_object().unwrap().clone());
    }

    pub fn asked(&self, path: &str) -> usize {
        self.script().asked.get(path).copied().unwrap_or_default()
    }

    /// Somebody signs in at the address to which Dateline has sent them; returns what comes back with their browser.
    pub fn sign_in_at(&self, address: &str) -> Vec<(String, String)> {
        let url = Url::parse(address).unwrap();
        assert_eq!(url.path(), "/authorize");
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        assert!(asked["nonce"].len() >= 43 && asked["state"].len() >= 43);
        let code = format!("code-{}", dateline::db::Id::generate());
        let granted = Granted {
            nonce: json!(asked["nonce"]),
            challenge: asked["code_challenge"].clone(),
            redirect_uri: asked["redirect_uri"].clone(),
        };
        self.script().codes.insert(code.clone(), granted);
        vec![
            ("code".into(), code),
            ("state".into(), asked["state"].clone()),
            ("session_state".into(), "not known here".into()),
        ]
    }

    fn token(&self, request: &HttpRequest, body: &[u8]) -> HttpResponse {
        let form: HashMap<String, String> =
            url::form_urlencoded::parse(body).into_owned().collect();
        let refuse = |error: &str| HttpResponse::BadRequest().json(json!({"error": error}));
        let basic = request.headers().get("authorization").map(|value| {
            let value = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
            String::from_utf8(BASE64_STANDARD.decode(value).unwrap()).unwrap()
        });
        let encoded: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
        let field = |name: &str| form.get(name).map_or("", |value| value.as_str());
        let mut script = self.script();
        let is_client = match script.client {
            "basic" => {
                basic == Some(format!("{CLIENT}:{encoded}")) && field("client_secret").is_empty()
            }
            "post" => {
                basic.is_none() && field("client_id") == CLIENT && field("client_secret") == SECRET
            }
            _ => {
                basic.is_none() && field("client_id") == CLIENT && field("client_secret").is_empty()
            }
        };
        if !is_client {
            return refuse("invalid_client");
        }
        let Some(granted) = script.codes.remove(field("code")) else {
            return refuse("invalid_grant");
        };
        let proof = base64url(Sha256::digest(field("code_verifier")));
        if proof != granted.challenge
            || field("redirect_uri") != granted.redirect_uri
            || field("grant_type") != "authorization_code"
        {
            return refuse("invalid_grant");
        }
        let now = chrono::Utc::now().timestamp();
        let mut claims = json!({
            "iss": self.url, "aud": CLIENT, "sub": "somebody", "nonce": granted.nonce,
            "iat": now, "exp": now + 300
        });
        merge(&mut claims, &script.claims);
        let id_token = id_token(&script.signed, &claims, &script.keys[0]);
        HttpResponse::Ok().json(json!({
            "id_token": id_token, "access_token": "access-token-of-the-provider",
            "token_type": "Bearer", "expires_in": 300
        }))
    }

    fn metadata(&self) -> HttpResponse {
        let at = |path: &str| format!("{}{path}", self.url);
        let mut metadata = json!({
            "issuer": self.url, "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"), "jwks_uri": at("/jwks"),
            "userinfo_endpoint": at("/userinfo"), "response_types_supported": ["code"]
        });
        merge(&mut metadata, &self.script().metadata);
        HttpResponse::Ok().json(metadata)
    }
}

fn id_token(signed: &Signed, claims: &Value, published: &SigningKey) -> String {
    let unsigned = |header: Value| {
        let payload = base64url(claims.to_string());
        format!("{}.{payload}", base64url(header.to_string()))
    };
    let by = |key: &SigningKey, header: Value| {
        let text = unsigned(header);
        format!("{text}.{}", base64url(key.sign(&text)))
    };
    match signed {
        Signed::By(key) => by(key, json!({"alg": key.algorithm(), "kid": key.id})),
        Signed::As(key, id) => by(key, json!({"alg": key.algorithm(), "kid": id})),
        Signed::Unnamed(key) => by(key, json!({"alg": key.algorithm()})),
        Signed::Not => format!("{}.", unsigned(json!({"alg": "none", "kid": published.id}))),
        Signed::WithPublicKey => {
            let text = unsigned(json!({"alg": "HS256", "kid": published.id}));
            let mac = Hmac::<Sha256>::new_from_slice(&published.public_pem()).unwrap();
            let mac = mac.chain_update(&text).finalize().into_bytes();
            format!("{text}.{}", base64url(mac))
        }
        Signed::Text(text) => text.clone(),
    }
}

async fn answer(request: HttpRequest, body: Bytes, provider: Data<Provider>) -> HttpResponse {
    let path = request.path().to_owned();
    let fault = {
        let mut script = provider.script();
        *script.asked.entry(path.clone()).or_default() += 1;
        script.faults.get(path.as_str()).cloned()
    };
    match fault {
        Some(Fault::Status(status)) => {
            let status = actix_web::http::StatusCode::from_u16(status).unwrap();
            return HttpResponse::build(status).finish();
        }
        Some(Fault::Huge) => {
            let filler = "x".repeat(1024 * 1024);
            return HttpResponse::Ok().json(json!({"filler": filler}));
        }
        Some(Fault::Stalled) => {
            let nothing = futures_util::stream::pending::<Result<Bytes, actix_web::Error>>();
            return HttpResponse::Ok().streaming(nothing);
        }
        Some(Fault::Body(body)) => return HttpResponse::Ok().body(body),
        Some(Fault::RedirectTo(to)) => {
            return HttpResponse::Found()
                .insert_header(("location", to))
                .finish();
        }
        None => {}
    }
    match path.as_str() {
        "/.well-known/openid-configuration" => provider.metadata(),
        "/jwks" => {
            let keys: Vec<Value> = provider
                .script()
                .keys
                .iter()
                .map(SigningKey::published)
                .collect();
            HttpResponse::Ok().json(json!({"keys": keys}))
        }
        "/token" => provider.token(&request, &body),
        "/userinfo" => {
            let token = request.headers().get("authorization").unwrap();
            assert_eq!(token, "Bearer access-token-of-the-provider");
            let script = provider.script();
            let mut said = json!({"sub": script.claims["sub"]});
            merge(&mut said, &script.userinfo);
            HttpResponse::Ok().json(said)
        }
        _ => HttpResponse::NotFound().finish(),
    }
}

/// Settings of a newsroom that has the provider.
pub fn has(provider: &Provider) -> impl FnOnce(&mut ServerConfig) + use<> {
    let issuer = provider.url.parse().unwrap();
    move |server| {
        server.oidc.oidc_issuer = Some(issuer);
        server.oidc.oidc_client_id = Some(CLIENT.into());
        server.oidc.oidc_client_secret = Some(SECRET.parse().unwrap());
        server.oidc.oidc_api_url = Some(API.into());
        server.oidc.oidc_email_domains = vec!["news.example".parse().unwrap()];
        // Another test may keep the machine busy.
        server.oidc.oidc_timeout = 60;
    }
}

/// Another server on a database, of a newsroom that has the provider and other settings besides.
pub async fn desk(
    app: &TestApp,
    provider: &Provider,
    change: impl FnOnce(&mut ServerConfig),
) -> TestApp {
    let has = has(provider);
    TestApp::start_at_with(app.config.clone(), |server| {
        has(server);
        change(server);
    })
    .await
}

/// A browser with a page of the desk in it.
#[derive(Clone)]
pub struct Browser {
    pub cookie: Option<String>,
    pub verifier: String,
    /// Attempts are limited by it.
    address: String,
}

impl Browser {
    pub fn new() -> Self {
        let id = dateline::db::Id::generate().0.as_u128();
        Self {
            cookie: None,
            verifier: format!("verifier-{id:032x}-of-the-page"),
            address: format!("2001:db8:{:x}:{:x}::1", id & 0xffff, id >> 16 & 0xffff),
        }
    }

    async fn get(&self, app: &TestApp, path: &str) -> Reply {
        let mut request = app.request(Method::GET, path);
        request = request.header("x-forwarded-for", &self.address);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", &format!("theme=dark; {cookie}; a=b"));
        }
        request.may_fail().send().await
    }

    /// Begins to sign in.
    pub async fn start(&mut self, app: &TestApp) -> Reply {
        self.start_for(app, PAGE).await
    }

    pub async fn start_for(&mut self, app: &TestApp, page: &str) -> Reply {
        let challenge = base64url(Sha256::digest(&self.verifier));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("return_to", page)
            .append_pair("code_challenge", &challenge)
            .finish();
        let reply = self.get(app, &format!("{START}?{query}")).await;
        if let Some(cookie) = reply.header("set-cookie").split(';').next()
            && cookie.starts_with(COOKIE)
        {
            self.cookie = Some(cookie.to_owned());
        }
        reply
    }

    /// Comes back from the provider with something.
    pub async fn back(&self, app: &TestApp, with: &[(String, String)]) -> Reply {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(with);
        self.get(app, &format!("{CALLBACK}?{}", query.finish()))
            .await
    }

    /// Goes to the provider and comes back; returns what the page is told.
    pub async fn go(&mut self, app: &TestApp, provider: &Provider) -> HashMap<String, String> {
        let start = self.start(app).await;
        assert_eq!(start.status, 302, "{}", start.text);
        let with = provider.sign_in_at(start.header("location"));
        told(&self.back(app, &with).await)
    }

    /// Exchanges a code for tokens.
    pub async fn exchange(&self, app: &TestApp, code: &str) -> Reply {
        let body = json!({"code": code, "code_verifier": self.verifier});
        app.request(Method::POST, TOKEN).json(body).await
    }

    /// All of it; returns an access token.
    pub async fn sign_in(&mut self, app: &TestApp, provider: &Provider) -> String {
        let told = self.go(app, provider).await;
        let code = told.get("code");
        let code = code.unwrap_or_else(|| panic!("{told:?}"));
        let reply = self.exchange(app, code).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json["access_token"].as_str().unwrap().to_owned()
    }
}

/// What the page is told to which a browser is sent back.
pub fn told(reply: &Reply) -> HashMap<String, String> {
    assert_eq!(reply.status, 302, "{}", reply.text);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    let location = reply.header("location");
    assert!(location.starts_with(PAGE), "{location}");
    let url = Url::parse(location).unwrap();
    assert_eq!(url.fragment(), None);
    let told: HashMap<String, String> = url.query_pairs().into_owned().collect();
    // A code or an error, never both.
    assert_ne!(
        told.contains_key("code"),
        told.contains_key("error"),
        "{told:?}"
    );
    if told.contains_key("error") {
        let sentence = &told["error_description"];
        // RFC 6749, section 4.1.2.1.
        let may = |c: char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        assert!(sentence.chars().all(may), "{sentence}");
    }
    told
}

/// Why somebody was not let in: the word of it.
pub async fn refused(app: &TestApp, provider: &Provider) -> String {
    let told = Browser::new().go(app, provider).await;
    told.get("error")
        .cloned()
        .unwrap_or_else(|| panic!("{told:?}"))
}
