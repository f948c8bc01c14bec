//! What each operation owes, one by one: a version that is checked, a key to purge by, a count without what
//! is not public yet, a page that nothing falls out of.

use macro_rules_attribute::apply;
use std::collections::BTreeSet;

use dateline::db::Id;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{DOCUMENT, TestApp, article};

/// Operations that take `If-Match`: method and path.
fn guarded_by_a_version() -> Vec<(Method, &'static str)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.filter_map(move |(method, operation)| {
                let takes = operation["parameters"]
                    .as_array()?
                    .iter()
                    .any(|parameter| parameter["name"] == "If-Match");
                takes.then(|| (method.to_uppercase().parse().unwrap(), path.as_str()))
            })
        })
        .collect()
}

fn plausible_body(path: &str) -> Value {
    match path.rsplit('/').next().unwrap() {
        "merge" => json!({"into": "other"}),
        "retract" => json!({"reason": "Wrong."}),
        "corrections" => json!({"kind": "correction", "text": "Not so."}),
        _ => json!({}),
    }
}

async fn public_counts(app: &TestApp) -> Vec<(String, Value)> {
    let mut counts = Vec::new();
    for path in [
        "/v1/articles?count=true",
        "/v1/articles?q=headline&count=true",
        "/v1/articles?q=headline&tag=climate&count=true",
        "/v1/articles?q=headline&language=en&count=true",
        "/v1/articles?tag=climate&count=true",
        "/v1/articles?tag=climate,ports&count=true",
        "/v1/articles?tag=climate&language=en&count=true",
        "/v1/articles?section=world&count=true",
        "/v1/articles?tag=world&count=true",
        "/v1/articles?author=alex-writer&count=true",
        "/v1/articles?author=alex-writer,sam-reporter&count=true",
        "/v1/articles?language=en&count=true",
        "/v1/articles?slugs=one,hidden&count=true",
    ] {
        let reply = app.get(path).await;
        assert_eq!(reply.json["page"]["total_is"], "exact", "{path}");
        counts.push((path.to_owned(), reply.json["page"]["total"].clone()));
    }
    for by in ["tag", "author", "section", "day"] {
        for filter in ["", "&q=headline", "&tag=climate", "&language=en"] {
            let path = format!("/v1/articles/facets?by={by}{filter}");
            let reply = app.get(&path).await;
            assert_eq!(reply.json["counts_are"], "exact", "{path}");
            let most = &reply.json["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|facet| facet["count"].as_i64().unwrap())
                .max();
            counts.push((path, json!(most)));
        }
    }
    for path in [
        "/v1/tags/climate",
        "/v1/tags/world",
        "/v1/authors/alex-writer",
    ] {
        counts.push((
            path.to_owned(),
            app.get(path).await.json["article_count"].clone(),
        ));
    }
    for path in [
        "/v1/tags",
        "/v1/tags?sort=-article_count",
        "/v1/tags?kind=topic&q=clim",
        "/v1/authors",
    ] {
        let reply = app.get(path).await;
        let most = reply.json["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag["article_count"].as_i64().unwrap())
            .max();
        counts.push((path.to_owned(), json!(most)));
    }
    counts
}

#[apply(both)]
async fn a_stale_version_changes_nothing(app: TestApp) {
    let token = app.newsroom().await;
    app.create(&token, "/v1/editorial/tags", json!({"name": "Other"}))
        .await;
    app.create(&token, "/v1/editorial/authors", json!({"name": "Other"}))
        .await;
    let operations = guarded_by_a_version();
    assert!(operations.len() >= 11, "{operations:?}");
    for (number, (method, path)) in operations.into_iter().enumerate() {
        let kind = path.split('/').nth(3).unwrap();
        // They are put under a slug, invited, and uploaded: `collections.rs`, `people.rs` and `media.rs` have tests of
        // their own.
        // Of working copies, whose versions are others than their articles', `working_copies.rs` has.
        if ["collections", "people", "media"].contains(&kind) || path.contains("/working-copy") {
            continue;
        }
        // What is in the trash was an article.
        let kind = match kind {
            "trash" => "articles",
            kind => kind,
        };
        let path = path.replace("{correction_id}", &Id::generate().to_string());
        let path = &path.replace("{version}", "1");
        let create = format!("/v1/editorial/{kind}");
        let body = match kind {
            "articles" => article(&format!("a-{number}")),
            "webhooks" => json!({"url": "https://site.example/hook", "enabled": false}),
            _ => json!({"name": format!("Name {number}")}),
        };
        let stale = app.create(&token, &create, body).await;
        let id = stale.json["id"].as_str().unwrap();
        let read = format!("{create}/{id}");
        let patch = match kind {
            "articles" => json!({"headline": "Changed meanwhile"}),
            "webhooks" => json!({"description": "Changed"}),
            _ => json!({"name": format!("Changed {number}")}),
        };
        let changed = app
            .request(Method::PATCH, &read)
            .bearer(&token)
            .header("if-match", &stale.etag())
            .json(patch)
            .await;
        assert_eq!(changed.status, 200, "{method} {path}: {}", changed.text);
        let request = || {
            app.request(method.clone(), &path.replace("{id}", id))
                .bearer(&token)
        };
        let refused = request()
            .header("if-match", &stale.etag())
            .json(plausible_body(path))
            .await;
        assert_eq!(
            (refused.status.as_u16(), refused.problem()),
            (412, "precondition-failed"),
            "{method} {path}"
        );
        assert_eq!(refused.etag(), changed.etag(), "{method} {path}");
        let refused = request().json(plausible_body(path)).await;
        assert_eq!(
            (refused.status.as_u16(), refused.problem()),
            (428, "precondition-required"),
            "{method} {path}"
        );
        let after = app.request(Method::GET, &read).bearer(&token).send().await;
        assert_eq!(
            (after.etag(), after.json),
            (changed.etag(), changed.json),
            "{method} {path}"
        );
    }
}

#[apply(both)]
async fn what_is_not_public_yet_is_counted_nowhere(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let public = public_counts(&app).await;
    for (path, count) in &public {
        assert_eq!(*count, 1, "{path}");
    }
    app.published_at(&token, "hidden", "2099-01-01T00:00:00Z")
        .await;
    assert_eq!(public_counts(&app).await, public, "scheduled");
    let embargoed = app.draft(&token, "embargoed").await;
    let embargo =
        json!({"published_at": "2020-01-01T00:00:00Z", "embargo_until": "2099-01-01T00:00:00Z"});
    assert_eq!(
        app.step(&token, &embargoed, "publish", embargo)
            .await
            .status,
        200
    );
    assert_eq!(public_counts(&app).await, public, "under embargo");
    app.draft(&token, "draft").await;
    let article = app.published(&token, "gone").await;
    assert_eq!(
        app.step(&token, &article, "unpublish", json!({}))
            .await
            .status,
        200
    );
    assert_eq!(
        public_counts(&app).await,
        public,
        "a draft, and one that was taken back"
    );
}

#[apply(both)]
async fn nothing_falls_out_of_pages_of_what_sorts_alike(app: TestApp) {
    let token = app.newsroom().await;
    let mut all = BTreeSet::new();
    for number in 0..7 {
        let slug = format!("a-{number}");
        app.published_at(&token, &slug, "2026-03-01T08:00:00Z")
            .await;
        all.insert(slug);
    }
    // All at the same instant, of which a list keeps milliseconds.
    app.execute("UPDATE articles SET updated_at = '2026-03-02T08:00:00.000Z'")
        .await;
    for (sort, filter) in [
        ("-published_at", ""),
        ("published_at", ""),
        ("-updated_at", ""),
        ("updated_at", ""),
        ("-shares", ""),
        ("-published_at", "&tag=climate"),
        ("-updated_at", "&tag=climate"),
        ("updated_at", "&author=alex-writer"),
        ("-shares", "&tag=climate"),
        ("-updated_at", "&section=world"),
        ("-published_at", "&q=headline"),
        ("published_at", "&q=headline"),
        ("-updated_at", "&q=headline"),
        ("relevance", "&q=headline"),
    ] {
        for limit in [1, 2, 3] {
            let first = format!("/v1/articles?sort={sort}&limit={limit}{filter}");
            let (mut forward, mut pages) = (Vec::new(), Vec::new());
            let mut next = Some(first.clone());
            while let Some(path) = next.take() {
                let page = app.get(&path).await;
                forward.extend(page.slugs().iter().map(ToString::to_string));
                pages.push(page.slugs().join(","));
                next = page.json["page"]["next_cursor"]
                    .as_str()
                    .map(|cursor| format!("{first}&cursor={cursor}"));
                if next.is_none() {
                    // And back again, page by page.
                    let mut back = page.json["page"]["prev_cursor"].as_str().map(str::to_owned);
                    let mut known = pages.iter().rev().skip(1);
                    while let Some(cursor) = back {
                        let page = app.get(&format!("{first}&cursor={cursor}")).await;
                        assert_eq!(Some(&page.slugs().join(",")), known.next(), "{first}");
                        back = page.json["page"]["prev_cursor"].as_str().map(str::to_owned);
                    }
                    assert_eq!(known.next(), None, "{first}");
                }
            }
            assert_eq!(forward.len(), all.len(), "{first}: {forward:?}");
            assert_eq!(
                forward.iter().cloned().collect::<BTreeSet<_>>(),
                all,
                "{first}"
            );
        }
    }
    for (path, name) in [("/v1/tags", "-article_count"), ("/v1/tags", "name")] {
        let first = format!("{path}?sort={name}&limit=1");
        let (mut seen, mut next) = (Vec::new(), Some(first.clone()));
        while let Some(path) = next.take() {
            let page = app.get(&path).await;
            seen.extend(page.slugs().iter().map(ToString::to_string));
            next = page.json["page"]["next_cursor"]
                .as_str()
                .map(|cursor| format!("{first}&cursor={cursor}"));
        }
        seen.sort();
        assert_eq!(seen, ["climate", "ports", "world"], "{first}");
    }
}

#[apply(both)]
async fn every_public_answer_says_how_it_is_kept(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let id = one.json["id"].as_str().unwrap();
    let tag = app.get("/v1/tags/climate").await.json["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let author = app.get("/v1/authors/alex-writer").await.json["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let article = format!("article-{id} every-article");
    let counts = format!("article-{id}");
    let embedded = format!("{article} articles");
    let (tag, author) = (
        format!("tag-{tag} tags"),
        format!("author-{author} authors"),
    );
    let home = app
        .request(Method::PUT, "/v1/editorial/collections/home")
        .bearer(&token)
        .json(json!({"title": "Home", "slots": []}))
        .await;
    let collection = format!("articles collection-{}", home.json["id"].as_str().unwrap());
    let month = chrono::Utc::now().format("/sitemaps/%Y-%m.xml").to_string();
    let mut answered = BTreeSet::new();
    for (template, path, key, has_date) in [
        ("/v1/articles", "/v1/articles", "articles", false),
        (
            "/v1/articles/facets",
            "/v1/articles/facets?by=tag",
            "articles",
            false,
        ),
        (
            "/v1/articles/{slug}",
            "/v1/articles/one",
            article.as_str(),
            true,
        ),
        (
            "/v1/articles/{slug}/jsonld",
            "/v1/articles/one/jsonld",
            article.as_str(),
            true,
        ),
        (
            "/oembed",
            "/oembed?url=https://news.example/one",
            embedded.as_str(),
            false,
        ),
        (
            "/feeds/articles.rss",
            "/feeds/articles.rss",
            "articles",
            false,
        ),
        (
            "/feeds/articles.atom",
            "/feeds/articles.atom",
            "articles",
            false,
        ),
        (
            "/feeds/articles.json",
            "/feeds/articles.json",
            "articles",
            false,
        ),
        (
            "/v1/sync",
            "/v1/sync?initial=true",
            "articles tags authors",
            false,
        ),
        ("/sitemap.xml", "/sitemap.xml", "articles", false),
        (
            "/sitemaps/news.xml",
            "/sitemaps/news.xml",
            "articles",
            false,
        ),
        ("/sitemaps/{month}.xml", month.as_str(), "articles", false),
        (
            "/v1/articles/{slug}/related",
            "/v1/articles/one/related",
            "articles",
            false,
        ),
        (
            "/v1/articles/{slug}/neighbours",
            "/v1/articles/one/neighbours",
            "articles",
            false,
        ),
        (
            "/v1/articles/{slug}/shares",
            "/v1/articles/one/shares",
            counts.as_str(),
            false,
        ),
        ("/v1/shares", "/v1/shares?slugs=one", "articles", false),
        ("/v1/trending", "/v1/trending", "articles", false),
        ("/v1/collections", "/v1/collections", "collections", false),
        ("/v1/corrections", "/v1/corrections", "articles", false),
        (
            "/v1/collections/{slug}",
            "/v1/collections/home",
            collection.as_str(),
            false,
        ),
        ("/v1/tags", "/v1/tags", "tags", false),
        ("/v1/tags/{slug}", "/v1/tags/climate", tag.as_str(), false),
        ("/v1/authors", "/v1/authors", "authors", false),
        (
            "/v1/authors/{slug}",
            "/v1/authors/alex-writer",
            author.as_str(),
            false,
        ),
    ] {
        answered.insert(template);
        for kept in [false, true] {
            let reply = app.get(path).await;
            assert_eq!(reply.header("surrogate-key"), key, "{path}, kept: {kept}");
            assert!(
                reply
                    .header("cache-control")
                    .starts_with("public, max-age="),
                "{path}"
            );
            assert_eq!(reply.header("vary"), "Accept-Encoding", "{path}");
            assert_eq!(reply.header("access-control-allow-origin"), "*", "{path}");
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(
                !reply.header("last-modified").is_empty(),
                has_date,
                "{path}"
            );
            assert!(reply.etag().starts_with('"'), "{path}");
        }
    }
    let public = DOCUMENT["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(path, item)| {
            let outside = ["/feeds/", "/sitemap", "/oembed"];
            (path.starts_with("/v1/") || outside.iter().any(|start| path.starts_with(start)))
                && !path.starts_with("/v1/auth/")
                && item["get"].is_object()
                && item["get"]["security"] == json!([])
                // What is for whoever has a link, no cache keeps: `previews.rs`.
                && *path != "/v1/preview/{token}"
                // Nor what never ends: `streams.rs`.
                && *path != "/v1/events"
        });
    let public: BTreeSet<&str> = public.map(|(path, _)| path.as_str()).collect();
    assert_eq!(public, answered, "an operation is not in this test");
}

#[apply(both)]
async fn who_may_write_and_not_read_learns_nothing(app: TestApp) {
    use dateline::auth::model::{Right, Role};
    let token = app.newsroom().await;
    let draft = app.draft(&token, "secret").await;
    let writes = app
        .tool_with(&[Right::ArticlesWrite, Right::ArticlesPublish])
        .await;
    let id = draft.json["id"].as_str().unwrap();
    let path = format!("/v1/editorial/articles/{id}");
    let reply = app
        .request(Method::PATCH, &path)
        .bearer(&writes)
        .header("if-match", "*")
        .json(json!({}))
        .await;
    assert_eq!((reply.status.as_u16(), reply.text.as_str()), (204, ""));
    let reply = app
        .request(Method::POST, &format!("{path}/publish"))
        .bearer(&writes)
        .header("if-match", &reply.etag())
        .json(json!({}))
        .await;
    assert_eq!((reply.status.as_u16(), reply.text.as_str()), (204, ""));
    // Whoever cannot publish takes no shares from what is public.
    let author = app.user("author@example.com", Role::Author).await;
    for url in [
        "https://news.example/secret",
        "https://old.example/2020/secret/",
        "http://www.news.example/secret?utm_source=x",
        "https://news.example/secret/amp/",
        "https://old.example/2020/Secret.html",
    ] {
        let claim = json!({"headline": "Mine", "former_urls": [url]});
        let reply = app
            .request(Method::POST, "/v1/editorial/articles")
            .bearer(&author)
            .json(claim)
            .await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem()),
            (403, "forbidden"),
            "{url}"
        );
    }
    let own = json!({"headline": "Mine", "former_urls": ["https://old.example/2020/mine"]});
    app.create(&author, "/v1/editorial/articles", own).await;
}

