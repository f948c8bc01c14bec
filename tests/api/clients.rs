//! Reads as clients send them: empty values, names of other APIs, times with a `+`, articles in an order,
//! languages in any case, and fields that need something else.

use dateline::db::Connection;
use diesel::connection::SimpleConnection;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{DOCUMENT, TestApp, article};

/// Every query parameter of every public operation: a path that is answered without it, and its name.
fn parameters() -> Vec<(String, String)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let mut found = Vec::new();
    for (path, item) in paths {
        let is_for_readers = path.starts_with("/v1/") && !path.starts_with("/v1/auth/");
        if !is_for_readers || item["get"]["security"] != json!([]) {
            continue;
        }
        let slug = match path.as_str() {
            path if path.starts_with("/v1/tags") => "climate",
            path if path.starts_with("/v1/authors") => "alex-writer",
            _ => "one",
        };
        let parameters = item["get"]["parameters"].as_array();
        for parameter in parameters.into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            if parameter["in"] != "query" {
                continue;
            }
            let needed = match path.as_str() {
                "/v1/articles/facets" if name != "by" => "by=tag&",
                "/v1/shares" if name != "slugs" => "slugs=one&",
                _ => "",
            };
            let path = path.replace("{slug}", slug);
            found.push((format!("{path}?{needed}"), name.to_owned()));
        }
    }
    found
}

#[apply(both)]
async fn an_empty_value_is_never_the_same_as_none(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let parameters = parameters();
    assert!(parameters.len() > 60, "{}", parameters.len());
    for (path, name) in &parameters {
        let without = app.get(path).await;
        for empty in ["=", ""] {
            let target = format!("{path}{name}{empty}");
            // Twice: what the first leaves behind, the second finds.
            for _ in 0..2 {
                let reply = app.get(&target).await;
                if name == "q" {
                    assert_eq!(reply.json["data"], json!([]), "{target}: {}", reply.text);
                    continue;
                }
                assert_eq!(reply.status, 400, "{target}: {}", reply.text);
                let detail = reply.json["detail"].as_str().unwrap();
                assert!(
                    detail.starts_with(&format!("Parameter \"{name}\" is empty")),
                    "{target}: {detail}"
                );
            }
        }
        let after = app.get(path).await;
        assert_eq!(
            (after.status, after.json["data"].clone()),
            (without.status, without.json["data"].clone()),
            "{path}"
        );
    }
}

#[apply(both)]
async fn a_parameter_of_another_api_leads_to_ours(app: TestApp) {
    for (path, name, meant) in [
        ("/v1/articles", "tag[]", "tag"),
        ("/v1/articles", "tag[0]", "tag"),
        ("/v1/articles", "tags[]", "tag"),
        ("/v1/articles", "page", "cursor"),
        ("/v1/articles", "offset", "cursor"),
        ("/v1/articles", "per_page", "limit"),
        ("/v1/articles", "page%5Bsize%5D", "limit"),
        ("/v1/articles", "limt", "limit"),
        ("/v1/articles", "category", "section"),
        ("/v1/articles", "order_by", "sort"),
        ("/v1/articles", "publishedAfter", "published_after"),
        ("/v1/articles", "_embed", "include"),
        ("/v1/articles", "search", "q"),
        ("/v1/articles/facets", "group_by", "by"),
        ("/v1/tags", "type", "kind"),
        ("/v1/authors", "search", "q"),
        ("/v1/trending", "period", "window"),
        ("/v1/articles/one", "_fields", "fields"),
    ] {
        let reply = app.get(&format!("{path}?{name}=a")).await;
        assert_eq!(reply.status, 400, "{path} {name}");
        let detail = reply.json["detail"].as_str().unwrap();
        let expected = format!("did you mean \"{meant}\"?");
        assert!(detail.contains(&expected), "{name}: {detail}");
    }
    let several = app.get("/v1/articles?tag[]=a&tag[]=b").await;
    assert!(several.text.contains("commas"), "{}", several.text);
    let paged = app.get("/v1/articles?page=2").await;
    assert!(paged.text.contains("next_cursor"), "{}", paged.text);
}

