//! Whoever keeps a copy of everything public has what the server has, however it changes.

use std::collections::BTreeMap;
use std::time::Duration;

use macro_rules_attribute::apply;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use dateline::db::Timestamp;

use crate::both;
use crate::harness::{On, Reply, TestApp, article};

/// A client's copy.
#[derive(Default)]
struct Copy {
    articles: BTreeMap<String, Value>,
    tags: BTreeMap<String, Value>,
    authors: BTreeMap<String, Value>,
    cursor: Option<String>,
}

impl Copy {
    /// Reads one page; returns whether there is more.
    async fn read(&mut self, app: &TestApp, limit: usize) -> bool {
        let path = match &self.cursor {
            None => format!("/v1/sync?initial=true&limit={limit}"),
            Some(cursor) => format!("/v1/sync?cursor={cursor}&limit={limit}"),
        };
        let page = app.get(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        for item in page.json["data"].as_array().unwrap() {
            let id = item["id"].as_str().unwrap().to_owned();
            match item["type"].as_str().unwrap() {
                "article" => self.articles.insert(id, item["article"].clone()),
                "deleted_article" => self.articles.remove(&id),
                "tag" => self.tags.insert(id, item["tag"].clone()),
                "deleted_tag" => self.tags.remove(&id),
                "author" => self.authors.insert(id, item["author"].clone()),
                "deleted_author" => self.authors.remove(&id),
                other => panic!("{other}"),
            };
        }
        self.cursor = Some(page.json["cursor"].as_str().unwrap().to_owned());
        page.json["has_more"].as_bool().unwrap()
    }

    async fn catch_up(&mut self, app: &TestApp, limit: usize) {
        let mut left = 10_000;
        while self.read(app, limit).await {
            left -= 1;
            assert!(left > 0, "it never ends");
        }
    }

    /// What the lists say.
    async fn assert_whole(&self, app: &TestApp, after: &str) {
        let mut articles = BTreeMap::new();
        let mut path = "/v1/articles?limit=100&include=body,corrections,seo,custom".to_owned();
        loop {
            let page = app.get(&path).await.json;
            for article in page["data"].as_array().unwrap() {
                let id = article["id"].as_str().unwrap().to_owned();
                articles.insert(id, article.clone());
            }
            let Some(next) = page["page"]["next_cursor"].as_str() else {
                break;
            };
            path =
                format!("/v1/articles?limit=100&include=body,corrections,seo,custom&cursor={next}");
        }
        assert_eq!(self.articles, articles, "after {after}");
        for (list, copy) in [("tags", &self.tags), ("authors", &self.authors)] {
            let all = app.get(&format!("/v1/{list}?limit=100")).await.json;
            let all = all["data"].as_array().unwrap();
            assert_eq!(copy.len(), all.len(), "{list} after {after}");
            for one in all {
                let kept = &copy[one["id"].as_str().unwrap()];
                for (member, value) in kept.as_object().unwrap() {
                    let said = one.get(member);
                    assert!(
                        said.is_none_or(|said| said == value),
                        "{list} after {after}: {kept} {one}"
                    );
                }
                for member in [
                    "slug",
                    "name",
                    "kind",
                    "description",
                    "role",
                    "bio",
                    "updated_at",
                ] {
                    if let Some(value) = one.get(member) {
                        assert_eq!(&kept[member], value, "{list} after {after}");
                    }
                }
                assert!(kept.get("article_count").is_none());
            }
        }
    }
}

async fn named(app: &TestApp, list: &str, random: &mut StdRng) -> Option<String> {
    let all = app.get(&format!("/v1/{list}?limit=100")).await.json;
    let ids = all["data"].as_array()?.iter();
    let ids: Vec<String> = ids
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    ids.choose(random).cloned()
}

async fn write(app: &TestApp, token: &str, method: Method, path: &str, body: Value) -> Reply {
    let request = app
        .request(method, path)
        .bearer(token)
        .header("if-match", "*");
    request.json(body).await
}

/// Changes something; returns what.
async fn change_something(
    app: &TestApp,
    token: &str,
    random: &mut StdRng,
    number: usize,
) -> String {
    let list = "/v1/editorial/articles?limit=100&status=draft,published,unpublished,trashed";
    let all = app
        .request(Method::GET, list)
        .bearer(token)
        .send()
        .await
        .json;
    let all: Vec<(String, String)> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            (text("id"), text("status"))
        })
        .collect();
    let choice = random.random_range(0..20);
    if choice < 5 || all.is_empty() {
        let mut input = article(&format!("a-{number}"));
        if number.is_multiple_of(3) {
            input["tags"] = json!(["ports"]);
        }
        if number.is_multiple_of(4) {
            input["status"] = json!("published");
        }
        let made = write(app, token, Method::POST, "/v1/editorial/articles", input).await;
        return format!("create {}", made.status);
    }
    let (id, status) = all.choose(random).unwrap();
    let path = format!("/v1/editorial/articles/{id}");
    let (what, reply) = match choice {
        5..=7 => {
            let patch = json!({"headline": format!("Headline {number}"), "tags": (["climate"])});
            ("edit", write(app, token, Method::PATCH, &path, patch).await)
        }
        8..=10 if status == "published" => (
            "unpublish",
            write(
                app,
                token,
                Method::POST,
                &format!("{path}/unpublish"),
                json!({}),
            )
            .await,
        ),
        8..=10 => (
            "publish",
            write(
                app,
                token,
                Method::POST,
                &format!("{path}/publish"),
                json!({}),
            )
            .await,
        ),
        11 => {
            let embargo = json!({"embargo_until": "2999-01-01T00:00:00Z"});
            (
                "embargo",
                write(
                    app,
                    token,
                    Method::POST,
                    &format!("{path}/publish"),
                    embargo,
                )
                .await,
            )
        }
        12 => (
            "retract",
            write(
                app,
                token,
                Method::POST,
                &format!("{path}/retract"),
                json!({"reason": "x"}),
            )
            .await,
        ),
        13 => {
            let request = app.request(Method::DELETE, &path).bearer(token);
            ("trash", request.header("if-match", "*").send().await)
        }
        14 => {
            let correction = json!({"kind": "correction", "text": format!("Not {number}.")});
            (
                "correct",
                write(
                    app,
                    token,
                    Method::POST,
                    &format!("{path}/corrections"),
                    correction,
                )
                .await,
            )
        }
        15 | 16 => {
            let of = if choice == 15 { "tags" } else { "authors" };
            let Some(id) = named(app, of, random).await else {
                return "nothing".into();
            };
            let patch = json!({"name": format!("Name {number}")});
            let path = format!("/v1/editorial/{of}/{id}");
            (
                "rename",
                write(app, token, Method::PATCH, &path, patch).await,
            )
        }
        17 => {
            let tag = json!({"name": format!("Tag {number}"), "kind": "topic"});
            (
                "tag",
                write(app, token, Method::POST, "/v1/editorial/tags", tag).await,
            )
        }
        18 => {
            let (of, into) = match random.random_bool(0.7) {
                true => ("tags", "climate"),
                false => ("authors", "sam-reporter"),
            };
            let Some(id) = named(app, of, random).await else {
                return "nothing".into();
            };
            let path = format!("/v1/editorial/{of}/{id}/merge");
            (
                "merge",
                write(app, token, Method::POST, &path, json!({"into": into})).await,
            )
        }
        _ => {
            let section = json!({"parent": "north"});
            let world = app.get("/v1/tags/world").await.json["id"].clone();
            let path = format!("/v1/editorial/tags/{}", world.as_str().unwrap_or("none"));
            (
                "move",
                write(app, token, Method::PATCH, &path, section).await,
            )
        }
    };
    assert!(reply.status.as_u16() < 500, "{what}: {}", reply.text);
    format!("{what} {}", reply.status)
}

