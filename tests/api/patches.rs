//! Changes as clients send them: patches with nulls and without a change, ETags without quotes or made weak,
//! JSON as other libraries write it, and bylines in the article's language.

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp, article};

async fn patch(app: &TestApp, token: &str, path: &str, etag: &str, body: Value) -> Reply {
    let request = app.request(Method::PATCH, path).bearer(token);
    request.header("if-match", etag).json(body).await
}

/// An article, a tag and an author: the path of each, and its ETag.
async fn one_of_each(app: &TestApp, token: &str) -> [(String, String); 3] {
    let article = app.published(token, "one").await;
    let path = |kind: &str, id: &Value| format!("/v1/editorial/{kind}/{}", id.as_str().unwrap());
    let read = async |path: String| {
        let reply = app.request(Method::GET, &path).bearer(token).send().await;
        (path, reply.etag())
    };
    let tag = app.get("/v1/tags/climate").await;
    let author = app.get("/v1/authors/alex-writer").await;
    [
        read(path("articles", &article.json["id"])).await,
        read(path("tags", &tag.json["id"])).await,
        read(path("authors", &author.json["id"])).await,
    ]
}

#[apply(both)]
async fn null_for_an_unknown_name_is_refused_at_any_depth(app: TestApp) {
    let token = app.newsroom().await;
    let [article, tag, author] = one_of_each(&app, &token).await;
    for ((path, etag), body, pointer, part) in [
        (
            &article,
            json!({"embargo_until": null}),
            "/embargo_until",
            "not a known field",
        ),
        (
            &article,
            json!({"published_at": null}),
            "/published_at",
            "not a known field",
        ),
        (
            &article,
            json!({"lead_imgae": null}),
            "/lead_imgae",
            "did you mean \"lead_image\"?",
        ),
        (
            &article,
            json!({"lead_image": {"crdit": null}}),
            "/lead_image/crdit",
            "did you mean \"credit\"?",
        ),
        (
            &article,
            json!({"lead_image": {"focal_point": {"z": null}}}),
            "/lead_image/focal_point/z",
            "Known",
        ),
        (
            &article,
            json!({"seo": {"titel": null}}),
            "/seo/titel",
            "did you mean \"title\"?",
        ),
        (
            &article,
            json!({"datline": null}),
            "/datline",
            "did you mean \"dateline\"?",
        ),
        (
            &article,
            json!({"headline": "New", "x": null}),
            "/x",
            "not a known field",
        ),
        (
            &article,
            json!({"body": {"format": "text", "content": "x", "frmat": null}}),
            "/body/frmat",
            "format",
        ),
        (
            &tag,
            json!({"descripton": null}),
            "/descripton",
            "did you mean \"description\"?",
        ),
        (
            &tag,
            json!({"article_count": null}),
            "/article_count",
            "not a known field",
        ),
        (&author, json!({"avatar": null}), "/avatar", "Known"),
        (
            &author,
            json!({"boi": null}),
            "/boi",
            "did you mean \"bio\"?",
        ),
    ] {
        let reply = patch(&app, &token, path, etag, body.clone()).await;
        assert_eq!(reply.status, 422, "{body}: {}", reply.text);
        assert_eq!(reply.pointers()[0], pointer, "{body}");
        assert_eq!(reply.json["errors"][0]["code"], "unknown_field", "{body}");
        let detail = reply.json["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(part), "{body}: {detail}");
        let after = app.request(Method::GET, path).bearer(&token).send().await;
        assert_eq!(after.etag(), *etag, "{body}");
    }
    let known = json!({"standfirst": null, "kicker": null, "seo": {"title": null, "description": null},
        "custom": {"live": null, "never": null}, "lead_image": {"caption": null}});
    let reply = patch(&app, &token, &article.0, &article.1, known).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.json["standfirst"], Value::Null);
    assert_eq!(reply.json["custom"], json!({}));
    assert_eq!(reply.json["lead_image"]["caption"], Value::Null);
    assert_eq!(reply.json["lead_image"]["credit"], "Harbour Pictures");
}

