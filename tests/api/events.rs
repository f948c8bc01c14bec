//! What happens when something changes: the event log, its order, and what follows from a change.

use macro_rules_attribute::apply;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dateline::articles::store::transitions;
use dateline::articles::workflow::{Embargo, Expiry, PublishInput};
use dateline::auth::model::{Caller, Role};
use dateline::db::version::Expected;
use dateline::db::views::READ_MODEL;
use dateline::db::{Database, Id, Outage, StoreError, StoreResult};
use dateline::events::log::{self, Entry};
use dateline::events::{Change, Event, Origin, Projection, Writer};
use dateline::projections::{self, rebuild};
use diesel::RunQueryDsl;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::coherence::SettableClock;
use crate::harness::{On, Reply, TestApp, article};

async fn entries_after(database: &Database, sequence: i64) -> Vec<Entry> {
    database
        .read(move |connection| log::after(connection, sequence, 10_000))
        .await
        .unwrap()
}

/// What was recorded since: what happened, to which slug, and what readers see of it.
async fn since(app: &TestApp, sequence: i64) -> Vec<(String, String, Option<String>)> {
    let entries = entries_after(&app.database, sequence).await;
    entries
        .into_iter()
        .map(|entry| (entry.kind, entry.slug, entry.readers_see))
        .collect()
}

async fn last(app: &TestApp) -> i64 {
    let entries = entries_after(&app.database, 0).await;
    entries.last().map_or(0, |entry| entry.sequence)
}

fn happened(kind: &str, slug: &str, seen: Option<&str>) -> (String, String, Option<String>) {
    (kind.into(), slug.into(), seen.map(Into::into))
}

fn id_of(reply: &Reply) -> Id {
    reply.json["id"].as_str().unwrap().parse().unwrap()
}

