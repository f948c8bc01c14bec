//! Starting the very server that `dateline serve` starts, on a free port and a fresh database.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use dateline::app::{Application, Opening, open_database};
use dateline::auth::model::{Right, Role};
use dateline::auth::password;
use dateline::auth::store::{tokens, users};
use dateline::clock::Clock;
use dateline::config::{DatabaseConfig, ServerConfig};
use dateline::db::{Database, DatabaseUrl, Id, StoreResult, Timestamp};
use dateline::events::{Change, Origin, Writer};
use dateline::objects;
use dateline::projections;
use dateline::shares::store::{counting, rollups};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl};
use jsonschema::Validator;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// One test for each database: `#[apply(both)] async fn name(app: TestApp) { … }`.
#[macro_export]
macro_rules! both {
    (async fn $name:ident($app:ident: TestApp) $body:block) => {
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every body uses all")]
            use super::*;

            async fn body($app: $crate::harness::TestApp) $body

            #[actix_web::test]
            async fn sqlite() {
                body($crate::harness::TestApp::start($crate::harness::On::Sqlite).await).await;
            }

            #[actix_web::test]
            async fn postgres() {
                body($crate::harness::TestApp::start($crate::harness::On::Postgres).await).await;
            }
        }
    };
}

/// A running server with its own database.
pub struct TestApp {
    pub url: String,
    /// Where operators are answered.
    pub ops_url: String,
    pub database: Database,
    pub config: DatabaseConfig,
    /// What the server's kept answers run out by.
    pub clock: Clock,
    pub client: reqwest::Client,
    /// Nothing where another server's database is used.
    _disposable: Option<Disposable>,
    /// A second server on the same database that keeps no answers.
    without_cache: OnceCell<Box<TestApp>>,
}

/// What a fresh database takes of the disk, until the test is over: together the databases of all tests
/// would be gigabytes.
pub enum Disposable {
    Folder(PathBuf),
    Database(String),
}

impl Drop for Disposable {
    fn drop(&mut self) {
        match self {
            Self::Folder(folder) => {
                let _ = std::fs::remove_dir_all(folder);
            }
            // Servers of the test may still be connected.
            Self::Database(name) => {
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                if let Ok(mut connection) = PgConnection::establish(&postgres_url()) {
                    let _ = diesel::sql_query(drop).execute(&mut connection);
                }
            }
        }
    }
}

fn postgres_url() -> String {
    std::env::var("DATELINE_TEST_POSTGRES_URL").expect(
        "no Postgres to test on: run scripts/test, or scripts/with-postgres cargo test, which start one",
    )
}

fn sibling(url: &str, name: &str) -> String {
    let (server, _) = url
        .rsplit_once('/')
        .expect("a Postgres URL names a database");
    format!("{server}/{name}")
}

/// A migrated database that those of the tests are cloned from.
fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        // As servers do before they connect.
        openssl_sys::init();
        let name = format!("template_{}", Id::generate().0.simple());
        let url = postgres_url();
        execute(&url, &format!("CREATE DATABASE {name}"));
        let config = DatabaseConfig::at(sibling(&url, &name).parse().unwrap());
        drop(
            open_database(
                &DatabaseConfig {
                    database_connections: 1,
                    ..config
                },
                Opening::Created,
            )
            .unwrap_or_else(|error| panic!("{error}")),
        );
        name
    })
}

fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::establish(url).unwrap();
    diesel::sql_query(sql).execute(&mut connection).unwrap();
}

/// Makes a fresh database.
pub fn fresh_database(on: On) -> (DatabaseConfig, Disposable) {
    let name = format!("test_{}", Id::generate().0.simple());
    let (url, disposable): (DatabaseUrl, _) = match on {
        On::Sqlite => {
            let folder = std::env::temp_dir().join(format!("dateline-{name}"));
            std::fs::create_dir(&folder).unwrap();
            let file = folder.join("test.db");
            (DatabaseUrl::Sqlite(file), Disposable::Folder(folder))
        }
        On::Postgres => {
            // Cloning fails while another connection is on the template: one at a time.
            static CLONING: Mutex<()> = Mutex::new(());
            let _turn = CLONING.lock().unwrap_or_else(|error| error.into_inner());
            let template = template();
            let url = postgres_url();
            execute(&url, &format!("CREATE DATABASE {name} TEMPLATE {template}"));
            (
                sibling(&url, &name).parse().unwrap(),
                Disposable::Database(name),
            )
        }
    };
    let config = DatabaseConfig {
        database_connections: 3,
        // A machine that is busy with other tests is no reason to give up.
        read_timeout: 60,
        database_wait: 60,
        statement_timeout: 60,
        lock_timeout: 60,
        ..DatabaseConfig::at(url)
    };
    (config, disposable)
}

