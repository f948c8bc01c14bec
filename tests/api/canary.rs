//! Nothing that is not public can be found anywhere in the public API.

use diesel::RunQueryDsl;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use dateline::db::Timestamp;

use crate::both;
use crate::harness::{DOCUMENT, GHOST_KEY, TestApp, article};
use crate::streams::Client;
use crate::trending::shared;

const CANARY: &str = "canarymarker";

fn marked(slug: &str) -> Value {
    let mut article = article(slug);
    for field in ["kicker", "headline", "standfirst", "dateline", "byline"] {
        article[field] = json!(format!("{CANARY} {slug}"));
    }
    article["body"] = json!({"format": "text", "content": CANARY});
    article["custom"] = json!({CANARY: CANARY});
    article["seo"] = json!({"title": CANARY});
    article["lead_image"]["caption"] = json!(CANARY);
    article
}

const RETRACTED: &str = "taken-back";

/// The time of what is to end is over.
async fn end_now(app: &TestApp) {
    let end = "UPDATE articles SET unpublish_at = '2026-01-01T00:00:00.000Z' WHERE unpublish_at IS NOT NULL";
    let ended = app
        .database
        .write(move |connection| Ok(diesel::sql_query(end).execute(connection)?));
    ended.await.unwrap();
}

/// An article in each state that the public must not see; their slugs.
async fn hide_some(app: &TestApp, token: &str) -> Vec<String> {
    let mut slugs = Vec::new();
    for state in [
        "draft",
        "in-review",
        "scheduled",
        "embargoed",
        "unpublished",
        "retracted",
        "retracted-unseen",
        "expired",
        "trashed",
    ] {
        // Of one that they knew readers are told that it was retracted: its slug, and nothing else of it.
        let slug = match state {
            "retracted" => RETRACTED.to_owned(),
            _ => format!("{CANARY}-{state}"),
        };
        let mut input = marked(&slug);
        if state == "in-review" {
            input["status"] = json!("in_review");
        }
        let draft = app.create(token, "/v1/editorial/articles", input).await;
        let publish = match state {
            "draft" | "in-review" => None,
            "scheduled" | "retracted-unseen" => {
                Some(json!({"published_at": "2999-01-01T00:00:00Z"}))
            }
            "embargoed" => Some(json!({"embargo_until": "2999-01-01T00:00:00Z"})),
            _ => Some(json!({})),
        };
        if let Some(publish) = publish {
            let published = app.step(token, &draft, "publish", publish).await;
            assert_eq!(published.status, 200);
            let id = published.json["id"].as_str().unwrap();
            let reply = match state {
                "unpublished" => app.step(token, &published, "unpublish", json!({})).await,
                "retracted" | "retracted-unseen" => {
                    app.step(token, &published, "retract", json!({"reason": CANARY}))
                        .await
                }
                "expired" => {
                    let end = json!({"unpublish_at": "2999-01-01T00:00:00Z"});
                    let reply = app.patch(token, &published, end).await;
                    end_now(app).await;
                    reply
                }
                "trashed" => {
                    app.request(Method::DELETE, &format!("/v1/editorial/articles/{id}"))
                        .bearer(token)
                        .header("if-match", "*")
                        .send()
                        .await
                }
                _ => published,
            };
            assert_eq!(reply.status, 200);
        }
        // Some were shared before.
        let id = draft.json["id"].as_str().unwrap().parse().unwrap();
        shared(app, id, "x", 10, Timestamp::now()).await;
        slugs.push(slug);
    }
    slugs
}

