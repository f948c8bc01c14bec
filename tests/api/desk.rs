//! The desk at a glance, and who edits what.

use dateline::articles::desk::model::FailureReason;
use dateline::articles::store::desk;
use dateline::auth::model::{Right, Role};
use dateline::events::log;
use diesel::connection::SimpleConnection;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp};
use crate::one_call::{ARTICLES, id, read};

const DESK: &str = "/v1/editorial/desk";

fn lock_of(article: &Reply) -> String {
    format!("{ARTICLES}/{}/lock", id(article))
}

async fn lock(app: &TestApp, token: &str, path: &str, body: Value) -> Reply {
    app.request(Method::PUT, path)
        .bearer(token)
        .json(body)
        .await
}

async fn release(app: &TestApp, token: &str, path: &str) -> Reply {
    app.request(Method::DELETE, path).bearer(token).send().await
}

/// The time of all locks is over.
async fn let_locks_run_out(app: &TestApp) {
    app.execute("UPDATE article_locks SET expires_at = '2026-01-01T00:00:00.000Z'")
        .await;
}

/// How many seconds a lock lasts.
fn seconds(lock: &Value) -> i64 {
    let at = |name: &str| {
        lock[name]
            .as_str()
            .unwrap()
            .parse::<dateline::db::Timestamp>()
            .unwrap()
    };
    (at("until").utc() - at("since").utc()).num_seconds()
}

#[apply(both)]
async fn a_lock_says_who_edits_and_keeps_nobody_from_writing(app: TestApp) {
    let token = app.newsroom().await;
    let first = app.user("first@example.com", Role::Editor).await;
    let second = app.user("second@example.com", Role::Editor).await;
    let article = app.draft(&token, "one").await;
    assert_eq!(article.json["lock"], Value::Null);
    let path = lock_of(&article);
    assert_eq!(read(&app, &first, &path).await.json, json!({"lock": null}));

    let taken = app.request(Method::PUT, &path).bearer(&first).send().await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    assert_eq!(taken.header("cache-control"), "no-store, no-transform");
    assert_eq!(seconds(&taken.json), 300);
    let person = &taken.json["person"];
    assert_eq!(
        (&person["kind"], &person["name"]),
        (&json!("user"), &json!("Test"))
    );
    // Everybody is told.
    let shown = read(&app, &second, &format!("{ARTICLES}/{}", id(&article))).await;
    assert_eq!(shown.json["lock"], taken.json);
    assert_eq!(shown.etag(), article.etag());
    let listed = read(&app, &second, &format!("{ARTICLES}?slug=one")).await;
    assert_eq!(listed.json["data"][0]["lock"], taken.json);
    assert_eq!(read(&app, &second, &path).await.json["lock"], taken.json);

    let refused = lock(&app, &second, &path, json!({"seconds": 60})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (409, "locked")
    );
    assert_eq!(refused.json["lock"], taken.json);
    assert_eq!(release(&app, &second, &path).await.problem(), "locked");
    // It is advice: writing goes on.
    let patched = app
        .patch(&second, &article, json!({"headline": "Another"}))
        .await;
    assert_eq!(patched.status, 200, "{}", patched.text);
    assert_eq!(patched.json["lock"], taken.json);

    let renewed = lock(&app, &first, &path, json!({"seconds": 3600})).await;
    assert_eq!(renewed.json["since"], taken.json["since"]);
    assert!(renewed.json["until"].as_str() > taken.json["until"].as_str());
    let without_content = lock(&app, &first, &path, Value::Null).await;
    assert_eq!(without_content.json["since"], taken.json["since"]);

    assert_eq!(release(&app, &first, &path).await.status, 204);
    assert_eq!(release(&app, &first, &path).await.status, 204);
    let taken = lock(&app, &second, &path, json!({})).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    // Nothing of it is on record, and no version of the article came of it.
    let entries = app
        .database
        .read(|connection| log::after(connection, 0, 1_000));
    let kinds: Vec<String> = entries
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.kind)
        .collect();
    assert!(kinds.iter().all(|kind| !kind.contains("lock")), "{kinds:?}");
}

