//! Ghost's Content API.

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{GHOST_KEY, Reply, TestApp};

async fn ghost(app: &TestApp, path: &str, query: &str) -> Reply {
    app.get(&format!(
        "/ghost/api/content/{path}/?key={GHOST_KEY}{query}"
    ))
    .await
}

fn slugs<'a>(reply: &'a Reply, resource: &str) -> Vec<&'a str> {
    let items = reply.json[resource]
        .as_array()
        .unwrap_or_else(|| panic!("{}", reply.text));
    items
        .iter()
        .map(|item| item["slug"].as_str().unwrap())
        .collect()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[apply(both)]
async fn posts_are_the_public_articles(app: TestApp) {
    let token = app.newsroom().await;
    for slug in ["one", "two", "three"] {
        app.published(&token, slug).await;
    }
    app.draft(&token, "secret").await;
    let all = ghost(
        &app,
        "posts",
        "&include=tags,authors&formats=html,plaintext",
    )
    .await;
    assert_eq!(all.status, 200, "{}", all.text);
    assert_eq!(slugs(&all, "posts"), ["three", "two", "one"]);
    let without_slash = format!(
        "/ghost/api/content/posts?key={GHOST_KEY}&include=tags,authors&formats=html,plaintext"
    );
    assert_eq!(app.get(&without_slash).await.json, all.json);
    assert_eq!(
        all.json["meta"]["pagination"],
        json!({"page": 1, "limit": 15, "pages": 1, "total": 3, "next": null, "prev": null})
    );
    let post = &all.json["posts"][0];
    let article = app.get("/v1/articles/three").await.json;
    assert_eq!(post["id"], article["id"]);
    assert_eq!(post["title"], article["headline"]);
    assert_eq!(post["html"], article["body_html"]);
    assert_eq!(post["plaintext"], "Twelve cities agreed.");
    assert_eq!(post["url"], "https://news.example/three");
    assert_eq!(post["primary_tag"]["slug"], "world");
    assert_eq!(post["tags"][1]["slug"], "climate");
    assert!(post["tags"][1]["id"].is_string());
    assert_eq!(post["primary_author"]["name"], "Alex Writer");
    assert!(post["published_at"].as_str().unwrap().ends_with("+00:00"));
    // One alone, by its id and its slug, has no meta: clients make an object of it.
    let id = post["id"].as_str().unwrap();
    for path in [format!("posts/{id}"), "posts/slug/three".to_owned()] {
        let one = ghost(&app, &path, "&slug=three").await;
        assert_eq!(slugs(&one, "posts"), ["three"]);
        assert!(one.json.get("meta").is_none());
    }
    let page = ghost(
        &app,
        "posts",
        "&limit=2&page=2&fields=slug,title&order=published_at%20desc",
    )
    .await;
    assert_eq!(
        page.json["posts"],
        json!([{"slug": "one", "title": "Headline of one"}])
    );
    assert_eq!(page.json["meta"]["pagination"]["prev"], 1);
    assert_eq!(page.json["meta"]["pagination"]["next"], Value::Null);
    // A write is in the next read.
    app.published(&token, "four").await;
    assert_eq!(
        slugs(&ghost(&app, "posts", "&limit=1").await, "posts"),
        ["four"]
    );
    let tags = ghost(&app, "tags", "&limit=all&include=count.posts").await;
    assert_eq!(slugs(&tags, "tags"), ["climate", "ports", "world"]);
    assert_eq!(tags.json["tags"][0]["count"]["posts"], 4);
    let authors = ghost(&app, "authors", "&filter=slug:alex-writer").await;
    assert_eq!(slugs(&authors, "authors"), ["alex-writer"]);
    let settings = ghost(&app, "settings", "").await.json;
    assert_eq!(settings["settings"]["url"], "https://news.example/");
    assert_eq!(settings["settings"]["navigation"][0]["label"], "World");
    let part = ghost(&app, "settings/slug/title", "").await;
    assert_eq!(part.status, 404, "{}", part.text);
    for none in ["pages", "tiers", "newsletters", "offers"] {
        assert_eq!(ghost(&app, none, "").await.json[none], json!([]));
    }
}