fn random() -> StdRng {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    StdRng::seed_from_u64(seed)
}

async fn newsroom(app: &TestApp) -> String {
    let token = app.newsroom().await;
    let north = json!({"name": "North", "kind": "section"});
    app.create(&token, "/v1/editorial/tags", north).await;
    token
}

#[apply(both)]
async fn a_copy_is_what_the_lists_say_after_every_change(app: TestApp) {
    let mut random = random();
    let token = newsroom(&app).await;
    for slug in ["one", "two", "three", "four"] {
        app.published(&token, slug).await;
    }
    let mut copy = Copy::default();
    for number in 0..80 {
        let what = change_something(&app, &token, &mut random, number).await;
        println!("{what}");
        if random.random_bool(0.6) {
            let limit = random.random_range(1..6);
            copy.catch_up(&app, limit).await;
            copy.assert_whole(&app, &what).await;
        }
    }
    let mut anew = Copy::default();
    anew.catch_up(&app, 2).await;
    anew.assert_whole(&app, "all").await;
}

#[actix_web::test]
async fn a_copy_is_whole_however_many_write_meanwhile() {
    for on in [On::Sqlite, On::Postgres] {
        let app = TestApp::start(on).await;
        let token = newsroom(&app).await;
        let other = match on {
            On::Postgres => Some(app.another_process().await),
            On::Sqlite => None,
        };
        let mut copy = Copy::default();
        let writers = (0..4).map(|writer| {
            let at = match (&other, writer % 2) {
                (Some(other), 1) => other,
                _ => &app,
            };
            let token = token.clone();
            async move {
                let mut random = StdRng::seed_from_u64(writer);
                for number in 0..25 {
                    let number = number + 100 * usize::try_from(writer).unwrap();
                    change_something(at, &token, &mut random, number).await;
                }
            }
        });
        let reading = async {
            for _ in 0..60 {
                copy.read(&app, 3).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        futures_util::future::join(futures_util::future::join_all(writers), reading).await;
        // Another process hears of a write some milliseconds later.
        let at = app.without_cache().await;
        copy.catch_up(at, 7).await;
        copy.assert_whole(at, "all").await;
    }
}

#[apply(both)]
async fn what_the_clock_makes_appear_is_a_change(app: TestApp) {
    let token = newsroom(&app).await;
    let mut copy = Copy::default();
    copy.catch_up(&app, 100).await;
    let at = Timestamp::now().plus(chrono::Duration::milliseconds(1200));
    app.published_at(&token, "later", &at.to_string()).await;
    copy.catch_up(&app, 100).await;
    let mut left = 6_000;
    while copy.articles.is_empty() {
        copy.catch_up(&app, 100).await;
        left -= 1;
        assert!(left > 0, "it never appears");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    copy.assert_whole(&app, "the clock").await;
}

#[apply(both)]
async fn a_cursor_is_of_this_newsroom(app: TestApp) {
    let token = newsroom(&app).await;
    app.published(&token, "one").await;
    for (path, wrong) in [
        ("/v1/sync?initial=true&cursor=x", "initial"),
        ("/v1/sync?cursor=x", ""),
        ("/v1/sync?initial=true&limit=201", "limit"),
        ("/v1/sync?initial=true&limit=0", "limit"),
    ] {
        let reply = app.get(path).await;
        assert_eq!(reply.status, 400, "{path}");
        assert!(
            reply.json["detail"].as_str().unwrap().contains(wrong),
            "{}",
            reply.text
        );
    }
    let list = app.get("/v1/articles?limit=1&count=true").await;
    assert_eq!(list.status, 200);
    let mut copy = Copy::default();
    copy.catch_up(&app, 100).await;
    let cursor = copy.cursor.clone().unwrap();
    let other = TestApp::start(On::Sqlite).await;
    let refused = other.get(&format!("/v1/sync?cursor={cursor}")).await;
    assert_eq!(refused.problem(), "invalid-cursor");
    // The database is another one since, with as many entries in its log.
    let first = app.get("/v1/sync?initial=true&limit=1").await;
    let walking = first.json["cursor"].as_str().unwrap();
    app.execute("UPDATE events SET hash = previous_hash").await;
    for cursor in [&*cursor, walking] {
        let path = format!("/v1/sync?cursor={cursor}");
        let expired = app.without_cache().await.get(&path).await;
        assert_eq!(
            (expired.status.as_u16(), expired.problem()),
            (410, "sync-expired")
        );
    }
    // It is one of before.
    app.execute("DELETE FROM events").await;
    let expired = app
        .without_cache()
        .await
        .get(&format!("/v1/sync?cursor={cursor}"))
        .await;
    assert_eq!(
        (expired.status.as_u16(), expired.problem()),
        (410, "sync-expired")
    );
    // What is asked for again is not sent again.
    let page = app.get("/v1/sync?initial=true").await;
    let again = app
        .request(Method::GET, "/v1/sync?initial=true")
        .header("if-none-match", &page.etag())
        .send()
        .await;
    assert_eq!(again.status, 304);
}
