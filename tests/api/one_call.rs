//! Writes that editorial tools want in one call: publishing while creating, and creating what an article refers to.

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use dateline::auth::model::{Right, Role};
use dateline::events::log;

use crate::both;
use crate::harness::{Reply, TestApp, article};

pub const ARTICLES: &str = "/v1/editorial/articles";
const CREATING: &str = "/v1/editorial/articles?create_missing=true";

pub async fn post(app: &TestApp, token: &str, path: &str, body: Value) -> Reply {
    app.request(Method::POST, path)
        .bearer(token)
        .json(body)
        .await
}

pub async fn read(app: &TestApp, token: &str, path: &str) -> Reply {
    app.request(Method::GET, path).bearer(token).send().await
}

pub async fn delete(app: &TestApp, token: &str, path: &str, etag: &str) -> Reply {
    let request = app.request(Method::DELETE, path).bearer(token);
    request.header("if-match", etag).send().await
}

pub fn with(mut article: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        article[name] = value.clone();
    }
    article
}

fn published(slug: &str, members: Value) -> Value {
    with(with(article(slug), json!({"status": "published"})), members)
}

pub fn id(reply: &Reply) -> &str {
    reply.json["id"].as_str().unwrap()
}

/// The kinds of all events, with what readers saw of each, after a number.
pub async fn events(app: &TestApp, after: i64) -> Vec<(String, Option<String>)> {
    let read = app
        .database
        .read(move |connection| log::after(connection, after, 1_000));
    let entries = read.await.unwrap().into_iter();
    entries
        .map(|entry| (entry.kind, entry.readers_see))
        .collect()
}

pub async fn last_event(app: &TestApp) -> i64 {
    events(app, 0).await.len() as i64
}

#[apply(both)]
async fn an_article_is_created_and_published_in_one_call(app: TestApp) {
    let token = app.newsroom().await;
    // Somebody has asked before.
    assert_eq!(app.get("/v1/articles?tag=climate").await.slugs().len(), 0);
    assert_eq!(app.get("/v1/articles/one").await.status, 404);
    let before = last_event(&app).await;
    let one = app
        .create(&token, ARTICLES, published("one", json!({})))
        .await;
    assert_eq!(one.json["status"], "published");
    assert_eq!(one.json["is_public"], true);
    assert_eq!(one.json["published_at"], one.json["created_at"]);
    assert_eq!(one.header("location"), format!("{ARTICLES}/{}", id(&one)));
    let happened = [
        ("article_created".to_owned(), None),
        ("article_published".to_owned(), Some("appeared".to_owned())),
    ];
    assert_eq!(events(&app, before).await, happened);

    // All that follows from publishing has followed.
    assert_eq!(app.get("/v1/articles/one").await.status, 200);
    for list in [
        "?tag=climate",
        "?q=twelve",
        "?author=alex-writer",
        "?section=world",
        "?sort=-shares",
    ] {
        let list = app.get(&format!("/v1/articles{list}")).await;
        assert_eq!(list.slugs(), ["one"]);
    }
    assert_eq!(app.get("/v1/tags/climate").await.json["article_count"], 1);
    // The ETag is that of the article as it is.
    let step = app.step(&token, &one, "unpublish", json!({})).await;
    assert_eq!(step.status, 200, "{}", step.text);
    assert_eq!(app.get("/v1/articles/one").await.status, 404);
}

