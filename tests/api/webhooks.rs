//! Telling other programs what has happened.

use std::collections::BTreeSet;

use dateline::auth::model::Right;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{On, Reply, TestApp, eventually};
use crate::receiver::{Call, Receiver};

/// A server that sends messages to this machine, and again at once.
fn local(server: &mut dateline::config::ServerConfig) {
    server.webhooks.webhook_allow = vec!["127.0.0.0/8".parse().unwrap()];
    server.webhooks.webhook_retries = "0,0,0,0,0,0,0,0,0,0".parse().unwrap();
}

async fn subscribed(app: &TestApp, token: &str, input: Value) -> Reply {
    let created = app.create(token, "/v1/editorial/webhooks", input).await;
    assert_eq!(created.status, 201, "{}", created.text);
    created
}

async fn post(app: &TestApp, token: &str, path: &str, body: Value) -> Reply {
    app.request(Method::POST, path)
        .bearer(token)
        .json(body)
        .await
}

async fn read(app: &TestApp, token: &str, path: &str) -> Reply {
    app.request(Method::GET, path).bearer(token).send().await
}

fn message(call: &Call) -> Value {
    serde_json::from_str(&call.body).unwrap()
}

/// What messages tell: their type, the thing's slug and its version.
fn told(calls: &[Call]) -> BTreeSet<(String, String, i64)> {
    let told = calls.iter().map(|call| {
        let message = message(call);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let data = &message["data"];
        let version = data["version"].as_i64().unwrap_or_default();
        (text(&message["type"]), text(&data["slug"]), version)
    });
    told.collect()
}

fn expected(list: &[(&str, &str, i64)]) -> BTreeSet<(String, String, i64)> {
    let owned = list
        .iter()
        .map(|(kind, slug, version)| ((*kind).to_owned(), (*slug).to_owned(), *version));
    owned.collect()
}

#[actix_web::test]
async fn what_happens_is_told_signed_and_again_until_it_is_taken() {
    for on in [On::Sqlite, On::Postgres] {
        let app = TestApp::start_with(on, local).await;
        let token = app.newsroom().await;
        let receiver = Receiver::default();
        receiver.answers.lock().unwrap().extend([500, 302]);
        let url = format!("{}/hook", receiver.start());
        let created = subscribed(&app, &token, json!({"url": url})).await;
        let secret = created.json["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_"), "{secret}");
        let path = created.header("location").to_owned();
        assert!(read(&app, &token, &path).await.json.get("secret").is_none());

        let draft = app.draft(&token, "one").await;
        let one = app.step(&token, &draft, "publish", json!({})).await;
        let calls = receiver
            .until("three attempts", |calls| calls.len() >= 3)
            .await;
        // The same message, signed for each attempt.
        for call in &calls {
            assert_eq!(
                (call.method.as_str(), call.path.as_str()),
                ("POST", "/hook")
            );
            assert_eq!(call.header("webhook-id"), calls[0].header("webhook-id"));
            assert_eq!(call.body, calls[0].body);
            assert!(call.header("webhook-signature").starts_with("v1,"));
            assert!(call.header("webhook-timestamp").parse::<i64>().is_ok());
            assert_eq!(call.header("content-type"), "application/json");
        }
        let first = message(&calls[0]);
        assert_eq!(first["type"], "article.published");
        assert_eq!(first["data"]["headline"], "Headline of one");
        assert_eq!(first["data"]["url"], "https://news.example/one");
        assert_eq!(first["data"]["section"], "world");

        let edited = app
            .patch(&token, &one, json!({"headline": "Another"}))
            .await;
        let moved = app.patch(&token, &edited, json!({"slug": "two"})).await;
        let id = one.json["id"].as_str().unwrap();
        let corrected = app
            .request(
                Method::POST,
                &format!("/v1/editorial/articles/{id}/corrections"),
            )
            .bearer(&token)
            .header("if-match", &moved.etag())
            .json(json!({"kind": "correction", "text": "The fund has another name."}))
            .await;
        assert_eq!(corrected.status, 200, "{}", corrected.text);
        let current = read(
            &app,
            &token,
            &format!(
                "/v1/editorial/articles/{}",
                moved.json["id"].as_str().unwrap()
            ),
        )
        .await;
        let retracted = app
            .step(
                &token,
                &current,
                "retract",
                json!({"reason": "It was wrong."}),
            )
            .await;
        assert_eq!(retracted.status, 200, "{}", retracted.text);
        let version = |reply: &Reply| reply.json["version"].as_i64().unwrap();
        let all = expected(&[
            ("article.published", "one", version(&one)),
            ("article.updated", "one", version(&edited)),
            ("article.moved", "two", version(&moved)),
            ("article.corrected", "two", version(&current)),
            ("article.retracted", "two", version(&retracted)),
        ]);
        let calls = receiver
            .until("all is told", |calls| told(calls) == all)
            .await;
        let of = |kind: &str| {
            calls
                .iter()
                .map(message)
                .find(|one| one["type"] == kind)
                .unwrap()
        };
        assert_eq!(of("article.moved")["data"]["previous_slug"], "one");
        assert!(of("article.retracted")["data"].get("headline").is_none());

        // What came of it.
        let list = read(&app, &token, &format!("{path}/deliveries?limit=100")).await;
        let deliveries = list.json["data"].as_array().unwrap();
        assert_eq!(deliveries.len(), 5, "{}", list.text);
        let id = deliveries.last().unwrap()["id"].as_str().unwrap();
        let details = eventually("it is delivered", async || {
            let details = read(&app, &token, &format!("{path}/deliveries/{id}")).await;
            (details.json["status"] == "delivered").then_some(details)
        })
        .await;
        let statuses: Vec<i64> = details.json["attempts_made"]
            .as_array()
            .unwrap()
            .iter()
            .map(|attempt| attempt["status"].as_i64().unwrap())
            .collect();
        assert_eq!(statuses, [200, 302, 500]);
        assert_eq!(details.json["payload"], first);
        let (_, metrics) = app.operators_get("/metrics").await;
        let counted = "dateline_webhook_attempts_total{outcome=\"refused\"} 2";
        assert!(metrics.contains(counted), "{metrics}");
    }
}