async fn until_appeared(app: &TestApp, slug: &str) -> Vec<Entry> {
    for _ in 0..1_000 {
        let entries = entries_after(&app.database, 0).await;
        let appeared: Vec<Entry> = entries
            .into_iter()
            .filter(|entry| entry.kind == "article_appeared" && entry.slug == slug)
            .collect();
        if !appeared.is_empty() {
            return appeared;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{slug} never appeared");
}

/// Fails, or panics, on every event.
struct Fails {
    panics: bool,
}

impl Projection for Fails {
    fn name(&self) -> &'static str {
        "fails"
    }

    fn apply(&self, _: &mut Change<'_>, _: &Event) -> StoreResult<()> {
        assert!(!self.panics, "a mistake in a projection");
        Err(StoreError::unavailable(Outage::Busy, "it fails"))
    }
}

#[derive(diesel::QueryableByName)]
struct Kept {
    #[diesel(sql_type = diesel::sql_types::Text)]
    json: String,
}

/// The members of what is rendered of an article, by version 5.
const SHAPE: &str = "authors authors.avatar_url authors.bio authors.contact_email authors.id authors.name \
     authors.role authors.slug authors.social authors.website byline corrections corrections.id \
     corrections.kind corrections.published_at corrections.text custom dateline excerpt genre headline \
     kicker language lead_image lead_image.alt lead_image.caption lead_image.credit \
     lead_image.focal_point lead_image.height lead_image.url lead_image.width primary_tag \
     primary_tag.kind primary_tag.name primary_tag.slug published_at reading_minutes section \
     section.ancestors section.name section.slug seo seo.description seo.title standfirst tags \
     tags.kind tags.name tags.slug updated_at word_count";

/// The paths of all members of a value; of arrays, those of their items.
fn paths(prefix: &str, value: &Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                // What editors put there is theirs.
                let inner = if name == "custom" {
                    &Value::Null
                } else {
                    value
                };
                found.insert(format!("{prefix}{name}"));
                paths(&format!("{prefix}{name}."), inner, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(prefix, item, found)),
        _ => {}
    }
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

async fn scalar(app: &TestApp, query: &'static str) -> i64 {
    let number = app
        .database
        .read(move |connection| Ok(diesel::sql_query(query).get_result::<Number>(connection)?));
    number.await.unwrap().n
}

/// The fewest statements that a write took of several times: the server does other things besides.
async fn statements(app: &TestApp, mut write: impl AsyncFnMut(usize)) -> u64 {
    let mut fewest = u64::MAX;
    for number in 0..8 {
        let before = app.database.queries().get();
        write(number).await;
        fewest = fewest.min(app.database.queries().get() - before);
    }
    fewest
}

#[apply(both)]
async fn every_write_is_in_the_log_with_what_readers_see_of_it(app: TestApp) {
    let token = app.newsroom().await;
    let before = last(&app).await;
    let one = app.draft(&token, "one").await;
    let one = app
        .patch(&token, &one, json!({"headline": "Another"}))
        .await;
    let one = app.step(&token, &one, "publish", json!({})).await;
    let one = app.patch(&token, &one, json!({"slug": "uno"})).await;
    let correction = json!({"kind": "correction", "text": "Eleven."});
    let one = app.step(&token, &one, "corrections", correction).await;
    let one = app.step(&token, &one, "unpublish", json!({})).await;
    let one = app
        .step(
            &token,
            &one,
            "publish",
            json!({"published_at": "2090-01-01T00:00:00Z"}),
        )
        .await;
    let one = app
        .patch(&token, &one, json!({"standfirst": "Later."}))
        .await;
    let one = app
        .step(
            &token,
            &one,
            "publish",
            json!({"published_at": "2020-01-01T00:00:00Z"}),
        )
        .await;
    let one = app
        .step(&token, &one, "retract", json!({"reason": "Wrong."}))
        .await;
    assert_eq!(one.status, 200, "{}", one.text);
    assert_eq!(
        since(&app, before).await,
        [
            happened("article_created", "one", None),
            happened("article_edited", "one", None),
            happened("article_published", "one", Some("appeared")),
            happened("article_edited", "uno", Some("changed")),
            happened("article_corrected", "uno", Some("changed")),
            happened("article_unpublished", "uno", Some("disappeared")),
            happened("article_published", "uno", None),
            happened("article_edited", "uno", None),
            happened("article_published", "uno", Some("appeared")),
            happened("article_retracted", "uno", Some("disappeared")),
        ]
    );

    let before = last(&app).await;
    let create = async |name: &str| {
        app.create(&token, "/v1/editorial/tags", json!({"name": name}))
            .await
    };
    let (sea, water) = (create("Sea").await, create("Water").await);
    let request = Id::generate();
    let merge = app.request(
        Method::POST,
        &format!("/v1/editorial/tags/{}/merge", id_of(&sea)),
    );
    let merge = merge.bearer(&token).header("if-match", &sea.etag());
    let merge = merge.header("x-request-id", &request.to_string());
    assert_eq!(merge.json(json!({"into": "water"})).await.status, 200);
    let entries = entries_after(&app.database, before).await;
    let merged = &entries[2];
    assert_eq!(
        (merged.kind.as_str(), merged.slug.as_str()),
        ("tag_merged", "sea")
    );
    assert_eq!(merged.readers_see.as_deref(), Some("disappeared"));
    assert_eq!(merged.detail, json!({"into": id_of(&water)}).to_string());
    assert_eq!(
        (merged.request_id, merged.actor_kind.as_str()),
        (Some(request), "token")
    );
    assert!(merged.actor_id.is_some());
    // The one that stays has another version.
    let absorbing = &entries[3];
    assert_eq!(
        (absorbing.kind.as_str(), absorbing.slug.as_str()),
        ("tag_edited", "water")
    );
    assert_eq!(absorbing.readers_see.as_deref(), Some("changed"));
    assert_eq!(absorbing.detail, json!({"merged": id_of(&sea)}).to_string());
    let (_, numbers): (Vec<_>, Vec<i64>) = entries.iter().map(|entry| ((), entry.sequence)).unzip();
    assert!(
        numbers.iter().copied().eq(before + 1..before + 5),
        "{numbers:?}"
    );
}

#[apply(both)]
async fn a_retraction_is_seen_of_what_readers_knew_and_do_not_see_any_more(app: TestApp) {
    let token = app.newsroom().await;
    let known = app.published(&token, "known").await;
    let hidden = app.step(&token, &known, "unpublish", json!({})).await;
    let later = app
        .published_at(&token, "later", "2100-01-01T00:00:00Z")
        .await;
    let never = app.step(&token, &later, "unpublish", json!({})).await;
    let before = last(&app).await;
    for article in [&hidden, &never] {
        let retracted = app
            .step(&token, article, "retract", json!({"reason": "Wrong."}))
            .await;
        assert_eq!(retracted.status, 200, "{}", retracted.text);
    }
    assert_eq!(app.get("/v1/articles/known").await.status, 410);
    assert_eq!(
        since(&app, before).await,
        [
            happened("article_retracted", "known", Some("disappeared")),
            happened("article_retracted", "later", None),
        ]
    );
}

#[apply(both)]
async fn what_is_refused_is_not_in_the_log(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let before = last(&app).await;
    for (patch, status) in [
        (json!({"headline": null}), 422),
        (json!({"slug": "facets"}), 409),
        (json!({"tags": ["unknown"]}), 422),
    ] {
        assert_eq!(app.patch(&token, &one, patch).await.status, status);
    }
    assert_eq!(since(&app, before).await, []);
}

#[apply(both)]
async fn an_article_appears_in_the_log_once_when_its_time_comes(app: TestApp) {
    let token = app.newsroom().await;
    // Two processes wait for it. The clock stands still until both articles are written, however long that takes.
    let other = app.another_process().await;
    let mut clock = SettableClock::install(&app).await;
    let soon = clock.in_hours(1);
    app.published_at(&token, "scheduled", &soon).await;
    let draft = app.draft(&token, "embargoed").await;
    let input = json!({"embargo_until": soon});
    assert_eq!(app.step(&token, &draft, "publish", input).await.status, 200);
    clock.advance(&app, 2).await;
    // Who waits an hour by the clock asks again when something is scheduled.
    let later = app
        .published_at(&token, "later", "2090-01-01T00:00:00Z")
        .await;
    for slug in ["scheduled", "embargoed"] {
        let appeared = until_appeared(&app, slug).await;
        assert_eq!(appeared[0].readers_see.as_deref(), Some("appeared"));
        assert_eq!(appeared[0].actor_kind, "system");
        // To readers it has by then.
        assert_eq!(app.get(&format!("/v1/articles/{slug}")).await.status, 200);
    }
    // What never comes about is forgotten.
    assert_eq!(
        app.step(&token, &later, "unpublish", json!({}))
            .await
            .status,
        200
    );
    let next = app.database.read(log::next).await.unwrap();
    assert_eq!(next, None);
    drop(other);
    for slug in ["scheduled", "embargoed"] {
        assert_eq!(until_appeared(&app, slug).await.len(), 1);
    }
}

#[apply(both)]
async fn a_change_that_fails_in_a_projection_leaves_nothing_behind(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "one").await;
    let (id, before) = (id_of(&draft), last(&app).await);
    let caller = Caller::User {
        id,
        role: Role::Admin,
    };
    let publish = PublishInput {
        published_at: None,
        embargo_until: Embargo::Kept,
        note: None,
        unpublish_at: Expiry::Kept,
    };
    for position in 0..=projections::ALL.len() {
        for panics in [false, true] {
            let mut list = projections::ALL.to_vec();
            list.insert(position, Box::leak(Box::new(Fails { panics })));
            let writer = Writer::new(app.database.clone(), Box::leak(list.into_boxed_slice()));
            let (caller, publish) = (caller.clone(), publish.clone());
            let failed = writer
                .change(
                    Origin::SYSTEM,
                    move |change| {
                        transitions::publish(change, id, &caller, &Expected::Any, &publish)
                    },
                    |_, ()| Ok(()),
                )
                .await;
            assert!(failed.is_err(), "{position} {panics}");
        }
    }
    assert_eq!(since(&app, before).await, []);
    assert_eq!(app.get("/v1/articles/one").await.status, 404);
    assert_eq!(
        app.get("/v1/articles?q=headline").await.slugs(),
        Vec::<&str>::new()
    );
    assert_eq!(app.get("/v1/tags/climate").await.json["article_count"], 0);
    // It can still be.
    assert_eq!(
        app.step(&token, &draft, "publish", json!({})).await.status,
        200
    );
    assert_eq!(app.get("/v1/articles?q=headline").await.slugs(), ["one"]);
    assert_eq!(app.get("/v1/tags/climate").await.json["article_count"], 1);
}