#[apply(both)]
async fn it_keeps_a_past_time_and_waits_for_a_future_one(app: TestApp) {
    let token = app.newsroom().await;
    for (slug, members, is_public) in [
        (
            "past",
            json!({"published_at": "2019-04-01T08:30:00+02:00"}),
            true,
        ),
        (
            "future",
            json!({"published_at": "2999-01-01T00:00:00Z"}),
            false,
        ),
        (
            "embargo",
            json!({"published_at": "2020-01-01T00:00:00Z", "embargo_until": "2999-01-01T00:00:00Z"}),
            false,
        ),
        (
            "lifted",
            json!({"embargo_until": "2020-01-01T00:00:00Z"}),
            true,
        ),
        (
            "nulls",
            json!({"published_at": null, "embargo_until": null}),
            true,
        ),
    ] {
        let reply = app.create(&token, ARTICLES, published(slug, members)).await;
        assert_eq!(reply.json["status"], "published", "{slug}");
        assert_eq!(reply.json["is_public"], is_public, "{slug}");
        let status = app.get(&format!("/v1/articles/{slug}")).await.status;
        assert_eq!(status == 200, is_public, "{slug}");
    }
    let past = app.get("/v1/articles/past").await;
    assert_eq!(past.json["published_at"], "2019-04-01T06:30:00.000Z");
    let listed = app.get("/v1/articles?sort=published_at").await;
    assert_eq!(listed.slugs()[0], "past");
    // A draft may say that nothing is known of its publication yet.
    let draft = with(
        article("draft"),
        json!({"published_at": null, "embargo_until": null}),
    );
    let draft = app.create(&token, ARTICLES, draft).await;
    assert_eq!(draft.json["status"], "draft");
}

#[apply(both)]
async fn what_is_missing_to_publish_is_said_at_once(app: TestApp) {
    let token = app.newsroom().await;
    let time = "2020-01-01T00:00:00Z";
    for (body, pointers) in [
        (
            json!({"status": "published"}),
            vec!["/authors", "/body", "/headline"],
        ),
        (
            json!({"status": "published", "tags": ["nothing"], "lead_image": {"url": "/a.jpg"}}),
            vec![
                "/authors",
                "/body",
                "/headline",
                "/lead_image/alt",
                "/lead_image/credit",
                "/tags/0",
            ],
        ),
        (
            json!({"published_at": time, "embargo_until": time}),
            vec!["/embargo_until", "/published_at"],
        ),
        (
            json!({"status": "in_review", "published_at": time}),
            vec!["/published_at"],
        ),
        (
            json!({"status": "unpublished", "embargo_until": time}),
            vec!["/embargo_until", "/status"],
        ),
        (
            json!({"status": "published", "published_at": "soon", "headline": ""}),
            vec!["/headline", "/published_at"],
        ),
    ] {
        let reply = post(&app, &token, ARTICLES, body.clone()).await;
        assert_eq!(reply.status, 422, "{body}: {}", reply.text);
        let mut found = reply.pointers();
        found.sort_unstable();
        assert_eq!(found, pointers, "{body}");
    }
    let hint = post(&app, &token, ARTICLES, json!({"published_at": time})).await;
    let detail = hint.json["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("\"status\": \"published\""), "{detail}");
    let wrong = post(&app, &token, ARTICLES, json!({"status": "unpublished"})).await;
    let detail = wrong.json["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("draft, in_review, published"), "{detail}");
    // An edit does not publish.
    let draft = app.draft(&token, "draft").await;
    let patch = app
        .patch(&token, &draft, json!({"status": "published"}))
        .await;
    assert_eq!(patch.status, 422);
    assert_eq!(read(&app, &token, ARTICLES).await.slugs(), ["draft"]);
}

#[apply(both)]
async fn who_cannot_publish_cannot_create_what_is_published(app: TestApp) {
    app.newsroom().await;
    const WRITES: &[Right] = &[Right::ArticlesRead, Right::ArticlesWrite];
    const PUBLISHES: &[Right] = &[Right::ArticlesWrite, Right::ArticlesPublish];
    for token in [
        app.user("author@example.com", Role::Author).await,
        app.tool_with(WRITES).await,
    ] {
        // Whatever else is wrong.
        for body in [
            published("one", json!({})),
            json!({"status": "published", "x": 1}),
        ] {
            let reply = post(&app, &token, ARTICLES, body).await;
            assert_eq!(reply.status, 403, "{}", reply.text);
            assert!(reply.text.contains("articles:publish"), "{}", reply.text);
        }
        let draft = json!({"headline": "Draft"});
        assert_eq!(post(&app, &token, ARTICLES, draft).await.status, 201);
    }
    let tool = app.tool_with(PUBLISHES).await;
    assert_eq!(
        post(&app, &tool, ARTICLES, published("one", json!({})))
            .await
            .status,
        201
    );
    let editor = app.user("editor@example.com", Role::Editor).await;
    assert_eq!(
        post(&app, &editor, ARTICLES, published("two", json!({})))
            .await
            .status,
        201
    );
    let viewer = app.user("viewer@example.com", Role::Viewer).await;
    assert_eq!(
        post(&app, &viewer, ARTICLES, published("three", json!({})))
            .await
            .status,
        403
    );
}

