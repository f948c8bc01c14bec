//! Finding what editors wrote, and whose it is what they want to write.

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::json;

use dateline::auth::model::{Right, Role};

use crate::both;
use crate::harness::article;
use crate::one_call::{ARTICLES, post, read, with};

#[apply(both)]
async fn the_editorial_list_is_looked_through(app: TestApp) {
    let token = app.newsroom().await;
    for (slug, headline) in [
        ("one", "São Tomé agrees on a flood fund"),
        ("two", "The flood fund, explained"),
        ("three", "Ports reopen"),
    ] {
        let body = with(article(slug), json!({"headline": headline}));
        app.create(&token, ARTICLES, body).await;
    }
    app.published(&token, "four").await;
    let four = read(&app, &token, &format!("{ARTICLES}?slug=four")).await;
    let id = four.json["data"][0]["id"].as_str().unwrap();
    let request = app
        .request(Method::PATCH, &format!("{ARTICLES}/{id}"))
        .bearer(&token);
    let moved = request
        .header("if-match", "*")
        .json(json!({"slug": "quatro"}))
        .await;
    assert_eq!(moved.status, 200);
    let one = read(&app, &token, &format!("{ARTICLES}?slug=one")).await;
    let at = one.json["data"][0]["updated_at"]
        .as_str()
        .unwrap()
        .to_owned();
    for (query, slugs) in [
        ("slug=one", vec!["one"]),
        ("slug=one,three,never", vec!["three", "one"]),
        ("slug=four", vec!["quatro"]),
        ("slug=never", vec![]),
        ("q=fund+flood", vec!["two", "one"]),
        ("q=SAO+TOME", vec!["one"]),
        ("q=headline", vec!["quatro"]),
        ("q=explain", vec!["two"]),
        ("q=river", vec![]),
        ("q=", vec![]),
        ("q=flood&slug=one,three", vec!["one"]),
        ("q=flood&status=published", vec![]),
        ("updated_after=2999-01-01T00:00:00Z", vec![]),
        (
            "updated_after=2020-01-01T00:00:00Z&tag=climate",
            vec!["quatro", "three", "two", "one"],
        ),
    ] {
        let list = read(&app, &token, &format!("{ARTICLES}?{query}&count=true")).await;
        assert_eq!(list.status, 200, "{query}: {}", list.text);
        assert_eq!(list.slugs(), slugs, "{query}");
        assert_eq!(list.json["page"]["total"], slugs.len(), "{query}");
    }
    let after = read(&app, &token, &format!("{ARTICLES}?updated_after={at}")).await;
    assert!(!after.slugs().contains(&"one"), "{}", after.text);
    for wrong in [
        "slug=Not+one",
        "slug=",
        "updated_after=soon",
        &format!("q={}", "x".repeat(201)),
    ] {
        let reply = read(&app, &token, &format!("{ARTICLES}?{wrong}")).await;
        assert_eq!(reply.status, 400, "{wrong}");
    }
    // Authors find their own.
    let author = app.user("author@example.com", Role::Author).await;
    let own = json!({"headline": "A flood of mail"});
    app.create(&author, ARTICLES, own).await;
    let list = read(&app, &author, &format!("{ARTICLES}?q=flood")).await;
    assert_eq!(list.slugs(), ["a-flood-of-mail"]);
    let list = read(&app, &author, &format!("{ARTICLES}?slug=one")).await;
    assert_eq!(list.slugs().len(), 0);
}

#[apply(both)]
async fn what_is_found_by_headline_has_pages(app: TestApp) {
    let token = app.newsroom().await;
    for number in 0..7 {
        let headline = if number == 3 { "Other" } else { "Flood" };
        let body = json!({"headline": headline, "slug": format!("n{number}")});
        app.create(&token, ARTICLES, body).await;
    }
    let start = format!("{ARTICLES}?q=flood&limit=2");
    let (mut seen, mut pages, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = read(&app, &token, &format!("{start}{cursor}")).await;
        let slugs = page
            .slugs()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        seen.extend(slugs.clone());
        let next = page.json["page"]["next_cursor"].clone();
        pages.push((slugs, page));
        match next.as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["n6", "n5", "n4", "n2", "n1", "n0"]);
    let (_, last) = pages.last().unwrap();
    let back = last.json["page"]["prev_cursor"].as_str().unwrap();
    let page = read(&app, &token, &format!("{start}&cursor={back}")).await;
    assert_eq!(page.slugs(), pages[pages.len() - 2].0);
}

#[apply(both)]
async fn what_is_taken_says_by_which_article(app: TestApp) {
    let token = app.newsroom().await;
    let url = "https://old.example/2019/04/harbour-fund";
    let holder = with(article("one"), json!({"former_urls": [url]}));
    let one = app.create(&token, ARTICLES, holder).await;
    let other = app.draft(&token, "two").await;
    let named = json!({"id": one.json["id"], "slug": "one", "headline": "Headline of one"});

    let slug = post(&app, &token, ARTICLES, json!({"slug": "one"})).await;
    assert_eq!((slug.status.as_u16(), slug.problem()), (409, "slug-taken"));
    assert_eq!(slug.json["existing"], named);
    assert_eq!(slug.json["suggestion"], "one-2");
    let slug = app.patch(&token, &other, json!({"slug": "one"})).await;
    assert_eq!(slug.json["existing"], named);
    let taken = json!({"former_urls": ["https://new.example/", url]});
    let created = post(&app, &token, ARTICLES, taken.clone()).await;
    let patched = app.patch(&token, &other, taken.clone()).await;
    for reply in [created, patched] {
        assert_eq!(reply.status, 422, "{}", reply.text);
        assert_eq!(reply.pointers(), ["/former_urls/1"]);
        assert_eq!(reply.json["existing"], named);
    }
    // What nobody has is named by nobody, and neither is what the caller may not read.
    let reserved = post(&app, &token, ARTICLES, json!({"slug": "facets"})).await;
    assert_eq!(reserved.status, 409);
    assert_eq!(reserved.json.get("existing"), None);
    const WRITES: &[Right] = &[Right::ArticlesWrite];
    for token in [
        app.user("author@example.com", Role::Author).await,
        app.tool_with(WRITES).await,
    ] {
        let slug = post(&app, &token, ARTICLES, json!({"slug": "one"})).await;
        let url = post(&app, &token, ARTICLES, taken.clone()).await;
        for (reply, status) in [(slug, 409), (url, 422)] {
            assert_eq!(reply.status, status, "{}", reply.text);
            assert_eq!(reply.json.get("existing"), None);
            assert!(!reply.text.contains("Headline of"), "{}", reply.text);
        }
    }
    // Their own they may.
    let author = app.user("own@example.com", Role::Author).await;
    app.create(&author, ARTICLES, json!({"slug": "own"})).await;
    let own = post(&app, &author, ARTICLES, json!({"slug": "own"})).await;
    assert_eq!(own.json["existing"]["slug"], "own");
    assert_eq!(own.json["existing"].get("headline"), None);
}
