//! Public reads from a streaming replica: never behind what was acknowledged.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedMutRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;

use crate::coherence::{said, unkept};
use crate::harness::{On, TestApp, on_replica};

const TARGETS: &[&str] = &[
    "/v1/articles/one",
    "/v1/articles/two",
    "/v1/articles",
    "/v1/articles?q=headline",
    "/v1/articles?tag=climate&count=true",
    "/v1/articles/facets?by=day",
    "/v1/tags",
    "/v1/authors/alex-writer",
];

/// Reads until the replica has answered one. That may take minutes: it replays what all tests have written, and while the
/// machine is busy it is left alone for seconds each time that it does not answer at once.
async fn until_the_replica_answers(app: &TestApp) {
    let app = app.without_cache().await;
    let before = app.metric("dateline_replica_reads_total").await;
    let mut left = 60_000;
    loop {
        app.get("/v1/articles").await;
        if app.metric("dateline_replica_reads_total").await > before {
            return;
        }
        left -= 1;
        assert!(left > 0, "the replica is never read");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix_web::test]
async fn reads_from_a_replica_are_as_those_from_the_primary() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let random = &mut StdRng::seed_from_u64(seed);
    let primary = TestApp::start(On::Postgres).await;
    let app = primary.another_process_with_replica().await;
    let token = app.newsroom().await;
    let mut articles = Vec::new();
    for slug in ["one", "two"] {
        articles.push(app.published(&token, slug).await);
    }
    until_the_replica_answers(&app).await;

    let (mut paused, mut pauses) = (false, 0);
    for number in 0..60 {
        if random.random_bool(0.3) {
            paused = !paused;
            pauses += u32::from(paused);
            on_replica(if paused {
                "SELECT pg_wal_replay_pause()"
            } else {
                "SELECT pg_wal_replay_resume()"
            });
        }
        let article = articles.choose_mut(random).unwrap();
        let change = match random.random_range(0..4) {
            0 => app.step(&token, article, "unpublish", json!({})).await,
            1 => app.step(&token, article, "publish", json!({})).await,
            _ => {
                let headline = format!("Headline {number}");
                app.patch(&token, article, json!({ "headline": headline }))
                    .await
            }
        };
        if change.status == 200 {
            *article = change;
        }
        for target in TARGETS {
            let expected = said(&unkept(&primary, target).await);
            assert_eq!(said(&app.get(target).await), expected, "{target}");
            // Another process hears of the write some milliseconds later.
            let mut left = 1_000;
            while said(&unkept(&app, target).await) != expected {
                left -= 1;
                assert!(left > 0, "{target}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    if paused {
        on_replica("SELECT pg_wal_replay_resume()");
    }
    println!("paused {pauses} times");
    until_the_replica_answers(&app).await;
    assert!(app.metric("dateline_replica_fallbacks_total").await > 0.0);

    // A replica that goes away takes no read with it.
    on_replica(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname IS NOT NULL AND pid <> pg_backend_pid()",
    );
    for target in TARGETS {
        let expected = said(&unkept(&primary, target).await);
        assert_eq!(said(&unkept(&app, target).await), expected, "{target}");
    }
    until_the_replica_answers(&app).await;
}

#[actix_web::test]
async fn a_replica_that_is_none_is_not_read() {
    // The primary itself: no replica, and another one of its databases would be of another newsroom.
    let primary = TestApp::start(On::Postgres).await;
    let app = primary
        .another_process_with(Some(primary.config.database_url.clone()))
        .await;
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    assert_eq!(app.get("/v1/articles/one").await.status, 200);
    assert!(app.metric("dateline_replica_reads_total").await < 1.0);
    assert!(app.metric("dateline_replica_fallbacks_total").await > 0.0);
    // Nobody listens there.
    let nowhere = "postgres://postgres:x@127.0.0.1:1/postgres"
        .parse()
        .unwrap();
    let app = primary.another_process_with(Some(nowhere)).await;
    assert_eq!(app.get("/v1/articles/one").await.status, 200);
}
