//! Articles in the vocabularies of others: JSON-LD, the head of a page, ninjs.

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use dateline::db::Timestamp;

use crate::both;
use crate::harness::article;
use crate::trending::shared;

/// No member says nothing.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty() && items.iter().all(says_something),
        Value::Object(members) => !members.is_empty() && members.values().all(says_something),
        _ => true,
    }
}

#[apply(both)]
async fn an_article_is_json_ld_of_its_genre(app: TestApp) {
    let token = app.newsroom().await;
    for (genre, expected) in [
        (json!(null), "NewsArticle"),
        (json!("report"), "ReportageNewsArticle"),
        (json!("opinion"), "OpinionNewsArticle"),
        (json!("analysis"), "AnalysisNewsArticle"),
        (json!("background"), "BackgroundNewsArticle"),
        (json!("review"), "ReviewNewsArticle"),
        (json!("live"), "LiveBlogPosting"),
        (json!("sponsored"), "AdvertiserContentArticle"),
    ] {
        let slug = expected.to_lowercase();
        let mut input = article(&slug);
        input["genre"] = genre.clone();
        let draft = app.create(&token, "/v1/editorial/articles", input).await;
        assert_eq!(draft.json["genre"], genre);
        let published = app.step(&token, &draft, "publish", json!({})).await;
        assert_eq!(published.status, 200, "{}", published.text);
        let read = app
            .get(&format!("/v1/articles/{slug}?include=jsonld"))
            .await;
        assert_eq!(read.json["genre"], genre);
        let jsonld = &read.json["jsonld"];
        assert_eq!(jsonld["@type"], expected);
        assert!(says_something(jsonld), "{jsonld:#}");
        let script: Value =
            serde_json::from_str(read.json["jsonld_script"].as_str().unwrap()).unwrap();
        assert_eq!(&script, jsonld);
        let alone = app.get(&format!("/v1/articles/{slug}/jsonld")).await;
        assert_eq!(alone.header("content-type"), "application/ld+json");
        assert_eq!(&alone.json, jsonld);
        assert_eq!(jsonld["url"], format!("https://news.example/{slug}"));
        assert_eq!(jsonld["headline"], read.json["headline"]);
        assert_eq!(jsonld["dateModified"], read.json["updated_at"]);
        assert_eq!(jsonld["isAccessibleForFree"], true);
    }
    let wrong = app
        .request(reqwest::Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(json!({"headline": "H", "genre": "rumour"}))
        .await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.pointers()),
        (422, vec!["/genre"])
    );
}

#[apply(both)]
async fn nothing_in_it_ends_a_script(app: TestApp) {
    let token = app.newsroom().await;
    let headline = "</script><b>\u{2028}A & B <!--";
    let mut input = article("naughty");
    input["headline"] = json!(headline);
    let draft = app.create(&token, "/v1/editorial/articles", input).await;
    app.step(&token, &draft, "publish", json!({})).await;
    let alone = app.get("/v1/articles/naughty/jsonld").await;
    assert!(
        !alone.text.contains(['<', '>', '&', '\u{2028}']),
        "{}",
        alone.text
    );
    let kept = alone.json["headline"].as_str().unwrap();
    assert!(
        kept.starts_with("</script><b>") && kept.ends_with("A & B <!--"),
        "{kept}"
    );
}

#[apply(both)]
async fn counts_are_said_only_when_they_are_asked_for(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let etag = app.get("/v1/articles/one/jsonld").await.etag();
    let none = app.get("/v1/articles/one/jsonld?include=shares").await;
    assert!(none.json.get("interactionStatistic").is_none());
    let id = one.json["id"].as_str().unwrap().parse().unwrap();
    shared(&app, id, "x", 3, Timestamp::now()).await;
    let counted = app.get("/v1/articles/one/jsonld?include=shares").await;
    let statistic = &counted.json["interactionStatistic"];
    assert_eq!(statistic["userInteractionCount"], 3);
    assert_eq!(statistic["interactionType"]["@type"], "ShareAction");
    assert_eq!(app.get("/v1/articles/one/jsonld").await.etag(), etag);
    let both = app.get("/v1/articles/one?include=shares,jsonld").await.json;
    assert_eq!(&both["jsonld"]["interactionStatistic"], statistic);
}

#[apply(both)]
async fn corrections_are_part_of_it(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let before = app.get("/v1/articles/one/jsonld").await.json["dateModified"].clone();
    let text = "It was Tuesday.";
    let corrected = app
        .step(
            &token,
            &one,
            "corrections",
            json!({"kind": "correction", "text": text}),
        )
        .await;
    assert_eq!(corrected.status, 200, "{}", corrected.text);
    let after = app.get("/v1/articles/one/jsonld").await.json;
    assert_eq!(after["correction"][0]["@type"], "CorrectionComment");
    assert_eq!(after["correction"][0]["text"], text);
    assert!(after["dateModified"].as_str() > before.as_str());
}