#[apply(both)]
async fn what_an_older_version_rendered_is_never_shown_and_is_rendered_again(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let draft = app.draft(&token, "two").await;
    let public = app.get("/v1/articles/one?include=shares").await.json;
    // As a field would be missing that came with this version.
    app.execute("UPDATE articles SET rendered_by = 0, summary_json = '\"headline\":\"Old\"'")
        .await;
    app.execute("UPDATE article_bodies SET html = 'old'").await;
    app.execute("UPDATE projections SET version = 0, target = 0 WHERE name = 'read_model'")
        .await;
    app.database.changes().record_everything();
    for path in [
        "/v1/articles/one?include=shares",
        "/v1/articles?include=body",
    ] {
        let now = app.get(path).await;
        assert_eq!(now.status, 200);
        assert!(
            !now.text.contains("Old") && !now.text.contains("\"old\""),
            "{}",
            now.text
        );
    }
    assert_eq!(
        app.get("/v1/articles/one?include=shares").await.json,
        public
    );
    // The next server that starts brings everything up to date.
    let other = app.another_process().await;
    let mut left = 1_000;
    while scalar(
        &app,
        "SELECT count(*) AS n FROM projections WHERE version < target",
    )
    .await
        > 0
        || scalar(
            &app,
            "SELECT count(*) AS n FROM projections WHERE target = 0",
        )
        .await
            > 0
    {
        left -= 1;
        assert!(left > 0, "it is never rebuilt");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(other);
    assert_eq!(
        scalar(
            &app,
            "SELECT count(*) AS n FROM article_bodies WHERE html = 'old'"
        )
        .await,
        0
    );
    let rendered = "SELECT count(*) AS n FROM articles WHERE rendered_by > 0";
    assert_eq!(scalar(&app, rendered).await, 1);
    app.database.changes().record_everything();
    assert_eq!(
        app.get("/v1/articles/one?include=shares").await.json,
        public
    );
    assert_eq!(
        app.patch(&token, &one, json!({"headline": "New"}))
            .await
            .status,
        200
    );
    assert_eq!(
        app.patch(&token, &draft, json!({"headline": "New"}))
            .await
            .status,
        200
    );
}

#[apply(both)]
async fn what_is_derived_can_be_made_anew(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    app.published(&token, "two").await;
    app.draft(&token, "another").await;
    let paths = [
        "/v1/articles?q=headline",
        "/v1/articles?tag=climate",
        "/v1/articles?author=alex-writer",
        "/v1/articles?q=climate",
        "/v1/tags?sort=-article_count",
        "/v1/articles?sort=-shares",
        "/v1/tags?q=climate",
        "/v1/authors?q=alex",
        "/v1/editorial/articles?q=%22cities+agreed%22",
        "/v1/editorial/articles?sort=headline",
    ];
    let read = async || {
        let mut read = Vec::new();
        for path in paths {
            let reply = app.request(Method::GET, path).bearer(&token).send().await;
            let mut json = reply.json;
            // The position of a page is signed, and differs.
            json.as_object_mut().unwrap().remove("page");
            read.push(json);
        }
        read
    };
    let before = read().await;
    for broken in [
        "UPDATE tags SET published_articles = 7",
        "UPDATE authors SET published_articles = 7",
        "UPDATE article_tags SET published_at = NULL",
        "UPDATE article_authors SET published_at = NULL",
        "DELETE FROM search_entries",
        "DELETE FROM article_search",
        "DELETE FROM name_words",
        "DELETE FROM draft_entries",
        "DELETE FROM draft_search",
        "UPDATE articles SET sort_headline = 'old'",
        "UPDATE tags SET sort_name = 'old'",
        "UPDATE authors SET sort_name = 'old'",
        "DELETE FROM share_totals",
        "UPDATE articles SET summary_json = '\"headline\":\"Old\"'",
    ] {
        app.execute(broken).await;
    }
    app.database.changes().record_everything();
    assert_ne!(read().await, before);
    for projection in projections::kept() {
        app.database
            .write(move |connection| rebuild::begin(connection, projection))
            .await
            .unwrap();
    }
    let database = app.database.clone();
    let rebuilding = std::thread::spawn(move || {
        let mut rows = 0;
        dateline::app::rebuild_projections(&database, |_, some| rows = some).unwrap();
        rows
    });
    while !rebuilding.is_finished() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(rebuilding.join().unwrap() > 0);
    app.database.changes().record_everything();
    assert_eq!(read().await, before);
}

#[apply(both)]
async fn the_version_of_the_read_model_is_raised_with_its_shape(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let correction = json!({"kind": "correction", "text": "Eleven."});
    app.step(&token, &one, "corrections", correction).await;
    let found: Vec<Kept> = app
        .database
        .read(|connection| {
            let query =
                "SELECT '{' || summary_json || ',' || details_json || '}' AS json FROM articles";
            Ok(diesel::sql_query(query).load(connection)?)
        })
        .await
        .unwrap();
    let mut names = std::collections::BTreeSet::new();
    paths(
        "",
        &serde_json::from_str(&found[0].json).unwrap(),
        &mut names,
    );
    let shape = names.into_iter().collect::<Vec<_>>().join(" ");
    // Another shape needs another version, or articles that were published before never have it.
    assert_eq!((READ_MODEL, shape.as_str()), (6, SHAPE));
}

#[apply(both)]
async fn writing_takes_few_statements(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let mut edited = one;
    let edits = statements(&app, async |number| {
        let patch = json!({"headline": format!("Number {number}")});
        let after = app.patch(&token, &edited, patch).await;
        assert_eq!(after.status, 200, "{}", after.text);
        edited = after;
    })
    .await;
    let creations = statements(&app, async |number| {
        app.draft(&token, &format!("draft-{number}")).await;
    })
    .await;
    let mut drafts = Vec::new();
    for number in 0..8 {
        let draft = app.draft(&token, &format!("next-{number}")).await;
        drafts.push(draft);
    }
    let publications = statements(&app, async |number| {
        let draft = &drafts[number];
        assert_eq!(
            app.step(&token, draft, "publish", json!({})).await.status,
            200
        );
    })
    .await;
    // Publishing holds what the article's section stands below, and shares the lock of those who move tags. A slug that
    // was given is looked up once more: that of an article which readers knew is not given away when it is deleted.
    // What a month has is noted once, for sitemaps.
    // A draft is read, placed and written for the index of drafts, and taken out of it with two statements.
    assert!(
        edits <= 21 && publications <= 26 && creations <= 20,
        "PATCH {edits}, publish {publications}, create {creations}"
    );
}

/// Whoever has read the log up to a number finds no smaller one later, and no gap, however many write.
async fn the_log_is_in_the_order_of_commits(on: On) {
    let app = TestApp::start(on).await;
    let token = app.newsroom().await;
    let other = app.another_process().await;
    let before = last(&app).await;
    let done = Arc::new(AtomicBool::new(false));
    let (reader, ended) = (app.database.clone(), Arc::clone(&done));
    let reading = actix_web::rt::spawn(async move {
        let (mut seen, mut looks) = (before, 0);
        loop {
            // Asked first: what was written by then is in what is read next.
            let is_last = ended.load(Ordering::SeqCst);
            for entry in entries_after(&reader, seen).await {
                assert_eq!(entry.sequence, seen + 1);
                seen = entry.sequence;
            }
            looks += 1;
            if is_last {
                return (seen, looks);
            }
        }
    });
    let writers = (0..8).map(|writer| {
        let (app, token) = (if writer % 2 == 0 { &app } else { &other }, &token);
        async move {
            for number in 0..20 {
                let slug = format!("by-{writer}-{number}");
                match number % 3 {
                    0 => {
                        app.published(token, &slug).await;
                    }
                    1 => {
                        app.create(token, "/v1/editorial/articles", article(&slug))
                            .await;
                    }
                    // Rolled back.
                    _ => {
                        let taken = app
                            .request(Method::POST, "/v1/editorial/tags")
                            .bearer(token);
                        let taken = taken.json(json!({"name": "Ports", "slug": "ports"})).await;
                        assert_eq!(taken.status, 409);
                    }
                }
            }
        }
    });
    futures_util::future::join_all(writers).await;
    done.store(true, Ordering::SeqCst);
    let (seen, looks) = reading.await.unwrap();
    // Seven are published, which are two events, and seven created, by each of eight.
    assert_eq!(seen - before, 8 * (7 * 2 + 7), "after {looks} looks");
    assert!(looks > 10, "{looks}");
    assert_eq!(
        app.get("/v1/tags/climate").await.json["article_count"],
        8 * 7
    );
}

#[actix_web::test]
async fn the_log_is_in_the_order_of_commits_on_sqlite() {
    the_log_is_in_the_order_of_commits(On::Sqlite).await;
}

#[actix_web::test]
async fn the_log_is_in_the_order_of_commits_on_postgres() {
    the_log_is_in_the_order_of_commits(On::Postgres).await;
}