#[apply(both)]
async fn a_filter_leaves_what_the_list_leaves(app: TestApp) {
    let token = app.newsroom().await;
    for slug in ["one", "two", "three", "four"] {
        app.published(&token, slug).await;
    }
    let other = app.get("/v1/articles/two").await.json["id"].clone();
    let editorial = format!("/v1/editorial/articles/{}", other.as_str().unwrap());
    let changed = app
        .request(reqwest::Method::PATCH, &editorial)
        .bearer(&token)
        .header("if-match", "*")
        .json(json!({"tags": ["ports"], "authors": ["sam-reporter"], "section": null}))
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    for (filter, list) in [
        ("tag:climate", "tag=climate"),
        ("tag:-climate", "tag=-climate"),
        ("tags:[ports,climate]", "tag=ports,climate"),
        ("tag:ports,tag:climate", "tag=ports,climate"),
        ("tag:ports+tag:climate", "tag=ports&tag=climate"),
        ("primary_tag:world", "section=world"),
        ("author:alex-writer", "author=alex-writer"),
        ("authors.slug:-alex-writer", "author=-alex-writer"),
        ("slug:[three,one]", "slugs=three,one"),
        ("slug:-three", "exclude=three"),
        ("published_at:<=now", ""),
        (
            "published_at:>'2020-01-01 00:00:00'+tag:climate",
            "published_after=2020-01-01T00:00:00Z&tag=climate",
        ),
        ("visibility:public+featured:false", ""),
        ("featured:true", "tag=nowhere"),
        ("tag:nowhere", "tag=nowhere"),
    ] {
        let found = ghost(&app, "posts", &format!("&filter={}", encoded(filter))).await;
        let wanted = app.get(&format!("/v1/articles?{list}")).await;
        assert_eq!(slugs(&found, "posts"), wanted.slugs(), "{filter}");
    }
    let long = format!("id:-[{}]", "a,".repeat(2_500));
    for (filter, named) in [
        ("title:~'x'", "title"),
        ("tag:", "value"),
        ("tag:a,author:b", "different"),
        ("(tag:a", "ends"),
        ("primary_author:a", "primary_author"),
        (&*long, "characters"),
    ] {
        let refused = ghost(&app, "posts", &format!("&filter={}", encoded(filter))).await;
        assert_eq!(refused.status, 400, "{filter}: {}", refused.text);
        assert_eq!(refused.json["errors"][0]["type"], "BadRequestError");
        let context = refused.json["errors"][0]["context"].as_str().unwrap();
        assert!(context.contains(named), "{filter}: {context}");
    }
    let beyond = ghost(&app, "posts", "&page=1000000").await;
    assert_eq!(beyond.status, 400, "{}", beyond.text);
    for resource in ["tags", "authors"] {
        for (order, status) in [
            ("name", 200),
            ("name%20ASC", 200),
            ("count.posts%20desc", 200),
            ("count.posts%20asc", 400),
            ("name%20desc", 400),
            ("x", 400),
        ] {
            let ordered = ghost(&app, resource, &format!("&order={order}")).await;
            assert_eq!(
                ordered.status, status,
                "{resource} {order}: {}",
                ordered.text
            );
        }
    }
}

#[apply(both)]
async fn without_the_key_nothing_is_read(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    ghost(&app, "posts", "").await;
    let other = "f".repeat(26);
    for query in [
        String::new(),
        "?key=".into(),
        format!("?key={other}"),
        "?limit=15".into(),
    ] {
        let refused = app.get(&format!("/ghost/api/content/posts/{query}")).await;
        assert_eq!(refused.status, 403, "{query}: {}", refused.text);
        assert_eq!(refused.json["errors"][0]["type"], "NoPermissionError");
    }
    for path in [
        "posts/slug/secret",
        "posts/not-an-id",
        "tags/slug/nowhere",
        "nothing",
    ] {
        let missing = ghost(&app, path, "").await;
        assert_eq!(missing.status, 404, "{path}: {}", missing.text);
        assert_eq!(missing.json["errors"][0]["type"], "NotFoundError");
    }
    let off = TestApp::start_at_with(app.config.clone(), |server| server.ghost_key = None).await;
    assert_eq!(ghost(&off, "posts", "").await.status, 403);
}
