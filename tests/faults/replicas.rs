//! Public reads from a streaming replica, which are never behind what was acknowledged; replicas that must not be
//! read; failover to a standby.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use dateline::config::DatabaseConfig;
use dateline::db::DatabaseUrl;
use diesel::sql_types::Bool;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use rand::rngs::StdRng;
use rand::seq::IndexedMutRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::json;

use super::cluster::{Cluster, config};
use crate::coherence::{said, unkept};
use crate::harness::{On, TestApp, article, eventually};

const TARGETS: &[&str] = &[
    "/v1/articles/two",
    "/v1/articles/three",
    "/v1/articles",
    "/v1/articles?q=headline",
    "/v1/articles?tag=climate&count=true",
    "/v1/articles/facets?by=day",
    "/v1/tags",
    "/v1/authors/alex-writer",
];

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    is_so: bool,
}

/// Waits until a statement about one of a cluster's databases is true.
async fn until(cluster: &Cluster, database: &str, statement: &str) {
    let url = cluster.url(database);
    eventually(statement, async || {
        // The database itself may not have arrived yet.
        let mut connection = PgConnection::establish(&url).ok()?;
        let answer: Answer = sql_query(format!("SELECT coalesce(({statement}), false) AS is_so"))
            .get_result(&mut connection)
            .ok()?;
        answer.is_so.then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_failover_to_a_synchronous_standby_loses_no_acknowledged_write() {
    let primary = Cluster::start();
    let standby = primary.standby("heir");
    primary.configure("synchronous_standby_names = 'heir'\n");
    primary.execute("postgres", "SELECT pg_reload_conf()");
    primary.execute("postgres", "CREATE DATABASE news");
    let url = format!(
        "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/news?target_session_attrs=read-write",
        primary.port, standby.port
    );
    let app = TestApp::start_at(config(&url)).await;
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    assert_eq!(app.get("/v1/articles/one").await.status, 200);

    let acknowledged = Mutex::new(Vec::new());
    let (ended, failing) = (AtomicBool::new(false), AtomicBool::new(false));
    let write = async {
        for number in 0.. {
            if ended.load(Ordering::Relaxed) {
                break;
            }
            let slug = format!("article-{number}");
            let create = app
                .request(Method::POST, "/v1/editorial/articles")
                .may_fail();
            let create = create.bearer(&token).json(article(&slug)).await;
            match create.status.as_u16() {
                201 => acknowledged.lock().unwrap().push(slug),
                503 | 504 => failing.store(true, Ordering::Relaxed),
                status => panic!("{status}: {}", create.text),
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let fail_over = async {
        let written = || acknowledged.lock().unwrap().len();
        eventually("some is written", async || (written() >= 10).then_some(())).await;
        primary.crash();
        eventually("writes fail", async || {
            failing.load(Ordering::Relaxed).then_some(())
        })
        .await;
        let read = app.get_anyway("/v1/articles/one").await;
        assert_eq!(read.status, 200, "{}", read.text);
        standby.promote();
        let before = written();
        eventually("it is written again", async || {
            (written() >= before + 10).then_some(())
        })
        .await;
        ended.store(true, Ordering::Relaxed);
    };
    futures_util::future::join(write, fail_over).await;

    for slug in &acknowledged.into_inner().unwrap() {
        let path = "/v1/editorial/articles".to_owned();
        let again = app
            .request(Method::POST, &path)
            .bearer(&token)
            .json(article(slug))
            .await;
        assert_eq!(again.problem(), "slug-taken", "{slug} is lost");
    }
    app.published(&token, "two").await;
    assert_eq!(app.get("/v1/articles/two").await.status, 200);
}

/// Settings of a server that reads from a replica.
fn with_replica(primary: &Cluster, replica: &Cluster) -> DatabaseConfig {
    DatabaseConfig {
        database_replica_url: Some(replica.url("news").parse().unwrap()),
        ..config(&primary.url("news"))
    }
}

/// A primary with a replica that is read.
async fn primary_and_replica() -> (Cluster, Cluster, TestApp, String) {
    let primary = Cluster::start();
    primary.execute("postgres", "CREATE DATABASE news");
    let replica = primary.standby("replica");
    let app = TestApp::start_at_with(with_replica(&primary, &replica), |server| {
        server.cache_size = 0;
    })
    .await;
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    until_it_is_read(&app).await;
    (primary, replica, app, token)
}

async fn until_it_is_read(app: &TestApp) {
    let before = app.metric("dateline_replica_reads_total").await;
    eventually("the replica is read", async || {
        assert_eq!(app.get("/v1/articles/one").await.status, 200);
        (app.metric("dateline_replica_reads_total").await > before).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_replica_of_another_timeline_is_not_read_however_far_it_is() {
    let (primary, replica, app, token) = primary_and_replica().await;
    let heir = primary.standby("heir");
    until(
        &heir,
        "news",
        "SELECT count(*) > 0 FROM articles WHERE slug = 'one'",
    )
    .await;
    let position = "SELECT pg_last_wal_replay_lsn() = pg_last_wal_receive_lsn()";
    until(&heir, "news", position).await;
    heir.promote();
    // The old primary goes on, as it does where the network is cut, and its replica follows it.
    primary.execute(
        "news",
        "CREATE TABLE noise AS SELECT generate_series(1, 200000) AS n",
    );
    until(&replica, "news", "SELECT count(*) = 200000 FROM noise").await;
    drop(app);

    let app = TestApp::start_at_with(with_replica(&heir, &replica), |server| {
        server.cache_size = 0;
    })
    .await;
    let id = app.get("/v1/articles/one").await.json["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for number in 0..20 {
        let path = format!("/v1/editorial/articles/{id}");
        let now = app.request(Method::GET, &path).bearer(&token).send().await;
        let headline = format!("Headline {number}");
        assert_eq!(
            app.patch(&token, &now, json!({"headline": headline}))
                .await
                .status,
            200
        );
        let read = app.get("/v1/articles/one").await;
        assert_eq!(read.json["headline"], headline.as_str());
    }
    assert!(app.metric("dateline_replica_reads_total").await < 0.5);

    // One that follows the heir is.
    let follower = heir.standby("follower");
    let app = TestApp::start_at_with(with_replica(&heir, &follower), |server| {
        server.cache_size = 0;
    })
    .await;
    until_it_is_read(&app).await;
}

#[actix_web::test]
async fn a_replica_that_hangs_is_left_alone() {
    let (_primary, replica, app, token) = primary_and_replica().await;
    replica.freeze(true);
    let before = app.metric("dateline_replica_fallbacks_total").await;
    for number in 0..20 {
        let read = app.get("/v1/articles/one").await;
        assert_eq!(read.status, 200, "read {number}");
    }
    app.published(&token, "two").await;
    assert_eq!(app.get("/v1/articles/two").await.status, 200);
    assert!(app.metric("dateline_replica_fallbacks_total").await > before);
    replica.freeze(false);
    until_it_is_read(&app).await;
}

#[actix_web::test]
async fn reads_from_a_replica_are_as_those_from_the_primary() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let random = &mut StdRng::seed_from_u64(seed);
    let (cluster, replica, _, token) = primary_and_replica().await;
    // No database goes away here: a machine that is busy with other tests is no reason to give up.
    let patient = |config: DatabaseConfig| DatabaseConfig {
        read_timeout: 60,
        ..config
    };
    let primary = TestApp::start_at(patient(config(&cluster.url("news")))).await;
    let app = TestApp::start_at(patient(with_replica(&cluster, &replica))).await;
    let mut articles = Vec::new();
    for slug in ["two", "three"] {
        articles.push(app.published(&token, slug).await);
    }

    let (mut paused, mut pauses) = (false, 0);
    let mut sync = "initial=true".to_owned();
    for number in 0..60 {
        if random.random_bool(0.3) {
            paused = !paused;
            pauses += u32::from(paused);
            let replay = if paused { "pause" } else { "resume" };
            replica.execute("news", &format!("SELECT pg_wal_replay_{replay}()"));
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
        // A cursor of what this server, and the replica, may not have heard of is no reason to begin anew.
        let page = primary.get(&format!("/v1/sync?{sync}")).await;
        sync = format!("cursor={}", page.json["cursor"].as_str().unwrap());
        let unheard = app.get(&format!("/v1/sync?{sync}")).await;
        assert_eq!(unheard.status, 200, "{}", unheard.text);
        for target in TARGETS {
            let expected = said(&unkept(&primary, target).await);
            assert_eq!(said(&app.get(target).await), expected, "{target}");
            // Another process hears of the write some milliseconds later.
            eventually(target, async || {
                (said(&unkept(&app, target).await) == expected).then_some(())
            })
            .await;
        }
    }
    if paused {
        replica.execute("news", "SELECT pg_wal_replay_resume()");
    }
    println!("paused {pauses} times");
    until_it_is_read(app.without_cache().await).await;
    assert!(app.metric("dateline_replica_fallbacks_total").await > 0.0);

    // A replica that goes away takes no read with it.
    replica.execute(
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname IS NOT NULL AND pid <> pg_backend_pid()",
    );
    for target in TARGETS {
        let expected = said(&unkept(&primary, target).await);
        assert_eq!(said(&unkept(&app, target).await), expected, "{target}");
    }
    until_it_is_read(app.without_cache().await).await;
}

#[actix_web::test]
async fn a_replica_that_is_none_is_not_read() {
    let primary = TestApp::start(On::Postgres).await;
    let with = |replica: DatabaseUrl| DatabaseConfig {
        database_replica_url: Some(replica),
        ..primary.config.clone()
    };
    // The primary itself: no replica, and another one of its databases would be of another newsroom.
    let app = TestApp::start_at(with(primary.config.database_url.clone())).await;
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    assert_eq!(app.get("/v1/articles/one").await.status, 200);
    assert!(app.metric("dateline_replica_reads_total").await < 1.0);
    assert!(app.metric("dateline_replica_fallbacks_total").await > 0.0);
    // Nobody listens there.
    let nowhere = "postgres://postgres:x@127.0.0.1:1/postgres";
    let app = TestApp::start_at(with(nowhere.parse().unwrap())).await;
    assert_eq!(app.get("/v1/articles/one").await.status, 200);
}
