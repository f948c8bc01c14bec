//! Full-text search: the same queries find the same articles on both databases.

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp, article};

/// Fills the newsroom with the articles of the corpus.
async fn fill(app: &TestApp) -> (String, Value) {
    let corpus: Value = serde_json::from_str(include_str!("search_corpus.json")).unwrap();
    let token = app.tool().await;
    let section = json!({"name": "World", "kind": "section"});
    app.create(&token, "/v1/editorial/tags", section).await;
    for name in corpus["tags"].as_array().unwrap() {
        let reply = app
            .create(&token, "/v1/editorial/tags", json!({ "name": name }))
            .await;
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
    for name in corpus["authors"].as_array().unwrap() {
        app.create(&token, "/v1/editorial/authors", json!({ "name": name }))
            .await;
    }
    for sample in corpus["articles"].as_array().unwrap() {
        let mut input = article(sample["slug"].as_str().unwrap());
        for field in ["headline", "standfirst", "tags", "authors", "byline"] {
            input[field] = sample[field].clone();
        }
        input["body"] = json!({"format": "text", "content": sample["body"]});
        let draft = app.create(&token, "/v1/editorial/articles", input).await;
        assert_eq!(draft.status, 201, "{}", draft.text);
        if let Some(at) = sample["at"].as_str() {
            let reply = app
                .step(&token, &draft, "publish", json!({ "published_at": at }))
                .await;
            assert_eq!(reply.status, 200, "{}", reply.text);
        }
    }
    (token, corpus)
}

/// `q`, percent-encoded, with the parameters after it.
fn path(query: &str, rest: &str) -> String {
    let (text, filters) = query.split_once("&tag=").map_or_else(
        || match query.find("&section=").or_else(|| query.find("&slugs=")) {
            Some(at) => (&query[..at], query[at..].to_owned()),
            None => (query, String::new()),
        },
        |(text, filters)| (text, format!("&tag={filters}")),
    );
    let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    format!("/v1/articles?q={text}{filters}{rest}")
}

async fn search(app: &TestApp, query: &str) -> Reply {
    app.get(&path(query, "")).await
}

#[apply(both)]
async fn the_corpus_is_found_as_it_should_be(app: TestApp) {
    let (_, corpus) = fill(&app).await;
    for pair in corpus["queries"].as_array().unwrap() {
        let query = pair["q"].as_str().unwrap();
        let newest: Vec<&str> = pair["newest"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let reply = app.get(&path(query, "&count=true")).await;
        assert_eq!(reply.status, 200, "{query:?}: {}", reply.text);
        assert_eq!(reply.slugs(), newest, "{query:?}");
        assert_eq!(reply.json["page"]["total"], newest.len(), "{query:?}");
        let mut oldest = newest.clone();
        oldest.reverse();
        assert_eq!(
            app.get(&path(query, "&sort=published_at")).await.slugs(),
            oldest,
            "{query:?}"
        );
        let ranked = app.get(&path(query, "&sort=relevance")).await;
        match pair["relevance"].as_array() {
            Some(order) => {
                let order: Vec<&str> = order.iter().filter_map(Value::as_str).collect();
                assert_eq!(ranked.slugs(), order, "{query:?}");
            }
            None => assert_eq!(ranked.slugs().len(), newest.len(), "{query:?}"),
        }
        let updated = app.get(&path(query, "&sort=-updated_at")).await;
        assert_eq!(updated.slugs().len(), newest.len(), "{query:?}");
    }
}

/// A headline, what finds it, and what does not.
type Spelling = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const SPELLINGS: &[Spelling] = &[
    (
        "Hawaiʻi volcano wakes",
        &[
            "Hawaii",
            "Hawai'i",
            "Hawai’i",
            "Hawai`i",
            "hawai",
            "\"hawaii volcano\"",
            "hawaii*",
        ],
        &["hawaiis"],
    ),
    (
        "Hawai’i’s coast",
        &["hawaii coast", "Hawaiʻi", "hawaii's"],
        &["\"hawaii coast\""],
    ),
    ("Hawaii votes", &["Hawaiʻi", "\"Hawai'i votes\""], &[]),
    (
        "O’Neill’s café",
        &["o'neill", "O’Neill", "oneill", "o'neill's"],
        &["neil"],
    ),
    (
        "بودجه سال ۱۴۰۵ تصویب شد",
        &["1405", "١٤٠٥", "۱۴۰۵", "140*"],
        &["1406"],
    ),
    ("2026 in numbers", &["٢٠٢٦", "２０２６"], &[]),
    (
        "서울시가 예산안을 발표했다",
        &[
            "서울시",
            "예산안",
            "서울시가",
            "\"예산안을 발표\"",
            "서울시 예산안",
        ],
        &["서", "산안", "서울신"],
    ),
    ("AI가 2026년을 바꾼다", &["AI", "2026", "바꾼"], &[]),
    ("Vitamin C shortage", &["C", "vitamin c"], &["C++", "C#"]),
    (
        "C++ and C# meet .NET",
        &["C++", "c#", ".NET", "net", "\"C++ and\""],
        &["C", "F#"],
    ),
    (
        "Node.js for a net profit",
        &["Node.js", "nodejs", "node"],
        &[".net", "deno.js"],
    ),
    (
        "The U.S. and N.A.T.O. sign",
        &["US", "NATO", "U.S.", "\"the us and nato\""],
        &["usa"],
    ),
    (
        "US and NATO troops",
        &["U.S.", "N.A.T.O.", "\"U.S. and NATO\""],
        &[],
    ),
    (
        "J. D. Doe speaks",
        &["JD Doe", "J.D. Doe", "\"J. D. Doe\"", "J. Doe"],
        &[],
    ),
    (
        "An e-mail on COVID-19",
        &[
            "email",
            "covid19",
            "e-mail",
            "covid-19",
            "mail",
            "covid",
            "\"an email on covid19\"",
            "covid1*",
        ],
        &["co vid"],
    ),
    (
        "An email on covid19",
        &["e-mail", "\"e-mail on covid-19\""],
        &["mail"],
    ),
    (
        "COVID-19-related costs",
        &["covid19", "covid19-related", "related"],
        &[],
    ),
    ("New York-based firm", &["\"new york\"", "yorkbased"], &[]),
    ("हिंदी में ज़रूरी ख़बर", &["जरूरी", "खबर", "ज़रूरी", "हिन्दी"], &[]),
    (
        "Wahl in Zürich und Münster",
        &[
            "Zuerich",
            "Muenster",
            "zurich",
            "Zürich",
            "\"in Zuerich und Muenster\"",
            "zuer*",
        ],
        &[],
    ),
    ("Wahl in Zuerich", &["Zürich"], &["zurich"]),
    (
        "Aarhus og København",
        &["Århus", "Koebenhavn", "kobenhavn"],
        &[],
    ),
    (
        "A blue poem does",
        &["blue", "poem", "does"],
        &["blu", "pom", "dos"],
    ),
    (
        "5G costs $2.4bn, says @desk_77 #MeToo AT&T Q&A",
        &["5G", "$2.4bn", "@desk_77", "#metoo", "at&t", "Q&A"],
        &["att"],
    ),
];

#[apply(both)]
async fn spellings_find_each_other(app: TestApp) {
    let token = app.newsroom().await;
    for (number, (headline, ..)) in SPELLINGS.iter().enumerate() {
        for place in ["headline", "body"] {
            let mut input = article(&format!("{place}-{number}"));
            input["headline"] = json!("Headline");
            match place {
                "headline" => input[place] = json!(headline),
                _ => input[place] = json!({"format": "text", "content": headline}),
            }
            let draft = app.create(&token, "/v1/editorial/articles", input).await;
            app.step(&token, &draft, "publish", json!({})).await;
        }
    }
    for (number, (headline, found, not_found)) in SPELLINGS.iter().enumerate() {
        for (queries, expected) in [(found, 2), (not_found, 0)] {
            for query in queries.iter() {
                let slugs = format!("&slugs=headline-{number},body-{number}");
                let reply = app.get(&path(query, &slugs)).await;
                assert_eq!(reply.slugs().len(), expected, "{query} in {headline}");
                let without = app.get(&path(&format!("headline -{query}"), &slugs)).await;
                let is_phrase = query.contains(' ') && !query.starts_with('"');
                if !is_phrase {
                    let rest = without.slugs().contains(&&*format!("body-{number}"));
                    assert_eq!(rest, expected == 0, "-{query} in {headline}");
                }
            }
        }
    }
    let marked = app
        .get(&path(
            "Zuerich",
            "&include=highlights&fields=highlights.headline&sort=relevance",
        ))
        .await;
    let headlines = marked.json["data"].to_string();
    assert!(
        headlines.contains("Wahl in <mark>Zürich</mark> und Münster"),
        "{headlines}"
    );
    let facets = app
        .get("/v1/articles/facets?by=tag&q=covid19&slugs=headline-14")
        .await;
    assert_eq!(facets.json["data"][0]["count"], 1, "{}", facets.text);
}

#[apply(both)]
async fn what_is_found_follows_every_change(app: TestApp) {
    let (token, _) = fill(&app).await;
    let found = async |query: &str| {
        search(&app, query)
            .await
            .slugs()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(found("pumps").await, ["fund"]);
    let id = app.get("/v1/articles/fund").await.json["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let desk = async || {
        app.request(Method::GET, &format!("/v1/editorial/articles/{id}"))
            .bearer(&token)
            .send()
            .await
    };
    app.patch(
        &token,
        &desk().await,
        json!({"body": {"format": "text", "content": "Only sandbags."}}),
    )
    .await;
    assert!(found("pumps").await.is_empty());
    assert_eq!(found("sandbags").await, ["fund"]);
    assert_eq!(found("\"flood fund\" ports").await, ["fund"]);

    app.step(&token, &desk().await, "unpublish", json!({}))
        .await;
    assert!(found("sandbags").await.is_empty());
    app.step(
        &token,
        &desk().await,
        "publish",
        json!({"published_at": "2026-03-09T08:00:00Z"}),
    )
    .await;
    assert_eq!(found("flood").await, ["fund", "rowing", "flood"]);
    app.step(
        &token,
        &desk().await,
        "publish",
        json!({"published_at": "2026-03-01T08:00:00Z", "embargo_until": "2999-01-01T00:00:00Z"}),
    )
    .await;
    assert!(found("sandbags").await.is_empty());
    app.step(
        &token,
        &desk().await,
        "publish",
        json!({"published_at": "2026-03-01T08:00:00Z", "embargo_until": null}),
    )
    .await;
    assert_eq!(found("flood").await, ["rowing", "flood", "fund"]);

    let tag = app.get("/v1/tags/climate").await.json["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let tag = app
        .request(Method::GET, &format!("/v1/editorial/tags/{tag}"))
        .bearer(&token)
        .send()
        .await;
    let renamed = app
        .request(
            Method::PATCH,
            &format!("/v1/editorial/tags/{}", tag.json["id"].as_str().unwrap()),
        )
        .bearer(&token)
        .header("if-match", &tag.etag())
        .json(json!({"name": "Weather"}))
        .await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    assert!(found("climate").await.is_empty());
    assert_eq!(found("weather").await, ["flood", "fund"]);
    let merged = app
        .request(
            Method::POST,
            &format!(
                "/v1/editorial/tags/{}/merge",
                tag.json["id"].as_str().unwrap()
            ),
        )
        .bearer(&token)
        .header("if-match", "*")
        .json(json!({"into": "public-transport"}))
        .await;
    assert_eq!(merged.status, 200, "{}", merged.text);
    assert!(found("weather").await.is_empty());
    assert_eq!(
        found("\"public transport\"").await,
        ["metro", "flood", "fund"]
    );
    assert_eq!(found("flood&tag=public-transport").await, ["flood", "fund"]);

    app.request(Method::DELETE, &format!("/v1/editorial/articles/{id}"))
        .bearer(&token)
        .header("if-match", "*")
        .send()
        .await;
    assert_eq!(found("flood").await, ["rowing", "flood"]);
}

#[apply(both)]
async fn what_was_found_is_shown(app: TestApp) {
    fill(&app).await;
    let reply = app
        .get("/v1/articles?q=flood+cafe&include=highlights&fields=slug,highlights")
        .await;
    assert_eq!(
        reply.json["data"],
        json!([{"slug": "flood", "highlights": {
            "headline": null,
            "standfirst": "The <mark>flood</mark> came at night.",
            "body": ["A fund was set up. <mark>Café</mark> Zürich stayed open; its owner rowed to work."],
        }}])
    );
    for wrong in [
        "/v1/articles?include=highlights",
        "/v1/articles?sort=relevance",
        "/v1/articles/fund?include=highlights",
    ] {
        assert_eq!(
            app.get(wrong).await.problem(),
            "invalid-parameter",
            "{wrong}"
        );
    }
    let facets = app.get("/v1/articles/facets?by=author&q=flood").await;
    assert_eq!(
        facets.json["data"].as_array().unwrap().len(),
        3,
        "{}",
        facets.text
    );
    assert_eq!(facets.json["data"][0]["count"], 1);
}

#[apply(both)]
async fn pages_of_a_search_lose_nothing_and_repeat_nothing(app: TestApp) {
    let (token, _) = fill(&app).await;
    for number in 0..11 {
        let mut input = article(&format!("more-{number}"));
        input["authors"] = json!(["alex-writer"]);
        input["tags"] = json!(["climate"]);
        input["headline"] = json!(if number % 3 == 0 { "Flood" } else { "Rain" });
        input["standfirst"] = json!(if number % 2 == 0 { "flood" } else { "rain" });
        input["body"] = json!({"format": "text", "content": "A flood again."});
        let draft = app.create(&token, "/v1/editorial/articles", input).await;
        let at = format!("2026-04-01T08:3{}:00Z", number / 4);
        app.step(&token, &draft, "publish", json!({ "published_at": at }))
            .await;
    }
    for sort in ["relevance", "-published_at", "published_at", "-updated_at"] {
        let list = format!("/v1/articles?q=flood&sort={sort}");
        let names = |reply: &Reply| {
            reply
                .slugs()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        let whole = names(&app.get(&format!("{list}&limit=100")).await);
        assert_eq!(whole.len(), 14);
        let mut page = app.get(&format!("{list}&limit=3")).await;
        let mut forward = names(&page);
        while let Some(cursor) = page.json["page"]["next_cursor"].as_str() {
            page = app.get(&format!("{list}&limit=3&cursor={cursor}")).await;
            forward.extend(names(&page));
        }
        assert_eq!(forward, whole, "{sort}");
        let mut backward = names(&page);
        while let Some(cursor) = page.json["page"]["prev_cursor"].as_str() {
            page = app.get(&format!("{list}&limit=3&cursor={cursor}")).await;
            let mut before = names(&page);
            before.append(&mut backward);
            backward = before;
        }
        assert_eq!(backward, whole, "{sort}");
    }
}

#[apply(both)]
async fn a_query_of_many_words_that_many_names_have_is_no_error(app: TestApp) {
    let token = app.newsroom().await;
    let words: Vec<String> = ('a'..='z')
        .chain('a'..='f')
        .enumerate()
        .map(|(number, letter)| format!("{letter}{}", number % 10))
        .collect();
    let name = words.join(" ");
    for number in 0..120 {
        let named = json!({ "name": format!("{name} {number}") });
        let reply = app
            .create(&token, "/v1/editorial/tags", named.clone())
            .await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        app.create(&token, "/v1/editorial/authors", named).await;
    }
    let mut input = article("many");
    let tag = app.get("/v1/tags?limit=1&sort=name").await.json["data"][0]["slug"].clone();
    input["tags"] = json!([tag]);
    let draft = app.create(&token, "/v1/editorial/articles", input).await;
    app.step(&token, &draft, "publish", json!({})).await;
    for sort in ["relevance", "-published_at", "-updated_at"] {
        for typed in [
            name.clone(),
            words.join("* "),
            format!("city -{}", words.join(" -")),
        ] {
            let reply = app
                .get(&path(&typed, &format!("&count=true&sort={sort}")))
                .await;
            assert_eq!(reply.status, 200, "{typed}: {}", reply.text);
        }
    }
    assert_eq!(search(&app, &name).await.slugs(), ["many"]);
}

#[apply(both)]
async fn a_body_of_any_length_is_searched(app: TestApp) {
    let token = app.newsroom().await;
    let text: String = (0..40_000).map(|n| format!("word{n} the ")).collect();
    let mut input = article("long");
    input["body"] = json!({"format": "text", "content": text});
    let draft = app.create(&token, "/v1/editorial/articles", input).await;
    let reply = app.step(&token, &draft, "publish", json!({})).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    for query in ["word0 word39999", "\"word20 the\"", "the"] {
        assert_eq!(search(&app, query).await.slugs(), ["long"], "{query}");
    }
}
