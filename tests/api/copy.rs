//! `dateline copy`: a newsroom on another database is the same newsroom.

use std::collections::BTreeSet;
use std::process::Output;

use dateline::app::{Opening, open_database};
use dateline::audit::verify::{Kept, verify};
use dateline::auth::model::Role;
use dateline::config::DatabaseConfig;
use dateline::db::{Connection, DatabaseUrl, copy};
use dateline::events::log;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection as _, QueryableByName, RunQueryDsl, SqliteConnection};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{On, PASSWORD, TestApp, article, fresh_database};
use crate::process::{dateline, text};

fn url(config: &DatabaseConfig) -> String {
    match &config.database_url {
        DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    }
}

fn run(from: &DatabaseConfig, to: &DatabaseConfig) -> Output {
    let (from, to) = (url(from), url(to));
    let arguments = ["copy", "--from", &from, "--to", &to];
    dateline().args(arguments).output().unwrap()
}

/// Something in every table; returns a tool's token and a refresh token.
async fn fill(app: &TestApp) -> (String, String) {
    let token = app.newsroom().await;
    app.user("desk@example.com", Role::Editor).await;
    let renamed = app.published(&token, "before").await;
    let renamed = app
        .patch(
            &token,
            &renamed,
            json!({"slug": "harbour", "kicker": "Ports", "custom": {"ø": "\"\\\u{1F6A2}\n"}}),
        )
        .await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    let id = renamed.json["id"].as_str().unwrap();
    let path = format!("/v1/editorial/articles/{id}");
    let corrected = app
        .request(Method::POST, &format!("{path}/corrections"))
        .bearer(&token)
        .header("if-match", &renamed.etag())
        .json(json!({"kind": "correction", "text": "Twelve, not eleven."}))
        .await;
    assert!(corrected.status.is_success(), "{}", corrected.text);
    let observed = app
        .request(Method::PUT, &format!("{path}/shares/facebook"))
        .bearer(&token)
        .json(json!({"external": 40, "observed_at": "2026-03-02T03:00:00.000Z"}))
        .await;
    assert_eq!(observed.status, 200, "{}", observed.text);
    let mut many = article("moved");
    many["former_urls"] = json!(["https://old.example/moved"]);
    let many = app.create(&token, "/v1/editorial/articles", many).await;
    let embargo = json!({"embargo_until": "2999-01-01T00:00:00.000Z"});
    app.step(&token, &many, "publish", embargo).await;
    app.published_at(&token, "later", "2999-01-01T00:00:00.000Z")
        .await;
    // One that is gone, and that readers are told of.
    let gone = app.published(&token, "gone").await;
    let gone = app
        .step(
            &token,
            &gone,
            "retract",
            json!({"reason": "x", "notice": "Wrong."}),
        )
        .await;
    for folder in ["articles", "trash"] {
        let path = format!(
            "/v1/editorial/{folder}/{}",
            gone.json["id"].as_str().unwrap()
        );
        let request = app.request(Method::DELETE, &path).bearer(&token);
        let reply = request.header("if-match", "*").send().await;
        assert!(reply.status.is_success(), "{}", reply.text);
    }
    for number in 0..120 {
        app.published_at(
            &token,
            &format!("story-{number}"),
            "2026-03-02T03:00:00.000Z",
        )
        .await;
    }
    let ports = app.get("/v1/tags/ports").await;
    let path = format!(
        "/v1/editorial/tags/{}/merge",
        ports.json["id"].as_str().unwrap()
    );
    let merged = app
        .request(Method::POST, &path)
        .bearer(&token)
        .header("if-match", "*")
        .json(json!({"into": "climate"}))
        .await;
    assert_eq!(merged.status, 200, "{}", merged.text);
    for visitor in ["one", "two"] {
        let shared = app
            .request(Method::POST, "/v1/articles/harbour/shares")
            .header("user-agent", visitor)
            .json(json!({"network": "x"}))
            .await;
        assert_eq!(shared.json["counted"], true);
    }
    app.counted().await;
    let session = app
        .request(Method::POST, "/v1/auth/login")
        .json(json!({"email": "desk@example.com", "password": PASSWORD}))
        .await;
    let refresh = session.json["refresh_token"].as_str().unwrap();
    (token, refresh.to_owned())
}