#[apply(both)]
async fn what_is_not_public_is_nowhere(app: TestApp) {
    let token = app.newsroom().await;
    let hidden = hide_some(&app, &token).await;
    let seen = app.published(&token, "seen").await;
    // What readers are to see of it later.
    let copy = format!(
        "/v1/editorial/articles/{}/working-copy",
        seen.json["id"].as_str().unwrap()
    );
    let copied = app
        .request(Method::PATCH, &copy)
        .bearer(&token)
        .header("if-match", &seen.etag())
        .json(marked(&format!("{CANARY}-later")))
        .await;
    assert_eq!(copied.status, 200, "{}", copied.text);
    let scheduled = app
        .request(Method::POST, &format!("{copy}/publish"))
        .bearer(&token)
        .header("if-match", &copied.etag())
        .json(json!({"publish_at": "2999-01-01T00:00:00Z"}))
        .await;
    assert_eq!(scheduled.status, 200, "{}", scheduled.text);
    assert_eq!(
        app.get(&format!("/v1/articles/{CANARY}-later"))
            .await
            .status,
        404
    );
    let mut ids = vec![seen.json["id"].clone()];
    for slug in &hidden {
        let path = format!(
            "/v1/editorial/articles?slug={slug}&status=draft,in_review,published,unpublished,retracted,trashed"
        );
        let found = app.request(Method::GET, &path).bearer(&token).send().await;
        ids.push(found.json["data"][0]["id"].clone());
    }
    // Each in a slot, under another headline.
    let slots: Vec<Value> = (ids.iter().enumerate())
        .map(|(at, id)| match at {
            0 => json!({"article": id}),
            _ => json!({"article": id, "headline": CANARY, "label": CANARY}),
        })
        .collect();
    let collection = json!({"title": "Seen", "slots": slots, "fill": {"limit": 100}});
    let made = app
        .request(Method::PUT, "/v1/editorial/collections/seen")
        .bearer(&token)
        .json(collection)
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let shown = app.get("/v1/collections/seen").await;
    assert_eq!(shown.json["data"].as_array().unwrap().len(), 1);
    let mut walked = 0;
    let month = Timestamp::now().utc().format("%Y-%m").to_string();
    // That there is something in a month that readers know nothing of.
    let index = app.get("/sitemap.xml").await.text;
    assert!(index.contains(&month) && !index.contains("2999"), "{index}");
    for (template, item) in DOCUMENT["paths"].as_object().unwrap() {
        if template.starts_with("/v1/editorial") || item.get("get").is_none() {
            continue;
        }
        let resources = match template.starts_with("/ghost/") {
            true => vec!["posts", "tags", "authors", "settings"],
            false => vec![""],
        };
        let mut paths: Vec<String> = resources
            .iter()
            .map(|resource| template.replace("{resource}", resource))
            .collect();
        if template.contains("{id}") {
            paths = ids
                .iter()
                .filter_map(Value::as_str)
                .flat_map(|id| paths.iter().map(move |path| path.replace("{id}", id)))
                .collect();
        }
        let templates = paths;
        let mut paths: Vec<String> = templates
            .iter()
            .map(|template| {
                template
                    .replace("{slug}", "seen")
                    .replace("{name}", "validation")
                    .replace("{month}", &month)
            })
            .collect();
        if template.contains("{slug}") {
            for template in &templates {
                paths.extend(hidden.iter().map(|slug| template.replace("{slug}", slug)));
            }
        }
        let parameters = item["get"]["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let takes = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
        let mut queries = vec![String::new()];
        if takes("slugs") {
            queries = vec![format!("?slugs={},seen", hidden.join(","))];
        }
        if template.starts_with("/feeds/") {
            // A feed names its own address, and so what was asked for.
            let all = ids.iter().filter_map(Value::as_str).collect::<Vec<_>>();
            queries = vec![String::new(), format!("?ids={}", all.join(","))];
        }
        if takes("sort") {
            queries.push("?count=true".into());
        }
        if takes("format") {
            queries.push("?format=ninjs".into());
        }
        if takes("include") && template.starts_with("/v1/articles") && !template.ends_with("jsonld")
        {
            queries.push("?include=jsonld,meta".into());
        }
        if template.starts_with("/ghost/") {
            queries = vec![format!(
                "?key={GHOST_KEY}&include=tags,authors,count.posts&formats=html,plaintext&limit=all"
            )];
        }
        if template == "/v1/sync" {
            queries = vec!["?initial=true".to_owned()];
            let mut cursor = app.get("/v1/sync?initial=true").await.json["cursor"].clone();
            for _ in 0..6 {
                let query = format!("?cursor={}", cursor.as_str().unwrap());
                cursor = app.get(&format!("/v1/sync{query}")).await.json["cursor"].clone();
                queries.push(query);
            }
        }
        if template == "/oembed" {
            queries = vec![format!("?url=https://news.example/{}", hidden[0])];
        }
        if template == "/v1/articles" {
            queries.push("?format=ninjs&include=body".into());
            for sort in ["-published_at", "published_at", "-updated_at"] {
                queries.push(format!(
                    "?sort={sort}&count=true&include=body,corrections,seo,custom,shares&limit=100"
                ));
            }
            queries.push("?tag=climate&author=alex-writer&section=world&count=true".into());
        }
        for path in &paths {
            for query in &queries {
                let url = format!("{path}{query}");
                let reply = app.get(&url).await;
                walked += 1;
                let text = reply.text.to_lowercase();
                assert!(!text.contains(CANARY), "{url}: {text}");
                if let Some(total) = reply.json["page"]["total"].as_i64()
                    && template == "/v1/articles"
                {
                    assert_eq!(total, 1, "{url}");
                }
            }
        }
    }
    assert!(walked > 30);
    assert_eq!(app.get("/v1/tags/climate").await.json["article_count"], 1);
    assert_eq!(
        app.get("/v1/authors/alex-writer").await.json["article_count"],
        1
    );
    // All that has happened.
    app.published(&token, "last").await;
    let mut events = Client::listen(&app, "/v1/events?after=0", None, None).await;
    loop {
        let event = events.event().await;
        let text = event.data.to_string().to_lowercase();
        // Of what they have seen once readers are told that it is gone, and nothing else of it.
        let is_gone = ["unpublished", "expired", "trashed"]
            .iter()
            .any(|state| event.data["data"]["slug"] == format!("{CANARY}-{state}"));
        let members = event.data["data"].as_object().map_or(0, |data| data.len());
        assert!(!text.contains(CANARY) || is_gone && members == 3, "{text}");
        if event.data["data"]["slug"] == "last" {
            break;
        }
    }
}

#[apply(both)]
async fn a_hidden_article_answers_like_one_that_never_was(app: TestApp) {
    let token = app.newsroom().await;
    let hidden = hide_some(&app, &token).await;
    let strip = |mut json: Value| {
        json.as_object_mut().unwrap().remove("instance");
        json
    };
    let never = strip(app.get("/v1/articles/never-was").await.json);
    for slug in hidden {
        if slug == RETRACTED {
            let reply = app.get(&format!("/v1/articles/{slug}")).await;
            assert_eq!(reply.status, 410);
            continue;
        }
        let reply = app.get(&format!("/v1/articles/{slug}")).await;
        assert_eq!(reply.status, 404);
        assert_eq!(strip(reply.json), never, "{slug}");
    }
}