#[apply(both)]
async fn a_lock_runs_out(app: TestApp) {
    let token = app.newsroom().await;
    let first = app.user("first@example.com", Role::Editor).await;
    let second = app.user("second@example.com", Role::Author).await;
    let article = app.draft(&second, "one").await;
    let path = lock_of(&article);
    let taken = lock(&app, &first, &path, json!({})).await;
    assert_eq!(lock(&app, &second, &path, json!({})).await.status, 409);
    let_locks_run_out(&app).await;
    assert_eq!(read(&app, &first, &path).await.json, json!({"lock": null}));
    assert_eq!(read(&app, &token, DESK).await.json["locked"], json!([]));
    let again = lock(&app, &second, &path, json!({})).await;
    assert_eq!(again.status, 200, "{}", again.text);
    // One's own begins anew as well.
    let_locks_run_out(&app).await;
    let anew = lock(&app, &second, &path, json!({})).await;
    assert_eq!(seconds(&anew.json), 300);
    let_locks_run_out(&app).await;
    let counted = app.database.write(|connection| {
        dateline::articles::store::locks::forget_expired(connection)?;
        Ok(diesel::RunQueryDsl::execute(
            diesel::sql_query("UPDATE article_locks SET holder_kind = holder_kind"),
            connection,
        )?)
    });
    assert_eq!(counted.await.unwrap(), 0);
    assert_eq!(taken.status, 200);
}

#[apply(both)]
async fn a_lock_is_taken_over_on_record(app: TestApp) {
    let token = app.newsroom().await;
    let author = app.user("author@example.com", Role::Author).await;
    let editor = app.user("editor@example.com", Role::Editor).await;
    let article = app.draft(&author, "one").await;
    let path = lock_of(&article);
    let over = format!("{path}?take=true");
    let taken = lock(&app, &author, &path, json!({})).await;
    let author_id = taken.json["person"]["id"].clone();
    let by_editor = lock(&app, &editor, &over, json!({})).await;
    assert_eq!(by_editor.status, 200, "{}", by_editor.text);
    assert_ne!(by_editor.json["person"]["id"], author_id);
    // Who cannot publish takes nothing over, not even what is free.
    let refused = lock(&app, &author, &over, json!({})).await;
    assert_eq!(refused.problem(), "forbidden");
    assert_eq!(
        lock(&app, &author, &path, json!({})).await.problem(),
        "locked"
    );
    // A tool is named by its token. Renewing one's own is no taking over.
    let by_tool = lock(&app, &token, &over, json!({})).await;
    let person = &by_tool.json["person"];
    assert_eq!(
        (&person["kind"], &person["name"]),
        (&json!("token"), &json!("test"))
    );
    assert_eq!(lock(&app, &token, &over, json!({})).await.status, 200);
    let entries = app
        .database
        .read(|connection| log::after(connection, 0, 1_000));
    let mut taken = entries.await.unwrap();
    taken.retain(|entry| entry.kind == "article_lock_taken");
    assert_eq!(taken.len(), 2);
    let first: Value = serde_json::from_str(&taken[0].detail).unwrap();
    assert_eq!(first["from"], json!({"kind": "user", "id": author_id}));
    assert_eq!(
        (taken[0].resource.as_str(), taken[0].slug.as_str()),
        ("article", "one")
    );
    let asked = read(
        &app,
        &token,
        "/v1/editorial/audit?kind=article_lock_taken&resource=article:one",
    )
    .await;
    assert_eq!(
        asked.json["data"].as_array().unwrap().len(),
        2,
        "{}",
        asked.text
    );
}

