//! Feeds, sitemaps and oEmbed: what machines read of the public lists.

use chrono::Duration;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use dateline::db::Timestamp;

use crate::both;
use crate::harness::{On, Reply, TestApp, article};

/// What XML has between these tags, each time.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    let parts = text.split(start).skip(1);
    parts.map(|part| part.split(end).next().unwrap()).collect()
}

/// The ids of the articles of a feed, in order.
fn ids(format: &str, reply: &Reply) -> Vec<String> {
    let urn = |id: &str| id.strip_prefix("urn:uuid:").unwrap().to_owned();
    match format {
        "rss" => between(&reply.text, "<guid isPermaLink=\"false\">", "</guid>")
            .into_iter()
            .map(urn)
            .collect(),
        "atom" => between(&reply.text, "<entry", "</entry>")
            .into_iter()
            .map(|entry| urn(between(entry, "<id>", "</id>")[0]))
            .collect(),
        _ => (reply.json["items"].as_array().unwrap().iter())
            .map(|item| urn(item["id"].as_str().unwrap()))
            .collect(),
    }
}

const FORMATS: &[&str] = &["rss", "atom", "json"];

#[apply(both)]
async fn a_feed_has_what_the_list_has(app: TestApp) {
    let token = app.newsroom().await;
    for slug in ["one", "two", "three"] {
        app.published(&token, slug).await;
    }
    let mut other = article("other");
    other["tags"] = json!(["ports"]);
    other["authors"] = json!(["sam-reporter"]);
    let draft = app.create(&token, "/v1/editorial/articles", other).await;
    app.step(&token, &draft, "publish", json!({})).await;
    app.draft(&token, "hidden").await;
    for filter in [
        "limit=100",
        "tag=climate&limit=100",
        "author=sam-reporter&limit=100",
        "section=world&limit=2",
        "q=headline&limit=100",
        "tag=none&limit=100",
        "slugs=three,one&limit=100",
    ] {
        let list = app.get(&format!("/v1/articles?{filter}")).await;
        let listed: Vec<&str> = (list.json["data"].as_array().unwrap().iter())
            .map(|article| article["id"].as_str().unwrap())
            .collect();
        for format in FORMATS {
            let feed = app.get(&format!("/feeds/articles.{format}?{filter}")).await;
            assert_eq!(feed.status, 200, "{}", feed.text);
            assert_eq!(ids(format, &feed), listed, "{format} {filter}");
            let link = feed.header("link");
            assert_eq!(link.matches("rel=\"self\"").count(), 1, "{link}");
            // One that is called after a tag is another once there is such a tag.
            let keys = feed.header("surrogate-key");
            let is_of_tag = filter.contains("tag=") || filter.contains("section=");
            assert_eq!(
                keys.split(' ').any(|key| key == "tags"),
                is_of_tag,
                "{keys}"
            );
        }
    }
}

#[apply(both)]
async fn a_feed_stays_true_and_its_ids_stay_the_same(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    for format in FORMATS {
        let path = format!("/feeds/articles.{format}");
        let feed = app.get(&path).await;
        let again = app
            .request(reqwest::Method::GET, &path)
            .header("if-none-match", &feed.etag())
            .send()
            .await;
        assert_eq!(again.status, 304);
    }
    let before: Vec<_> = ids("rss", &app.get("/feeds/articles.rss").await);
    let renamed = app
        .patch(
            &token,
            &one,
            json!({"slug": "uno", "headline": "Another headline"}),
        )
        .await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    for format in FORMATS {
        let feed = app.get(&format!("/feeds/articles.{format}")).await;
        assert_eq!(ids(format, &feed), before);
        assert!(
            feed.text.contains("https://news.example/uno"),
            "{}",
            feed.text
        );
        assert!(feed.text.contains("Another headline"));
    }
    // A correction stands above the text, and is a change.
    let corrected = app
        .step(
            &token,
            &renamed,
            "corrections",
            json!({"kind": "clarification", "text": "It was Tuesday & not <Monday>."}),
        )
        .await;
    assert_eq!(corrected.status, 200, "{}", corrected.text);
    let feed = app.get("/feeds/articles.json").await;
    let item = &feed.json["items"][0];
    let content = item["content_html"].as_str().unwrap();
    assert!(
        content.starts_with("<p><strong>Clarification ("),
        "{content}"
    );
    assert!(content.contains("It was Tuesday &amp; not &lt;Monday&gt;."));
    assert!(item["date_modified"].as_str() > item["date_published"].as_str());
    let retracted = app
        .step(
            &token,
            &corrected_article(&app, &token, "uno").await,
            "retract",
            json!({"reason": "Wrong."}),
        )
        .await;
    assert_eq!(retracted.status, 200, "{}", retracted.text);
    for format in FORMATS {
        let feed = app.get(&format!("/feeds/articles.{format}")).await;
        assert!(ids(format, &feed).is_empty());
    }
}

