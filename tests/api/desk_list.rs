//! The desk's list: each filter in each order, page by page, against what the articles say; what is found by words,
//! whatever its status; and that a page is read from an index.

use dateline::articles::desk::filter::{Between, EditorialFilter, EditorialSort};
use dateline::articles::store::desk_list::{self, Window};
use dateline::articles::workflow::Status;
use dateline::auth::model::Role;
use dateline::db::{Id, Timestamp};
use dateline::names::sort_name;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp, article};
use crate::one_call::{ARTICLES, post, read, with};
use crate::storage::{plan, recorded};

const ALL: &str = "draft,in_review,published,unpublished,retracted,trashed";

async fn trash(app: &TestApp, token: &str, article: &Reply) {
    let id = article.json["id"].as_str().unwrap();
    let request = app
        .request(Method::DELETE, &format!("{ARTICLES}/{id}"))
        .bearer(token);
    let reply = request.header("if-match", "*").send().await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

/// Every page of a list, from the first to the last, and then back again.
async fn walked(app: &TestApp, token: &str, query: &str, limit: usize) -> Vec<String> {
    let base = format!("{ARTICLES}?limit={limit}&{query}");
    let (mut slugs, mut pages) = (Vec::new(), Vec::new());
    let mut path = base.clone();
    loop {
        let page = read(app, token, &path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        let found: Vec<String> = page.slugs().into_iter().map(str::to_owned).collect();
        slugs.extend(found.clone());
        let next = page.json["page"]["next_cursor"].as_str().map(str::to_owned);
        pages.push((found, page));
        match next {
            Some(cursor) => path = format!("{base}&cursor={cursor}"),
            None => break,
        }
    }
    while let Some((_, page)) = pages.pop() {
        let back = page.json["page"]["prev_cursor"].as_str();
        assert_eq!(back.is_some(), !pages.is_empty(), "{query}");
        if let (Some(back), Some((before, _))) = (back, pages.last()) {
            let page = read(app, token, &format!("{base}&cursor={back}")).await;
            assert_eq!(page.slugs(), *before, "back in {query}");
        }
    }
    slugs
}

/// Articles of all statuses, some alike in what lists are sorted by; as the desk reads them.
async fn archive(app: &TestApp, token: &str, author: &str) -> Vec<Value> {
    let headlines = [
        Some("Zürich votes"),
        Some("zurich votes"),
        Some("Äpfel und Birnen"),
        Some("apple harvest"),
        None,
        Some("東京の天気"),
        Some("\"Quoted\" words"),
        Some("Harbour cities agree"),
    ];
    let mut number = 0;
    for (step, publish) in [
        ("draft", None),
        ("in_review", None),
        (
            "published",
            Some(json!({"published_at": "2026-03-01T08:00:00Z"})),
        ),
        (
            "scheduled",
            Some(json!({"published_at": "2090-01-01T00:00:00Z"})),
        ),
        (
            "embargoed",
            Some(
                json!({"published_at": "2026-03-01T08:00:00Z", "embargo_until": "2095-01-01T00:00:00Z"}),
            ),
        ),
        (
            "unpublished",
            Some(json!({"published_at": "2026-02-01T08:00:00Z"})),
        ),
        ("trashed", None),
    ] {
        for turn in 0..4 {
            number += 1;
            let mut input = article(&format!("n{number}"));
            input["headline"] = json!(headlines[number % headlines.len()]);
            input["language"] = json!(["en", "pt-BR", "pt", "de"][turn]);
            input["tags"] = json!([["climate"], ["ports"]][turn % 2]);
            input["authors"] = json!([["alex-writer"], ["sam-reporter"]][turn / 2]);
            if turn == 3 {
                input["section"] = Value::Null;
            }
            if step == "in_review" {
                input["status"] = json!("in_review");
            }
            if publish.is_some() && input["headline"].is_null() {
                input["headline"] = json!("A headline is needed");
            }
            // Authors write drafts of their own.
            let writer = if turn == 0 { author } else { token };
            let made = app.create(writer, ARTICLES, input).await;
            if let Some(publish) = &publish {
                let published = app.step(token, &made, "publish", publish.clone()).await;
                assert_eq!(published.status, 200, "{}", published.text);
                if step == "unpublished" {
                    app.step(token, &published, "unpublish", json!({})).await;
                }
            }
            if step == "trashed" {
                trash(app, token, &made).await;
            }
        }
    }
    // Many at one instant, of which lists keep milliseconds.
    app.execute(
        "UPDATE articles SET updated_at = '2026-03-02T08:00:00.000Z' WHERE language <> 'de'; \
         UPDATE articles SET updated_at = '2026-03-03T08:00:00.000Z' WHERE status = 'draft'",
    )
    .await;
    let everything = read(app, token, &format!("{ARTICLES}?status={ALL}&limit=100")).await;
    let all = everything.json["data"].as_array().unwrap().clone();
    assert_eq!(all.len(), number);
    all
}

fn text<'a>(article: &'a Value, name: &str) -> &'a str {
    article[name].as_str().unwrap_or_default()
}