/// What readers and editors are answered, but for the time of the answer.
async fn read(app: &TestApp, token: &str) -> Vec<(String, u16, Value)> {
    let mut answers = Vec::new();
    for path in [
        "/v1/articles?limit=100&count=true&include=body,corrections&body_format=both",
        "/v1/articles?q=cities&sort=relevance&include=highlights,facets&count=true",
        "/v1/articles?q=ports&count=true",
        "/v1/articles?sort=-shares&include=shares",
        "/v1/articles?tag=climate&limit=3&count=true",
        "/v1/articles?author=alex-writer&limit=3&count=true",
        "/v1/articles/harbour?include=shares,corrections",
        "/v1/articles/before",
        "/v1/articles/later",
        "/v1/articles/harbour/shares",
        "/v1/tags?count=true",
        "/v1/tags/ports",
        "/v1/authors?count=true",
        "/v1/trending?window=7d&fields=slug,trend.shares",
        "/v1/editorial/articles?limit=100&count=true",
        "/v1/editorial/articles?status=published&q=moved",
    ] {
        let mut reply = app.request(Method::GET, path).bearer(token).send().await;
        for at in ["as_of", "instance"] {
            let members = reply.json.as_object_mut();
            members.and_then(|members| members.shift_remove(at));
        }
        // What trends is asked for at another minute.
        let etag = match path.starts_with("/v1/trending") {
            true => String::new(),
            false => reply.etag(),
        };
        answers.push((format!("{path} {etag}"), reply.status.as_u16(), reply.json));
    }
    answers
}

async fn copied(from: On, to: On) {
    let source = TestApp::start(from).await;
    let (token, refresh) = fill(&source).await;
    let before = read(&source, &token).await;
    let (config, disposable) = fresh_database(to);
    let done = run(&source.config, &config);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let said = text(&done.stdout);
    assert!(
        said.contains("articles  123") && said.ends_with("done"),
        "{said}"
    );

    let target = TestApp::start_at(config.clone()).await;
    let after = read(&target, &token).await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    // Who shared it before the copy is known after it.
    let again = async |visitor: &str| {
        target
            .request(Method::POST, "/v1/articles/harbour/shares")
            .header("user-agent", visitor)
            .json(json!({"network": "x"}))
            .await
            .json["counted"]
            .clone()
    };
    assert_eq!(again("one").await, false);
    assert_eq!(again("three").await, true);
    let session = target
        .request(Method::POST, "/v1/auth/refresh")
        .json(json!({"refresh_token": refresh}))
        .await;
    assert_eq!(session.status, 200, "{}", session.text);
    // Events are numbered on.
    let last = last_event(&target).await;
    assert_eq!(last, last_event(&source).await);
    target.published(&token, "afterwards").await;
    assert_eq!(last_event(&target).await, last + 2);
    // And their hashes go on from those of the source.
    let kept = source.database.read(log::head).await.unwrap();
    let (sequence, hash) = (kept.sequence, kept.hash.unwrap());
    let kept = vec![Kept { sequence, hash }];
    let verified = target
        .database
        .read(move |connection| verify(connection, 1, &kept, |_| ()));
    assert_eq!(verified.await.unwrap().breaks, []);

    let twice = run(&source.config, &config);
    let said = text(&twice.stderr);
    assert!(
        !twice.status.success() && said.contains("the target is not empty"),
        "{said}"
    );
    drop(disposable);
}

async fn last_event(app: &TestApp) -> i64 {
    use dateline::db::schema::events;
    use diesel::QueryDsl;

    app.database
        .read(|connection| {
            let last = events::table.select(diesel::dsl::max(events::sequence));
            Ok(last.get_result::<Option<i64>>(connection)?.unwrap_or(0))
        })
        .await
        .unwrap()
}