/// An article as editors see it now.
async fn corrected_article(app: &TestApp, token: &str, slug: &str) -> Reply {
    let list = format!("/v1/editorial/articles?slug={slug}");
    let found = app
        .request(reqwest::Method::GET, &list)
        .bearer(token)
        .send()
        .await;
    let id = found.json["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/editorial/articles/{id}");
    app.request(reqwest::Method::GET, &path)
        .bearer(token)
        .send()
        .await
}

#[apply(both)]
async fn whatever_editors_write_feeds_hold(app: TestApp) {
    let token = app.newsroom().await;
    let headline = "A ]]> B </title><script> & \u{1f30a} \u{0627}";
    let mut naughty = article("naughty");
    naughty["headline"] = json!(headline);
    naughty["standfirst"] = json!("Costs < 5 & > 3");
    naughty["authors"] = json!([]);
    naughty["byline"] = json!("By The <Desk> & Co");
    naughty["body"] = json!([
        {"type": "paragraph", "html": "A <a href=\"/about?a=1&amp;b=2\">link</a>, <a href=\"mailto:desk@example.com\">mail</a>"},
        {"type": "image", "url": "/img/quay.jpg", "alt": "A", "credit": "C"},
        {"type": "code", "text": "src=\"/not-an-address\""}
    ]);
    naughty["lead_image"] = json!({
        "url": "https://bücher.example/ä.jpg?a=1&b=2", "alt": "A \"quay\"", "credit": "D & E",
        "width": 1600, "height": 1067
    });
    let draft = app.create(&token, "/v1/editorial/articles", naughty).await;
    assert_eq!(draft.status, 201, "{}", draft.text);
    let published = app.step(&token, &draft, "publish", json!({})).await;
    assert_eq!(published.status, 200, "{}", published.text);
    for format in FORMATS {
        let feed = app.get(&format!("/feeds/articles.{format}")).await;
        assert_eq!(feed.status, 200);
        let text = &feed.text;
        assert!(
            text.contains("https://xn--bcher-kva.example/%C3%A4.jpg?a=1&"),
            "{text}"
        );
        assert!(text.contains("https://news.example/about?a=1&"), "{text}");
        assert!(text.contains("https://news.example/img/quay.jpg"), "{text}");
        assert!(text.contains("mailto:desk@example.com"), "{text}");
        assert!(text.contains("/not-an-address"), "{text}");
        assert!(!text.contains("news.example/not-an-address"), "{text}");
        if *format != "json" {
            assert!(!text.contains("<script>"), "{text}");
            assert!(!text.contains("A ]]> B"), "{text}");
        }
    }
    let json = app.get("/feeds/articles.json?full=false").await.json;
    let item = &json["items"][0];
    assert_eq!(item["title"], headline);
    assert_eq!(item["content_text"], "Costs < 5 & > 3");
    assert_eq!(item["authors"], json!([{"name": "The <Desk> & Co"}]));
    assert!(item.get("content_html").is_none());
}

