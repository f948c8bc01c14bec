//! Who did what: the audit trail over HTTP, its hash chain, and what tampering with it looks like.

use std::sync::{Arc, Mutex};

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use dateline::audit::filter::{AuditFilter, AuditSort, ByActor, ToResource};
use dateline::audit::kinds::EventKind;
use dateline::audit::store;
use dateline::audit::verify::{Break, Kept, Verified, verify};
use dateline::auth::model::{Right, Role};
use dateline::db::keyset::KeysetBound;
use dateline::db::{Connection, Id, StoreError, StoreResult};
use dateline::events::chain::{self, Content, Hash};
use dateline::events::log;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Binary, Text};

use crate::both;
use crate::harness::{On, Reply, TestApp};
use crate::process::{Place, text};
use crate::storage::{plan, recorded};

const AUDIT: &str = "/v1/editorial/audit";

async fn read(app: &TestApp, token: &str, path: &str) -> Reply {
    app.request(Method::GET, path).bearer(token).send().await
}

async fn list(app: &TestApp, token: &str, query: &str) -> Vec<Value> {
    let reply = read(app, token, &format!("{AUDIT}?limit=100&{query}")).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text);
    assert_eq!(reply.header("cache-control"), "no-store, no-transform");
    reply.json["data"].as_array().unwrap().clone()
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    let kinds = entries.iter().map(|entry| entry["kind"].as_str().unwrap());
    kinds.collect()
}

pub async fn verified(app: &TestApp, kept: &'static [Kept]) -> Verified {
    let read = app
        .database
        .read(move |connection| verify(connection, 1, kept, |_| ()));
    read.await.unwrap()
}

/// What is found after something was done to the log, which is undone afterwards.
async fn found_after(
    app: &TestApp,
    kept: Vec<Kept>,
    tamper: impl FnOnce(&mut Connection) -> StoreResult<()> + Clone + Send + 'static,
) -> Vec<Break> {
    let found = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&found);
    let undone: StoreResult<()> = app
        .database
        .write(move |connection| {
            tamper(connection)?;
            *told.lock().unwrap() = verify(connection, 1, &kept, |_| ())?.breaks;
            Err(StoreError::NotFound)
        })
        .await;
    assert!(matches!(undone, Err(StoreError::NotFound)), "{undone:?}");
    Arc::try_unwrap(found).unwrap().into_inner().unwrap()
}

fn execute(connection: &mut Connection, sql: &str) -> StoreResult<()> {
    Ok(connection.batch_execute(sql)?)
}

/// Makes the hashes of entries anew, each fitting the one before, as somebody does who knows how.
fn rehash(connection: &mut Connection, from: i64, to: i64) -> StoreResult<()> {
    let mut previous = log::after(connection, from - 2, 1)?[0]
        .hash
        .clone()
        .unwrap();
    for entry in log::after(connection, from - 1, to - from + 1)? {
        let before = Hash::stored(&previous).unwrap();
        let hash = chain::hash(&before, entry.sequence, &Content::of(&entry).canonical());
        diesel::sql_query("UPDATE events SET previous_hash = $1, hash = $2 WHERE sequence = $3")
            .bind::<Binary, _>(previous)
            .bind::<Binary, _>(hash.bytes())
            .bind::<BigInt, _>(entry.sequence)
            .execute(connection)?;
        previous = hash.bytes().to_vec();
    }
    Ok(())
}

#[apply(both)]
async fn each_entry_is_hashed_with_the_one_before(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let entries = app
        .database
        .read(|connection| log::after(connection, 0, 1_000))
        .await
        .unwrap();
    assert_eq!(entries.len(), 7);
    let mut previous = Hash::GENESIS;
    for entry in &entries {
        assert_eq!(entry.previous_hash.as_deref(), Some(previous.bytes()));
        let hash = chain::hash(&previous, entry.sequence, &Content::of(entry).canonical());
        assert_eq!(entry.hash.as_deref(), Some(hash.bytes()));
        previous = hash;
    }
    let verified = verified(&app, &[]).await;
    assert_eq!((verified.entries, verified.found), (7, 0));
    assert_eq!(verified.head.hash, Some(previous));
    assert_eq!(verified.head.numbered, 7);
}

