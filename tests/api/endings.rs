//! How articles end, as readers and editors see it: retraction, expiry, corrections that change, and where an embargo
//! puts a story.

use dateline::articles::store::expiry;
use dateline::events::{Origin, Writer, log};
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::coherence::SettableClock;
use crate::harness::{Reply, TestApp};

fn id(reply: &Reply) -> &str {
    reply.json["id"].as_str().unwrap()
}

/// What the log says of articles since the beginning: the kind, and what readers see of it.
async fn logged(app: &TestApp, kind: &'static str) -> Vec<(String, Option<String>, Value)> {
    let entries = app
        .database
        .read(|connection| log::after(connection, 0, 10_000));
    let entries = entries.await.unwrap().into_iter();
    entries
        .filter(|entry| entry.kind == kind)
        .map(|entry| {
            let detail = serde_json::from_str(&entry.detail).unwrap();
            (entry.slug, entry.readers_see, detail)
        })
        .collect()
}

async fn correct(app: &TestApp, token: &str, article: &Reply, text: &str) -> Reply {
    let body = json!({"kind": "correction", "text": text});
    let reply = app.step(token, article, "corrections", body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply
}

/// The words of `/v1/corrections`, the newest first.
async fn told(app: &TestApp, query: &str) -> Vec<String> {
    let reply = app.get(&format!("/v1/corrections{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let data = reply.json["data"].as_array().unwrap().iter();
    data.map(|one| {
        format!(
            "{} {}",
            one["kind"].as_str().unwrap(),
            one["text"].as_str().unwrap()
        )
    })
    .collect()
}

async fn on_correction(
    app: &TestApp,
    token: &str,
    method: Method,
    (article, correction): (&Reply, &str),
    etag: Option<&str>,
) -> Reply {
    let path = format!(
        "/v1/editorial/articles/{}/corrections/{correction}",
        id(article)
    );
    let request = app.request(method.clone(), &path).bearer(token);
    let request = match etag {
        Some(etag) => request.header("if-match", etag),
        None => request,
    };
    match method {
        Method::PATCH => request.json(json!({"text": "Twelve."})).await,
        _ => request.send().await,
    }
}

// Readers of a retracted article

#[apply(both)]
async fn readers_of_a_retracted_article_are_told(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let one = app.patch(&token, &one, json!({"slug": "uno"})).await;
    assert_eq!(app.get("/v1/articles/uno").await.status, 200);
    let input = json!({"reason": "For editors only.", "notice": "The source withdrew."});
    let retracted = app.step(&token, &one, "retract", input).await;
    assert_eq!(retracted.status, 200, "{}", retracted.text);
    assert_eq!(retracted.json["retraction_notice"], "The source withdrew.");
    assert_eq!(retracted.json["retraction_reason"], "For editors only.");
    // The slug that it had, and the one before.
    for slug in ["uno", "one"] {
        let path = format!("/v1/articles/{slug}");
        let gone = app.get(&path).await;
        assert_eq!((gone.status.as_u16(), gone.problem()), (410, "retracted"));
        assert_eq!(gone.json["detail"], "The source withdrew.");
        let retraction = &gone.json["retraction"];
        assert_eq!(retraction["slug"], "uno");
        assert_eq!(retraction["notice"], "The source withdrew.");
        assert_eq!(retraction["retracted_at"], retracted.json["retracted_at"]);
        assert_eq!(retraction["published_at"], retracted.json["published_at"]);
        assert!(!gone.text.contains("editors only") && !gone.text.contains("Headline"));
        // Kept as long as a 404, for everybody.
        assert_eq!(gone.header("cache-control"), "public, max-age=10");
        assert_eq!(gone.header("access-control-allow-origin"), "*");
        assert_eq!(gone.header("surrogate-key"), "articles");
        let head = app.request(Method::HEAD, &path).send().await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (410, ""));
    }
    // What is below its address is not there, and no list has it.
    for path in ["/v1/articles/uno/shares", "/v1/articles/uno/related"] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
    assert_eq!(app.get("/v1/articles").await.slugs(), [""; 0]);
    assert_eq!(app.get("/v1/articles?slugs=uno,one").await.slugs(), [""; 0]);
    assert_eq!(told(&app, "").await, ["retraction The source withdrew."]);
    let entry = &app.get("/v1/corrections").await.json["data"][0];
    assert_eq!(entry["published_at"], retracted.json["retracted_at"]);
    assert_eq!(entry["article"]["slug"], "uno");
    assert_eq!(entry["article"]["headline"], Value::Null);
    // In the trash and back it stays what readers were told.
    let path = format!("/v1/editorial/articles/{}", id(&one));
    let trash = app.request(Method::DELETE, &path).bearer(&token);
    let trashed = trash.header("if-match", &retracted.etag()).send().await;
    assert_eq!(app.get("/v1/articles/uno").await.status, 410);
    let restored = app.step(&token, &trashed, "restore", json!({})).await;
    assert_eq!(restored.json["status"], "retracted");
}

#[apply(both)]
async fn a_retraction_without_a_notice_says_that_there_was_one(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let one = app.step(&token, &one, "unpublish", json!({})).await;
    assert_eq!(app.get("/v1/articles/one").await.status, 404);
    let input = json!({"reason": "For editors only."});
    assert_eq!(app.step(&token, &one, "retract", input).await.status, 200);
    let gone = app.get("/v1/articles/one").await;
    assert_eq!(gone.status, 410);
    assert_eq!(gone.json["detail"], "This article was retracted.");
    assert_eq!(gone.json["retraction"]["notice"], Value::Null);
    assert_eq!(
        told(&app, "").await,
        ["retraction This article was retracted."]
    );
}

#[apply(both)]
async fn what_readers_never_knew_is_retracted_in_silence(app: TestApp) {
    let token = app.newsroom().await;
    let never = app.get("/v1/articles/never-was").await;
    for (slug, publish) in [
        ("scheduled", json!({"published_at": "2999-01-01T00:00:00Z"})),
        (
            "embargoed",
            json!({"embargo_until": "2999-01-01T00:00:00Z"}),
        ),
    ] {
        let draft = app.draft(&token, slug).await;
        let published = app.step(&token, &draft, "publish", publish).await;
        let input = json!({"reason": "Wrong.", "notice": "Wrong."});
        let retracted = app.step(&token, &published, "retract", input).await;
        assert_eq!(retracted.json["status"], "retracted");
        assert_eq!(retracted.json["retracted_at"], Value::Null);
        let gone = app.get(&format!("/v1/articles/{slug}")).await;
        assert_eq!(gone.status, 404);
        assert_eq!(gone.json["detail"], never.json["detail"]);
    }
    assert_eq!(told(&app, "").await, [""; 0]);
}

#[apply(both)]
async fn an_article_that_was_public_once_is_known_whatever_it_was_planned_for_since(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let one = app.step(&token, &one, "unpublish", json!({})).await;
    let later = json!({"published_at": "2999-01-01T00:00:00Z"});
    let one = app.step(&token, &one, "publish", later).await;
    let input = json!({"reason": "Wrong.", "notice": "It was wrong."});
    assert_eq!(app.step(&token, &one, "retract", input).await.status, 200);
    assert_eq!(app.get("/v1/articles/one").await.status, 410);
}

#[apply(both)]
async fn a_notice_is_bounded_plain_text(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    for (input, pointer) in [
        (
            json!({"reason": "x", "notice": "x".repeat(4_001)}),
            "/notice",
        ),
        (json!({"reason": "x", "notice": ""}), "/notice"),
        (json!({"reason": "x", "notice": 1}), "/notice"),
        (json!({"notice": "x"}), "/reason"),
        (
            json!({"reason": "x", "public_reason": "x"}),
            "/public_reason",
        ),
    ] {
        let reply = app.step(&token, &one, "retract", input).await;
        assert_eq!(reply.status, 422, "{}", reply.text);
        assert_eq!(reply.pointers(), [pointer]);
    }
    assert_eq!(app.get("/v1/articles/one").await.status, 200);
}

// Corrections

#[apply(both)]
async fn readers_find_all_corrections_the_newest_first_page_by_page(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let two = app.published(&token, "two").await;
    let one = correct(&app, &token, &one, "First.").await;
    let two = correct(&app, &token, &two, "Second.").await;
    let input = json!({"kind": "update", "text": "Third."});
    let one = app.step(&token, &one, "corrections", input).await;
    let three = app.published(&token, "three").await;
    let input = json!({"reason": "x", "notice": "Fourth."});
    app.step(&token, &three, "retract", input).await;
    let all = [
        "retraction Fourth.",
        "update Third.",
        "correction Second.",
        "correction First.",
    ];
    assert_eq!(told(&app, "").await, all);
    let mut path = "/v1/corrections?limit=1".to_owned();
    let mut walked = Vec::new();
    loop {
        let page = app.get(&path).await;
        walked.extend(page.json["data"].as_array().unwrap().iter().map(|one| {
            format!(
                "{} {}",
                one["kind"].as_str().unwrap(),
                one["text"].as_str().unwrap()
            )
        }));
        match page.json["page"]["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/corrections?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(walked, all);
    let back = app.get(&path).await.json["page"]["prev_cursor"].clone();
    let back = format!("?limit=2&cursor={}", back.as_str().unwrap());
    assert_eq!(told(&app, &back).await, all[1..3]);
    assert_eq!(told(&app, "?kind=update,retraction").await, all[..2]);
    assert_eq!(told(&app, "?kind=retraction").await, all[..1]);
    let list = app.get("/v1/corrections?kind=correction").await;
    assert_eq!(
        list.json["data"][0]["article"]["headline"],
        "Headline of two"
    );
    let after = list.json["data"][0]["published_at"].as_str().unwrap();
    assert_eq!(
        told(&app, &format!("?published_after={after}")).await,
        all[..2]
    );
    for query in [
        "?kind=mistake",
        "?kind=",
        "?since=2020-01-01",
        "?published_after=x",
        "?cursor=x",
    ] {
        assert_eq!(
            app.get(&format!("/v1/corrections{query}")).await.status,
            400,
            "{query}"
        );
    }
    // What is not public any more takes its corrections along, and brings them back.
    let two = app.step(&token, &two, "unpublish", json!({})).await;
    assert_eq!(told(&app, "?kind=correction").await, ["correction First."]);
    app.step(&token, &two, "publish", json!({})).await;
    assert_eq!(told(&app, "").await, all);
    let renamed = app
        .patch(&token, &one, json!({"headline": "Another"}))
        .await;
    assert_eq!(renamed.status, 200);
    let list = app.get("/v1/corrections?kind=update").await;
    assert_eq!(list.json["data"][0]["article"]["headline"], "Another");
}

#[apply(both)]
async fn a_correction_is_changed_and_withdrawn_on_record(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let one = correct(&app, &token, &one, "Eleven.").await;
    let correction = one.json["corrections"][0]["id"].as_str().unwrap();
    let before = app.get("/v1/articles/one").await;
    let place = (&one, correction);
    let unguarded = on_correction(&app, &token, Method::PATCH, place, None).await;
    assert_eq!(unguarded.status, 428);
    let stale = on_correction(&app, &token, Method::PATCH, place, Some("\"v1\"")).await;
    assert_eq!(stale.status, 412);
    let changed = on_correction(&app, &token, Method::PATCH, place, Some(&one.etag())).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let read = app.get("/v1/articles/one").await;
    assert_eq!(read.json["corrections"][0]["text"], "Twelve.");
    assert_ne!(read.etag(), before.etag());
    for member in ["id", "kind", "published_at"] {
        assert_eq!(
            read.json["corrections"][0][member],
            before.json["corrections"][0][member]
        );
    }
    assert_eq!(told(&app, "").await, ["correction Twelve."]);
    // The same again changes nothing.
    let again = on_correction(&app, &token, Method::PATCH, place, Some(&changed.etag())).await;
    assert_eq!(again.etag(), changed.etag());
    let gone = on_correction(&app, &token, Method::DELETE, place, Some(&changed.etag())).await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    assert_eq!(
        app.get("/v1/articles/one").await.json["corrections"],
        json!([])
    );
    assert_eq!(told(&app, "").await, [""; 0]);
    let nothing = on_correction(&app, &token, Method::DELETE, place, Some(&gone.etag())).await;
    assert_eq!(nothing.status, 404);
    for (kind, text) in [
        ("article_correction_changed", "Eleven."),
        ("article_correction_withdrawn", "Twelve."),
    ] {
        let entries = logged(&app, kind).await;
        let [(slug, seen, detail)] = &entries[..] else {
            panic!("{entries:?}");
        };
        assert_eq!((slug.as_str(), seen.as_deref()), ("one", Some("changed")));
        assert_eq!(detail["correction"]["text"], text);
        assert_eq!(detail["correction"]["id"], correction);
    }
}

#[apply(both)]
async fn a_correction_belongs_to_its_article(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let two = app.published(&token, "two").await;
    let one = correct(&app, &token, &one, "Eleven.").await;
    let correction = one.json["corrections"][0]["id"].as_str().unwrap();
    for method in [Method::PATCH, Method::DELETE] {
        for part in [correction, "none"] {
            let reply = on_correction(&app, &token, method.clone(), (&two, part), Some("*")).await;
            assert_eq!(reply.status, 404, "{}", reply.text);
        }
    }
    assert_eq!(told(&app, "").await, ["correction Eleven."]);
}

// Expiry

#[apply(both)]
async fn an_article_ends_by_the_clock_everywhere_at_once(app: TestApp) {
    let token = app.newsroom().await;
    let mut clock = SettableClock::install(&app).await;
    app.published(&token, "stays").await;
    let draft = app.draft(&token, "ends").await;
    let end = json!({"unpublish_at": clock.in_hours(2)});
    let ends = app.step(&token, &draft, "publish", end).await;
    assert_eq!(ends.status, 200, "{}", ends.text);
    assert_eq!(ends.json["unpublish_at"], clock.in_hours(2));
    let ends = correct(&app, &token, &ends, "Eleven.").await;
    let home =
        json!({"title": "Home", "slots": [{"article": ends.json["id"]}], "fill": {"limit": 5}});
    let put = app.request(Method::PUT, "/v1/editorial/collections/home");
    assert_eq!(put.bearer(&token).json(home).await.status, 201);
    let lists = [
        "/v1/articles",
        "/v1/articles?tag=climate",
        "/v1/articles?author=alex-writer",
        "/v1/articles?section=world",
        "/v1/articles?q=headline",
        "/v1/articles?sort=-shares",
        "/v1/articles/stays/related",
        "/v1/collections/home",
        "/v1/corrections",
    ];
    let mentions = async |path: &str| app.get(path).await.text.contains("Headline of ends");
    for path in lists {
        assert!(mentions(path).await, "{path}");
    }
    let count = async |path: &str| {
        let reply = app.get(path).await;
        let total = reply.json["page"]["total"].as_i64();
        total.or(reply.json["article_count"].as_i64()).unwrap()
    };
    let counts = [
        "/v1/articles?count=true",
        "/v1/articles?q=headline&count=true",
        "/v1/tags/climate",
        "/v1/authors/alex-writer",
    ];
    for path in counts {
        assert_eq!(count(path).await, 2, "{path}");
    }
    assert_eq!(app.get("/v1/articles/ends").await.status, 200);
    assert_eq!(app.get("/v1/articles/ends/shares").await.status, 200);
    // A second before it ends it is all there.
    clock
        .advance_by(&app, std::time::Duration::from_secs(2 * 3600 - 1))
        .await;
    assert_eq!(app.get("/v1/articles/ends").await.status, 200);
    clock
        .advance_by(&app, std::time::Duration::from_secs(1))
        .await;
    // Nothing was written, before and after the server has taken it back.
    for recorded in [false, true] {
        assert_eq!(app.get("/v1/articles/ends").await.status, 404, "{recorded}");
        assert_eq!(app.get("/v1/articles/ends/shares").await.status, 404);
        for path in lists {
            assert!(!mentions(path).await, "{path} {recorded}");
        }
        for path in counts {
            assert_eq!(count(path).await, 1, "{path} {recorded}");
        }
        let share = app.request(Method::POST, "/v1/articles/ends/shares");
        assert_eq!(share.json(json!({"network": "x"})).await.status, 404);
        if !recorded {
            record(&app).await;
        }
    }
    let path = format!("/v1/editorial/articles/{}", id(&ends));
    let read = app.request(Method::GET, &path).bearer(&token).send().await;
    assert_eq!(read.json["status"], "unpublished");
    assert_eq!(read.json["is_public"], false);
    assert_eq!(read.json["unpublish_at"], ends.json["unpublish_at"]);
    // Published again, it does not end at once.
    let again = app.step(&token, &read, "publish", json!({})).await;
    assert_eq!(again.json["published_at"], ends.json["published_at"]);
}

/// What the job does when its time has come.
pub async fn record(app: &TestApp) {
    let writer = Writer::new(app.database.clone(), dateline::projections::ALL);
    loop {
        let work = expiry::follow_the_clock;
        let done = writer.change(Origin::SYSTEM, work, |_, count| Ok(count));
        if done.await.unwrap() == 0 {
            return;
        }
    }
}

/// The seconds that a directive of `Cache-Control` says.
fn seconds(reply: &Reply, directive: &str) -> Option<u64> {
    let mut directives = reply.header("cache-control").split(", ");
    let found = directives.find_map(|part| part.strip_prefix(directive)?.strip_prefix('='));
    found.map(|seconds| seconds.parse().unwrap())
}

#[apply(both)]
async fn no_cache_keeps_an_article_beyond_its_end(app: TestApp) {
    let token = app.newsroom().await;
    let mut clock = SettableClock::install(&app).await;
    let draft = app.draft(&token, "ends").await;
    let end = json!({"unpublish_at": clock.in_hours(1)});
    assert_eq!(app.step(&token, &draft, "publish", end).await.status, 200);
    clock
        .advance_by(&app, std::time::Duration::from_secs(3600 - 4))
        .await;
    for path in [
        "/v1/articles/ends",
        "/v1/articles/ends?include=shares",
        "/v1/articles/ends/shares",
        "/v1/articles",
        "/v1/corrections",
        "/v1/trending",
    ] {
        for kept in [false, true] {
            let reply = app.get(path).await;
            assert_eq!(reply.status, 200, "{path}");
            let said = reply.header("cache-control");
            assert!(
                seconds(&reply, "max-age").unwrap() <= 4,
                "{path} {kept}: {said}"
            );
            assert_eq!(
                seconds(&reply, "stale-while-revalidate"),
                None,
                "{path}: {said}"
            );
        }
    }
}

#[apply(both)]
async fn that_an_article_has_expired_is_recorded_once(app: TestApp) {
    let token = app.newsroom().await;
    // Two processes wait for it. The clock stands still until it is public, however long that takes.
    let other = app.another_process().await;
    let mut clock = SettableClock::install(&app).await;
    let draft = app.draft(&token, "ends").await;
    let end = json!({"unpublish_at": clock.in_hours(1)});
    assert_eq!(app.step(&token, &draft, "publish", end).await.status, 200);
    clock.advance(&app, 2).await;
    // Who waits an hour by the clock asks again when something is scheduled.
    let later = clock.in_hours(100);
    app.published_at(&token, "later", &later).await;
    let mut left = 1_000;
    while logged(&app, "article_expired").await.is_empty() {
        left -= 1;
        assert!(left > 0, "it never expired");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(app.get("/v1/articles/ends").await.status, 404);
    drop(other);
    record(&app).await;
    let entries = logged(&app, "article_expired").await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].1.as_deref(), Some("disappeared"));
}

#[apply(both)]
async fn what_appeared_and_ended_in_a_downtime_is_recorded_in_that_order(app: TestApp) {
    let token = app.newsroom().await;
    let mut clock = SettableClock::install(&app).await;
    for (slug, from, until) in [("one", 1, 3), ("two", 2, 4)] {
        let draft = app.draft(&token, slug).await;
        let times =
            json!({"published_at": clock.in_hours(from), "unpublish_at": clock.in_hours(until)});
        assert_eq!(app.step(&token, &draft, "publish", times).await.status, 200);
    }
    clock.advance(&app, 5).await;
    record(&app).await;
    let entries = app
        .database
        .read(|connection| log::after(connection, 0, 10_000));
    let entries: Vec<(String, String)> = (entries.await.unwrap().into_iter())
        .filter(|entry| ["article_appeared", "article_expired"].contains(&entry.kind.as_str()))
        .map(|entry| (entry.kind, entry.slug))
        .collect();
    let expected = [
        ("article_appeared", "one"),
        ("article_appeared", "two"),
        ("article_expired", "one"),
        ("article_expired", "two"),
    ];
    let expected = expected.map(|(kind, slug)| (kind.to_owned(), slug.to_owned()));
    assert_eq!(entries, expected);
}

#[apply(both)]
async fn an_end_is_set_moved_and_taken_back(app: TestApp) {
    let token = app.newsroom().await;
    let far = "2999-01-01T00:00:00.000Z";
    let mut input = crate::harness::article("one");
    input["status"] = json!("published");
    input["unpublish_at"] = json!(far);
    let one = app.create(&token, "/v1/editorial/articles", input).await;
    assert_eq!(one.json["unpublish_at"], far);
    let public = app.get("/v1/articles/one").await;
    for (patch, expected) in [
        (
            json!({"unpublish_at": "2998-01-01T00:00:00Z"}),
            json!("2998-01-01T00:00:00.000Z"),
        ),
        (
            json!({"headline": "Another"}),
            json!("2998-01-01T00:00:00.000Z"),
        ),
        (json!({"unpublish_at": null}), Value::Null),
        (json!({"unpublish_at": far, "slug": "uno"}), json!(far)),
    ] {
        let path = format!("/v1/editorial/articles/{}", id(&one));
        let read = app.request(Method::GET, &path).bearer(&token).send().await;
        let changed = app.patch(&token, &read, patch.clone()).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        assert_eq!(changed.json["unpublish_at"], expected);
        // The same again changes nothing.
        let again = app.patch(&token, &changed, patch).await;
        assert_eq!(again.etag(), changed.etag());
    }
    assert_eq!(public.json.get("unpublish_at"), None);
    let path = format!("/v1/editorial/articles/{}", id(&one));
    let read = app.request(Method::GET, &path).bearer(&token).send().await;
    // Kept where nothing is said of it, taken back by null.
    let kept = app.step(&token, &read, "publish", json!({})).await;
    assert_eq!(kept.json["unpublish_at"], far);
    let without = app
        .step(&token, &kept, "publish", json!({"unpublish_at": null}))
        .await;
    assert_eq!(without.json["unpublish_at"], Value::Null);
}

#[apply(both)]
async fn an_end_that_comes_too_early_is_refused(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "one").await;
    let too_early = [
        json!({"unpublish_at": "2020-01-01T00:00:00Z"}),
        json!({"published_at": "2998-01-01T00:00:00Z", "unpublish_at": "2997-01-01T00:00:00Z"}),
        json!({"published_at": "2998-01-01T00:00:00Z", "unpublish_at": "2998-01-01T00:00:00Z"}),
        json!({"embargo_until": "2998-01-01T00:00:00Z", "unpublish_at": "2997-01-01T00:00:00Z"}),
        json!({"published_at": "2010-01-01T00:00:00Z", "unpublish_at": "2011-01-01T00:00:00Z"}),
        json!({"unpublish_at": "tomorrow"}),
    ];
    for times in too_early {
        let reply = app.step(&token, &draft, "publish", times.clone()).await;
        assert_eq!(reply.status, 422, "{times}: {}", reply.text);
        assert_eq!(reply.pointers(), ["/unpublish_at"], "{times}");
        let mut created = crate::harness::article("two");
        created["status"] = json!("published");
        created
            .as_object_mut()
            .unwrap()
            .extend(times.as_object().unwrap().clone());
        let request = app
            .request(Method::POST, "/v1/editorial/articles")
            .bearer(&token);
        let reply = request.json(created).await;
        assert_eq!(reply.status, 422, "{times}: {}", reply.text);
        assert_eq!(reply.pointers(), ["/unpublish_at"], "{times}");
    }
    let end = json!({"unpublish_at": "2998-01-01T00:00:00Z"});
    let reply = app.patch(&token, &draft, end.clone()).await;
    assert_eq!(
        (reply.status.as_u16(), reply.pointers()),
        (422, vec!["/unpublish_at"])
    );
    let mut created = crate::harness::article("two");
    created["unpublish_at"] = json!("2998-01-01T00:00:00Z");
    let request = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token);
    assert_eq!(request.json(created).await.status, 422);
    let published = app.step(&token, &draft, "publish", end).await;
    assert_eq!(published.status, 200, "{}", published.text);
    for at in ["2020-01-01T00:00:00Z", "tomorrow"] {
        let reply = app
            .patch(&token, &published, json!({"unpublish_at": at}))
            .await;
        assert_eq!(
            (reply.status.as_u16(), reply.pointers()),
            (422, vec!["/unpublish_at"])
        );
    }
    // One that is kept may be too early for another time of publication.
    let later = json!({"published_at": "2999-01-01T00:00:00Z"});
    let reply = app.step(&token, &published, "publish", later).await;
    assert_eq!(
        (reply.status.as_u16(), reply.pointers()),
        (422, vec!["/unpublish_at"])
    );
}

// Embargo

#[apply(both)]
async fn an_embargo_without_a_time_sorts_the_story_where_it_appears(app: TestApp) {
    let token = app.newsroom().await;
    let mut clock = SettableClock::install(&app).await;
    let draft = app.draft(&token, "embargoed").await;
    let end = clock.in_hours(3);
    let input = json!({"embargo_until": end});
    let embargoed = app.step(&token, &draft, "publish", input).await;
    assert_eq!(embargoed.json["published_at"], end);
    let between = clock.in_hours(1);
    app.published_at(&token, "between", &between).await;
    clock.advance(&app, 4).await;
    assert_eq!(
        app.get("/v1/articles").await.slugs(),
        ["embargoed", "between"]
    );
    assert_eq!(
        app.get("/v1/articles/embargoed").await.json["published_at"],
        end
    );
    // A time that is given is kept, and an embargo that is lifted before its end counts for nothing.
    let draft = app.draft(&token, "dated").await;
    let input =
        json!({"embargo_until": "2999-01-01T00:00:00Z", "published_at": "2020-01-01T00:00:00Z"});
    let dated = app.step(&token, &draft, "publish", input).await;
    assert_eq!(dated.json["published_at"], "2020-01-01T00:00:00.000Z");
    let draft = app.draft(&token, "lifted").await;
    let input = json!({"embargo_until": "2999-01-01T00:00:00Z"});
    let lifted = app.step(&token, &draft, "publish", input).await;
    assert_eq!(lifted.json["published_at"], "2999-01-01T00:00:00.000Z");
    let lifted = app
        .step(&token, &lifted, "publish", json!({"embargo_until": null}))
        .await;
    assert_eq!(lifted.json["is_public"], true);
}
