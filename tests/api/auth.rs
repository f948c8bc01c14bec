//! Signing in, staying signed in, and what tokens may do.

use dateline::auth::model::{Right, Role};
use dateline::auth::store::people::{self, Authority};
use dateline::auth::store::tokens;
use dateline::db::Timestamp;
use dateline::db::schema::refresh_tokens;
use diesel::{ExpressionMethods, RunQueryDsl};
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{PASSWORD, Reply, TestApp};

async fn post(app: &TestApp, path: &str, body: Value) -> Reply {
    app.request(Method::POST, path).json(body).await
}

async fn me(app: &TestApp, token: &str) -> Reply {
    app.request(Method::GET, "/v1/auth/me")
        .bearer(token)
        .send()
        .await
}

#[apply(both)]
async fn a_session_is_renewed_and_ends(app: TestApp) {
    app.user("desk@example.com", Role::Editor).await;
    let login = post(
        &app,
        "/v1/auth/login",
        json!({"email": "Desk@Example.com", "password": PASSWORD}),
    )
    .await;
    assert_eq!(login.json["token_type"], "Bearer");
    let who = me(&app, login.json["access_token"].as_str().unwrap()).await;
    assert_eq!(who.json["email"], "desk@example.com");
    assert_eq!(who.json["role"], "editor");
    let renewed = post(
        &app,
        "/v1/auth/refresh",
        json!({"refresh_token": login.json["refresh_token"]}),
    )
    .await;
    assert_eq!(renewed.status, 200);
    let out = post(
        &app,
        "/v1/auth/logout",
        json!({"refresh_token": renewed.json["refresh_token"]}),
    )
    .await;
    assert_eq!(out.status, 204);
    let after = post(
        &app,
        "/v1/auth/refresh",
        json!({"refresh_token": renewed.json["refresh_token"]}),
    )
    .await;
    assert_eq!(after.status, 401);
}

async fn sign_in(app: &TestApp) -> Value {
    let credentials = json!({"email": "desk@example.com", "password": PASSWORD});
    post(app, "/v1/auth/login", credentials).await.json
}

async fn refresh(app: &TestApp, tokens: &Value) -> Reply {
    let token = json!({"refresh_token": tokens["refresh_token"]});
    post(app, "/v1/auth/refresh", token).await
}

async fn may(app: &TestApp, tokens: &Value) -> bool {
    let token = tokens["access_token"].as_str().unwrap();
    me(app, token).await.status == 200
}

/// As if refresh tokens that were used had been used that much earlier.
async fn let_pass(app: &TestApp, time: chrono::Duration) {
    let then = Timestamp::now().plus(-time);
    app.database
        .write(move |connection| {
            diesel::update(refresh_tokens::table)
                .filter(refresh_tokens::used_at.is_not_null())
                .set(refresh_tokens::used_at.eq(then))
                .execute(connection)?;
            Ok(())
        })
        .await
        .unwrap();
}

#[apply(both)]
async fn two_tabs_that_renew_at_the_same_moment_both_stay_signed_in(app: TestApp) {
    app.user("desk@example.com", Role::Editor).await;
    let other = app.another_process().await;
    let first = sign_in(&app).await;
    let one = refresh(&app, &first).await;
    // However slow this machine is, that was just now.
    let_pass(&app, chrono::Duration::hours(-1)).await;
    let others = [&other, &app].map(|process| refresh(process, &first));
    let mut tabs = futures_util::future::join_all(others).await;
    tabs.push(one);
    let mut renewed = Vec::new();
    for tab in tabs {
        assert_eq!(tab.status, 200, "{}", tab.text);
        assert!(may(&app, &tab.json).await);
        let again = refresh(&other, &tab.json).await;
        assert_eq!(again.status, 200, "{}", again.text);
        renewed.push(again.json);
    }
    // None of them has another one's tokens.
    let tokens: std::collections::BTreeSet<_> = renewed
        .iter()
        .map(|tokens| tokens["refresh_token"].as_str().unwrap())
        .collect();
    assert_eq!(tokens.len(), 3);
    // Later it is somebody else's, and all of the session ends.
    let_pass(&app, chrono::Duration::hours(1)).await;
    assert_eq!(refresh(&other, &first).await.status, 401);
    for tokens in &renewed {
        assert!(!may(&app, tokens).await);
        assert_eq!(refresh(&app, tokens).await.status, 401);
    }
}

#[apply(both)]
async fn a_refresh_token_used_again_later_ends_the_whole_session(app: TestApp) {
    app.user("desk@example.com", Role::Editor).await;
    let first = sign_in(&app).await;
    let second = refresh(&app, &first).await;
    assert_eq!(second.status, 200);
    let_pass(&app, chrono::Duration::hours(1)).await;
    assert_eq!(refresh(&app, &first).await.status, 401);
    assert_eq!(refresh(&app, &second.json).await.status, 401);
    assert!(!may(&app, &second.json).await);
}