#[apply(both)]
async fn two_processes_write_one_chain(app: TestApp) {
    let token = app.newsroom().await;
    let other = app.another_process().await;
    let writers = (0..6).map(|writer| {
        let (app, token) = (if writer % 2 == 0 { &app } else { &other }, &token);
        async move {
            for number in 0..10 {
                app.published(token, &format!("by-{writer}-{number}")).await;
            }
        }
    });
    futures_util::future::join_all(writers).await;
    let verified = verified(&app, &[]).await;
    assert_eq!(verified.breaks, []);
    assert_eq!(verified.entries, 5 + 6 * 10 * 2);
}

fn killed(on: On) {
    let place = Place::new(on);
    let issue = ["token", "issue", "--name", "tool", "--scope", "tags:write"];
    let issued = place.run(&issue, "");
    assert!(issued.status.success(), "{}", text(&issued.stderr));
    let token = text(&issued.stdout);
    for round in 0..2 {
        let mut server = place.serve();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let (server, token) = (&server, token.trim());
                scope.spawn(move || {
                    for number in 0..1_000 {
                        let body = json!({"name": format!("Tag {round} {writer} {number}")});
                        let body = body.to_string();
                        let sent = server.send("POST", "/v1/editorial/tags", token, &body);
                        if sent.is_none() {
                            break;
                        }
                    }
                });
            }
            let reached = |place: &Place| {
                let head = place.run(&["audit", "head"], "");
                let head = text(&head.stdout);
                let number = head.split_once(':').map(|(number, _)| number.to_owned());
                number
                    .and_then(|number| number.parse::<i64>().ok())
                    .unwrap_or(0)
            };
            while reached(&place) < 20 * (round + 1) {}
            let pid = server.child.id().to_string();
            let told = std::process::Command::new("kill")
                .args(["-9", &pid])
                .status();
            assert!(told.unwrap().success());
        });
        let _ = server.child.wait();
        let checked = place.run(&["audit", "verify"], "");
        assert!(checked.status.success(), "{}", text(&checked.stdout));
        assert!(text(&checked.stdout).contains("the chain holds"));
    }
}

#[test]
fn a_server_that_is_killed_leaves_a_chain_that_holds_on_sqlite() {
    killed(On::Sqlite);
}

#[test]
fn a_server_that_is_killed_leaves_a_chain_that_holds_on_postgres() {
    killed(On::Postgres);
}

