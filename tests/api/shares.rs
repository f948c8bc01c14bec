//! The count under the headline.

use macro_rules_attribute::apply;
use std::time::Duration;

use dateline::db::{Connection, StoreError};
use dateline::shares::model::Network;
use dateline::shares::store::counting::Share;
use dateline::shares::visitor::Visitor;
use dateline::shares::writer::ShareWriter;
use diesel::RunQueryDsl;
use reqwest::Method;
use serde_json::json;

use crate::both;
use crate::harness::{Reply, TestApp};

async fn share(app: &TestApp, slug: &str, visitor: &str, network: &str) -> Reply {
    app.request(Method::POST, &format!("/v1/articles/{slug}/shares"))
        .header("user-agent", visitor)
        .json(json!({"network": network}))
        .await
}

#[apply(both)]
async fn a_share_raises_the_count_once_per_visitor(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    let first = share(&app, "harbour", "one", "x").await;
    assert_eq!(first.json["counted"], true);
    assert_eq!(first.json["total"], 1);
    let again = share(&app, "harbour", "one", "twitter").await;
    assert_eq!(again.json["counted"], false);
    assert_eq!(again.json["total"], 1);
    share(&app, "harbour", "two", "x").await;
    let other = share(&app, "harbour", "one", "facebook").await;
    assert_eq!(other.json["by_network"], json!({"facebook": 1, "x": 2}));
    let read = app.get("/v1/articles/harbour/shares").await;
    assert_eq!(read.json["total"], 3);
    let article = app.get("/v1/articles/harbour?include=shares").await;
    assert_eq!(article.json["shares"]["total"], 3);
    let list = app.get("/v1/articles?include=shares").await;
    assert_eq!(list.json["data"][0]["shares"]["total"], 3);
}

#[apply(both)]
async fn an_unknown_network_is_refused_and_nothing_counted(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    let reply = share(&app, "harbour", "one", "facebok").await;
    assert_eq!(reply.status, 422);
    assert_eq!(reply.pointers(), ["/network"]);
    assert!(reply.text.contains("did you mean \\\"facebook\\\"?"));
    assert_eq!(
        app.get("/v1/articles/harbour/shares").await.json["total"],
        0
    );
}

#[apply(both)]
async fn a_slug_change_keeps_its_shares(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "before").await;
    share(&app, "before", "one", "x").await;
    app.patch(&token, &article, json!({"slug": "after"})).await;
    assert_eq!(app.get("/v1/articles/after/shares").await.json["total"], 1);
    // A page opened before the change still counts for its article.
    assert_eq!(share(&app, "before", "two", "x").await.json["total"], 2);
    assert_eq!(app.get("/v1/articles/before/shares").await.status, 301);
}

#[apply(both)]
async fn a_page_of_articles_needs_one_call(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    app.published(&token, "two").await;
    app.draft(&token, "draft").await;
    share(&app, "two", "v", "x").await;
    let reply = app.get("/v1/shares?slugs=two,draft,one,unknown").await;
    assert_eq!(reply.slugs(), ["two", "one"]);
    assert_eq!(reply.json["data"][0]["total"], 1);
    assert_eq!(app.get("/v1/shares").await.status, 400);
    let many = vec!["a"; 101].join(",");
    assert_eq!(
        app.get(&format!("/v1/shares?slugs={many}")).await.status,
        400
    );
}

#[apply(both)]
async fn what_is_not_public_cannot_be_shared(app: TestApp) {
    let token = app.newsroom().await;
    app.draft(&token, "draft").await;
    assert_eq!(share(&app, "draft", "one", "x").await.status, 404);
    assert_eq!(app.get("/v1/articles/draft/shares").await.status, 404);
}

#[apply(both)]
async fn simultaneous_shares_are_all_counted_and_none_twice(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    let visitors: Vec<String> = (0..20).map(|number| format!("visitor {number}")).collect();
    // Each visitor twice at once.
    let shares = visitors
        .iter()
        .chain(&visitors)
        .map(|visitor| share(&app, "harbour", visitor, "x"));
    let replies = futures_util::future::join_all(shares).await;
    let counted = replies
        .iter()
        .filter(|reply| reply.json["counted"] == true)
        .count();
    assert_eq!(counted, 20);
    app.counted().await;
    assert_eq!(
        app.get("/v1/articles/harbour/shares").await.json["total"],
        20
    );
}

#[apply(both)]
async fn readers_behind_a_proxy_are_told_apart(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    let from = async |header: &str, value: &str| {
        app.request(Method::POST, "/v1/articles/harbour/shares")
            .header(header, value)
            .json(json!({"network": "x"}))
            .await
            .json["counted"]
            .clone()
    };
    assert_eq!(from("x-forwarded-for", "192.0.2.1").await, true);
    assert_eq!(from("x-forwarded-for", "192.0.2.2").await, true);
    // What stands in front of the proxy's own entry is what the client made up.
    assert_eq!(
        from("x-forwarded-for", "203.0.113.9, 192.0.2.2").await,
        false
    );
    assert_eq!(from("forwarded", "for=192.0.2.2;proto=https").await, false);
    assert_eq!(from("forwarded", "for=\"[2001:db8::1]:443\"").await, true);
    assert_eq!(
        from("forwarded", "for=\"[2001:db8::2]\"").await,
        false,
        "of the same household"
    );
}

