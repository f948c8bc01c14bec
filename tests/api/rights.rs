//! Who may do what: every operation of the document, with every role, every scope, and without a token; and whose articles
//! authors may touch.

use std::sync::LazyLock;

use dateline::auth::model::{Right, Role};
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{DOCUMENT, Reply, TestApp};

/// Nothing has it.
const NOTHING: &str = "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11";

/// An operation of the document that needs a token.
struct Operation {
    id: &'static str,
    method: Method,
    path: &'static str,
    /// The right that it needs; `None` where being signed in is enough.
    right: Option<Right>,
    /// A body that its schema has as an example.
    body: Option<Value>,
}

impl Operation {
    /// Its path with what stands for everything that it names.
    fn at(&self, id: &str) -> String {
        let mut parts: Vec<&str> = self.path.split('/').collect();
        for part in &mut parts {
            *part = match *part {
                "{id}" => id,
                "{version}" => "1",
                "{network}" => "mastodon",
                part if part.starts_with('{') => NOTHING,
                part => part,
            };
        }
        parts.join("/")
    }

    async fn send(&self, app: &TestApp, token: Option<&str>, id: &str) -> Reply {
        let request = app
            .request(self.method.clone(), &self.at(id))
            .header("if-match", "*");
        let request = match token {
            Some(token) => request.bearer(token),
            None => request,
        };
        match &self.body {
            Some(body) => request.json(body.clone()).await,
            None => request.send().await,
        }
    }
}

fn example(operation: &Value) -> Option<Value> {
    let content = operation["requestBody"]["content"].as_object()?;
    let mut schema = &content.values().next()?["schema"];
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    if let Some(choices) = choices {
        schema = choices.iter().find(|choice| choice.get("$ref").is_some())?;
    }
    let name = schema["$ref"].as_str()?.rsplit('/').next()?;
    let example = &DOCUMENT["components"]["schemas"][name]["example"];
    Some(if example.is_null() {
        json!({})
    } else {
        example.clone()
    })
}

/// Operations that need a token and are not of the editorial API: what people do with their own account.
const OWN: &[&str] = &[
    "/v1/auth/me",
    "/v1/auth/password",
    "/v1/auth/sessions",
    "/v1/auth/sessions/{id}",
];

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path, method, operation))
    });
    let mut guarded = Vec::new();
    for (path, method, operation) in operations {
        let is_guarded = !operation["security"].as_array().unwrap().is_empty();
        let is_editorial = path.starts_with("/v1/editorial");
        assert_eq!(
            is_guarded,
            is_editorial || OWN.contains(&path.as_str()),
            "{method} {path}"
        );
        let right = operation["x-required-right"].as_str();
        assert_eq!(right.is_some(), is_editorial, "{method} {path}");
        if let Some(right) = right {
            let about = operation["description"].as_str().unwrap();
            assert!(about.contains(&format!("`{right}`")), "{method} {path}");
        }
        if is_guarded {
            guarded.push(Operation {
                id: operation["operationId"].as_str().unwrap(),
                method: method.to_uppercase().parse().unwrap(),
                path,
                right: right.map(|right| right.parse().unwrap()),
                body: example(operation),
            });
        }
    }
    guarded
});

/// Operations by which a caller gives rights to others: none that they have not themselves.
fn gives_rights(operation: &Operation) -> bool {
    ["createApiToken", "invitePerson"].contains(&operation.id)
}

#[apply(both)]
async fn nobody_does_anything_without_a_token_or_with_a_wrong_one(app: TestApp) {
    for operation in OPERATIONS.iter() {
        for token in [None, Some("dl_nothing"), Some("pv_nothing"), Some("")] {
            assert_eq!(
                operation.send(&app, token, NOTHING).await.status,
                401,
                "{}",
                operation.id
            );
        }
    }
    assert!(OPERATIONS.len() > 60);
}

#[apply(both)]
async fn a_scope_gives_what_it_names_and_nothing_else(app: TestApp) {
    for scope in Right::ALL {
        let token = app.tool_with(std::slice::from_ref(scope)).await;
        for operation in OPERATIONS.iter().filter(|one| one.right.is_some()) {
            let reply = operation.send(&app, Some(&token), NOTHING).await;
            let status = reply.status.as_u16();
            if operation.right == Some(*scope) && !gives_rights(operation) {
                assert!(
                    ![401, 403].contains(&status) && status < 500,
                    "{scope} {}: {status}",
                    operation.id
                );
            } else if operation.right != Some(*scope) {
                let needed = operation.right.map(Right::as_str).unwrap_or_default();
                let detail = reply.json["detail"].as_str().unwrap();
                assert!(
                    status == 403 && detail.contains(needed),
                    "{scope} {}: {detail}",
                    operation.id
                );
            }
        }
    }
}

#[apply(both)]
async fn a_role_gives_its_rights_and_nothing_else(app: TestApp) {
    for (role, email) in [
        (Role::Admin, "admin@example.com"),
        (Role::Editor, "editor@example.com"),
        (Role::Author, "author@example.com"),
        (Role::Viewer, "viewer@example.com"),
    ] {
        let token = app.user(email, role).await;
        for operation in OPERATIONS.iter() {
            let Some(right) = operation.right else {
                continue;
            };
            let status = operation
                .send(&app, Some(&token), NOTHING)
                .await
                .status
                .as_u16();
            match role.rights().contains(&right) {
                true => assert!(
                    ![401, 403].contains(&status) && status < 500,
                    "{role} {}: {status}",
                    operation.id
                ),
                false => assert_eq!(status, 403, "{role} {}", operation.id),
            }
        }
    }
}

#[apply(both)]
async fn authors_find_their_own_articles_and_no_others(app: TestApp) {
    let token = app.newsroom().await;
    let author = app.user("author@example.com", Role::Author).await;
    let foreign = app.draft(&token, "foreign").await;
    let foreign = foreign.json["id"].as_str().unwrap();
    let before = app
        .request(Method::GET, &format!("/v1/editorial/articles/{foreign}"))
        .bearer(&token)
        .send()
        .await;
    let of_articles = OPERATIONS
        .iter()
        .filter(|one| one.path.starts_with("/v1/editorial/articles/{id}"));
    let mut own = 0;
    for operation in of_articles {
        let may = operation
            .right
            .is_none_or(|right| Role::Author.rights().contains(&right));
        let status = operation.send(&app, Some(&author), foreign).await.status;
        assert_eq!(status, if may { 404 } else { 403 }, "{}", operation.id);
        if may {
            own += 1;
            let mine = app
                .create(
                    &author,
                    "/v1/editorial/articles",
                    json!({"headline": operation.id, "status": "draft"}),
                )
                .await;
            let status = operation
                .send(&app, Some(&author), mine.json["id"].as_str().unwrap())
                .await
                .status
                .as_u16();
            // What is not there, or not possible of a draft, is another answer than that of another's article.
            let is_below =
                operation.path.contains("working-copy") || operation.path.contains("{link_id}");
            assert!(
                status != 403 && (status != 404 || is_below) && status < 500,
                "{}: {status}",
                operation.id
            );
        }
    }
    assert!(own > 8);
    let after = app
        .request(Method::GET, &format!("/v1/editorial/articles/{foreign}"))
        .bearer(&token)
        .send()
        .await;
    assert_eq!((after.etag(), after.text), (before.etag(), before.text));
}