#[apply(both)]
async fn private_addresses_are_refused_unless_they_are_allowed(app: TestApp) {
    let token = app.newsroom().await;
    for url in [
        "http://127.0.0.1:9000",
        "https://127.0.0.1:9000",
        "https://localhost/",
        "https://2130706433/",
        "https://[::ffff:7f00:1]/",
        "https://169.254.169.254/latest",
        "https://0x7f.1/",
        "https://10.0.0.1/",
        "http://example.org/",
        "https://user:password@example.org/",
        "https://example.org:25/",
    ] {
        let refused = post(&app, &token, "/v1/editorial/webhooks", json!({"url": url})).await;
        assert_eq!(refused.status, 422, "{url}: {}", refused.text);
        assert_eq!(refused.json["errors"][0]["pointer"], "/url", "{url}");
    }
    for (input, pointer) in [
        (json!({}), "/url"),
        (json!({"url": "ftp://example.org/"}), "/url"),
        (
            json!({"url": "https://example.org/", "events": []}),
            "/events",
        ),
        (
            json!({"url": "https://example.org/", "events": ["article.publish"]}),
            "/events/0",
        ),
        (
            json!({"url": "https://example.org/", "events": ["ping"]}),
            "/events/0",
        ),
        (
            json!({"url": "https://example.org/", "sections": ["nowhere"]}),
            "/sections/0",
        ),
        (
            json!({"url": "https://example.org/", "sections": ["climate"]}),
            "/sections/0",
        ),
        (
            json!({"url": "https://example.org/", "secret": "x"}),
            "/secret",
        ),
    ] {
        let refused = post(&app, &token, "/v1/editorial/webhooks", input.clone()).await;
        assert_eq!(refused.status, 422, "{input}: {}", refused.text);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{input}");
    }
    // Nobody is told of more than they may read.
    let narrow = app.tool_with(&[Right::WebhooksManage]).await;
    let desk = json!({"url": "https://example.org/", "events": ["article.created"]});
    let refused = post(&app, &narrow, "/v1/editorial/webhooks", desk.clone()).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    let created = subscribed(&app, &token, desk).await;
    assert_eq!(created.json["enabled"], true);
    let page = read(&app, &token, "/v1/editorial/webhooks").await;
    assert_eq!(page.json["data"].as_array().unwrap().len(), 1);
    assert!(!page.text.contains("whsec_"));
    let deleted = app
        .request(Method::DELETE, created.header("location"))
        .bearer(&token)
        .header("if-match", &created.etag())
        .send()
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
}

