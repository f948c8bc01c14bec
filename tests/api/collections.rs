//! Collections: what front pages are made of.

use dateline::auth::model::{Right, Role};
use dateline::db::Timestamp;
use dateline::events::log;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp, article};

const HOME: &str = "/v1/editorial/collections/home";

async fn put(app: &TestApp, token: &str, etag: Option<&str>, body: Value) -> Reply {
    let request = app.request(Method::PUT, HOME).bearer(token);
    match etag {
        Some(etag) => request.header("if-match", etag).json(body).await,
        None => request.json(body).await,
    }
}

fn shown(reply: &Reply) -> Vec<(&str, &str)> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let data = reply.json["data"].as_array().unwrap().iter();
    data.map(|item| {
        (
            item["slug"].as_str().unwrap(),
            item["placement"].as_str().unwrap(),
        )
    })
    .collect()
}

async fn published(app: &TestApp, token: &str, day: u32, slug: &str, tags: Value) -> Reply {
    let mut input = article(slug);
    input["tags"] = tags;
    let draft = app.create(token, "/v1/editorial/articles", input).await;
    let at = json!({"published_at": format!("2026-03-0{day}T00:00:00Z")});
    let reply = app.step(token, &draft, "publish", at).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply
}

#[apply(both)]
async fn a_front_page_is_pinned_articles_and_the_newest_below(app: TestApp) {
    let token = app.newsroom().await;
    let one = published(&app, &token, 1, "one", json!(["climate"])).await;
    published(&app, &token, 2, "two", json!(["climate"])).await;
    published(&app, &token, 3, "three", json!(["ports"])).await;
    let draft = app.draft(&token, "draft").await;
    let body = json!({
        "title": "Home",
        "slots": [
            {"article": draft.json["id"], "label": "Soon"},
            {"article": one.json["id"], "headline": "Another \"headline\"", "label": "Live"},
        ],
        "fill": {"section": "world", "limit": 2},
    });
    let made = put(&app, &token, None, body.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.header("location"), HOME);
    assert_eq!(made.json["slots"][0]["about"]["status"], "draft");
    assert_eq!(made.json["slots"][0]["is_shown"], false);
    assert_eq!(
        made.json["slots"][1]["about"]["headline"],
        "Headline of one"
    );
    assert_eq!(made.json["fill"]["section"], "world");

    let home = app.get("/v1/collections/home").await;
    assert_eq!(shown(&home), [("one", "pinned"), ("three", "filled")]);
    assert_eq!(home.json["title"], "Home");
    assert_eq!(home.json["data"][0]["headline"], "Another \"headline\"");
    assert_eq!(home.json["data"][0]["label"], "Live");
    assert_eq!(home.json["data"][1]["label"], Value::Null);
    let again = app.request(Method::GET, "/v1/collections/home");
    let again = again.header("if-none-match", &home.etag()).send().await;
    assert_eq!(again.status, 304);
    let card = app
        .get("/v1/collections/home?view=card&include=shares")
        .await;
    assert_eq!(card.json["data"][0]["headline"], "Another \"headline\"");
    let fields = app
        .get("/v1/collections/home?fields=slug,label,placement,headline")
        .await;
    assert_eq!(fields.json["data"][1]["placement"], "filled");
    let with_body = app
        .get("/v1/collections/home?include=body&body_format=text")
        .await;
    assert_eq!(
        with_body.json["data"][0]["body_text"],
        "Twelve cities agreed."
    );

    // What is published takes its slot at once, what is taken back leaves it, and the rule closes the gap.
    app.step(&token, &draft, "publish", json!({})).await;
    let home = app.get("/v1/collections/home").await;
    assert_eq!(shown(&home), [("draft", "pinned"), ("one", "pinned")]);
    app.step(&token, &one, "unpublish", json!({})).await;
    let home = app.get("/v1/collections/home").await;
    assert_eq!(shown(&home), [("draft", "pinned"), ("three", "filled")]);

    let list = app.get("/v1/collections").await;
    assert_eq!(list.json["data"][0]["slug"], "home");
    assert_eq!(app.get("/v1/collections/unknown").await.status, 404);
}