#[apply(both)]
async fn a_feed_is_read_page_by_page(app: TestApp) {
    let token = app.newsroom().await;
    for number in 0..7 {
        app.published(&token, &format!("article-{number}")).await;
    }
    let all = ids("json", &app.get("/feeds/articles.json").await);
    assert_eq!(all.len(), 7);
    let mut found = Vec::new();
    let mut path = "/feeds/articles.json?limit=3".to_owned();
    loop {
        let page = app.get(&path).await.json;
        let items = page["items"].as_array().unwrap();
        found.extend(items.iter().map(|item| {
            let id = item["id"].as_str().unwrap();
            id.strip_prefix("urn:uuid:").unwrap().to_owned()
        }));
        let Some(next) = page["next_url"].as_str() else {
            break;
        };
        path = next
            .strip_prefix("https://news.example")
            .unwrap()
            .to_owned();
    }
    assert_eq!(found, all);
    for (path, wrong) in [
        ("/feeds/articles.rss?limit=101", "limit"),
        ("/feeds/articles.rss?full=maybe", "full"),
        ("/feeds/articles.rss?fields=slug", "fields"),
        ("/feeds/articles.rss?cursor=x", ""),
    ] {
        let reply = app.get(path).await;
        assert_eq!(reply.status, 400, "{path}");
        assert!(reply.json["detail"].as_str().unwrap().contains(wrong));
    }
}

/// The addresses of a sitemap or of an index.
fn locations(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "application/xml");
    let all = between(&reply.text, "<loc>", "</loc>");
    all.into_iter().map(str::to_owned).collect()
}

#[apply(both)]
async fn sitemaps_list_each_page_of_the_site_once(app: TestApp) {
    let token = app.newsroom().await;
    for (slug, at) in [
        ("old", "2024-02-29T23:59:59.999Z"),
        ("older", "2023-12-31T00:00:00Z"),
        ("oldest", "2019-01-01T00:00:00Z"),
        ("oldest-too", "2019-01-31T23:00:00Z"),
    ] {
        let published = app.published_at(&token, slug, at).await;
        assert_eq!(published.status, 200, "{}", published.text);
    }
    app.published(&token, "new").await;
    let later = "2999-01-01T00:00:00Z";
    app.published_at(&token, "scheduled", later).await;
    app.draft(&token, "draft").await;
    let mut elsewhere = article("elsewhere");
    elsewhere["canonical_url"] = json!("https://agency.example/elsewhere");
    let draft = app
        .create(&token, "/v1/editorial/articles", elsewhere)
        .await;
    app.step(
        &token,
        &draft,
        "publish",
        json!({"published_at": "2018-05-05T00:00:00Z"}),
    )
    .await;
    let mut own = article("own");
    own["canonical_url"] = json!("https://NEWS.example/2020/05/own");
    let draft = app.create(&token, "/v1/editorial/articles", own).await;
    app.step(
        &token,
        &draft,
        "publish",
        json!({"published_at": "2020-05-05T00:00:00Z"}),
    )
    .await;

    let index = locations(&app.get("/sitemap.xml").await);
    let month = Timestamp::now().utc().format("%Y-%m").to_string();
    let months: Vec<&str> = (index.iter())
        .filter_map(|url| {
            let name = url.strip_prefix("https://news.example/sitemaps/")?;
            name.strip_suffix(".xml")
        })
        .collect();
    let expected = ["news", &month, "2024-02", "2023-12", "2020-05", "2019-01"];
    assert_eq!(months, expected);
    let mut pages = Vec::new();
    for month in &months[1..] {
        let sitemap = app.get(&format!("/sitemaps/{month}.xml")).await;
        pages.extend(locations(&sitemap));
    }
    pages.sort();
    let mut articles: Vec<String> = ["old", "older", "oldest", "oldest-too", "new"]
        .map(|slug| format!("https://news.example/{slug}"))
        .into();
    articles.push("https://news.example/2020/05/own".into());
    articles.sort();
    assert_eq!(pages, articles);
    for month in [
        "2999-01",
        "2018-05",
        "2017-01",
        "2019-01-2",
        "2019-1",
        "news-2",
        "x",
    ] {
        let reply = app.get(&format!("/sitemaps/{month}.xml")).await;
        assert_eq!(reply.status, 404, "{month}");
    }
    // One that is taken back is gone, and a month without articles as well.
    let old = corrected_article(&app, &token, "old").await;
    app.step(&token, &old, "unpublish", json!({})).await;
    assert_eq!(app.get("/sitemaps/2024-02.xml").await.status, 404);
    let index = app.get("/sitemap.xml").await.text;
    assert!(!index.contains("2024-02"), "{index}");
    // One that moves from month to month.
    let older = corrected_article(&app, &token, "older").await;
    let moved = app
        .step(
            &token,
            &older,
            "publish",
            json!({"published_at": "2022-07-01T00:00:00Z"}),
        )
        .await;
    if moved.status == 200 {
        let index = app.get("/sitemap.xml").await.text;
        assert!(
            index.contains("2022-07") && !index.contains("2023-12"),
            "{index}"
        );
    }
}