#[apply(both)]
async fn tampering_is_found_where_it_was_done(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    app.published(&token, "two").await;
    const LAST: i64 = 9;
    let head = app.database.read(log::head).await.unwrap();
    assert_eq!(head.sequence, LAST);
    let kept = || {
        let hash = head.hash.unwrap();
        vec![Kept {
            sequence: LAST,
            hash,
        }]
    };
    assert_eq!(found_after(&app, kept(), |_| Ok(())).await, []);
    let renumber = "UPDATE events SET sequence = sequence + 1000 WHERE sequence > 4; \
                    UPDATE events SET sequence = sequence - 1001 WHERE sequence > 1000";
    let swap = "UPDATE events SET sequence = 1000 WHERE sequence = 3; \
                UPDATE events SET sequence = 3 WHERE sequence = 4; \
                UPDATE events SET sequence = 4 WHERE sequence = 1000";
    let copied = "INSERT INTO events SELECT 10, recorded_at, kind, resource, resource_id, slug, actor_kind, actor_id, \
                  request_id, readers_see, detail, previous_hash, hash FROM events WHERE sequence = 9";
    let unhashed = "INSERT INTO events SELECT 10, recorded_at, kind, resource, resource_id, slug, actor_kind, \
                    actor_id, request_id, readers_see, detail, NULL, NULL FROM events WHERE sequence = 9";
    let moved = |sequence, from| Break::Moved { sequence, from };
    for (sql, first) in [
        (
            "UPDATE events SET slug = 'other' WHERE sequence = 4",
            vec![Break::Changed(4)],
        ),
        (
            "UPDATE events SET detail = '{\"version\":9}' WHERE sequence = 6",
            vec![Break::Changed(6)],
        ),
        (
            "UPDATE events SET actor_kind = 'system', actor_id = NULL WHERE sequence = 2",
            vec![Break::Changed(2)],
        ),
        (
            "UPDATE events SET hash = previous_hash WHERE sequence = 5",
            vec![Break::Changed(5)],
        ),
        (
            "DELETE FROM events WHERE sequence = 1",
            vec![Break::Missing(1, 1)],
        ),
        (
            "DELETE FROM events WHERE sequence IN (4, 5)",
            vec![Break::Missing(4, 5)],
        ),
        (
            "DELETE FROM events WHERE sequence = 9",
            vec![Break::Missing(9, 9), Break::EndsBefore(8, 9)],
        ),
        (
            "UPDATE events SET hash = NULL, previous_hash = NULL WHERE sequence = 5",
            vec![Break::WithoutHash(5)],
        ),
        (
            "UPDATE events SET hash = NULL, previous_hash = NULL WHERE sequence < 4",
            vec![Break::Replaced(3)],
        ),
        (swap, vec![moved(3, 4), moved(4, 3)]),
        (copied, vec![moved(10, 9)]),
        (unhashed, vec![Break::WithoutHash(10)]),
    ] {
        let found = found_after(&app, kept(), move |connection| execute(connection, sql)).await;
        assert_eq!(found, first, "{sql}");
    }
    let found = found_after(&app, Vec::new(), move |connection| {
        execute(connection, "DELETE FROM events WHERE sequence = 4")?;
        execute(connection, renumber)
    });
    assert_eq!(found.await[..2], [moved(4, 5), moved(5, 6)]);
}

#[apply(both)]
async fn a_log_that_was_made_anew_is_found_by_a_hash_that_was_kept(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let head = app.database.read(log::head).await.unwrap();
    let (sequence, hash) = (head.sequence, head.hash.unwrap());
    let kept = vec![Kept { sequence, hash }];
    let change = "UPDATE events SET slug = 'other' WHERE sequence = 4";
    let one = move |connection: &mut Connection| {
        execute(connection, change)?;
        rehash(connection, 4, 4)
    };
    assert_eq!(
        found_after(&app, Vec::new(), one).await,
        [Break::Replaced(4)]
    );
    let all = move |connection: &mut Connection| {
        execute(connection, change)?;
        rehash(connection, 4, sequence)
    };
    assert_eq!(found_after(&app, Vec::new(), all).await, []);
    let found = found_after(&app, kept.clone(), all).await;
    assert_eq!(found, [Break::NotAsKept(sequence)]);
    let cut = |connection: &mut Connection| {
        execute(connection, "DELETE FROM events WHERE sequence > 5")?;
        let counter = match connection {
            Connection::Sqlite(_) => "UPDATE sqlite_sequence SET seq = 5 WHERE name = 'events'",
            Connection::Postgres(_) => "UPDATE event_sequence SET last = 5",
        };
        execute(connection, counter)
    };
    assert_eq!(found_after(&app, Vec::new(), cut).await, []);
    let found = found_after(&app, kept, cut).await;
    assert_eq!(found, [Break::EndsBefore(5, sequence)]);
}

