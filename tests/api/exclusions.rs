//! Lists leave out what stands elsewhere on a page.

use macro_rules_attribute::apply;
use serde_json::json;

use crate::both;
use crate::harness::{Reply, TestApp, article};

fn slugs(reply: &Reply) -> Vec<&str> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let data = reply.json["data"].as_array().unwrap().iter();
    data.map(|article| article["slug"].as_str().unwrap())
        .collect()
}

/// Publishes `one` (climate, world), `two` (ports, world), `three` (both, no section), the newest last.
async fn three(app: &TestApp) -> (String, Vec<String>) {
    let token = app.newsroom().await;
    let mut ids = Vec::new();
    for (number, slug, tags, section, author) in [
        (1, "one", json!(["climate"]), json!("world"), "alex-writer"),
        (2, "two", json!(["ports"]), json!("world"), "sam-reporter"),
        (
            3,
            "three",
            json!(["climate", "ports"]),
            json!(null),
            "alex-writer",
        ),
    ] {
        let mut input = article(slug);
        input["tags"] = tags;
        input["section"] = section;
        input["authors"] = json!([author]);
        let draft = app.create(&token, "/v1/editorial/articles", input).await;
        let at = json!({"published_at": format!("2026-03-0{number}T00:00:00Z")});
        let reply = app.step(&token, &draft, "publish", at).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        ids.push(reply.json["id"].as_str().unwrap().to_owned());
    }
    (token, ids)
}

#[apply(both)]
async fn lists_leave_out_what_is_named(app: TestApp) {
    let (_, ids) = three(&app).await;
    for (query, left) in [
        ("exclude=three", &["two", "one"][..]),
        ("exclude=three,unknown&exclude=one", &["two"]),
        (&format!("exclude_ids={}", ids[1]), &["three", "one"]),
        ("exclude=three&sort=published_at", &["one", "two"]),
        ("exclude=three&sort=-updated_at&limit=1", &["two"]),
        ("exclude=three&sort=-shares", &["two", "one"]),
        ("exclude=two&slugs=two,one,three", &["one", "three"]),
        ("sort=given&slugs=two,one,three", &["two", "one", "three"]),
        ("exclude=two&q=headline", &["three", "one"]),
        ("exclude=two&q=headline&sort=relevance", &["three", "one"]),
        ("tag=-climate", &["two"]),
        ("tag=-climate,-ports", &[]),
        ("tag=ports,-climate", &["two"]),
        ("tag=ports&tag=-climate", &["two"]),
        ("tag=climate,-unknown", &["three", "one"]),
        ("tag=-world", &["three"]),
        ("section=-world", &["three"]),
        ("section=world,-unknown", &["two", "one"]),
        ("author=-alex-writer", &["two"]),
        ("tag=-climate&q=headline", &["two"]),
        ("exclude=three&tag=climate&section=world", &["one"]),
    ] {
        let reply = app.get(&format!("/v1/articles?count=true&{query}")).await;
        assert_eq!(slugs(&reply), left, "{query}");
        if !query.contains("limit") {
            assert_eq!(reply.json["page"]["total"], left.len(), "{query}");
        }
    }
    let facets = app.get("/v1/articles/facets?by=section&exclude=two").await;
    assert_eq!(facets.json["data"][0]["count"], 1);
    let related = app.get("/v1/articles/one/related?exclude=three").await;
    assert_eq!(slugs(&related), ["two"]);
    let trending = app.get("/v1/trending?exclude=one&tag=-ports").await;
    assert_eq!(trending.status, 200);
}

#[apply(both)]
async fn a_cursor_goes_with_what_is_left_out(app: TestApp) {
    let (token, _) = three(&app).await;
    let first = app.get("/v1/articles?exclude=two&limit=1").await;
    assert_eq!(slugs(&first), ["three"]);
    let cursor = first.json["page"]["next_cursor"].as_str().unwrap();
    let next = format!("/v1/articles?exclude=two&limit=1&cursor={cursor}");
    assert_eq!(slugs(&app.get(&next).await), ["one"]);
    let other = app
        .get(&format!("/v1/articles?exclude=one&limit=1&cursor={cursor}"))
        .await;
    assert_eq!(other.problem(), "invalid-cursor");
    // A slug that was given up still means the article that had it.
    let two = app.get("/v1/articles/two").await;
    let path = format!(
        "/v1/editorial/articles/{}",
        two.json["id"].as_str().unwrap()
    );
    let two = app.request(reqwest::Method::GET, &path).bearer(&token);
    let two = two.send().await;
    app.patch(&token, &two, json!({"slug": "two-new"})).await;
    let left = app.get("/v1/articles?exclude=two").await;
    assert_eq!(slugs(&left), ["three", "one"]);
}

#[apply(both)]
async fn what_cannot_be_left_out_is_refused(app: TestApp) {
    for query in [
        "tag=-",
        "tag=--a",
        "section=-A",
        "exclude=",
        "exclude=-a",
        "exclude_ids=x",
    ] {
        let reply = app.get(&format!("/v1/articles?{query}")).await;
        assert_eq!(reply.problem(), "invalid-parameter", "{query}");
    }
    let many = vec!["a"; 101].join(",");
    let reply = app.get(&format!("/v1/articles?exclude={many}")).await;
    assert_eq!(reply.problem(), "invalid-parameter");
}