impl TestApp {
    pub async fn start(on: On) -> Self {
        let (config, disposable) = fresh_database(on);
        Self::serve(config, Some(disposable), Clock::default(), |_| {}).await
    }

    /// A server of its own on a database with other settings.
    pub async fn start_on(on: On, change: impl FnOnce(&mut DatabaseConfig)) -> Self {
        let (mut config, disposable) = fresh_database(on);
        change(&mut config);
        Self::serve(config, Some(disposable), Clock::default(), |_| {}).await
    }

    /// A server of its own with other settings.
    pub async fn start_with(on: On, change: impl FnOnce(&mut ServerConfig)) -> Self {
        let (config, disposable) = fresh_database(on);
        Self::serve(config, Some(disposable), Clock::default(), change).await
    }

    /// A second server on the same database that keeps no answers: what it says is read anew.
    pub async fn without_cache(&self) -> &Self {
        let start = async || {
            let (config, clock) = (self.config.clone(), self.clock.clone());
            let change = |server: &mut ServerConfig| server.cache_size = 0;
            Box::new(Box::pin(Self::serve(config, None, clock, change)).await)
        };
        self.without_cache.get_or_init(start).await
    }

    /// A second server on the same database that knows nothing of the first.
    pub async fn another_process(&self) -> Self {
        Self::serve(self.config.clone(), None, self.clock.clone(), |_| {}).await
    }

    async fn serve(
        config: DatabaseConfig,
        disposable: Option<Disposable>,
        clock: Clock,
        change: impl FnOnce(&mut ServerConfig),
    ) -> Self {
        let database =
            open_database(&config, Opening::Created).unwrap_or_else(|error| panic!("{error}"));
        let mut server = ServerConfig {
            workers: Some(1),
            clock: clock.clone(),
            // Nor a reason to give up.
            request_timeout: 600,
            // A count is read at once; that it may be old has a test of its own.
            max_age_shares: 0,
            // Tests can be several readers.
            trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
            public_url: Some("https://news.example/".parse().unwrap()),
            editorial_origins: vec!["https://desk.example".into()],
            ghost_key: Some(GHOST_KEY.into()),
            ..ServerConfig::on_free_port()
        };
        if let DatabaseUrl::Postgres(url) = &config.database_url {
            // Beside a file it is where the file is.
            let (_, name) = url.rsplit_once('/').unwrap();
            let folder = std::env::temp_dir().join(format!("dateline-test-media-{name}"));
            server.media.media_store = Some(objects::Location::Directory(folder));
        }
        change(&mut server);
        let application = Application::build(&server, database.clone())
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let (url, ops_url) = (application.url(), application.ops_url());
        actix_web::rt::spawn(application.run());
        Self {
            url,
            ops_url,
            database,
            config,
            clock,
            _disposable: disposable,
            without_cache: OnceCell::new(),
            client: reqwest::Client::builder()
                .user_agent("A reader's browser")
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
        }
    }

