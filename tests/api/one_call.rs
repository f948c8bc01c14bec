//! Writes that editorial tools want in one call: publishing while creating, creating what an article refers to,
//! deleting what nothing refers to; and finding what they wrote.

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use dateline::auth::model::{Right, Role};
use dateline::events::log;

use crate::both;
use crate::harness::{Reply, TestApp, article};

const ARTICLES: &str = "/v1/editorial/articles";
const CREATING: &str = "/v1/editorial/articles?create_missing=true";

async fn post(app: &TestApp, token: &str, path: &str, body: Value) -> Reply {
    app.request(Method::POST, path)
        .bearer(token)
        .json(body)
        .await
}

async fn read(app: &TestApp, token: &str, path: &str) -> Reply {
    app.request(Method::GET, path).bearer(token).send().await
}

async fn delete(app: &TestApp, token: &str, path: &str, etag: &str) -> Reply {
    let request = app.request(Method::DELETE, path).bearer(token);
    request.header("if-match", etag).send().await
}

fn with(mut article: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        article[name] = value.clone();
    }
    article
}

fn published(slug: &str, members: Value) -> Value {
    with(with(article(slug), json!({"status": "published"})), members)
}

fn id(reply: &Reply) -> &str {
    reply.json["id"].as_str().unwrap()
}

/// The kinds of all events, with what readers saw of each, after a number.
async fn events(app: &TestApp, after: i64) -> Vec<(String, Option<String>)> {
    let read = app
        .database
        .read(move |connection| log::after(connection, after, 1_000));
    let entries = read.await.unwrap().into_iter();
    entries
        .map(|entry| (entry.kind, entry.readers_see))
        .collect()
}

