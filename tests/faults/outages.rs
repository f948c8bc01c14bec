//! A database that is away for a while, and what is known of writes that it was sent.

use dateline::db::Id;
use diesel::sql_types::Integer;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use reqwest::Method;
use serde_json::json;

use super::cluster::{Cluster, config};
use super::proxy::{MARKER, Mode, Proxy};
use crate::harness::{On, TestApp, article, eventually};

const READS: [&str; 5] = [
    "/v1/articles/one",
    "/v1/articles",
    "/v1/tags/climate",
    "/v1/authors/alex-writer",
    "/v1/articles/one/shares",
];

/// A server on a database of a cluster, behind a proxy.
struct Behind {
    app: TestApp,
    proxy: Proxy,
    cluster: Cluster,
    token: String,
}

impl Behind {
    async fn a_proxy() -> Self {
        let cluster = Cluster::start();
        let proxy = Proxy::before(cluster.port);
        cluster.execute("postgres", "CREATE DATABASE news");
        let app = TestApp::start_at(config(&proxy.url("news"))).await;
        let token = app.newsroom().await;
        app.published(&token, "one").await;
        app.published(&token, "two").await;
        Self {
            app,
            proxy,
            cluster,
            token,
        }
    }

    /// Fills the cache.
    async fn read_all(&self) {
        for path in READS {
            assert_eq!(self.app.get(path).await.status, 200, "{path}");
        }
    }

    async fn until_the_outage_is_known(&self) {
        eventually("the outage is known", async || {
            self.app.database.health().is_away().then_some(())
        })
        .await;
    }

    async fn until_all_is_right(&self) {
        eventually("all is right again", async || {
            let fresh = self.app.get_anyway("/v1/articles/one").await;
            let query = format!("/v1/articles?q=x{}", Id::generate().0.simple());
            let uncached = self.app.get_anyway(&query).await;
            let is_right = fresh.status == 200
                && fresh.header("cache-status").is_empty()
                && uncached.status == 200;
            is_right.then_some(())
        })
        .await;
    }

    /// Cached reads go out marked, others and writes are refused, and nothing is promised of them.
    async fn sees_an_outage(&self) {
        for path in READS {
            // For as long as the last sign of life is believed it is not even marked.
            let reply = eventually("it is marked", async || {
                let reply = self.app.get_anyway(path).await;
                assert_eq!(reply.status, 200, "{path}: {}", reply.text);
                (!reply.header("cache-status").is_empty()).then_some(reply)
            })
            .await;
            let status = reply.header("cache-status");
            assert!(
                status.starts_with("dateline; hit; ttl=-"),
                "{path}: {status}"
            );
            assert_eq!(reply.header("cache-control"), "public, max-age=0", "{path}");
            assert!(!reply.header("age").is_empty(), "{path}");
        }
        let uncached = self.app.get_anyway("/v1/articles/two?include=shares").await;
        assert_eq!(
            (uncached.status.as_u16(), uncached.problem()),
            (503, "unavailable")
        );
        assert!(!uncached.header("retry-after").is_empty());
        let write = self
            .app
            .request(Method::POST, "/v1/editorial/articles")
            .may_fail();
        let write = write.bearer(&self.token).json(article("lost")).await;
        assert_eq!(
            (write.status.as_u16(), write.problem()),
            (503, "unavailable")
        );
        let share = self
            .app
            .request(Method::POST, "/v1/articles/one/shares")
            .may_fail();
        assert_eq!(share.json(json!({"network": "x"})).await.status, 503);
    }
}

#[actix_web::test]
async fn when_postgres_restarts_cached_reads_go_on_and_the_rest_comes_back() {
    let behind = Behind::a_proxy().await;
    behind.read_all().await;
    for fast in [true, false] {
        if fast {
            behind.cluster.stop_fast();
        } else {
            behind.cluster.crash();
        }
        behind.until_the_outage_is_known().await;
        behind.sees_an_outage().await;
        assert_eq!(behind.app.operators_get("/readyz").await.0, 503);
        behind.cluster.start_again();
        behind.until_all_is_right().await;
        let slug = format!("after-{fast}");
        behind.app.published(&behind.token, &slug).await;
        behind.read_all().await;
        assert_eq!(
            behind.app.get(&format!("/v1/articles/{slug}")).await.status,
            200
        );
    }
    assert!(behind.app.metric("dateline_cache_stale_total").await >= 10.0);
}

#[actix_web::test]
async fn when_the_network_stalls_nobody_waits_longer_than_it_takes_to_know() {
    let behind = Behind::a_proxy().await;
    behind.read_all().await;
    behind.proxy.set(Mode::Stall);
    behind.until_the_outage_is_known().await;
    behind.sees_an_outage().await;
    behind.proxy.set(Mode::Pass);
    behind.until_all_is_right().await;
    behind.proxy.set(Mode::Refuse);
    behind.until_the_outage_is_known().await;
    behind.proxy.set(Mode::Pass);
    behind.until_all_is_right().await;
}