#[actix_web::test]
async fn a_newsroom_moves_from_sqlite_to_postgres() {
    copied(On::Sqlite, On::Postgres).await;
}

#[actix_web::test]
async fn a_newsroom_moves_from_postgres_to_sqlite() {
    copied(On::Postgres, On::Sqlite).await;
}

#[actix_web::test]
async fn a_newsroom_moves_to_a_database_of_the_same_kind() {
    copied(On::Sqlite, On::Sqlite).await;
    copied(On::Postgres, On::Postgres).await;
}

#[test]
fn only_a_newsroom_of_this_version_is_copied() {
    for on in [On::Sqlite, On::Postgres] {
        let (empty, _disposable) = fresh_database(On::Sqlite);
        let (target, _disposable) = fresh_database(on);
        let said = text(&run(&empty, &target).stderr);
        assert!(said.contains("there is no database at"), "{said}");
        let DatabaseUrl::Sqlite(path) = &empty.database_url else {
            unreachable!()
        };
        dateline::db::file::create(path).unwrap();
        let said = text(&run(&empty, &target).stderr);
        assert!(
            said.contains("the source database has not this version's tables"),
            "{said}"
        );
    }
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[actix_web::test]
async fn no_table_is_forgotten() {
    for on in [On::Sqlite, On::Postgres] {
        let app = TestApp::start(on).await;
        let tables: Vec<Name> = app
            .database
            .read(|connection| {
                let query = match connection {
                    Connection::Sqlite(_) => {
                        "SELECT name FROM sqlite_master WHERE type = 'table' \
                         AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'article_search_%' \
                         AND name NOT LIKE 'draft_search_%'"
                    }
                    Connection::Postgres(_) => {
                        "SELECT table_name::text AS name FROM information_schema.tables \
                         WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
                    }
                };
                Ok(diesel::sql_query(query).load(connection)?)
            })
            .await
            .unwrap();
        let known: BTreeSet<&str> = copy::tables()
            .iter()
            .map(|table| table.name)
            .chain(copy::LEFT_OUT.iter().copied())
            .chain(["__diesel_schema_migrations"])
            .collect();
        for table in &tables {
            assert!(known.contains(table.name.as_str()), "{}", table.name);
        }
    }
}

/// Postgres ends a session that leaves a transaction idle; a copy may be slower than that.
#[actix_web::test]
async fn a_source_waits_as_long_as_its_target_takes() {
    let source = TestApp::start_on(On::Postgres, |config| config.lock_timeout = 1).await;
    source.newsroom().await;
    let (config, _disposable) = fresh_database(On::Sqlite);
    let target = open_database(&config, Opening::Created).unwrap_or_else(|error| panic!("{error}"));
    let mut paused = false;
    copy::copy(
        &mut source.database.unhurried_connection().unwrap(),
        &mut target.unhurried_connection().unwrap(),
        &mut |_, _| {
            if !std::mem::replace(&mut paused, true) {
                std::thread::sleep(std::time::Duration::from_secs(4));
            }
        },
    )
    .unwrap();
}

#[test]
fn a_target_that_is_in_use_is_left_as_it_is() {
    let (source, _disposable) = fresh_database(On::Sqlite);
    let (target, _disposable) = fresh_database(On::Sqlite);
    let open = |config: &DatabaseConfig| {
        open_database(config, Opening::Created).unwrap_or_else(|error| panic!("{error}"))
    };
    drop((open(&source), open(&target)));
    let DatabaseUrl::Sqlite(path) = &target.database_url else {
        unreachable!()
    };
    let mut connection = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
    // As an older version left it, with a migration that has not run.
    connection
        .batch_execute("DELETE FROM __diesel_schema_migrations WHERE version = '20261125000004'")
        .unwrap();
    let said = text(&run(&source, &target).stderr);
    assert!(
        said.contains("the target database has not this version's tables"),
        "{said}"
    );
    let migrations: Vec<Name> =
        diesel::sql_query("SELECT version AS name FROM __diesel_schema_migrations")
            .load(&mut connection)
            .unwrap();
    assert!(migrations.iter().all(|one| one.name != "20261125000004"));
}
