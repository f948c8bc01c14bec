//! The schemas of the OpenAPI document take what the server takes.

use jsonschema::Validator;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{DOCUMENT, Reply, TestApp, article};

pub fn schemas() -> &'static serde_json::Map<String, Value> {
    DOCUMENT["components"]["schemas"].as_object().unwrap()
}

fn validator(name: &str) -> Validator {
    let root = json!({
        "$ref": format!("#/components/schemas/{name}"), "components": DOCUMENT["components"],
    });
    jsonschema::options().build(&root).unwrap()
}

/// The schema of the object that a property holds, if it holds one with fields.
fn object_in(property: &Value) -> Option<&'static Value> {
    let choice = property["oneOf"]
        .as_array()
        .and_then(|choices| choices.first());
    let name = choice.unwrap_or(property)["$ref"]
        .as_str()?
        .rsplit('/')
        .next()?;
    schemas()
        .get(name)
        .filter(|schema| schema["properties"].is_object())
}

/// Every patch of one property, however deep: with null in its place.
fn nulls(patch: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    for (name, property) in patch["properties"].as_object().unwrap() {
        all.push(json!({ name: null }));
        let below = object_in(property).map(nulls).unwrap_or_default();
        all.extend(below.into_iter().map(|below| json!({ name: below })));
    }
    all
}

async fn patch(app: &TestApp, token: &str, path: &str, of: &Reply, patch: &Value) -> Reply {
    let id = of.json["id"].as_str().unwrap();
    app.request(Method::PATCH, &format!("{path}/{id}"))
        .bearer(token)
        .header("if-match", &of.etag())
        .json(patch.clone())
        .await
}

/// One of each that can be patched: the schema's name, the path, and one with all its fields.
fn patchable() -> [(&'static str, &'static str, Value); 3] {
    let mut full = article("full");
    full["kicker"] = json!("Analysis");
    full["byline"] = json!("By all of us");
    full["canonical_url"] = json!("https://news.example/full");
    full["former_urls"] = json!(["https://old.example/full"]);
    full["lead_image"]["width"] = json!(1600);
    full["lead_image"]["height"] = json!(900);
    full["lead_image"]["focal_point"] = json!({"x": 0.5, "y": 0.5});
    full["seo"]["description"] = json!("Shorter.");
    let tag =
        json!({"name": "Full", "slug": "full", "kind": "place", "description": "What it is."});
    let author = json!({
        "name": "Full Name", "slug": "full-name", "role": "Writer", "bio": "Writes.",
        "avatar_url": "https://images.example.com/a.jpg",
    });
    [
        ("Article", "/v1/editorial/articles", full),
        ("Tag", "/v1/editorial/tags", tag),
        ("Author", "/v1/editorial/authors", author),
    ]
}

/// The same under another name: no two tags have one.
fn named_anew(full: &Value, number: usize) -> Value {
    let mut body = full.clone();
    if body.get("name").is_some() {
        body["name"] = json!(format!("Full {number}"));
    }
    body
}

