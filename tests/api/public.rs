//! What readers see.

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::json;

use crate::both;

#[apply(both)]
async fn an_article_has_every_part_of_the_reader_page(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    let reply = app.get("/v1/articles/harbour?include=shares").await;
    assert_eq!(reply.status, 200);
    let article = &reply.json;
    assert_eq!(article["headline"], "Headline of harbour");
    assert_eq!(article["dateline"], "New York, USA");
    assert_eq!(article["byline"], "By Alex Writer and Sam Reporter");
    assert_eq!(article["canonical_url"], "https://news.example/harbour");
    assert_eq!(
        article["section"],
        json!({"slug": "world", "name": "World", "ancestors": []})
    );
    assert_eq!(
        article["tags"],
        json!([{"slug": "climate", "name": "Climate", "kind": "topic"}])
    );
    assert_eq!(article["lead_image"]["credit"], "Harbour Pictures");
    assert_eq!(
        article["body"][0]["html"],
        "Twelve <strong>cities</strong> agreed."
    );
    assert_eq!(
        article["body_html"],
        "<p>Twelve <strong>cities</strong> agreed.</p>"
    );
    assert_eq!(article["word_count"], 3);
    assert_eq!(article["reading_minutes"], 1);
    assert_eq!(article["custom"], json!({"live": true}));
    assert_eq!(article["seo"]["title"], "Short");
    assert_eq!(article["shares"]["total"], 0);
    assert!(reply.header("cache-control").starts_with("public"));
    assert_eq!(reply.header("vary"), "Accept-Encoding");
    let plain = app.get("/v1/articles/harbour").await;
    assert!(plain.header("last-modified").ends_with("GMT"));
    let same = app
        .request(Method::GET, "/v1/articles/harbour")
        .header("if-modified-since", plain.header("last-modified"))
        .send()
        .await;
    assert_eq!(same.status, 304);
    // Counts change without the article.
    assert!(!reply.headers.contains_key("last-modified"));
}

#[apply(both)]
async fn a_body_is_read_in_the_format_that_is_asked_for(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    let markdown = app.get("/v1/articles/harbour?body_format=markdown").await;
    assert_eq!(
        markdown.json["body_markdown"],
        "Twelve **cities** agreed.\n"
    );
    assert!(markdown.json.get("body").is_none());
    let text = app.get("/v1/articles/harbour?body_format=text").await;
    assert_eq!(text.json["body_text"], "Twelve cities agreed.");
}

#[apply(both)]
async fn what_the_client_has_is_not_sent_again(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    for path in [
        "/v1/articles/harbour",
        "/v1/articles",
        "/v1/tags",
        "/v1/authors",
    ] {
        let first = app.get(path).await;
        let etag = first.etag();
        let again = app
            .request(Method::GET, path)
            .header("if-none-match", &etag)
            .send()
            .await;
        assert_eq!(again.status, 304, "{path}");
        assert_eq!(again.etag(), etag);
        assert!(again.text.is_empty());
        let head = app.request(Method::HEAD, path).send().await;
        assert_eq!(head.status, 200);
        assert_eq!(head.etag(), etag);
        assert!(head.text.is_empty());
    }
}

#[apply(both)]
async fn pages_follow_each_other_without_gap_or_repeat(app: TestApp) {
    let token = app.newsroom().await;
    for number in 0..7 {
        // Pairs share their instant, so that the id must tell them apart.
        let at = format!("2026-03-01T08:3{}:00Z", number / 2);
        app.published_at(&token, &format!("a{number}"), &at).await;
    }
    for sort in ["-published_at", "published_at", "-updated_at"] {
        let whole = app.get(&format!("/v1/articles?sort={sort}")).await;
        let whole: Vec<String> = whole.slugs().iter().map(|slug| slug.to_string()).collect();
        assert_eq!(whole.len(), 7);
        let mut seen = Vec::new();
        let mut path = format!("/v1/articles?limit=2&sort={sort}");
        loop {
            let page = app.get(&path).await;
            seen.extend(page.slugs().iter().map(|slug| slug.to_string()));
            let Some(cursor) = page.json["page"]["next_cursor"].as_str() else {
                assert!(!page.header("link").contains("next"));
                break;
            };
            let next = format!("/v1/articles?limit=2&sort={sort}&cursor={cursor}");
            let link = page.header("link");
            assert!(
                link.contains(cursor) && link.contains("rel=\"next\""),
                "{link}"
            );
            if seen.len() == 2 && sort == "-published_at" {
                // Published meanwhile, newer than all: belongs to no later page.
                app.published(&token, "meanwhile").await;
            }
            path = next;
        }
        seen.retain(|slug| slug != "meanwhile");
        let whole: Vec<_> = whole
            .into_iter()
            .filter(|slug| slug != "meanwhile")
            .collect();
        assert_eq!(seen, whole, "{sort}");
        if sort == "-published_at" {
            let article = app.get("/v1/editorial/articles?limit=1");
            drop(article);
            let id = app.get("/v1/articles/meanwhile").await.json["id"]
                .as_str()
                .unwrap()
                .to_owned();
            let reply = app
                .request(Method::DELETE, &format!("/v1/editorial/articles/{id}"))
                .bearer(&token)
                .header("if-match", "*")
                .send()
                .await;
            assert_eq!(reply.status, 200);
        }
    }
}

