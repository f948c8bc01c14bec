//! The OpenAPI document is true.

use macro_rules_attribute::apply;
use std::collections::BTreeSet;

use dateline::app::resources;
use reqwest::Method;

use crate::both;
use crate::harness::DOCUMENT;

#[test]
fn the_committed_document_is_what_the_code_generates() {
    let committed = std::fs::read_to_string("openapi/openapi.json").unwrap_or_default();
    assert!(
        committed == dateline::openapi::json(),
        "openapi/openapi.json is out of date; run: cargo run -- openapi > openapi/openapi.json"
    );
}

#[test]
fn every_route_is_documented_and_every_operation_has_a_route() {
    let routes: BTreeSet<(String, String)> = resources()
        .iter()
        .flat_map(|resource| {
            resource
                .methods()
                .iter()
                .filter(|method| method.as_str() != "HEAD")
                .map(|method| (resource.path().to_owned(), method.as_str().to_lowercase()))
        })
        .collect();
    let documented: BTreeSet<(String, String)> = DOCUMENT["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| (path.clone(), method.clone()))
        })
        .collect();
    assert_eq!(routes, documented);
}

#[test]
fn every_operation_says_what_it_is() {
    let mut ids = BTreeSet::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id), "{method} {path}: {id} stands twice");
            assert!(operation["tags"][0].is_string(), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
}

#[apply(both)]
async fn the_server_serves_the_document_and_its_pages(app: TestApp) {
    let served = app.get("/openapi.json").await;
    assert_eq!(served.json, *DOCUMENT);
    let page = app.get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(
        !page.text.contains("https://"),
        "the page loads something from elsewhere"
    );
    assert!(page.text.contains("<title>Dateline API</title>"));
    assert_eq!(app.get("/docs/dateline.css").await.status, 200);
}

#[apply(both)]
async fn the_document_is_asked_for_again_and_compressed(app: TestApp) {
    let whole = app.get("/openapi.json").await;
    let again = |coding: &'static str, etag: String| {
        let request = app.request(Method::GET, "/openapi.json");
        let request = request.header("accept-encoding", coding);
        request.header("if-none-match", &etag).send()
    };
    assert!(!whole.headers.contains_key("content-encoding"));
    assert_eq!(again("identity", whole.etag()).await.status, 304);
    for coding in ["br", "zstd", "gzip"] {
        let coded = again(coding, "\"another\"".into()).await;
        assert_eq!(coded.status, 200);
        assert_eq!(coded.header("content-encoding"), coding);
        assert_eq!(coded.header("vary"), "accept-encoding");
        assert!(
            coded.text.len() * 5 < whole.text.len(),
            "{coding}: {} bytes",
            coded.text.len()
        );
        assert_ne!(coded.etag(), whole.etag());
        let unchanged = again(coding, coded.etag()).await;
        assert_eq!(
            (unchanged.status.as_u16(), unchanged.etag()),
            (304, coded.etag())
        );
    }
    let index = app.get("/").await;
    assert_eq!(index.json["documentation"], "/docs/");
    assert_eq!(index.json["openapi"], "/openapi.json");
    assert!(
        index
            .header("link")
            .contains("</openapi.json>; rel=\"service-desc\"")
    );
}

#[apply(both)]
async fn pages_of_documentation_answer_get_and_head(app: TestApp) {
    for (path, status) in [
        ("/docs", 308),
        ("/docs/", 200),
        ("/docs/swagger-initializer.js", 200),
        ("/docs/none", 404),
        ("/openapi.json", 200),
        ("/", 200),
    ] {
        let got = app.get(path).await;
        let head = app.request(Method::HEAD, path).send().await;
        assert_eq!(
            (got.status.as_u16(), head.status.as_u16()),
            (status, status),
            "{path}"
        );
        assert_eq!(
            head.header("content-type"),
            got.header("content-type"),
            "{path}"
        );
        assert_eq!(head.text, "", "{path}");
    }
    assert_eq!(app.get("/docs").await.header("location"), "/docs/");
}

/// A page that fills in the examples of everything that may be left out finds nothing.
#[test]
fn what_may_be_left_out_is_not_filled_in() {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let operations = paths
        .values()
        .flat_map(|item| item.as_object().unwrap().values());
    for operation in operations {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let filled_in = parameter
                .get("example")
                .or(parameter["schema"].get("example"));
            let is_required = parameter["required"] == true;
            assert!(
                is_required || filled_in.is_none(),
                "{}: {parameter}",
                operation["operationId"]
            );
        }
    }
}

#[test]
fn responses_say_what_comes_with_them() {
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = &operation["responses"];
            let takes = |name: &str| {
                let parameters = operation["parameters"].as_array();
                parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == name))
            };
            let has =
                |status: &str, header: &str| responses[status]["headers"].get(header).is_some();
            // What is written takes it to be created only: that answers no 304.
            let is_conditional = method == "get" && takes("If-None-Match");
            assert_eq!(
                responses.get("304").is_some(),
                is_conditional,
                "{method} {path}"
            );
            if is_conditional {
                assert!(has("200", "ETag") && has("304", "ETag"), "{method} {path}");
            }
            for (status, header) in [
                ("301", "Location"),
                ("401", "WWW-Authenticate"),
                ("503", "Retry-After"),
            ] {
                assert!(
                    responses.get(status).is_none() || has(status, header),
                    "{method} {path} {status}"
                );
            }
            for (status, response) in responses.as_object().unwrap() {
                let problem = &response["content"]["application/problem+json"];
                let examples = problem["examples"]
                    .as_object()
                    .map_or(0, |examples| examples.len());
                assert!(
                    problem.is_null() || examples > 0,
                    "{method} {path} {status} has no example"
                );
            }
        }
    }
}

#[apply(both)]
async fn every_problem_is_documented(app: TestApp) {
    let all = app.get("/problems").await;
    for kind in all.json.as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        assert_eq!(app.get(&format!("/problems/{name}")).await.json, *kind);
    }
    assert_eq!(app.get("/problems/unknown").await.status, 404);
}

#[apply(both)]
async fn operators_are_answered(app: TestApp) {
    assert_eq!(app.get("/livez").await.json["status"], "ok");
    assert_eq!(app.get("/readyz").await.json["status"], "ok");
    app.get("/v1/articles").await;
    let (status, metrics) = app.operators_get("/metrics").await;
    assert_eq!(status, 200);
    assert!(
        metrics.contains(
            "dateline_http_requests_total{method=\"GET\",route=\"/v1/articles\",status=\"200\"} 1"
        ),
        "{metrics}"
    );
    assert!(metrics.contains("dateline_database_queries_total "));
    assert!(metrics.contains("dateline_log_lines_lost 0"));
    let (status, ready) = app.operators_get("/readyz").await;
    assert_eq!(status, 200);
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(ready["parts"]["database"], "ok");
    assert_eq!(ready["parts"]["migrations"], "ok");
    // Strangers are told none of it.
    assert_eq!(app.get("/metrics").await.status, 404);
    assert!(app.get("/readyz").await.json["parts"].is_null());
}

#[apply(both)]
async fn a_request_id_runs_through(app: TestApp) {
    let id = "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11";
    let reply = app
        .request(Method::GET, "/v1/articles/none")
        .header("x-request-id", id)
        .send()
        .await;
    assert_eq!(reply.header("x-request-id"), id);
    assert_eq!(reply.json["instance"], format!("urn:uuid:{id}"));
    let reply = app
        .request(Method::GET, "/livez")
        .header("x-request-id", "not a uuid")
        .send()
        .await;
    assert_ne!(reply.header("x-request-id"), "not a uuid");
}