#[actix_web::test]
async fn an_author_has_so_many_drafts() {
    use dateline::auth::model::Role;
    let app = TestApp::start_with(crate::harness::On::Sqlite, |server| {
        server.drafts_per_author = 3
    })
    .await;
    let (author, editor) = (
        app.user("author@example.com", Role::Author).await,
        app.user("editor@example.com", Role::Editor).await,
    );
    for number in 0..3 {
        app.create(
            &author,
            "/v1/editorial/articles",
            json!({"headline": format!("Draft {number}")}),
        )
        .await;
    }
    let refused = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&author)
        .json(json!({"headline": "Fourth"}))
        .await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (403, "forbidden")
    );
    for number in 0..4 {
        app.create(
            &editor,
            "/v1/editorial/articles",
            json!({"headline": format!("Edited {number}")}),
        )
        .await;
    }
}

#[actix_web::test]
async fn a_stranger_finds_the_way() {
    let app = TestApp::start(crate::harness::On::Sqlite).await;
    let index = app.get("/").await;
    assert_eq!(index.status, 200);
    for link in ["documentation", "openapi", "health", "articles"] {
        let path = index.json[link].as_str().unwrap();
        assert_eq!(app.get(path).await.status, 200, "{path}");
    }
    let unknown = app.get("/nowhere").await;
    assert_eq!(
        (
            unknown.status.as_u16(),
            unknown.header("access-control-allow-origin")
        ),
        (404, "*")
    );
    let docs = app.get("/docs/").await;
    let policy = docs.header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    for path in [
        "/",
        "/docs/",
        "/docs/swagger-ui.css",
        "/nowhere",
        "/v1/articles",
        "/openapi.json",
        "/widgets/share.js",
    ] {
        assert_eq!(
            app.get(path).await.header("x-content-type-options"),
            "nosniff",
            "{path}"
        );
    }
}