#[actix_web::test]
async fn of_two_processes_one_sends_and_the_clock_is_told_too() {
    let app = TestApp::start_with(On::Postgres, local).await;
    let other = TestApp::start_at_with(app.config.clone(), local).await;
    let token = app.newsroom().await;
    let receiver = Receiver::default();
    let url = receiver.start();
    subscribed(
        &app,
        &token,
        json!({"url": url, "events": ["article.published"]}),
    )
    .await;
    let soon = dateline::db::Timestamp::now().plus(chrono::Duration::seconds(2));
    app.published_at(&token, "later", &soon.to_string()).await;
    for number in 0..20 {
        let at = if number % 2 == 0 { &app } else { &other };
        at.published(&token, &format!("article-{number}")).await;
    }
    let calls = receiver.until("all", |calls| told(calls).len() == 21).await;
    assert!(
        calls
            .iter()
            .any(|call| message(call)["data"]["slug"] == "later")
    );
    let ids: BTreeSet<&str> = calls.iter().map(|call| call.header("webhook-id")).collect();
    assert_eq!((ids.len(), calls.len()), (21, 21));
}

#[actix_web::test]
async fn of_sections_what_stands_in_them_or_has_left_them_is_told() {
    for on in [On::Sqlite, On::Postgres] {
        sections(TestApp::start_with(on, local).await).await;
    }
}

async fn shown_sections(app: &TestApp, token: &str, webhook: &Reply) -> Value {
    let path = webhook.header("location").to_owned();
    read(app, token, &path).await.json["sections"].clone()
}

async fn sections(server: TestApp) {
    let token = server.newsroom().await;
    for tag in [
        json!({"name": "Europe", "kind": "section", "parent": "world"}),
        json!({"name": "Sport", "kind": "section"}),
    ] {
        server.create(&token, "/v1/editorial/tags", tag).await;
    }
    let receiver = Receiver::default();
    let url = receiver.start();
    let wanted = json!({"url": url, "sections": ["world", "north"], "events": ["article.published", "article.updated"]});
    let north = json!({"name": "North", "kind": "section"});
    let north = server.create(&token, "/v1/editorial/tags", north).await;
    let webhook = subscribed(&server, &token, wanted).await;
    let shown = shown_sections(&server, &token, &webhook).await;
    assert_eq!(shown, json!(["world", "north"]));
    // Sections go on under other names.
    let path = format!("/v1/editorial/tags/{}", north.json["id"].as_str().unwrap());
    let change = |method, path: String, body| {
        let request = server.request(method, &path).bearer(&token);
        request.header("if-match", "*").json(body)
    };
    let slug = json!({"slug": "up-north"});
    let renamed = change(Method::PATCH, path.clone(), slug).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    let shown = shown_sections(&server, &token, &webhook).await;
    assert_eq!(shown, json!(["world", "up-north"]));
    let into = json!({"into": "world"});
    let merged = change(Method::POST, format!("{path}/merge"), into).await;
    assert_eq!(merged.status, 200, "{}", merged.text);
    let shown = shown_sections(&server, &token, &webhook).await;
    assert_eq!(shown, json!(["world"]));
    // Whoever takes the slugs that were given up takes nothing of the webhook.
    for (name, slug) in [("New north", "north"), ("Another", "up-north")] {
        let other = json!({"name": name, "slug": slug, "kind": "section"});
        let made = server.create(&token, "/v1/editorial/tags", other).await;
        assert_eq!(made.json["slug"], slug);
    }
    let shown = shown_sections(&server, &token, &webhook).await;
    assert_eq!(shown, json!(["world"]));
    let one = server.published(&token, "one").await;
    let below = server
        .patch(&token, &one, json!({"section": "europe"}))
        .await;
    let away = server
        .patch(&token, &below, json!({"section": "sport"}))
        .await;
    server
        .patch(&token, &away, json!({"headline": "Nobody is told"}))
        .await;
    server.published(&token, "other").await;
    let all = expected(&[
        ("article.published", "one", 2),
        ("article.updated", "one", 3),
        ("article.updated", "one", 4),
        ("article.published", "other", 2),
    ]);
    receiver
        .until("what concerns it", |calls| told(calls) == all)
        .await;
    // What has left a section while nothing was sent is told of nevertheless.
    let patch = json!({"enabled": false});
    let path = webhook.header("location").to_owned();
    let disabled = change(Method::PATCH, path.clone(), patch).await;
    assert_eq!(disabled.status, 200, "{}", disabled.text);
    let all_kinds = json!({"enabled": true, "events": ["article.unpublished", "article.published", "article.updated"]});
    let two = server.published(&token, "two").await;
    let taken = server.step(&token, &two, "unpublish", json!({})).await;
    server
        .patch(&token, &taken, json!({"section": "sport"}))
        .await;
    let enabled = change(Method::PATCH, path, all_kinds).await;
    assert_eq!(enabled.status, 200, "{}", enabled.text);
    let mut all = all;
    all.extend(expected(&[
        ("article.published", "two", 2),
        ("article.unpublished", "two", 3),
    ]));
    receiver
        .until("what has left", |calls| told(calls) == all)
        .await;
}

