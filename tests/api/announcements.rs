//! What other services are told: CDNs, hubs of feeds, search engines.

use std::time::Duration;

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use dateline::config::PurgeHeader;
use dateline::db::Timestamp;

use crate::both;
use crate::harness::{On, TestApp};
use crate::receiver::{Call, Receiver};

/// Starts a server of whose services it is known how far they were told.
async fn started(on: On, change: impl FnOnce(&mut dateline::config::ServerConfig)) -> TestApp {
    let app = TestApp::start_with(on, change).await;
    let mut left = 6_000;
    loop {
        use dateline::db::schema::followers;
        use diesel::prelude::*;
        let count = app
            .database
            .read(|connection| Ok(followers::table.count().get_result::<i64>(connection)?));
        if count.await.unwrap() > 0 {
            return app;
        }
        left -= 1;
        assert!(left > 0, "nobody follows the log");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn has_key(call: &Call, key: &str) -> bool {
    call.header("xkey-purge").split(' ').any(|one| one == key)
}

#[actix_web::test]
async fn a_cache_is_purged_of_what_has_changed() {
    for on in [On::Sqlite, On::Postgres] {
        let receiver = Receiver::default();
        let address = receiver.start();
        let app = started(on, |server| {
            server.announcements.purge_url = Some(format!("{address}/"));
        })
        .await;
        let token = app.newsroom().await;
        let one = app.published(&token, "one").await;
        let key = format!("article-{}", one.json["id"].as_str().unwrap());
        // Twice: what the cache fetched at the moment of the first may be old.
        let times = |calls: &[Call]| calls.iter().filter(|call| has_key(call, &key)).count();
        let calls = receiver
            .until("purged twice", |calls| times(calls) >= 2)
            .await;
        let call = calls.iter().find(|call| has_key(call, &key)).unwrap();
        assert_eq!((call.method.as_str(), call.path.as_str()), ("PURGE", "/"));
        assert!(has_key(call, "articles"), "{call:?}");
        // A draft is nobody's business.
        let before = receiver.calls().len();
        let draft = app.draft(&token, "secret").await;
        let secret = format!("article-{}", draft.json["id"].as_str().unwrap());
        // Another name is shown by any article.
        let tag = app.get("/v1/tags/climate").await.json["id"].clone();
        let renamed = app
            .request(
                reqwest::Method::PATCH,
                &format!("/v1/editorial/tags/{}", tag.as_str().unwrap()),
            )
            .bearer(&token)
            .header("if-match", "*")
            .json(json!({"name": "Weather"}))
            .await;
        assert_eq!(renamed.status, 200, "{}", renamed.text);
        let calls = receiver
            .until("of all", |calls| {
                calls.iter().any(|call| has_key(call, "every-article"))
            })
            .await;
        assert!(!calls[before..].iter().any(|call| has_key(call, &secret)));
        let (_, metrics) = app.operators_get("/metrics").await;
        let told = "dateline_announcements_total{outcome=\"told\",service=\"purge\"}";
        assert!(metrics.contains(told), "{metrics}");
    }
}

#[actix_web::test]
async fn what_comes_together_is_told_together_and_nothing_is_lost() {
    let receiver = Receiver::default();
    receiver.answers.lock().unwrap().extend([500, 503, 429]);
    let address = receiver.start();
    let app = started(On::Sqlite, |server| {
        server.purge_header = PurgeHeader::CacheTag;
        server.announcements.purge_cloudflare = Some("zone1".into());
        server.announcements.purge_token = Some("secret".parse().unwrap());
        server.announcements.purge_api = Some(address.parse().unwrap());
    })
    .await;
    let token = app.newsroom().await;
    let mut keys = Vec::new();
    for number in 0..20 {
        let one = app.published(&token, &format!("article-{number}")).await;
        keys.push(format!("article-{}", one.json["id"].as_str().unwrap()));
    }
    let tags = |call: &Call| -> Vec<String> {
        let body: Value = serde_json::from_str(&call.body).unwrap();
        serde_json::from_value(body["tags"].clone()).unwrap()
    };
    let calls = receiver
        .until("all are told", |calls| {
            // Those that were refused do not count.
            let told: Vec<String> = calls.iter().skip(3).flat_map(tags).collect();
            keys.iter().all(|key| told.contains(key))
        })
        .await;
    assert!(calls.len() < 3 + 20, "{} calls", calls.len());
    assert_eq!(calls[0].path, "/client/v4/zones/zone1/purge_cache");
    assert_eq!(calls[0].header("authorization"), "Bearer secret");
    let log = app.operators_get("/readyz").await.1;
    assert!(!log.contains("secret"), "{log}");
}

#[actix_web::test]
async fn of_two_processes_one_tells() {
    let receiver = Receiver::default();
    let address = receiver.start();
    let set = |server: &mut dateline::config::ServerConfig| {
        server.announcements.purge_fastly = Some("service1".into());
        server.announcements.purge_token = Some("secret".parse().unwrap());
        server.announcements.purge_api = Some(address.parse().unwrap());
    };
    let app = started(On::Postgres, set).await;
    let other = TestApp::start_at_with(app.config.clone(), set).await;
    let token = app.newsroom().await;
    let mut keys = Vec::new();
    for number in 0..6 {
        let at = if number % 2 == 0 { &app } else { &other };
        let one = at.published(&token, &format!("article-{number}")).await;
        keys.push(format!("\"article-{}\"", one.json["id"].as_str().unwrap()));
    }
    let times = |calls: &[Call], key: &String| {
        calls
            .iter()
            .filter(|call| call.body.contains(key.as_str()))
            .count()
    };
    let calls = receiver
        .until("all are told twice", |calls| {
            keys.iter().all(|key| times(calls, key) >= 2)
        })
        .await;
    assert_eq!(calls[0].path, "/service/service1/purge");
    assert_eq!(calls[0].header("fastly-key"), "secret");
    for key in &keys {
        assert_eq!(times(&calls, key), 2, "{key}");
    }
}

#[apply(both)]
async fn operators_see_who_does_not_listen(app: TestApp) {
    // Nobody is there.
    let other = TestApp::start_at_with(app.config.clone(), |server| {
        server.announcements.purge_url = Some("http://127.0.0.1:1/".into());
    })
    .await;
    let token = app.newsroom().await;
    let mut left = 3_000;
    let mut number = 0;
    loop {
        number += 1;
        app.published(&token, &format!("article-{number}")).await;
        let (_, ready) = other.operators_get("/readyz").await;
        if ready.contains("purge http://127.0.0.1:1/") {
            break;
        }
        left -= 1;
        assert!(left > 0, "{ready}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[actix_web::test]
async fn hubs_and_search_engines_hear_of_what_appears_by_itself() {
    let receiver = Receiver::default();
    let address = receiver.start();
    let app = started(On::Sqlite, |server| {
        server.publication.websub_hubs = vec![format!("{address}/hub").parse().unwrap()];
        server.announcements.indexnow_key = Some("0123456789abcdef".into());
        server.announcements.indexnow_url = format!("{address}/indexnow").parse().unwrap();
    })
    .await;
    let token = app.newsroom().await;
    let at = Timestamp::now().plus(chrono::Duration::milliseconds(1500));
    let later = app.published_at(&token, "later", &at.to_string()).await;
    let calls = receiver
        .until("both are told", |calls| {
            let told = |path: &str| calls.iter().any(|call| call.path == path);
            told("/hub") && told("/indexnow")
        })
        .await;
    assert!(Timestamp::now() >= at, "they were told before readers");
    let hub = calls.iter().find(|call| call.path == "/hub").unwrap();
    let form: Vec<(String, String)> = url::form_urlencoded::parse(hub.body.as_bytes())
        .into_owned()
        .collect();
    assert_eq!(form[0], ("hub.mode".to_owned(), "publish".to_owned()));
    for feed in [
        "https://news.example/feeds/articles.rss",
        "https://news.example/feeds/articles.json?tag=climate",
        "https://news.example/feeds/articles.atom?section=world",
        "https://news.example/feeds/articles.rss?author=alex-writer",
    ] {
        assert!(
            form.iter()
                .any(|(name, value)| name == "hub.url" && value == feed),
            "{feed}: {form:?}"
        );
        // What a hub is told is what the feed says that it is.
        let path = feed.strip_prefix("https://news.example").unwrap();
        assert!(
            app.get(path)
                .await
                .header("link")
                .contains(&format!("<{feed}>; rel=\"self\""))
        );
    }
    let told = calls.iter().find(|call| call.path == "/indexnow").unwrap();
    let body: Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(body["host"], "news.example");
    assert_eq!(body["urlList"], json!(["https://news.example/later"]));
    assert_eq!(
        body["keyLocation"],
        "https://news.example/0123456789abcdef.txt"
    );
    assert_eq!(
        app.get("/0123456789abcdef.txt").await.text,
        "0123456789abcdef"
    );
    assert_eq!(app.get("/0123456789abcdee.txt").await.status, 404);

    // What readers do not see any more has left the same feeds.
    let heard = receiver.calls().len();
    let taken = app.step(&token, &later, "unpublish", json!({})).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    let calls = receiver
        .until("the hub is told", |calls| {
            calls[heard..].iter().any(|call| call.path == "/hub")
        })
        .await;
    let hub = calls[heard..].iter().find(|call| call.path == "/hub");
    for feed in ["tag%3Dclimate", "section%3Dworld", "author%3Dalex-writer"] {
        assert!(hub.unwrap().body.contains(feed), "{feed}");
    }
}
