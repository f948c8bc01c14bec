//! What readers are told of a change: silent edits, corrections in the change itself, and where they are required.

use dateline::auth::model::Role;
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{Reply, TestApp};

fn paragraph(text: &str) -> Value {
    json!([{"type": "paragraph", "html": text}])
}

async fn read(app: &TestApp, slug: &str) -> Reply {
    let reply = app.get(&format!("/v1/articles/{slug}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply
}

async fn desk(app: &TestApp, token: &str, path: &str) -> Reply {
    let reply = app.request(Method::GET, path).bearer(token).send().await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply
}

fn path(article: &Reply, rest: &str) -> String {
    let id = article.json["id"].as_str().unwrap();
    format!("/v1/editorial/articles/{id}{rest}")
}

#[apply(both)]
async fn readers_see_a_silent_edit_and_are_not_told_of_it(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    app.published(&token, "later").await;
    let before = read(&app, "harbour").await;
    let silent =
        json!({"headline": "Harbour, spelt right", "silent": true, "note": "A typing error"});
    let first = app.patch(&token, &article, silent).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let again = json!({"body": paragraph("Agreed."), "silent": true});
    let second = app.patch(&token, &first, again).await;
    let after = read(&app, "harbour").await;
    assert_eq!(after.json["headline"], "Harbour, spelt right");
    assert_eq!(after.json["updated_at"], before.json["updated_at"]);
    // What is told apart by its bytes or by time is another: caches see it.
    assert_ne!(after.etag(), before.etag());
    // Editors see when it was changed.
    assert_ne!(second.json["updated_at"], article.json["updated_at"]);
    let newest = app.get("/v1/articles?sort=-updated_at").await;
    assert_eq!(newest.slugs(), ["later", "harbour"]);
    let since = before.json["updated_at"].as_str().unwrap();
    let changed = app
        .get(&format!("/v1/articles?updated_after={since}"))
        .await;
    assert_eq!(changed.slugs(), ["later"]);
    // It is on record.
    let revisions = desk(&app, &token, &path(&article, "/revisions")).await;
    let silent: Vec<&Value> = revisions.json["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["silent"])
        .collect();
    assert_eq!(silent, [true, true, false, false]);
    let audit = desk(
        &app,
        &app.user("admin@example.com", Role::Admin).await,
        "/v1/editorial/audit?kind=article_edited",
    )
    .await;
    let world = app.get("/v1/tags/world").await.json["id"].clone();
    assert_eq!(
        audit.json["data"][0]["detail"],
        json!({"version": 4, "silent": true, "section": world})
    );
    // The next edit is told again.
    app.patch(&token, &second, json!({"kicker": "Ports"})).await;
    let told = read(&app, "harbour").await;
    assert_ne!(told.json["updated_at"], before.json["updated_at"]);
    let newest = app.get("/v1/articles?sort=-updated_at").await;
    assert_eq!(newest.slugs(), ["harbour", "later"]);
}

#[apply(both)]
async fn a_silent_edit_is_no_part_of_what_is_patched(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    // Nothing is changed: nothing is recorded.
    let same = app.patch(&token, &article, json!({"silent": true})).await;
    assert_eq!((same.status.as_u16(), same.etag()), (200, article.etag()));
    for (patch, pointer, code) in [
        (json!({"silent": "yes"}), "/silent", "wrong_type"),
        (
            json!({"correction": {"kind": "correction"}}),
            "/correction/text",
            "required",
        ),
        (
            json!({"correction": {"kind": "erratum", "text": "It was 12."}}),
            "/correction/kind",
            "unknown_value",
        ),
        (
            json!({"silent": true, "correction": {"kind": "correction", "text": "It was 12."}}),
            "/silent",
            "contradiction",
        ),
    ] {
        let refused = app.patch(&token, &article, patch).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert_eq!(
            (
                &refused.json["errors"][0]["pointer"],
                &refused.json["errors"][0]["code"]
            ),
            (&json!(pointer), &json!(code))
        );
    }
    // All that is wrong at once.
    let refused = app
        .patch(
            &token,
            &article,
            json!({"silent": 1, "headlin": "x", "body": 7}),
        )
        .await;
    assert_eq!(refused.pointers().len(), 3, "{}", refused.text);
    // A draft has no readers.
    let draft = app.draft(&token, "draft").await;
    let refused = app
        .patch(
            &token,
            &draft,
            json!({"kicker": "x", "correction": {"kind": "update", "text": "New."}}),
        )
        .await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    let edited = app
        .patch(&token, &draft, json!({"kicker": "x", "silent": true}))
        .await;
    assert_eq!(edited.status, 200, "{}", edited.text);
}

#[apply(both)]
async fn an_edit_says_what_it_corrects(app: TestApp) {
    let token = app.newsroom().await;
    let article = app.published(&token, "harbour").await;
    app.get("/v1/corrections").await;
    let patch = json!({
        "body": paragraph("Thirteen cities agreed."),
        "correction": {"kind": "correction", "text": "It was thirteen, not twelve."}
    });
    let edited = app.patch(&token, &article, patch).await;
    assert_eq!(
        (edited.status.as_u16(), edited.etag().as_str()),
        (200, "\"v3\"")
    );
    assert_eq!(
        edited.json["corrections"][0]["text"],
        "It was thirteen, not twelve."
    );
    let shown = read(&app, "harbour").await;
    assert_eq!(shown.json["corrections"][0]["kind"], "correction");
    let told = app.get("/v1/corrections").await;
    assert_eq!(told.json["data"][0]["text"], "It was thirteen, not twelve.");
    // A correction alone is one as well.
    let alone = json!({"correction": {"kind": "update", "text": "The mayor has answered."}});
    let edited = app.patch(&token, &edited, alone).await;
    assert_eq!(
        (edited.status.as_u16(), edited.etag().as_str()),
        (200, "\"v4\"")
    );
    assert_eq!(edited.json["corrections"].as_array().unwrap().len(), 2);
    let revisions = desk(&app, &token, &path(&article, "/revisions")).await;
    let steps: Vec<&Value> = revisions.json["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["step"])
        .collect();
    assert_eq!(steps, ["corrected", "edited", "published", "created"]);
}

#[apply(both)]
async fn a_body_that_readers_know_is_not_changed_without_a_word(app: TestApp) {
    let app = TestApp::start_at_with(app.config.clone(), |server| {
        server.require_correction_after = Some(24);
    })
    .await;
    let token = app.newsroom().await;
    let old = app
        .published_at(&token, "old", "2026-01-01T08:00:00Z")
        .await;
    let new = app.published(&token, "new").await;
    let body = json!({"body": paragraph("Thirteen.")});
    assert_eq!(app.patch(&token, &new, body.clone()).await.status, 200);
    let refused = app.patch(&token, &old, body.clone()).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(refused.pointers(), ["/correction"]);
    assert_eq!(refused.json["errors"][0]["code"], "required");
    // What is not the body needs none, nor does what is the same.
    let edited = app.patch(&token, &old, json!({"kicker": "Ports"})).await;
    assert_eq!(edited.status, 200);
    let same = json!({"body": edited.json["body"], "kicker": "The ports"});
    let mut edited = app.patch(&token, &edited, same).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    for (text, word) in [
        ("Twelve cities.", json!({"silent": true})),
        (
            "Fourteen cities.",
            json!({"correction": {"kind": "correction", "text": "It was fourteen."}}),
        ),
    ] {
        let mut patch = word;
        patch["body"] = paragraph(text);
        edited = app.patch(&token, &edited, patch).await;
        assert_eq!(edited.status, 200, "{}", edited.text);
    }
    // To bring a version back is to change the body.
    let restore = |body: Value| {
        let request = app.request(Method::POST, &path(&edited, "/revisions/1/restore"));
        request
            .bearer(&token)
            .header("if-match", &edited.etag())
            .json(body)
    };
    assert_eq!(
        restore(json!({"note": "It was right"})).await.pointers(),
        ["/correction"]
    );
    let restored =
        restore(json!({"correction": {"kind": "correction", "text": "It was twelve."}})).await;
    assert_eq!(restored.status, 200, "{}", restored.text);
    // So it is in a batch.
    let operation =
        json!({"op": "patch", "id": restored.json["id"], "if_match": "*", "patch": body});
    let batch = app
        .request(Method::POST, "/v1/editorial/articles/batch")
        .bearer(&token)
        .json(json!({"operations": [operation]}))
        .await;
    assert_eq!(batch.json["results"][0]["status"], 422, "{}", batch.text);
    // Readers do not see it any more.
    let unpublished = app.step(&token, &restored, "unpublish", json!({})).await;
    assert_eq!(app.patch(&token, &unpublished, body).await.status, 200);
}