/// When readers see it, of one that is published and that they do not see yet.
fn scheduled(article: &Value) -> Option<&str> {
    let is_scheduled = article["status"] == "published" && article["is_public"] == false;
    let at = text(article, "published_at").max(text(article, "embargo_until"));
    is_scheduled.then_some(at)
}

/// The order of an article in a list, as the document says it.
fn key(article: &Value, sort: &str) -> String {
    match sort.trim_start_matches('-') {
        "headline" => article["headline"]
            .as_str()
            .map_or_else(String::new, sort_name),
        column => text(article, column).to_owned(),
    }
}

type Fits = fn(&Value) -> bool;

fn has(article: &Value, list: &str, slug: &str) -> bool {
    let all = article[list].as_array().unwrap();
    all.iter().any(|one| one["slug"] == slug)
}

/// Filters, and what they mean.
const FILTERS: &[(&str, Fits)] = &[
    ("", |article| article["status"] != "trashed"),
    (
        "status=draft,in_review,published,unpublished,retracted,trashed",
        |_| true,
    ),
    ("status=draft", |article| article["status"] == "draft"),
    ("status=published,draft", |article| {
        ["draft", "published"].contains(&text(article, "status"))
    }),
    ("author=alex-writer", |article| {
        article["status"] != "trashed" && has(article, "authors", "alex-writer")
    }),
    ("tag=ports&status=published,unpublished", |article| {
        ["published", "unpublished"].contains(&text(article, "status"))
            && has(article, "tags", "ports")
    }),
    ("section=world", |article| {
        article["status"] != "trashed" && article["section"]["slug"] == "world"
    }),
    ("language=PT", |article| {
        article["status"] != "trashed" && text(article, "language").starts_with("pt")
    }),
    ("language=pt-BR&status=draft,published", |article| {
        ["draft", "published"].contains(&text(article, "status")) && article["language"] == "pt-BR"
    }),
    ("updated_after=2026-03-02T08:00:00Z", |article| {
        article["status"] != "trashed" && text(article, "updated_at") > "2026-03-02T08:00:00.000Z"
    }),
    ("updated_before=2026-03-03T08:00:00Z", |article| {
        article["status"] != "trashed" && text(article, "updated_at") < "2026-03-03T08:00:00.000Z"
    }),
    (
        "updated_after=2026-03-02T07:00:00Z&updated_before=2026-03-02T09:00:00Z",
        |article| {
            article["status"] != "trashed" && article["updated_at"] == "2026-03-02T08:00:00.000Z"
        },
    ),
    ("published_after=2026-02-15T00:00:00Z", |article| {
        article["status"] != "trashed" && text(article, "published_at") > "2026-02-15"
    }),
    ("published_before=2026-03-01T08:00:00Z", |article| {
        let at = article["published_at"].as_str();
        article["status"] != "trashed" && at.is_some_and(|at| at < "2026-03-01T08:00:00.000Z")
    }),
    ("scheduled_after=2026-01-01T00:00:00Z", |article| {
        scheduled(article).is_some()
    }),
    ("scheduled_after=2090-01-01T00:00:00Z", |article| {
        scheduled(article).is_some_and(|at| at > "2090-01-01T00:00:00.000Z")
    }),
    ("scheduled_before=2095-01-01T00:00:00Z", |article| {
        scheduled(article).is_some_and(|at| at < "2095-01-01T00:00:00.000Z")
    }),
    (
        "scheduled_before=2099-01-01T00:00:00Z&tag=climate",
        |article| scheduled(article).is_some() && has(article, "tags", "climate"),
    ),
    ("scheduled_before=2099-01-01T00:00:00Z&status=draft", |_| {
        false
    }),
    ("q=agreed", |article| article["status"] != "trashed"),
    ("q=%22cities+agreed%22+-climate&status=draft", |article| {
        article["status"] == "draft" && !has(article, "tags", "climate")
    }),
    ("tag=never", |_| false),
];

