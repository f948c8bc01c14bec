//! What readers' pages show of an article before anybody opens it.

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp, article};

/// Publishes an article with a body and a standfirst.
async fn published(app: &TestApp, token: &str, slug: &str, standfirst: Value, body: Value) {
    let mut article = article(slug);
    article["standfirst"] = standfirst;
    article["body"] = body;
    let draft = app.create(token, "/v1/editorial/articles", article).await;
    let reply = app.step(token, &draft, "publish", json!({})).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

fn text(content: &str) -> Value {
    json!({"format": "text", "content": content})
}

fn names(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[apply(both)]
async fn every_article_has_an_excerpt(app: TestApp) {
    let token = app.newsroom().await;
    let long = "Twelve harbour cities have agreed on a fund against floods. ".repeat(9);
    let chinese = "十二个港口城市就防洪基金达成协议。".repeat(30);
    for (slug, standfirst, body, begins, ends) in [
        (
            "plain",
            json!(null),
            text("Twelve cities agreed."),
            "Twelve cities agreed.",
            "agreed.",
        ),
        (
            "long",
            json!(null),
            text(&long),
            "Twelve harbour cities",
            "…",
        ),
        (
            "chinese",
            json!(null),
            text(&chinese),
            "十二个港口城市",
            "…",
        ),
        (
            "both",
            json!("One fund for twelve cities."),
            text(&long),
            "One fund for",
            "twelve cities.",
        ),
        (
            "long-standfirst",
            json!(long.trim()),
            text("Short."),
            "Twelve harbour",
            "…",
        ),
        (
            "markup",
            json!(null),
            json!({"format": "html", "content":
                "<h2>A heading</h2><p>What was &lt;said&gt; &amp; <b>done</b>.<br>Next line.</p>"}),
            "What was <said> & done. Next line.",
            "line.",
        ),
    ] {
        published(&app, &token, slug, standfirst, body).await;
        let reply = app.get(&format!("/v1/articles/{slug}")).await;
        let excerpt = reply.json["excerpt"].as_str().unwrap();
        assert!(
            excerpt.starts_with(begins) && excerpt.ends_with(ends),
            "{slug}: {excerpt}"
        );
        assert!(excerpt.chars().count() <= 200, "{slug}: {excerpt}");
        for path in [
            format!("/v1/articles?slugs={slug}"),
            format!("/v1/articles?slugs={slug}&fields=excerpt"),
            format!("/v1/articles?slugs={slug}&view=card"),
        ] {
            assert_eq!(
                app.get(&path).await.json["data"][0]["excerpt"],
                excerpt,
                "{path}"
            );
        }
    }
}

#[apply(both)]
async fn an_excerpt_follows_the_article(app: TestApp) {
    let token = app.newsroom().await;
    published(&app, &token, "one", json!("A standfirst."), text("A body.")).await;
    let path = "/v1/articles/one";
    let id = app.get(path).await.json["id"].clone();
    let path_of = format!("/v1/editorial/articles/{}", id.as_str().unwrap());
    for (patch, excerpt) in [
        (json!({"standfirst": null}), "A body."),
        (json!({"body": text("Another body.")}), "Another body."),
        (json!({"headline": "Another headline"}), "Another body."),
        (json!({"standfirst": "Again."}), "Again."),
        (json!({"standfirst": null}), "Another body."),
    ] {
        let reply = app
            .request(reqwest::Method::PATCH, &path_of)
            .bearer(&token)
            .header("if-match", "*")
            .json(patch.clone())
            .await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(app.get(path).await.json["excerpt"], excerpt, "{patch}");
    }
    // A tag that is named otherwise has articles rendered anew, not their bodies read.
    let tag = app.get("/v1/tags/climate").await.json["id"].clone();
    app.request(
        reqwest::Method::PATCH,
        &format!("/v1/editorial/tags/{}", tag.as_str().unwrap()),
    )
    .bearer(&token)
    .header("if-match", "*")
    .json(json!({"name": "Weather"}))
    .await;
    let after = app.get(path).await.json;
    assert_eq!(after["tags"][0]["name"], "Weather");
    assert_eq!(after["excerpt"], "Another body.");
}

#[apply(both)]
async fn reading_takes_as_long_as_its_scripts_do(app: TestApp) {
    let token = app.newsroom().await;
    for (slug, body, minutes) in [
        ("english", "word ".repeat(231), 2),
        ("chinese", "字".repeat(1_000), 2),
        (
            "chinese-sentences",
            "十二个港口城市，就防洪基金达成协议。\n\n".repeat(125),
            4,
        ),
        ("japanese", "東京タワーで会う。".repeat(125), 2),
        ("korean", "도시가 합의했다 ".repeat(230), 2),
        ("thai", "ภาษาไทย".repeat(300), 3),
        ("mixed", "word ".repeat(230) + &"字".repeat(500), 2),
        ("russian", "слово ".repeat(460), 2),
    ] {
        published(&app, &token, slug, json!(null), text(&body)).await;
        let reply = app.get(&format!("/v1/articles/{slug}")).await;
        assert_eq!(reply.json["reading_minutes"], minutes, "{slug}");
        let list = app.get(&format!("/v1/articles?slugs={slug}")).await;
        assert_eq!(list.json["data"][0]["reading_minutes"], minutes, "{slug}");
        let id = reply.json["id"].as_str().unwrap();
        let edited = app
            .request(
                reqwest::Method::GET,
                &format!("/v1/editorial/articles/{id}"),
            )
            .bearer(&token)
            .send()
            .await;
        assert_eq!(edited.json["reading_minutes"], minutes, "{slug}");
        assert_eq!(
            edited.json["word_count"], reply.json["word_count"],
            "{slug}"
        );
    }
}

#[apply(both)]
async fn articles_of_before_are_read_as_those_of_now(app: TestApp) {
    let token = app.newsroom().await;
    published(&app, &token, "one", json!(null), text(&"字".repeat(1_000))).await;
    let before = app.get("/v1/articles/one").await;
    // As the version before left them, and as an older program leaves one that it has written since.
    for statement in [
        "UPDATE articles SET reading_minutes = NULL, rendered_by = NULL",
        "UPDATE articles SET reading_minutes = NULL, rendered_by = 3, summary_json = '\"headline\":\"Old\"'",
        "UPDATE articles SET reading_minutes = NULL, summary_json = NULL, rendered_version = NULL",
    ] {
        app.execute(statement).await;
        let app = app.without_cache().await;
        let after = app.get("/v1/articles/one").await;
        assert_eq!(after.json, before.json, "{statement}");
        let list = app.get("/v1/articles?view=card").await;
        assert_eq!(list.json["data"][0]["excerpt"], before.json["excerpt"]);
        assert_eq!(list.json["data"][0]["reading_minutes"], 2);
    }
}

const CARD: &[&str] = &[
    "id",
    "slug",
    "canonical_url",
    "language",
    "kicker",
    "headline",
    "excerpt",
    "section",
    "lead_image",
    "byline",
    "published_at",
    "updated_at",
    "reading_minutes",
];

/// Every member of a card is that of the summary, and the summary has it.
fn assert_cards(cards: &Reply, summaries: &Reply, more: &[&str]) {
    let (cards, summaries) = (&cards.json["data"], &summaries.json["data"]);
    let (cards, summaries) = (cards.as_array().unwrap(), summaries.as_array().unwrap());
    assert_eq!(cards.len(), summaries.len());
    assert!(!cards.is_empty());
    for (card, summary) in cards.iter().zip(summaries) {
        assert_eq!(names(card), [CARD, more].concat());
        for (name, value) in card.as_object().unwrap() {
            assert_eq!(value, &summary[name], "{name}");
        }
    }
}

#[apply(both)]
async fn a_card_is_what_a_teaser_needs(app: TestApp) {
    let token = app.newsroom().await;
    for number in 0..20 {
        app.published(&token, &format!("a-{number}")).await;
    }
    app.request(reqwest::Method::POST, "/v1/articles/a-1/shares")
        .json(json!({"network": "x"}))
        .await;
    for (path, more) in [
        ("/v1/articles?limit=20", &[][..]),
        ("/v1/articles?include=shares", &["shares"]),
        ("/v1/articles?q=headline&sort=relevance&limit=3", &[]),
        ("/v1/articles?slugs=a-3,a-1", &[]),
        ("/v1/articles/a-1/related?limit=5", &[]),
    ] {
        let summaries = app.get(path).await;
        let separator = if path.contains('?') { '&' } else { '?' };
        let cards = app.get(&format!("{path}{separator}view=card")).await;
        assert_eq!(cards.status, 200, "{path}: {}", cards.text);
        assert_cards(&cards, &summaries, more);
        assert_eq!(names(&cards.json), names(&summaries.json), "{path}");
        assert!(cards.text.len() * 3 < summaries.text.len() * 2, "{path}");
    }
    // Pages of cards lead to pages of cards.
    let first = app.get("/v1/articles?view=card&limit=7").await;
    let cursor = first.json["page"]["next_cursor"].as_str().unwrap();
    assert!(
        first.header("link").contains("view=card"),
        "{}",
        first.header("link")
    );
    let second = app
        .get(&format!("/v1/articles?view=card&limit=7&cursor={cursor}"))
        .await;
    assert_eq!(names(&second.json["data"][0]), CARD);
}

#[apply(both)]
async fn what_trends_comes_as_cards_too(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    app.request(reqwest::Method::POST, "/v1/articles/one/shares")
        .json(json!({"network": "x"}))
        .await;
    let mut left = 200;
    let cards = loop {
        let app = app.without_cache().await;
        let cards = app.get("/v1/trending?view=card&include=shares").await;
        if cards.json["data"][0].is_object() {
            break cards;
        }
        left -= 1;
        assert!(left > 0, "nothing trends");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(
        names(&cards.json["data"][0]),
        [CARD, &["shares", "trend"]].concat()
    );
}

#[apply(both)]
async fn a_card_has_no_other_members(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    for (path, named) in [
        ("/v1/articles?view=card&fields=slug", "view"),
        ("/v1/trending?view=card&fields=slug", "view"),
        ("/v1/articles/one/related?view=card&fields=slug", "view"),
        ("/v1/articles?view=card&include=body", "include"),
        ("/v1/articles?view=card&include=shares,seo", "include"),
        ("/v1/articles?q=one&view=card&include=highlights", "include"),
        ("/v1/trending?view=card&include=corrections", "include"),
        ("/v1/articles?view=cards", "view"),
        ("/v1/articles?view=", "view"),
        ("/v1/articles?view=card&view=card", "view"),
        ("/v1/articles/one?view=card", "view"),
    ] {
        let reply = app.get(path).await;
        assert_eq!((reply.status.as_u16(), reply.problem()).0, 400, "{path}");
        let detail = reply.json["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("\"{named}\"")), "{path}: {detail}");
    }
}

#[apply(both)]
async fn the_previous_and_the_next_article_are_those_of_the_section(app: TestApp) {
    let token = app.newsroom().await;
    for (slug, section, at) in [
        ("first", json!("world"), "2026-03-01T08:00:00Z"),
        ("elsewhere", json!(null), "2026-03-01T09:00:00Z"),
        ("second", json!("world"), "2026-03-02T08:00:00Z"),
        ("twin", json!("world"), "2026-03-02T08:00:00Z"),
        ("last", json!("world"), "2026-03-03T08:00:00Z"),
        ("scheduled", json!("world"), "2099-01-01T00:00:00Z"),
    ] {
        let mut article = article(slug);
        article["section"] = section;
        let draft = app.create(&token, "/v1/editorial/articles", article).await;
        app.step(&token, &draft, "publish", json!({"published_at": at}))
            .await;
    }
    for (slug, previous, next) in [
        ("first", json!(null), json!("second")),
        ("second", json!("first"), json!("twin")),
        ("twin", json!("second"), json!("last")),
        ("last", json!("twin"), json!(null)),
        ("elsewhere", json!(null), json!(null)),
    ] {
        let path = format!("/v1/articles/{slug}/neighbours");
        for query in ["", "?view=card", "?fields=slug"] {
            let reply = app.get(&format!("{path}{query}")).await;
            assert_eq!(reply.status, 200, "{}", reply.text);
            assert_eq!(names(&reply.json), ["previous", "next"]);
            assert_eq!(reply.json["previous"]["slug"], previous, "{path}{query}");
            assert_eq!(reply.json["next"]["slug"], next, "{path}{query}");
        }
    }
    let cards = app.get("/v1/articles/twin/neighbours?view=card").await;
    assert_eq!(names(&cards.json["next"]), CARD);
    for (path, status) in [
        ("/v1/articles/scheduled/neighbours", 404),
        ("/v1/articles/none/neighbours", 404),
        ("/v1/articles/first/neighbours?view=card&fields=slug", 400),
        ("/v1/articles/first/neighbours?limit=2", 400),
    ] {
        assert_eq!(app.get(path).await.status, status, "{path}");
    }
}
