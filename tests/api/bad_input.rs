//! No input gives a 5xx, writes half a thing, or is answered without a reason.

use macro_rules_attribute::apply;
use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::TestApp;

/// Sends a target as it stands, which a well-behaved client would not.
async fn raw_get(app: &TestApp, target: &str) -> String {
    let address = app.url.trim_start_matches("http://").to_owned();
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let patience = std::time::Duration::from_secs(10);
        stream.set_read_timeout(Some(patience)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    };
    actix_web::rt::task::spawn_blocking(exchange).await.unwrap()
}

async fn articles_in_total(app: &TestApp, token: &str) -> Value {
    let reply = app
        .request(Method::GET, "/v1/editorial/articles?count=true")
        .bearer(token)
        .send()
        .await;
    reply.json["page"]["total"].clone()
}

#[apply(both)]
async fn an_empty_choice_is_not_everything(app: TestApp) {
    for path in [
        "/v1/articles?slugs=",
        "/v1/articles?ids=,",
        "/v1/articles?tag=",
        "/v1/articles?section=",
        "/v1/shares?slugs=",
    ] {
        assert_eq!(app.get(path).await.status, 400, "{path}");
    }
    app.newsroom().await;
    assert!(app.get("/v1/tags?q=!!!").await.slugs().is_empty());
}

#[apply(both)]
async fn what_other_layers_refuse_is_a_problem_document_too(app: TestApp) {
    let reply = app.request(Method::GET, "/docs/nowhere").send().await;
    assert_eq!(reply.header("content-type"), "application/problem+json");
    let token = app.tool().await;
    let reply = app
        .request(Method::POST, "/v1/editorial/tags")
        .bearer(&token)
        .header("content-encoding", "gzip")
        .raw("application/json", "x")
        .send()
        .await;
    assert_eq!(reply.status, 415);
}

#[apply(both)]
async fn broken_json_is_refused_with_the_place(app: TestApp) {
    let token = app.newsroom().await;
    let deep = "[".repeat(10_000);
    let nested = format!(
        "{{\"custom\":{}{}}}",
        "{\"a\":".repeat(10_000),
        "1".to_owned() + &"}".repeat(10_000)
    );
    for body in [
        "",
        "{",
        "{\"headline\": \"a\"",
        "nonsense",
        "{\"a\":1e999}",
        "{\"headline\":\"\\ud800\"}",
        &deep,
        &nested,
    ] {
        let reply = app
            .request(Method::POST, "/v1/editorial/articles")
            .bearer(&token)
            .raw("application/json", body.to_owned())
            .send()
            .await;
        assert_eq!(reply.status, 400, "{:.40}", body);
        assert_eq!(reply.problem(), "malformed-json");
    }
    for body in [json!([]), json!("x"), json!(null), json!(1)] {
        let reply = app
            .request(Method::POST, "/v1/editorial/articles")
            .bearer(&token)
            .json(body)
            .await;
        assert_eq!(reply.status, 422);
    }
    let invalid = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .raw(
            "application/json",
            vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}'],
        )
        .send()
        .await;
    assert_eq!(invalid.status, 400);
    assert_eq!(articles_in_total(&app, &token).await, 0);
}

#[apply(both)]
async fn a_hundred_megabytes_are_refused(app: TestApp) {
    let token = app.tool().await;
    let body = vec![b' '; 100 * 1024 * 1024];
    let reply = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .raw("application/json", body)
        .send()
        .await;
    assert_eq!(reply.status, 413);
    assert_eq!(reply.problem(), "too-large");
}