#[actix_web::test]
async fn what_is_known_to_be_withdrawn_does_not_go_out_during_an_outage() {
    let behind = Behind::a_proxy().await;
    let app = &behind.app;
    behind.read_all().await;
    let two = app.get("/v1/articles/two").await;
    let editorial = format!(
        "/v1/editorial/articles/{}",
        two.json["id"].as_str().unwrap()
    );
    let two = app
        .request(Method::GET, &editorial)
        .bearer(&behind.token)
        .send()
        .await;
    assert_eq!(
        app.step(&behind.token, &two, "unpublish", json!({}))
            .await
            .status,
        200
    );
    behind.proxy.set(Mode::Stall);
    behind.until_the_outage_is_known().await;
    assert_eq!(app.get_anyway("/v1/articles/two").await.status, 503);
    // It was in this one.
    assert_eq!(app.get_anyway("/v1/articles").await.status, 503);
    assert_eq!(app.get_anyway("/v1/articles/one").await.status, 200);
    behind.proxy.set(Mode::Pass);
    behind.until_all_is_right().await;
    assert_eq!(app.get("/v1/articles/two").await.status, 404);
}

#[actix_web::test]
async fn stale_responses_can_be_turned_off() {
    let cluster = Cluster::start();
    cluster.execute("postgres", "CREATE DATABASE news");
    let app = TestApp::start_at_with(config(&cluster.url("news")), |server| {
        server.stale_if_error = 0;
    })
    .await;
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    assert_eq!(app.get("/v1/articles/one").await.status, 200);
    cluster.stop_fast();
    eventually("the outage is known", async || {
        app.database.health().is_away().then_some(())
    })
    .await;
    assert_eq!(app.get_anyway("/v1/articles/one").await.status, 503);
}

#[actix_web::test]
async fn what_became_of_a_commit_that_was_not_answered_is_not_guessed() {
    let behind = Behind::a_proxy().await;
    let app = &behind.app;
    for (mode, is_there) in [(Mode::CutBeforeCommit, false), (Mode::CutAfterCommit, true)] {
        let slug = format!("{MARKER}-{is_there}");
        behind.proxy.set(mode);
        let create = app
            .request(Method::POST, "/v1/editorial/articles")
            .may_fail();
        let create = create.bearer(&behind.token).json(article(&slug)).await;
        assert_eq!(
            (create.status.as_u16(), create.problem()),
            (504, "outcome-unknown"),
            "{}",
            create.text
        );
        assert!(create.header("retry-after").is_empty());
        behind.proxy.set(Mode::Pass);
        behind.until_all_is_right().await;
        let path = "/v1/editorial/articles?limit=100";
        let all = app
            .request(Method::GET, path)
            .bearer(&behind.token)
            .send()
            .await;
        assert_eq!(all.slugs().contains(&slug.as_str()), is_there, "{mode:?}");
        // What it touched is made anew, whatever became of it.
        behind.read_all().await;
    }
}

