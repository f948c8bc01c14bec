//! Listening to what happens.

use std::collections::BTreeSet;
use std::time::Duration;

use dateline::auth::model::Role;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{On, TestApp, article};
use macro_rules_attribute::apply;

/// A client that listens.
pub struct Client {
    response: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>>>>,
    text: String,
}

/// An event as it came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    pub kind: String,
    pub id: Option<String>,
    pub data: Value,
}

impl Client {
    pub async fn listen(
        app: &TestApp,
        path: &str,
        token: Option<&str>,
        last: Option<&str>,
    ) -> Self {
        let mut request = app.client.get(format!("{}{path}", app.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        assert_eq!(headers["content-type"], "text/event-stream");
        assert_eq!(headers["x-accel-buffering"], "no");
        assert_eq!(headers["cache-control"], "no-store, no-transform");
        let mut client = Self {
            response: Box::pin(response.bytes_stream()),
            text: String::new(),
        };
        // What is at the beginning comes at once.
        let first = client.next().await;
        assert!(first.id.is_some() && first.kind.is_empty(), "{first:?}");
        client
    }

    /// The next block, whatever is in it.
    async fn next(&mut self) -> Event {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let mut event = Event::default();
                for line in block.lines() {
                    match line.split_once(": ") {
                        Some(("event", kind)) => event.kind = kind.to_owned(),
                        Some(("id", id)) => event.id = Some(id.to_owned()),
                        Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                        _ => {}
                    }
                }
                self.text = rest.to_owned();
                return event;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(60), self.response.next());
            let chunk = chunk.await.expect("something within a minute");
            let chunk = chunk.expect("the stream goes on").unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event that says something.
    pub async fn event(&mut self) -> Event {
        loop {
            let event = self.next().await;
            if !event.kind.is_empty() {
                return event;
            }
        }
    }

    async fn slugs(&mut self, count: usize) -> Vec<String> {
        let mut slugs = Vec::new();
        for _ in 0..count {
            let event = self.event().await;
            slugs.push(event.data["data"]["slug"].as_str().unwrap().to_owned());
        }
        slugs
    }
}

#[apply(both)]
async fn what_readers_see_is_told_in_order_and_gone_on_with(app: TestApp) {
    let token = app.newsroom().await;
    let mut all = Client::listen(&app, "/v1/events", None, None).await;
    let path = "/v1/events?types=article.published,article.unpublished";
    let mut some = Client::listen(&app, path, None, None).await;
    app.draft(&token, "secret").await;
    let one = app.published(&token, "one").await;
    let published = all.event().await;
    assert_eq!(published.kind, "article.published");
    assert_eq!(published.data["type"], "article.published");
    assert_eq!(published.data["data"]["headline"], "Headline of one");
    let id = published.id.unwrap();
    let number = id.split_once('-').unwrap().0;
    assert_eq!(published.data["sequence"].to_string(), number);
    let edited = app
        .patch(&token, &one, json!({"headline": "Another"}))
        .await;
    assert_eq!(all.event().await.kind, "article.updated");
    app.step(&token, &edited, "unpublish", json!({})).await;
    assert_eq!(all.event().await.kind, "article.unpublished");
    assert_eq!(some.event().await.kind, "article.published");
    assert_eq!(some.event().await.kind, "article.unpublished");
    // Who comes again is told what they have missed, and nothing twice.
    drop(all);
    for slug in ["two", "three"] {
        app.published(&token, slug).await;
    }
    let mut by_number = Client::listen(&app, "/v1/events", None, Some(number)).await;
    let mut again = Client::listen(&app, "/v1/events", None, Some(&id)).await;
    for client in [&mut by_number, &mut again] {
        assert_eq!(client.event().await.kind, "article.updated");
        assert_eq!(client.event().await.kind, "article.unpublished");
        assert_eq!(client.slugs(2).await, ["two", "three"]);
    }
    app.published(&token, "four").await;
    assert_eq!(again.slugs(1).await, ["four"]);
    // Who knows of another database's past begins anew.
    let mut lost = Client::listen(&app, "/v1/events", None, Some("1000000")).await;
    let reset = lost.event().await;
    assert_eq!(reset.kind, "reset");
    let other = format!("{number}-0123456789abcdef");
    let mut lost_too = Client::listen(&app, "/v1/events", None, Some(&other)).await;
    assert_eq!(lost_too.event().await.kind, "reset");
    let mut after = Client::listen(
        &app,
        &format!("/v1/events?after={}", reset.id.unwrap()),
        None,
        None,
    )
    .await;
    app.published(&token, "five").await;
    assert_eq!(lost.slugs(1).await, ["five"]);
    assert_eq!(after.slugs(1).await, ["five"]);
    for path in [
        "/v1/events?types=article.publish",
        "/v1/events?after=x",
        "/v1/events?after=1-x",
        "/v1/events?types=article.published,article.saved",
        "/v1/events?since=1",
    ] {
        assert_eq!(app.get(path).await.status, 400, "{path}");
    }
}

#[actix_web::test]
async fn what_another_process_writes_is_told_as_well() {
    let app = TestApp::start(On::Postgres).await;
    let other = app.another_process().await;
    let token = app.newsroom().await;
    let mut client = Client::listen(&app, "/v1/events", None, None).await;
    let soon = dateline::db::Timestamp::now().plus(chrono::Duration::seconds(2));
    app.published_at(&token, "later", &soon.to_string()).await;
    let mut expected = BTreeSet::from(["later".to_owned()]);
    for number in 0..10 {
        let at = if number % 2 == 0 { &app } else { &other };
        let slug = format!("article-{number}");
        at.published(&token, &slug).await;
        expected.insert(slug);
    }
    let slugs = client.slugs(11).await;
    assert_eq!(slugs.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[apply(both)]
async fn the_desk_is_told_what_it_may_read(app: TestApp) {
    let token = app.newsroom().await;
    let author = app.user("author@example.com", Role::Author).await;
    assert_eq!(app.get("/v1/editorial/events").await.status, 401);
    let mut desk = Client::listen(&app, "/v1/editorial/events", Some(&token), None).await;
    let mut own = Client::listen(&app, "/v1/editorial/events", Some(&author), None).await;
    let mut readers = Client::listen(&app, "/v1/events", None, None).await;
    app.draft(&token, "not-theirs").await;
    let theirs = app
        .create(&author, "/v1/editorial/articles", article("theirs"))
        .await;
    app.published(&token, "public").await;
    let event = desk.event().await;
    assert_eq!(
        (event.kind.as_str(), &event.data["data"]["slug"]),
        ("article.created", &json!("not-theirs"))
    );
    assert_eq!(event.data["data"]["status"], "draft");
    assert_eq!(desk.slugs(3).await, ["theirs", "public", "public"]);
    assert_eq!(own.slugs(2).await, ["theirs", "public"]);
    assert_eq!(readers.slugs(1).await, ["public"]);
    let saved = app
        .request(
            Method::PATCH,
            &format!(
                "/v1/editorial/articles/{}",
                theirs.json["id"].as_str().unwrap()
            ),
        )
        .bearer(&author)
        .header("if-match", &theirs.etag())
        .json(json!({"status": "in_review"}))
        .await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    assert_eq!(own.event().await.kind, "article.submitted");
}

#[actix_web::test]
async fn as_many_listen_as_may() {
    let app = TestApp::start_with(On::Sqlite, |server| server.event_streams = 2).await;
    let first = Client::listen(&app, "/v1/events", None, None).await;
    let _second = Client::listen(&app, "/v1/events", None, None).await;
    let refused = app.get_anyway("/v1/events").await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(!refused.header("retry-after").is_empty());
    drop(first);
    // Who has left is noticed when something is sent.
    let token = app.newsroom().await;
    let mut left = 600;
    loop {
        app.published(&token, &format!("article-{left}")).await;
        let request = app.client.get(format!("{}/v1/events", app.url));
        if request.send().await.unwrap().status() == 200 {
            break;
        }
        left -= 1;
        assert!(left > 0, "nobody is let in");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[actix_web::test]
async fn who_never_reads_delays_nobody() {
    use tokio::io::AsyncWriteExt;
    let app = TestApp::start(On::Sqlite).await;
    let token = app.newsroom().await;
    let address = app.url.strip_prefix("http://").unwrap();
    let mut silent = tokio::net::TcpStream::connect(address).await.unwrap();
    silent
        .write_all(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut client = Client::listen(&app, "/v1/events", None, None).await;
    for number in 0..150 {
        app.published(&token, &format!("article-{number}")).await;
    }
    let slugs = client.slugs(150).await;
    assert_eq!(slugs.last().unwrap(), "article-149");
    drop(silent);
}
