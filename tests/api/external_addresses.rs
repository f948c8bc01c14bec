//! Counts that were observed elsewhere of addresses: which article each is of, and what becomes of spellings.

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::both;
use crate::external_shares::{MONDAY, TUESDAY, set_many};
use crate::harness::{On, TestApp, article};

fn count_of(url: &str, external: i64, at: &str) -> Value {
    json!({"url": url, "network": "facebook", "external": external, "observed_at": at})
}

/// What an article has from elsewhere.
async fn external(app: &TestApp, slug: &str) -> Value {
    let counts = app.get(&format!("/v1/articles/{slug}/shares")).await;
    counts.json["external"].clone()
}

#[apply(both)]
async fn an_articles_own_address_counts_however_it_is_spelled(app: TestApp) {
    let token = app.newsroom().await;
    let spellings = [
        "https://news.example/{}",
        "http://news.example/{}",
        "https://news.example/{}/",
        "https://www.news.example/{}",
        "HTTPS://NEWS.Example:443/{}",
        "https://news.example/{}#comments",
        "https://news.example/{}?utm_source=news&utm_medium=x",
        "https://news.example/{}?fbclid=abc",
        "https://news.example/{}?gclid=1&mc_cid=2&igshid=3",
        "https://news.example/{}/amp",
        "https://news.example/{}/amp/?utm_source=x",
        "https://news.example/{}?amp=1",
        "https://amp.news.example/{}",
        "https://news.example//{}?page=2",
        "https://news.example/%61{}",
        "https://news-example.cdn.ampproject.org/c/s/news.example/{}",
    ];
    for (number, spelling) in spellings.iter().enumerate() {
        let slug = format!("a-{number}");
        app.published(&token, &slug).await;
        let in_url = match spelling.contains("%61") {
            true => slug.trim_start_matches('a'),
            false => &slug,
        };
        let url = spelling.replace("{}", in_url);
        let reply = set_many(&app, &token, json!([count_of(&url, 5, MONDAY)])).await;
        let kept = json!({"kept": 1, "outdated": [], "unknown": []});
        assert_eq!(reply.json, kept, "{url}: {}", reply.text);
        assert_eq!(external(&app, &slug).await, 5, "{url}");
    }
    for url in [
        "https://news.example/nothing",
        "https://news.example/",
        "https://news.example/tags/a-1",
        "https://a-1.example/",
        "https://news.example:8443/a-1",
    ] {
        let reply = set_many(&app, &token, json!([count_of(url, 5, MONDAY)])).await;
        let unknown = json!({"kept": 0, "outdated": [], "unknown": [0]});
        assert_eq!(reply.json, unknown, "{url}");
    }
}

#[apply(both)]
async fn spellings_in_one_call_are_added_up(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    let (plain, slash) = (
        "https://news.example/harbour",
        "https://news.example/harbour/",
    );
    let both = json!([count_of(plain, 1000, MONDAY), count_of(slash, 3, MONDAY)]);
    for _ in 0..2 {
        let reply = set_many(&app, &token, both.clone()).await;
        assert_eq!(reply.json["kept"], 2);
        assert_eq!(external(&app, "harbour").await, 1003);
    }
    // What is not known of one of them leaves the others.
    let unknown =
        json!({"url": plain, "network": "facebook", "external": null, "observed_at": MONDAY});
    let reply = set_many(&app, &token, json!([unknown, count_of(slash, 3, MONDAY)])).await;
    assert_eq!(reply.json["kept"], 2);
    assert_eq!(external(&app, "harbour").await, 3);
    // The next call takes their place, by whichever spelling.
    set_many(&app, &token, json!([count_of(slash, 1004, TUESDAY)])).await;
    assert_eq!(external(&app, "harbour").await, 1004);
    let older = set_many(&app, &token, both).await;
    assert_eq!(older.json["outdated"], json!([0, 1]));
    // Its slug of before names it as well.
    app.patch(&token, &article, json!({"slug": "port"})).await;
    let now = "https://news.example/port";
    let counts = json!([count_of(plain, 1010, TUESDAY), count_of(now, 7, TUESDAY)]);
    assert_eq!(set_many(&app, &token, counts).await.json["kept"], 2);
    assert_eq!(external(&app, "port").await, 1017);
    // Unless another article has it now.
    app.published(&token, "harbour").await;
    set_many(&app, &token, json!([count_of(plain, 11, TUESDAY)])).await;
    assert_eq!(external(&app, "harbour").await, 11);
    assert_eq!(external(&app, "port").await, 1017);
}

#[apply(both)]
async fn a_former_address_that_is_an_articles_present_one_counts_as_that(app: TestApp) {
    let token = app.newsroom().await;
    let mut moved = article("port");
    moved["former_urls"] = json!(["https://news.example/harbour"]);
    let draft = app.create(&token, "/v1/editorial/articles", moved).await;
    app.step(&token, &draft, "publish", json!({})).await;
    let url = "http://www.news.example/harbour/";
    set_many(&app, &token, json!([count_of(url, 5, MONDAY)])).await;
    assert_eq!(external(&app, "port").await, 5);
    app.published(&token, "harbour").await;
    set_many(&app, &token, json!([count_of(url, 6, MONDAY)])).await;
    assert_eq!(external(&app, "harbour").await, 6);
    assert_eq!(external(&app, "port").await, Value::Null);
}