#[apply(both)]
async fn entries_from_before_the_chain_are_said_to_be_so(app: TestApp) {
    let old = |connection: &mut Connection| {
        let (id, counter) = match connection {
            Connection::Sqlite(_) => ("x'019a8f3c5d1e7c449d5b0c6f0f7f6a11'", ""),
            Connection::Postgres(_) => (
                "'019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11'",
                "UPDATE event_sequence SET last = 3",
            ),
        };
        for number in 1..=3 {
            execute(
                connection,
                &format!(
                    "INSERT INTO events (sequence, recorded_at, kind, resource, resource_id, slug, actor_kind, detail) \
                     VALUES ({number}, '2026-01-01T00:00:00.000Z', 'article_stapled', 'article', {id}, 'old', \
                     'system', '{{}}')"
                ),
            )?;
        }
        execute(connection, counter)
    };
    app.database.write(old).await.unwrap();
    let token = app.newsroom().await;
    let verified = verified(&app, &[]).await;
    assert_eq!((verified.before_chain, verified.entries), (3, 8));
    assert_eq!(verified.breaks, []);
    // What no version knows is listed as any other.
    let listed = list(&app, &token, "resource=article&sort=sequence").await;
    assert_eq!(kinds(&listed), ["article_stapled"; 3]);
    assert_eq!(listed[0]["hash"], Value::Null);
    assert_eq!(listed[0]["previous_hash"], Value::Null);
    let from = app
        .database
        .read(|connection| verify(connection, 3, &[], |_| ()));
    assert_eq!(from.await.unwrap().breaks, []);
}

#[apply(both)]
async fn the_list_is_narrowed_by_actor_resource_kind_and_time(app: TestApp) {
    let token = app.newsroom().await;
    let admin = app.user("admin@example.com", Role::Admin).await;
    let one = app.published(&admin, "one").await;
    let renamed = app.patch(&admin, &one, json!({"slug": "uno"})).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    app.published_at(&token, "two", "2020-01-01T00:00:00Z")
        .await;
    let id = one.json["id"].as_str().unwrap();

    let all = list(
        &app,
        &admin,
        "kind=article_created,article_published,article_edited",
    )
    .await;
    let newest_first = [
        "article_published",
        "article_created",
        "article_edited",
        "article_published",
        "article_created",
    ];
    assert_eq!(kinds(&all), newest_first);
    let edited = &all[2];
    let world = app.get("/v1/tags/world").await.json["id"].clone();
    assert_eq!(
        edited["resource"],
        json!({"kind": "article", "id": id, "slug": "uno"})
    );
    assert_eq!(
        (&edited["actor"]["kind"], &edited["actor"]["name"]),
        (&json!("user"), &json!("Test"))
    );
    assert_eq!(edited["readers_see"], "changed");
    assert_eq!(
        edited["detail"],
        json!({"version": renamed.json["version"], "moved_from": "one", "section": world})
    );
    assert_eq!(edited["request_id"], renamed.header("x-request-id"));
    let user = edited["actor"]["id"].as_str().unwrap().to_owned();
    let tool = all[0]["actor"]["id"].as_str().unwrap().to_owned();
    let at = edited["recorded_at"].as_str().unwrap().to_owned();

    for (query, found) in [
        (format!("actor=user:{user}&kind=article_created,article_edited,article_published"), 3),
        (format!("actor=token:{tool}"), 7),
        (format!("actor=token:{tool}&kind=tag_created"), 3),
        ("kind=tag_created,author_created".into(), 5),
        ("resource=tag".into(), 3),
        (format!("resource=article:{id}"), 3),
        (format!("resource=tag:{id}"), 0),
        ("resource=article:uno".into(), 3),
        ("resource=article:one".into(), 3),
        ("resource=article:never".into(), 0),
        ("resource=tag:climate".into(), 1),
        ("resource=author:alex-writer".into(), 1),
        ("resource=collection:home".into(), 0),
        (format!("kind=article_edited&recorded_after={at}"), 0),
        (format!("kind=article_edited&recorded_before={at}"), 0),
        ("kind=article_edited&recorded_after=2020-01-01T00:00:00Z&recorded_before=9999-12-31T23:59:59Z".into(), 1),
        ("recorded_before=0001-01-01T00:00:00Z".into(), 0),
        ("recorded_after=9999-12-31T23:59:59Z".into(), 0),
        ("kind=article_expired".into(), 0),
    ] {
        assert_eq!(list(&app, &admin, &query).await.len(), found, "{query}");
    }
    let system = list(&app, &admin, "actor=system").await;
    assert!(system.iter().all(|entry| entry["actor"]["id"].is_null()));
}