#[apply(both)]
async fn what_an_article_refers_to_is_found_by_name_or_created(app: TestApp) {
    let token = app.newsroom().await;
    let before = last_event(&app).await;
    let body = published(
        "one",
        json!({
            "authors": ["alex-writer", "Kim Newcomer", "jo-del-mar"], "section": "Science",
            // Known by slug and by name, in other cases; new ones by name and by slug, one of them twice.
            "tags": ["climate", "PORTS", "Climate Change", "climate change", "C++", "sea-walls"]
        }),
    );
    let one = app.create(&token, CREATING, body).await;
    let names = |of: &Value| -> Vec<String> {
        let of = of.as_array().unwrap().iter();
        of.map(|item| {
            format!(
                "{} {}",
                item["slug"].as_str().unwrap(),
                item["name"].as_str().unwrap()
            )
        })
        .collect()
    };
    assert_eq!(
        names(&one.json["authors"]),
        [
            "alex-writer Alex Writer",
            "kim-newcomer Kim Newcomer",
            "jo-del-mar Jo Del Mar"
        ]
    );
    let tags = names(&one.json["tags"]);
    assert_eq!(tags.len(), 5, "{tags:?}");
    assert_eq!(tags[..2], ["climate Climate", "ports Ports"]);
    assert_eq!(tags[2], "climate-change Climate Change");
    assert!(tags[3].ends_with(" C++"), "{tags:?}");
    assert_eq!(tags[4], "sea-walls Sea walls");
    assert_eq!(
        one.json["section"],
        json!({"slug": "science", "name": "Science", "ancestors": []})
    );
    for kind in one.json["tags"].as_array().unwrap() {
        assert_eq!(kind["kind"], "topic");
    }
    let kinds: Vec<String> = events(&app, before)
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    let tags = ["tag_created"; 4];
    let authors = ["author_created"; 2];
    let articles = ["article_created", "article_published"];
    assert_eq!(kinds, [&tags[..], &authors, &articles].concat());
    // They are as any others, and the next call finds them.
    assert_eq!(
        app.get("/v1/tags/climate-change").await.json["article_count"],
        1
    );
    assert_eq!(app.get("/v1/articles?q=newcomer").await.slugs(), ["one"]);
    let before = last_event(&app).await;
    let two = json!({"headline": "Two", "authors": ["KIM NEWCOMER"], "section": "science", "tags": ["c++"]});
    app.create(&token, CREATING, two).await;
    assert_eq!(last_event(&app).await, before + 1);
}

#[apply(both)]
async fn an_edit_creates_what_is_missing_too(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.draft(&token, "one").await;
    let path = format!("{ARTICLES}/{}?create_missing=true", id(&one));
    let patch =
        json!({"tags": ["Sea walls", "climate"], "section": "World", "authors": ["sam-reporter"]});
    let request = app.request(Method::PATCH, &path).bearer(&token);
    let two = request
        .header("if-match", &one.etag())
        .json(patch.clone())
        .await;
    assert_eq!(two.status, 200, "{}", two.text);
    assert_eq!(two.json["tags"][0]["name"], "Sea walls");
    assert_eq!(two.json["section"]["slug"], "world");
    assert_eq!(two.json["authors"].as_array().unwrap().len(), 1);
    // Said again it changes nothing.
    let request = app.request(Method::PATCH, &path).bearer(&token);
    let again = request.header("if-match", &two.etag()).json(patch).await;
    assert_eq!(again.etag(), two.etag());
    // What is not said stays, and null removes.
    let request = app.request(Method::PATCH, &path).bearer(&token);
    let patch = json!({"section": null, "authors": ["Kim Newcomer"]});
    let three = request.header("if-match", &two.etag()).json(patch).await;
    assert_eq!(three.json["section"], Value::Null);
    assert_eq!(three.json["tags"], two.json["tags"]);
    assert_eq!(three.json["authors"][0]["slug"], "kim-newcomer");
    // A change that is refused creates nothing.
    let request = app.request(Method::PATCH, &path).bearer(&token);
    let stale = request
        .header("if-match", &one.etag())
        .json(json!({"tags": ["Never"]}))
        .await;
    assert_eq!(stale.status, 412);
    assert_eq!(app.get("/v1/tags/never").await.status, 404);
}

