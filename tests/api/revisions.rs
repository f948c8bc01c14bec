//! Every saved version of an article.

use dateline::articles::store::revisions;
use dateline::auth::model::{Right, Role};
use dateline::db::{Connection, Timestamp};
use diesel::RunQueryDsl;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp, article};

fn at(article: &Reply, rest: &str) -> String {
    let id = article.json["id"].as_str().unwrap();
    format!("/v1/editorial/articles/{id}/revisions{rest}")
}

async fn read(app: &TestApp, token: &str, path: &str) -> Reply {
    app.request(Method::GET, path).bearer(token).send().await
}

async fn restore(app: &TestApp, token: &str, article: &Reply, version: i64, body: Value) -> Reply {
    app.request(Method::POST, &at(article, &format!("/{version}/restore")))
        .bearer(token)
        .header("if-match", &article.etag())
        .json(body)
        .await
}

fn listed<'a>(list: &'a Reply, member: &str) -> Vec<&'a Value> {
    assert_eq!(list.status, 200, "{}", list.text);
    let data = list.json["data"].as_array().unwrap();
    data.iter().map(|revision| &revision[member]).collect()
}

#[apply(both)]
async fn every_version_is_there_with_who_made_it_and_why(app: TestApp) {
    let token = app.newsroom().await;
    let editor = app.user("editor@example.com", Role::Editor).await;
    let mut input = article("harbour");
    input["note"] = json!("First notes from the harbour");
    let mut now = app.create(&token, "/v1/editorial/articles", input).await;
    assert_eq!(now.json.get("note"), None);
    let patch = json!({"headline": "Second", "note": "The figure was wrong"});
    now = app.patch(&editor, &now, patch).await;
    assert_eq!((now.status.as_u16(), now.json.get("note")), (200, None));
    // A note alone changes nothing.
    let same = app.patch(&editor, &now, json!({"note": "Nothing"})).await;
    assert_eq!(same.etag(), now.etag());
    now = app
        .step(&editor, &now, "publish", json!({"note": "Checked"}))
        .await;
    let correction = json!({"kind": "correction", "text": "It was 12, not 11."});
    now = app.step(&editor, &now, "corrections", correction).await;
    now = app
        .step(&editor, &now, "retract", json!({"reason": "It was not so"}))
        .await;
    let list = read(&app, &editor, &at(&now, "")).await;
    assert_eq!(listed(&list, "version"), [5, 4, 3, 2, 1]);
    assert_eq!(
        listed(&list, "step"),
        ["retracted", "corrected", "published", "edited", "created"]
    );
    assert_eq!(
        listed(&list, "status"),
        ["retracted", "published", "published", "draft", "draft"]
    );
    assert_eq!(
        listed(&list, "note"),
        [
            "It was not so",
            "It was 12, not 11.",
            "Checked",
            "The figure was wrong",
            "First notes from the harbour"
        ]
    );
    let actors = listed(&list, "actor");
    assert_eq!(
        (&actors[4]["kind"], &actors[3]["kind"]),
        (&json!("token"), &json!("user"))
    );
    assert!(actors.iter().all(|actor| actor["name"].is_string()));
    assert_eq!(list.json["data"][4]["headline"], "Headline of harbour");

    let first = read(&app, &editor, &at(&now, "/1")).await;
    let written = &first.json["article"];
    assert_eq!(written["headline"], "Headline of harbour");
    assert_eq!(written["authors"], json!(["alex-writer", "sam-reporter"]));
    assert_eq!(
        (&written["section"], &written["tags"]),
        (&json!("world"), &json!(["climate"]))
    );
    assert_eq!(written["lead_image"]["credit"], "Harbour Pictures");
    assert_eq!(
        written["body"][0]["html"],
        "Twelve <strong>cities</strong> agreed."
    );
    assert_eq!(
        (&written["seo"]["title"], &written["custom"]["live"]),
        (&json!("Short"), &json!(true))
    );
    assert_eq!(first.header("cache-control"), "no-store, no-transform");
    for path in ["/9", "/0", "/-1", "/x", "/99999999999999999999"] {
        assert_eq!(
            read(&app, &editor, &at(&now, path)).await.status,
            404,
            "{path}"
        );
    }
}