const SORTS: &[&str] = &[
    "-updated_at",
    "updated_at",
    "-published_at",
    "published_at",
    "headline",
    "-headline",
];

#[apply(both)]
async fn each_filter_is_walked_in_each_order(app: TestApp) {
    let token = app.newsroom().await;
    let author = app.user("author@example.com", Role::Author).await;
    let all = archive(&app, &token, &author).await;
    for (query, fits) in FILTERS {
        for sort in SORTS {
            let mut expected: Vec<&Value> = all.iter().filter(|article| fits(article)).collect();
            expected.sort_by_key(|article| (key(article, sort), text(article, "id")));
            if sort.starts_with('-') {
                expected.reverse();
            }
            let expected: Vec<&str> = expected
                .iter()
                .map(|article| text(article, "slug"))
                .collect();
            let query = format!("{query}&sort={sort}");
            assert_eq!(walked(&app, &token, &query, 5).await, expected, "{query}");
            let counted = read(
                &app,
                &token,
                &format!("{ARTICLES}?{query}&count=true&limit=1"),
            )
            .await;
            let page = &counted.json["page"];
            assert_eq!(
                (&page["total"], &page["total_is"]),
                (&json!(expected.len()), &json!("exact")),
                "{query}"
            );
        }
    }
    // Left out is `-updated_at`.
    let usual = read(&app, &token, &format!("{ARTICLES}?limit=100")).await;
    let named = read(
        &app,
        &token,
        &format!("{ARTICLES}?limit=100&sort=-updated_at"),
    )
    .await;
    assert_eq!(usual.slugs(), named.slugs());
}

#[apply(both)]
async fn mine_is_what_the_caller_saved_first(app: TestApp) {
    let token = app.newsroom().await;
    let author = app.user("author@example.com", Role::Author).await;
    let editor = app.user("editor@example.com", Role::Editor).await;
    app.draft(&token, "of-a-tool").await;
    app.draft(&editor, "of-an-editor").await;
    app.draft(&author, "of-an-author").await;
    let own = app.draft(&author, "published").await;
    app.step(&editor, &own, "publish", json!({})).await;
    for (caller, query, slugs) in [
        (&editor, "mine=true", vec!["of-an-editor"]),
        (
            &author,
            "mine=true&sort=headline",
            vec!["of-an-author", "published"],
        ),
        (&author, "sort=-headline", vec!["published", "of-an-author"]),
        (&author, "mine=true&status=draft", vec!["of-an-author"]),
        (&author, "mine=false&status=draft", vec!["of-an-author"]),
        (
            &author,
            "q=agreed&sort=headline",
            vec!["of-an-author", "published"],
        ),
        (&editor, "mine=true&q=agreed", vec!["of-an-editor"]),
        (
            &token,
            "status=draft&sort=headline&mine=false",
            vec!["of-a-tool", "of-an-author", "of-an-editor"],
        ),
    ] {
        assert_eq!(walked(&app, caller, query, 1).await, slugs, "{query}");
    }
    let refused = read(&app, &token, &format!("{ARTICLES}?mine=true")).await;
    assert_eq!(refused.problem(), "invalid-parameter");
    for wrong in [
        "sort=title",
        "sort=-shares",
        "mine=yes",
        "language=english-",
        "scheduled_after=soon",
        "updated_before=",
    ] {
        let reply = read(&app, &token, &format!("{ARTICLES}?{wrong}")).await;
        assert_eq!(reply.status, 400, "{wrong}");
    }
    // A cursor is of one order and one filter.
    let page = read(&app, &author, &format!("{ARTICLES}?limit=1&sort=headline")).await;
    let cursor = page.json["page"]["next_cursor"].as_str().unwrap();
    for other in [
        "sort=-headline",
        "sort=updated_at",
        "sort=headline&status=draft",
    ] {
        let path = format!("{ARTICLES}?limit=1&{other}&cursor={cursor}");
        assert_eq!(
            read(&app, &author, &path).await.problem(),
            "invalid-cursor",
            "{other}"
        );
    }
}

