//! How long caches on the way may keep what the clock changes.

use crate::harness::{On, TestApp};

/// The seconds that a directive of `Cache-Control` says.
fn seconds(cache_control: &str, directive: &str) -> u64 {
    let directives = cache_control.split(", ");
    let found = directives.filter_map(|part| part.strip_prefix(&format!("{directive}=")));
    found
        .last()
        .unwrap_or_else(|| panic!("{cache_control}"))
        .parse()
        .unwrap()
}

#[actix_web::test]
async fn no_cache_keeps_a_list_beyond_what_the_clock_makes_public() {
    for on in [On::Sqlite, On::Postgres] {
        let app = TestApp::start_with(on, |server| {
            (server.max_age_list, server.max_age_names) = (100_000, 200_000);
            (server.max_age_article, server.max_age_shares) = (300_000, 3_600);
            server.shared_max_age = Some(400_000);
        })
        .await;
        let token = app.newsroom().await;
        app.published(&token, "one").await;
        let lists = [
            "/v1/articles",
            "/v1/articles?tag=climate&count=true",
            "/v1/tags",
            "/v1/authors",
            "/v1/articles/facets?by=tag",
            "/v1/articles/one/related",
            "/v1/articles?include=shares",
        ];
        for path in lists {
            let said = app.get(path).await.header("cache-control").to_owned();
            assert!(seconds(&said, "max-age") >= 3_600, "{path}: {said}");
        }
        let soon = chrono::Utc::now() + chrono::Duration::seconds(1_800);
        app.published_at(&token, "soon", &soon.to_rfc3339()).await;
        for path in lists {
            for kept in [false, true] {
                let reply = app.get(path).await;
                let said = reply.header("cache-control");
                let age: u64 = reply.header("age").parse().unwrap_or(0);
                assert!(
                    seconds(said, "max-age") <= 1_800 + age,
                    "{path}, kept {kept}: {said}"
                );
                if said.contains("s-maxage") {
                    assert!(
                        seconds(said, "s-maxage") <= 1_800,
                        "{path}, kept {kept}: {said}"
                    );
                }
                assert!(said.contains("stale-if-error="), "{path}: {said}");
                let unchanged = app
                    .request(reqwest::Method::GET, path)
                    .header("if-none-match", &reply.etag())
                    .send()
                    .await;
                let said = unchanged.header("cache-control");
                assert!(
                    seconds(said, "max-age") <= 1_800 + age + 60,
                    "{path}: {said}"
                );
            }
        }
        app.clock.advance(std::time::Duration::from_secs(900));
        let said = app
            .get("/v1/articles")
            .await
            .header("cache-control")
            .to_owned();
        assert!(seconds(&said, "max-age") <= 900, "{said}");
        let one = app.get("/v1/articles/one").await;
        assert_eq!(seconds(one.header("cache-control"), "max-age"), 300_000);
    }
}