#[apply(both)]
async fn an_offset_whose_plus_was_not_encoded_is_read(app: TestApp) {
    let token = app.newsroom().await;
    app.published_at(&token, "before", "2026-02-28T22:30:00Z")
        .await;
    app.published_at(&token, "after", "2026-02-28T23:30:00Z")
        .await;
    for time in [
        "2026-03-01T00:00:00+01:00",
        "2026-03-01T00:00:00%2B01:00",
        "2026-03-01T00:00:00.000+01:00",
        "2026-02-28T23:00:00Z",
    ] {
        let after = app
            .get(&format!("/v1/articles?published_after={time}"))
            .await;
        assert_eq!(after.slugs(), ["after"], "{time}");
        let before = app
            .get(&format!("/v1/articles?published_before={time}"))
            .await;
        assert_eq!(before.slugs(), ["before"], "{time}");
        let updated = app.get(&format!("/v1/articles?updated_after={time}")).await;
        assert_eq!(updated.slugs().len(), 2, "{time}");
        let shares = app
            .get(&format!(
                "/v1/articles/after/shares?history=day&from={time}&to=2026-03-03T00:00:00Z"
            ))
            .await;
        assert_eq!(shares.status, 200, "{time}: {}", shares.text);
    }
    for wrong in ["2026-03-01+01:00", "+", "2026-03-01T00:00:00+", "x+y"] {
        let reply = app
            .get(&format!("/v1/articles?published_after={wrong}"))
            .await;
        assert!(reply.text.contains("RFC 3339"), "{wrong}: {}", reply.text);
    }
}

#[apply(both)]
async fn articles_that_are_named_come_in_that_order(app: TestApp) {
    let token = app.newsroom().await;
    let mut ids = std::collections::HashMap::new();
    for (hour, slug) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let at = format!("2026-03-01T0{hour}:00:00Z");
        let article = app.published_at(&token, slug, &at).await;
        ids.insert(slug, article.json["id"].as_str().unwrap().to_owned());
        if slug == "d" {
            app.patch(&token, &article, json!({"slug": "d-new", "language": "de"}))
                .await;
        }
    }
    app.draft(&token, "unseen").await;
    let by_ids = ["c", "a", "c", "b"]
        .map(|slug| ids[slug].as_str())
        .join(",");
    let unknown = uuid::Uuid::now_v7();
    for (query, expected) in [
        ("slugs=a,c,b", vec!["a", "c", "b"]),
        ("slugs=a,c,b&sort=given", vec!["a", "c", "b"]),
        ("slugs=a,c,b&sort=-published_at", vec!["c", "b", "a"]),
        ("slugs=a,c,b&sort=published_at", vec!["a", "b", "c"]),
        ("slugs=c,a,c,c,a", vec!["c", "a"]),
        ("slugs=c,nothing,unseen,a", vec!["c", "a"]),
        ("slugs=d,a,d-new,b", vec!["d-new", "a", "b"]),
        ("slugs=b,a&slugs=d-new", vec!["b", "a", "d-new"]),
        ("slugs=nothing", vec![]),
        (&format!("ids={by_ids}"), vec!["c", "a", "b"]),
        (&format!("ids={unknown},{by_ids}"), vec!["c", "a", "b"]),
        (&format!("ids={by_ids}&slugs=b,c"), vec!["b", "c"]),
        ("slugs=d-new,a,b&language=en", vec!["a", "b"]),
        ("slugs=b,a&q=headline", vec!["b", "a"]),
        ("slugs=b,a&include=shares", vec!["b", "a"]),
        (
            "slugs=c,b,a&published_after=2026-03-01T00:30:00Z",
            vec!["c", "b"],
        ),
    ] {
        let reply = app.get(&format!("/v1/articles?count=true&{query}")).await;
        assert_eq!(reply.slugs(), expected, "{query}");
        assert_eq!(reply.json["page"]["total"], expected.len(), "{query}");
        for limit in [1, 2] {
            let first = format!("/v1/articles?limit={limit}&{query}");
            assert_eq!(pages(&app, &first).await, expected, "{first}");
        }
    }
    for query in ["sort=given", "sort=given&tag=climate"] {
        let reply = app.get(&format!("/v1/articles?{query}")).await;
        assert!(
            reply.text.contains("only with slugs or ids"),
            "{}",
            reply.text
        );
    }
    let first = app.get("/v1/articles?limit=1&slugs=a,c,b").await;
    let cursor = first.json["page"]["next_cursor"].as_str().unwrap();
    let other = app
        .get(&format!("/v1/articles?slugs=a,b,c&cursor={cursor}"))
        .await;
    assert_eq!(other.problem(), "invalid-cursor");
}

