//! Requests that are sent again with an `Idempotency-Key` are done once.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use dateline::auth::model::{Right, Role};
use macro_rules_attribute::apply;
use rand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{DOCUMENT, On, Reply, TestApp, article};
use crate::one_call::{ARTICLES, events, last_event};
use crate::process::{Demo, Place, text};

const KEY: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";

pub async fn post_with(app: &TestApp, token: &str, key: &str, path: &str, body: Value) -> Reply {
    let request = app.request(Method::POST, path).bearer(token);
    request.header("idempotency-key", key).json(body).await
}

fn replayed(reply: &Reply) -> bool {
    reply.header("idempotency-replayed") == "true"
}

#[apply(both)]
async fn a_request_that_is_sent_again_gets_the_response_that_it_got(app: TestApp) {
    let token = app.newsroom().await;
    let mut input = article("once");
    input["slug"] = Value::Null;
    let first = post_with(&app, &token, KEY, ARTICLES, input.clone()).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert!(!replayed(&first));
    let seen = last_event(&app).await;
    // Quoted and bare are one key.
    for key in [KEY.to_owned(), format!("\"{KEY}\"")] {
        let again = post_with(&app, &token, &key, ARTICLES, input.clone()).await;
        assert_eq!(again.status, 201, "{}", again.text);
        assert!(replayed(&again));
        assert_eq!(again.text, first.text);
        for name in ["etag", "location", "content-type", "cache-control"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    }
    assert_eq!(last_event(&app).await, seen);
    let other = post_with(&app, &token, "another", ARTICLES, input).await;
    assert_ne!(other.json["id"], first.json["id"]);
}

#[apply(both)]
async fn a_key_names_one_request(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "once").await;
    let publish = format!("{ARTICLES}/{}/publish", draft.json["id"].as_str().unwrap());
    let send = async |path: &str, etag: &str, body: Value| {
        let request = app.request(Method::POST, path).bearer(&token);
        let request = request.header("if-match", etag);
        request.header("idempotency-key", KEY).json(body).await
    };
    let first = send(&publish, &draft.etag(), json!({})).await;
    assert_eq!(first.status, 200, "{}", first.text);
    // Sent again it is replayed, although the version that it names is gone by now.
    let patched = app.patch(&token, &first, json!({"kicker": "Later"})).await;
    assert_eq!(patched.status, 200);
    let again = send(&publish, &draft.etag(), json!({})).await;
    assert!(replayed(&again), "{}", again.text);
    assert_eq!(
        (again.text.as_str(), again.etag()),
        (first.text.as_str(), first.etag())
    );
    let unpublish = publish.replace("/publish", "/unpublish");
    for (path, etag, body) in [
        (publish.clone(), draft.etag(), json!({"published_at": null})),
        (publish.clone(), patched.etag(), json!({})),
        (format!("{publish}?"), patched.etag(), json!({})),
        (unpublish, draft.etag(), json!({})),
    ] {
        let other = send(&path, &etag, body).await;
        assert_eq!(
            (other.status.as_u16(), other.problem()),
            (422, "idempotency-key-reused"),
            "{path} {etag}"
        );
    }
}

#[apply(both)]
async fn a_request_that_failed_leaves_its_key_free(app: TestApp) {
    let token = app.newsroom().await;
    app.draft(&token, "taken").await;
    let refused = post_with(&app, &token, KEY, ARTICLES, article("taken")).await;
    assert_eq!(refused.problem(), "slug-taken");
    let invalid = post_with(&app, &token, KEY, ARTICLES, json!({"headline": ""})).await;
    assert_eq!(invalid.problem(), "validation");
    let created = post_with(&app, &token, KEY, ARTICLES, article("free")).await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert!(!replayed(&created));
}

#[apply(both)]
async fn what_is_no_key_is_refused(app: TestApp) {
    let token = app.newsroom().await;
    let long = "k".repeat(256);
    for wrong in ["", "\"", "\"\"", "a b", "\"a", long.as_str()] {
        let reply = post_with(&app, &token, wrong, ARTICLES, article("none")).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem()),
            (400, "bad-request"),
            "{wrong:?}"
        );
    }
    // A change that names its version needs none, and reads none.
    let draft = app.draft(&token, "changed").await;
    let path = format!("{ARTICLES}/{}", draft.json["id"].as_str().unwrap());
    let patch = app.request(Method::PATCH, &path).bearer(&token);
    let patch = patch
        .header("idempotency-key", &long)
        .header("if-match", &draft.etag());
    assert_eq!(patch.json(json!({"kicker": "Now"})).await.status, 200);
}

