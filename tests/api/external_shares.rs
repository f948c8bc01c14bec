//! Counts that were observed elsewhere.

use dateline::auth::model::{Right, Role};
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp, article};

async fn set(app: &TestApp, token: &str, article: &Reply, network: &str, body: Value) -> Reply {
    let id = article.json["id"].as_str().unwrap();
    app.request(
        Method::PUT,
        &format!("/v1/editorial/articles/{id}/shares/{network}"),
    )
    .bearer(token)
    .json(body)
    .await
}

pub async fn set_many(app: &TestApp, token: &str, counts: Value) -> Reply {
    app.request(Method::POST, "/v1/editorial/shares/external")
        .bearer(token)
        .json(json!({"counts": counts}))
        .await
}

async fn share(app: &TestApp, slug: &str, visitor: &str) {
    let reply = app
        .request(Method::POST, &format!("/v1/articles/{slug}/shares"))
        .header("user-agent", visitor)
        .json(json!({"network": "x"}))
        .await;
    assert_eq!(reply.json["counted"], true);
}

pub const MONDAY: &str = "2026-03-02T03:00:00.000Z";
pub const TUESDAY: &str = "2026-03-03T03:00:00.000Z";

#[apply(both)]
async fn observed_counts_are_added_and_kept_apart(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    let shares = async || app.get("/v1/articles/harbour/shares").await.json;
    assert_eq!(shares().await["external"], Value::Null);
    share(&app, "harbour", "one").await;
    // That nobody shared it there is known.
    let reply = set(
        &app,
        &token,
        &article,
        "facebook",
        json!({"external": 0, "observed_at": MONDAY}),
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let known = shares().await;
    assert_eq!(
        (&known["total"], &known["first_party"], &known["external"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(known["by_network"], json!({"facebook": 0, "x": 1}));
    set(
        &app,
        &token,
        &article,
        "x",
        json!({"external": 40, "observed_at": MONDAY}),
    )
    .await;
    let reply = set(
        &app,
        &token,
        &article,
        "facebook",
        json!({"external": 123, "observed_at": TUESDAY}),
    )
    .await;
    assert_eq!(
        reply.json["networks"],
        json!([
            {"network": "facebook", "first_party": 0, "external": 123, "observed_at": TUESDAY, "former_external": null},
            {"network": "x", "first_party": 1, "external": 40, "observed_at": MONDAY, "former_external": null}
        ])
    );
    let known = shares().await;
    assert_eq!(
        (&known["total"], &known["first_party"], &known["external"]),
        (&json!(164), &json!(1), &json!(163))
    );
    assert_eq!(known["by_network"], json!({"facebook": 123, "x": 41}));
    // A reader who presses again is told the same.
    let again = app
        .request(Method::POST, "/v1/articles/harbour/shares")
        .header("user-agent", "one")
        .json(json!({"network": "x"}))
        .await;
    assert_eq!(
        (&again.json["counted"], &again.json["total"]),
        (&json!(false), &json!(164))
    );
    // What was observed earlier changes nothing.
    let reply = set(
        &app,
        &token,
        &article,
        "facebook",
        json!({"external": 99, "observed_at": MONDAY}),
    )
    .await;
    assert_eq!(reply.json["total"], 164);
    // And what is no longer known is not 0.
    set(&app, &token, &article, "x", json!({"external": null})).await;
    let known = shares().await;
    assert_eq!(known["external"], 123);
    assert_eq!(known["by_network"], json!({"facebook": 123, "x": 1}));
    set(
        &app,
        &token,
        &article,
        "facebook",
        json!({"external": null}),
    )
    .await;
    assert_eq!(shares().await["external"], Value::Null);
    assert_eq!(
        app.get("/v1/articles?sort=-shares&include=shares")
            .await
            .json["data"][0]["shares"]["total"],
        1
    );
}

#[apply(both)]
async fn observed_counts_need_the_right_and_sense(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    let good = json!({"external": 1, "observed_at": MONDAY});
    let reader = app
        .tool_with(&[Right::ArticlesRead, Right::ArticlesWrite])
        .await;
    assert_eq!(
        set(&app, &reader, &article, "x", good.clone()).await.status,
        403
    );
    assert_eq!(set_many(&app, &reader, json!([])).await.status, 403);
    let author = app.user("author@example.com", Role::Author).await;
    assert_eq!(
        set(&app, &author, &article, "x", good.clone()).await.status,
        403
    );
    assert_eq!(
        set(&app, &token, &article, "orkut", good.clone())
            .await
            .status,
        404
    );
    assert_eq!(
        set(&app, &token, &article, "twitter", good.clone())
            .await
            .json["by_network"],
        json!({"x": 1})
    );
    for (body, pointer) in [
        (json!({"external": -1, "observed_at": MONDAY}), "/external"),
        (
            json!({"external": 1_000_000_000_001_i64, "observed_at": MONDAY}),
            "/external",
        ),
        (
            json!({"external": 1, "observed_at": "2999-01-01T00:00:00Z"}),
            "/observed_at",
        ),
        (json!({"external": 1}), "/observed_at"),
        (
            json!({"external": 1, "observed_at": "yesterday"}),
            "/observed_at",
        ),
    ] {
        let reply = set(&app, &token, &article, "x", body).await;
        assert_eq!(reply.status, 422);
        assert_eq!(reply.pointers(), [pointer]);
    }
    let id = article.json["id"].as_str().unwrap();
    let other = app
        .request(Method::GET, &format!("/v1/editorial/articles/{id}/shares"))
        .bearer(&author)
        .send()
        .await;
    assert_eq!(other.status, 404, "an author sees their own");
}

#[apply(both)]
async fn a_nightly_job_sets_many_at_once(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    let two = app.published(&token, "two").await;
    app.patch(&token, &two, json!({"slug": "two-now"})).await;
    let of = |name: &str, value: &str, external: i64, at: &str| json!({name: value, "network": "facebook", "external": external, "observed_at": at});
    let id = one.json["id"].as_str().unwrap();
    let reply = set_many(
        &app,
        &token,
        json!([
            of("id", id, 10, TUESDAY),
            of("slug", "two", 20, MONDAY),
            of("slug", "nothing", 1, MONDAY),
            of("url", "https://news.example/two-now", 30, TUESDAY),
            of("url", "https://old.example/somewhere", 5, MONDAY),
            of("id", "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", 1, MONDAY),
            of("slug", "one", 9, MONDAY),
        ]),
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    // The fifth is of no article, and the second and the last are older than others of this call.
    assert_eq!(
        reply.json,
        json!({"kept": 2, "outdated": [1, 6], "unknown": [2, 4, 5]})
    );
    let totals = async || {
        let reply = app.get("/v1/shares?slugs=one,two-now").await.json;
        (
            reply["data"][0]["total"].clone(),
            reply["data"][1]["total"].clone(),
        )
    };
    assert_eq!(totals().await, (json!(10), json!(30)));
    assert_eq!(
        app.get("/v1/articles?sort=-shares").await.slugs(),
        ["two-now", "one"]
    );
    // The same again is not older, what is older is.
    let again = json!([
        of("slug", "one", 11, TUESDAY),
        of("slug", "two-now", 1, MONDAY)
    ]);
    let reply = set_many(&app, &token, again).await;
    assert_eq!(
        reply.json,
        json!({"kept": 1, "outdated": [1], "unknown": []})
    );
    assert_eq!(totals().await, (json!(11), json!(30)));
    // What is not known any more is null, and can be known again.
    let unknown =
        |at| json!([{"slug": "one", "network": "facebook", "external": null, "observed_at": at}]);
    assert_eq!(
        set_many(&app, &token, unknown(MONDAY)).await.json["outdated"],
        json!([0])
    );
    assert_eq!(
        set_many(&app, &token, unknown(TUESDAY)).await.json["kept"],
        1
    );
    assert_eq!(totals().await, (json!(0), json!(30)));
    set_many(&app, &token, json!([of("slug", "one", 11, TUESDAY)])).await;
    // Nothing is set when something is wrong.
    let reply = set_many(
        &app,
        &token,
        json!([
            of("slug", "one", 500, TUESDAY),
            {"slug": "one", "id": id, "network": "x", "external": 1, "observed_at": MONDAY},
            {"network": "x", "external": 1, "observed_at": MONDAY},
            of("url", "/relative", 1, MONDAY),
        ]),
    )
    .await;
    assert_eq!(reply.status, 422);
    assert_eq!(
        reply.pointers(),
        ["/counts/1", "/counts/2", "/counts/3/url"]
    );
    assert_eq!(totals().await, (json!(11), json!(30)));
    let many: Vec<Value> = (0..1001).map(|_| of("slug", "one", 1, MONDAY)).collect();
    assert_eq!(
        set_many(&app, &token, json!(many)).await.pointers(),
        ["/counts"]
    );
}

#[apply(both)]
async fn an_article_that_moves_here_recovers_its_counts(app: TestApp) {
    let token = app.newsroom().await;
    let of = |url: &str, network: &str, external: i64| json!({"url": url, "network": network, "external": external, "observed_at": MONDAY});
    let (http, https) = (
        "http://old.example/2019/harbour",
        "https://old.example/2019/harbour",
    );
    let reply = set_many(
        &app,
        &token,
        json!([
            of(http, "facebook", 100),
            of(https, "facebook", 20),
            of(https, "x", 3)
        ]),
    )
    .await;
    // There is no such article yet.
    assert_eq!(
        reply.json,
        json!({"kept": 0, "outdated": [], "unknown": [0, 1, 2]})
    );
    let mut imported = article("harbour");
    imported["former_urls"] = json!([http, format!("{https}#top")]);
    let draft = app.create(&token, "/v1/editorial/articles", imported).await;
    assert_eq!(draft.json["former_urls"], json!([http, https]));
    let published = app.step(&token, &draft, "publish", json!({})).await;
    let shares = async || app.get("/v1/articles/harbour/shares").await.json;
    assert_eq!(
        shares().await["by_network"],
        json!({"facebook": 120, "x": 3})
    );
    assert_eq!(
        app.get("/v1/articles/harbour")
            .await
            .json
            .get("former_urls"),
        None
    );
    // They go on being observed, as does the present address; the order of lists knows.
    set_many(&app, &token, json!([of(http, "facebook", 101)])).await;
    set(
        &app,
        &token,
        &published,
        "facebook",
        json!({"external": 7, "observed_at": TUESDAY}),
    )
    .await;
    share(&app, "harbour", "one").await;
    let known = shares().await;
    assert_eq!(known["by_network"], json!({"facebook": 128, "x": 4}));
    assert_eq!(
        (&known["total"], &known["first_party"], &known["external"]),
        (&json!(132), &json!(1), &json!(131))
    );
    // One of the newsroom's own site that no article has now is a former one as well.
    let own = "https://news.example/old-permalink";
    let reply = set_many(&app, &token, json!([of(own, "email", 2)])).await;
    assert_eq!(reply.json["unknown"], json!([0]));
    let published = app
        .patch(
            &token,
            &published,
            json!({"former_urls": [http, https, own]}),
        )
        .await;
    assert_eq!(
        shares().await["by_network"],
        json!({"email": 2, "facebook": 128, "x": 4})
    );
    let published = app
        .patch(&token, &published, json!({"former_urls": [http, https]}))
        .await;
    // An address is one article's.
    let mut other = article("other");
    other["former_urls"] = json!(["https://old.example/x", https]);
    let refused = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(other)
        .await;
    assert_eq!(refused.pointers(), ["/former_urls/1"]);
    // Nor another one's in another spelling.
    let mut other = article("other");
    other["former_urls"] = json!(["https://www.old.example/2019/harbour/?utm_source=x"]);
    let refused = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&token)
        .json(other)
        .await;
    assert_eq!(refused.pointers(), ["/former_urls/0"]);
    // One spelling of an address is as good as all.
    let edited = app
        .patch(&token, &published, json!({"former_urls": [https]}))
        .await;
    assert_eq!(
        shares().await["by_network"],
        json!({"facebook": 128, "x": 4})
    );
    let edited = app
        .patch(&token, &edited, json!({"headline": "Another headline"}))
        .await;
    assert_eq!(edited.json["former_urls"], json!([https]));
    assert_eq!(
        shares().await["by_network"],
        json!({"facebook": 128, "x": 4})
    );
    let wrong = app
        .patch(
            &token,
            &edited,
            json!({"former_urls": ["/path", https, https]}),
        )
        .await;
    assert_eq!(wrong.status, 422);
    // What is taken away from it takes its counts along, and brings them back.
    let edited = app.patch(&token, &edited, json!({"former_urls": []})).await;
    assert_eq!(shares().await["by_network"], json!({"facebook": 7, "x": 1}));
    let back = json!({"former_urls": ["https://old.example/2019/harbour/"]});
    app.patch(&token, &edited, back).await;
    assert_eq!(
        shares().await["by_network"],
        json!({"facebook": 128, "x": 4})
    );
}
