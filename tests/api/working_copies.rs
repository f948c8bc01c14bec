//! Changes to published articles that readers do not see before they are published.

use dateline::articles::telling::EditorialRules;
use dateline::auth::model::{Right, Role};
use dateline::db::Timestamp;
use dateline::events::Writer;
use dateline::jobs;
use diesel::RunQueryDsl;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp, article};

fn text(blocks: &[&str]) -> Value {
    let blocks = blocks.iter();
    blocks
        .map(|html| json!({"type": "paragraph", "html": html}))
        .collect()
}

fn id(article: &Reply) -> &str {
    let id = &article.json["id"];
    id.as_str().or(article.json["article_id"].as_str()).unwrap()
}

async fn on_copy(
    app: &TestApp,
    token: &str,
    method: Method,
    of: &Reply,
    rest: &str,
    body: Option<Value>,
) -> Reply {
    let path = format!("/v1/editorial/articles/{}/working-copy{rest}", id(of));
    let request = app.request(method, &path).bearer(token);
    let request = request.header("if-match", &of.etag());
    match body {
        Some(body) => request.json(body).await,
        None => request.send().await,
    }
}

/// Changes the working copy with the ETag of what is given: the article's, or its own.
async fn write(app: &TestApp, token: &str, of: &Reply, patch: Value) -> Reply {
    on_copy(app, token, Method::PATCH, of, "", Some(patch)).await
}

async fn written(app: &TestApp, token: &str, of: &Reply, patch: Value) -> Reply {
    let reply = write(app, token, of, patch).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply
}

async fn publish(app: &TestApp, token: &str, copy: &Reply, body: Value) -> Reply {
    on_copy(app, token, Method::POST, copy, "/publish", Some(body)).await
}

async fn read(app: &TestApp, token: &str, of: &Reply) -> Reply {
    on_copy(app, token, Method::GET, of, "", None).await
}