#[apply(both)]
async fn a_patch_that_changes_nothing_changes_nothing(app: TestApp) {
    let token = app.newsroom().await;
    let [of_article, of_tag, of_author] = one_of_each(&app, &token).await;
    let renamed = patch(
        &app,
        &token,
        &of_tag.0,
        &of_tag.1,
        json!({"slug": "weather"}),
    )
    .await;
    assert_eq!(renamed.status, 200);
    let of_tag = (of_tag.0, renamed.etag());
    let written = article("one");
    let numbers = || {
        app.database.read(|connection| {
            let entries = dateline::events::log::after(connection, 0, 10_000)?;
            Ok(entries.last().map(|entry| entry.sequence))
        })
    };
    let read = async |path: &str| {
        let reply = app.request(Method::GET, path).bearer(&token).send().await;
        (reply.etag(), reply.json)
    };
    let public = [
        "/v1/articles/one",
        "/v1/articles",
        "/v1/tags",
        "/v1/authors/alex-writer",
    ];
    let mut seen = Vec::new();
    for path in public {
        seen.push(app.get(path).await.etag());
    }
    let (before, misses) = (
        numbers().await.unwrap(),
        app.metric("dateline_cache_misses_total").await,
    );
    for ((path, etag), same) in [
        (&of_article, json!({})),
        (&of_article, json!({"headline": written["headline"]})),
        (&of_article, json!({"headline": " Headline of one "})),
        (
            &of_article,
            json!({"kicker": null, "lead_image": {"width": null}}),
        ),
        (&of_article, json!({"language": "EN", "slug": "one"})),
        (&of_article, json!({"body": written["body"]})),
        (
            &of_article,
            json!({"seo": {"title": "Short"}, "custom": {"live": true, "x": null}}),
        ),
        // The slug that the tag had before.
        (
            &of_article,
            json!({"tags": ["climate"], "section": "world"}),
        ),
        (
            &of_article,
            json!({"authors": ["alex-writer", "sam-reporter"], "former_urls": []}),
        ),
        (&of_tag, json!({})),
        (
            &of_tag,
            json!({"name": "Climate", "kind": "topic", "description": null, "slug": null}),
        ),
        (&of_author, json!({"name": "Alex Writer"})),
        (&of_author, json!({"bio": null, "slug": "alex-writer"})),
    ] {
        let before = read(path).await;
        let reply = patch(&app, &token, path, etag, same.clone()).await;
        assert_eq!(reply.status, 200, "{same}: {}", reply.text);
        assert_eq!((reply.etag(), reply.json.clone()), before, "{same}");
        assert_eq!(reply.etag(), *etag, "{same}");
        let stale = patch(&app, &token, path, "\"v99\"", same.clone()).await;
        assert_eq!(stale.status, 412, "{same}");
    }
    assert_eq!(numbers().await.unwrap(), before);
    for (path, etag) in public.into_iter().zip(seen) {
        assert_eq!(app.get(path).await.etag(), etag, "{path}");
    }
    assert_eq!(app.metric("dateline_cache_misses_total").await, misses);
    for ((path, etag), other) in [
        (&of_article, json!({"tags": ["ports", "climate"]})),
        (&of_tag, json!({"description": "New"})),
        (&of_author, json!({"bio": "New"})),
    ] {
        let reply = patch(&app, &token, path, etag, other.clone()).await;
        assert_ne!(reply.etag(), *etag, "{other}");
    }
}

