//! What is shared when: trending, most shared, history, and the overview for editors.

use chrono::{Duration, DurationRound};
use dateline::auth::model::Role;
use dateline::db::schema::articles;
use dateline::db::{Connection, Id, StoreResult, Timestamp};
use dateline::shares::journal::Increments;
use dateline::shares::store::{counting, downsampling, totals};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{TestApp, article};

fn id(article: &Value) -> Id {
    article["id"].as_str().unwrap().parse().unwrap()
}

fn hours_ago(hours: i64) -> Timestamp {
    Timestamp::now().plus(-Duration::hours(hours))
}

/// Counts shares as if they had come at an instant.
pub async fn shared(app: &TestApp, article: Id, network: &str, count: i64, at: Timestamp) {
    if count == 0 {
        return;
    }
    let mut increments = Increments::default();
    increments.add(article, network.parse().unwrap(), count, at);
    app.database
        .write(move |connection| counting::add(connection, &increments))
        .await
        .unwrap();
    app.rolled_up().await;
}

/// Does at once what the server does every few seconds.
async fn put_in_place(app: &TestApp) {
    app.database
        .write(|connection| {
            let outdated = totals::outdated(connection, Timestamp::EARLIEST)?;
            totals::place(connection, &outdated)
        })
        .await
        .unwrap();
}