#[apply(both)]
async fn a_key_is_that_of_its_caller_who_must_still_have_the_right(app: TestApp) {
    let token = app.newsroom().await;
    let tag = |name: &str| json!({"name": name});
    let path = "/v1/editorial/tags";
    let first = post_with(&app, &token, KEY, path, tag("Mine")).await;
    assert_eq!(first.status, 201);
    let editor = app.user("editor@example.com", Role::Editor).await;
    let theirs = post_with(&app, &editor, KEY, path, tag("Theirs")).await;
    assert_eq!(theirs.json["name"], "Theirs", "{}", theirs.text);
    assert!(!replayed(&theirs));
    let reader = app.tool_with(&[Right::ArticlesRead]).await;
    let refused = post_with(&app, &reader, KEY, path, tag("Mine")).await;
    assert_eq!(refused.status, 403);
    app.execute("UPDATE api_tokens SET revoked_at = created_at")
        .await;
    let revoked = post_with(&app, &token, KEY, path, tag("Mine")).await;
    assert_eq!(revoked.status, 401);
    assert!(!revoked.text.contains("Mine"));
}

#[apply(both)]
async fn after_a_day_a_key_is_free(app: TestApp) {
    let token = app.newsroom().await;
    let mut input = article("once");
    input["slug"] = Value::Null;
    let first = post_with(&app, &token, KEY, ARTICLES, input.clone()).await;
    app.execute("UPDATE idempotency_keys SET created_at = '2020-01-01T00:00:00.000Z'")
        .await;
    let second = post_with(&app, &token, KEY, ARTICLES, input.clone()).await;
    assert_eq!(second.status, 201, "{}", second.text);
    assert_ne!(first.json["id"], second.json["id"]);
    assert!(replayed(
        &post_with(&app, &token, KEY, ARTICLES, input).await
    ));
    app.execute("UPDATE idempotency_keys SET created_at = '2020-01-01T00:00:00.000Z'")
        .await;
    let more = app.database.write(dateline::idempotency::store::forget);
    assert!(!more.await.unwrap());
    let left = app.database.read(|connection| {
        use dateline::db::schema::idempotency_keys;
        use diesel::prelude::*;
        Ok(idempotency_keys::table
            .count()
            .get_result::<i64>(connection)?)
    });
    assert_eq!(left.await.unwrap(), 0);
}

#[apply(both)]
async fn a_day_has_so_many_keys(app: TestApp) {
    let token = app.newsroom().await;
    let path = "/v1/editorial/tags";
    let tag = |name: &str| json!({"name": name});
    assert_eq!(
        post_with(&app, &token, "one", path, tag("One"))
            .await
            .status,
        201
    );
    app.execute("UPDATE idempotency_usage SET responses = 100000")
        .await;
    let refused = post_with(&app, &token, "two", path, tag("Two")).await;
    assert_eq!(refused.problem(), "rate-limited", "{}", refused.text);
    assert!(refused.header("retry-after").parse::<u32>().is_ok());
    // What is stored is replayed, and without a key all goes on.
    assert!(replayed(
        &post_with(&app, &token, "one", path, tag("One")).await
    ));
    assert_eq!(app.create(&token, path, tag("Two")).await.status, 201);
}

#[apply(both)]
async fn twenty_at_once_on_two_processes_make_one_article(app: TestApp) {
    let token = app.newsroom().await;
    let second = app.another_process().await;
    let before = last_event(&app).await;
    let mut input = article("once");
    input["slug"] = Value::Null;
    let requests = (0..20).map(|number| {
        let on = if number % 2 == 0 { &app } else { &second };
        post_with(on, &token, KEY, ARTICLES, input.clone())
    });
    let mut created = std::collections::BTreeSet::new();
    for reply in futures_util::future::join_all(requests).await {
        match reply.status.as_u16() {
            201 => {
                created.insert(reply.json["id"].as_str().unwrap().to_owned());
            }
            _ => {
                assert_eq!(
                    reply.problem(),
                    "idempotency-key-in-flight",
                    "{}",
                    reply.text
                );
                assert_eq!(reply.header("retry-after"), "1");
            }
        }
    }
    assert_eq!(created.len(), 1);
    let kinds = events(&app, before).await;
    assert_eq!(kinds.len(), 1, "{kinds:?}");
    for on in [&app, &second] {
        assert!(replayed(
            &post_with(on, &token, KEY, ARTICLES, input.clone()).await
        ));
    }
}

