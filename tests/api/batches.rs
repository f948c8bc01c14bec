//! Many articles in one call.

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use dateline::auth::model::{Right, Role};

use crate::both;
use crate::harness::{Reply, TestApp, article};
use crate::idempotency::post_with;
use crate::one_call::{events, last_event, post, with};

const BATCH: &str = "/v1/editorial/articles/batch";

fn create(slug: &str) -> Value {
    json!({"op": "create", "article": article(slug)})
}

fn on(op: &str, article: &Reply, members: Value) -> Value {
    let names = json!({"op": op, "id": article.json["id"], "if_match": article.etag()});
    with(names, members)
}

async fn send(app: &TestApp, token: &str, operations: Vec<Value>) -> Reply {
    post(app, token, BATCH, json!({"operations": operations})).await
}

async fn send_atomic(app: &TestApp, token: &str, operations: Vec<Value>) -> Reply {
    let body = json!({"atomic": true, "operations": operations});
    post(app, token, BATCH, body).await
}

fn statuses(reply: &Reply) -> Vec<u64> {
    let results = reply.json["results"].as_array();
    let results = results.unwrap_or_else(|| panic!("{}", reply.text)).iter();
    results
        .map(|result| result["status"].as_u64().unwrap())
        .collect()
}

fn pointers(result: &Value) -> Vec<&str> {
    let errors = result["problem"]["errors"].as_array();
    let errors = errors.unwrap_or_else(|| panic!("{result}")).iter();
    errors
        .map(|error| error["pointer"].as_str().unwrap())
        .collect()
}