#[apply(both)]
async fn an_etag_is_read_without_quotes_and_a_weak_one_is_explained(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "one").await;
    assert_eq!(draft.header("cache-control"), "no-store, no-transform");
    let path = format!(
        "/v1/editorial/articles/{}",
        draft.json["id"].as_str().unwrap()
    );
    for (tag, status, part) in [
        ("W/\"v1\"", 412, "weak"),
        ("W/v1", 412, "weak"),
        ("\"v2\"", 412, "changed"),
        ("\"x\"", 412, "changed"),
        ("v2", 412, "changed"),
        ("1", 400, "\"v3\""),
        ("\"v1", 400, "\"v3\""),
        ("", 400, "\"v3\""),
    ] {
        let reply = patch(&app, &token, &path, tag, json!({"kicker": "New"})).await;
        assert_eq!(reply.status, status, "{tag}: {}", reply.text);
        assert!(
            reply.json["detail"].as_str().unwrap().contains(part),
            "{tag}: {}",
            reply.text
        );
        if status == 412 {
            assert_eq!(reply.etag(), "\"v1\"", "{tag}");
            assert_eq!(reply.header("cache-control"), "no-store, no-transform");
        }
    }
    for (number, tag) in ["v1", "\"v2\"", "W/\"v1\", \"v3\""].into_iter().enumerate() {
        let reply = patch(
            &app,
            &token,
            &path,
            tag,
            json!({"kicker": format!("{number}")}),
        )
        .await;
        assert_eq!(reply.status, 200, "{tag}: {}", reply.text);
    }
}

#[apply(both)]
async fn json_is_read_as_other_libraries_write_it(app: TestApp) {
    let token = app.newsroom().await;
    let send = async |text: &[u8]| {
        app.request(Method::POST, "/v1/editorial/articles")
            .bearer(&token)
            .raw("application/json", text.to_vec())
            .send()
            .await
    };
    let marked = send(b"\xEF\xBB\xBF{\"headline\": \"Marked\"}").await;
    assert_eq!(
        (marked.status.as_u16(), &marked.json["headline"]),
        (201, &json!("Marked"))
    );
    let whole = send(
        br#"{"lead_image": {"url": "/a.jpg", "width": 1600.0, "height": 1.067e3, "focal_point": {"x": 1, "y": 0.0}},
             "custom": {"ratio": 12.0}}"#,
    )
    .await;
    assert_eq!(whole.status, 201, "{}", whole.text);
    assert_eq!(whole.json["lead_image"]["width"], 1600);
    assert_eq!(whole.json["lead_image"]["height"], 1067);
    assert!(whole.text.contains("{\"ratio\":12.0}"), "{}", whole.text);
    let broken = send(br#"{"lead_image": {"url": "/a.jpg", "width": 1600.5}}"#).await;
    assert_eq!(broken.pointers(), ["/lead_image/width"]);
}

#[apply(both)]
async fn a_byline_is_in_the_language_of_its_article(app: TestApp) {
    let token = app.newsroom().await;
    for (number, (language, byline)) in [
        ("en", "By Alex Writer and Sam Reporter"),
        ("es", "Por Alex Writer y Sam Reporter"),
        ("pt-br", "Por Alex Writer e Sam Reporter"),
        ("de", "Von Alex Writer und Sam Reporter"),
        ("sw", "Alex Writer, Sam Reporter"),
    ]
    .into_iter()
    .enumerate()
    {
        let slug = format!("a-{number}");
        let mut input = article(&slug);
        input["language"] = json!(language);
        let draft = app.create(&token, "/v1/editorial/articles", input).await;
        assert_eq!(draft.json["byline"], byline);
        let published = app.step(&token, &draft, "publish", json!({})).await;
        assert_eq!(
            app.get(&format!("/v1/articles/{slug}")).await.json["byline"],
            byline
        );
        let french = app
            .patch(&token, &published, json!({"language": "fr"}))
            .await;
        assert_eq!(french.json["byline"], "Par Alex Writer et Sam Reporter");
        let listed = app
            .get(&format!("/v1/articles?slugs={slug}&fields=byline"))
            .await;
        assert_eq!(
            listed.json["data"][0]["byline"],
            "Par Alex Writer et Sam Reporter"
        );
        let given = app
            .patch(&token, &french, json!({"byline": "From our desk"}))
            .await;
        assert_eq!(given.json["byline"], "From our desk");
    }
}