#[apply(both)]
async fn filters_narrow_the_list(app: TestApp) {
    let token = app.newsroom().await;
    for (slug, tags, author, language, at) in [
        (
            "one",
            json!(["climate"]),
            "alex-writer",
            "en",
            "2026-03-01T08:00:00Z",
        ),
        (
            "two",
            json!(["climate", "ports"]),
            "sam-reporter",
            "de",
            "2026-03-02T08:00:00Z",
        ),
        (
            "three",
            json!(["ports"]),
            "sam-reporter",
            "en",
            "2026-03-03T08:00:00Z",
        ),
    ] {
        let mut article = crate::harness::article(slug);
        article["tags"] = tags;
        article["authors"] = json!([author]);
        article["language"] = json!(language);
        if slug == "three" {
            article["section"] = json!(null);
        }
        let draft = app.create(&token, "/v1/editorial/articles", article).await;
        app.step(&token, &draft, "publish", json!({"published_at": at}))
            .await;
    }
    for (query, expected) in [
        ("", vec!["three", "two", "one"]),
        ("tag=climate", vec!["two", "one"]),
        ("tag=climate,ports", vec!["three", "two", "one"]),
        ("tag=climate&tag=ports", vec!["two"]),
        ("tag=world", vec!["two", "one"]),
        ("tag=world,ports", vec!["three", "two", "one"]),
        ("tag=unknown", vec![]),
        ("tag=unknown,ports", vec!["three", "two"]),
        ("author=sam-reporter", vec!["three", "two"]),
        ("author=nobody", vec![]),
        ("section=world", vec!["two", "one"]),
        ("language=de", vec!["two"]),
        ("published_after=2026-03-01T08:00:00Z", vec!["three", "two"]),
        ("published_before=2026-03-02T08:00:00.000Z", vec!["one"]),
        ("updated_after=2999-01-01T00:00:00Z", vec![]),
        ("slugs=one,three,unknown", vec!["one", "three"]),
        ("slugs=one,three&sort=-published_at", vec!["three", "one"]),
        ("sort=published_at", vec!["one", "two", "three"]),
        (
            "tag=ports&author=sam-reporter&language=en&section=world",
            vec![],
        ),
    ] {
        let reply = app.get(&format!("/v1/articles?count=true&{query}")).await;
        assert_eq!(reply.slugs(), expected, "{query}");
        assert_eq!(reply.json["page"]["total"], expected.len(), "{query}");
    }
    let id = app.get("/v1/articles/two").await.json["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        app.get(&format!("/v1/articles?ids={id}")).await.slugs(),
        ["two"]
    );
}

#[apply(both)]
async fn a_client_takes_only_what_it_needs(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    let list = app
        .request(
            Method::GET,
            "/v1/articles?fields=slug,section.name,lead_image.url",
        )
        .send()
        .await;
    assert_eq!(
        list.json["data"],
        json!([{
            "slug": "harbour", "section": {"name": "World"},
            "lead_image": {"url": "https://images.example.com/a.jpg"}
        }])
    );
    let bare = app.get("/v1/articles").await;
    for absent in [
        "body",
        "body_html",
        "corrections",
        "seo",
        "custom",
        "shares",
    ] {
        assert!(bare.json["data"][0].get(absent).is_none(), "{absent}");
    }
    let full = app
        .get("/v1/articles?include=body,corrections,seo,custom,shares")
        .await;
    for present in [
        "body",
        "body_html",
        "corrections",
        "seo",
        "custom",
        "shares",
    ] {
        assert!(full.json["data"][0].get(present).is_some(), "{present}");
    }
}