/// The slugs that a query finds, in alphabetical order.
async fn found(app: &TestApp, token: &str, query: &str) -> Vec<String> {
    let reply = read(app, token, &format!("{ARTICLES}?limit=100&{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let mut slugs: Vec<String> = reply.slugs().into_iter().map(str::to_owned).collect();
    slugs.sort();
    slugs
}

#[apply(both)]
async fn drafts_are_found_by_all_that_they_say(app: TestApp) {
    let token = app.newsroom().await;
    let body = |text: &str| json!({"body": {"format": "text", "content": text}});
    let one = with(article("one"), body("The lighthouse keeper reads e-mail."));
    let one = app
        .create(
            &token,
            ARTICLES,
            with(one, json!({"kicker": "Analysis", "tags": ["ports"]})),
        )
        .await;
    let two = with(article("two"), body("A lighthouse in São Tomé."));
    app.create(&token, ARTICLES, with(two, json!({"standfirst": "Waves."})))
        .await;
    let live = app
        .create(
            &token,
            ARTICLES,
            with(article("live"), body("Lighthouse open.")),
        )
        .await;
    app.step(&token, &live, "publish", json!({})).await;
    for (query, slugs) in [
        ("q=lighthouse", vec!["live", "one", "two"]),
        ("q=%22lighthouse+keeper%22", vec!["one"]),
        ("q=lighthouse+-keeper", vec!["live", "two"]),
        ("q=light*+wav*", vec!["two"]),
        ("q=lighthouse+ports", vec!["one"]),
        ("q=analysis", vec!["one"]),
        ("q=email", vec!["one"]),
        ("q=tome", vec!["two"]),
        ("q=lighthouse&status=draft", vec!["one", "two"]),
        ("q=lighthouse&status=published", vec!["live"]),
        ("q=lighthouse&tag=ports", vec!["one"]),
        (
            "q=lighthouse&author=sam-reporter&section=world",
            vec!["live", "one", "two"],
        ),
        // Part of a word of a headline, which is looked for without operators only.
        ("q=eadlin", vec!["live", "one", "two"]),
        ("q=%22eadlin%22", vec![]),
        ("q=-lighthouse", vec![]),
    ] {
        assert_eq!(found(&app, &token, query).await, slugs, "{query}");
    }
    // Readers find what is published, and no more.
    assert_eq!(app.get("/v1/articles?q=lighthouse").await.slugs(), ["live"]);
    assert_eq!(
        app.get("/v1/articles?q=keeper&count=true").await.json["page"]["total"],
        0
    );

    // What is written is found from then on, and what was written before is not.
    let edited = app
        .patch(&token, &one, body("A ferry reads nothing."))
        .await;
    assert_eq!(found(&app, &token, "q=keeper").await, [""; 0]);
    assert_eq!(found(&app, &token, "q=ferry").await, ["one"]);
    let published = app.step(&token, &edited, "publish", json!({})).await;
    assert_eq!(found(&app, &token, "q=ferry").await, ["one"]);
    assert_eq!(found(&app, &token, "q=ferry&status=draft").await, [""; 0]);
    let back = app.step(&token, &published, "unpublish", json!({})).await;
    assert_eq!(
        found(&app, &token, "q=ferry&status=unpublished").await,
        ["one"]
    );
    assert_eq!(app.get("/v1/articles?q=ferry").await.slugs(), [""; 0]);
    let again = app.step(&token, &back, "publish", json!({})).await;
    let retracted = app
        .step(&token, &again, "retract", json!({"reason": "Wrong."}))
        .await;
    assert_eq!(found(&app, &token, "q=ferry").await, ["one"]);
    // Of the trash only headlines are looked at.
    trash(&app, &token, &retracted).await;
    assert_eq!(found(&app, &token, "q=ferry").await, [""; 0]);
    assert_eq!(
        found(&app, &token, &format!("q=ferry&status={ALL}")).await,
        [""; 0]
    );
    assert_eq!(
        found(&app, &token, "q=headline+one&status=trashed").await,
        ["one"]
    );
    let id = retracted.json["id"].as_str().unwrap();
    let restored = app
        .request(Method::POST, &format!("{ARTICLES}/{id}/restore"))
        .bearer(&token)
        .header("if-match", "*")
        .send()
        .await;
    assert_eq!(restored.status, 200, "{}", restored.text);
    assert_eq!(
        found(&app, &token, "q=ferry&status=retracted").await,
        ["one"]
    );
    trash(&app, &token, &restored).await;
    let path = format!("/v1/editorial/trash/{id}");
    let request = app.request(Method::DELETE, &path).bearer(&token);
    let gone = request.header("if-match", "*").send().await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    assert_eq!(found(&app, &token, "q=ferry").await, [""; 0]);
}

#[apply(both)]
async fn drafts_are_found_by_the_names_that_things_have_now(app: TestApp) {
    let token = app.newsroom().await;
    app.draft(&token, "one").await;
    let tags = read(&app, &token, "/v1/editorial/tags?limit=100").await;
    let climate = tags.json["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|tag| tag["slug"] == "climate");
    let id = climate.unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(found(&app, &token, "q=climate").await, ["one"]);
    let change = async |method, path: String, body: Value| {
        let request = app.request(method, &path).bearer(&token);
        let reply = request.header("if-match", "*").json(body).await;
        assert!(reply.status.is_success(), "{}", reply.text);
    };
    let path = format!("/v1/editorial/tags/{id}");
    change(Method::PATCH, path.clone(), json!({"name": "Weather"})).await;
    assert_eq!(found(&app, &token, "q=climate").await, [""; 0]);
    assert_eq!(found(&app, &token, "q=weather").await, ["one"]);
    change(
        Method::POST,
        format!("{path}/merge"),
        json!({"into": "ports"}),
    )
    .await;
    assert_eq!(found(&app, &token, "q=weather").await, [""; 0]);
    assert_eq!(found(&app, &token, "q=ports").await, ["one"]);
    assert_eq!(found(&app, &token, "q=ports&tag=ports").await, ["one"]);
}

#[apply(both)]
async fn drafts_of_a_batch_are_found_as_well(app: TestApp) {
    let token = app.newsroom().await;
    let create = |slug: &str, status: &str| {
        let input = with(
            article(slug),
            json!({"status": status, "kicker": "Batched"}),
        );
        json!({"op": "create", "article": input})
    };
    for atomic in [false, true] {
        let suffix = if atomic { "-atomic" } else { "" };
        let operations = json!({"atomic": atomic, "operations": [
            create(&format!("draft{suffix}"), "draft"), create(&format!("live{suffix}"), "published"),
        ]});
        let reply = post(&app, &token, &format!("{ARTICLES}/batch"), operations).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(
            found(
                &app,
                &token,
                "q=batched&status=draft&slug=draft,draft-atomic"
            )
            .await
            .len(),
            1 + usize::from(atomic)
        );
        assert_eq!(
            found(&app, &token, "q=batched&status=published")
                .await
                .len(),
            1 + usize::from(atomic)
        );
    }
}

/// What lists are asked for that must not look at more than a page.
fn by_index() -> Vec<(EditorialFilter, EditorialSort)> {
    let at = |after| Between {
        after,
        before: Some(Timestamp::now()),
    };
    let now = Some(Timestamp::now());
    let mut asked = Vec::new();
    for (_, sort) in EditorialSort::ALL {
        asked.push((EditorialFilter::default(), *sort));
        for status in [Status::Draft, Status::Published] {
            let filter = EditorialFilter {
                statuses: vec![status],
                ..EditorialFilter::default()
            };
            asked.push((filter, *sort));
        }
    }
    let mine = EditorialFilter {
        created_by: Some(Id::generate()),
        ..EditorialFilter::default()
    };
    let mine_drafts = EditorialFilter {
        statuses: vec![Status::Draft],
        ..mine.clone()
    };
    let changed = EditorialFilter {
        updated: at(now),
        ..EditorialFilter::default()
    };
    let published = EditorialFilter {
        statuses: vec![Status::Published],
        published: at(now),
        ..EditorialFilter::default()
    };
    for filter in [mine, mine_drafts, changed] {
        asked.push((filter, EditorialSort::LastUpdatedFirst));
    }
    asked.push((published, EditorialSort::NewestFirst));
    asked
}

#[apply(both)]
async fn a_page_is_read_from_an_index(app: TestApp) {
    app.newsroom().await;
    let work = |connection: &mut dateline::db::Connection| {
        let mut statements = Vec::new();
        for (filter, sort) in by_index() {
            assert!(filter.is_by_index(sort), "{filter:?} {sort:?}");
            let window = Window {
                sort,
                start: None,
                limit: 21,
            };
            let run = recorded(connection, |connection| {
                desk_list::list(connection, &filter, &window, false).map(|_| ())
            });
            statements.extend(
                run.into_iter()
                    .map(|sql| (format!("{filter:?} {sort:?}"), sql)),
            );
        }
        // Planned afterwards: that forgets all statements that are prepared.
        assert!(statements.len() >= 20, "{statements:?}");
        for (what, sql) in statements {
            let plan = format!("{}\n", plan(connection, &sql));
            for wrong in ["SCAN a\n", "TEMP B-TREE", "Seq Scan on articles", "Sort"] {
                assert!(!plan.contains(wrong), "{what}\n{sql}\n{plan}");
            }
        }
        Ok(())
    };
    app.database.write(work).await.unwrap();
}