#[apply(both)]
async fn months_are_summed_up_and_stay_the_same(app: TestApp) {
    use dateline::db::month_counts;
    let token = app.newsroom().await;
    for slug in ["one", "two", "three"] {
        app.published_at(&token, slug, "2024-02-01T00:00:00Z").await;
    }
    let one = corrected_article(&app, &token, "one").await;
    app.patch(&token, &one, json!({"headline": "Another one"}))
        .await;
    let read = async || {
        let months =
            |connection: &mut _| month_counts::public_months(connection, "https://news.example/");
        app.database.read(months).await.unwrap()
    };
    let before = read().await;
    assert_eq!((before.len(), before[0].articles), (1, 3));
    assert!(before[0].changed_at.is_some());
    app.database.write(month_counts::sum_up).await.unwrap();
    assert_eq!(read().await, before);
    let two = corrected_article(&app, &token, "two").await;
    app.step(&token, &two, "unpublish", json!({})).await;
    app.database.write(month_counts::sum_up).await.unwrap();
    let after = read().await;
    assert_eq!(after[0].articles, 2);
    assert!(after[0].changed_at > before[0].changed_at);
}

#[apply(both)]
async fn news_are_of_the_last_two_days(app: TestApp) {
    let token = app.newsroom().await;
    let hours_ago = |hours: i64| Timestamp::now().plus(-Duration::hours(hours)).to_string();
    for (slug, hours) in [
        ("fresh", 1),
        ("yesterday", 30),
        ("last-minute", 47),
        ("over", 49),
    ] {
        let mut input = article(slug);
        input["language"] = json!("en-GB");
        let draft = app.create(&token, "/v1/editorial/articles", input).await;
        let at = json!({"published_at": hours_ago(hours)});
        let published = app.step(&token, &draft, "publish", at).await;
        assert_eq!(published.status, 200, "{}", published.text);
    }
    let news = app.get("/sitemaps/news.xml").await;
    let expected = ["fresh", "yesterday", "last-minute"];
    assert_eq!(
        locations(&news),
        expected.map(|slug| format!("https://news.example/{slug}"))
    );
    assert!(
        news.text.contains("<news:language>en</news:language>"),
        "{}",
        news.text
    );
    assert!(
        news.text.contains("<news:name>news.example</news:name>"),
        "{}",
        news.text
    );
    assert!(locations(&app.get("/sitemaps/news.xml?page=2").await).is_empty());
    assert_eq!(app.get("/sitemaps/news.xml?page=51").await.status, 400);
}

#[apply(both)]
async fn an_address_of_the_site_is_embedded(app: TestApp) {
    let token = app.newsroom().await;
    let one = app.published(&token, "one").await;
    app.draft(&token, "hidden").await;
    let ask = async |url: &str, more: &str| {
        let url: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        app.get(&format!("/oembed?url={url}{more}")).await
    };
    let found = ask("https://news.example/one", "").await;
    assert_eq!(found.status, 200, "{}", found.text);
    assert_eq!(found.json["version"], "1.0");
    assert_eq!(found.json["type"], "link");
    assert_eq!(found.json["title"], one.json["headline"]);
    let xml = ask("https://news.example/one/?utm_source=x#top", "&format=xml").await;
    assert_eq!(xml.status, 200, "{}", xml.text);
    assert!(
        xml.text.contains("<oembed><type>link</type>"),
        "{}",
        xml.text
    );
    for url in [
        "https://news.example/hidden",
        "https://news.example/none",
        "https://other.example/one",
        "https://news.example/",
        "one",
        "javascript:alert(1)",
    ] {
        assert_eq!(ask(url, "").await.status, 404, "{url}");
    }
    assert_eq!(app.get("/oembed").await.status, 400);
    assert_eq!(
        ask("https://news.example/one", "&format=yaml").await.status,
        400
    );
    assert_eq!(
        ask("https://news.example/one", "&maxwidth=0").await.status,
        400
    );
    // By the address that it had, and by one of its own.
    let renamed = app.patch(&token, &one, json!({"slug": "uno"})).await;
    assert_eq!(ask("https://news.example/one", "").await.status, 200);
    let own = json!({"canonical_url": "https://news.example/2026/uno.html"});
    app.patch(&token, &renamed, own).await;
    assert_eq!(
        ask("https://news.example/2026/uno.html", "").await.status,
        200
    );
}