/// Sends a request; its status, whether it is a stored response, and the body. `None` when there was no whole answer.
fn send(
    address: &str,
    path: &str,
    token: &str,
    key: &str,
    body: &str,
) -> Option<(u16, bool, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIf-Match: *\r\n\
         Authorization: Bearer {token}\r\nIdempotency-Key: {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let is_replayed = head
        .to_ascii_lowercase()
        .contains("idempotency-replayed: true");
    Some((status, is_replayed, body.to_owned()))
}

/// Requests are sent again until they are answered, while the server is killed and started again.
fn killed(on: On) {
    let place = Place::new(on);
    let mut server = place.serve();
    let scopes = "articles:read,articles:write";
    let issued = place.run(&["token", "issue", "--name", "t", "--scope", scopes], "");
    let token = text(&issued.stdout);
    let address = std::sync::Mutex::new(server.address.clone());
    let stop = std::sync::atomic::AtomicBool::new(false);
    let made = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for client in 0..4 {
            let (address, stop, made, token) = (&address, &stop, &made, &token);
            scope.spawn(move || {
                let mut number = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let (key, body) = (
                        format!("k-{client}-{number}"),
                        json!({"headline": format!("Storm {client} {number}")}).to_string(),
                    );
                    loop {
                        let at = address.lock().unwrap().clone();
                        match send(&at, ARTICLES, token, &key, &body) {
                            Some((201, ..)) => break,
                            Some((409 | 503 | 504, ..)) | None => {
                                std::thread::sleep(Duration::from_millis(5));
                            }
                            Some(other) => panic!("{other:?}"),
                        }
                    }
                    made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    number += 1;
                }
            });
        }
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(rand::rng().random_range(100..400)));
            server.child.kill().unwrap();
            server.child.wait().unwrap();
            server = place.serve();
            address.lock().unwrap().clone_from(&server.address);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let (mut found, mut slugs, mut cursor) = (0, Vec::new(), String::new());
    loop {
        let path = format!("/v1/editorial/articles?limit=100{cursor}");
        let (status, page) = server.ask("GET", &path, &token, None);
        assert_eq!(status, 200, "{page}");
        for article in page["data"].as_array().unwrap() {
            slugs.push(article["slug"].as_str().unwrap().to_owned());
            found += 1;
        }
        match page["page"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    // One that came twice would have a number behind its slug.
    assert_eq!(found, made.into_inner(), "{slugs:?}");
    assert!(
        slugs.iter().all(|slug| slug.split('-').count() == 3),
        "{slugs:?}"
    );
}

#[test]
fn no_article_comes_twice_when_the_server_is_killed_on_sqlite() {
    killed(On::Sqlite);
}

#[test]
fn no_article_comes_twice_when_the_server_is_killed_on_postgres() {
    killed(On::Postgres);
}

/// Where nobody takes messages.
const HOOK: &str = "http://127.0.0.1:65000/";

/// What each editorial POST is sent: a new one is added here, so that nobody forgets the key.
fn bodies() -> Vec<(&'static str, Value)> {
    let observed =
        json!({"counts": [DOCUMENT["components"]["schemas"]["ExternalCountInput"]["example"]]});
    vec![
        ("createArticle", json!({"headline": "Once"})),
        (
            "writeArticles",
            json!({"operations": [{"op": "create", "article": {"headline": "Once"}}]}),
        ),
        ("createTag", json!({"name": "Once"})),
        ("createAuthor", json!({"name": "Once"})),
        ("setManyExternalShares", observed),
        ("publishArticle", json!({})),
        ("unpublishArticle", Value::Null),
        (
            "retractArticle",
            json!({"reason": "The source withdrew it."}),
        ),
        ("restoreArticle", Value::Null),
        (
            "addCorrection",
            json!({"kind": "correction", "text": "The year was wrong."}),
        ),
        ("mergeTag", json!({"into": "into-this"})),
        ("mergeAuthor", json!({"into": "into-this"})),
        ("restoreRevision", Value::Null),
        ("publishWorkingCopy", Value::Null),
        ("createPreviewLink", Value::Null),
        ("emptyTrash", Value::Null),
        (
            "invitePerson",
            json!({"email": "new@example.com", "name": "New", "role": "author"}),
        ),
        ("invitePersonAgain", Value::Null),
        ("resetPassword", Value::Null),
        ("disablePerson", Value::Null),
        ("enablePerson", Value::Null),
        (
            "createApiToken",
            json!({"name": "Importer", "scopes": ["articles:read"]}),
        ),
        ("createWebhook", json!({"url": HOOK})),
        ("rotateWebhookSecret", Value::Null),
        ("testWebhook", Value::Null),
        ("replayWebhook", json!({"since": "2026-01-01T00:00:00Z"})),
    ]
}

/// Operations whose response has a secret, which is not kept.
const SHOWN_ONCE: &[&str] = &[
    "invitePerson",
    "invitePersonAgain",
    "resetPassword",
    "createApiToken",
    "createWebhook",
    "rotateWebhookSecret",
];

/// Operations that take files, which `media` tries, and one that needs a message that was sent: `webhooks`.
const ELSEWHERE: &[&str] = &["uploadMedia", "fetchMedia", "retryWebhookDelivery"];

/// The id of something that a step can be taken with.
fn target(demo: &Demo, token: &str, operation: &str) -> String {
    let ask = |method: &str, path: &str, body: Option<Value>| {
        let (status, reply) = demo.server.ask(method, path, token, body);
        assert!((200..300).contains(&status), "{path}: {reply}");
        reply["id"].as_str().unwrap_or_default().to_owned()
    };
    let merged = |kind: &str| {
        let path = format!("/v1/editorial/{kind}");
        ask(
            "POST",
            &path,
            Some(json!({"name": "Into", "slug": "into-this"})),
        );
        ask("POST", &path, Some(json!({"name": "From"})))
    };
    match operation {
        "mergeTag" => return merged("tags"),
        "mergeAuthor" => return merged("authors"),
        "rotateWebhookSecret" | "testWebhook" | "replayWebhook" => {
            let hook = json!({"url": HOOK, "events": ["media.deleted"]});
            return ask("POST", "/v1/editorial/webhooks", Some(hook));
        }
        "resetPassword" => {
            let path = "/v1/editorial/people?status=active&limit=1";
            let (_, reply) = demo.server.ask("GET", path, token, None);
            return reply["data"][0]["id"].as_str().unwrap().to_owned();
        }
        "invitePersonAgain" | "disablePerson" | "enablePerson" => {
            let email = format!("{operation}@example.com");
            let person = json!({"email": email, "name": operation, "role": "author"});
            let people = "/v1/editorial/people";
            let (_, reply) = demo.server.ask("POST", people, token, Some(person));
            return reply["person"]["id"].as_str().unwrap().to_owned();
        }
        _ => {}
    }
    let new = json!({"headline": operation, "byline": "By us", "body": {"format": "text", "content": "x"}});
    let id = ask("POST", ARTICLES, Some(new));
    let path = format!("{ARTICLES}/{id}");
    match operation {
        "restoreArticle" => drop(ask("DELETE", &path, None)),
        "publishArticle" => {}
        _ => drop(ask("POST", &format!("{path}/publish"), Some(json!({})))),
    }
    if operation == "publishWorkingCopy" {
        let copy = format!("{path}/working-copy");
        ask("PATCH", &copy, Some(json!({"kicker": "Later"})));
    }
    id
}

#[test]
fn every_editorial_post_is_done_once_with_a_key() {
    let demo = Demo::start();
    let token = demo.token();
    let bodies = bodies();
    let mut tried = 0;
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        let Some(operation) = item
            .get("post")
            .filter(|_| path.starts_with("/v1/editorial/"))
        else {
            continue;
        };
        let name = operation["operationId"].as_str().unwrap();
        if ELSEWHERE.contains(&name) {
            continue;
        }
        let body = bodies.iter().find(|(known, _)| *known == name);
        let (_, body) = body.unwrap_or_else(|| panic!("{name}: add what it is sent to `bodies`"));
        let path = match path.contains("{id}") {
            true => path.replace("{id}", &target(&demo, &token, name)),
            false => path.clone(),
        };
        let path = path.replace("{version}", "1");
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let send = || send(&demo.server.address, &path, &token, name, &body).unwrap();
        let (status, is_replayed, first) = send();
        assert!(
            (200..300).contains(&status) && !is_replayed,
            "{name}: {status} {first}"
        );
        let again = send();
        match SHOWN_ONCE.contains(&name) {
            true => assert!(
                again.0 == 409 && again.2.contains("shown-once"),
                "{name}: {again:?}"
            ),
            false => assert_eq!(again, (status, true, first), "{name}"),
        }
        tried += 1;
    }
    assert!(tried >= 12, "{tried}");
}