async fn last_event(app: &TestApp) -> i64 {
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
        json!({"slug": "science", "name": "Science"})
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

/// What tags and authors are deleted alike: where they are, and what an article says to refer to one.
const KINDS: [(&str, &str, &str); 3] = [
    ("tags", "topic", "tags"),
    ("tags", "section", "section"),
    ("authors", "", "authors"),
];

#[apply(both)]
async fn what_nothing_refers_to_can_be_deleted(app: TestApp) {
    let token = app.newsroom().await;
    for (kind, of_kind, member) in KINDS {
        let mut input = json!({"name": "Gone Soon", "slug": "gone-first"});
        if !of_kind.is_empty() {
            input["kind"] = json!(of_kind);
        }
        let one = app
            .create(&token, &format!("/v1/editorial/{kind}"), input.clone())
            .await;
        let path = format!("/v1/editorial/{kind}/{}", id(&one));
        let request = app.request(Method::PATCH, &path).bearer(&token);
        let request = request.header("if-match", &one.etag());
        let one = request.json(json!({"slug": "gone-soon"})).await;
        assert_eq!(one.status, 200);
        // A draft refers to it, then one in the trash.
        let value = if member == "section" {
            json!("gone-soon")
        } else {
            json!(["gone-soon"])
        };
        let draft = with(json!({"headline": "Draft"}), json!({member: value}));
        let draft = app.create(&token, ARTICLES, draft).await;
        let used = delete(&app, &token, &path, &one.etag()).await;
        assert_eq!(
            (used.status.as_u16(), used.problem()),
            (409, "in-use"),
            "{}",
            used.text
        );
        assert_eq!(used.json["article_count"], 1);
        let draft_path = format!("{ARTICLES}/{}", id(&draft));
        let trashed = delete(&app, &token, &draft_path, &draft.etag()).await;
        assert_eq!(
            delete(&app, &token, &path, &one.etag()).await.problem(),
            "in-use"
        );
        let restored = app.step(&token, &trashed, "restore", json!({})).await;
        let none = if member == "section" {
            Value::Null
        } else {
            json!([])
        };
        let freed = app.patch(&token, &restored, json!({member: none})).await;
        assert_eq!(freed.status, 200, "{}", freed.text);

        // Everything is in the caches.
        let public = [
            format!("/v1/{kind}/gone-soon"),
            format!("/v1/{kind}/gone-first"),
            format!("/v1/{kind}"),
            format!(
                "/v1/articles?{}=gone-soon",
                if member == "section" {
                    "section"
                } else {
                    &kind[..kind.len() - 1]
                }
            ),
        ];
        for path in &public {
            app.get(path).await;
        }
        let before = last_event(&app).await;
        assert_eq!(delete(&app, &token, &path, "\"v1\"").await.status, 412);
        let no_match = app
            .request(Method::DELETE, &path)
            .bearer(&token)
            .send()
            .await;
        assert_eq!(no_match.status, 428);
        let deleted = delete(&app, &token, &path, &one.etag()).await;
        assert_eq!((deleted.status.as_u16(), &*deleted.text), (204, ""));
        let name = &kind[..kind.len() - 1];
        let happened = (format!("{name}_deleted"), Some("disappeared".to_owned()));
        assert_eq!(events(&app, before).await, [happened]);

        assert_eq!(app.get(&public[0]).await.status, 404);
        assert_eq!(app.get(&public[1]).await.status, 404);
        assert!(!app.get(&public[2]).await.slugs().contains(&"gone-soon"));
        assert_eq!(app.get(&public[3]).await.slugs().len(), 0);
        assert_eq!(read(&app, &token, &path).await.status, 404);
        assert_eq!(delete(&app, &token, &path, "*").await.status, 404);
        let search = app.get("/v1/articles?q=gone").await;
        assert_eq!(search.slugs().len(), 0);
        // Slug and name are free again.
        let again = app
            .create(&token, &format!("/v1/editorial/{kind}"), input)
            .await;
        assert_eq!(again.json["slug"], "gone-first");
        let path = format!("/v1/editorial/{kind}/{}", id(&again));
        assert_eq!(delete(&app, &token, &path, "*").await.status, 204);
    }
}

#[apply(both)]
async fn one_into_which_others_were_merged_can_be_deleted(app: TestApp) {
    let token = app.newsroom().await;
    for kind in ["tags", "authors"] {
        let path = format!("/v1/editorial/{kind}");
        let one = app.create(&token, &path, json!({"name": "Lost One"})).await;
        let two = app.create(&token, &path, json!({"name": "Lost Two"})).await;
        let merge = app.request(Method::POST, &format!("{path}/{}/merge", id(&one)));
        let merge = merge.bearer(&token).header("if-match", "*");
        assert_eq!(merge.json(json!({"into": "lost-two"})).await.status, 200);
        let two = format!("{path}/{}", id(&two));
        assert_eq!(delete(&app, &token, &two, "*").await.status, 204);
        for slug in ["lost-one", "lost-two"] {
            assert_eq!(app.get(&format!("/v1/{kind}/{slug}")).await.status, 404);
        }
        let filter = &kind[..kind.len() - 1];
        assert_eq!(
            app.get(&format!("/v1/articles?{filter}=lost-one"))
                .await
                .slugs()
                .len(),
            0
        );
        assert_eq!(app.get("/v1/articles?q=lost").await.slugs().len(), 0);
    }
}

#[apply(both)]
async fn deleting_needs_the_right(app: TestApp) {
    let token = app.newsroom().await;
    const NEITHER: &[Right] = &[
        Right::ArticlesRead,
        Right::ArticlesWrite,
        Right::ArticlesPublish,
    ];
    let author = app.user("author@example.com", Role::Author).await;
    let tool = app.tool_with(NEITHER).await;
    for (kind, slug) in [("tags", "ports"), ("authors", "sam-reporter")] {
        let found = app.get(&format!("/v1/{kind}/{slug}")).await;
        let path = format!("/v1/editorial/{kind}/{}", id(&found));
        for token in [&author, &tool] {
            assert_eq!(delete(&app, token, &path, "*").await.status, 403);
        }
        let nobody = app
            .request(Method::DELETE, &path)
            .header("if-match", "*")
            .send()
            .await;
        assert_eq!(nobody.status, 401);
        assert_eq!(delete(&app, &token, &path, "*").await.status, 204);
    }
}

#[apply(both)]
async fn the_editorial_list_is_looked_through(app: TestApp) {
    let token = app.newsroom().await;
    for (slug, headline) in [
        ("one", "São Tomé agrees on a flood fund"),
        ("two", "The flood fund, explained"),
        ("three", "Ports reopen"),
    ] {
        let body = with(article(slug), json!({"headline": headline}));
        app.create(&token, ARTICLES, body).await;
    }
    app.published(&token, "four").await;
    let four = read(&app, &token, &format!("{ARTICLES}?slug=four")).await;
    let id = four.json["data"][0]["id"].as_str().unwrap();
    let request = app
        .request(Method::PATCH, &format!("{ARTICLES}/{id}"))
        .bearer(&token);
    let moved = request
        .header("if-match", "*")
        .json(json!({"slug": "quatro"}))
        .await;
    assert_eq!(moved.status, 200);
    let one = read(&app, &token, &format!("{ARTICLES}?slug=one")).await;
    let at = one.json["data"][0]["updated_at"]
        .as_str()
        .unwrap()
        .to_owned();
    for (query, slugs) in [
        ("slug=one", vec!["one"]),
        ("slug=one,three,never", vec!["three", "one"]),
        ("slug=four", vec!["quatro"]),
        ("slug=never", vec![]),
        ("q=fund+flood", vec!["two", "one"]),
        ("q=SAO+TOME", vec!["one"]),
        ("q=headline", vec!["quatro"]),
        ("q=explain", vec!["two"]),
        ("q=river", vec![]),
        ("q=", vec![]),
        ("q=flood&slug=one,three", vec!["one"]),
        ("q=flood&status=published", vec![]),
        ("updated_after=2999-01-01T00:00:00Z", vec![]),
        (
            "updated_after=2020-01-01T00:00:00Z&tag=climate",
            vec!["quatro", "three", "two", "one"],
        ),
    ] {
        let list = read(&app, &token, &format!("{ARTICLES}?{query}&count=true")).await;
        assert_eq!(list.status, 200, "{query}: {}", list.text);
        assert_eq!(list.slugs(), slugs, "{query}");
        assert_eq!(list.json["page"]["total"], slugs.len(), "{query}");
    }
    let after = read(&app, &token, &format!("{ARTICLES}?updated_after={at}")).await;
    assert!(!after.slugs().contains(&"one"), "{}", after.text);
    for wrong in [
        "slug=Not+one",
        "slug=",
        "updated_after=soon",
        &format!("q={}", "x".repeat(201)),
    ] {
        let reply = read(&app, &token, &format!("{ARTICLES}?{wrong}")).await;
        assert_eq!(reply.status, 400, "{wrong}");
    }
    // Authors find their own.
    let author = app.user("author@example.com", Role::Author).await;
    let own = json!({"headline": "A flood of mail"});
    app.create(&author, ARTICLES, own).await;
    let list = read(&app, &author, &format!("{ARTICLES}?q=flood")).await;
    assert_eq!(list.slugs(), ["a-flood-of-mail"]);
    let list = read(&app, &author, &format!("{ARTICLES}?slug=one")).await;
    assert_eq!(list.slugs().len(), 0);
}

#[apply(both)]
async fn what_is_found_by_headline_has_pages(app: TestApp) {
    let token = app.newsroom().await;
    for number in 0..7 {
        let headline = if number == 3 { "Other" } else { "Flood" };
        let body = json!({"headline": headline, "slug": format!("n{number}")});
        app.create(&token, ARTICLES, body).await;
    }
    let start = format!("{ARTICLES}?q=flood&limit=2");
    let (mut seen, mut pages, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = read(&app, &token, &format!("{start}{cursor}")).await;
        let slugs = page
            .slugs()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        seen.extend(slugs.clone());
        let next = page.json["page"]["next_cursor"].clone();
        pages.push((slugs, page));
        match next.as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["n6", "n5", "n4", "n2", "n1", "n0"]);
    let (_, last) = pages.last().unwrap();
    let back = last.json["page"]["prev_cursor"].as_str().unwrap();
    let page = read(&app, &token, &format!("{start}&cursor={back}")).await;
    assert_eq!(page.slugs(), pages[pages.len() - 2].0);
}

#[apply(both)]
async fn what_is_taken_says_by_which_article(app: TestApp) {
    let token = app.newsroom().await;
    let url = "https://old.example/2019/04/harbour-fund";
    let holder = with(article("one"), json!({"former_urls": [url]}));
    let one = app.create(&token, ARTICLES, holder).await;
    let other = app.draft(&token, "two").await;
    let named = json!({"id": one.json["id"], "slug": "one", "headline": "Headline of one"});

    let slug = post(&app, &token, ARTICLES, json!({"slug": "one"})).await;
    assert_eq!((slug.status.as_u16(), slug.problem()), (409, "slug-taken"));
    assert_eq!(slug.json["existing"], named);
    assert_eq!(slug.json["suggestion"], "one-2");
    let slug = app.patch(&token, &other, json!({"slug": "one"})).await;
    assert_eq!(slug.json["existing"], named);
    let taken = json!({"former_urls": ["https://new.example/", url]});
    let created = post(&app, &token, ARTICLES, taken.clone()).await;
    let patched = app.patch(&token, &other, taken.clone()).await;
    for reply in [created, patched] {
        assert_eq!(reply.status, 422, "{}", reply.text);
        assert_eq!(reply.pointers(), ["/former_urls/1"]);
        assert_eq!(reply.json["existing"], named);
    }
    // What nobody has is named by nobody, and neither is what the caller may not read.
    let reserved = post(&app, &token, ARTICLES, json!({"slug": "facets"})).await;
    assert_eq!(reserved.status, 409);
    assert_eq!(reserved.json.get("existing"), None);
    const WRITES: &[Right] = &[Right::ArticlesWrite];
    for token in [
        app.user("author@example.com", Role::Author).await,
        app.tool_with(WRITES).await,
    ] {
        let slug = post(&app, &token, ARTICLES, json!({"slug": "one"})).await;
        let url = post(&app, &token, ARTICLES, taken.clone()).await;
        for (reply, status) in [(slug, 409), (url, 422)] {
            assert_eq!(reply.status, status, "{}", reply.text);
            assert_eq!(reply.json.get("existing"), None);
            assert!(!reply.text.contains("Headline of"), "{}", reply.text);
        }
    }
    // Their own they may.
    let author = app.user("own@example.com", Role::Author).await;
    app.create(&author, ARTICLES, json!({"slug": "own"})).await;
    let own = post(&app, &author, ARTICLES, json!({"slug": "own"})).await;
    assert_eq!(own.json["existing"]["slug"], "own");
    assert_eq!(own.json["existing"].get("headline"), None);
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
    assert!(
        creating <= 22 && finding <= 32,
        "publish {creating}, by name {finding}"
    );
}