#[apply(both)]
async fn who_replaces_a_collection_has_read_it(app: TestApp) {
    let token = app.newsroom().await;
    let body = json!({"title": "Home", "slots": []});
    let absent = put(&app, &token, Some("*"), body.clone()).await;
    assert_eq!(absent.problem(), "precondition-failed");
    let made = put(&app, &token, None, body.clone()).await;
    assert_eq!(
        (made.status.as_u16(), made.etag().as_str()),
        (201, "\"v1\"")
    );
    let blind = put(&app, &token, None, body.clone()).await;
    assert_eq!(blind.problem(), "precondition-required");
    let only_new = app.request(Method::PUT, HOME).bearer(&token);
    let only_new = only_new
        .header("if-none-match", "*")
        .json(body.clone())
        .await;
    assert_eq!(only_new.problem(), "precondition-failed");
    assert_eq!(only_new.etag(), "\"v1\"");
    let same = put(&app, &token, Some("\"v1\""), body).await;
    assert_eq!(
        (same.status.as_u16(), same.etag().as_str()),
        (200, "\"v1\"")
    );
    let other = json!({"title": "Front page", "slots": []});
    let changed = put(&app, &token, Some("\"v1\""), other.clone()).await;
    assert_eq!(
        (changed.status.as_u16(), changed.etag().as_str()),
        (200, "\"v2\"")
    );
    let stale = put(&app, &token, Some("\"v1\""), other).await;
    assert_eq!(stale.problem(), "precondition-failed");
    for (etag, status) in [(Some("\"v1\""), 412), (None, 428)] {
        let refused = app.request(Method::DELETE, HOME).bearer(&token);
        let refused = match etag {
            Some(etag) => refused.header("if-match", etag),
            None => refused,
        };
        assert_eq!(refused.send().await.status, status);
    }
    let gone = app.request(Method::DELETE, HOME).bearer(&token);
    let gone = gone.header("if-match", "\"v2\"").send().await;
    assert_eq!(gone.status, 204);
    assert_eq!(app.get("/v1/collections/home").await.status, 404);
    let happened = app
        .database
        .read(|connection| log::after(connection, 0, 100))
        .await
        .unwrap();
    let kinds: Vec<String> = happened
        .into_iter()
        .filter(|entry| entry.resource == "collection")
        .map(|entry| entry.kind)
        .collect();
    let all = [
        "collection_created",
        "collection_changed",
        "collection_deleted",
    ];
    assert_eq!(kinds, all);
}

#[apply(both)]
async fn all_that_is_wrong_with_a_collection_is_said(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.draft(&token, "one").await;
    let unknown = "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11";
    let reply = put(&app, &token, None, json!({
        "title": "Home", "slots": [{"article": one.json["id"]}, {"article": unknown}],
        "fill": {"section": "climate", "tags": ["clmate", "ports"], "exclude_tags": ["ports"], "limit": 5},
    }))
    .await;
    assert_eq!(reply.status, 422);
    let pointers: Vec<&str> = reply.json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        pointers,
        [
            "/slots/1/article",
            "/fill/tags/0",
            "/fill/exclude_tags/0",
            "/fill/section"
        ]
    );
}