/// The server does the same meanwhile: while it is at an hour, nothing is done here.
async fn downsample(app: &TestApp, before: Timestamp) {
    let is_due = move |connection: &mut Connection| downsampling::is_due(connection, before);
    let one = move |connection: &mut Connection| downsampling::downsample(connection, before);
    while app.database.read(is_due).await.unwrap() {
        app.database.write(one).await.unwrap();
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn number(connection: &mut Connection, sql: &str) -> StoreResult<i64> {
    let row: Number = diesel::sql_query(sql).get_result(connection)?;
    Ok(row.number)
}

/// Every count is the sum of its buckets.
async fn sums_agree(app: &TestApp) {
    let wrong = app
        .database
        .read(|connection| {
            number(
                connection,
                "SELECT count(*) AS number FROM share_counts c FULL JOIN \
                 (SELECT article_id, network, sum(shares) AS shares FROM share_buckets GROUP BY 1, 2) b \
                 ON b.article_id = c.article_id AND b.network = c.network \
                 WHERE coalesce(c.first_party, 0) <> coalesce(b.shares, 0)",
            )
        })
        .await
        .unwrap();
    assert_eq!(wrong, 0);
}

#[apply(both)]
async fn what_was_shared_just_now_trends(app: TestApp) {
    let token = app.newsroom().await;
    let old = id(&app.published(&token, "old").await.json);
    let new = id(&app.published(&token, "new").await.json);
    app.published(&token, "unshared").await;
    shared(&app, old, "x", 100, hours_ago(20)).await;
    shared(&app, new, "facebook", 40, hours_ago(1)).await;
    let day = app.get("/v1/trending").await;
    assert_eq!(day.json["window"], "24h");
    assert_eq!(day.slugs(), ["new", "old"]);
    assert_eq!(day.json["data"][0]["trend"]["shares"], 40);
    assert_eq!(day.json["data"][1]["trend"]["shares"], 100);
    let score = |place: usize| day.json["data"][place]["trend"]["score"].as_f64().unwrap();
    // A quarter of the window is six hours.
    assert!((30.0..40.0).contains(&score(0)), "{}", score(0));
    assert!((8.0..12.0).contains(&score(1)), "{}", score(1));
    assert_eq!(
        app.get("/v1/trending?window=30d").await.slugs(),
        ["old", "new"]
    );
    assert_eq!(app.get("/v1/trending?window=6h").await.slugs(), ["new"]);
    assert_eq!(app.get("/v1/trending?network=x").await.slugs(), ["old"]);
    assert_eq!(
        app.get("/v1/trending?network=twitter&limit=1")
            .await
            .slugs(),
        ["old"]
    );
    let reply = app
        .get("/v1/trending?include=shares&fields=slug,shares.total,trend")
        .await;
    assert_eq!(reply.json["data"][1]["shares"], json!({"total": 100}));
    // Counts are never older than counts may be.
    assert!(
        reply
            .header("cache-control")
            .starts_with("public, max-age=0,")
    );
    assert_eq!(reply.json["data"][1]["trend"]["shares"], 100);
}

#[apply(both)]
async fn equally_trending_articles_come_the_newest_first(app: TestApp) {
    let token = app.newsroom().await;
    for slug in ["one", "two", "three"] {
        let article = id(&app.published(&token, slug).await.json);
        shared(&app, article, "x", 7, hours_ago(2)).await;
    }
    assert_eq!(
        app.get("/v1/trending").await.slugs(),
        ["three", "two", "one"]
    );
}

#[apply(both)]
async fn only_what_is_public_trends(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "draft").await;
    let article = app.published(&token, "seen").await;
    shared(&app, id(&draft.json), "x", 50, hours_ago(1)).await;
    shared(&app, id(&article.json), "x", 5, hours_ago(1)).await;
    let kept = app.get("/v1/trending").await;
    assert_eq!(kept.slugs(), ["seen"]);
    assert_eq!(
        kept.header("cache-control"),
        "public, max-age=60, stale-if-error=86400"
    );
    // It is kept for a minute, but what is taken back is gone from it at once.
    app.step(&token, &article, "unpublish", json!({})).await;
    assert!(app.get("/v1/trending").await.slugs().is_empty());
}

#[apply(both)]
async fn what_trends_is_kept_for_a_minute_and_says_how_old_it_is(app: TestApp) {
    let token = app.newsroom().await;
    let one = id(&app.published(&token, "one").await.json);
    let two = id(&app.published(&token, "two").await.json);
    shared(&app, one, "x", 5, hours_ago(1)).await;
    let first = app.get("/v1/trending").await;
    assert_eq!((first.slugs(), first.header("age")), (vec!["one"], "1"));
    shared(&app, two, "x", 50, hours_ago(1)).await;
    let kept = app.get("/v1/trending").await;
    assert_eq!(kept.etag(), first.etag());
    app.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(app.get("/v1/trending").await.slugs(), ["two", "one"]);
}

#[apply(both)]
async fn what_trends_is_narrowed_as_lists_are(app: TestApp) {
    let token = app.newsroom().await;
    let mut other = article("other");
    other["tags"] = json!(["ports"]);
    other["authors"] = json!(["sam-reporter"]);
    other["section"] = Value::Null;
    other["language"] = json!("de");
    let other = app.create(&token, "/v1/editorial/articles", other).await;
    app.step(&token, &other, "publish", json!({})).await;
    let usual = app.published(&token, "usual").await;
    for article in [&other, &usual] {
        shared(&app, id(&article.json), "x", 5, hours_ago(1)).await;
    }
    for (filter, slugs) in [
        ("tag=ports", vec!["other"]),
        ("tag=ports,climate", vec!["usual", "other"]),
        ("tag=ports&tag=climate", vec![]),
        ("section=world", vec!["usual"]),
        ("author=sam-reporter", vec!["usual", "other"]),
        ("author=alex-writer", vec!["usual"]),
        ("language=de", vec!["other"]),
        ("q=headline", vec!["usual", "other"]),
        ("tag=unknown", vec![]),
    ] {
        assert_eq!(
            app.get(&format!("/v1/trending?{filter}")).await.slugs(),
            slugs,
            "{filter}"
        );
    }
}

#[apply(both)]
async fn parameters_of_shares_say_what_is_wrong(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    for (path, words) in [
        ("/v1/trending?window=7", "did you mean \"7d\"?"),
        ("/v1/trending?network=facebok", "did you mean \"facebook\"?"),
        ("/v1/trending?windw=7d", "did you mean \"window\"?"),
        ("/v1/trending?include=highlights", "with q"),
        (
            "/v1/articles/harbour/shares?history=hours",
            "did you mean \"hour\"?",
        ),
        (
            "/v1/articles/harbour/shares?from=2026-01-01T00:00:00Z",
            "only with history",
        ),
        (
            "/v1/articles/harbour/shares?history=hour&from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z",
            "at most 744 hours",
        ),
        (
            "/v1/articles/harbour/shares?history=day&from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z",
            "before to",
        ),
        (
            "/v1/articles/harbour/shares?history=hour&to=0001-01-01T00:00:00Z",
            "years 1 to 9999",
        ),
        (
            "/v1/articles/harbour/shares?history=hour&to=9999-12-31T23:59:59Z",
            "years 1 to 9999",
        ),
        ("/v1/articles?sort=shares", "did you mean \"-shares\"?"),
    ] {
        let reply = app.get(path).await;
        assert_eq!(reply.status, 400, "{path}");
        let detail = reply.json["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{path}: {detail}");
    }
}

#[apply(both)]
async fn the_most_shared_come_first(app: TestApp) {
    let token = app.newsroom().await;
    for (slug, shares) in [
        ("none", 0),
        ("some", 3),
        ("most", 9),
        ("also-some", 3),
        ("few", 1),
    ] {
        let article = id(&app.published(&token, slug).await.json);
        shared(&app, article, "x", shares, hours_ago(700)).await;
    }
    put_in_place(&app).await;
    let all = ["most", "also-some", "some", "few", "none"];
    for filter in [
        "",
        "&tag=climate",
        "&author=sam-reporter",
        "&section=world",
        "&q=headline",
    ] {
        let path = format!("/v1/articles?sort=-shares{filter}");
        assert_eq!(app.get(&path).await.slugs(), all, "{filter}");
        // Page by page, there and back.
        let (mut pages, mut cursor) = (Vec::new(), String::new());
        for _ in 0..3 {
            let page = app.get(&format!("{path}&limit=2{cursor}")).await;
            cursor = page.json["page"]["next_cursor"]
                .as_str()
                .map(|next| format!("&cursor={next}"))
                .unwrap_or_default();
            pages.push(page);
        }
        let there: Vec<&str> = pages.iter().flat_map(|page| page.slugs()).collect();
        assert_eq!(there, all, "{filter}");
        let back = pages[2].json["page"]["prev_cursor"].as_str().unwrap();
        assert_eq!(
            app.get(&format!("{path}&limit=2&cursor={back}"))
                .await
                .slugs(),
            all[2..4],
            "{filter}"
        );
    }
    assert_eq!(
        app.get("/v1/articles?sort=-shares&count=true&limit=1")
            .await
            .json["page"]["total"],
        5
    );
}

#[apply(both)]
async fn the_most_shared_of_very_many_come_first(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "shared").await;
    let shared_one = id(&article.json);
    shared(&app, shared_one, "x", 5, hours_ago(2)).await;
    // More than are put in order one by one.
    let tag: Id = id(&app.get("/v1/tags/climate").await.json);
    app.database
        .write(move |connection| {
            let count: i64 = articles::table.count().get_result(connection)?;
            for number in count..5_100 {
                let id = Id::generate();
                let at = hours_ago(number + 1);
                diesel::insert_into(articles::table)
                    .values((
                        (
                            articles::id.eq(id),
                            articles::slug.eq(format!("of-many-{number}")),
                            articles::status.eq("published"),
                        ),
                        (
                            articles::version.eq(1_i64),
                            articles::headline.eq("One of many"),
                            articles::language.eq("en"),
                        ),
                        (
                            articles::word_count.eq(1),
                            articles::seo.eq(dateline::db::Json(
                                json!({"title": null, "description": null}),
                            )),
                        ),
                        (
                            articles::custom.eq(dateline::db::Json(json!({}))),
                            articles::created_at.eq(at),
                            articles::updated_at.eq(at),
                        ),
                        articles::published_at.eq(at),
                    ))
                    .execute(connection)?;
                diesel::insert_into(dateline::db::schema::article_tags::table)
                    .values((
                        dateline::db::schema::article_tags::article_id.eq(id),
                        dateline::db::schema::article_tags::tag_id.eq(tag),
                        dateline::db::schema::article_tags::position.eq(0),
                        dateline::db::schema::article_tags::published_at.eq(at),
                    ))
                    .execute(connection)?;
                diesel::insert_into(dateline::db::schema::article_bodies::table)
                    .values((
                        dateline::db::schema::article_bodies::article_id.eq(id),
                        dateline::db::schema::article_bodies::blocks
                            .eq(dateline::db::Json(json!([]))),
                        dateline::db::schema::article_bodies::html.eq(""),
                    ))
                    .execute(connection)?;
                totals::open(connection, id)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    put_in_place(&app).await;
    for filter in ["", "&tag=climate"] {
        let page = app
            .get(&format!("/v1/articles?sort=-shares&limit=2{filter}"))
            .await;
        assert_eq!(page.slugs()[0], "shared", "{filter}");
        let next = page.json["page"]["next_cursor"].as_str().unwrap();
        let page = app
            .get(&format!(
                "/v1/articles?sort=-shares&limit=2{filter}&cursor={next}"
            ))
            .await;
        let back = page.json["page"]["prev_cursor"].as_str().unwrap();
        let page = app
            .get(&format!(
                "/v1/articles?sort=-shares&limit=2{filter}&cursor={back}"
            ))
            .await;
        assert_eq!(page.slugs()[0], "shared", "{filter}");
    }
}

#[apply(both)]
async fn a_share_finds_its_place_within_seconds(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "shared").await;
    app.published(&token, "newer").await;
    let reply = app
        .request(Method::POST, "/v1/articles/shared/shares")
        .json(json!({"network": "x"}))
        .await;
    assert_eq!(reply.json["counted"], true);
    for _ in 0..200 {
        if app.get("/v1/articles?sort=-shares").await.slugs() == ["shared", "newer"] {
            return;
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it did not");
}

#[apply(both)]
async fn history_says_when_shares_came(app: TestApp) {
    let token = app.newsroom().await;
    let article = id(&app.published(&token, "harbour").await.json);
    let noon = Timestamp::now()
        .utc()
        .duration_trunc(Duration::days(1))
        .unwrap()
        - Duration::hours(12);
    let noon = Timestamp::from(noon);
    shared(&app, article, "x", 3, noon.plus(Duration::minutes(10))).await;
    shared(
        &app,
        article,
        "facebook",
        2,
        noon.plus(Duration::minutes(50)),
    )
    .await;
    shared(&app, article, "x", 4, noon.plus(Duration::hours(2))).await;
    let to = noon.plus(Duration::hours(3));
    let hours = app
        .get(&format!(
            "/v1/articles/harbour/shares?history=hour&from={noon}&to={to}"
        ))
        .await;
    let history = hours.json["history"].as_array().unwrap();
    let sums: Vec<i64> = history
        .iter()
        .map(|hour| hour["total"].as_i64().unwrap())
        .collect();
    assert_eq!(sums, [5, 0, 4]);
    assert_eq!(history[0]["starts_at"], noon.to_string());
    assert_eq!(
        history[0]["ends_at"],
        noon.plus(Duration::hours(1)).to_string()
    );
    assert_eq!(history[0]["by_network"], json!({"facebook": 2, "x": 3}));
    // A day is answered whole, also when it is asked for in part.
    let part = app
        .get(&format!(
            "/v1/articles/harbour/shares?history=day&from={noon}&to={}",
            noon.plus(Duration::minutes(1))
        ))
        .await;
    assert_eq!(part.json["history"][0]["total"], 9);
    assert_eq!(part.json["history"].as_array().unwrap().len(), 1);
    let days = app.get("/v1/articles/harbour/shares?history=day").await;
    let history = days.json["history"].as_array().unwrap();
    assert_eq!(history.len(), 30);
    let sum: i64 = history
        .iter()
        .map(|day| day["total"].as_i64().unwrap())
        .sum();
    assert_eq!(sum, days.json["first_party"]);
    assert!(
        app.get("/v1/articles/harbour/shares")
            .await
            .json
            .get("history")
            .is_none()
    );
}

#[apply(both)]
async fn old_hours_become_days_and_no_count_changes(app: TestApp) {
    let token = app.newsroom().await;
    let article = id(&app.published(&token, "harbour").await.json);
    let other = id(&app.published(&token, "other").await.json);
    for hours in 0..60 {
        shared(
            &app,
            article,
            if hours % 2 == 0 { "x" } else { "email" },
            hours + 1,
            hours_ago(hours * 7),
        )
        .await;
        shared(&app, other, "x", 1, hours_ago(hours)).await;
    }
    let read = async || {
        let mut seen = Vec::new();
        for path in [
            "/v1/articles/harbour/shares",
            "/v1/articles/harbour/shares?history=day",
            "/v1/shares?slugs=harbour,other",
        ] {
            seen.push(app.get(path).await.json);
        }
        seen
    };
    let before = read().await;
    let until = hours_ago(100);
    downsample(&app, until).await;
    assert_eq!(read().await, before);
    sums_agree(&app).await;
    let left = app.database.read(move |connection| {
            let until = until.utc().duration_trunc(Duration::days(1)).unwrap();
            number(connection, &format!(
                "SELECT count(*) AS number FROM share_buckets WHERE span = 'hour' AND starts_at < '{}'",
                Timestamp::from(until)
            ))
        }).await.unwrap();
    assert_eq!(left, 0);
    // What was folded comes as days among the hours.
    let from = hours_ago(300);
    let hours = app
        .get(&format!(
            "/v1/articles/harbour/shares?history=hour&from={from}"
        ))
        .await;
    let history = hours.json["history"].as_array().unwrap();
    let whole_days = history.iter().filter(|interval| {
        let at = |name: &str| {
            interval[name]
                .as_str()
                .unwrap()
                .parse::<Timestamp>()
                .unwrap()
                .utc()
        };
        at("ends_at") - at("starts_at") == Duration::days(1)
    });
    assert!(whole_days.count() >= 7);
    // Sharing goes on, and folding again adds nothing twice.
    shared(&app, article, "x", 5, Timestamp::now()).await;
    downsample(&app, until).await;
    downsample(&app, Timestamp::now().plus(Duration::days(2))).await;
    sums_agree(&app).await;
    let total = before[0]["total"].as_i64().unwrap();
    assert_eq!(
        app.get("/v1/articles/harbour/shares").await.json["total"],
        total + 5
    );
}

#[apply(both)]
async fn one_call_tells_editors_what_is_shared(app: TestApp) {
    let token = app.newsroom().await;
    let risen = id(&app.published(&token, "risen").await.json);
    let fallen = id(&app.published(&token, "fallen").await.json);
    let draft = id(&app.draft(&token, "draft").await.json);
    shared(&app, risen, "x", 30, hours_ago(2)).await;
    shared(&app, risen, "email", 10, hours_ago(30)).await;
    shared(&app, fallen, "x", 5, hours_ago(3)).await;
    shared(&app, fallen, "x", 50, hours_ago(31)).await;
    shared(&app, draft, "x", 7, hours_ago(3)).await;
    let reply = app
        .request(Method::GET, "/v1/editorial/shares/overview?window=24h")
        .bearer(&token)
        .send()
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.json["total"], 42);
    assert_eq!(reply.json["previous_total"], 60);
    assert_eq!(
        reply.json["by_network"],
        json!([
            {"network": "x", "shares": 42, "previous": 50}, {"network": "email", "shares": 0, "previous": 10}
        ])
    );
    let movers = reply.json["movers"].as_array().unwrap();
    assert_eq!(movers.len(), 1, "{}", reply.text);
    assert_eq!(movers[0]["article"]["slug"], "risen");
    assert_eq!(movers[0]["article"]["headline"], "Headline of risen");
    assert_eq!(
        (&movers[0]["shares"], &movers[0]["previous"]),
        (&json!(30), &json!(10))
    );
    let series = reply.json["series"].as_array().unwrap();
    // The hour that has begun has none yet in its first minute.
    assert!([24, 25].contains(&series.len()), "{series:?}");
    let sum: i64 = series
        .iter()
        .map(|hour| hour["total"].as_i64().unwrap())
        .sum();
    assert_eq!(sum, 42);
    let viewer = app.user("viewer@example.com", Role::Viewer).await;
    let month = app
        .request(Method::GET, "/v1/editorial/shares/overview?window=30d")
        .bearer(&viewer)
        .send()
        .await;
    assert_eq!(month.json["total"], 102);
    assert_eq!(app.get("/v1/editorial/shares/overview").await.status, 401);
}