#[apply(both)]
async fn one_address_cannot_send_without_end(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    app.published(&token, "other").await;
    let from = async |slug: &str, address: &str, number: usize| {
        app.request(Method::POST, &format!("/v1/articles/{slug}/shares"))
            .header("x-forwarded-for", address)
            .header("user-agent", &format!("visitor {number}"))
            .json(json!({"network": "x"}))
            .await
    };
    let first = from("harbour", "192.0.2.1", 0).await;
    assert_eq!(
        first.header("ratelimit-policy"),
        "\"address\";q=300;w=60, \"article\";q=60;w=60"
    );
    assert_eq!(
        first.header("ratelimit"),
        "\"address\";r=299, \"article\";r=59"
    );
    assert!(
        first
            .header("access-control-expose-headers")
            .to_lowercase()
            .contains("ratelimit")
    );
    let shares = (1..70).map(|number| from("harbour", "192.0.2.1", number));
    let refused = futures_util::future::join_all(shares)
        .await
        .into_iter()
        .filter(|reply| reply.status == 429);
    let refused: Vec<Reply> = refused.collect();
    assert!(!refused.is_empty());
    assert!(refused[0].header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(
        refused[0]
            .header("ratelimit")
            .contains("\"article\";r=0;t=")
    );
    // Others are not concerned, nor is another article.
    assert_eq!(from("other", "192.0.2.1", 0).await.status, 200);
    assert_eq!(from("harbour", "192.0.2.2", 0).await.status, 200);
}

#[apply(both)]
async fn two_processes_count_a_visitor_once(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    let other = app.another_process().await;
    let visitors: Vec<String> = (0..20).map(|number| format!("visitor {number}")).collect();
    let here = visitors
        .iter()
        .map(|visitor| share(&app, "harbour", visitor, "x"));
    let there = visitors
        .iter()
        .rev()
        .map(|visitor| share(&other, "harbour", visitor, "x"));
    let replies = futures_util::future::join_all(here.chain(there)).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    assert_eq!(
        replies
            .iter()
            .filter(|reply| reply.json["counted"] == true)
            .count(),
        20
    );
    app.counted().await;
    assert_eq!(
        other.get("/v1/articles/harbour/shares").await.json["total"],
        20
    );
}

#[apply(both)]
async fn an_unpublished_article_is_shared_no_more(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    assert_eq!(share(&app, "harbour", "one", "x").await.status, 200);
    app.step(&token, &article, "unpublish", json!({})).await;
    assert_eq!(share(&app, "harbour", "two", "x").await.status, 404);
}

#[apply(both)]
async fn an_answer_with_counts_keeps_its_etag_as_long_as_they_stay(app: TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    let path = "/v1/articles?include=shares";
    let unshared = app.get(path).await;
    assert_eq!(app.get(path).await.header("etag"), unshared.header("etag"));
    let without = app.get("/v1/articles").await;
    share(&app, "harbour", "one", "x").await;
    let shared = app.get(path).await;
    assert_ne!(shared.header("etag"), unshared.header("etag"));
    share(&app, "harbour", "one", "x").await;
    assert_eq!(app.get(path).await.header("etag"), shared.header("etag"));
    assert_eq!(
        app.get("/v1/articles").await.header("etag"),
        without.header("etag")
    );
}

#[apply(both)]
async fn when_too_many_wait_more_are_turned_away_and_none_is_lost(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await.json["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let (counter, ended) = ShareWriter::open(app.database.clone(), 5, 100).unwrap();
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Arc::new(std::sync::Mutex::new(held));
    // On SQLite somebody else is writing, on Postgres counting.
    let database = app.database.clone();
    let writing = actix_web::rt::spawn(async move {
        database
            .write(move |connection| {
                if let Connection::Postgres(postgres) = connection {
                    diesel::sql_query("LOCK TABLE share_journal").execute(postgres)?;
                }
                let _ = held.lock().unwrap().recv();
                Ok(())
            })
            .await
    });
    actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    let shares = (0..20).map(|visitor| {
        counter.count(Share {
            article,
            network: Network::X,
            visitor: Visitor {
                today: visitor,
                yesterday: None,
            },
        })
    });
    let release = async {
        actix_web::rt::time::sleep(Duration::from_millis(200)).await;
        drop(hold);
    };
    let (answers, ()) =
        futures_util::future::join(futures_util::future::join_all(shares), release).await;
    writing.await.unwrap().unwrap();
    let counted = answers
        .iter()
        .filter(|answer| answer.as_ref().is_ok_and(|receipt| receipt.counted))
        .count();
    let refused = answers
        .iter()
        .filter(|answer| matches!(answer, Err(StoreError::Unavailable(..))))
        .count();
    assert_eq!(counted + refused, 20);
    assert!((1..20).contains(&refused), "{refused}");
    drop(counter);
    ended.await.unwrap();
    app.counted().await;
    assert_eq!(
        app.get("/v1/articles/harbour/shares").await.json["total"],
        counted
    );
}