    pub fn request(&self, method: Method, path: &str) -> Request<'_> {
        Request {
            app: self,
            path: path.to_owned(),
            method: method.clone(),
            inner: self.client.request(method, format!("{}{path}", self.url)),
            may_fail: false,
        }
    }

    /// A read while the database may be away.
    pub async fn get_anyway(&self, path: &str) -> Reply {
        self.request(Method::GET, path).may_fail().send().await
    }

    /// A server of its own on a database that is somewhere else.
    pub async fn start_at(config: DatabaseConfig) -> Self {
        Self::serve(config, None, Clock::default(), |_| {}).await
    }

    /// The same with other settings.
    pub async fn start_at_with(
        config: DatabaseConfig,
        change: impl FnOnce(&mut ServerConfig),
    ) -> Self {
        Self::serve(config, None, Clock::default(), change).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path).send().await
    }

    /// Waits until counts have all shares that were answered.
    pub async fn counted(&self) {
        let tomorrow = Timestamp::now().plus(chrono::Duration::days(1));
        while self
            .database
            .read(move |connection| counting::is_behind(connection, tomorrow))
            .await
            .unwrap()
        {
            actix_web::rt::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        self.rolled_up().await;
    }

    /// Waits until what trends has all shares that are in the counts.
    pub async fn rolled_up(&self) {
        let made = self
            .database
            .read(|connection| rollups::recent(connection, Timestamp::EARLIEST))
            .await
            .unwrap();
        self.database
            .write(move |connection| rollups::keep(connection, &made))
            .await
            .unwrap();
    }

    /// What operators are told.
    pub async fn operators_get(&self, path: &str) -> (StatusCode, String) {
        let response = self.client.get(format!("{}{path}", self.ops_url)).send();
        let response = response.await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    /// The value of a metric without labels.
    pub async fn metric(&self, name: &str) -> f64 {
        let (_, text) = self.operators_get("/metrics").await;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse().ok())
            .unwrap_or_else(|| panic!("no metric {name}"))
    }

    /// Cuts the connections on which servers on this Postgres database listen, and lets nobody
    /// in any more; or lets them in again.
    pub async fn cut_listeners(&self, cut: bool) {
        let DatabaseUrl::Postgres(url) = &self.config.database_url else {
            panic!("nobody listens on SQLite");
        };
        let name = url.rsplit('/').next().unwrap();
        let server = postgres_url();
        execute(
            &server,
            &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {}", !cut),
        );
        if cut {
            execute(
                &server,
                &format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = '{name}' AND application_name = 'dateline listener'"
                ),
            );
        }
    }

    /// Makes a change as the command line does.
    pub async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Change<'_>) -> StoreResult<T> + Clone + Send + 'static,
    ) -> T {
        Writer::new(self.database.clone(), projections::ALL)
            .change(Origin::SYSTEM, work, |_, value| Ok(value))
            .await
            .unwrap()
    }

    /// Runs statements that no part of Dateline would.
    pub async fn execute(&self, sql: impl Into<String>) {
        let sql = sql.into();
        let done = self
            .database
            .write(move |connection| Ok(connection.batch_execute(&sql)?));
        done.await.unwrap();
    }

    /// A tool's token with all rights.
    pub async fn tool(&self) -> String {
        self.tool_with(Right::ALL).await
    }

    pub async fn tool_with(&self, scopes: &'static [Right]) -> String {
        self.database
            .write(move |connection| tokens::issue(connection, "test", scopes, None))
            .await
            .unwrap()
    }

    /// Adds a user whose password is [`PASSWORD`] and signs in.
    pub async fn user(&self, email: &'static str, role: Role) -> String {
        let hash = password::hash(PASSWORD).unwrap();
        self.database
            .write(move |connection| users::add(connection, email, "Test", role, &hash))
            .await
            .unwrap();
        let reply = self
            .request(Method::POST, "/v1/auth/login")
            .json(json!({"email": email, "password": PASSWORD}))
            .await;
        reply.json["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn create(&self, token: &str, path: &str, body: Value) -> Reply {
        let reply = self
            .request(Method::POST, path)
            .bearer(token)
            .json(body)
            .await;
        assert_eq!(reply.status, 201, "{:?}", reply.json);
        reply
    }

    /// Adds an author, a section and a tag that articles of tests refer to.
    pub async fn newsroom(&self) -> String {
        let token = self.tool().await;
        for name in ["Alex Writer", "Sam Reporter"] {
            self.create(&token, "/v1/editorial/authors", json!({"name": name}))
                .await;
        }
        for (name, kind) in [
            ("World", "section"),
            ("Climate", "topic"),
            ("Ports", "topic"),
        ] {
            let tag = json!({"name": name, "kind": kind});
            self.create(&token, "/v1/editorial/tags", tag).await;
        }
        token
    }

    /// Creates an article that lacks nothing.
    pub async fn draft(&self, token: &str, slug: &str) -> Reply {
        self.create(token, "/v1/editorial/articles", article(slug))
            .await
    }

    /// Takes a step of the workflow with the ETag of what is given.
    pub async fn step(&self, token: &str, article: &Reply, step: &str, body: Value) -> Reply {
        let id = article.json["id"].as_str().unwrap();
        self.request(Method::POST, &format!("/v1/editorial/articles/{id}/{step}"))
            .bearer(token)
            .header("if-match", &article.etag())
            .json(body)
            .await
    }

    pub async fn published(&self, token: &str, slug: &str) -> Reply {
        let draft = self.draft(token, slug).await;
        let reply = self.step(token, &draft, "publish", json!({})).await;
        assert_eq!(reply.status, 200, "{:?}", reply.json);
        reply
    }

    /// Publishes at a given time.
    pub async fn published_at(&self, token: &str, slug: &str, at: &str) -> Reply {
        let draft = self.draft(token, slug).await;
        let reply = self
            .step(token, &draft, "publish", json!({"published_at": at}))
            .await;
        assert_eq!(reply.status, 200, "{:?}", reply.json);
        reply
    }

    pub async fn patch(&self, token: &str, article: &Reply, patch: Value) -> Reply {
        let id = article.json["id"].as_str().unwrap();
        self.request(Method::PATCH, &format!("/v1/editorial/articles/{id}"))
            .bearer(token)
            .header("if-match", &article.etag())
            .json(patch)
            .await
    }
}