#[actix_web::test]
async fn without_the_address_of_the_site_a_problem_says_so() {
    let app = TestApp::start_with(On::Sqlite, |server| server.public_url = None).await;
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    for path in [
        "/feeds/articles.rss",
        "/feeds/articles.atom",
        "/feeds/articles.json",
        "/sitemap.xml",
        "/sitemaps/news.xml",
        "/sitemaps/2026-01.xml",
        "/oembed?url=https%3A%2F%2Fnews.example%2Fone",
        "/v1/articles/one/jsonld",
        "/v1/articles/one?include=jsonld",
        "/v1/articles?include=meta",
        "/v1/articles?format=ninjs",
        "/v1/trending?include=jsonld",
    ] {
        let reply = app.get(path).await;
        assert_eq!(reply.status, 409, "{path}: {}", reply.text);
        assert_eq!(reply.problem(), "no-public-url", "{path}");
    }
    assert_eq!(
        app.get("/v1/articles/one").await.json["canonical_url"],
        Value::Null
    );
    assert_eq!(
        app.get("/robots.txt").await.text,
        "User-agent: *\nAllow: /\n"
    );
}

#[actix_web::test]
async fn what_the_newsroom_is_called_is_said_everywhere() {
    let app = TestApp::start_with(On::Sqlite, |server| {
        let publication = &mut server.publication;
        publication.publication_name = Some("The Harbour Daily".into());
        publication.publisher_name = Some("Harbour Press".into());
        publication.publisher_logo = Some("https://news.example/logo.png".parse().unwrap());
        publication.api_url = Some("https://api.news.example/v".parse().unwrap());
        publication.tag_url = Some("https://news.example/topics/{slug}".parse().unwrap());
        publication.author_url = Some("https://news.example/by/{slug}".parse().unwrap());
        publication.websub_hubs = vec!["https://hub.example/".parse().unwrap()];
    })
    .await;
    let token = app.newsroom().await;
    app.published(&token, "one").await;
    let rss = app.get("/feeds/articles.rss?tag=climate").await;
    assert!(
        rss.text
            .contains("<title>Climate – The Harbour Daily</title>"),
        "{}",
        rss.text
    );
    assert_eq!(
        rss.header("link"),
        "<https://hub.example/>; rel=\"hub\", \
         <https://api.news.example/v/feeds/articles.rss?tag=climate>; rel=\"self\""
    );
    let json = app.get("/feeds/articles.json").await.json;
    assert_eq!(
        json["hubs"],
        json!([{"type": "WebSub", "url": "https://hub.example/"}])
    );
    assert_eq!(
        json["items"][0]["authors"][0]["url"],
        "https://news.example/by/alex-writer"
    );
    let jsonld = app.get("/v1/articles/one/jsonld").await.json;
    assert_eq!(jsonld["publisher"]["name"], "Harbour Press");
    assert_eq!(
        jsonld["publisher"]["logo"]["url"],
        "https://news.example/logo.png"
    );
    assert_eq!(
        jsonld["author"][0]["url"],
        "https://news.example/by/alex-writer"
    );
    let robots = app.get("/robots.txt").await.text;
    assert!(
        robots.contains("Sitemap: https://api.news.example/v/sitemap.xml"),
        "{robots}"
    );
}