#[apply(both)]
async fn null_is_valid_where_the_server_takes_it(app: TestApp) {
    let token = app.newsroom().await;
    let mut tried = 0;
    for (name, path, full) in patchable() {
        let schema = validator(&format!("{name}Patch"));
        for null in nulls(&schemas()[&format!("{name}Patch")]) {
            let mut body = named_anew(&full, tried);
            body.as_object_mut().unwrap().remove("slug");
            body.as_object_mut().unwrap().remove("former_urls");
            let created = app.create(&token, path, body).await;
            let reply = patch(&app, &token, path, &created, &null).await;
            assert_eq!(
                reply.status == 200,
                schema.is_valid(&null),
                "{name}Patch {null}: the server says {}",
                reply.text
            );
            tried += 1;
        }
        // An article can be published as it is created, which a patch cannot do.
        let input = if name == "Article" {
            "ArticleCreation".to_owned()
        } else {
            format!("{name}Input")
        };
        let schema = validator(&input);
        for field in schemas()[&input]["properties"].as_object().unwrap().keys() {
            let mut body = named_anew(&full, tried);
            if field != "slug" {
                body["slug"] = json!(format!("null-{}", field.replace('_', "-")));
            }
            body.as_object_mut().unwrap().remove("former_urls");
            body[field] = Value::Null;
            let reply = app
                .request(Method::POST, path)
                .bearer(&token)
                .json(body.clone())
                .await;
            assert_eq!(
                reply.status == 201,
                schema.is_valid(&body),
                "{name}Input with {field}: null: the server says {}",
                reply.text
            );
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}

#[apply(both)]
async fn objects_within_are_patched_in_part(app: TestApp) {
    let token = app.newsroom().await;
    let (_, path, full) = patchable().into_iter().next().unwrap();
    let created = app.create(&token, path, full).await;
    let schema = validator("ArticlePatch");
    for (part, pointer, expected) in [
        (
            json!({"lead_image": {"credit": "X"}}),
            "/lead_image/credit",
            json!("X"),
        ),
        (
            json!({"lead_image": {"caption": null}}),
            "/lead_image/caption",
            Value::Null,
        ),
        (
            json!({"lead_image": {"focal_point": {"x": 0.25}}}),
            "/lead_image/focal_point/x",
            json!(0.25),
        ),
        (
            json!({"lead_image": {"focal_point": null}}),
            "/lead_image/focal_point",
            Value::Null,
        ),
        (
            json!({"seo": {"title": "Other"}}),
            "/seo/title",
            json!("Other"),
        ),
        (
            json!({"custom": {"live": null, "list": [null]}}),
            "/custom/list/0",
            Value::Null,
        ),
        (json!({}), "/seo/description", json!("Shorter.")),
    ] {
        assert!(schema.is_valid(&part), "{part}");
        let current = app.request(
            Method::GET,
            &format!("{path}/{}", created.json["id"].as_str().unwrap()),
        );
        let current = current.bearer(&token).send().await;
        let reply = patch(&app, &token, path, &current, &part).await;
        assert_eq!(reply.status, 200, "{part}: {}", reply.text);
        assert_eq!(reply.json.pointer(pointer), Some(&expected), "{part}");
    }
    for wrong in [
        json!({"lead_image": {"unknown": 1}}),
        json!({"lead_image": {"focal_point": {"x": null}}}),
        json!({"seo": []}),
        json!({"headlin": "x"}),
    ] {
        assert!(!schema.is_valid(&wrong), "{wrong}");
        assert_eq!(
            patch(&app, &token, path, &created, &wrong)
                .await
                .status
                .as_u16()
                / 100,
            4
        );
    }
}

#[apply(both)]
async fn numbers_have_the_range_that_the_server_enforces(app: TestApp) {
    let token = app.newsroom().await;
    let schema = validator("ArticleCreation");
    for (key, value, fits) in [
        ("width", json!(1), true),
        ("width", json!(65_535), true),
        ("height", json!(65_536), false),
        ("height", json!(0), false),
        ("width", json!(-1), false),
        ("width", json!(2_147_483_648_i64), false),
        ("width", json!(4_294_967_297_i64), false),
        ("height", json!(1.5), false),
        ("height", json!("900"), false),
        ("height", Value::Null, true),
    ] {
        let image = json!({"url": "/a.jpg", key: value});
        let body = json!({"headline": "Of numbers", "lead_image": image});
        let reply = app.request(Method::POST, "/v1/editorial/articles");
        let reply = reply.bearer(&token).json(body.clone()).await;
        assert_eq!(reply.status == 201, fits, "{body}: {}", reply.text);
        assert_eq!(schema.is_valid(&body), fits, "{body}");
    }
    let external = validator("ExternalCountInput");
    let count = |more: Value| {
        let mut count =
            json!({"network": "x", "external": 1, "observed_at": "2026-03-01T08:30:00Z"});
        count
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        count
    };
    for (count, fits) in [
        (count(json!({"slug": "a"})), true),
        (count(json!({"slug": "a", "id": null})), true),
        (count(json!({"url": "https://old.example/a"})), true),
        (count(json!({})), false),
        (count(json!({"slug": null})), false),
        (
            count(json!({"slug": "a", "url": "https://old.example/a"})),
            false,
        ),
        (
            count(json!({"slug": "a", "external": 1_000_000_000_001_i64})),
            false,
        ),
    ] {
        let reply = app.request(Method::POST, "/v1/editorial/shares/external");
        let reply = reply
            .bearer(&token)
            .json(json!({"counts": [count.clone()]}))
            .await;
        assert_eq!(reply.status == 200, fits, "{count}: {}", reply.text);
        assert_eq!(external.is_valid(&count), fits, "{count}");
    }
}