#[apply(both)]
async fn an_article_published_as_it_is_created_has_one_revision(app: TestApp) {
    let token = app.newsroom().await;
    let mut input = article("at-once");
    input["status"] = json!("published");
    let made = app.create(&token, "/v1/editorial/articles", input).await;
    let list = read(&app, &token, &at(&made, "")).await;
    assert_eq!(listed(&list, "step"), ["published"]);
}

#[apply(both)]
async fn a_page_of_a_thousand_revisions_takes_few_statements(app: TestApp) {
    let token = app.newsroom().await;
    let mut now = app.draft(&token, "long").await;
    for number in 0..60 {
        now = app
            .patch(
                &token,
                &now,
                json!({"headline": format!("Number {number}")}),
            )
            .await;
    }
    let mut statements = u64::MAX;
    for _ in 0..5 {
        let queries = app.database.queries();
        let before = queries.get();
        read(&app, &token, &at(&now, "?limit=50")).await;
        statements = statements.min(queries.get() - before);
    }
    // The token, the article, the page, and the names of tools.
    assert!(statements <= 4, "{statements}");
    let mut path = at(&now, "?limit=7");
    let mut versions = Vec::new();
    loop {
        let page = read(&app, &token, &path).await;
        versions.extend(
            listed(&page, "version")
                .iter()
                .map(|version| version.as_i64().unwrap()),
        );
        match page.json["page"]["next_cursor"].as_str() {
            Some(cursor) => path = at(&now, &format!("?limit=7&cursor={cursor}")),
            None => break,
        }
    }
    assert_eq!(versions, (1..=61).rev().collect::<Vec<i64>>());
    let back = read(&app, &token, &path).await;
    let back = back.json["page"]["prev_cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let page = read(&app, &token, &at(&now, &format!("?limit=7&cursor={back}"))).await;
    assert_eq!(listed(&page, "version"), [12, 11, 10, 9, 8, 7, 6]);
}

#[apply(both)]
async fn two_revisions_are_compared_by_field_block_and_word(app: TestApp) {
    let token = app.newsroom().await;
    let mut input = article("compared");
    input["body"] = json!({"format": "markdown", "content": "One is here.\n\nTwo is there.\n\n> Three.\n\nFour."});
    let mut now = app.create(&token, "/v1/editorial/articles", input).await;
    let body = "One was here.\n\n> Three.\n\nFour.\n\nFive.";
    let patch = json!({
        "headline": "Heading of compared", "tags": ["ports", "climate"], "custom": {"live": false},
        "lead_image": {"alt": "A port"}, "body": {"format": "markdown", "content": body}
    });
    now = app.patch(&token, &now, patch).await;
    let diff = read(&app, &token, &at(&now, "/1/diff")).await;
    assert_eq!(
        (&diff.json["from"], &diff.json["to"]),
        (&json!(1), &json!(2))
    );
    let pointers: Vec<&str> = diff.json["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        pointers,
        ["/headline", "/tags", "/lead_image/alt", "/custom/live"]
    );
    assert_eq!(
        diff.json["fields"][0]["runs"],
        json!([
            {"op": "delete", "text": "Headline"}, {"op": "insert", "text": "Heading"},
            {"op": "equal", "text": " of compared"}
        ])
    );
    assert_eq!(
        diff.json["fields"][1]["runs"][0],
        json!({"op": "insert", "text": "ports"})
    );
    let body = diff.json["body"].as_array().unwrap();
    let ops: Vec<&str> = body
        .iter()
        .map(|change| change["op"].as_str().unwrap())
        .collect();
    assert_eq!(
        ops,
        ["change", "delete", "equal", "insert"],
        "{}",
        diff.text
    );
    assert_eq!(body[0]["changes"][0]["pointer"], "/html");
    assert_eq!(
        body[0]["changes"][0]["runs"][1],
        json!({"op": "delete", "text": "is"})
    );
    assert_eq!(body[1]["block"]["html"], "Two is there.");
    let back = read(&app, &token, &at(&now, "/2/diff?to=1")).await;
    assert_eq!(back.json["fields"][0]["to"], "Headline of compared");
    let same = read(&app, &token, &at(&now, "/2/diff")).await;
    assert_eq!(same.json["fields"], json!([]));
    for (path, problem) in [
        ("/1/diff?to=0", "invalid-parameter"),
        ("/1/diff?to=x", "invalid-parameter"),
        ("/1/diff?to=9", "not-found"),
        ("/9/diff", "not-found"),
    ] {
        assert_eq!(
            read(&app, &token, &at(&now, path)).await.problem(),
            problem,
            "{path}"
        );
    }
}

#[apply(both)]
async fn bodies_that_have_nothing_in_common_are_compared_in_bounds(app: TestApp) {
    let token = app.newsroom().await;
    let body = |word: &str| {
        let blocks: Vec<Value> = (0..2_000)
            .map(|number| json!({"type": "paragraph", "html": format!("{word}{number} {word} {number}{word}")}))
            .collect();
        json!(blocks)
    };
    let mut input = article("large");
    input["body"] = body("a");
    let now = app.create(&token, "/v1/editorial/articles", input).await;
    let now = app.patch(&token, &now, json!({"body": body("b")})).await;
    let diff = read(&app, &token, &at(&now, "/1/diff")).await;
    assert_eq!(diff.json["body"].as_array().unwrap().len(), 4_000);
    let one = |word: &str| {
        let words: Vec<String> = (0..60_000)
            .map(|number| format!("{word}{number}"))
            .collect();
        json!([{"type": "paragraph", "html": words.join(" ")}])
    };
    let now = app.patch(&token, &now, json!({"body": one("c")})).await;
    let now = app.patch(&token, &now, json!({"body": one("d")})).await;
    let diff = read(&app, &token, &at(&now, "/3/diff")).await;
    assert_eq!(diff.status, 200);
}

#[apply(both)]
async fn a_restored_revision_is_a_new_version_that_readers_see(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "restored").await;
    let patch = json!({
        "headline": "Wrong", "slug": "renamed", "seo": {"description": "D"}, "custom": {"other": 1},
        "standfirst": null, "lead_image": null, "body": "x"
    });
    assert_eq!(app.patch(&token, &draft, patch).await.status, 422);
    let patch = json!({
        "headline": "Wrong", "slug": "renamed", "seo": {"description": "D"}, "custom": {"other": 1},
        "standfirst": null, "lead_image": null, "body": {"format": "text", "content": "Wrong."}
    });
    let now = app.patch(&token, &draft, patch).await;
    let now = app.step(&token, &now, "publish", json!({})).await;
    let restored = restore(&app, &token, &now, 1, json!({"note": "It was right"})).await;
    assert_eq!(restored.status, 200, "{}", restored.text);
    assert_eq!(restored.json["version"], 4);
    assert_eq!(restored.json.get("warnings"), None);
    // Its address and its status are no part of what it says.
    assert_eq!(
        (&restored.json["slug"], &restored.json["status"]),
        (&json!("renamed"), &json!("published"))
    );
    let public = app.get("/v1/articles/renamed").await;
    assert_eq!(public.json["headline"], "Headline of restored");
    assert_eq!(
        public.json["body"][0]["html"],
        "Twelve <strong>cities</strong> agreed."
    );
    assert_eq!(public.json["custom"], json!({"live": true}));
    assert_eq!(
        public.json["seo"],
        json!({"title": "Short", "description": null})
    );
    let list = read(&app, &token, &at(&now, "?limit=1")).await;
    let newest = &list.json["data"][0];
    assert_eq!(
        (&newest["restored_from"], &newest["note"]),
        (&json!(1), &json!("It was right"))
    );
    // What was the same body is stored once.
    let bodies: i64 = count(&app, "revision_bodies").await;
    assert_eq!(bodies, 2);
    let again = restore(&app, &token, &restored, 4, json!(null)).await;
    assert_eq!(again.etag(), restored.etag());
    assert_eq!(restore(&app, &token, &now, 1, json!({})).await.status, 412);
    assert_eq!(
        restore(&app, &token, &restored, 99, json!({})).await.status,
        404
    );
    let unknown = restore(&app, &token, &restored, 1, json!({"nota": "x"})).await;
    assert_eq!(unknown.pointers(), ["/nota"]);
}