#[apply(both)]
async fn nul_is_refused_alike_on_both_databases(app: TestApp) {
    let token = app.newsroom().await;
    for field in [
        "kicker",
        "headline",
        "standfirst",
        "dateline",
        "byline",
        "language",
        "slug",
        "section",
        "canonical_url",
    ] {
        let reply = app
            .request(Method::POST, "/v1/editorial/articles")
            .bearer(&token)
            .json(json!({field: "a\u{0}b"}))
            .await;
        assert_eq!(reply.status, 422, "{field}");
        assert_eq!(reply.pointers(), [format!("/{field}")]);
    }
    let reply = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(json!({
            "custom": {"a": {"b\u{0}": "c\u{0}"}}, "body": {"format": "html", "content": "a\u{0}"},
            "seo": {"title": "\u{0}"}, "authors": ["\u{0}"]
        }))
        .await;
    assert_eq!(reply.status, 422);
    assert_eq!(reply.pointers().len(), 5);
    for (path, body) in [
        ("/v1/editorial/tags", json!({"name": "a\u{0}"})),
        (
            "/v1/editorial/authors",
            json!({"name": "a", "bio": "\u{0}"}),
        ),
        (
            "/v1/auth/login",
            json!({"email": "a\u{0}", "password": "b"}),
        ),
        ("/v1/auth/refresh", json!({"refresh_token": "\u{0}"})),
    ] {
        let reply = app
            .request(Method::POST, path)
            .bearer(&token)
            .json(body)
            .await;
        assert_eq!(reply.status, 422, "{path}");
    }
    assert_eq!(articles_in_total(&app, &token).await, 0);
}

#[apply(both)]
async fn odd_bytes_in_addresses_are_refused(app: TestApp) {
    for (target, status) in [
        ("/v1/articles/%00", "404"),
        ("/v1/articles/%ff%fe", "404"),
        ("/v1/articles/a%2f..%2fb", "404"),
        ("/v1/articles/../../etc/passwd", "404"),
        ("/v1/tags/%F0%9F%8E%89", "404"),
        ("/v1/articles/A", "404"),
        ("/v1/articles?q=%00", "200"),
        ("/v1/tags?q=%00", "200"),
        ("/v1/tags?q=%ff", "200"),
        ("/v1/articles?q=%ff%22%2a&sort=relevance", "200"),
        ("/v1/articles?section=%00", "400"),
        ("/v1/articles?author=%ff", "400"),
        ("/v1/articles?cursor=%ff", "400"),
        ("/v1/articles?%00=1", "400"),
        ("/v1/tags?q=%25_%27", "200"),
        ("/v1/articles?tag=%00", "400"),
        ("/nowhere", "404"),
        ("/v1/editorial/articles/x", "401"),
    ] {
        let answer = raw_get(&app, target).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{target}: {answer}"
        );
        assert!(answer.contains("x-request-id:"), "{target}: {answer}");
    }
    let long = format!("/v1/articles?cursor={}", "a".repeat(60_000));
    let answer = raw_get(&app, &long).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer:.100}");
}

#[apply(both)]
async fn wrong_parameters_name_themselves(app: TestApp) {
    for (query, part) in [
        ("limit=-1", "limit"),
        ("limit=0", "limit"),
        ("limit=1e9", "limit"),
        ("limit=101", "limit"),
        ("limit=1&limit=2", "only once"),
        ("limt=1", "did you mean \\\"limit\\\"?"),
        ("cursor=x", "cursor"),
        ("sort=newest", "-published_at"),
        ("include=boddy", "did you mean \\\"body\\\"?"),
        ("fields=slgu", "did you mean \\\"slug\\\"?"),
        ("fields=lead_image.ulr", "did you mean \\\"url\\\"?"),
        ("count=yes", "true or false"),
        ("published_after=yesterday", "RFC 3339"),
        ("ids=1", "UUID"),
        ("language=%20", "BCP 47"),
        ("tag=A", "tag"),
        ("body_format=pdf", "markdown"),
    ] {
        let reply = app.get(&format!("/v1/articles?{query}")).await;
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.text.contains(part), "{query}: {}", reply.text);
    }
    for path in [
        "/v1/tags/a?x=1",
        "/v1/authors/a?x=1",
        "/v1/auth/me?x=1",
        "/v1/shares?slug=a",
    ] {
        let token = app.tool().await;
        let reply = app.request(Method::GET, path).bearer(&token).send().await;
        assert_eq!(reply.status, 400, "{path}");
    }
}