#[apply(both)]
async fn an_old_slug_leads_to_the_new_one(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "before").await;
    let renamed = app.patch(&token, &article, json!({"slug": "after"})).await;
    assert_eq!(renamed.status, 200);
    let moved = app.get("/v1/articles/before?include=shares").await;
    assert_eq!(moved.status, 301);
    assert_eq!(moved.header("surrogate-key"), "articles");
    assert_eq!(
        moved.header("location"),
        "/v1/articles/after?include=shares"
    );
    assert_eq!(app.get("/v1/articles/after").await.status, 200);
    // A new article may take the old slug: it answers itself from then on.
    app.published(&token, "before").await;
    assert_eq!(app.get("/v1/articles/before").await.status, 200);
}

#[apply(both)]
async fn tags_and_authors_count_what_is_public(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    app.draft(&token, "two").await;
    let tags = app.get("/v1/tags?sort=-article_count").await;
    assert_eq!(tags.json["data"][0]["article_count"], 1);
    assert_eq!(tags.slugs().last(), Some(&"ports"));
    assert_eq!(app.get("/v1/tags/climate").await.json["article_count"], 1);
    assert_eq!(app.get("/v1/tags/world").await.json["article_count"], 1);
    assert_eq!(app.get("/v1/tags?kind=section").await.slugs(), ["world"]);
    assert_eq!(app.get("/v1/tags?q=CLIM").await.slugs(), ["climate"]);
    assert_eq!(
        app.get("/v1/authors/alex-writer").await.json["article_count"],
        1
    );
    assert_eq!(
        app.get("/v1/authors?q=report").await.slugs(),
        ["sam-reporter"]
    );
    for sort in ["name", "-article_count"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = app
                .get(&format!("/v1/tags?limit=1&sort={sort}{cursor}"))
                .await;
            seen.extend(page.slugs().iter().map(|slug| slug.to_string()));
            match page.json["page"]["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        seen.sort();
        assert_eq!(seen, ["climate", "ports", "world"], "{sort}");
    }
}

#[apply(both)]
async fn what_is_kept_has_the_headers_of_what_is_made(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    for path in ["/v1/articles/one", "/v1/articles", "/v1/tags"] {
        let made = app
            .request(Method::GET, path)
            .header("origin", "https://a.example")
            .send()
            .await;
        let kept = app
            .request(Method::GET, path)
            .header("origin", "https://a.example")
            .send()
            .await;
        let names = |reply: &crate::harness::Reply| {
            let mut names: Vec<String> =
                reply.headers.keys().map(|name| name.to_string()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&made), names(&kept));
        assert_eq!(kept.header("access-control-allow-origin"), "*");
    }
    assert!(app.metric("dateline_cache_hits_total").await > 2.0);
    let plain = app.get("/v1/articles/one").await;
    assert_eq!(plain.header("access-control-allow-origin"), "*");
    let head = app.request(Method::HEAD, "/v1/articles/one").send().await;
    assert_eq!(head.header("etag"), plain.header("etag"));
    assert_eq!(head.header("content-length"), plain.text.len().to_string());
}

#[apply(both)]
async fn each_coding_has_an_etag_of_its_own(app: TestApp) {
    let token = app.newsroom().await;
    let mut long = crate::harness::article("long");
    long["body"]["content"] = json!("<p>Twelve harbour cities have agreed.</p>".repeat(100));
    let draft = app.create(&token, "/v1/editorial/articles", long).await;
    app.step(&token, &draft, "publish", json!({})).await;
    let get = |accepted: &'static str| {
        app.request(Method::GET, "/v1/articles/long")
            .header("accept-encoding", accepted)
            .send()
    };
    let mut tags = Vec::new();
    for (accepted, coding) in [
        ("identity", ""),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip", "gzip"),
        ("gzip;q=0.5, zstd", "zstd"),
        ("br, gzip", "br"),
    ] {
        let reply = get(accepted).await;
        let coded = reply
            .headers
            .get("content-encoding")
            .map_or("", |value| value.to_str().unwrap());
        assert_eq!(coded, coding, "{accepted}");
        assert_eq!(reply.header("vary"), "Accept-Encoding");
        let tag = reply.etag();
        let known = app
            .request(Method::GET, "/v1/articles/long")
            .header("accept-encoding", accepted)
            .header("if-none-match", &format!("\"other\", {tag}"))
            .send()
            .await;
        assert_eq!(known.status, 304);
        assert_eq!(known.etag(), tag);
        assert!(known.headers.contains_key("cache-control") && known.headers.contains_key("vary"));
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
}

#[apply(both)]
async fn browsers_anywhere_may_read_but_only_listed_ones_may_edit(app: TestApp) {
    let preflight = async |path: &str, origin: &str| {
        app.request(Method::OPTIONS, path)
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .send()
            .await
    };
    let open = preflight("/v1/articles", "https://anyone.example").await;
    assert_eq!(open.header("access-control-allow-origin"), "*");
    let closed = preflight("/v1/editorial/articles", "https://anyone.example").await;
    assert!(closed.header("access-control-allow-origin").is_empty());
    let desk = preflight("/v1/editorial/articles", "https://desk.example").await;
    assert_eq!(
        desk.header("access-control-allow-origin"),
        "https://desk.example"
    );
}

#[apply(both)]
async fn related_articles_share_rare_tags(app: TestApp) {
    let token = app.newsroom().await;
    let tagged = async |slug: &str, tags: serde_json::Value, at: &str| {
        let mut article = crate::harness::article(slug);
        article["tags"] = tags;
        let draft = app.create(&token, "/v1/editorial/articles", article).await;
        app.step(&token, &draft, "publish", json!({"published_at": at}))
            .await
    };
    tagged("this", json!(["climate", "ports"]), "2026-03-01T08:00:00Z").await;
    tagged(
        "both-tags",
        json!(["climate", "ports"]),
        "2026-03-02T08:00:00Z",
    )
    .await;
    tagged("rare-tag", json!(["ports"]), "2026-03-02T08:00:00Z").await;
    tagged(
        "both-tags-long-ago",
        json!(["climate", "ports"]),
        "2016-03-02T08:00:00Z",
    )
    .await;
    for number in 0..5 {
        tagged(
            &format!("common-{number}"),
            json!(["climate"]),
            "2026-03-02T08:00:00Z",
        )
        .await;
    }
    let related = app.get("/v1/articles/this/related?limit=3").await;
    let slugs = related.slugs();
    assert_eq!(slugs[..2], ["both-tags", "rare-tag"]);
    assert!(slugs[2].starts_with("common"));
    assert!(
        !app.get("/v1/articles/this/related")
            .await
            .slugs()
            .contains(&"this")
    );
    assert_eq!(app.get("/v1/articles/none/related").await.status, 404);
}

#[apply(both)]
async fn facets_count_what_the_filters_leave(app: TestApp) {
    let token = app.newsroom().await;
    app.published_at(&token, "one", "2026-03-01T23:59:00Z")
        .await;
    app.published_at(&token, "two", "2026-03-02T00:01:00Z")
        .await;
    app.draft(&token, "unseen").await;
    let tags = app.get("/v1/articles/facets?by=tag").await;
    assert_eq!(
        tags.json["data"],
        json!([{"value": "climate", "name": "Climate", "count": 2}])
    );
    let days = app.get("/v1/articles/facets?by=day").await;
    assert_eq!(
        days.json["data"][0],
        json!({"value": "2026-03-02", "name": "2026-03-02", "count": 1})
    );
    let authors = app.get("/v1/articles/facets?by=author&slugs=one").await;
    assert_eq!(authors.json["data"].as_array().unwrap().len(), 2);
    let sections = app
        .get("/v1/articles/facets?by=section&published_after=2026-03-02T00:00:00Z")
        .await;
    assert_eq!(sections.json["data"][0]["count"], 1);
    assert_eq!(
        app.get("/v1/articles/facets?by=tag&tag=unknown").await.json["data"],
        json!([])
    );
    assert_eq!(app.get("/v1/articles/facets").await.status, 400);
    let named = app
        .create(
            &token,
            "/v1/editorial/articles",
            json!({"headline": "Facets"}),
        )
        .await;
    assert_eq!(named.json["slug"], "facets-2");
}