#[apply(both)]
async fn every_operation_does_what_a_request_of_its_own_does(app: TestApp) {
    let token = app.newsroom().await;
    let drafts = [
        app.draft(&token, "patched").await,
        app.draft(&token, "published").await,
        app.draft(&token, "trashed").await,
    ];
    let public = [
        app.published(&token, "taken-back").await,
        app.published(&token, "retracted").await,
        app.published(&token, "corrected").await,
    ];
    let before = last_event(&app).await;
    let reply = send(
        &app,
        &token,
        vec![
            create("created"),
            json!({"op": "create", "article": with(article("at-once"), json!({"status": "published"}))}),
            on("patch", &drafts[0], json!({"patch": {"kicker": "Analysis"}})),
            on("patch", &drafts[0], json!({"if_match": "v2", "patch": {"kicker": "Analysis"}})),
            on("publish", &drafts[1], json!({})),
            on("trash", &drafts[2], json!({})),
            on("restore", &drafts[2], json!({"if_match": "\"v2\""})),
            on("unpublish", &public[0], json!({})),
            on("retract", &public[1], json!({"reason": "The source withdrew it."})),
            on("correct", &public[2], json!({"kind": "correction", "text": "The year was wrong."})),
        ],
    )
    .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(
        statuses(&reply),
        [201, 201, 200, 200, 200, 200, 200, 200, 200, 200],
        "{}",
        reply.text
    );
    assert_eq!(
        (&reply.json["succeeded"], &reply.json["failed"]),
        (&json!(10), &json!(0))
    );
    let results = &reply.json["results"];
    assert_eq!(results[0]["slug"], "created");
    assert_eq!(results[0]["etag"], "\"v1\"");
    // Nothing changed: the version stays.
    assert_eq!(
        (&results[2]["version"], &results[3]["version"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(results[6]["version"], 3);
    for (slug, status) in [
        ("at-once", 200),
        ("published", 200),
        ("corrected", 200),
        ("taken-back", 404),
        ("retracted", 410),
        ("trashed", 404),
        ("created", 404),
    ] {
        let read = app.get(&format!("/v1/articles/{slug}")).await;
        assert_eq!(read.status.as_u16(), status, "{slug}");
    }
    let found = app.get("/v1/articles?q=Headline&limit=100").await;
    let mut slugs = found.slugs();
    slugs.sort_unstable();
    assert_eq!(slugs, ["at-once", "corrected", "published"]);
    let kinds: Vec<String> = events(&app, before)
        .await
        .into_iter()
        .map(|event| event.0)
        .collect();
    assert_eq!(
        kinds,
        [
            "article_created",
            "article_created",
            "article_published",
            "article_edited",
            "article_published",
            "article_trashed",
            "article_restored",
            "article_unpublished",
            "article_retracted",
            "article_corrected"
        ]
    );
}

#[apply(both)]
async fn an_operation_that_fails_leaves_nothing_and_the_others_stand(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "draft").await;
    let before = last_event(&app).await;
    let unknown = with(article("unknown-tag"), json!({"tags": ["nowhere"]}));
    let reply = send(
        &app,
        &token,
        vec![
            create("first"),
            create("first"),
            json!({"op": "create", "article": {"headline": ""}}),
            json!({"op": "create", "article": unknown}),
            on(
                "patch",
                &draft,
                json!({"if_match": "\"v7\"", "patch": {"kicker": "Late"}}),
            ),
            on("restore", &draft, json!({})),
            json!({"op": "trash", "id": "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "if_match": "*"}),
            create("last"),
        ],
    )
    .await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        statuses(&reply),
        [201, 409, 422, 422, 412, 409, 404, 201],
        "{}",
        reply.text
    );
    let results = &reply.json["results"];
    assert_eq!(results[1]["problem"]["suggestion"], "first-2");
    assert_eq!(pointers(&results[2]), ["/operations/2/article/headline"]);
    assert_eq!(pointers(&results[3]), ["/operations/3/article/tags/0"]);
    assert_eq!(results[4]["etag"], "\"v1\"");
    assert_eq!(results[5]["problem"]["type"], "/problems/wrong-state");
    let made: Vec<String> = events(&app, before)
        .await
        .into_iter()
        .map(|event| event.0)
        .collect();
    assert_eq!(made, ["article_created", "article_created"]);
    // What a failed operation created on its way is gone with it.
    let path = format!("{BATCH}?create_missing=true");
    let article = with(article("first"), json!({"tags": ["Brand new"]}));
    let body = json!({"operations": [{"op": "create", "article": article}]});
    let refused = post(&app, &token, &path, body).await;
    assert_eq!(statuses(&refused), [409], "{}", refused.text);
    assert_eq!(app.get("/v1/tags/brand-new").await.status, 404);
    assert_eq!(last_event(&app).await, before + 2);
}

#[apply(both)]
async fn an_atomic_batch_is_made_whole_or_not_at_all(app: TestApp) {
    let token = app.newsroom().await;
    let draft = app.draft(&token, "draft").await;
    let before = last_event(&app).await;
    let late = on("publish", &draft, json!({"if_match": "v9"}));
    let refused = send_atomic(&app, &token, vec![create("one"), create("two"), late]).await;
    assert_eq!(refused.problem(), "precondition-failed", "{}", refused.text);
    assert_eq!(refused.json["operation"], 2);
    let unknown = with(article("three"), json!({"section": "nowhere"}));
    let unknown = json!({"op": "create", "article": unknown});
    let refused = send_atomic(&app, &token, vec![create("one"), unknown]).await;
    assert_eq!(refused.pointers(), ["/operations/1/article/section"]);
    let wrong = json!({"op": "create", "article": {"headline": 1}});
    let refused = send_atomic(&app, &token, vec![wrong.clone(), create("one"), wrong]).await;
    assert_eq!(
        refused.pointers(),
        [
            "/operations/0/article/headline",
            "/operations/2/article/headline"
        ]
    );
    assert_eq!(last_event(&app).await, before);
    // The slugs are free.
    let done = send_atomic(
        &app,
        &token,
        vec![
            create("one"),
            create("two"),
            on("publish", &draft, json!({})),
        ],
    )
    .await;
    assert_eq!(statuses(&done), [201, 201, 200], "{}", done.text);
    assert_eq!(app.get("/v1/articles/draft").await.status, 200);
}

#[apply(both)]
async fn what_is_wrong_with_a_batch_is_said_where_it_is(app: TestApp) {
    let token = app.newsroom().await;
    for (body, pointer) in [
        (
            json!({"operations": vec![json!({"op": "create"}); 501]}),
            "/operations",
        ),
        (json!({"operations": []}), "/operations"),
        (json!({}), "/operations"),
        (json!({"operations": [], "atomc": true}), "/atomc"),
        (json!({"operations": {}}), "/operations"),
        (json!([]), ""),
    ] {
        let refused = post(&app, &token, BATCH, body).await;
        assert_eq!(refused.problem(), "validation", "{}", refused.text);
        assert!(refused.pointers().contains(&pointer), "{}", refused.text);
    }
    let id = "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11";
    for (operation, pointer, says) in [
        (
            json!({"op": "creat", "article": {}}),
            "/op",
            "did you mean \"create\"?",
        ),
        (json!({"article": {}}), "/op", "required"),
        (json!({"op": 1}), "/op", "string"),
        (json!({"op": "create"}), "/article", "required"),
        (
            json!({"op": "create", "article": {"headlin": "x"}}),
            "/article/headlin",
            "did you mean \"headline\"?",
        ),
        (
            json!({"op": "create", "article": {"body": [{"type": "paragraf"}]}}),
            "/article/body/0/type",
            "paragraph",
        ),
        (
            json!({"op": "patch", "id": id, "patch": {}}),
            "/if_match",
            "required",
        ),
        (
            json!({"op": "trash", "id": id, "if_mach": "*"}),
            "/if_mach",
            "did you mean \"if_match\"?",
        ),
        (
            json!({"op": "trash", "id": id, "if_match": "3"}),
            "/if_match",
            "ETag",
        ),
        (
            json!({"op": "trash", "id": "x", "if_match": "*"}),
            "/id",
            "",
        ),
        (
            json!({"op": "retract", "id": id, "if_match": "*"}),
            "/reason",
            "required",
        ),
        (json!("create"), "", "object"),
    ] {
        let reply = send(&app, &token, vec![operation.clone()]).await;
        assert_eq!(statuses(&reply), [422], "{operation}: {}", reply.text);
        let result = &reply.json["results"][0];
        let place = format!("/operations/0{pointer}");
        let errors = result["problem"]["errors"].as_array().unwrap();
        let error = errors
            .iter()
            .find(|error| error["pointer"] == place.as_str());
        let error = error.unwrap_or_else(|| panic!("{operation}: {result}"));
        assert!(error["detail"].as_str().unwrap().contains(says), "{error}");
    }
    // The newsroom's own JSON stays as it was written.
    let custom = r#"{"operations": [{"op": "create", "article": {"slug": "own", "custom": {"ratio": 12.0}}}]}"#;
    let request = app.request(reqwest::Method::POST, BATCH).bearer(&token);
    let reply = request.raw("application/json", custom).send().await;
    assert_eq!(statuses(&reply), [201], "{}", reply.text);
    let id = reply.json["results"][0]["id"].as_str().unwrap();
    let read = crate::one_call::read(&app, &token, &format!("/v1/editorial/articles/{id}")).await;
    assert!(read.text.contains("{\"ratio\":12.0}"), "{}", read.text);
}

#[apply(both)]
async fn rights_are_those_of_each_operation(app: TestApp) {
    let editor = app.newsroom().await;
    let public = app.published(&editor, "public").await;
    let author = app.user("author@example.com", Role::Author).await;
    let reply = send(
        &app,
        &author,
        vec![
            create("own"),
            json!({"op": "create", "article": with(article("at-once"), json!({"status": "published"}))}),
            on("unpublish", &public, json!({})),
            on("patch", &public, json!({"patch": {"kicker": "Mine"}})),
        ],
    )
    .await;
    assert_eq!(statuses(&reply), [201, 403, 403, 404], "{}", reply.text);
    let reader = app.tool_with(&[Right::ArticlesRead]).await;
    assert_eq!(send(&app, &reader, vec![create("none")]).await.status, 403);
    assert_eq!(app.get("/v1/articles/public").await.status, 200);
}

#[apply(both)]
async fn a_batch_that_is_sent_again_is_done_once_and_goes_on_where_it_ended(app: TestApp) {
    let token = app.newsroom().await;
    let operations: Vec<Value> = (0..120)
        .map(|number| json!({"op": "create", "article": {"headline": format!("Number {number}")}}))
        .collect();
    let body = json!({"operations": operations});
    let before = last_event(&app).await;
    let first = post_with(&app, &token, "once", BATCH, body.clone()).await;
    assert_eq!(first.json["succeeded"], 120, "{}", first.text);
    let again = post_with(&app, &token, "once", BATCH, body.clone()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.text, first.text);
    // As if the server had been killed after the first transaction: its part is what is known.
    app.execute("DELETE FROM idempotency_keys WHERE part > 0")
        .await;
    let resumed = post_with(&app, &token, "once", BATCH, body.clone()).await;
    assert_eq!(resumed.header("idempotency-replayed"), "");
    assert_eq!(resumed.json["results"][0], first.json["results"][0]);
    assert_ne!(
        resumed.json["results"][119]["id"],
        first.json["results"][119]["id"]
    );
    assert!(last_event(&app).await < before + 240);
    let other = json!({"operations": [create("other")]});
    let reused = post_with(&app, &token, "once", BATCH, other).await;
    assert_eq!(reused.problem(), "idempotency-key-reused");
    let atomic = json!({"atomic": true, "operations": [create("atomic")]});
    let first = post_with(&app, &token, "whole", BATCH, atomic.clone()).await;
    assert_eq!(statuses(&first), [201], "{}", first.text);
    let again = post_with(&app, &token, "whole", BATCH, atomic).await;
    assert_eq!(
        (again.header("idempotency-replayed"), &again.text),
        ("true", &first.text)
    );
}

#[apply(both)]
async fn an_operation_of_a_batch_takes_few_statements(app: TestApp) {
    let token = app.newsroom().await;
    let batch = |from: usize| {
        let slugs = (from..from + 50).map(|number| create(&format!("a-{number}")));
        slugs.collect::<Vec<_>>()
    };
    // In one transaction: how many there are otherwise depends on how fast the machine is.
    send_atomic(&app, &token, batch(0)).await;
    let queries = app.database.queries();
    let before = queries.get();
    let reply = send_atomic(&app, &token, batch(50)).await;
    assert_eq!(reply.json["succeeded"], 50, "{}", reply.text);
    let each = (queries.get() - before).div_ceil(50);
    // Slug, authors, tags and article; its body, its links, its totals and its event.
    assert!(each <= 16, "{each} statements");
    // One that can be refused without the others is held apart.
    let mut alone = Vec::new();
    for slug in ["b-1", "b-2"] {
        let before = queries.get();
        send(&app, &token, vec![create(slug)]).await;
        alone.push(queries.get() - before);
    }
    let before = queries.get();
    send_atomic(&app, &token, vec![create("b-3")]).await;
    let together = queries.get() - before;
    assert!(
        alone[1] <= together + 2,
        "{alone:?} statements, {together} in an atomic batch"
    );
}