#[apply(both)]
async fn foreign_and_tampered_cursors_are_refused(app: TestApp) {
    let token = app.newsroom().await;
    for slug in ["one", "two", "three"] {
        app.published(&token, slug).await;
    }
    let page = app.get("/v1/articles?limit=1").await;
    let cursor = page.json["page"]["next_cursor"].as_str().unwrap();
    assert_eq!(
        app.get(&format!("/v1/articles?limit=1&cursor={cursor}"))
            .await
            .status,
        200
    );
    let mut tampered = cursor.to_owned();
    tampered.replace_range(30..31, if &cursor[30..31] == "A" { "B" } else { "A" });
    for path in [
        format!("/v1/articles?cursor={tampered}"),
        format!("/v1/articles?sort=published_at&cursor={cursor}"),
        format!("/v1/articles?tag=climate&cursor={cursor}"),
        format!("/v1/tags?cursor={cursor}"),
        format!("/v1/authors?cursor={cursor}"),
    ] {
        let reply = app.get(&path).await;
        assert_eq!(reply.status, 400, "{path}");
        assert_eq!(reply.problem(), "invalid-cursor");
    }
}

#[apply(both)]
async fn slugs_that_cannot_be_are_refused(app: TestApp) {
    let token = app.newsroom().await;
    let long = "a".repeat(300);
    for slug in ["🎉", "أخبار", &long, "", "-", "A", "a b", "a/b", "../x"] {
        let reply = app
            .request(Method::POST, "/v1/editorial/articles")
            .bearer(&token)
            .json(json!({"headline": "a", "slug": slug}))
            .await;
        assert_eq!(reply.status, 422, "{slug}");
        assert_eq!(reply.pointers(), ["/slug"]);
    }
}

#[apply(both)]
async fn wrong_tokens_are_refused(app: TestApp) {
    use base64::Engine;
    let encode = |text: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
    let header = encode(
        "{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11\"}",
    );
    let claims = encode(
        "{\"sub\":\"019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11\",\"role\":\"admin\",\"exp\":9999999999}",
    );
    let unsigned = format!("{header}.{claims}.");
    for token in [
        unsigned.as_str(),
        "x",
        "dl_x",
        "dl_",
        "a.b.c",
        &"a".repeat(5_000),
    ] {
        let reply = app
            .request(Method::GET, "/v1/editorial/articles")
            .bearer(token)
            .send()
            .await;
        assert_eq!(reply.status, 401, "{token:.40}");
        assert!(reply.header("www-authenticate").contains("invalid_token"));
    }
    for value in ["", "Basic eDp5", "Bearer", "Bearer "] {
        let reply = app
            .request(Method::GET, "/v1/editorial/articles")
            .header("authorization", value)
            .send()
            .await;
        assert_eq!(reply.status, 401, "{value}");
    }
}

#[apply(both)]
async fn wrong_content_types_and_methods_are_refused(app: TestApp) {
    let token = app.tool().await;
    for media_type in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/json-patch+json",
        "x",
    ] {
        let reply = app
            .request(Method::POST, "/v1/editorial/articles")
            .bearer(&token)
            .raw(media_type, "{}")
            .send()
            .await;
        assert_eq!(reply.status, 415, "{media_type}");
    }
    for (method, path, allow) in [
        (Method::PUT, "/v1/articles", "GET, HEAD, OPTIONS"),
        (Method::DELETE, "/v1/articles/a", "GET, HEAD, OPTIONS"),
        (Method::GET, "/v1/auth/login", "POST, OPTIONS"),
        (
            Method::PUT,
            "/v1/editorial/articles/a",
            "GET, HEAD, PATCH, DELETE, OPTIONS",
        ),
    ] {
        let reply = app.request(method.clone(), path).send().await;
        assert_eq!(reply.status, 405, "{method} {path}");
        assert_eq!(reply.header("allow"), allow);
    }
    let options = app.request(Method::OPTIONS, "/v1/articles").send().await;
    assert_eq!(options.status, 204);
    assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
}

#[apply(both)]
async fn dangerous_html_is_made_harmless(app: TestApp) {
    let token = app.newsroom().await;
    let mut input = crate::harness::article("html");
    input["body"] = json!({"format": "html", "content":
            "<p onclick=x>Hello<script>alert(1)</script> <a href=\"javascript:alert(1)\">you</a></p>"});
    let draft = app.create(&token, "/v1/editorial/articles", input).await;
    let html = draft.json["body_html"].as_str().unwrap();
    assert!(html.contains("Hello") && html.contains("you"));
    assert!(!html.contains("script") && !html.contains("onclick"));
    let deep = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(json!({"body": {"format": "html", "content": "<div>".repeat(10_000)}}))
        .await;
    assert_eq!(deep.status, 422);
    assert_eq!(deep.pointers(), ["/body/content"]);
}