#[apply(both)]
async fn names_that_cannot_be_meant_are_refused(app: TestApp) {
    let token = app.newsroom().await;
    for name in ["Pat Double", "Pat Double"] {
        app.create(&token, "/v1/editorial/authors", json!({"name": name}))
            .await;
    }
    for (path, body, pointer, code) in [
        // Without being asked nothing is created, and names are no slugs.
        (
            ARTICLES,
            json!({"tags": ["Climate"]}),
            "/tags/0",
            "invalid_slug",
        ),
        (
            ARTICLES,
            json!({"tags": ["sea-walls"]}),
            "/tags/0",
            "not_found",
        ),
        (
            "/v1/editorial/articles?create_missing=false",
            json!({"authors": ["Kim"]}),
            "/authors/0",
            "invalid_slug",
        ),
        (
            CREATING,
            json!({"tags": ["new-one", "World"]}),
            "/tags/1",
            "wrong_kind",
        ),
        (
            CREATING,
            json!({"tags": ["world"]}),
            "/tags/0",
            "wrong_kind",
        ),
        (
            CREATING,
            json!({"section": "Climate"}),
            "/section",
            "wrong_kind",
        ),
        (
            CREATING,
            json!({"authors": ["pat DOUBLE"]}),
            "/authors/0",
            "ambiguous",
        ),
        (CREATING, json!({"tags": [""]}), "/tags/0", "blank"),
        (
            CREATING,
            json!({"tags": ["x".repeat(150)]}),
            "/tags/0",
            "too_long",
        ),
        (
            CREATING,
            json!({"tags": ["X".repeat(150)]}),
            "/tags/0",
            "too_long",
        ),
        (CREATING, json!({"tags": "Climate"}), "/tags", "wrong_type"),
        (
            CREATING,
            json!({"section": ["World"]}),
            "/section",
            "wrong_type",
        ),
        (
            CREATING,
            json!({"tags": ["New", "New"]}),
            "/tags/1",
            "repeated",
        ),
        (
            CREATING,
            json!({"status": "published", "headline": "H", "body": "x", "authors": ["New"]}),
            "/body",
            "wrong_type",
        ),
        (
            CREATING,
            json!({"status": "published", "headline": "H", "authors": ["New"]}),
            "/body",
            "needed_to_publish",
        ),
    ] {
        let reply = post(&app, &token, path, body.clone()).await;
        assert_eq!(reply.status, 422, "{body}: {}", reply.text);
        assert_eq!(reply.pointers(), [pointer], "{body}: {}", reply.text);
        assert_eq!(reply.json["errors"][0]["code"], code, "{body}");
    }
    // The slug of one of them says who is meant, and nothing that was refused has left anything behind.
    let meant = json!({"authors": ["pat-double-2"]});
    app.create(&token, CREATING, meant).await;
    assert_eq!(app.get("/v1/tags/new-one").await.status, 404);
    assert_eq!(app.get("/v1/authors/new").await.status, 404);
    let wrong = post(
        &app,
        &token,
        "/v1/editorial/articles?create_missing=yes",
        json!({}),
    )
    .await;
    assert_eq!(wrong.status, 400);
}

