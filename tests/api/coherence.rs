//! What is kept is what would be read anew: random interleavings of writes, reads and the clock.

use macro_rules_attribute::apply;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dateline::articles::store::transitions;
use dateline::auth::model::{Caller, Role};
use dateline::clock::Clock;
use dateline::db::version::Expected;
use dateline::db::{Connection, Id, Timestamp};
use dateline::events::{Origin, Writer};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{On, Reply, TestApp, article};

/// How many writes each interleaving has; `DATELINE_COHERENCE_WRITES` for a longer run.
fn writes() -> usize {
    std::env::var("DATELINE_COHERENCE_WRITES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(60)
}

/// The database's clock and that of the server's cache, set forward together. The database's
/// stands still in between and is a day ahead, so that what is published now is public.
pub struct SettableClock {
    clock: Clock,
    instant: Timestamp,
}

#[derive(QueryableByName)]
struct View {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
}

const TEST_CLOCK: &str = "(SELECT instant FROM test_clock)";

impl SettableClock {
    pub async fn install(app: &TestApp) -> Self {
        let instant = Timestamp::now().plus(chrono::Duration::days(1));
        app.database
            .write(move |connection| {
                match connection {
                    Connection::Sqlite(inner) => {
                        inner.batch_execute(&format!(
                            "CREATE TABLE test_clock (instant TEXT NOT NULL);
                             INSERT INTO test_clock VALUES ('{instant}')"
                        ))?;
                        let views: Vec<View> = diesel::sql_query(
                            "SELECT name, sql AS definition FROM sqlite_master \
                             WHERE type = 'view' AND sql LIKE '%''now''%'",
                        )
                        .load(inner)?;
                        for view in views {
                            let definition = view
                                .definition
                                .replace("strftime('%Y-%m-%dT%H:%M:%fZ', 'now')", TEST_CLOCK)
                                .replace("'now'", TEST_CLOCK);
                            inner
                                .batch_execute(&format!("DROP VIEW {}; {definition}", view.name))?;
                        }
                    }
                    Connection::Postgres(inner) => {
                        inner.batch_execute(&format!(
                            "CREATE TABLE test_clock (instant timestamptz NOT NULL);
                             INSERT INTO test_clock VALUES ('{instant}')"
                        ))?;
                        let views: Vec<View> = diesel::sql_query(
                            "SELECT viewname::text AS name, definition FROM pg_views \
                             WHERE schemaname = 'public' AND definition LIKE '%now()%'",
                        )
                        .load(inner)?;
                        for view in views {
                            let definition = view.definition.replace("now()", TEST_CLOCK);
                            inner.batch_execute(&format!(
                                "CREATE OR REPLACE VIEW {} AS {definition}",
                                view.name
                            ))?;
                        }
                    }
                }
                Ok(())
            })
            .await
            .unwrap();
        Self {
            clock: app.clock.clone(),
            instant,
        }
    }

    pub fn in_hours(&self, hours: i64) -> String {
        self.instant
            .plus(chrono::Duration::hours(hours))
            .to_string()
    }

    pub async fn advance(&mut self, app: &TestApp, hours: u64) {
        self.advance_by(app, Duration::from_secs(hours * 3600))
            .await;
    }

    pub async fn advance_by(&mut self, app: &TestApp, by: Duration) {
        self.instant = self.instant.plus(chrono::Duration::from_std(by).unwrap());
        let instant = self.instant;
        app.database
            .write(move |connection| {
                let sql = format!("UPDATE test_clock SET instant = '{instant}'");
                connection.batch_execute(&sql)?;
                Ok(())
            })
            .await
            .unwrap();
        // Second: what is made in between asks the database's clock for when it ends.
        self.clock.advance(by);
    }
}

const LISTS: &[&str] = &[
    "/v1/articles",
    "/v1/articles?limit=2",
    "/v1/articles?count=true&limit=3",
    "/v1/articles?sort=-updated_at",
    "/v1/articles?sort=published_at",
    "/v1/articles?tag=climate",
    "/v1/articles?tag=climate&tag=ports",
    "/v1/articles?tag=ports%2Cworld",
    "/v1/articles?tag=renamed",
    "/v1/articles?section=world",
    "/v1/articles?author=alex-writer",
    "/v1/articles?include=body%2Ccorrections&language=en",
    "/v1/articles?fields=slug%2Ctags.name&slugs=one%2Ctwo%2Cthree-new",
    "/v1/articles?q=one",
    "/v1/articles?q=climate&sort=relevance&include=highlights",
    "/v1/articles?q=cli%2A&tag=ports",
    "/v1/articles/facets?by=tag",
    "/v1/articles/facets?by=day&q=one",
    "/v1/articles/facets?by=author&tag=ports",
    "/v1/articles/facets?by=day",
    "/v1/articles/facets?by=author",
    "/v1/articles/facets?by=section",
    "/v1/articles?tag=climate&count=true&limit=1",
    "/v1/articles?section=world&count=true&limit=1",
    "/v1/articles?author=alex-writer&count=true&limit=1",
    "/v1/articles?q=headline&count=true&limit=1",
    "/v1/articles?view=card",
    "/v1/articles?tag=climate&view=card",
    "/v1/articles?exclude=one%2Ctwo-new",
    "/v1/articles?tag=-climate",
    "/v1/articles?tag=ports%2C-climate&count=true",
    "/v1/articles?section=-world&author=-alex-writer",
    "/v1/articles/one/related?exclude=two",
    "/v1/collections",
    "/v1/collections/home",
    "/v1/collections/home?view=card",
    "/v1/collections/world-top",
    "/v1/articles/one/related",
    "/v1/articles/one/related?view=card",
    "/v1/articles/two/related?limit=2",
    "/v1/articles/two/neighbours",
    "/v1/articles/three/neighbours?view=card",
    "/v1/tags",
    "/v1/tags?sort=-article_count",
    "/v1/tags/climate",
    "/v1/tags/ports",
    "/v1/tags/world",
    "/v1/tags/africa",
    "/v1/tags?parent=world&sort=position",
    "/v1/authors",
    "/v1/authors/alex-writer",
    "/v1/corrections",
    "/v1/corrections?limit=2",
    "/v1/corrections?kind=retraction%2Cupdate",
    "/v1/corrections?kind=correction&limit=1",
    "/v1/articles?include=jsonld%2Cmeta&limit=3",
    "/v1/articles?format=ninjs&include=body",
    "/v1/articles/one?include=jsonld%2Cmeta",
    "/v1/articles/two?format=ninjs",
    "/v1/articles/one/jsonld",
    "/feeds/articles.rss",
    "/feeds/articles.atom?tag=climate",
    "/feeds/articles.json?author=alex-writer&full=false",
    "/sitemaps/news.xml",
    "/oembed?url=https%3A%2F%2Fnews.example%2Fone",
    "/ghost/api/content/posts/?include=tags%2Cauthors&key=0123456789abcdef0123456789",
    "/ghost/api/content/posts/?filter=tag%3Aclimate%2Bauthor%3A-sam-reporter&key=0123456789abcdef0123456789&limit=2&page=2",
    "/ghost/api/content/posts/slug/one/?formats=plaintext&key=0123456789abcdef0123456789",
    "/ghost/api/content/tags/?include=count.posts&key=0123456789abcdef0123456789&order=count.posts+desc",
    "/ghost/api/content/authors/?include=count.posts&key=0123456789abcdef0123456789",
    "/ghost/api/content/settings/?key=0123456789abcdef0123456789",
    "/v1/articles/six",
    "/v1/articles/seven",
    "/v1/articles/eight",
];

const SLUGS: &[&str] = &["one", "two", "three", "four", "five"];

fn targets() -> Vec<String> {
    let articles = SLUGS.iter().flat_map(|slug| {
        [
            format!("/v1/articles/{slug}"),
            format!("/v1/articles/{slug}-new"),
        ]
    });
    // Those in which anything is published: of today, and of when what is scheduled appears.
    let days = [0, 1, 7].map(|days| Timestamp::now().plus(chrono::Duration::days(days)));
    let months = days.map(|day| format!("/sitemaps/{}.xml", day.utc().format("%Y-%m")));
    LISTS
        .iter()
        .map(|list| (*list).to_owned())
        .chain(articles)
        .chain(months)
        .collect()
}

/// What one request says, but for what differs from request to request.
pub fn said(reply: &Reply) -> (u16, Vec<String>, String) {
    let names = ["etag", "last-modified", "link", "location", "surrogate-key"];
    let headers = names.iter().map(|name| {
        let value = reply.headers.get(*name);
        value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    });
    let text = match reply.status.as_u16() {
        200 => reply.text.clone(),
        // The request's id differs.
        _ => String::new(),
    };
    (reply.status.as_u16(), headers.collect(), text)
}

/// An answer that was read from the database.
pub async fn unkept(app: &TestApp, target: &str) -> Reply {
    app.without_cache().await.get(target).await
}

async fn assert_coherent(app: &TestApp, targets: &[String], after: &str) {
    for target in targets {
        let kept = app.get(target).await;
        let read = unkept(app, target).await;
        assert_eq!(said(&kept), said(&read), "{target} after {after}");
    }
}

/// What is kept rendered is what would be rendered anew.
async fn assert_rendered(app: &TestApp, after: &str) -> bool {
    use dateline::articles::read_model::ReadModel;
    use dateline::articles::store::read_models;
    use dateline::db::schema::public_articles::dsl::*;
    use diesel::prelude::*;
    type Row = (
        Id,
        bool,
        Option<String>,
        Option<String>,
        Option<Vec<u8>>,
        Option<Timestamp>,
    );
    let (kept, anew) = app
        .database
        .write(|connection| {
            let rows: Vec<Row> = public_articles
                .select((
                    id,
                    is_rendered,
                    summary_json,
                    details_json,
                    depends_on,
                    rendered_changed_at,
                ))
                .load(connection)?;
            let ids: Vec<Id> = rows.iter().map(|row| row.0).collect();
            Ok((rows, read_models::render(connection, &ids)?))
        })
        .await
        .unwrap();
    let current: Vec<Row> = kept.iter().filter(|row| row.1).cloned().collect();
    for (article, _, summary, details, marks, changed_at) in &current {
        let kept = ReadModel {
            summary: summary.clone().unwrap(),
            details: details.clone().unwrap(),
            depends_on: marks.clone().unwrap(),
            changed_at: changed_at.unwrap(),
        };
        assert_eq!(Some(&kept), anew.get(article), "after {after}");
    }
    current.len() == kept.len()
}

/// What is kept of tags and authors is what would be counted anew.
async fn assert_counted(app: &TestApp, after: &str) {
    #[derive(QueryableByName)]
    struct Wrong {
        #[diesel(sql_type = Text)]
        slug: String,
    }
    let wrong: Vec<Wrong> = app
        .database
        .read(|connection| {
            Ok(diesel::sql_query(
                "SELECT slug FROM tags WHERE published_articles <> \
                   (SELECT count(*) FROM article_tags x JOIN articles a ON a.id = x.article_id \
                    WHERE x.tag_id = tags.id AND a.status = 'published') \
                   + (SELECT count(*) FROM articles a \
                      WHERE a.section_id = tags.id AND a.status = 'published') \
                 UNION ALL SELECT slug FROM authors WHERE published_articles <> \
                   (SELECT count(*) FROM article_authors x JOIN articles a ON a.id = x.article_id \
                    WHERE x.author_id = authors.id AND a.status = 'published')",
            )
            .load(connection)?)
        })
        .await
        .unwrap();
    let wrong: Vec<String> = wrong.into_iter().map(|wrong| wrong.slug).collect();
    assert!(wrong.is_empty(), "{wrong:?} after {after}");
}

/// Another process takes some milliseconds to hear; then it holds there as well.
async fn assert_coherent_soon(app: &TestApp, targets: &[String], after: &str) {
    for target in targets {
        let mut left = 200;
        loop {
            let (kept, read) = (app.get(target).await, unkept(app, target).await);
            if said(&kept) == said(&read) {
                break;
            }
            left -= 1;
            assert!(left > 0, "{target} after {after}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn by_slug(app: &TestApp, token: &str, slug: &str) -> Option<Reply> {
    let list = app
        .request(
            Method::GET,
            "/v1/editorial/articles?limit=100&status=draft,in_review,published,unpublished,trashed",
        )
        .bearer(token)
        .send()
        .await;
    let found = list.json["data"].as_array()?.iter().find(|article| {
        let known = article["slug"].as_str().unwrap_or_default();
        known == slug || known.trim_end_matches("-new") == slug
    })?;
    let id = found["id"].as_str()?;
    let path = format!("/v1/editorial/articles/{id}");
    Some(app.request(Method::GET, &path).bearer(token).send().await)
}

async fn patch_named(app: &TestApp, token: &str, path: &str, patch: Value) -> Reply {
    let id = app.get(path).await.json["id"].as_str().map(str::to_owned);
    let kind = path.split('/').nth(2).unwrap();
    let id = id.unwrap_or_else(|| Id::generate().to_string());
    app.request(Method::PATCH, &format!("/v1/editorial/{kind}/{id}"))
        .bearer(token)
        .header("if-match", "*")
        .json(patch)
        .await
}

/// Another text of an article's first correction, or that it is withdrawn.
async fn change_a_correction(
    app: &TestApp,
    token: &str,
    article: &Reply,
    number: u32,
) -> (String, Reply) {
    let none = Id::generate().to_string();
    let correction = article.json["corrections"][0]["id"].as_str();
    let path = format!(
        "/v1/editorial/articles/{}/corrections/{}",
        article.json["id"].as_str().unwrap(),
        correction.unwrap_or(&none)
    );
    let method = match number.is_multiple_of(3) {
        true => Method::DELETE,
        false => Method::PATCH,
    };
    let request = app.request(method.clone(), &path).bearer(token);
    let request = request.header("if-match", "*");
    let reply = match method {
        Method::PATCH => {
            request
                .json(json!({"text": format!("Not {number}.")}))
                .await
        }
        _ => request.send().await,
    };
    (format!("{method} a correction"), reply)
}

/// Retracts one of those that only this ends, with and without readers having known it.
async fn retract_another(app: &TestApp, token: &str, random: &mut StdRng) -> (String, Reply) {
    let slug = *["six", "seven", "eight"].choose(random).unwrap();
    let Some(standing) = by_slug(app, token, slug).await else {
        let request = app.request(Method::POST, "/v1/editorial/articles");
        let made = request.bearer(token).json(article(slug)).await;
        return (format!("create {slug}"), made);
    };
    let (step, body) = match standing.json["status"].as_str() {
        Some("published") => ("retract", json!({"reason": "x", "notice": "It was wrong."})),
        _ => ("publish", json!({})),
    };
    let reply = app.step(token, &standing, step, body).await;
    (format!("{step} {slug}"), reply)
}

/// Writes a working copy of what is published, or publishes the one that is there.
async fn on_working_copy(
    app: &TestApp,
    token: &str,
    article: &Reply,
    number: u32,
) -> (String, Reply) {
    let path = format!(
        "/v1/editorial/articles/{}/working-copy",
        article.json["id"].as_str().unwrap()
    );
    let is_there = article.json["working_copy"].is_object();
    let (method, path, body) = match is_there && !number.is_multiple_of(3) {
        true => (
            Method::POST,
            format!("{path}/publish"),
            json!({"silent": number.is_multiple_of(2)}),
        ),
        false => (
            Method::PATCH,
            path,
            json!({"headline": format!("Working copy {number}"), "tags": ["ports"]}),
        ),
    };
    let request = app.request(method.clone(), &path).bearer(token);
    let reply = request.header("if-match", "*").json(body).await;
    (format!("{method} {path}"), reply)
}

/// The only item of the media, as it is now.
async fn the_picture(app: &TestApp, token: &str) -> Reply {
    let list = app
        .request(Method::GET, "/v1/editorial/media")
        .bearer(token);
    let list = list.send().await.json;
    app.item(token, &list["data"][0]["id"]).await
}

async fn describe_the_picture(app: &TestApp, token: &str, patch: Value) -> Reply {
    let item = the_picture(app, token).await;
    app.describe(token, &item, patch).await
}

/// One write at random; says what it was. Some are refused, which is as good.
async fn write_something(
    app: &TestApp,
    token: &str,
    clock: &mut SettableClock,
    random: &mut StdRng,
) -> String {
    let slug = *SLUGS.choose(random).unwrap();
    let Some(article) = by_slug(app, token, slug).await else {
        return "nothing".into();
    };
    let number: u32 = random.random();
    let step = |name: &'static str, body: Value| {
        let article = &article;
        async move {
            (
                format!("{name} {slug} {body}"),
                app.step(token, article, name, body).await,
            )
        }
    };
    let patch = |body: Value| {
        let article = &article;
        async move {
            (
                format!("edit {slug} {body}"),
                app.patch(token, article, body).await,
            )
        }
    };
    let (what, reply) = match random.random_range(0..39) {
        0 | 1 => patch(json!({"headline": format!("Headline {number}")})).await,
        2 => patch(json!({"tags": ["ports"]})).await,
        3 => patch(json!({"tags": ["climate", "ports"]})).await,
        4 => patch(json!({"tags": [], "section": null})).await,
        5 => patch(json!({"section": "world", "authors": ["alex-writer"]})).await,
        6 => patch(json!({"slug": format!("{slug}-new")})).await,
        7 => patch(
            json!({"slug": slug, "language": if number.is_multiple_of(2) { "en" } else { "sw" }}),
        )
        .await,
        8 | 9 => step("publish", json!({"embargo_until": null})).await,
        10 => {
            let hours = random.random_range(1..5);
            step(
                "publish",
                json!({"published_at": clock.in_hours(hours), "embargo_until": null}),
            )
            .await
        }
        11 => {
            step(
                "publish",
                json!({"embargo_until": clock.in_hours(random.random_range(1..5))}),
            )
            .await
        }
        12 => step("unpublish", json!({})).await,
        13 => {
            let path = format!(
                "/v1/editorial/articles/{}",
                article.json["id"].as_str().unwrap()
            );
            let reply = app
                .request(Method::DELETE, &path)
                .bearer(token)
                .header("if-match", "*")
                .send()
                .await;
            (format!("trash {slug}"), reply)
        }
        14 => step("restore", json!({})).await,
        15 | 20 => {
            let found = app.get("/v1/tags/climate").await.status == 200;
            let path = if found {
                "/v1/tags/climate"
            } else {
                "/v1/tags/renamed"
            };
            let mut patch = json!({"name": format!("Climate {number}")});
            if number.is_multiple_of(2) {
                patch["slug"] = if found { "renamed" } else { "climate" }.into();
            }
            (
                format!("rename {path} {patch}"),
                patch_named(app, token, path, patch).await,
            )
        }
        16 => {
            let extra = app
                .create(
                    token,
                    "/v1/editorial/tags",
                    json!({"name": format!("Extra {number}")}),
                )
                .await;
            let with = json!({"tags": [extra.json["slug"], "ports"]});
            app.patch(token, &article, with).await;
            let path = format!(
                "/v1/editorial/tags/{}/merge",
                extra.json["id"].as_str().unwrap()
            );
            let reply = app
                .request(Method::POST, &path)
                .bearer(token)
                .header("if-match", "*")
                .json(json!({"into": "ports"}))
                .await;
            (format!("merge a tag of {slug}"), reply)
        }
        17 => {
            let patch = json!({"bio": format!("Writes about {number}.")});
            (
                format!("author {patch}"),
                patch_named(app, token, "/v1/authors/alex-writer", patch).await,
            )
        }
        19 => {
            let path = "/v1/editorial/collections/home";
            let fill = json!({"limit": random.random_range(1..5), "tags": ["ports"]});
            let slots = json!([{"article": article.json["id"], "label": number.to_string()}]);
            let request = app.request(Method::PUT, path).bearer(token);
            let request = request.header("if-match", "*");
            let body = json!({"title": format!("Home {number}"), "slots": slots, "fill": fill});
            (format!("collection {body}"), request.json(body).await)
        }
        23 => change_a_correction(app, token, &article, number).await,
        24 => {
            let end = clock.in_hours(random.random_range(1..5));
            step(
                "publish",
                json!({"embargo_until": null, "unpublish_at": end}),
            )
            .await
        }
        25 => {
            let end = clock.in_hours(random.random_range(1..5));
            patch(json!({"unpublish_at": end})).await
        }
        26 => patch(json!({"unpublish_at": null})).await,
        27 => retract_another(app, token, random).await,
        18 => {
            let body = json!({"kind": "correction", "text": format!("Not {number}.")});
            step("corrections", body).await
        }
        28 => patch(json!({"section": "africa"})).await,
        29 => {
            let parent = number.is_multiple_of(2).then_some("world");
            let patch = json!({"parent": parent, "position": number % 10});
            (
                format!("move africa {patch}"),
                patch_named(app, token, "/v1/tags/africa", patch).await,
            )
        }
        36 => {
            let patch = json!({"credit": format!("Agency {number}"), "focal_point": {"x": f64::from(number % 100) / 100.0, "y": 0.5}});
            (
                format!("describe the picture {patch}"),
                describe_the_picture(app, token, patch).await,
            )
        }
        37 => {
            let item = the_picture(app, token).await;
            let block = json!({"type": "image", "media_id": item.json["id"], "caption": format!("Seen {number}")});
            patch(json!({"lead_image": {"media_id": item.json["id"]}, "body": [block]})).await
        }
        38 => patch(json!({"lead_image": {"url": format!("/{number}.jpg")}})).await,
        32 | 33 => on_working_copy(app, token, &article, number).await,
        34 => patch(json!({"kicker": format!("Silent {number}"), "silent": true})).await,
        35 => {
            let correction = json!({"kind": "update", "text": format!("Now {number}.")});
            patch(json!({"dateline": format!("Port {number}"), "correction": correction})).await
        }
        30 => {
            let patch = json!({"name": format!("World {number}")});
            (
                format!("rename world {patch}"),
                patch_named(app, token, "/v1/tags/world", patch).await,
            )
        }
        _ => {
            clock.advance(app, random.random_range(1..4)).await;
            return "the clock".into();
        }
    };
    assert!(reply.status.as_u16() < 500, "{what}: {:?}", reply.json);
    format!("{what} -> {}", reply.status)
}

/// Reads all the time, so that answers are made while writes are under way.
fn read_all_the_time(app: &Arc<TestApp>, targets: &Arc<Vec<String>>, stop: &Arc<AtomicBool>) {
    let (app, targets, stop) = (app.clone(), targets.clone(), stop.clone());
    actix_web::rt::spawn(async move {
        let mut random = StdRng::from_os_rng();
        while !stop.load(Ordering::Relaxed) {
            app.get(targets.choose(&mut random).unwrap()).await;
        }
    });
}

/// Two collections: articles in slots with and without a time, and rules that fill them.
async fn make_collections(app: &TestApp, token: &str, clock: &SettableClock) {
    let mut ids = Vec::new();
    for slug in ["one", "two", "three"] {
        ids.push(by_slug(app, token, slug).await.unwrap().json["id"].clone());
    }
    let home = json!({"title": "Home", "fill": {"limit": 4, "exclude_tags": ["ports"]}, "slots": [
        {"article": ids[0], "label": "Live"},
        {"article": ids[1], "from": clock.in_hours(3), "until": clock.in_hours(9)},
        {"article": ids[2], "headline": "Another", "until": clock.in_hours(6)},
    ]});
    let rule = json!({"section": "world", "tags": ["climate"], "language": "en", "limit": 3});
    let world = json!({"title": "World", "slots": [], "fill": rule});
    for (slug, body) in [("home", home), ("world-top", world)] {
        let path = format!("/v1/editorial/collections/{slug}");
        let request = app.request(Method::PUT, &path).bearer(token);
        assert_eq!(request.json(body).await.status, 201);
    }
}

async fn interleave(app: TestApp, others: Vec<TestApp>) {
    let seed = std::env::var("DATELINE_COHERENCE_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(rand::random);
    println!("DATELINE_COHERENCE_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let token = app.newsroom().await;
    let africa = json!({"name": "Africa", "kind": "section", "parent": "world"});
    app.create(&token, "/v1/editorial/tags", africa).await;
    let mut clock = SettableClock::install(&app).await;
    for slug in SLUGS {
        app.create(&token, "/v1/editorial/articles", article(slug))
            .await;
    }
    app.picture(&token, 1).await;
    make_collections(&app, &token, &clock).await;
    let app = Arc::new(app);
    let targets = Arc::new(targets());
    let index = ["/sitemap.xml", "/v1/sync?initial=true&limit=4"].map(str::to_owned);
    let stop = Arc::new(AtomicBool::new(false));
    read_all_the_time(&app, &targets, &stop);
    for _ in 0..writes() {
        let what = write_something(&app, &token, &mut clock, &mut random).await;
        println!("{what}");
        assert_coherent(&app, &targets, &what).await;
        // The server notes by itself when an article has appeared, at any moment.
        assert_coherent_soon(&app, &index, &what).await;
        assert_rendered(&app, &what).await;
        assert_counted(&app, &what).await;
        for other in &others {
            assert_coherent_soon(other, &targets, &what).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut left = 500;
    while !assert_rendered(&app, "all").await {
        left -= 1;
        assert!(left > 0, "outdated articles are never rendered again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(app.metric("dateline_cache_hits_total").await > 100.0);
    assert!(app.metric("dateline_cache_invalidations_total").await > 10.0);
}

#[apply(both)]
async fn every_answer_is_current_after_every_write(app: TestApp) {
    interleave(app, Vec::new()).await;
}

#[apply(both)]
async fn another_process_hears_of_a_write(app: TestApp) {
    let token = app.newsroom().await;
    let published = app.published(&token, "one").await;
    assert_eq!(app.get("/v1/articles/one").await.status, 200);
    let other = dateline::app::open_database(&app.config, dateline::app::Opening::AsItIs)
        .unwrap_or_else(|error| panic!("{error}"));
    let id: Id = published.json["id"].as_str().unwrap().parse().unwrap();
    let caller = Caller::User {
        id,
        role: Role::Admin,
    };
    let writer = Writer::new(other, dateline::projections::ALL);
    writer
        .change(
            Origin::SYSTEM,
            move |change| transitions::unpublish(change, id, &caller, &Expected::Any),
            |_, ()| Ok(()),
        )
        .await
        .unwrap();
    let mut left = 200;
    while app.get("/v1/articles/one").await.status == 200 {
        left -= 1;
        assert!(left > 0, "the other process's write was not heard of");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[apply(both)]
async fn of_simultaneous_requests_one_asks_the_database(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    app.get("/v1/articles/one?fields=slug").await;
    // The fewest of several times: the server does other things besides.
    let mut fewest = u64::MAX;
    for number in 1..=8 {
        let path = format!(
            "/v1/articles/one?fields={}",
            vec!["slug"; number + 1].join(",")
        );
        let before = app.database.queries().get();
        let replies = futures_util::future::join_all((0..40).map(|_| app.get(&path))).await;
        assert!(replies.iter().all(|reply| reply.status == 200));
        fewest = fewest.min(app.database.queries().get() - before);
    }
    assert_eq!(fewest, 1);
    let gone = futures_util::future::join_all((0..40).map(|_| app.get("/v1/articles/none"))).await;
    assert!(gone.iter().all(|reply| reply.status == 404));
}

#[apply(both)]
async fn a_token_changes_nothing_about_a_public_answer(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let anyone = app.get("/v1/articles/one").await;
    for token in [token.as_str(), "none", "a.b.c"] {
        let hits = app.metric("dateline_cache_hits_total").await;
        let sent = app
            .request(Method::GET, "/v1/articles/one")
            .bearer(token)
            .send()
            .await;
        assert_eq!(said(&sent), said(&anyone));
        assert!(sent.header("cache-control").starts_with("public"));
        assert!(app.metric("dateline_cache_hits_total").await > hits);
    }
}

#[actix_web::test]
async fn two_processes_agree_after_every_write() {
    let app = TestApp::start(On::Postgres).await;
    let other = app.another_process().await;
    interleave(app, vec![other]).await;
}

#[actix_web::test]
async fn a_process_that_hears_nothing_keeps_nothing() {
    let app = TestApp::start(On::Postgres).await;
    let other = app.another_process().await;
    let token = app.newsroom().await;
    let mut article = app.published(&token, "one").await;
    let targets: Vec<String> = ["/v1/articles/one", "/v1/articles"]
        .map(String::from)
        .to_vec();
    assert_coherent_soon(&other, &targets, "publish").await;

    // Nobody new is let in, and those who listen are cut off.
    app.cut_listeners(true).await;
    let mut left = 500;
    loop {
        let before = other.metric("dateline_cache_bypassed_total").await;
        other.get("/v1/articles/one").await;
        if other.metric("dateline_cache_bypassed_total").await > before {
            break;
        }
        left -= 1;
        assert!(left > 0, "the cut was not noticed");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for number in 0..5 {
        article = app
            .patch(
                &token,
                &article,
                json!({"headline": format!("Unheard {number}")}),
            )
            .await;
        assert_eq!(article.status, 200);
        for app in [&app, &other] {
            let read = app.get("/v1/articles/one").await;
            assert_eq!(read.json["headline"], format!("Unheard {number}"));
        }
    }

    app.cut_listeners(false).await;
    let mut left = 500;
    loop {
        let before = other.metric("dateline_cache_hits_total").await;
        let read = other.get("/v1/articles/one").await;
        assert_eq!(read.json["headline"], "Unheard 4");
        if other.metric("dateline_cache_hits_total").await > before {
            break;
        }
        left -= 1;
        assert!(left > 0, "nothing is kept again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