#[apply(both)]
async fn a_session_that_was_ended_is_not_renewed_however_soon(app: TestApp) {
    app.user("desk@example.com", Role::Editor).await;
    let first = sign_in(&app).await;
    let second = refresh(&app, &first).await;
    let token = json!({"refresh_token": second.json["refresh_token"]});
    assert_eq!(post(&app, "/v1/auth/logout", token).await.status, 204);
    assert_eq!(refresh(&app, &first).await.status, 401);
    assert_eq!(refresh(&app, &second.json).await.status, 401);
}

#[apply(both)]
async fn a_stolen_token_renewed_at_the_moment_of_its_reuse_ends_too(app: TestApp) {
    app.user("desk@example.com", Role::Editor).await;
    for _ in 0..4 {
        let first = sign_in(&app).await;
        let second = refresh(&app, &first).await;
        let_pass(&app, chrono::Duration::hours(1)).await;
        let (reuse, third) = tokio::join!(refresh(&app, &first), refresh(&app, &second.json));
        assert_eq!(reuse.status, 401);
        if third.status == 200 {
            assert_eq!(refresh(&app, &third.json).await.status, 401);
        }
    }
}

#[apply(both)]
async fn an_access_token_ends_with_its_session_and_its_user(app: TestApp) {
    let token = app.user("desk@example.com", Role::Editor).await;
    assert_eq!(me(&app, &token).await.status, 200);
    let id = me(&app, &token).await.json["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    app.change(move |change| people::set_role(change, &Authority::Operator, id, Role::Viewer))
        .await;
    assert_eq!(me(&app, &token).await.json["role"], "viewer");
    let login = post(
        &app,
        "/v1/auth/login",
        json!({"email": "desk@example.com", "password": PASSWORD}),
    )
    .await;
    post(
        &app,
        "/v1/auth/logout",
        json!({"refresh_token": login.json["refresh_token"]}),
    )
    .await;
    assert_eq!(
        me(&app, login.json["access_token"].as_str().unwrap())
            .await
            .status,
        401
    );
    assert_eq!(me(&app, &token).await.status, 200);
    app.change(move |change| people::disable(change, &Authority::Operator, id))
        .await;
    assert_eq!(me(&app, &token).await.status, 401);
    let login = post(
        &app,
        "/v1/auth/login",
        json!({"email": "desk@example.com", "password": PASSWORD}),
    )
    .await;
    assert_eq!(login.status, 401);
    app.change(move |change| people::enable(change, &Authority::Operator, id))
        .await;
    assert_eq!(me(&app, &token).await.status, 401);
}

#[apply(both)]
async fn a_wrong_password_and_an_unknown_user_are_answered_alike(app: TestApp) {
    app.user("desk@example.com", Role::Editor).await;
    let wrong = post(
        &app,
        "/v1/auth/login",
        json!({"email": "desk@example.com", "password": "x"}),
    )
    .await;
    let unknown = post(
        &app,
        "/v1/auth/login",
        json!({"email": "nobody@example.com", "password": "x"}),
    )
    .await;
    assert_eq!(wrong.status, 401);
    assert_eq!(unknown.status, 401);
    assert_eq!(wrong.json["detail"], unknown.json["detail"]);
    assert!(wrong.header("www-authenticate").starts_with("Bearer"));
}

#[apply(both)]
async fn guessing_is_throttled(app: TestApp) {
    let mut last = None;
    for _ in 0..12 {
        last = Some(
            post(
                &app,
                "/v1/auth/login",
                json!({"email": "desk@example.com", "password": "x"}),
            )
            .await,
        );
    }
    let last = last.unwrap();
    assert_eq!(last.status, 429);
    assert!(last.header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[apply(both)]
async fn a_token_does_what_its_scopes_say_and_no_more(app: TestApp) {
    app.newsroom().await;
    let reader = app.tool_with(&[Right::ArticlesRead]).await;
    let who = me(&app, &reader).await;
    assert_eq!(who.json["kind"], "token");
    assert_eq!(who.json["rights"], json!(["articles:read"]));
    let list = app
        .request(Method::GET, "/v1/editorial/articles")
        .bearer(&reader)
        .send()
        .await;
    assert_eq!(list.status, 200);
    let create = app
        .request(Method::POST, "/v1/editorial/articles")
        .bearer(&reader)
        .json(json!({}))
        .await;
    assert_eq!(create.status, 403);
    assert!(create.text.contains("articles:write"));
}

#[apply(both)]
async fn a_revoked_or_expired_token_is_unknown(app: TestApp) {
    let token = app.tool().await;
    assert_eq!(me(&app, &token).await.status, 200);
    let id = app.database.read(tokens::list).await.unwrap()[0].id;
    app.change(move |change| tokens::revoke(change, id)).await;
    let reply = me(&app, &token).await;
    assert_eq!(reply.status, 401);
    assert!(reply.header("www-authenticate").contains("invalid_token"));
    let past = "2020-01-01T00:00:00Z".parse().unwrap();
    let expired = app
        .database
        .write(move |connection| tokens::issue(connection, "old", Right::ALL, Some(past)))
        .await
        .unwrap();
    assert_eq!(me(&app, &expired).await.status, 401);
}