#[apply(both)]
async fn what_a_restored_revision_named_is_found_by_its_new_name_or_left_out(app: TestApp) {
    let token = app.newsroom().await;
    let mut ids = std::collections::HashMap::new();
    for name in ["Floods", "Storms", "Tides"] {
        let tag = json!({"name": name, "kind": "topic"});
        let made = app.create(&token, "/v1/editorial/tags", tag).await;
        ids.insert(name, made.json["id"].as_str().unwrap().to_owned());
    }
    let author = json!({"name": "Gone Writer"});
    let author = app.create(&token, "/v1/editorial/authors", author).await;
    let mut input = article("named");
    input["tags"] = json!(["floods", "storms", "tides"]);
    input["authors"] = json!(["gone-writer", "alex-writer"]);
    let now = app.create(&token, "/v1/editorial/articles", input).await;
    let now = app
        .patch(
            &token,
            &now,
            json!({"tags": [], "authors": ["sam-reporter"]}),
        )
        .await;
    let call = |method, path: String, body: Value| {
        let request = app
            .request(method, &path)
            .bearer(&token)
            .header("if-match", "*");
        request.json(body)
    };
    let tag = |name: &str| format!("/v1/editorial/tags/{}", ids[name]);
    let renamed = call(Method::PATCH, tag("Floods"), json!({"slug": "flooding"})).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    let merge = format!("{}/merge", tag("Storms"));
    let merged = call(Method::POST, merge, json!({"into": "climate"})).await;
    assert!(merged.status.is_success(), "{}", merged.text);
    let author = format!(
        "/v1/editorial/authors/{}",
        author.json["id"].as_str().unwrap()
    );
    for path in [tag("Tides"), author] {
        let gone = app.request(Method::DELETE, &path).bearer(&token);
        let gone = gone.header("if-match", "*").send().await;
        assert_eq!(gone.status, 204, "{}", gone.text);
    }
    let restored = restore(&app, &token, &now, 1, json!({})).await;
    assert_eq!(restored.status, 200, "{}", restored.text);
    let slugs = |member: &str| {
        let found = restored.json[member].as_array().unwrap().iter();
        found
            .map(|one| one["slug"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(slugs("tags"), ["flooding", "climate"]);
    assert_eq!(slugs("authors"), ["alex-writer"]);
    let warnings = restored.json["warnings"].as_array().unwrap();
    let said: Vec<(&str, &str)> = warnings
        .iter()
        .map(|one| {
            (
                one["pointer"].as_str().unwrap(),
                one["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(said, [("/authors/0", "gone"), ("/tags/2", "gone")]);
}

#[apply(both)]
async fn revisions_are_for_those_who_may_read_the_article(app: TestApp) {
    let token = app.newsroom().await;
    let author = app.user("author@example.com", Role::Author).await;
    let viewer = app.user("viewer@example.com", Role::Viewer).await;
    let others = app.draft(&token, "others").await;
    let own = app.draft(&author, "own").await;
    for path in ["", "/1", "/1/diff"] {
        assert_eq!(read(&app, &author, &at(&others, path)).await.status, 404);
        assert_eq!(read(&app, &author, &at(&own, path)).await.status, 200);
        assert_eq!(read(&app, &viewer, &at(&others, path)).await.status, 200);
        assert_eq!(app.get(&at(&others, path)).await.status, 401);
        let writes = app.tool_with(&[Right::ArticlesWrite]).await;
        assert_eq!(read(&app, &writes, &at(&others, path)).await.status, 403);
    }
    assert_eq!(
        restore(&app, &author, &others, 1, json!({})).await.status,
        404
    );
    assert_eq!(
        restore(&app, &viewer, &others, 1, json!({})).await.status,
        403
    );
    assert_eq!(restore(&app, &author, &own, 1, json!({})).await.status, 200);
    // What is public only those change who may publish; what is in the trash can be read.
    let published = app.step(&token, &own, "publish", json!({})).await;
    assert_eq!(
        restore(&app, &author, &published, 1, json!({}))
            .await
            .status,
        403
    );
    let trash = app.request(Method::DELETE, &at(&others, "").replace("/revisions", ""));
    let trashed = trash.bearer(&token).header("if-match", "*").send().await;
    assert_eq!(trashed.status, 200);
    assert_eq!(read(&app, &viewer, &at(&others, "/1")).await.status, 200);
    assert_eq!(
        restore(&app, &token, &trashed, 1, json!({})).await.status,
        409
    );
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    rows: i64,
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let query = format!("SELECT count(*) AS rows FROM {table}");
    let read = move |connection: &mut Connection| {
        let rows: Vec<Count> = diesel::sql_query(query).load(connection)?;
        Ok(rows[0].rows)
    };
    app.database.read(read).await.unwrap()
}

#[apply(both)]
async fn old_drafts_are_thinned_to_one_a_day_and_what_was_published_stays(app: TestApp) {
    let token = app.newsroom().await;
    let mut now = app.draft(&token, "thin").await;
    for number in 2..=7 {
        let body = json!({"format": "text", "content": format!("Body {number}.")});
        now = app.patch(&token, &now, json!({"body": body})).await;
        if number == 4 {
            now = app.step(&token, &now, "publish", json!({})).await;
            now = app.step(&token, &now, "unpublish", json!({})).await;
        }
    }
    // Versions 2 to 4 of one day, 7 to 9 of another.
    let move_back = |connection: &mut Connection| {
        for (versions, day) in [("1 AND 6", "2020-01-01"), ("7 AND 9", "2020-01-02")] {
            let time = match connection {
                Connection::Sqlite(_) => format!("'{day}T10:00:00.000Z'"),
                Connection::Postgres(_) => format!("'{day}T10:00:00.000Z'::timestamptz"),
            };
            let moved = format!(
                "UPDATE revisions SET recorded_at = {time}, thinned_from = CASE WHEN thinned_from IS NULL THEN NULL \
                 ELSE {time} END WHERE version BETWEEN {versions}"
            );
            diesel::sql_query(moved).execute(connection)?;
        }
        Ok(())
    };
    app.database.write(move_back).await.unwrap();
    let thin = async |limit: i64| {
        let work =
            move |connection: &mut Connection| revisions::thin(connection, Timestamp::now(), limit);
        app.database.write(work).await.unwrap()
    };
    assert_eq!(thin(2).await, 2);
    while thin(2).await > 0 {}
    let list = read(&app, &token, &at(&now, "")).await;
    // 1 was created, 5 published and 6 taken back; 9 is the last one, and of its day.
    assert_eq!(listed(&list, "version"), [9, 6, 5, 1]);
    assert_eq!(count(&app, "revision_bodies").await, 3);
    assert_eq!(thin(100).await, 0);
    let more = app.patch(&token, &now, json!({"headline": "More"})).await;
    assert_eq!(more.status, 200);
    assert_eq!(
        read(&app, &token, &at(&now, "/9")).await.json["article"]["body"][0]["html"],
        "Body 7."
    );
}