#[apply(both)]
async fn a_rule_follows_its_tags(app: TestApp) {
    let token = app.newsroom().await;
    published(&app, &token, 1, "one", json!(["climate"])).await;
    published(&app, &token, 2, "two", json!(["ports"])).await;
    published(&app, &token, 3, "three", json!(["climate", "ports"])).await;
    let body = json!({
        "title": "Home", "slots": [],
        "fill": {"tags": ["climate"], "exclude_tags": ["ports"], "language": "en", "limit": 9},
    });
    put(&app, &token, None, body).await;
    let home = app.get("/v1/collections/home").await;
    assert_eq!(shown(&home), [("one", "filled")]);
    let unused = app
        .create(&token, "/v1/editorial/tags", json!({"name": "Heat"}))
        .await;
    let climate = app.get("/v1/tags/climate").await.json["id"].clone();
    let merge = format!("/v1/editorial/tags/{}/merge", climate.as_str().unwrap());
    let merged = app
        .request(Method::POST, &merge)
        .bearer(&token)
        .header("if-match", "*");
    assert_eq!(merged.json(json!({"into": "heat"})).await.status, 200);
    let home = app.get("/v1/collections/home").await;
    assert_eq!(shown(&home), [("one", "filled")]);
    let read = app.request(Method::GET, HOME).bearer(&token).send().await;
    assert_eq!(read.json["fill"]["tags"], json!(["heat"]));
    // Nobody has it any more but the rule.
    let body =
        json!({"title": "Home", "slots": [], "fill": {"exclude_tags": ["cold"], "limit": 9}});
    let cold = app
        .create(&token, "/v1/editorial/tags", json!({"name": "Cold"}))
        .await;
    assert_eq!(put(&app, &token, Some("*"), body).await.status, 200);
    let path = format!("/v1/editorial/tags/{}", cold.json["id"].as_str().unwrap());
    let refused = app
        .request(Method::DELETE, &path)
        .bearer(&token)
        .header("if-match", "*");
    assert_eq!(refused.send().await.problem(), "in-use");
    assert_eq!(unused.status, 201);
}

#[apply(both)]
async fn a_slot_has_its_time(app: TestApp) {
    let token = app.newsroom().await;
    let one = published(&app, &token, 1, "one", json!([])).await;
    let two = published(&app, &token, 2, "two", json!([])).await;
    let in_hours = |hours| {
        Timestamp::now()
            .plus(chrono::Duration::hours(hours))
            .to_string()
    };
    let body = json!({"title": "Home", "slots": [
        {"article": one.json["id"], "from": in_hours(2)},
        {"article": two.json["id"], "from": in_hours(-2), "until": in_hours(1)},
    ]});
    let made = put(&app, &token, None, body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json["slots"][0]["is_shown"], false);
    let home = app.get("/v1/collections/home").await;
    assert_eq!(shown(&home), [("two", "pinned")]);
    // The cached response ends with the first instant at which the clock changes it.
    let back = Timestamp::now().plus(chrono::Duration::hours(-1));
    app.database
        .write(move |connection| {
            use dateline::db::schema::collection_slots::dsl::*;
            use diesel::prelude::*;
            diesel::update(collection_slots)
                .set(shown_until.eq(back))
                .filter(shown_until.is_not_null())
                .execute(connection)?;
            diesel::update(collection_slots)
                .set(shown_from.eq(back))
                .filter(shown_until.is_null())
                .execute(connection)?;
            Ok(())
        })
        .await
        .unwrap();
    app.clock.advance(std::time::Duration::from_secs(3600));
    let home = app.get("/v1/collections/home").await;
    assert_eq!(shown(&home), [("one", "pinned")]);
}

#[apply(both)]
async fn who_may_not_read_an_article_reads_nothing_of_it_in_a_slot(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "secret").await;
    let body = json!({"title": "Home", "slots": [{"article": draft.json["id"]}]});
    let viewer = app.user("viewer@example.com", Role::Viewer).await;
    let author = app.user("author@example.com", Role::Author).await;
    for may_not in [&viewer, &author] {
        assert_eq!(put(&app, may_not, None, body.clone()).await.status, 403);
    }
    let writes = app.tool_with(&[Right::CollectionsWrite]).await;
    let made = put(&app, &writes, None, body).await;
    assert_eq!((made.status.as_u16(), made.text.as_str()), (201, ""));
    let reads = app.tool_with(&[Right::CollectionsRead]).await;
    for (who, sees) in [
        (&author, false),
        (&reads, false),
        (&viewer, true),
        (&token, true),
    ] {
        let read = app.request(Method::GET, HOME).bearer(who).send().await;
        assert_eq!(read.status, 200);
        assert_eq!(read.json["slots"][0]["about"].is_object(), sees);
        assert_eq!(read.text.contains("secret"), sees);
    }
}