#[apply(both)]
async fn who_may_lock_what(app: TestApp) {
    let token = app.newsroom().await;
    let viewer = app.user("viewer@example.com", Role::Viewer).await;
    let author = app.user("author@example.com", Role::Author).await;
    let reads = app.tool_with(&[Right::ArticlesRead]).await;
    let writes = app.tool_with(&[Right::ArticlesWrite]).await;
    let foreign = app.draft(&token, "foreign").await;
    let own = app.draft(&author, "own").await;
    for (caller, article, reading, locking) in [
        (&viewer, &foreign, 200, 403),
        (&author, &foreign, 404, 404),
        (&author, &own, 200, 200),
        (&reads, &foreign, 200, 403),
        (&writes, &foreign, 403, 200),
    ] {
        let path = lock_of(article);
        assert_eq!(read(&app, caller, &path).await.status, reading, "{path}");
        assert_eq!(
            lock(&app, caller, &path, json!({})).await.status,
            locking,
            "{path}"
        );
        let released = release(&app, caller, &path).await.status.as_u16();
        assert_eq!(
            released,
            if locking == 200 { 204 } else { locking },
            "{path}"
        );
    }
    let path = lock_of(&foreign);
    for (wrong, status) in [
        (json!({"seconds": 59}), 422),
        (json!({"seconds": 3601}), 422),
        (json!({"seconds": "60"}), 422),
        (json!({"second": 60}), 422),
        (json!([]), 422),
    ] {
        let reply = lock(&app, &token, &path, wrong.clone()).await;
        assert_eq!(reply.status, status, "{wrong}");
    }
    for path in [
        format!("{ARTICLES}/019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11/lock"),
        format!("{ARTICLES}/x/lock"),
    ] {
        assert_eq!(
            lock(&app, &token, &path, json!({})).await.status,
            404,
            "{path}"
        );
        assert_eq!(read(&app, &token, &path).await.status, 404, "{path}");
        assert_eq!(release(&app, &token, &path).await.status, 404, "{path}");
    }
    assert_eq!(app.get(&path).await.status, 401);
}

#[apply(both)]
async fn of_two_who_lock_at_once_one_does(app: TestApp) {
    let token = app.newsroom().await;
    let tools = [
        app.tool().await,
        app.tool().await,
        app.tool().await,
        app.tool().await,
    ];
    for round in 0..5 {
        let article = app.draft(&token, &format!("n{round}")).await;
        let path = lock_of(&article);
        let asked = tools.iter().map(|tool| lock(&app, tool, &path, json!({})));
        let replies = futures_util::future::join_all(asked).await;
        let statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
        let taken = statuses.iter().filter(|status| **status == 200).count();
        assert_eq!(taken, 1, "{statuses:?}");
        assert!(
            statuses.iter().all(|status| [200, 409].contains(status)),
            "{statuses:?}"
        );
    }
}

fn counts(desk: &Reply) -> Vec<(&str, i64)> {
    let all = desk.json["counts"].as_array().unwrap();
    let counted = all.iter().map(|count| {
        assert_eq!(count["total_is"], "exact");
        (
            count["status"].as_str().unwrap(),
            count["total"].as_i64().unwrap(),
        )
    });
    counted.filter(|(_, total)| *total > 0).collect()
}

fn in_hours(hours: i64) -> String {
    let now = dateline::db::Timestamp::now();
    now.plus(chrono::Duration::hours(hours)).to_string()
}