#[actix_web::test]
async fn what_others_see_of_a_commit_that_is_not_answered_yet_readers_see_here_as_well() {
    let behind = Behind::a_proxy().await;
    let app = &behind.app;
    behind.read_all().await;
    let id = app.get("/v1/articles/one").await.json["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let now = app
        .request(Method::GET, &format!("/v1/editorial/articles/{id}"))
        .bearer(&behind.token)
        .send()
        .await;
    behind.proxy.set(Mode::HoldCommit);
    let headline = format!("Not answered: {MARKER}");
    let patch = app.patch(&behind.token, &now, json!({"headline": headline}));
    let read = async {
        for path in ["/v1/articles/one", "/v1/articles"] {
            eventually("it is read", async || {
                let read = app.get(path).await;
                read.text.contains(&headline).then_some(())
            })
            .await;
        }
        behind.proxy.set(Mode::Pass);
    };
    let (patched, ()) = futures_util::future::join(patch, read).await;
    assert_eq!(patched.status, 200, "{}", patched.text);
}

#[actix_web::test]
async fn a_listener_that_hears_nothing_is_noticed() {
    let behind = Behind::a_proxy().await;
    let other = TestApp::start_at(config(&behind.cluster.url("news"))).await;
    behind.read_all().await;
    behind.proxy.set(Mode::Deaf);
    eventually("it does not hear", async || {
        let now = std::time::Instant::now();
        (!behind.app.database.changes().is_lease_valid(now)).then_some(())
    })
    .await;
    // The database answers, so nothing is stale: what another process writes is read.
    let editorial = other.get("/v1/articles/one").await.json["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for number in 0..5 {
        let path = format!("/v1/editorial/articles/{editorial}");
        let now = other
            .request(Method::GET, &path)
            .bearer(&behind.token)
            .send()
            .await;
        let headline = format!("Headline {number}");
        let patched = other
            .patch(&behind.token, &now, json!({"headline": headline}))
            .await;
        assert_eq!(patched.status, 200);
        let read = behind.app.get("/v1/articles/one").await;
        assert_eq!(read.json["headline"], headline.as_str());
        assert!(read.header("cache-status").is_empty());
    }
    behind.proxy.set(Mode::Pass);
    eventually("it hears again", async || {
        let now = std::time::Instant::now();
        behind
            .app
            .database
            .changes()
            .is_lease_valid(now)
            .then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_primary_that_becomes_read_only_is_read_and_says_why_it_is_not_written_to() {
    let behind = Behind::a_proxy().await;
    let app = &behind.app;
    behind.read_all().await;
    behind.cluster.demote();
    eventually("reads are answered by the database", async || {
        let read = app.get_anyway("/v1/articles/one").await;
        (read.status == 200 && read.header("cache-status").is_empty()).then_some(())
    })
    .await;
    let write = eventually("writes are refused as what they are", async || {
        let write = app.request(Method::POST, "/v1/editorial/articles");
        let write = write.may_fail().bearer(&behind.token);
        let write = write.json(article("lost")).await;
        assert_eq!(
            (write.status.as_u16(), write.problem()),
            (503, "unavailable"),
            "{}",
            write.text
        );
        write.text.contains("can only be read").then_some(write)
    })
    .await;
    assert!(!write.header("retry-after").is_empty());
    let share = app.request(Method::POST, "/v1/articles/one/shares");
    let share = share.may_fail().json(json!({"network": "x"})).await;
    assert_eq!(share.status, 503, "{}", share.text);
    assert_eq!(app.get("/v1/articles?q=headline").await.status, 200);
    let (status, ready) = app.operators_get("/readyz").await;
    assert_eq!(status, 200);
    assert!(ready.contains("degraded"), "{ready}");
    assert!(ready.contains("standby"), "{ready}");
    behind.cluster.promote();
    behind.until_all_is_right().await;
    eventually("it can be written to", async || {
        let write = app.request(Method::POST, "/v1/editorial/articles");
        let write = write.may_fail().bearer(&behind.token);
        let write = write.json(article("kept")).await;
        (write.status == 201).then_some(())
    })
    .await;
}

#[derive(QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

/// Ends every connection to a database, and waits until they are gone.
async fn end_all_backends(app: &TestApp) {
    let mut connection = app.database.connection().unwrap();
    let others = "datname = current_database() AND pid <> pg_backend_pid()";
    let ended: Vec<Backend> = sql_query(format!(
        "SELECT pid FROM (SELECT pid FROM pg_stat_activity WHERE {others} OFFSET 0) other \
         WHERE pg_terminate_backend(pid)"
    ))
    .load(&mut *connection)
    .unwrap();
    eventually("they are gone", async || {
        let left: Vec<Backend> =
            sql_query(format!("SELECT pid FROM pg_stat_activity WHERE {others}"))
                .load(&mut *connection)
                .unwrap();
        let is_left = |backend: &Backend| left.iter().any(|left| left.pid == backend.pid);
        (!ended.iter().any(is_left)).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn after_all_backends_were_ended_each_route_is_right_on_its_next_request() {
    for warm in [false, true] {
        let app = TestApp::start(On::Postgres).await;
        let token = app.newsroom().await;
        let one = app.published(&token, "one").await;
        let id = one.json["id"].as_str().unwrap().to_owned();
        let editorial = format!("/v1/editorial/articles/{id}");
        for round in 0..3 {
            if warm {
                // Every connection has been used.
                let reads = (0..20).map(|number| {
                    let path = format!("/v1/articles?limit={}", number + 1);
                    let app = &app;
                    async move { app.get(&path).await }
                });
                futures_util::future::join_all(reads).await;
            }
            for path in READS
                .iter()
                .copied()
                .chain(["/v1/articles?q=headline", "/v1/articles/facets?by=tag"])
            {
                end_all_backends(&app).await;
                assert_eq!(
                    app.get_anyway(path).await.status,
                    200,
                    "{path}, round {round}"
                );
            }
            end_all_backends(&app).await;
            let read = app
                .request(Method::GET, &editorial)
                .may_fail()
                .bearer(&token)
                .send()
                .await;
            assert_eq!(read.status, 200);
            end_all_backends(&app).await;
            let headline = format!("Headline {round}");
            let patch = app
                .request(Method::PATCH, &editorial)
                .may_fail()
                .bearer(&token);
            let patch = patch
                .header("if-match", &read.etag())
                .json(json!({"headline": headline}))
                .await;
            assert_eq!(patch.status, 200, "{}", patch.text);
            assert_eq!(
                app.get_anyway("/v1/articles/one").await.json["headline"],
                headline.as_str()
            );
            end_all_backends(&app).await;
            let share = app
                .request(Method::POST, "/v1/articles/one/shares")
                .may_fail();
            let share = share.header("user-agent", &format!("Reader {round}"));
            let share = share.json(json!({"network": "x"})).await;
            assert_eq!(
                (share.status.as_u16(), &share.json["counted"]),
                (200, &json!(true))
            );
        }
        app.counted().await;
        assert_eq!(app.get("/v1/articles/one/shares").await.json["total"], 3);
    }
}