#[apply(both)]
async fn a_name_finds_what_it_was_merged_into_or_renamed_to(app: TestApp) {
    let token = app.newsroom().await;
    let tag = json!({"name": "Climate change"});
    let merged = app.create(&token, "/v1/editorial/tags", tag).await;
    let path = format!("/v1/editorial/tags/{}", id(&merged));
    let request = app
        .request(Method::POST, &format!("{path}/merge"))
        .bearer(&token);
    let reply = request
        .header("if-match", "*")
        .json(json!({"into": "climate"}))
        .await;
    assert_eq!(reply.status, 200);
    // Two kinds may have one name: a topic is meant rather than a person.
    for kind in ["person", "topic"] {
        let tag = json!({"name": "Jordan", "kind": kind, "slug": format!("jordan-{kind}")});
        app.create(&token, "/v1/editorial/tags", tag).await;
    }
    let one = json!({"headline": "One", "tags": ["Climate Change", "climate-change", "JORDAN"]});
    let one = app.create(&token, CREATING, one).await;
    let tags = one.json["tags"].as_array().unwrap();
    let slugs: Vec<&str> = tags
        .iter()
        .map(|tag| tag["slug"].as_str().unwrap())
        .collect();
    assert_eq!(slugs, ["climate", "jordan-topic"]);
}

#[apply(both)]
async fn creating_needs_the_rights_for_what_is_created(app: TestApp) {
    app.newsroom().await;
    const NO_TAGS: &[Right] = &[
        Right::ArticlesRead,
        Right::ArticlesWrite,
        Right::AuthorsWrite,
    ];
    const NO_AUTHORS: &[Right] = &[Right::ArticlesRead, Right::ArticlesWrite, Right::TagsWrite];
    let author = app.user("author@example.com", Role::Author).await;
    let known = json!({"tags": ["Climate"], "section": "WORLD", "authors": ["Sam Reporter"]});
    for (number, (token, tags, authors)) in [
        (author, false, false),
        (app.tool_with(NO_TAGS).await, false, true),
        (app.tool_with(NO_AUTHORS).await, true, false),
    ]
    .into_iter()
    .enumerate()
    {
        // What is known needs none.
        assert_eq!(
            post(&app, &token, CREATING, known.clone()).await.status,
            201
        );
        for (body, may, right) in [
            (
                json!({"tags": [format!("New tag {number}")]}),
                tags,
                "tags:write",
            ),
            (
                json!({"section": format!("New section {number}")}),
                tags,
                "tags:write",
            ),
            (
                json!({"authors": [format!("New Author {number}")]}),
                authors,
                "authors:write",
            ),
        ] {
            let reply = post(&app, &token, CREATING, body.clone()).await;
            assert_eq!(reply.status == 201, may, "{body}: {}", reply.text);
            if !may {
                assert_eq!(reply.status, 403, "{body}");
                assert!(reply.text.contains(right), "{}", reply.text);
                assert!(reply.text.contains("New "), "{}", reply.text);
            }
        }
    }
}

#[apply(both)]
async fn one_call_takes_few_statements(app: TestApp) {
    let token = app.newsroom().await;
    let (mut creating, mut finding) = (u64::MAX, u64::MAX);
    for number in 0..8 {
        let queries = app.database.queries();
        let before = queries.get();
        app.create(
            &token,
            ARTICLES,
            published(&format!("n{number}"), json!({})),
        )
        .await;
        creating = creating.min(queries.get() - before);
        let before = queries.get();
        let named = json!({"tags": ["Climate"], "section": "World", "authors": ["Alex Writer"]});
        app.create(&token, CREATING, published(&format!("m{number}"), named))
            .await;
        finding = finding.min(queries.get() - before);
    }
    // Three of them keep the revision, one the hash of the log, and one what a month has, for sitemaps.
    assert!(
        creating <= 29 && finding <= 36,
        "publish {creating}, by name {finding}"
    );
}

#[apply(both)]
async fn many_at_once_create_what_is_missing_once(app: TestApp) {
    let token = app.newsroom().await;
    let calls = (0..6).map(|number| {
        let body = json!({
            "headline": format!("Number {number}"), "section": "Science",
            "tags": ["Sea walls", "storm-surge"], "authors": ["Kim Newcomer"]
        });
        post(&app, &token, CREATING, body)
    });
    for reply in futures_util::future::join_all(calls).await {
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
    for (list, once) in [
        ("tags?q=sea", "sea-walls"),
        ("tags?q=storm", "storm-surge"),
        ("tags?q=science", "science"),
        ("authors?q=kim", "kim-newcomer"),
    ] {
        assert_eq!(app.get(&format!("/v1/{list}")).await.slugs(), [once]);
    }
}