/// All slugs of a list, read page by page to its end; and back, the same.
async fn pages(app: &TestApp, first: &str) -> Vec<String> {
    let (mut forward, mut path) = (Vec::new(), first.to_owned());
    let mut sizes = Vec::new();
    let last = loop {
        let page = app.get(&path).await;
        forward.extend(page.slugs().iter().map(ToString::to_string));
        sizes.push(page.slugs().len());
        match page.json["page"]["next_cursor"].as_str() {
            Some(cursor) => path = format!("{first}&cursor={cursor}"),
            None => break page,
        }
    };
    let mut end = forward.len() - sizes.pop().unwrap();
    let mut back = last.json["page"]["prev_cursor"].as_str().map(str::to_owned);
    while let Some(cursor) = back {
        let page = app.get(&format!("{first}&cursor={cursor}")).await;
        let begin = end - page.slugs().len();
        assert_eq!(page.slugs(), forward[begin..end], "{first}");
        end = begin;
        back = page.json["page"]["prev_cursor"].as_str().map(str::to_owned);
    }
    assert_eq!(end, 0, "{first}");
    forward
}

#[apply(both)]
async fn a_language_is_found_in_any_case_and_with_its_regions(app: TestApp) {
    let token = app.newsroom().await;
    for (hour, (slug, language, kept)) in [
        ("brazil", "pt-br", "pt-BR"),
        ("portugal", "PT", "pt"),
        ("britain", "en-gb", "en-GB"),
        ("taiwan", "zh-hant-tw", "zh-Hant-TW"),
        ("serbia", "sr-latn", "sr-Latn"),
        ("middle", "enm", "enm"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut input = article(slug);
        input["language"] = json!(language);
        let draft = app.create(&token, "/v1/editorial/articles", input).await;
        assert_eq!(draft.json["language"], kept);
        let at = json!({"published_at": format!("2026-03-01T0{hour}:00:00Z")});
        let published = app.step(&token, &draft, "publish", at).await;
        assert_eq!(published.status, 200, "{}", published.text);
        assert_eq!(
            app.get(&format!("/v1/articles/{slug}")).await.json["language"],
            kept
        );
    }
    for (range, expected) in [
        ("pt", vec!["portugal", "brazil"]),
        ("PT", vec!["portugal", "brazil"]),
        ("pt-br", vec!["brazil"]),
        ("pt-BR", vec!["brazil"]),
        ("PT-br", vec!["brazil"]),
        ("en", vec!["britain"]),
        ("en-GB", vec!["britain"]),
        ("en-US", vec![]),
        ("zh-hant", vec!["taiwan"]),
        ("zh-TW", vec![]),
        ("SR-LATN", vec!["serbia"]),
        ("enm", vec!["middle"]),
        ("p", vec![]),
    ] {
        let reply = app
            .get(&format!("/v1/articles?count=true&language={range}"))
            .await;
        if range == "p" {
            assert_eq!(reply.status, 400);
            continue;
        }
        assert_eq!(reply.slugs(), expected, "{range}");
        assert_eq!(reply.json["page"]["total"], expected.len(), "{range}");
        for narrower in [
            "tag=climate",
            "author=alex-writer",
            "section=world",
            "q=headline",
            "sort=-shares",
        ] {
            let path = format!("/v1/articles?count=true&language={range}&{narrower}");
            let reply = app.get(&path).await;
            assert_eq!(reply.json["page"]["total"], expected.len(), "{path}");
        }
        let facets = app
            .get(&format!("/v1/articles/facets?by=tag&language={range}"))
            .await;
        let counted = facets.json["data"][0]["count"].as_u64().unwrap_or(0);
        assert_eq!(counted, expected.len() as u64, "{range}");
    }
    let wide = app.get("/v1/articles?language=pt").await;
    let article = app.get("/v1/articles/brazil").await.json["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let moved = app
        .request(
            reqwest::Method::PATCH,
            &format!("/v1/editorial/articles/{article}"),
        )
        .bearer(&token)
        .header("if-match", "*")
        .json(json!({"language": "ES-mx"}))
        .await;
    assert_eq!(moved.json["language"], "es-MX");
    assert_eq!(wide.slugs().len(), 2);
    assert_eq!(
        app.get("/v1/articles?language=pt").await.slugs(),
        ["portugal"]
    );
}

#[apply(both)]
async fn languages_that_are_there_already_get_their_usual_case(app: TestApp) {
    let token = app.newsroom().await;
    let cases = [
        ("pt-br", "pt-BR"),
        ("zh-hant-TW", "zh-Hant-TW"),
        ("en-CA-X-CA", "en-CA-x-ca"),
        ("es-419", "es-419"),
        ("en", "en"),
        ("sl-rozaj-BISKE", "sl-rozaj-biske"),
    ];
    for (number, (written, _)) in cases.into_iter().enumerate() {
        app.published(&token, &format!("a-{number}")).await;
        app.database
            .write(move |connection| {
                let set = format!(
                    "UPDATE articles SET language = '{written}' WHERE slug = 'a-{number}'; "
                );
                let (of_sqlite, of_postgres) = (
                    include_str!("../../migrations/sqlite/2026-11-26-000007_language_case/up.sql"),
                    include_str!(
                        "../../migrations/postgres/2026-11-26-000007_language_case/up.sql"
                    ),
                );
                match connection {
                    Connection::Sqlite(inner) => inner.batch_execute(&(set + of_sqlite))?,
                    Connection::Postgres(inner) => inner.batch_execute(&(set + of_postgres))?,
                }
                Ok(())
            })
            .await
            .unwrap();
    }
    for (number, (_, usual)) in cases.into_iter().enumerate() {
        let path = format!("/v1/articles?slugs=a-{number}&language={usual}");
        assert_eq!(app.get(&path).await.slugs().len(), 1, "{usual}");
    }
}

#[apply(both)]
async fn a_field_that_is_named_is_there_or_refused(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    for (path, lacks) in [
        ("/v1/articles?fields=shares", "include=shares"),
        ("/v1/articles?fields=slug,shares.total", "include=shares"),
        ("/v1/articles?fields=body_html", "include=body"),
        (
            "/v1/articles?fields=body_text&include=body",
            "body_format=text",
        ),
        (
            "/v1/articles?fields=body_markdown",
            "include=body&body_format=markdown",
        ),
        ("/v1/articles?fields=highlights&q=one", "include=highlights"),
        ("/v1/articles?fields=seo.title", "include=seo"),
        ("/v1/articles?fields=trend", "not a known field"),
        ("/v1/articles/one?fields=shares", "include=shares"),
        (
            "/v1/articles/one?fields=body&body_format=html",
            "body_format=blocks",
        ),
        ("/v1/articles/one?fields=highlights", "not a known field"),
        ("/v1/articles/one/related?fields=body", "not a known field"),
        (
            "/v1/articles/one/related?fields=slgu",
            "did you mean \"slug\"?",
        ),
        ("/v1/trending?fields=custom", "include=custom"),
        ("/v1/tags?fields=nmae", "did you mean \"name\"?"),
        ("/v1/tags/climate?fields=slug.x", "nothing below"),
        ("/v1/authors?fields=kind", "not a known field"),
    ] {
        let reply = app.get(path).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem()),
            (400, "invalid-parameter"),
            "{path}"
        );
        let detail = reply.json["detail"].as_str().unwrap();
        assert!(detail.contains(lacks), "{path}: {detail}");
    }
    for (path, names) in [
        (
            "/v1/articles?fields=slug,shares&include=shares",
            &["slug", "shares"][..],
        ),
        (
            "/v1/articles?fields=body_text&include=body&body_format=text",
            &["body_text"],
        ),
        (
            "/v1/articles?fields=body,body_html&include=body",
            &["body", "body_html"],
        ),
        ("/v1/articles/one/related?fields=slug", &["slug"]),
        (
            "/v1/tags?fields=name,article_count",
            &["name", "article_count"],
        ),
        (
            "/v1/authors?fields=slug,bio&sort=-article_count",
            &["slug", "bio"],
        ),
    ] {
        if path.contains("related") {
            app.published(&token, "two").await;
        }
        let reply = app.get(path).await;
        let item = reply.json["data"][0]
            .as_object()
            .unwrap_or_else(|| panic!("{path}"));
        let found: Vec<&str> = item.keys().map(String::as_str).collect();
        assert_eq!(found, names, "{path}");
    }
    let tag = app.get("/v1/tags/climate?fields=name").await;
    assert_eq!(tag.json, json!({"name": "Climate"}));
    let author = app.get("/v1/authors/alex-writer?fields=slug,role").await;
    assert_eq!(author.json, json!({"slug": "alex-writer", "role": null}));
}