/// The key of Ghost's Content API.
pub const GHOST_KEY: &str = "0123456789abcdef0123456789";

pub const PASSWORD: &str = "correct horse battery";

pub fn article(slug: &str) -> Value {
    json!({
        "headline": format!("Headline of {slug}"), "slug": slug,
        "standfirst": "One sentence.", "dateline": "New York, USA",
        "authors": ["alex-writer", "sam-reporter"], "section": "world", "tags": ["climate"],
        "lead_image": {
            "url": "https://images.example.com/a.jpg", "alt": "A harbour",
            "caption": "The harbour", "credit": "Harbour Pictures"
        },
        "body": {"format": "html", "content": "<p>Twelve <b>cities</b> agreed.</p>"},
        "seo": {"title": "Short"}, "custom": {"live": true}
    })
}

pub struct Request<'a> {
    app: &'a TestApp,
    method: Method,
    path: String,
    inner: reqwest::RequestBuilder,
    may_fail: bool,
}

impl Request<'_> {
    /// Its server may not reach its database: 5xx is an answer like others.
    pub fn may_fail(mut self) -> Self {
        self.may_fail = true;
        self
    }

    pub fn bearer(mut self, token: &str) -> Self {
        self.inner = self.inner.bearer_auth(token);
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.inner = self.inner.header(name, value);
        self
    }

    pub fn raw(mut self, media_type: &str, body: impl Into<reqwest::Body>) -> Self {
        self.inner = self.inner.header("content-type", media_type).body(body);
        self
    }

    /// Bytes of which nothing is said.
    pub fn body(mut self, body: &str) -> Self {
        self.inner = self.inner.body(body.to_owned());
        self
    }

    pub async fn json(mut self, body: Value) -> Reply {
        self.inner = self.inner.json(&body);
        self.send().await
    }

    /// Sends, and holds the answer against the OpenAPI document.
    pub async fn send(self) -> Reply {
        let mut response = self.inner.send().await.unwrap();
        let status = response.status();
        let headers = response.headers().clone();
        let is_stream = headers
            .get("content-type")
            .is_some_and(|kind| kind == "text/event-stream");
        let bytes = match is_stream {
            // It never ends: its beginning.
            true => response.chunk().await.unwrap().unwrap_or_default(),
            false => response.bytes().await.unwrap(),
        };
        let reply = Reply {
            status,
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            headers,
        };
        let _ = self.app;
        assert!(
            self.may_fail || !reply.status.is_server_error(),
            "{} {}: {}",
            self.method,
            self.path,
            reply.text
        );
        reply.check(&self.method, &self.path);
        reply
    }
}

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
    pub text: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn etag(&self) -> String {
        self.header("etag").to_owned()
    }

    /// The name of the problem, such as `not-found`.
    pub fn problem(&self) -> &str {
        self.json["type"]
            .as_str()
            .and_then(|url| url.strip_prefix("/problems/"))
            .unwrap_or_default()
    }

    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.json["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("{}", self.text));
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect()
    }

    pub fn slugs(&self) -> Vec<&str> {
        let data = self.json["data"]
            .as_array()
            .unwrap_or_else(|| panic!("{}", self.text));
        data.iter()
            .map(|item| item["slug"].as_str().unwrap())
            .collect()
    }

    /// What holds for every answer: an id, problems as problem documents, and what the
    /// OpenAPI document says of the operation.
    fn check(&self, method: &Method, path: &str) {
        assert!(!self.header("x-request-id").is_empty(), "{method} {path}");
        let failed = self.status.is_client_error() || self.status.is_server_error();
        // Clients of Ghost read errors in its form.
        if path.starts_with("/ghost/") {
            let has_errors = self.json["errors"][0]["type"].is_string();
            assert_eq!(
                failed && *method != Method::HEAD,
                has_errors,
                "{method} {path}: {}",
                self.text
            );
        } else if failed && *method != Method::HEAD {
            assert_eq!(
                self.header("content-type"),
                "application/problem+json",
                "{method} {path}"
            );
            assert_eq!(self.json["status"], self.status.as_u16(), "{method} {path}");
            let instance = self.json["instance"].as_str().unwrap();
            assert!(instance.ends_with(self.header("x-request-id")));
        }
        let Some((template, operation)) = operation(method, path) else {
            return;
        };
        let status = self.status.as_str();
        let response = &operation["responses"][status];
        assert!(
            response.is_object(),
            "{method} {template}: {status} is not documented: {}",
            self.text
        );
        let media_type = self
            .header("content-type")
            .split(';')
            .next()
            .unwrap_or_default();
        let schema = &response["content"][media_type]["schema"];
        // With `fields` an answer is part of what the schema describes; what is coded is not read here.
        let query = path.split_once('?').map_or("", |(_, query)| query);
        let mut parameters = url::form_urlencoded::parse(query.as_bytes());
        let whole = !parameters.any(|(name, _)| name == "fields")
            && !self.headers.contains_key("content-encoding");
        let asks =
            |wanted| url::form_urlencoded::parse(query.as_bytes()).any(|pair| pair.0 == wanted);
        let other = match self.status == 200 {
            true if asks("view") => Some(("x-view-card", " card")),
            true if asks("format") && template.starts_with("/v1/articles") => {
                Some(("x-format-ninjs", " ninjs"))
            }
            _ => None,
        };
        let others = other.map(|(name, _)| other_schema(template, name));
        let schema = others.as_ref().unwrap_or(schema);
        let card = other.map_or("", |(_, key)| key);
        // Lines of JSON are text.
        let is_json = media_type.ends_with("json") && !media_type.ends_with("ndjson");
        if whole && schema.is_object() && is_json && *method != Method::HEAD {
            let key = format!("{method} {template} {status}{card}");
            let wrong: Vec<String> = validator(key, schema)
                .iter_errors(&self.json)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(
                wrong.is_empty(),
                "{method} {template} {status}: {wrong:#?}\n{}",
                self.text
            );
        }
    }
}

