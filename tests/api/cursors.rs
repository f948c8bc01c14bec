//! Pages of lists while others write: whoever is there all the time comes exactly once, forward and
//! backward, in every order.

use macro_rules_attribute::apply;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::json;

use crate::both;
use crate::harness::{Reply, TestApp};

const SORTS: &[&str] = &["-published_at", "published_at", "-updated_at", "updated_at"];

/// Few instants, so that many articles share one.
fn instant(random: &mut StdRng) -> String {
    format!("2026-03-01T08:3{}:00Z", random.random_range(0..4))
}

/// Publishes or takes back an article whose slug says that it is not there all the time.
async fn disturb(app: &TestApp, token: &str, random: &mut StdRng, passing: &mut Vec<Reply>) {
    if !passing.is_empty() && random.random_bool(0.4) {
        let article = passing.swap_remove(random.random_range(0..passing.len()));
        let back = app.step(token, &article, "unpublish", json!({})).await;
        assert_eq!(back.status, 200);
    } else {
        let number: u32 = random.random();
        let article = app
            .published_at(token, &format!("passing-{number}"), &instant(random))
            .await;
        passing.push(article);
    }
}

fn staying(reply: &Reply) -> Vec<String> {
    let slugs = reply.slugs();
    let staying = slugs.iter().filter(|slug| slug.starts_with("staying"));
    staying.map(|slug| slug.to_string()).collect()
}

#[apply(both)]
async fn pages_lose_nothing_and_repeat_nothing_while_others_write(app: TestApp) {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let random = &mut StdRng::seed_from_u64(seed);
    let token = app.newsroom().await;
    let mut passing = Vec::new();
    for number in 0..14 {
        app.published_at(&token, &format!("staying-{number}"), &instant(random))
            .await;
        disturb(&app, &token, random, &mut passing).await;
    }
    for sort in SORTS {
        let filter = *["", "&tag=climate", "&author=alex-writer", "&section=world"]
            .choose(random)
            .unwrap();
        let whole = staying(
            &app.get(&format!("/v1/articles?sort={sort}&limit=100{filter}"))
                .await,
        );
        assert_eq!(whole.len(), 14);
        let first = format!("/v1/articles?sort={sort}&limit=3{filter}");
        let mut path = first.clone();
        let mut seen = Vec::new();
        let last = loop {
            let page = app.get(&path).await;
            seen.extend(staying(&page));
            disturb(&app, &token, random, &mut passing).await;
            match page.json["page"]["next_cursor"].as_str() {
                Some(cursor) => path = format!("{first}&cursor={cursor}"),
                None => break page,
            }
        };
        assert_eq!(seen, whole, "{sort}{filter} forward");
        let mut seen = staying(&last);
        let mut page = last;
        while let Some(cursor) = page.json["page"]["prev_cursor"].as_str() {
            disturb(&app, &token, random, &mut passing).await;
            page = app.get(&format!("{first}&cursor={cursor}")).await;
            let mut before = staying(&page);
            before.append(&mut seen);
            seen = before;
        }
        assert_eq!(seen, whole, "{sort}{filter} backward");
    }
}

#[apply(both)]
async fn tags_and_authors_are_read_both_ways(app: TestApp) {
    let token = app.newsroom().await;
    for number in 0..9 {
        app.create(
            &token,
            "/v1/editorial/tags",
            // Signs sort nowhere, but make another name.
            json!({"name": format!("Same {}{}", number / 3, "!".repeat(number % 3))}),
        )
        .await;
        app.create(
            &token,
            "/v1/editorial/authors",
            json!({"name": format!("Same {}", number / 3)}),
        )
        .await;
    }
    for list in [
        "/v1/tags?sort=name",
        "/v1/tags?sort=-article_count",
        "/v1/authors?count=true",
    ] {
        let whole: Vec<String> = app
            .get(&format!("{list}&limit=100"))
            .await
            .slugs()
            .iter()
            .map(|slug| slug.to_string())
            .collect();
        let mut page = app.get(&format!("{list}&limit=4")).await;
        assert!(page.json["page"]["prev_cursor"].is_null());
        let mut forward: Vec<String> = page.slugs().iter().map(|slug| slug.to_string()).collect();
        while let Some(cursor) = page.json["page"]["next_cursor"].as_str() {
            page = app.get(&format!("{list}&limit=4&cursor={cursor}")).await;
            forward.extend(page.slugs().iter().map(|slug| slug.to_string()));
        }
        assert_eq!(forward, whole, "{list}");
        let mut backward: Vec<String> = page.slugs().iter().map(|slug| slug.to_string()).collect();
        while let Some(cursor) = page.json["page"]["prev_cursor"].as_str() {
            page = app.get(&format!("{list}&limit=4&cursor={cursor}")).await;
            let mut before: Vec<String> =
                page.slugs().iter().map(|slug| slug.to_string()).collect();
            before.append(&mut backward);
            backward = before;
        }
        assert_eq!(backward, whole, "{list}");
        let link = page.header("link").to_owned();
        assert!(
            link.contains("rel=\"next\"") && !link.contains("rel=\"prev\""),
            "{link}"
        );
    }
    let editorial = app
        .request(Method::GET, "/v1/editorial/articles?limit=1")
        .bearer(&token)
        .send()
        .await;
    assert!(editorial.json["page"]["prev_cursor"].is_null());
}