#[apply(both)]
async fn authors_are_listed_by_how_much_they_publish(app: TestApp) {
    let token = app.newsroom().await;
    app.create(
        &token,
        "/v1/editorial/authors",
        json!({"name": "Zoe Third"}),
    )
    .await;
    for (number, authors) in [
        json!(["sam-reporter"]),
        json!(["sam-reporter", "zoe-third"]),
    ]
    .into_iter()
    .enumerate()
    {
        let mut input = article(&format!("a-{number}"));
        input["authors"] = authors;
        let draft = app.create(&token, "/v1/editorial/articles", input).await;
        app.step(&token, &draft, "publish", json!({})).await;
    }
    // What is not public yet does not count.
    let mut input = article("hidden");
    input["authors"] = json!(["alex-writer", "zoe-third"]);
    let draft = app.create(&token, "/v1/editorial/articles", input).await;
    app.step(
        &token,
        &draft,
        "publish",
        json!({"published_at": "2999-01-01T00:00:00Z"}),
    )
    .await;
    let all = ["sam-reporter", "zoe-third", "alex-writer"];
    let list = app.get("/v1/authors?sort=-article_count").await;
    assert_eq!(list.slugs(), all);
    let counts = list.json["data"].as_array().unwrap().iter();
    let counts: Vec<&Value> = counts.map(|author| &author["article_count"]).collect();
    assert_eq!(counts, [2, 1, 0]);
    for limit in [1, 2] {
        let first = format!("/v1/authors?sort=-article_count&limit={limit}");
        assert_eq!(pages(&app, &first).await, all);
    }
    let by_name = app.get("/v1/authors?sort=name").await;
    assert_eq!(
        by_name.slugs(),
        ["alex-writer", "sam-reporter", "zoe-third"]
    );
    let facets = app.get("/v1/articles/facets?by=author").await;
    assert_eq!(facets.json["data"].as_array().unwrap().len(), 2);
}