#[actix_web::test]
async fn the_desk_is_told_what_readers_do_not_see() {
    let app = TestApp::start_with(On::Sqlite, local).await;
    let token = app.newsroom().await;
    let receiver = Receiver::default();
    let url = receiver.start();
    let events = json!([
        "article.created",
        "article.submitted",
        "article.saved",
        "article.scheduled",
        "article.trashed",
        "article.restored",
        "article.deleted"
    ]);
    let webhook = subscribed(&app, &token, json!({"url": url, "events": events})).await;
    let draft = app.draft(&token, "one").await;
    let saved = app
        .patch(&token, &draft, json!({"headline": "Another"}))
        .await;
    let review = app
        .patch(&token, &saved, json!({"status": "in_review"}))
        .await;
    let embargo = json!({"embargo_until": "2100-01-01T00:00:00Z"});
    let scheduled = app.step(&token, &review, "publish", embargo).await;
    assert_eq!(scheduled.status, 200, "{}", scheduled.text);
    let all = expected(&[
        ("article.created", "one", 1),
        ("article.saved", "one", 2),
        ("article.submitted", "one", 3),
        ("article.scheduled", "one", 4),
    ]);
    let calls = receiver
        .until("what editors do", |calls| told(calls) == all)
        .await;
    let last = calls
        .iter()
        .map(message)
        .find(|one| one["type"] == "article.scheduled")
        .unwrap();
    assert_eq!(last["data"]["status"], "published");
    assert_eq!(last["data"]["headline"], "Another");
    assert!(last["data"].get("url").is_none());

    // Who may not read articles does not read them here.
    let path = format!("{}/deliveries", webhook.header("location"));
    let list = read(&app, &token, &path).await;
    let id = list.json["data"][0]["id"].as_str().unwrap();
    let manager = app.tool_with(&[Right::WebhooksManage]).await;
    let one = format!("{path}/{id}");
    assert_eq!(read(&app, &token, &one).await.status, 200);
    assert_eq!(read(&app, &manager, &path).await.status, 200);
    assert_eq!(read(&app, &manager, &one).await.problem(), "forbidden");
    let retry = post(&app, &manager, &format!("{one}/retry"), json!({})).await;
    assert_eq!(retry.problem(), "forbidden");
}

#[actix_web::test]
async fn what_was_sent_can_be_sent_again() {
    for on in [On::Sqlite, On::Postgres] {
        let seldom = |server: &mut dateline::config::ServerConfig| {
            local(server);
            server.webhooks.webhook_retries = "3600".parse().unwrap();
        };
        again(TestApp::start_with(on, seldom).await).await;
    }
}

