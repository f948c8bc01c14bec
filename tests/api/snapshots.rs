//! Whole responses as they were agreed: a change of any member shows here, and has to be meant.
//!
//! `INSTA_UPDATE=always scripts/with-postgres cargo test --test api -- snapshots::` writes them anew.

use insta::{Settings, assert_json_snapshot};
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, article};

/// Holds a response against what is stored, but for what no two runs have in common.
fn agreed(name: &str, reply: &Reply) {
    let mut settings = Settings::new();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_sort_maps(false);
    for member in ["id", "created_by", "instance", "integrity"] {
        settings.add_redaction(&format!(".**.{member}"), "[varies]");
    }
    for member in [
        "created_at",
        "updated_at",
        "as_of",
        "counted_at",
        "published_at",
    ] {
        // Those that a test has chosen stay.
        let varies =
            |value: insta::internals::Content, _: insta::internals::ContentPath<'_>| match value
                .as_str()
            {
                Some(text) if text.starts_with("2026-03") => value.clone(),
                Some(_) => "[varies]".into(),
                None => value,
            };
        settings.add_redaction(&format!(".**.{member}"), insta::dynamic_redaction(varies));
    }
    // A new article's is made of its id.
    let location = match reply.status.as_u16() {
        201 => "[varies]",
        _ => reply.header("location"),
    };
    let whole = json!({
        "status": reply.status.as_u16(),
        "content-type": reply.header("content-type"),
        "cache-control": reply.header("cache-control"),
        "link": if reply.header("link").is_empty() { Value::Null } else { "[present]".into() },
        "location": location,
        "body": reply.json,
    });
    settings.bind(|| assert_json_snapshot!(name, whole));
}

const AT: &str = "2026-03-02T03:00:00.000Z";

#[apply(both)]
async fn what_readers_get(app: TestApp) {
    let token = app.newsroom().await;
    let first = app.published_at(&token, "harbour", AT).await;
    let mut second = article("lighthouse");
    second["kicker"] = json!("Coast");
    second["tags"] = json!(["climate", "ports"]);
    second["body"] =
        json!({"format": "markdown", "content": "## Light\n\nIt *turns*.\n\n- one\n- two"});
    let second = app.create(&token, "/v1/editorial/articles", second).await;
    app.step(
        &token,
        &second,
        "publish",
        json!({"published_at": "2026-03-02T04:00:00.000Z"}),
    )
    .await;
    let share = app
        .request(Method::POST, "/v1/articles/harbour/shares")
        .json(json!({"network": "x"}))
        .await;
    agreed("share", &share);
    app.counted().await;
    for (name, path) in [
        ("article", "/v1/articles/lighthouse?include=shares"),
        (
            "article-fields",
            "/v1/articles/harbour?fields=headline,lead_image.credit,authors.name",
        ),
        (
            "article-markdown",
            "/v1/articles/lighthouse?body_format=markdown",
        ),
        (
            "articles",
            "/v1/articles?count=true&include=shares,body&body_format=text",
        ),
        (
            "articles-search",
            "/v1/articles?q=turns&include=highlights&fields=slug,highlights",
        ),
        ("facets", "/v1/articles/facets?by=tag"),
        ("related", "/v1/articles/harbour/related"),
        ("shares", "/v1/articles/harbour/shares"),
        ("tag", "/v1/tags/climate"),
        ("tags", "/v1/tags?count=true"),
        ("author", "/v1/authors/alex-writer"),
        ("not-found", "/v1/articles/nothing"),
        ("unknown-parameter", "/v1/articles?limt=2"),
        ("index", "/"),
    ] {
        agreed(name, &app.get(path).await);
    }
    let renamed = app.patch(&token, &first, json!({"slug": "port"})).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    agreed("moved", &app.get("/v1/articles/harbour?fields=slug").await);
}

#[apply(both)]
async fn what_editors_get(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "harbour").await;
    agreed("draft", &draft);
    let wrong = json!({"headline": "", "tags": ["nothing"], "language": "xx-", "body": 3});
    let refused = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(wrong)
        .await;
    agreed("validation", &refused);
    let published = app
        .step(&token, &draft, "publish", json!({"published_at": AT}))
        .await;
    agreed("published", &published);
    agreed(
        "version-mismatch",
        &app.patch(&token, &draft, json!({"headline": "Late"})).await,
    );
    agreed(
        "invalid-transition",
        &app.step(&token, &published, "publish", json!({})).await,
    );
    let path = "/v1/editorial/articles?count=true";
    let list = app.request(Method::GET, path).bearer(&token).send().await;
    agreed("editorial-articles", &list);
    let stranger = app.request(Method::GET, path).send().await;
    agreed("unauthenticated", &stranger);
}
