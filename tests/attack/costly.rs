//! Questions that look at very much.

use std::time::Duration;

use dateline::auth::model::Role;
use dateline::db::Connection;
use diesel::connection::SimpleConnection;
use reqwest::Method;
use serde_json::json;

use crate::harness::{On, PASSWORD, TestApp};

/// Asks for the number of all articles, which [`endless`] makes take forever.
const ENDLESS: &str = "/v1/articles?count=true";

/// Makes counting all articles take forever: whatever a stranger finds to ask for, it is no worse.
async fn endless(app: &TestApp) {
    app.database
        .write(|connection| {
            match connection {
                Connection::Sqlite(inner) => inner.batch_execute(
                    "DROP VIEW public_count;
                     CREATE VIEW public_count AS
                     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                     SELECT 1 AS id, count(*) AS articles FROM n",
                )?,
                Connection::Postgres(inner) => inner.batch_execute(
                    "CREATE OR REPLACE VIEW public_count AS
                     SELECT 1::int AS id, (SELECT count(*) FROM pg_sleep(100000)) AS articles",
                )?,
            }
            Ok(())
        })
        .await
        .unwrap();
}

/// Sends a request whose answer nobody asks the harness about.
async fn raw(app: &TestApp, path: &str) -> (u16, serde_json::Value) {
    let response = reqwest::get(format!("{}{path}", app.url)).await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

/// What is not costly and what is the newsroom's own goes on.
async fn all_others_are_answered(app: &TestApp, token: &str) {
    for path in [
        "/v1/articles/one",
        "/v1/articles?limit=5",
        "/v1/articles?tag=climate&limit=6",
        "/v1/articles?author=alex-writer&limit=7",
        "/v1/articles?section=world&limit=8",
        "/v1/tags?limit=9",
        "/v1/tags/climate",
        "/v1/authors?limit=9",
        "/v1/articles/one/shares",
        "/readyz",
        "/livez",
    ] {
        assert_eq!(app.get(path).await.status, 200, "{path}");
    }
    let list = app
        .request(Method::GET, "/v1/editorial/articles")
        .bearer(token);
    assert_eq!(list.send().await.status, 200);
    app.create(
        token,
        "/v1/editorial/articles",
        json!({"headline": "Written meanwhile"}),
    )
    .await;
    let share = app.request(Method::POST, "/v1/articles/one/shares");
    assert_eq!(share.json(json!({"network": "x"})).await.status, 200);
    let login = app.request(Method::POST, "/v1/auth/login");
    let credentials = json!({"email": "owner@example.com", "password": PASSWORD});
    assert_eq!(login.json(credentials).await.status, 200);
}

async fn newsroom(
    on: On,
    change: impl FnOnce(&mut dateline::config::DatabaseConfig),
) -> (TestApp, String) {
    let app = TestApp::start_on(on, change).await;
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    app.user("owner@example.com", Role::Editor).await;
    endless(&app).await;
    (app, token)
}

async fn ends_in_time(on: On) {
    let (app, _) = newsroom(on, |database| database.read_timeout = 1).await;
    let (status, problem) = raw(&app, ENDLESS).await;
    assert_eq!(status, 503, "{problem}");
    assert_eq!(problem["type"], "/problems/too-slow");
    assert!(
        problem["detail"].as_str().unwrap().contains("Narrow"),
        "{problem}"
    );
    // Its connection is free again: the next costly question gets it.
    let mut left = 600;
    while raw(&app, "/v1/articles/facets?by=day").await.0 != 200 {
        left -= 1;
        assert!(left > 0, "the connection is never free again");
    }
    // It ended with its first statement, not with the last.
    assert_eq!(raw(&app, ENDLESS).await.0, 503);
}

#[actix_web::test]
async fn a_question_ends_in_time_on_sqlite() {
    ends_in_time(On::Sqlite).await;
}

#[actix_web::test]
async fn a_question_ends_in_time_on_postgres() {
    ends_in_time(On::Postgres).await;
}

/// The deadline is far away: only leaving ends the work.
async fn leaving_ends_it(on: On) {
    let (app, token) = newsroom(on, |database| {
        database.read_timeout = 600;
        database.costly_connections = Some(1);
    })
    .await;
    for _ in 0..3 {
        let url = format!("{}{ENDLESS}", app.url);
        let asked = tokio::time::timeout(Duration::from_millis(300), reqwest::get(url));
        // The stranger leaves.
        assert!(asked.await.is_err());
        all_others_are_answered(&app, &token).await;
        // The only connection for costly questions is free again, or this would wait for minutes.
        assert_eq!(app.get("/v1/articles/facets?by=day").await.status, 200);
    }
}

#[actix_web::test]
async fn who_leaves_takes_the_work_along_on_sqlite() {
    leaving_ends_it(On::Sqlite).await;
}

#[actix_web::test]
async fn who_leaves_takes_the_work_along_on_postgres() {
    leaving_ends_it(On::Postgres).await;
}

async fn others_go_on(on: On) {
    let (app, token) = newsroom(on, |database| {
        database.read_timeout = 600;
        database.costly_connections = Some(2);
    })
    .await;
    let url = format!("{}{ENDLESS}", app.url);
    // Different questions, so that they do not wait for each other; each takes minutes.
    let asked: Vec<_> = (1..=6)
        .map(|limit| {
            let url = format!("{url}&limit={limit}");
            actix_web::rt::spawn(async move {
                let _ = reqwest::get(url).await;
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    all_others_are_answered(&app, &token).await;
    assert!(asked.iter().all(|asked| !asked.is_finished()));
    asked.iter().for_each(|asked| asked.abort());
}

#[actix_web::test]
async fn while_costly_questions_are_asked_others_are_answered_on_sqlite() {
    others_go_on(On::Sqlite).await;
}

#[actix_web::test]
async fn while_costly_questions_are_asked_others_are_answered_on_postgres() {
    others_go_on(On::Postgres).await;
}

#[actix_web::test]
async fn questions_have_so_many_parts_and_no_more() {
    let app = TestApp::start(On::Sqlite).await;
    app.newsroom().await;
    let groups = |count: usize| vec!["tag=climate"; count].join("&");
    let many: Vec<String> = (0..21).map(|number| format!("t{number}")).collect();
    for (query, status) in [
        (groups(5), 200),
        (groups(6), 400),
        (format!("tag={}", many[..20].join(",")), 200),
        (format!("tag={}", many.join(",")), 400),
        (
            format!("tag={}&tag={}", many[..11].join(","), many[..10].join(",")),
            400,
        ),
        (format!("author={}", many.join(",")), 400),
    ] {
        for path in ["/v1/articles", "/v1/articles/facets?by=tag", "/v1/trending"] {
            let between = if path.contains('?') { "&" } else { "?" };
            let reply = app.get(&format!("{path}{between}{query}")).await;
            assert_eq!(reply.status, status, "{path} {query}");
        }
    }
    let long = "%C3%A9".repeat(60_000 / 6);
    for path in ["/v1/tags", "/v1/authors"] {
        assert_eq!(
            app.get(&format!("{path}?q={}", "a".repeat(200)))
                .await
                .status,
            200
        );
        assert_eq!(
            app.get(&format!("{path}?q={}", "a".repeat(201)))
                .await
                .status,
            400
        );
        let reply = app.get(&format!("{path}?q={long}")).await;
        assert!(reply.status.is_client_error(), "{}", reply.status);
    }
}