async fn again(server: TestApp) {
    let token = server.newsroom().await;
    let receiver = Receiver::default();
    let url = receiver.start();
    let created = subscribed(&server, &token, json!({"url": url})).await;
    let path = created.header("location").to_owned();
    // A try says what came of it.
    let ping = post(&server, &token, &format!("{path}/test"), json!({})).await;
    assert_eq!(ping.status, 202, "{}", ping.text);
    receiver.until("ping", |calls| calls.len() == 1).await;
    assert_eq!(message(&receiver.calls()[0])["type"], "ping");
    assert_eq!(
        message(&receiver.calls()[0])["data"]["id"],
        created.json["id"]
    );
    // Another secret signs together with the one before.
    let rotated = post(&server, &token, &format!("{path}/rotate-secret"), json!({})).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text);
    assert_ne!(rotated.json["secret"], created.json["secret"]);
    receiver.answers.lock().unwrap().push_back(400);
    let since = dateline::db::Timestamp::now();
    server.published(&token, "one").await;
    let calls = receiver.until("refused", |calls| calls.len() == 2).await;
    assert_eq!(calls[1].header("webhook-signature").split(' ').count(), 2);
    let pending = format!("{path}/deliveries?status=pending");
    let first = eventually("an attempt is on record", async || {
        let list = read(&server, &token, &pending).await;
        let delivery = list.json["data"][0].clone();
        (delivery["attempts"] == 1).then_some(delivery)
    })
    .await;
    assert!(first["next_attempt_at"].is_string(), "{first}");
    let id = first["id"].as_str().unwrap();
    let retried = post(
        &server,
        &token,
        &format!("{path}/deliveries/{id}/retry"),
        json!({}),
    )
    .await;
    assert_eq!(retried.status, 202, "{}", retried.text);
    let calls = receiver.until("taken", |calls| calls.len() == 3).await;
    assert_eq!(calls[1].header("webhook-id"), calls[2].header("webhook-id"));
    // All of it, the same messages.
    server.published(&token, "two").await;
    receiver.until("the second", |calls| calls.len() == 4).await;
    let replayed = post(
        &server,
        &token,
        &format!("{path}/replay"),
        json!({"since": since.to_string()}),
    )
    .await;
    assert_eq!(replayed.status, 202, "{}", replayed.text);
    let calls = receiver.until("both again", |calls| calls.len() == 6).await;
    let ids = |calls: &[Call]| -> BTreeSet<String> {
        calls
            .iter()
            .map(|call| call.header("webhook-id").to_owned())
            .collect()
    };
    assert_eq!(ids(&calls[2..4]), ids(&calls[4..6]));
    // Who is gone is not told any more, until somebody says that they are back: then of all.
    receiver.answers.lock().unwrap().push_back(410);
    server.published(&token, "three").await;
    let webhook = eventually("it is disabled", async || {
        let webhook = read(&server, &token, &path).await;
        (webhook.json["enabled"] == false).then_some(webhook)
    })
    .await;
    assert!(
        webhook.json["disabled_reason"]
            .as_str()
            .unwrap()
            .contains("410")
    );
    let refused = post(&server, &token, &format!("{path}/test"), json!({})).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    server.published(&token, "four").await;
    let enabled = server
        .request(Method::PATCH, &path)
        .bearer(&token)
        .header("if-match", &webhook.etag())
        .json(json!({"enabled": true}))
        .await;
    assert_eq!(enabled.status, 200, "{}", enabled.text);
    receiver
        .until("the fourth", |calls| {
            told(calls).iter().any(|(_, slug, _)| slug == "four")
        })
        .await;
    // All of it is on record.
    let audit = read(
        &server,
        &token,
        "/v1/editorial/audit?resource=webhook&sort=sequence",
    )
    .await;
    assert_eq!(audit.status, 200, "{}", audit.text);
    let kinds: BTreeSet<&str> = audit.json["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    let all = [
        "webhook_changed",
        "webhook_created",
        "webhook_disabled",
        "webhook_replayed",
        "webhook_secret_rotated",
    ];
    assert_eq!(kinds, BTreeSet::from(all));
    assert!(!audit.text.contains("whsec_"));
}

#[actix_web::test]
async fn a_slow_endpoint_delays_nobody_else() {
    let app = TestApp::start_with(On::Sqlite, local).await;
    let token = app.newsroom().await;
    // It takes connections, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let slow = format!("http://{}", silent.local_addr().unwrap());
    subscribed(&app, &token, json!({"url": slow})).await;
    let receiver = Receiver::default();
    let url = receiver.start();
    subscribed(
        &app,
        &token,
        json!({"url": url, "events": ["article.published"]}),
    )
    .await;
    for number in 0..30 {
        app.published(&token, &format!("article-{number}")).await;
    }
    receiver.until("all", |calls| told(calls).len() == 30).await;
    let list = read(&app, &token, "/v1/editorial/webhooks").await;
    let slow = list.json["data"][0]["id"].as_str().unwrap();
    let pending = format!("/v1/editorial/webhooks/{slow}/deliveries?status=pending&limit=100");
    assert_eq!(
        read(&app, &token, &pending).await.json["data"]
            .as_array()
            .unwrap()
            .len(),
        30
    );
}
