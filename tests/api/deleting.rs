//! Deleting tags and authors that nothing refers to.

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use dateline::auth::model::{Right, Role};

use crate::both;
use crate::one_call::{ARTICLES, delete, events, id, last_event, read, with};

/// What tags and authors are deleted alike: where they are, and what an article says to refer to one.
const KINDS: [(&str, &str, &str); 3] = [
    ("tags", "topic", "tags"),
    ("tags", "section", "section"),
    ("authors", "", "authors"),
];

#[apply(both)]
async fn what_nothing_refers_to_can_be_deleted(app: TestApp) {
    let token = app.newsroom().await;
    for (kind, of_kind, member) in KINDS {
        let mut input = json!({"name": "Gone Soon", "slug": "gone-first"});
        if !of_kind.is_empty() {
            input["kind"] = json!(of_kind);
        }
        let one = app
            .create(&token, &format!("/v1/editorial/{kind}"), input.clone())
            .await;
        let path = format!("/v1/editorial/{kind}/{}", id(&one));
        let request = app.request(Method::PATCH, &path).bearer(&token);
        let request = request.header("if-match", &one.etag());
        let one = request.json(json!({"slug": "gone-soon"})).await;
        assert_eq!(one.status, 200);
        // A draft refers to it, then one in the trash.
        let value = if member == "section" {
            json!("gone-soon")
        } else {
            json!(["gone-soon"])
        };
        let draft = with(json!({"headline": "Draft"}), json!({member: value}));
        let draft = app.create(&token, ARTICLES, draft).await;
        let used = delete(&app, &token, &path, &one.etag()).await;
        assert_eq!(
            (used.status.as_u16(), used.problem()),
            (409, "in-use"),
            "{}",
            used.text
        );
        assert_eq!(used.json["article_count"], 1);
        let draft_path = format!("{ARTICLES}/{}", id(&draft));
        let trashed = delete(&app, &token, &draft_path, &draft.etag()).await;
        assert_eq!(
            delete(&app, &token, &path, &one.etag()).await.problem(),
            "in-use"
        );
        let restored = app.step(&token, &trashed, "restore", json!({})).await;
        let none = if member == "section" {
            Value::Null
        } else {
            json!([])
        };
        let freed = app.patch(&token, &restored, json!({member: none})).await;
        assert_eq!(freed.status, 200, "{}", freed.text);

        // Everything is in the caches.
        let public = [
            format!("/v1/{kind}/gone-soon"),
            format!("/v1/{kind}/gone-first"),
            format!("/v1/{kind}"),
            format!(
                "/v1/articles?{}=gone-soon",
                if member == "section" {
                    "section"
                } else {
                    &kind[..kind.len() - 1]
                }
            ),
        ];
        for path in &public {
            app.get(path).await;
        }
        let before = last_event(&app).await;
        assert_eq!(delete(&app, &token, &path, "\"v1\"").await.status, 412);
        let no_match = app
            .request(Method::DELETE, &path)
            .bearer(&token)
            .send()
            .await;
        assert_eq!(no_match.status, 428);
        let deleted = delete(&app, &token, &path, &one.etag()).await;
        assert_eq!((deleted.status.as_u16(), &*deleted.text), (204, ""));
        let name = &kind[..kind.len() - 1];
        let happened = (format!("{name}_deleted"), Some("disappeared".to_owned()));
        assert_eq!(events(&app, before).await, [happened]);

        assert_eq!(app.get(&public[0]).await.status, 404);
        assert_eq!(app.get(&public[1]).await.status, 404);
        assert!(!app.get(&public[2]).await.slugs().contains(&"gone-soon"));
        assert_eq!(app.get(&public[3]).await.slugs().len(), 0);
        assert_eq!(read(&app, &token, &path).await.status, 404);
        assert_eq!(delete(&app, &token, &path, "*").await.status, 404);
        let search = app.get("/v1/articles?q=gone").await;
        assert_eq!(search.slugs().len(), 0);
        // Slug and name are free again.
        let again = app
            .create(&token, &format!("/v1/editorial/{kind}"), input)
            .await;
        assert_eq!(again.json["slug"], "gone-first");
        let path = format!("/v1/editorial/{kind}/{}", id(&again));
        assert_eq!(delete(&app, &token, &path, "*").await.status, 204);
    }
}

#[apply(both)]
async fn one_into_which_others_were_merged_can_be_deleted(app: TestApp) {
    let token = app.newsroom().await;
    for kind in ["tags", "authors"] {
        let path = format!("/v1/editorial/{kind}");
        let one = app.create(&token, &path, json!({"name": "Lost One"})).await;
        let two = app.create(&token, &path, json!({"name": "Lost Two"})).await;
        let merge = app.request(Method::POST, &format!("{path}/{}/merge", id(&one)));
        let merge = merge.bearer(&token).header("if-match", "*");
        assert_eq!(merge.json(json!({"into": "lost-two"})).await.status, 200);
        let two = format!("{path}/{}", id(&two));
        assert_eq!(delete(&app, &token, &two, "*").await.status, 204);
        for slug in ["lost-one", "lost-two"] {
            assert_eq!(app.get(&format!("/v1/{kind}/{slug}")).await.status, 404);
        }
        let filter = &kind[..kind.len() - 1];
        assert_eq!(
            app.get(&format!("/v1/articles?{filter}=lost-one"))
                .await
                .slugs()
                .len(),
            0
        );
        assert_eq!(app.get("/v1/articles?q=lost").await.slugs().len(), 0);
    }
}

#[apply(both)]
async fn deleting_needs_the_right(app: TestApp) {
    let token = app.newsroom().await;
    const NEITHER: &[Right] = &[
        Right::ArticlesRead,
        Right::ArticlesWrite,
        Right::ArticlesPublish,
    ];
    let author = app.user("author@example.com", Role::Author).await;
    let tool = app.tool_with(NEITHER).await;
    for (kind, slug) in [("tags", "ports"), ("authors", "sam-reporter")] {
        let found = app.get(&format!("/v1/{kind}/{slug}")).await;
        let path = format!("/v1/editorial/{kind}/{}", id(&found));
        for token in [&author, &tool] {
            assert_eq!(delete(&app, token, &path, "*").await.status, 403);
        }
        let nobody = app
            .request(Method::DELETE, &path)
            .header("if-match", "*")
            .send()
            .await;
        assert_eq!(nobody.status, 401);
        assert_eq!(delete(&app, &token, &path, "*").await.status, 204);
    }
}