/// The OpenAPI document.
pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&dateline::openapi::json()).unwrap());

fn operation(method: &Method, path: &str) -> Option<(&'static str, &'static Value)> {
    let path = path.split('?').next().unwrap_or_default();
    let method = match method.as_str() {
        "HEAD" => "get".to_owned(),
        other => other.to_ascii_lowercase(),
    };
    let fits = |template: &str| {
        let (mut parts, mut pattern) = (path.split('/'), template.split('/'));
        loop {
            match (parts.next(), pattern.next()) {
                (None, None) => return true,
                (Some(part), Some(wanted)) if part == wanted => {}
                (Some(part), Some(wanted)) if wanted.starts_with('{') && !part.is_empty() => {
                    let after = wanted.rsplit('}').next().unwrap_or_default();
                    if !part.ends_with(after) {
                        return false;
                    }
                }
                _ => return false,
            }
        }
    };
    DOCUMENT["paths"]
        .as_object()?
        .iter()
        .find(|(template, _)| fits(template))
        .and_then(|(template, item)| Some((template.as_str(), item.get(&method)?)))
}

/// What an operation answers with `view=card` or `format=ninjs`, as the document says beside its usual schema.
fn other_schema(template: &str, name: &str) -> Value {
    let response = &DOCUMENT["paths"][template]["get"]["responses"]["200"];
    let schema = response[name].clone();
    assert!(schema.is_object(), "{template} says no {name}");
    schema
}

fn validator(key: String, schema: &Value) -> Arc<Validator> {
    static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> =
        LazyLock::new(Mutex::default);
    let mut validators = VALIDATORS.lock().unwrap_or_else(|error| error.into_inner());
    Arc::clone(validators.entry(key).or_insert_with(|| {
        let mut root = schema.clone();
        root["components"] = DOCUMENT["components"].clone();
        Arc::new(jsonschema::options().build(&root).unwrap())
    }))
}

/// Asks until something is so, for ten minutes at least; a machine may be as slow as it likes.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..30_000 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("never: {what}");
}