#[apply(both)]
async fn the_desk_shows_what_is_there_and_what_is_due(app: TestApp) {
    let token = app.newsroom().await;
    let author = app.user("author@example.com", Role::Author).await;
    let viewer = app.user("viewer@example.com", Role::Viewer).await;
    let empty = read(&app, &viewer, DESK).await;
    assert_eq!(empty.status, 200, "{}", empty.text);
    assert_eq!(empty.header("cache-control"), "no-store, no-transform");
    assert_eq!(empty.json["counts"].as_array().unwrap().len(), 6);
    assert_eq!(counts(&empty), []);
    for list in ["due", "failed", "locked"] {
        assert_eq!(empty.json[list], json!([]), "{list}");
        assert_eq!(empty.json[format!("has_more_{list}")], false, "{list}");
    }

    app.draft(&token, "draft").await;
    let own = app.draft(&author, "own").await;
    app.published(&token, "live").await;
    app.published_at(&token, "far", "2090-01-01T00:00:00Z")
        .await;
    app.published_at(&token, "soon", &in_hours(20)).await;
    let embargo = json!({"published_at": "2026-01-01T00:00:00Z", "embargo_until": in_hours(10)});
    let embargoed = app.draft(&token, "embargoed").await;
    app.step(&token, &embargoed, "publish", embargo).await;
    let ends = json!({"published_at": in_hours(2), "unpublish_at": in_hours(4)});
    let of_author = app.draft(&author, "ends").await;
    app.step(&token, &of_author, "publish", ends).await;
    let gone = app.draft(&token, "gone").await;
    let request = app.request(Method::DELETE, &format!("{ARTICLES}/{}", id(&gone)));
    request.bearer(&token).header("if-match", "*").send().await;
    let locked = lock(&app, &author, &lock_of(&own), json!({})).await;
    lock(&app, &token, &lock_of(&embargoed), json!({})).await;

    let desk = read(&app, &viewer, DESK).await;
    assert_eq!(
        counts(&desk),
        [("draft", 2), ("published", 5), ("trashed", 1)]
    );
    let due = |desk: &Reply| -> Vec<(String, String)> {
        let all = desk.json["due"].as_array().unwrap().iter();
        all.map(|due| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&due["article"]["slug"]), text(&due["change"]))
        })
        .collect()
    };
    let expected = [
        ("ends", "appears"),
        ("ends", "expires"),
        ("embargoed", "appears"),
        ("soon", "appears"),
    ];
    assert_eq!(
        due(&desk),
        expected.map(|(slug, what)| (slug.to_owned(), what.to_owned()))
    );
    let first = &desk.json["due"][0];
    assert_eq!(first["article"]["headline"], "Headline of ends");
    assert_eq!(first["article"]["id"], of_author.json["id"]);
    let holders: Vec<&Value> = desk.json["locked"].as_array().unwrap().iter().collect();
    assert_eq!(holders.len(), 2);
    assert_eq!(holders[0]["article"]["slug"], "own");
    assert_eq!(holders[0]["lock"], locked.json);
    assert_eq!(holders[1]["lock"]["person"]["kind"], "token");

    // Authors see what is about their own.
    let desk = read(&app, &author, DESK).await;
    assert_eq!(counts(&desk), [("draft", 1), ("published", 1)]);
    assert_eq!(due(&desk).len(), 2);
    assert_eq!(desk.json["locked"].as_array().unwrap().len(), 1);
    let writes = app.tool_with(&[Right::ArticlesWrite]).await;
    assert_eq!(read(&app, &writes, DESK).await.status, 403);
    assert_eq!(
        read(&app, &token, &format!("{DESK}?limit=2")).await.status,
        400
    );
}

// Read in the transaction that makes it so: the server puts it right at once.
#[apply(both)]
async fn the_desk_shows_what_has_failed(app: TestApp) {
    let token = app.newsroom().await;
    let ends = json!({"unpublish_at": "2099-01-01T00:00:00Z"});
    let article = app.draft(&token, "ends").await;
    app.step(&token, &article, "publish", ends).await;
    app.published_at(&token, "later", "2099-01-01T00:00:00Z")
        .await;
    let failed = app.database.write(|connection| {
        connection.batch_execute(
            "UPDATE articles SET unpublish_at = '2026-01-02T00:00:00.000Z' WHERE slug = 'ends'; \
             UPDATE appearances SET due_at = '2026-01-01T00:00:00.000Z'",
        )?;
        desk::read(connection, None)
    });
    let failed = failed.await.unwrap().failed;
    let reasons: Vec<_> = failed
        .iter()
        .map(|one| (one.article.slug.as_str(), one.reason))
        .collect();
    assert_eq!(
        reasons,
        [
            ("later", FailureReason::NotAnnounced),
            ("ends", FailureReason::NotTakenBack)
        ]
    );
}

#[apply(both)]
async fn the_desk_takes_few_statements(app: TestApp) {
    let token = app.newsroom().await;
    for number in 0..12 {
        let slug = format!("n{number}");
        let article = app.published_at(&token, &slug, &in_hours(1 + number)).await;
        lock(&app, &token, &lock_of(&article), json!({})).await;
    }
    let mut statements = u64::MAX;
    for _ in 0..5 {
        let queries = app.database.queries();
        let before = queries.get();
        read(&app, &token, DESK).await;
        statements = statements.min(queries.get() - before);
    }
    // The token, what there is, what is due, what has failed, who edits, and what has expired.
    assert!(statements <= 6, "{statements}");
}
