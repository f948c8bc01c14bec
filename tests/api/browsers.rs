//! Pages of other origins: what a browser is told before it sends something, and of every response.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::json;

use crate::both;
use crate::harness::{On, Reply, TestApp};

const PAGE: &str = "https://a.example";
const DESK: &str = "https://desk.example";

async fn preflight(app: &TestApp, path: &str, origin: &str, method: &str, headers: &str) -> Reply {
    let request = app
        .request(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method);
    match headers {
        "" => request.send().await,
        headers => {
            request
                .header("access-control-request-headers", headers)
                .send()
                .await
        }
    }
}

#[actix_web::test]
async fn a_preflight_lets_every_header_through_but_the_browser_s_credentials() {
    let app = TestApp::start(On::Sqlite).await;
    for headers in [
        "sentry-trace,baggage",
        "traceparent, tracestate",
        "x-requested-with",
        "cache-control,pragma",
        "content-type,if-none-match,x-request-id",
        "authorization",
        "x-datadog-trace-id,x-b3-traceid,newrelic",
        "idempotency-key",
        "X-Own-Client",
    ] {
        for (path, origin) in [
            ("/v1/articles", PAGE),
            ("/v1/articles/one/shares", PAGE),
            ("/v1/editorial/articles", DESK),
        ] {
            let reply = preflight(&app, path, origin, "GET", headers).await;
            assert_eq!(reply.status, 204, "{path} {headers}");
            let allowed = reply.header("access-control-allow-headers").to_lowercase();
            for name in headers.to_lowercase().split(',') {
                assert!(allowed.contains(name.trim()), "{path} {headers}: {allowed}");
            }
            assert!(!reply.header("access-control-allow-origin").is_empty());
        }
    }
    let cookie = preflight(&app, "/v1/articles", PAGE, "GET", "x-own,cookie").await;
    assert_eq!(cookie.header("access-control-allow-headers"), "x-own");
    assert!(cookie.header("access-control-allow-credentials").is_empty());
}