#[apply(both)]
async fn two_counts_of_one_thing_and_instant_must_not_differ(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    let id = article.json["id"].as_str().unwrap();
    let url = "https://news.example/harbour";
    let by_slug = |external| json!({"slug": "harbour", "network": "facebook", "external": external, "observed_at": MONDAY});
    let by_id = json!({"id": id, "network": "facebook", "external": 1000, "observed_at": MONDAY});
    let loud = "HTTPS://News.Example/harbour#top";
    for counts in [
        json!([by_slug(3), by_slug(1000)]),
        json!([by_slug(3), by_id]),
        json!([by_slug(3), count_of(url, 1000, MONDAY)]),
        json!([count_of(url, 3, MONDAY), count_of(loud, 1000, MONDAY)]),
    ] {
        let refused = set_many(&app, &token, counts.clone()).await;
        assert_eq!(refused.status, 422, "{counts}");
        assert_eq!(refused.pointers(), ["/counts/1"]);
        assert_eq!(refused.json["errors"][0]["code"], "contradiction");
        assert_eq!(external(&app, "harbour").await, Value::Null);
    }
    // What says the same is not wrong, and of what changed the newest is kept.
    let same = json!([by_slug(1000), by_id, count_of(loud, 1000, MONDAY)]);
    assert_eq!(set_many(&app, &token, same).await.json["kept"], 3);
    for counts in [
        [(1001, MONDAY), (999, MONDAY), (1002, TUESDAY)],
        [(1002, TUESDAY), (1001, MONDAY), (999, MONDAY)],
    ] {
        let counts = counts.map(|(external, at)| count_of(url, external, at));
        let reply = set_many(&app, &token, json!(counts)).await.json;
        assert_eq!((&reply["kept"], &reply["unknown"]), (&json!(1), &json!([])));
        assert_eq!(reply["outdated"].as_array().unwrap().len(), 2);
    }
    assert_eq!(external(&app, "harbour").await, 1002);
}

#[apply(both)]
async fn an_article_that_is_found_elsewhere_has_that_address(app: TestApp) {
    let token = app.newsroom().await;
    let mut elsewhere = article("harbour");
    elsewhere["canonical_url"] = json!("https://www.partner.example/a%C3%9F/harbour");
    let draft = app
        .create(&token, "/v1/editorial/articles", elsewhere)
        .await;
    app.step(&token, &draft, "publish", json!({})).await;
    let mut here = article("port");
    here["canonical_url"] = json!("/2026/03/port");
    let draft = app.create(&token, "/v1/editorial/articles", here).await;
    app.step(&token, &draft, "publish", json!({})).await;
    let counts = json!([
        count_of("http://partner.example/aß/harbour/", 5, MONDAY),
        count_of("https://www.news.example/2026/03/port/?fbclid=x", 6, MONDAY),
    ]);
    let reply = set_many(&app, &token, counts).await;
    assert_eq!(reply.json["unknown"], json!([]), "{}", reply.text);
    assert_eq!(external(&app, "harbour").await, 5);
    assert_eq!(external(&app, "port").await, 6);
}

async fn on_former_sites(on: On) {
    let app = TestApp::start_with(on, |server| {
        let sites = ["http://old.example", "https://news.example/archive/"];
        server.former_sites = sites.map(|site| site.parse().unwrap()).into();
    })
    .await;
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
    let counts = json!([
        count_of("https://old.example/harbour", 1, MONDAY),
        count_of("http://www.old.example/2019/04/30/harbour.html", 2, MONDAY),
        count_of("https://news.example/archive/harbour/", 4, MONDAY),
        count_of("https://news.example/harbour", 8, MONDAY),
        count_of("https://old.example/tags/harbour", 16, MONDAY),
        count_of("https://old.example/other", 32, MONDAY),
    ]);
    let reply = set_many(&app, &token, counts).await;
    assert_eq!(reply.json["unknown"], json!([4, 5]));
    assert_eq!(external(&app, "harbour").await, 15);
    // What an editor says goes before what the sites have in common.
    let mut other = article("other");
    other["former_urls"] = json!(["https://old.example/2019/harbour-2"]);
    let draft = app.create(&token, "/v1/editorial/articles", other).await;
    app.step(&token, &draft, "publish", json!({})).await;
    app.published(&token, "harbour-2").await;
    let counts = json!([count_of("https://old.example/2019/harbour-2", 3, MONDAY)]);
    set_many(&app, &token, counts).await;
    assert_eq!(external(&app, "other").await, 3);
    assert_eq!(external(&app, "harbour-2").await, Value::Null);
}

#[actix_web::test]
async fn a_site_that_moved_is_named_once_on_sqlite() {
    on_former_sites(On::Sqlite).await;
}

#[actix_web::test]
async fn a_site_that_moved_is_named_once_on_postgres() {
    on_former_sites(On::Postgres).await;
}