async fn shown(app: &TestApp, slug: &str) -> Value {
    let reply = app.get(&format!("/v1/articles/{slug}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json
}

async fn kinds(app: &TestApp, admin: &str) -> Vec<String> {
    let path = "/v1/editorial/audit?limit=100";
    let audit = app.request(Method::GET, path).bearer(admin).send().await;
    let entries = audit.json["data"].as_array().unwrap().iter();
    let kinds = entries.map(|entry| entry["kind"].as_str().unwrap().to_owned());
    kinds
        .filter(|kind| kind.starts_with("working_copy"))
        .collect()
}

const RULES: EditorialRules = EditorialRules {
    drafts: 100,
    correction_after: None,
};

/// What the job does when the time of a working copy has come.
async fn do_what_is_due(app: &TestApp) {
    let writer = Writer::new(app.database.clone(), dateline::projections::ALL);
    let done = jobs::publish_working_copies(&app.database, &writer, RULES);
    done.await.unwrap();
}

/// Sets the time of all working copies that are scheduled to one that is over.
async fn let_time_pass(app: &TestApp) {
    app.change(|change| {
        diesel::sql_query("UPDATE working_copies SET publish_at = $1 WHERE publish_at IS NOT NULL")
            .bind::<dateline::db::types::TimestampSql, _>(
                Timestamp::now().plus(-chrono::Duration::seconds(1)),
            )
            .execute(change.connection)?;
        Ok(())
    })
    .await;
}

#[apply(both)]
async fn readers_see_nothing_of_a_working_copy_until_it_is_published(app: TestApp) {
    let token = app.newsroom().await;
    let editor = app.user("editor@example.com", Role::Editor).await;
    let article = app.published(&token, "harbour").await;
    assert_eq!(article.json["working_copy"], Value::Null);
    let before = app.get("/v1/articles/harbour").await;
    let list = app.get("/v1/articles").await;
    let copy = written(
        &app,
        &editor,
        &article,
        json!({"headline": "New headline", "note": "After the vote"}),
    )
    .await;
    assert_eq!(copy.etag(), "\"w1\"");
    assert_eq!(copy.header("cache-control"), "no-store, no-transform");
    assert_eq!(
        (
            &copy.json["version"],
            &copy.json["base_version"],
            &copy.json["article_version"]
        ),
        (&json!(1), &json!(2), &json!(2))
    );
    let copy = written(
        &app,
        &editor,
        &copy,
        json!({"body": text(&["One.", "Two."]), "tags": ["ports"], "standfirst": null}),
    )
    .await;
    assert_eq!(copy.etag(), "\"w2\"");
    assert_eq!(copy.json["article"]["headline"], "New headline");
    assert_eq!(copy.json["article"]["standfirst"], Value::Null);
    assert_eq!(copy.json["article"]["body"][1]["html"], "Two.");
    assert_eq!(copy.json["created_by"]["name"], "Test");
    assert_eq!(copy.json["note"], "After the vote");
    // Nobody outside sees it: to the byte.
    let now = app.get("/v1/articles/harbour").await;
    assert_eq!((now.etag(), &now.text), (before.etag(), &before.text));
    assert_eq!(app.get("/v1/articles").await.text, list.text);
    assert_eq!(
        app.get("/v1/articles?q=%22New+headline%22").await.slugs(),
        [""; 0]
    );
    // Editors see that it is there, and the article as it is.
    let path = format!("/v1/editorial/articles/{}", id(&article));
    let same = app.request(Method::GET, &path).bearer(&token).send().await;
    assert_eq!(same.etag(), article.etag());
    assert_eq!(same.json["working_copy"]["version"], 2);
    assert_eq!(same.json["headline"], article.json["headline"]);
    let published = publish(&app, &editor, &copy, json!({})).await;
    assert_eq!(
        (published.status.as_u16(), published.etag().as_str()),
        (200, "\"v3\"")
    );
    assert_eq!(published.json["working_copy"], Value::Null);
    let now = shown(&app, "harbour").await;
    assert_eq!(
        (&now["headline"], &now["body"][0]["html"]),
        (&json!("New headline"), &json!("One."))
    );
    assert_eq!(now["tags"][0]["slug"], "ports");
    assert_eq!(read(&app, &token, &article).await.status, 404);
    // One revision, by whoever published it, for the reason that was given.
    let path = format!("/v1/editorial/articles/{}/revisions", id(&article));
    let revisions = app.request(Method::GET, &path).bearer(&token).send().await;
    let newest = &revisions.json["data"][0];
    assert_eq!(
        (
            &newest["version"],
            &newest["note"],
            &newest["actor"]["kind"]
        ),
        (&json!(3), &json!("After the vote"), &json!("user"))
    );
    let admin = app.user("admin@example.com", Role::Admin).await;
    assert_eq!(
        kinds(&app, &admin).await,
        [
            "working_copy_published",
            "working_copy_saved",
            "working_copy_saved"
        ]
    );
}

#[apply(both)]
async fn two_never_overwrite_each_other(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    let path = format!("/v1/editorial/articles/{}/working-copy", id(&article));
    let patch = json!({"headline": "A"});
    let without = app
        .request(Method::PATCH, &path)
        .bearer(&token)
        .json(patch.clone())
        .await;
    assert_eq!(without.status, 428);
    let foreign = app
        .request(Method::PATCH, &path)
        .bearer(&token)
        .header("if-match", "\"w1\"")
        .json(patch.clone())
        .await;
    assert_eq!(
        (foreign.status.as_u16(), foreign.etag().as_str()),
        (412, "\"v2\"")
    );
    let copy = written(&app, &token, &article, patch.clone()).await;
    // Who read the article knows nothing of the working copy, and who read that nothing of the article.
    let stale = write(&app, &token, &article, patch.clone()).await;
    assert_eq!(
        (stale.status.as_u16(), stale.etag().as_str()),
        (412, "\"w1\"")
    );
    assert_eq!(
        app.patch(
            &token,
            &Reply {
                json: article.json.clone(),
                ..copy.clone()
            },
            patch.clone()
        )
        .await
        .status,
        412
    );
    let second = written(&app, &token, &copy, json!({"headline": "B"})).await;
    for (method, rest, body) in [
        (Method::PATCH, "", Some(patch.clone())),
        (Method::DELETE, "", None),
        (Method::POST, "/publish", Some(json!({}))),
        (Method::DELETE, "/publish", None),
    ] {
        let stale = on_copy(&app, &token, method.clone(), &copy, rest, body).await;
        assert_eq!(
            (stale.status.as_u16(), stale.etag().as_str()),
            (412, "\"w2\""),
            "{method} {rest}"
        );
    }
    // What changes nothing changes no version.
    let same = written(
        &app,
        &token,
        &second,
        json!({"headline": "B", "kicker": second.json["article"]["kicker"]}),
    )
    .await;
    assert_eq!(same.etag(), second.etag());
    // The next one begins with another number: no ETag names two of them.
    let gone = on_copy(&app, &token, Method::DELETE, &second, "", None).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    assert_eq!(read(&app, &token, &article).await.status, 404);
    for (method, rest) in [
        (Method::DELETE, ""),
        (Method::DELETE, "/publish"),
        (Method::POST, "/publish"),
    ] {
        assert_eq!(
            on_copy(&app, &token, method, &second, rest, None)
                .await
                .status,
            404
        );
    }
    assert_eq!(
        write(&app, &token, &second, patch.clone()).await.status,
        412
    );
    let next = written(&app, &token, &article, patch).await;
    assert_eq!(next.etag(), "\"w4\"");
    assert_eq!(next.json["note"], Value::Null);
}

#[apply(both)]
async fn a_hot_fix_is_merged_member_by_member_and_block_by_block(app: TestApp) {
    let token = app.newsroom().await;
    let mut input = article("harbour");
    input["body"] = text(&["One.", "Two.", "Three.", "Four."]);
    input["status"] = json!("published");
    input["custom"] = json!({"live": true, "desk": "world"});
    let article = app.create(&token, "/v1/editorial/articles", input).await;
    let copy = json!({
        "headline": "Rewritten", "body": text(&["One.", "Two, rewritten.", "Three.", "Four.", "Five."]),
        "custom": {"desk": "ports"}, "seo": {"title": "Rewritten"}
    });
    let copy = written(&app, &token, &article, copy).await;
    let fix = json!({
        "kicker": "Fixed", "body": text(&["One, fixed.", "Two.", "Three, fixed.", "Four."]),
        "custom": {"live": false}, "seo": {"description": "Fixed"}, "tags": ["climate", "ports"]
    });
    let fixed = app.patch(&token, &article, fix).await;
    assert_eq!(fixed.status, 200, "{}", fixed.text);
    let now = read(&app, &token, &copy).await;
    assert_eq!(
        (&now.json["base_version"], &now.json["article_version"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(now.json["conflicts"], json!([]));
    let published = publish(&app, &token, &copy, json!({})).await;
    assert_eq!(published.status, 200, "{}", published.text);
    let now = shown(&app, "harbour").await;
    assert_eq!(
        (&now["headline"], &now["kicker"]),
        (&json!("Rewritten"), &json!("Fixed"))
    );
    let paragraphs: Vec<&Value> = now["body"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| &block["html"])
        .collect();
    assert_eq!(
        paragraphs,
        [
            "One, fixed.",
            "Two, rewritten.",
            "Three, fixed.",
            "Four.",
            "Five."
        ]
    );
    assert_eq!(now["custom"], json!({"live": false, "desk": "ports"}));
    assert_eq!(
        now["seo"],
        json!({"title": "Rewritten", "description": "Fixed"})
    );
    assert_eq!(now["tags"].as_array().unwrap().len(), 2);
}

#[apply(both)]
async fn what_both_changed_is_refused_with_both_sides_and_lost_on_neither(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    let copy = json!({"headline": "Mine", "kicker": "My kicker", "body": text(&["My text."])});
    let copy = written(&app, &token, &article, copy).await;
    let fix = json!({"headline": "Theirs", "dateline": "Oslo", "body": text(&["Their text."])});
    let fixed = app.patch(&token, &article, fix).await;
    assert_eq!(fixed.status, 200);
    let refused = publish(&app, &token, &copy, json!({})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (409, "merge-conflict"),
        "{}",
        refused.text
    );
    assert_eq!(refused.json["article_version"], 3);
    let conflicts = &refused.json["conflicts"];
    assert_eq!(
        conflicts[0],
        json!({"pointer": "/headline", "base": "Headline of harbour", "article": "Theirs", "working_copy": "Mine"})
    );
    assert_eq!(conflicts[1]["pointer"], "/body/0");
    assert_eq!(
        conflicts[1]["working_copy"],
        "[{\"type\":\"paragraph\",\"html\":\"My text.\"}]"
    );
    assert_eq!(conflicts.as_array().unwrap().len(), 2);
    assert_eq!(
        &read(&app, &token, &copy).await.json["conflicts"],
        conflicts
    );
    assert_eq!(shown(&app, "harbour").await["headline"], "Theirs");
    // It is not scheduled either.
    let later = publish(
        &app,
        &token,
        &copy,
        json!({"publish_at": "2099-01-01T00:00:00Z"}),
    )
    .await;
    assert_eq!(later.problem(), "merge-conflict");
    // To settle it is to say what each of them is, having seen the article as it is.
    let rebase = |version: i64, patch: Value| {
        let path = format!(
            "/v1/editorial/articles/{}/working-copy?rebase={version}",
            id(&article)
        );
        let request = app.request(Method::PATCH, &path).bearer(&token);
        request.header("if-match", &copy.etag()).json(patch)
    };
    let half = rebase(3, json!({"headline": "Ours"})).await;
    assert_eq!(
        (
            half.status.as_u16(),
            half.json["conflicts"].as_array().unwrap().len()
        ),
        (409, 1),
        "{}",
        half.text
    );
    let both = json!({"headline": "Ours", "body": text(&["Our text."])});
    let unseen = rebase(2, both.clone()).await;
    assert_eq!(
        (unseen.status.as_u16(), &unseen.json["conflicts"]),
        (409, &json!([])),
        "{}",
        unseen.text
    );
    let settled = rebase(3, both).await;
    assert_eq!(settled.status, 200, "{}", settled.text);
    assert_eq!(
        (&settled.json["base_version"], &settled.json["conflicts"]),
        (&json!(3), &json!([]))
    );
    assert_eq!(
        (
            &settled.json["article"]["dateline"],
            &settled.json["article"]["kicker"]
        ),
        (&json!("Oslo"), &json!("My kicker"))
    );
    assert_eq!(publish(&app, &token, &settled, json!({})).await.status, 200);
    let now = shown(&app, "harbour").await;
    assert_eq!(
        (&now["headline"], &now["body"][0]["html"], &now["dateline"]),
        (&json!("Ours"), &json!("Our text."), &json!("Oslo"))
    );
}

#[apply(both)]
async fn it_is_published_at_its_time_and_once(app: TestApp) {
    let token = app.newsroom().await;
    let editor = app.user("editor@example.com", Role::Editor).await;
    let admin = app.user("admin@example.com", Role::Admin).await;
    let article = app.published(&token, "harbour").await;
    let copy = written(&app, &token, &article, json!({"headline": "Later"})).await;
    let when = json!({"publish_at": "2099-01-01T06:00:00Z", "note": "As planned", "correction": {"kind": "update", "text": "Rewritten."}});
    let scheduled = publish(&app, &editor, &copy, when.clone()).await;
    assert_eq!(
        (scheduled.status.as_u16(), scheduled.etag().as_str()),
        (200, "\"v2\""),
        "{}",
        scheduled.text
    );
    assert_eq!(
        scheduled.json["working_copy"]["publish_at"],
        "2099-01-01T06:00:00.000Z"
    );
    assert_eq!(scheduled.json["working_copy"]["version"], 2);
    // It can be taken back, and said again.
    let now = read(&app, &token, &article).await;
    let back = on_copy(&app, &editor, Method::DELETE, &now, "/publish", None).await;
    assert_eq!(
        (back.status.as_u16(), &back.json["publish_at"]),
        (200, &Value::Null)
    );
    let same = on_copy(&app, &editor, Method::DELETE, &back, "/publish", None).await;
    assert_eq!(same.etag(), back.etag());
    assert_eq!(publish(&app, &editor, &back, when).await.status, 200);
    // What is changed until then is published with it, and a hot fix stays.
    let now = read(&app, &token, &article).await;
    written(&app, &token, &now, json!({"kicker": "Later as well"})).await;
    assert_eq!(
        app.patch(&token, &article, json!({"dateline": "Oslo"}))
            .await
            .status,
        200
    );
    do_what_is_due(&app).await;
    assert_eq!(
        shown(&app, "harbour").await["headline"],
        "Headline of harbour"
    );
    let_time_pass(&app).await;
    let other = app.another_process().await;
    tokio::join!(
        do_what_is_due(&app),
        do_what_is_due(&other),
        do_what_is_due(&app)
    );
    // Whichever process was the fastest, the others hear of it some milliseconds later.
    let now = shown(app.without_cache().await, "harbour").await;
    assert_eq!(
        (&now["headline"], &now["kicker"], &now["dateline"]),
        (&json!("Later"), &json!("Later as well"), &json!("Oslo"))
    );
    assert_eq!(now["corrections"][0]["text"], "Rewritten.");
    let path = format!("/v1/editorial/articles/{}/revisions", id(&article));
    let revisions = app.request(Method::GET, &path).bearer(&token).send().await;
    let newest = &revisions.json["data"][0];
    assert_eq!(
        (
            &newest["version"],
            &newest["note"],
            &newest["actor"]["kind"]
        ),
        (&json!(4), &json!("As planned"), &json!("user"))
    );
    assert_eq!(
        kinds(&app, &admin)
            .await
            .iter()
            .filter(|kind| *kind == "working_copy_published")
            .count(),
        1
    );
    assert_eq!(read(&app, &token, &article).await.status, 404);
}

#[apply(both)]
async fn the_server_publishes_it_by_itself(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    let copy = written(&app, &token, &article, json!({"headline": "Soon"})).await;
    let soon = Timestamp::now().plus(chrono::Duration::milliseconds(300));
    let scheduled = publish(&app, &token, &copy, json!({"publish_at": soon})).await;
    assert_eq!(scheduled.status, 200, "{}", scheduled.text);
    loop {
        let now = shown(&app, "harbour").await;
        if now["headline"] == "Soon" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // What is over is now.
    let path = format!("/v1/editorial/articles/{}", id(&article));
    let now = app.request(Method::GET, &path).bearer(&token).send().await;
    let copy = written(&app, &token, &now, json!({"headline": "At once"})).await;
    let published = publish(
        &app,
        &token,
        &copy,
        json!({"publish_at": "2026-01-01T00:00:00Z"}),
    )
    .await;
    assert_eq!(
        (published.status.as_u16(), &published.json["headline"]),
        (200, &json!("At once"))
    );
}

#[apply(both)]
async fn what_cannot_be_published_at_its_time_says_why(app: TestApp) {
    let token = app.newsroom().await;
    let admin = app.user("admin@example.com", Role::Admin).await;
    let first = app.published(&token, "first").await;
    let second = app.published(&token, "second").await;
    let third = app.published(&token, "third").await;
    let when = json!({"publish_at": "2099-01-01T06:00:00Z"});
    let mut copies = Vec::new();
    for article in [&first, &second, &third] {
        let copy = written(&app, &token, article, json!({"headline": "Later", "slug": format!("{}-later", article.json["slug"].as_str().unwrap())})).await;
        assert_eq!(publish(&app, &token, &copy, when.clone()).await.status, 200);
        copies.push(read(&app, &token, article).await);
    }
    app.patch(&token, &first, json!({"headline": "Other"}))
        .await;
    app.step(&token, &second, "unpublish", json!({})).await;
    app.draft(&token, "third-later").await;
    let_time_pass(&app).await;
    do_what_is_due(&app).await;
    for (article, reason) in [
        (
            &first,
            "the article and its working copy changed /headline in different ways",
        ),
        (
            &second,
            "An article that is unpublished cannot take the step \"publish_working_copy\".",
        ),
        (&third, "the slug third-later is taken"),
    ] {
        let copy = read(&app, &token, article).await;
        assert_eq!(
            (&copy.json["publish_at"], &copy.json["article"]["headline"]),
            (&Value::Null, &json!("Later"))
        );
        assert_eq!(copy.json["failure"]["reason"], reason);
        assert!(copy.json["failure"]["publish_at"].is_string());
    }
    assert_eq!(
        kinds(&app, &admin)
            .await
            .iter()
            .filter(|kind| *kind == "working_copy_failed")
            .count(),
        3
    );
    assert_eq!(shown(&app, "first").await["headline"], "Other");
    // It is for an editor to go on.
    let copy = read(&app, &token, &third).await;
    let changed = written(&app, &token, &copy, json!({"slug": "third-again"})).await;
    assert_eq!(changed.json["failure"], Value::Null);
    assert_eq!(publish(&app, &token, &changed, json!({})).await.status, 200);
    assert_eq!(shown(&app, "third-again").await["headline"], "Later");
    assert_eq!(app.get("/v1/articles/third").await.status, 301);
}

#[apply(both)]
async fn a_working_copy_may_be_incomplete_and_is_not_published_so(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    let bare = json!({"headline": null, "body": null, "authors": [], "byline": null});
    let copy = written(&app, &token, &article, bare).await;
    for body in [json!({}), json!({"publish_at": "2099-01-01T06:00:00Z"})] {
        let refused = publish(&app, &token, &copy, body).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert_eq!(refused.pointers(), ["/headline", "/body", "/authors"]);
    }
    for (patch, pointers) in [
        (json!({"status": "draft"}), &["/status"][..]),
        (
            json!({"unpublish_at": null, "silent": true, "correction": {"kind": "update", "text": "x"}}),
            &["/unpublish_at", "/silent", "/correction"],
        ),
        (json!({"silent": false}), &["/silent"]),
        (json!({"headlin": "x"}), &["/headlin"]),
        (json!({"authors": ["nobody"]}), &["/authors/0"]),
        (
            json!({"tags": ["nothing"], "section": "climate"}),
            &["/tags/0", "/section"],
        ),
    ] {
        let refused = write(&app, &token, &copy, patch.clone()).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.pointers()[..]),
            (422, pointers),
            "{patch} {}",
            refused.text
        );
    }
    // Null says nothing.
    let nothing = json!({"silent": null, "correction": null, "kicker": "x"});
    let copy = written(&app, &token, &copy, nothing).await;
    app.published(&token, "taken").await;
    assert_eq!(
        write(&app, &token, &copy, json!({"slug": "taken"}))
            .await
            .problem(),
        "slug-taken"
    );
    for body in [
        json!({"publish_at": "soon"}),
        json!({"publish": true}),
        json!({"silent": true, "correction": {"kind": "update", "text": "x"}}),
    ] {
        assert_eq!(publish(&app, &token, &copy, body).await.status, 422);
    }
    // Only what readers see has one.
    let draft = app.draft(&token, "draft").await;
    let refused = write(&app, &token, &draft, json!({"headline": "x"})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (409, "wrong-state")
    );
}

#[apply(both)]
async fn authors_write_working_copies_of_their_own_and_editors_publish_them(app: TestApp) {
    app.newsroom().await;
    let author = app.user("author@example.com", Role::Author).await;
    let other = app.user("other@example.com", Role::Author).await;
    let viewer = app.user("viewer@example.com", Role::Viewer).await;
    let editor = app.user("editor@example.com", Role::Editor).await;
    let draft = app.draft(&author, "harbour").await;
    let article = app.step(&editor, &draft, "publish", json!({})).await;
    let patch = json!({"headline": "By its author"});
    for (who, status) in [(&other, 404), (&viewer, 403)] {
        assert_eq!(
            write(&app, who, &article, patch.clone()).await.status,
            status
        );
    }
    let copy = written(&app, &author, &article, patch.clone()).await;
    for (who, status) in [
        (&author, 200),
        (&viewer, 200),
        (&editor, 200),
        (&other, 404),
    ] {
        assert_eq!(read(&app, who, &copy).await.status, status);
    }
    for who in [&author, &other, &viewer] {
        assert_eq!(publish(&app, who, &copy, json!({})).await.status, 403);
        assert_eq!(
            on_copy(&app, who, Method::DELETE, &copy, "/publish", None)
                .await
                .status,
            403
        );
    }
    assert_eq!(
        on_copy(&app, &other, Method::DELETE, &copy, "", None)
            .await
            .status,
        404
    );
    // What is to be published by itself is not changed unseen.
    publish(
        &app,
        &editor,
        &copy,
        json!({"publish_at": "2099-01-01T06:00:00Z"}),
    )
    .await;
    let copy = read(&app, &author, &copy).await;
    assert_eq!(
        write(&app, &author, &copy, json!({"headline": "Unseen"}))
            .await
            .status,
        403
    );
    assert_eq!(
        on_copy(&app, &author, Method::DELETE, &copy, "", None)
            .await
            .status,
        403
    );
    // A tool that may write and not read learns the version.
    let writes = app
        .tool_with(&[Right::ArticlesWrite, Right::ArticlesPublish])
        .await;
    let reply = write(&app, &writes, &copy, json!({"kicker": "x"})).await;
    assert_eq!(
        (
            reply.status.as_u16(),
            reply.etag().as_str(),
            reply.text.as_str()
        ),
        (204, "\"w3\"", "")
    );
}

#[apply(both)]
async fn what_it_names_is_called_as_it_is_now(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    app.create(
        &token,
        "/v1/editorial/tags",
        json!({"name": "Short-lived", "kind": "topic"}),
    )
    .await;
    let copy = written(
        &app,
        &token,
        &article,
        json!({"tags": ["climate", "ports", "short-lived"], "primary_tag": "ports"}),
    )
    .await;
    let tag = async |slug: &str| {
        let path = format!("/v1/tags/{slug}");
        let id = app.get(&path).await.json["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/editorial/tags/{id}");
        app.request(Method::GET, &path).bearer(&token).send().await
    };
    let (climate, ports, gone) = (
        tag("climate").await,
        tag("ports").await,
        tag("short-lived").await,
    );
    let path = |of: &Reply, rest: &str| {
        format!(
            "/v1/editorial/tags/{}{rest}",
            of.json["id"].as_str().unwrap()
        )
    };
    let renamed = app
        .request(Method::PATCH, &path(&climate, ""))
        .bearer(&token)
        .header("if-match", &climate.etag())
        .json(json!({"slug": "weather"}))
        .await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    let deleted = app
        .request(Method::DELETE, &path(&gone, ""))
        .bearer(&token)
        .header("if-match", &gone.etag())
        .send()
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    let merged = app
        .request(Method::POST, &path(&ports, "/merge"))
        .bearer(&token)
        .header("if-match", &ports.etag())
        .json(json!({"into": "weather"}))
        .await;
    assert!(merged.status.is_success(), "{}", merged.text);
    // The article was changed by nobody: nothing is in conflict.
    app.patch(&token, &article, json!({"kicker": "x"})).await;
    let now = read(&app, &token, &copy).await;
    assert_eq!(now.json["conflicts"], json!([]), "{}", now.text);
    assert_eq!(now.json["article"]["tags"], json!(["weather"]));
    let published = publish(&app, &token, &now, json!({})).await;
    assert_eq!(published.status, 200, "{}", published.text);
    assert_eq!(shown(&app, "harbour").await["tags"][0]["slug"], "weather");
}

#[apply(both)]
async fn it_goes_where_its_article_goes(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    let copy = written(&app, &token, &article, json!({"headline": "Later"})).await;
    let gone = app.step(&token, &article, "unpublish", json!({})).await;
    assert_eq!(
        publish(&app, &token, &copy, json!({})).await.problem(),
        "wrong-state"
    );
    assert_eq!(
        write(&app, &token, &copy, json!({"headline": "x"}))
            .await
            .problem(),
        "wrong-state"
    );
    assert_eq!(read(&app, &token, &copy).await.status, 200);
    let back = app.step(&token, &gone, "publish", json!({})).await;
    assert_eq!(publish(&app, &token, &copy, json!({})).await.status, 200);
    // With the article it is deleted for good.
    let path = format!("/v1/editorial/articles/{}", id(&back));
    let now = app.request(Method::GET, &path).bearer(&token).send().await;
    written(&app, &token, &now, json!({"headline": "Never"})).await;
    let trashed = app
        .request(Method::DELETE, &path)
        .bearer(&token)
        .header("if-match", &now.etag())
        .send()
        .await;
    let path = format!("/v1/editorial/trash/{}", id(&back));
    let deleted = app
        .request(Method::DELETE, &path)
        .bearer(&token)
        .header("if-match", &trashed.etag())
        .send()
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.text);
    assert_eq!(read(&app, &token, &now).await.status, 404);
}

#[apply(both)]
async fn the_desk_sees_what_has_one_and_what_becomes_of_it(app: TestApp) {
    let token = app.newsroom().await;
    let mut articles = Vec::new();
    for slug in ["one", "two", "three"] {
        articles.push(app.published(&token, slug).await);
    }
    app.draft(&token, "draft").await;
    let soon = Timestamp::now().plus(chrono::Duration::hours(1));
    for article in &articles[..2] {
        let copy = written(&app, &token, article, json!({"headline": "Later"})).await;
        publish(&app, &token, &copy, json!({"publish_at": soon})).await;
    }
    let desk = async |path: &str| {
        let reply = app.request(Method::GET, path).bearer(&token).send().await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply
    };
    let list = async |query: &str| {
        let reply = desk(&format!(
            "/v1/editorial/articles?{query}&sort=updated_at&count=true"
        ))
        .await;
        let total = reply.json["page"]["total"].as_i64().unwrap();
        let slugs: Vec<String> = reply.slugs().into_iter().map(str::to_owned).collect();
        assert_eq!(total as usize, slugs.len());
        slugs
    };
    assert_eq!(list("has_working_copy=true").await, ["one", "two"]);
    assert_eq!(list("has_working_copy=false").await, ["three", "draft"]);
    assert_eq!(
        list("has_working_copy=true&q=%22Headline+of+two%22").await,
        ["two"]
    );
    assert_eq!(list("has_working_copy=true&status=draft").await, [""; 0]);
    let wrong = app.request(Method::GET, "/v1/editorial/articles?has_working_copy=maybe");
    assert_eq!(wrong.bearer(&token).send().await.status, 400);
    let seen = desk("/v1/editorial/desk").await;
    let due: Vec<(&Value, &Value)> = seen.json["due"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["change"], &one["article"]["slug"]))
        .collect();
    assert_eq!(
        due,
        [
            (&json!("working_copy"), &json!("one")),
            (&json!("working_copy"), &json!("two"))
        ]
    );
    assert_eq!(seen.json["failed"], json!([]));
    app.patch(&token, &articles[1], json!({"headline": "Other"}))
        .await;
    let_time_pass(&app).await;
    do_what_is_due(&app).await;
    let seen = desk("/v1/editorial/desk").await;
    assert_eq!(seen.json["due"], json!([]));
    let failed = seen.json["failed"].as_array().unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(
        (&failed[0]["reason"], &failed[0]["article"]["slug"]),
        (&json!("working_copy_refused"), &json!("two"))
    );
    assert_eq!(list("has_working_copy=true").await, ["two"]);
}