#[apply(both)]
async fn pages_lead_both_ways_and_miss_nothing(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let whole = list(&app, &token, "").await;
    for (sort, expected) in [
        ("-sequence", whole.clone()),
        ("sequence", whole.iter().rev().cloned().collect()),
    ] {
        let mut path = format!("{AUDIT}?limit=2&sort={sort}");
        let (mut seen, mut last) = (Vec::new(), Value::Null);
        loop {
            let page = read(&app, &token, &path).await;
            seen.extend(page.json["data"].as_array().unwrap().clone());
            last = match &page.json["page"]["prev_cursor"] {
                Value::Null => last,
                cursor => cursor.clone(),
            };
            let Some(next) = page.json["page"]["next_cursor"].as_str() else {
                break;
            };
            assert!(page.header("link").contains("rel=\"next\""));
            path = format!("{AUDIT}?limit=2&sort={sort}&cursor={next}");
        }
        assert_eq!(seen, expected, "{sort}");
        let back = format!(
            "{AUDIT}?limit=2&sort={sort}&cursor={}",
            last.as_str().unwrap()
        );
        let back = read(&app, &token, &back).await;
        assert_eq!(
            back.json["data"].as_array().unwrap()[..],
            expected[4..6],
            "{sort}"
        );
    }
    // A cursor of another list is none of this.
    let page = read(&app, &token, &format!("{AUDIT}?limit=2")).await;
    let cursor = page.json["page"]["next_cursor"].as_str().unwrap();
    let other = read(
        &app,
        &token,
        &format!("{AUDIT}?actor=system&cursor={cursor}"),
    )
    .await;
    assert_eq!(other.problem(), "invalid-cursor");
}

#[apply(both)]
async fn what_cannot_be_meant_is_refused_with_a_hint(app: TestApp) {
    let token = app.newsroom().await;
    for (query, hint) in [
        ("kind=article_publishd", "article_published"),
        ("kind=,", "empty"),
        ("actor=admin@example.com", "user:{id}"),
        ("actor=user:1", "user:{id}"),
        ("resource=Article", "article:{id}"),
        ("resource=user:alex", "id"),
        ("resource=article:Not%20One", "slug"),
        ("recorded_after=yesterday", "RFC 3339"),
        ("sort=recorded_at", "-sequence"),
        ("limit=101", "1 to 100"),
        ("actr=system", "actor"),
    ] {
        let reply = read(&app, &token, &format!("{AUDIT}?{query}")).await;
        assert_eq!(reply.status, 400, "{query}: {}", reply.text);
        assert!(reply.text.contains(hint), "{query}: {}", reply.text);
    }
    let many = vec!["tag_created"; 21].join(",");
    assert_eq!(
        read(&app, &token, &format!("{AUDIT}?kind={many}"))
            .await
            .status,
        400
    );
    for query in [
        "after=-1",
        "after=x",
        "limit=0",
        "limit=100001",
        "actor=system",
    ] {
        let reply = read(&app, &token, &format!("{AUDIT}/export?{query}")).await;
        assert_eq!(reply.status, 400, "{query}: {}", reply.text);
    }
}