#[apply(both)]
async fn fields_choose_from_it(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let chosen = app
        .get("/v1/articles/one?include=jsonld,meta&fields=slug,jsonld.headline,jsonld.@type,meta.content")
        .await;
    assert_eq!(
        chosen.json["jsonld"],
        json!({"headline": "Headline of one", "@type": "NewsArticle"})
    );
    assert!(chosen.json["meta"].as_array().unwrap().len() > 10);
    let without = app.get("/v1/articles/one?fields=jsonld").await;
    assert_eq!(without.status, 400);
    assert!(without.text.contains("include=jsonld"), "{}", without.text);
    let list = app
        .get("/v1/articles?include=jsonld&fields=slug,jsonld.url")
        .await;
    assert_eq!(
        list.json["data"][0]["jsonld"]["url"],
        "https://news.example/one"
    );
    let cards = app.get("/v1/articles?include=jsonld&view=card").await;
    assert_eq!(cards.status, 400);
}

/// The value of an element of the head.
fn of<'a>(head: &'a Value, kind: &str, name: &str) -> Vec<&'a str> {
    let tags = head.as_array().unwrap().iter();
    tags.filter(|tag| tag[kind] == name)
        .map(|tag| tag["content"].as_str().or(tag["href"].as_str()).unwrap())
        .collect()
}

#[apply(both)]
async fn the_head_of_its_page_is_ready_to_print(app: TestApp) {
    let token = app.newsroom().await;
    let mut input = article("one");
    input["language"] = json!("en-GB");
    input["seo"] = json!({"title": "For engines", "description": "In one sentence."});
    let draft = app.create(&token, "/v1/editorial/articles", input).await;
    app.step(&token, &draft, "publish", json!({})).await;
    let read = app.get("/v1/articles/one?include=meta").await;
    let head = &read.json["meta"];
    assert_eq!(head[0]["element"], "title");
    assert_eq!(of(head, "property", "og:type"), ["article"]);
    assert_eq!(of(head, "property", "og:title"), ["For engines"]);
    assert_eq!(of(head, "property", "og:description"), ["In one sentence."]);
    assert_eq!(of(head, "property", "og:locale"), ["en_GB"]);
    assert_eq!(of(head, "property", "og:url"), ["https://news.example/one"]);
    assert_eq!(of(head, "rel", "canonical"), ["https://news.example/one"]);
    assert_eq!(of(head, "name", "twitter:card"), ["summary_large_image"]);
    assert_eq!(of(head, "rel", "alternate").len(), 4);
    let image = of(head, "property", "og:image");
    assert!(image[0].starts_with("https://"), "{image:?}");
    assert_eq!(of(head, "property", "article:tag"), ["Climate"]);
    // The address that it names for oEmbed works.
    let oembed = of(head, "rel", "alternate")[3];
    let path = oembed.strip_prefix("https://news.example").unwrap();
    assert_eq!(app.get(path).await.status, 200);
}

#[apply(both)]
async fn an_article_is_an_item_of_ninjs(app: TestApp) {
    let token = app.newsroom().await;
    let mut input = article("one");
    input["genre"] = json!("opinion");
    input["lead_image"]["width"] = json!(1600);
    input["lead_image"]["height"] = json!(1067);
    input["lead_image"]["focal_point"] = json!({"x": 0.5, "y": 0.4});
    let draft = app.create(&token, "/v1/editorial/articles", input).await;
    let published = app.step(&token, &draft, "publish", json!({})).await;
    let id = published.json["id"].as_str().unwrap();
    let item = app.get("/v1/articles/one?format=ninjs").await.json;
    assert!(says_something(&item), "{item:#}");
    assert_eq!(item["uri"], format!("urn:uuid:{id}"));
    assert_eq!(item["pubStatus"], "usable");
    assert_eq!(item["representationType"], "full");
    assert_eq!(item["headlines"][0]["value"], "Headline of one");
    assert_eq!(item["genres"][0]["name"], "Opinion");
    let picture = &item["associations"][0];
    assert_eq!(picture["type"], "picture");
    assert_eq!(picture["renditions"][0]["poi"], json!({"x": 800, "y": 427}));
    let list = app.get("/v1/articles?format=ninjs").await.json;
    assert_eq!(list["data"][0]["representationType"], "partial");
    assert!(list["data"][0].get("bodies").is_none());
    let whole = app.get("/v1/articles?format=ninjs&include=body").await.json;
    assert_eq!(whole["data"][0], item);
    // As little as an article can have.
    let bare =
        json!({"headline": "Bare", "byline": "By A", "body": {"format": "text", "content": "x"}});
    let draft = app.create(&token, "/v1/editorial/articles", bare).await;
    let published = app.step(&token, &draft, "publish", json!({})).await;
    assert_eq!(published.status, 200, "{}", published.text);
    let bare = app.get("/v1/articles/bare?format=ninjs").await.json;
    assert!(says_something(&bare), "{bare:#}");
    for wrong in [
        "/v1/articles?format=ninjs&fields=slug",
        "/v1/articles?format=ninjs&view=card",
        "/v1/articles?format=ninjs&include=shares",
        "/v1/articles?format=ninjs&body_format=text&include=body",
        "/v1/articles/one?format=ninjs&include=shares",
        "/v1/articles/one?format=newsml",
    ] {
        assert_eq!(app.get(wrong).await.status, 400, "{wrong}");
    }
}