#[actix_web::test]
async fn a_preflight_says_the_methods_of_that_path() {
    let app = TestApp::start(On::Sqlite).await;
    for (path, origin, methods) in [
        ("/v1/articles", PAGE, "GET, HEAD, OPTIONS"),
        ("/v1/articles/one/shares", PAGE, "POST, GET, HEAD, OPTIONS"),
        ("/openapi.json", PAGE, "GET, HEAD, OPTIONS"),
        ("/v1/editorial/articles", DESK, "GET, HEAD, POST, OPTIONS"),
        (
            "/v1/editorial/tags/x",
            DESK,
            "GET, HEAD, PATCH, DELETE, OPTIONS",
        ),
        ("/v1/auth/login", DESK, "POST, OPTIONS"),
    ] {
        for asked in ["GET", "DELETE", "PURGE"] {
            let reply = preflight(&app, path, origin, asked, "").await;
            assert_eq!(reply.status, 204, "{path}");
            let mut said: Vec<&str> = reply
                .header("access-control-allow-methods")
                .split(", ")
                .collect();
            let mut expected: Vec<&str> = methods.split(", ").collect();
            said.sort_unstable();
            expected.sort_unstable();
            assert_eq!(said, expected, "{path}");
        }
        let closed = preflight(&app, path, "https://other.example", "GET", "x-own").await;
        let is_public = origin == PAGE;
        assert_eq!(
            closed.header("access-control-allow-origin"),
            if is_public { "*" } else { "" },
            "{path}"
        );
        assert_eq!(
            closed.headers.contains_key("access-control-allow-headers"),
            is_public,
            "{path}"
        );
        assert_eq!(
            closed.header("vary").contains("origin"),
            !is_public,
            "{path}"
        );
    }
    // What operators are told, no page reads.
    for path in ["/metrics", "/readyz", "/nowhere"] {
        let ask = reqwest::Client::new().get(format!("{}{path}", app.ops_url));
        let reply = ask.header("origin", DESK).send().await.unwrap();
        assert!(
            !reply.headers().contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
    // A browser that was refused here could not tell its page that nothing is there.
    let nowhere = preflight(&app, "/v1/nowhere", PAGE, "GET", "x-own").await;
    assert_eq!(
        (
            nowhere.status.as_u16(),
            nowhere.header("access-control-allow-origin")
        ),
        (204, "*")
    );
    assert_eq!(
        app.request(Method::OPTIONS, "/v1/nowhere")
            .send()
            .await
            .status,
        404
    );
}

#[apply(both)]
async fn every_status_can_be_read_by_any_page(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "one").await;
    app.patch(&token, &article, json!({"slug": "two"})).await;
    let etag = app.get("/v1/articles/two").await.etag();
    let from_page = |method: Method, path: &str| app.request(method, path).header("origin", PAGE);
    let long = "x".repeat(100_000);
    let replies = [
        from_page(Method::GET, "/v1/articles/two").send().await,
        from_page(Method::GET, "/v1/articles/two")
            .header("if-none-match", &etag)
            .send()
            .await,
        from_page(Method::GET, "/v1/articles/one").send().await,
        from_page(Method::GET, "/v1/articles?limt=1").send().await,
        from_page(Method::GET, "/v1/articles/none").send().await,
        from_page(Method::GET, "/v1/nowhere").send().await,
        from_page(Method::DELETE, "/v1/articles").send().await,
        from_page(Method::POST, "/v1/articles/two/shares")
            .raw("application/json", long)
            .send()
            .await,
        from_page(Method::POST, "/v1/articles/two/shares")
            .raw("image/png", "x")
            .send()
            .await,
        from_page(Method::POST, "/v1/articles/two/shares")
            .json(json!({"network": "none"}))
            .await,
        from_page(Method::GET, "/problems/none").send().await,
    ];
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    assert_eq!(
        statuses,
        [200, 304, 301, 400, 404, 404, 405, 413, 415, 422, 404]
    );
    for reply in &replies {
        let status = reply.status;
        assert_eq!(reply.header("access-control-allow-origin"), "*", "{status}");
        assert!(
            reply
                .header("access-control-expose-headers")
                .contains("x-request-id"),
            "{status}"
        );
        assert!(!reply.header("vary").contains("origin"), "{status}");
        let all = reply
            .headers
            .get_all("access-control-allow-origin")
            .iter()
            .count();
        assert_eq!(all, 1, "{status}");
    }
    // The desk's page reads what went wrong, and no other page does.
    for (origin, allowed) in [(DESK, DESK), (PAGE, "")] {
        for (path, status) in [
            ("/v1/editorial/articles", 401),
            ("/v1/editorial/nowhere", 404),
            ("/v1/auth/login", 405),
        ] {
            let reply = app
                .request(Method::GET, path)
                .header("origin", origin)
                .send()
                .await;
            assert_eq!(reply.status.as_u16(), status, "{path}");
            assert_eq!(
                reply.header("access-control-allow-origin"),
                allowed,
                "{path}"
            );
            assert_eq!(reply.header("vary"), "origin", "{path}");
        }
    }
}

#[actix_web::test]
async fn a_page_reads_that_it_sends_too_much_and_that_it_was_too_slow() {
    let app = TestApp::start_with(On::Sqlite, |server| {
        server.shares_per_address = 1;
        server.request_timeout = 1;
    })
    .await;
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let share = app
            .request(Method::POST, "/v1/articles/one/shares")
            .header("origin", PAGE);
        let reply = share.json(json!({"network": "x"})).await;
        assert_eq!(
            reply.header("access-control-allow-origin"),
            "*",
            "{}",
            reply.status
        );
        statuses.push(reply.status.as_u16());
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    let address = app.url.trim_start_matches("http://").to_owned();
    let never_sent = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let head = format!(
            "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nOrigin: {DESK}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..length]).to_lowercase()
    };
    let answer = actix_web::rt::task::spawn_blocking(never_sent)
        .await
        .unwrap();
    assert!(answer.starts_with("http/1.1 408"), "{answer}");
    assert!(
        answer.contains(&format!("access-control-allow-origin: {DESK}")),
        "{answer}"
    );
}

#[apply(both)]
async fn below_a_path_every_address_begins_with_it(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "one").await;
    app.patch(&token, &article, json!({"slug": "two"})).await;
    app.published(&token, "three").await;
    let below = TestApp::start_at_with(app.config.clone(), |server| {
        server.path_prefix = "/content-api/".parse().unwrap();
        server.public_url = Some("https://news.example/stories/".parse().unwrap());
    })
    .await;
    for _ in 0..2 {
        let page = below.get("/v1/articles?limit=1").await;
        assert!(
            page.header("link")
                .starts_with("</content-api/v1/articles?cursor="),
            "{}",
            page.header("link")
        );
        let moved = below.get("/v1/articles/one?fields=slug").await;
        assert_eq!(
            moved.header("location"),
            "/content-api/v1/articles/two?fields=slug"
        );
    }
    let created = below
        .create(&token, "/v1/editorial/tags", json!({"name": "New"}))
        .await;
    assert!(
        created
            .header("location")
            .starts_with("/content-api/v1/editorial/tags/")
    );
    assert_eq!(
        below.get("/v1/articles/two").await.json["canonical_url"],
        "https://news.example/stories/two"
    );
    assert_eq!(
        below.get("/docs").await.header("location"),
        "/content-api/docs/"
    );
    let index = below.get("/").await;
    assert_eq!(index.json["articles"], "/content-api/v1/articles");
    let document = below.get("/openapi.json").await;
    assert_eq!(document.json["servers"][0]["url"], "/content-api");
    let docs = below.get("/docs/swagger-initializer.js").await;
    assert!(
        docs.text.contains("\"/content-api/openapi.json\""),
        "{}",
        docs.text
    );
    let widgets = below.get("/widgets").await;
    let script = widgets.json["data"][0]["url"].as_str().unwrap();
    assert!(
        script.starts_with("/content-api/widgets/share-"),
        "{script}"
    );
    let script = below.get(script.trim_start_matches("/content-api")).await;
    assert!(
        script
            .text
            .contains("new URL(\"..\", document.currentScript.src)")
    );
}