fn lines(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    let lines = reply.text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[apply(both)]
async fn an_export_is_the_log_in_order_and_goes_on_where_it_ended(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let expected = list(&app, &token, "sort=sequence").await;
    let export = format!("{AUDIT}/export");
    let whole = read(&app, &token, &export).await;
    assert_eq!(lines(&whole), expected);
    assert_eq!(whole.header("link"), "");
    let (mut path, mut seen) = (format!("{export}?limit=3"), Vec::new());
    loop {
        let part = read(&app, &token, &path).await;
        seen.extend(lines(&part));
        let Some(next) = part.header("link").strip_suffix(">; rel=\"next\"") else {
            break;
        };
        path = next.trim_start_matches('<').to_owned();
        assert!(
            path.contains("limit=3") && path.contains("after="),
            "{path}"
        );
    }
    assert_eq!(seen, expected);
    assert_eq!(
        lines(&read(&app, &token, &format!("{export}?after=999")).await),
        Vec::<Value>::new()
    );
    let head = app
        .request(Method::HEAD, &export)
        .bearer(&token)
        .send()
        .await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    // More than are read at a time.
    let many = move |connection: &mut Connection| {
        let numbers = match connection {
            Connection::Sqlite(_) => {
                "WITH RECURSIVE n(i) AS (SELECT 8 UNION ALL SELECT i + 1 FROM n WHERE i < 2600) SELECT i FROM n"
            }
            Connection::Postgres(_) => "SELECT generate_series(8, 2600) AS i",
        };
        execute(
            connection,
            &format!(
                "INSERT INTO events SELECT i, recorded_at, kind, resource, resource_id, slug, actor_kind, actor_id, \
                 request_id, readers_see, detail, NULL, NULL FROM events, ({numbers}) AS numbers WHERE sequence = 7"
            ),
        )
    };
    app.database.write(many).await.unwrap();
    let all = lines(&read(&app, &token, &export).await);
    assert_eq!(all.len(), 2600);
    assert!((1..=2600).eq(all.iter().map(|line| line["sequence"].as_i64().unwrap())));
}

#[apply(both)]
async fn only_administrators_and_tools_with_the_scope_read_it(app: TestApp) {
    app.newsroom().await;
    let others: Vec<Right> = (Right::ALL.iter().copied())
        .filter(|right| *right != Right::AuditRead)
        .collect();
    let callers = [
        (app.user("admin@example.com", Role::Admin).await, 200),
        (app.user("editor@example.com", Role::Editor).await, 403),
        (app.user("author@example.com", Role::Author).await, 403),
        (app.user("viewer@example.com", Role::Viewer).await, 403),
        (app.tool_with(&[Right::AuditRead]).await, 200),
        (
            app.tool_with(Box::leak(others.into_boxed_slice())).await,
            403,
        ),
    ];
    for path in [AUDIT.to_owned(), format!("{AUDIT}/export")] {
        for (token, status) in &callers {
            assert_eq!(read(&app, token, &path).await.status, *status, "{path}");
        }
        assert_eq!(app.get(&path).await.status, 401);
    }
}

/// The entries of denied access, when there are as many as that.
async fn denied(app: &TestApp, token: &str, number: usize) -> Vec<Value> {
    for _ in 0..2_000 {
        let denied = list(app, token, "kind=access_denied&sort=sequence").await;
        if denied.len() >= number {
            return denied;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("denied access was not recorded");
}

#[apply(both)]
async fn denied_access_is_recorded_once_a_minute(app: TestApp) {
    let token = app.newsroom().await;
    let viewer = app.user("viewer@example.com", Role::Viewer).await;
    let post = async |token: &str, path: &str, body: Value| {
        let request = app.request(Method::POST, path).bearer(token);
        request.json(body).await
    };
    let mut first = None;
    for number in 0..5 {
        let reply = post(
            &viewer,
            "/v1/editorial/tags",
            json!({"name": "Secret plans"}),
        )
        .await;
        assert_eq!(reply.status, 403);
        first = first.or_else(|| Some(reply.header("x-request-id").to_owned()));
        assert_eq!(denied(&app, &token, 1).await.len(), 1, "{number}");
    }
    // Another operation is another entry; so is another caller's, and what a handler finds in the request.
    assert_eq!(read(&app, &viewer, AUDIT).await.status, 403);
    denied(&app, &token, 2).await;
    let author = app.user("author@example.com", Role::Author).await;
    let publish = json!({"headline": "Ours", "status": "published"});
    assert_eq!(
        post(&author, "/v1/editorial/articles", publish)
            .await
            .status,
        403
    );
    let entries = denied(&app, &token, 3).await;
    let told: Vec<Value> = entries
        .iter()
        .map(|entry| entry["detail"].clone())
        .collect();
    assert_eq!(
        told,
        [
            json!({"operation": "createTag", "right": "tags:write"}),
            json!({"operation": "listAuditEntries", "right": "audit:read"}),
            json!({"operation": "createArticle"}),
        ]
    );
    let one = &entries[0];
    assert_eq!(one["request_id"].as_str(), first.as_deref());
    assert_eq!(
        (&one["resource"]["kind"], &one["actor"]["kind"]),
        (&json!("user"), &json!("user"))
    );
    assert_eq!(one["resource"]["id"], one["actor"]["id"]);
    assert_eq!(one["readers_see"], Value::Null);
    // Neither what was sent nor an address is in it.
    let text = Value::from(entries).to_string();
    assert!(
        !text.contains("Secret") && !text.contains("example.com"),
        "{text}"
    );
    // Who is not signed in is nobody, and what is not there is not denied.
    assert_eq!(app.get(AUDIT).await.status, 401);
    let missing = format!("/v1/editorial/articles/{}", Id::generate());
    assert_eq!(read(&app, &viewer, &missing).await.status, 404);
    assert_eq!(verified(&app, &[]).await.breaks, []);
    assert_eq!(denied(&app, &token, 3).await.len(), 3);
}

#[actix_web::test]
async fn whoever_is_denied_waits_for_no_writer() {
    use diesel::Connection as _;
    let app = TestApp::start(On::Sqlite).await;
    let viewer = app.user("viewer@example.com", Role::Viewer).await;
    let dateline::db::DatabaseUrl::Sqlite(path) = &app.config.database_url else {
        panic!("not SQLite");
    };
    let mut other = diesel::SqliteConnection::establish(&path.to_string_lossy()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    // The writer cannot write until the end of this test: an answer that waited for it would never come.
    assert_eq!(read(&app, &viewer, AUDIT).await.status, 403);
    other.batch_execute("ROLLBACK").unwrap();
}

#[apply(both)]
async fn every_filter_is_read_from_an_index(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let work = |connection: &mut Connection| {
        let id = Id::generate();
        let now = "2026-03-01T00:00:00Z".parse().ok();
        let by = |actor| AuditFilter {
            actor: Some(actor),
            ..AuditFilter::default()
        };
        let to = |resource| AuditFilter {
            resource: Some(resource),
            ..AuditFilter::default()
        };
        let filters = [
            AuditFilter::default(),
            by(ByActor::User(id)),
            by(ByActor::Token(id)),
            by(ByActor::System),
            to(ToResource::Kind("tag".into())),
            to(ToResource::Id("tag".into(), id)),
            AuditFilter {
                kinds: vec![EventKind::TagMerged],
                ..AuditFilter::default()
            },
            AuditFilter {
                kinds: vec![EventKind::TagMerged, EventKind::ArticleEdited],
                ..AuditFilter::default()
            },
            AuditFilter {
                recorded_after: now,
                recorded_before: now,
                ..AuditFilter::default()
            },
            AuditFilter {
                recorded_before: now,
                ..by(ByActor::User(id))
            },
        ];
        let start = KeysetBound {
            value: 5,
            id,
            backward: false,
            inclusive: false,
        };
        let mut statements = Vec::new();
        for filter in filters {
            for sort in [AuditSort::NewestFirst, AuditSort::OldestFirst] {
                let asked = recorded(connection, |connection| {
                    store::list(connection, &filter, sort, Some(start), 21)?;
                    Ok(())
                });
                statements.extend(asked.into_iter().map(|sql| (format!("{filter:?}"), sql)));
            }
        }
        for (filter, sql) in statements {
            let plan = plan(connection, &sql);
            for wrong in ["SCAN events", "TEMP B-TREE", "Seq Scan on events", "Sort"] {
                assert!(!plan.contains(wrong), "{filter}\n{sql}\n{plan}");
            }
        }
        Ok(())
    };
    app.database.write(work).await.unwrap();
}

// The log says what the list knows: a kind that is missing there could not be asked for.
#[apply(both)]
async fn every_kind_in_the_log_can_be_asked_for(app: TestApp) {
    #[derive(diesel::QueryableByName)]
    struct Kind {
        #[diesel(sql_type = Text)]
        kind: String,
    }
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    app.step(&token, &one, "unpublish", json!({})).await;
    let found: Vec<Kind> = app
        .database
        .read(|connection| {
            Ok(diesel::sql_query("SELECT DISTINCT kind FROM events").load(connection)?)
        })
        .await
        .unwrap();
    assert_eq!(found.len(), 5);
    for Kind { kind } in found {
        assert!(kind.parse::<EventKind>().is_ok(), "{kind}");
    }
}

fn commands(on: On) {
    let place = Place::new(on);
    // Those on Postgres are migrated already.
    if on == On::Sqlite {
        let none = place.run(&["audit", "verify"], "");
        let said = text(&none.stderr);
        assert!(
            !none.status.success() && said.contains("dateline migrate"),
            "{said}"
        );
    }
    let issued = place.run(
        &["token", "issue", "--name", "tool", "--scope", "tags:write"],
        "",
    );
    let token = text(&issued.stdout);
    let server = place.serve();
    for number in 0..5 {
        let body = json!({"name": format!("Tag {number}")});
        let (status, reply) = server.ask("POST", "/v1/editorial/tags", token.trim(), Some(body));
        assert_eq!(status, 201, "{reply}");
    }
    let head = text(&place.run(&["audit", "head"], "").stdout);
    let head = head.trim();
    let holds = place.run(&["audit", "verify", "--expect", head], "");
    let said = text(&holds.stdout);
    assert!(
        holds.status.success() && said.contains(&format!("the chain holds, head {head}")),
        "{said}"
    );
    let other = format!("3:{}", "0".repeat(64));
    let differs = place.run(
        &["audit", "verify", "--expect", head, "--expect", &other],
        "",
    );
    assert_eq!(differs.status.code(), Some(1));
    let said = text(&differs.stdout);
    assert!(
        said.contains("entry 3 has not the hash that was kept"),
        "{said}"
    );
    let before = place.run(&["audit", "verify", "--from", "4", "--expect", &other], "");
    assert!(text(&before.stderr).contains("--from 4 leaves out"));
    assert!(
        place
            .run(&["audit", "verify", "--from", "4"], "")
            .status
            .success()
    );

    let exported = text(&place.run(&["audit", "export", "--after", "2"], "").stdout);
    let lines: Vec<Value> = (exported.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let last = lines.last().unwrap();
    let (sequence, hash) = head.split_once(':').unwrap();
    assert_eq!(last["sequence"].to_string(), sequence);
    assert_eq!(last["hash"], hash);
    assert_eq!(lines[0]["sequence"], 3);
    let file = std::env::temp_dir().join(format!("audit-{}.ndjson", Id::generate()));
    let export = ["audit", "export", "--after", "2", file.to_str().unwrap()];
    assert!(place.run(&export, "").status.success());
    assert_eq!(
        std::fs::read_to_string(&file).unwrap().trim(),
        exported.trim()
    );
    // A file that is there is not written over.
    assert!(!place.run(&export, "").status.success());
    std::fs::remove_file(file).unwrap();
}

#[test]
fn the_log_is_checked_and_exported_from_the_command_line_on_sqlite() {
    commands(On::Sqlite);
}

#[test]
fn the_log_is_checked_and_exported_from_the_command_line_on_postgres() {
    commands(On::Postgres);
}
