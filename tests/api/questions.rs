//! One answer, one question: whatever parameters a public request has, in whatever spelling, the answer
//! that is kept under its key is the one that it would be given anew.

use macro_rules_attribute::apply;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{DOCUMENT, Reply};

/// How many questions are asked of each operation; `DATELINE_QUESTIONS` for a longer run.
fn questions() -> usize {
    std::env::var("DATELINE_QUESTIONS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(60)
}

/// Values that mean something to one parameter or another, and what may be mistaken for nothing.
const VALUES: &[&str] = &[
    "",
    "+",
    "%20",
    "0",
    "1",
    "2",
    "02",
    "20",
    "100",
    "true",
    "false",
    "one",
    "two",
    "one,two",
    ",one,,two,",
    "one%2Ctwo",
    "climate",
    "climate,ports",
    "ports",
    "world",
    "alex-writer",
    "en",
    "EN",
    "slug",
    "slug,headline",
    "headline,slug",
    "shares",
    "card",
    "body",
    "body,shares",
    "highlights",
    "html",
    "text",
    "blocks",
    "-published_at",
    "published_at",
    "-updated_at",
    "-shares",
    "relevance",
    "-article_count",
    "name",
    "section",
    "topic",
    "tag",
    "author",
    "day",
    "hour",
    "24h",
    "7d",
    "x",
    "facebook",
    "headline",
    "Headline",
    "%22headline+of%22",
    "head*",
    "-one",
    "a%26q=b",
    "%00",
    "%FF",
    "2020-01-01T00:00:00Z",
    "2020-01-01T00:00:00.000Z",
    "2099-01-01T00:00:00Z",
];

/// Another spelling of the same text.
fn respelt(text: &str, random: &mut StdRng) -> String {
    let escape = |byte: u8| format!("%{byte:02X}");
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b',' if random.random_bool(0.1) => escape(byte),
            byte => char::from(byte).to_string(),
        })
        .collect()
}

fn query(names: &[String], random: &mut StdRng) -> String {
    let pairs: Vec<String> = (0..random.random_range(0..5))
        .filter_map(|_| {
            let name = names.choose(random)?;
            let value = VALUES.choose(random)?;
            let (name, value) = (respelt(name, random), respelt(value, random));
            Some(match random.random_range(0..20) {
                0 => name,
                _ => format!("{name}={value}"),
            })
        })
        .collect();
    let between = if random.random_bool(0.05) { "&&" } else { "&" };
    pairs.join(between)
}

/// Paths of public GETs with the names of their parameters; everything in a path is filled in.
fn operations() -> Vec<(String, Vec<String>)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths
        .iter()
        .filter(|(path, item)| {
            path.starts_with("/v1/")
                && !path.starts_with("/v1/auth/")
                && item["get"].is_object()
                && item["get"]["security"] == json!([])
        })
        .map(|(path, item)| {
            let slug = match path.as_str() {
                path if path.starts_with("/v1/tags") => "climate",
                path if path.starts_with("/v1/authors") => "alex-writer",
                _ => "one",
            };
            let named = |parameter: &Value| {
                (parameter["in"] == "query").then(|| parameter["name"].as_str().unwrap().to_owned())
            };
            let names = item["get"]["parameters"].as_array();
            let names = names.into_iter().flatten().filter_map(named).collect();
            (path.replace("{slug}", slug), names)
        })
        .collect()
}

/// What a reply says, but for what tells one request, or one instant, from another.
fn said(reply: &Reply) -> (u16, String, Value) {
    fn without_instants(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for name in ["as_of", "instance", "score"] {
                    fields.remove(name);
                }
                fields.values_mut().for_each(without_instants);
            }
            Value::Array(items) => items.iter_mut().for_each(without_instants),
            _ => {}
        }
    }
    let mut said = reply.json.clone();
    without_instants(&mut said);
    (reply.status.as_u16(), reply.header("link").to_owned(), said)
}

#[apply(both)]
async fn what_is_kept_answers_only_its_own_question(app: TestApp) {
    let seed = std::env::var("DATELINE_QUESTIONS_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(rand::random);
    println!("DATELINE_QUESTIONS_SEED={seed}");
    let random = &mut StdRng::seed_from_u64(seed);
    let token = app.newsroom().await;
    for (slug, hour) in [("one", 1), ("two", 2), ("three", 3)] {
        app.published_at(&token, slug, &format!("2026-03-01T0{hour}:00:00Z"))
            .await;
    }
    for network in ["x", "facebook"] {
        let share = app.request(Method::POST, "/v1/articles/one/shares");
        assert_eq!(share.json(json!({"network": network})).await.status, 200);
    }
    app.counted().await;
    let operations = operations();
    assert!(operations.len() > 8, "{operations:?}");
    let mut answered = 0;
    for (path, names) in &operations {
        let mut asked: Vec<String> = (0..questions()).map(|_| query(names, random)).collect();
        asked.extend(names.iter().map(|name| format!("{name}=")));
        asked.push(String::new());
        // Twice, in another order: what one question left behind, the next one may find.
        for _ in 0..2 {
            for _ in 0..asked.len() {
                let target = format!("{path}?{}", asked.choose(random).unwrap());
                let kept = app.get(&target).await;
                let read = app.without_cache().await.get(&target).await;
                assert_eq!(said(&kept), said(&read), "{target}");
                answered += usize::from(kept.status == 200);
            }
        }
    }
    assert!(answered > 100, "only {answered} were answered");
    assert!(app.metric("dateline_cache_hits_total").await > 50.0);
}

#[apply(both)]
async fn an_empty_search_leaves_the_front_page_alone(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    for path in ["/v1/articles", "/v1/articles/facets?by=tag", "/v1/trending"] {
        let between = if path.contains('?') { "&" } else { "?" };
        let searched = app.get(&format!("{path}{between}q=")).await;
        assert_eq!(searched.json["data"], json!([]), "{path}");
        let all = app.get(path).await;
        assert_eq!(
            said(&all),
            said(&app.without_cache().await.get(path).await),
            "{path}"
        );
    }
    assert_eq!(app.get("/v1/articles").await.slugs(), ["one"]);
    assert_eq!(app.get("/v1/articles?q=").await.slugs(), [""; 0]);
}
