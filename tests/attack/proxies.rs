//! What a proxy in front of the server may say, and what a stranger may not.

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{On, TestApp};

#[actix_web::test]
async fn a_stranger_is_not_believed_and_operators_are_told() {
    let app = TestApp::start_with(On::Sqlite, |server| {
        server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        server.shares_per_address = 3;
    })
    .await;
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let (_, ready) = app.operators_get("/readyz").await;
    let ready: Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(ready["warnings"], json!([]));
    let id = "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11";
    let mut refused = 0;
    for reader in 0..6 {
        let reply = app
            .request(Method::POST, "/v1/articles/one/shares")
            .header("x-forwarded-for", &format!("203.0.113.{reader}"))
            .header("x-request-id", id)
            .json(json!({"network": "x"}))
            .await;
        assert_ne!(reply.header("x-request-id"), id);
        refused += usize::from(reply.status == 429);
    }
    assert_eq!(refused, 3);
    let (status, ready) = app.operators_get("/readyz").await;
    let ready: Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(status, 200);
    assert!(
        ready["warnings"][0]
            .as_str()
            .unwrap()
            .contains("--trusted-proxies"),
        "{ready}"
    );
}

#[apply(both)]
async fn what_is_gone_replaces_what_a_cache_has(app: TestApp) {
    let token = app.newsroom().await;
    let unknown = app.get("/v1/articles/none").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.header("cache-control"), "public, max-age=10");
    assert_eq!(unknown.header("surrogate-key"), "articles");
    assert_eq!(unknown.header("vary"), "");
    assert_eq!(unknown.header("access-control-allow-origin"), "*");
    let without = |reply: &crate::harness::Reply| {
        let mut headers = reply.headers.clone();
        for name in ["x-request-id", "date"] {
            headers.remove(name);
        }
        let mut body = reply.json.clone();
        body["instance"].take();
        (headers, body)
    };
    // A draft, what is scheduled, and what was taken back say what a slug says that never was.
    app.draft(&token, "draft").await;
    app.published_at(&token, "scheduled", "2099-01-01T00:00:00Z")
        .await;
    for step in ["unpublish", "retract"] {
        let article = app.published(&token, step).await;
        assert_eq!(app.get(&format!("/v1/articles/{step}")).await.status, 200);
        let body = if step == "retract" {
            json!({"reason": "Wrong."})
        } else {
            json!({})
        };
        assert_eq!(app.step(&token, &article, step, body).await.status, 200);
    }
    for slug in ["draft", "scheduled", "unpublish"] {
        let reply = app.get(&format!("/v1/articles/{slug}")).await;
        assert_eq!(without(&reply), without(&unknown), "{slug}");
    }
    // What was retracted says so, and a cache keeps that as it keeps a 404.
    let retracted = app.get("/v1/articles/retract").await;
    assert_eq!(retracted.status, 410);
    for header in ["cache-control", "surrogate-key", "vary"] {
        assert_eq!(retracted.header(header), unknown.header(header));
    }
    for (path, key) in [
        ("/v1/tags/none", "tags"),
        ("/v1/authors/none", "authors"),
        ("/v1/articles/none/shares", "articles"),
        ("/v1/articles/none/related", "articles"),
    ] {
        let reply = app.get(path).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("surrogate-key")),
            (404, key),
            "{path}"
        );
        assert!(
            reply.header("cache-control").starts_with("public"),
            "{path}"
        );
    }
    // What is no reader's is kept by nobody.
    assert_eq!(
        app.get("/nowhere").await.header("cache-control"),
        "no-store"
    );
    let editorial = app
        .request(Method::GET, "/v1/editorial/articles/none")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(
        (editorial.status.as_u16(), editorial.header("cache-control")),
        (404, "no-store")
    );
}
