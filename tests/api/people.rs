//! People, their passwords and sessions, and API tokens, over HTTP.

use dateline::auth::model::{Right, Role};
use dateline::auth::password;
use dateline::auth::store::users;
use dateline::db::schema::password_links;
use dateline::db::{Id, Timestamp};
use dateline::events::log::{self, Entry};
use diesel::{ExpressionMethods, RunQueryDsl};
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{On, PASSWORD, Reply, TestApp};

const PEOPLE: &str = "/v1/editorial/people";
const TOKENS: &str = "/v1/editorial/tokens";
const ACCEPT: &str = "/v1/auth/invitations/accept";
const NEW_PASSWORD: &str = "staple battery horse";

async fn ask(app: &TestApp, method: Method, path: &str, token: &str) -> Reply {
    app.request(method, path).bearer(token).send().await
}

async fn post(app: &TestApp, path: &str, token: &str, body: Value) -> Reply {
    app.request(Method::POST, path)
        .bearer(token)
        .json(body)
        .await
}

async fn patch(app: &TestApp, person: &str, token: &str, body: Value) -> Reply {
    app.request(Method::PATCH, &format!("{PEOPLE}/{person}"))
        .bearer(token)
        .header("if-match", "*")
        .json(body)
        .await
}

async fn invite(app: &TestApp, token: &str, email: &str, role: &str) -> Reply {
    let body = json!({"email": email, "name": "Kim Newcomer", "role": role});
    post(app, PEOPLE, token, body).await
}

async fn accept(app: &TestApp, token: &Value, password: &str) -> Reply {
    app.request(Method::POST, ACCEPT)
        .json(json!({"token": token, "password": password}))
        .await
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Reply {
    app.request(Method::POST, "/v1/auth/login")
        .json(json!({"email": email, "password": password}))
        .await
}

async fn me(app: &TestApp, token: &str) -> Reply {
    ask(app, Method::GET, "/v1/auth/me", token).await
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

async fn id_of(app: &TestApp, token: &str) -> String {
    text(&me(app, token).await.json["id"]).to_owned()
}

async fn logged(app: &TestApp) -> Vec<Entry> {
    app.database
        .read(|connection| log::after(connection, 0, 1_000))
        .await
        .unwrap()
}

async fn kinds(app: &TestApp) -> Vec<String> {
    logged(app)
        .await
        .into_iter()
        .map(|entry| entry.kind)
        .collect()
}

// Somebody is invited, joins, and can do what their role says; the link is good once.
#[apply(both)]
async fn an_invited_person_joins_once(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let invited = invite(&app, &admin, " Kim@Example.COM ", "editor").await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    let person = &invited.json["person"];
    assert_eq!(person["email"], "kim@example.com");
    assert_eq!(person["status"], "invited");
    assert!(person["link_expires_at"].is_string());
    assert_eq!(invited.json["link"]["url"], Value::Null);
    let location = invited.header("location").to_owned();
    let read = ask(&app, Method::GET, &location, &admin).await;
    assert_eq!((&read.json, read.etag()), (person, "\"v1\"".to_owned()));
    // Nobody signs in without a password, nor with none.
    for password in ["", PASSWORD] {
        let reply = sign_in(&app, "kim@example.com", password).await;
        assert_eq!(reply.status, 401);
    }
    let token = &invited.json["link"]["token"];
    let weak = accept(&app, token, "short").await;
    assert_eq!(
        (weak.status.as_u16(), weak.pointers()),
        (422, vec!["/password"])
    );
    let joined = accept(&app, token, NEW_PASSWORD).await;
    assert_eq!(joined.status, 200, "{}", joined.text);
    let who = me(&app, text(&joined.json["access_token"])).await;
    assert_eq!(who.json["role"], "editor");
    let again = accept(&app, token, "another password").await;
    assert_eq!(again.status, 401);
    assert!(again.text.contains("used already"), "{}", again.text);
    assert_eq!(
        sign_in(&app, "kim@example.com", NEW_PASSWORD).await.status,
        200
    );
    let read = ask(&app, Method::GET, &location, &admin).await;
    assert_eq!(read.json["status"], "active");
    assert_eq!(read.json["link_expires_at"], Value::Null);
}

#[apply(both)]
async fn links_that_are_no_good_say_why_and_nothing_else(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let invited = invite(&app, &admin, "kim@example.com", "author").await;
    let first = invited.json["link"]["token"].clone();
    let id = text(&invited.json["person"]["id"]).to_owned();
    let again = ask(
        &app,
        Method::POST,
        &format!("{PEOPLE}/{id}/invitation"),
        &admin,
    )
    .await;
    assert_eq!(again.status, 200, "{}", again.text);
    let second = again.json["token"].clone();
    let replaced = accept(&app, &first, NEW_PASSWORD).await;
    assert!(replaced.text.contains("newer one"), "{}", replaced.text);
    let mut tampered = text(&second).to_owned();
    let last = tampered.pop().unwrap();
    tampered.push(if last == 'A' { 'B' } else { 'A' });
    for wrong in [
        json!(tampered),
        json!(""),
        json!("dk_"),
        json!("x".repeat(1_000)),
    ] {
        let reply = accept(&app, &wrong, NEW_PASSWORD).await;
        assert_eq!(reply.status, 401, "{wrong}");
        assert!(reply.text.contains("not known"), "{}", reply.text);
        assert!(!reply.text.contains("kim@"), "{}", reply.text);
    }
    let past = Timestamp::now().plus(chrono::Duration::minutes(-1));
    app.database
        .write(move |connection| {
            diesel::update(password_links::table)
                .set(password_links::expires_at.eq(past))
                .execute(connection)?;
            Ok(())
        })
        .await
        .unwrap();
    let expired = accept(&app, &second, NEW_PASSWORD).await;
    assert_eq!(expired.status, 401);
    assert!(expired.text.contains("expired"), "{}", expired.text);
    // An admin makes another, and disabling its person ends that.
    let third = ask(
        &app,
        Method::POST,
        &format!("{PEOPLE}/{id}/invitation"),
        &admin,
    )
    .await;
    ask(
        &app,
        Method::POST,
        &format!("{PEOPLE}/{id}/disable"),
        &admin,
    )
    .await;
    let refused = accept(&app, &third.json["token"], NEW_PASSWORD).await;
    assert_eq!(refused.status, 401);
    let again = ask(
        &app,
        Method::POST,
        &format!("{PEOPLE}/{id}/invitation"),
        &admin,
    )
    .await;
    assert_eq!(again.problem(), "wrong-state");
    // Guessing is limited as it is for passwords.
    let mut last = 0;
    for _ in 0..35 {
        let reply = app
            .request(Method::POST, ACCEPT)
            .header("x-forwarded-for", "203.0.113.9")
            .json(json!({"token": "dk_guess", "password": NEW_PASSWORD}))
            .await;
        last = reply.status.as_u16();
    }
    assert_eq!(last, 429);
}

#[apply(both)]
async fn of_two_who_use_a_link_at_once_one_joins(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let other = app.another_process().await;
    let invited = invite(&app, &admin, "kim@example.com", "author").await;
    let token = &invited.json["link"]["token"];
    let (one, two) = tokio::join!(
        accept(&app, token, "one password of two"),
        accept(&other, token, "two passwords of two"),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    let passwords = ["one password of two", "two passwords of two"];
    let mut signed_in = 0;
    for (password, reply) in passwords.iter().zip([one, two]) {
        let again = sign_in(&app, "kim@example.com", password).await;
        assert_eq!(again.status, reply.status);
        signed_in += u16::from(again.status == 200);
    }
    assert_eq!(signed_in, 1);
}

#[apply(both)]
async fn one_address_is_one_person(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    assert_eq!(
        invite(&app, &admin, "kim@example.com", "viewer")
            .await
            .status,
        201
    );
    for email in ["KIM@example.com", "kim@example.com ", "admin@example.com"] {
        let taken = invite(&app, &admin, email, "viewer").await;
        assert_eq!(taken.status, 422, "{email}");
        assert_eq!(taken.pointers(), ["/email"]);
    }
    let other = app.another_process().await;
    let (one, two) = tokio::join!(
        invite(&app, &admin, "lee@example.com", "viewer"),
        invite(&other, &admin, "Lee@example.com", "viewer"),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422]);
    for wrong in [
        json!({"email": "kim", "name": "", "role": "boss"}),
        json!({"email": 1, "name": null, "role": null}),
    ] {
        let reply = post(&app, PEOPLE, &admin, wrong).await;
        assert_eq!(reply.status, 422);
        assert_eq!(reply.pointers().len(), 3, "{}", reply.text);
    }
}

// Role × scope: who reaches these operations at all.
#[apply(both)]
async fn only_who_has_the_right_manages_people_and_tokens(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let callers = [
        (
            app.user("editor@example.com", Role::Editor).await,
            false,
            false,
        ),
        (
            app.user("author@example.com", Role::Author).await,
            false,
            false,
        ),
        (
            app.user("viewer@example.com", Role::Viewer).await,
            false,
            false,
        ),
        (app.tool_with(&[Right::PeopleManage]).await, true, false),
        (app.tool_with(&[Right::TokensManage]).await, false, true),
        (
            app.tool_with(&[Right::ArticlesRead, Right::ArticlesPublish])
                .await,
            false,
            false,
        ),
        (admin.clone(), true, true),
    ];
    let id = id_of(&app, &admin).await;
    for (number, (token, people, tokens)) in callers.iter().enumerate() {
        let operations = [
            (Method::GET, PEOPLE.to_owned(), *people),
            (Method::GET, format!("{PEOPLE}/{id}"), *people),
            (Method::GET, format!("{PEOPLE}/{id}/sessions"), *people),
            (Method::GET, TOKENS.to_owned(), *tokens),
            (Method::GET, format!("{TOKENS}/{id}"), *tokens),
        ];
        for (method, path, may) in operations {
            let reply = ask(&app, method, &path, token).await;
            assert_eq!(
                reply.status != 403,
                may,
                "{number} {path}: {}",
                reply.status
            );
        }
        let nobody = Id::generate();
        for step in ["invitation", "password-reset", "disable", "enable"] {
            let path = format!("{PEOPLE}/{nobody}/{step}");
            let reply = ask(&app, Method::POST, &path, token).await;
            let expected = if *people { 404 } else { 403 };
            assert_eq!(reply.status, expected, "{number} {step}");
        }
    }
}

// A tool that manages people is no way to become an admin, nor is a token.
#[apply(both)]
async fn nobody_gives_more_than_they_have(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let admin_id = id_of(&app, &admin).await;
    let tool = app
        .tool_with(&[
            Right::PeopleManage,
            Right::TokensManage,
            Right::ArticlesRead,
            Right::CollectionsRead,
            Right::MediaRead,
        ])
        .await;
    for (role, status) in [
        ("admin", 403),
        ("editor", 403),
        ("author", 403),
        ("viewer", 201),
    ] {
        let reply = invite(&app, &tool, &format!("{role}@new.example"), role).await;
        assert_eq!(reply.status, status, "{role}: {}", reply.text);
    }
    let people = ask(&app, Method::GET, &format!("{PEOPLE}?role=viewer"), &tool).await;
    let viewer = text(&people.json["data"][0]["id"]).to_owned();
    assert_eq!(
        patch(&app, &viewer, &tool, json!({"name": "Lee"}))
            .await
            .status,
        200
    );
    assert_eq!(
        patch(&app, &viewer, &tool, json!({"role": "admin"}))
            .await
            .status,
        403
    );
    // Whoever resets an admin's password is one.
    for step in ["password-reset", "disable", "enable", "invitation"] {
        let path = format!("{PEOPLE}/{admin_id}/{step}");
        assert_eq!(
            ask(&app, Method::POST, &path, &tool).await.status,
            403,
            "{step}"
        );
    }
    let path = format!("{PEOPLE}/{admin_id}/sessions");
    assert_eq!(ask(&app, Method::DELETE, &path, &tool).await.status, 403);
    assert_eq!(
        patch(&app, &admin_id, &tool, json!({"role": "viewer"}))
            .await
            .status,
        403
    );
    assert_eq!(me(&app, &admin).await.status, 200);
    for (scopes, status) in [
        (json!(["articles:read"]), 201),
        (json!(["articles:read", "articles:write"]), 403),
        (json!(["people:manage", "tokens:manage"]), 201),
        (json!([]), 422),
        (json!(["articles:read", "articles:read"]), 422),
        (json!(["everything"]), 422),
    ] {
        let body = json!({"name": "made by a tool", "scopes": scopes});
        let reply = post(&app, TOKENS, &tool, body).await;
        assert_eq!(reply.status, status, "{scopes}: {}", reply.text);
    }
}

#[apply(both)]
async fn the_last_admin_stays_one(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let id = id_of(&app, &admin).await;
    let disable = format!("{PEOPLE}/{id}/disable");
    // One who was invited, or cannot sign in, does not count.
    let invited = invite(&app, &admin, "second@example.com", "admin").await;
    assert_eq!(invited.status, 201);
    let refused = ask(&app, Method::POST, &disable, &admin).await;
    assert_eq!(refused.problem(), "wrong-state", "{}", refused.text);
    assert!(refused.text.contains("last admin"), "{}", refused.text);
    let refused = patch(&app, &id, &admin, json!({"role": "editor"})).await;
    assert_eq!(refused.status, 409);
    assert_eq!(
        patch(&app, &id, &admin, json!({"name": "Kim"}))
            .await
            .status,
        200
    );
    let joined = accept(&app, &invited.json["link"]["token"], NEW_PASSWORD).await;
    let second = text(&joined.json["access_token"]).to_owned();
    let second_id = id_of(&app, &second).await;
    // Each takes the other at the same moment: one of them stays.
    let other = app.another_process().await;
    let demote = json!({"role": "viewer"});
    let (one, two) = tokio::join!(
        patch(&app, &second_id, &admin, demote.clone()),
        patch(&other, &id, &second, demote),
    );
    // The second is told so, or is no admin any more.
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200, "{} {}", one.text, two.text);
    assert!(
        [403, 409].contains(&statuses[1]),
        "{} {}",
        one.text,
        two.text
    );
    let left = if one.status == 200 { &admin } else { &second };
    let admins = ask(
        &app,
        Method::GET,
        &format!("{PEOPLE}?role=admin&status=active"),
        left,
    )
    .await;
    assert_eq!(admins.json["data"].as_array().unwrap().len(), 1);
}

#[apply(both)]
async fn a_disabled_person_is_out_at_once_on_every_process(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let desk = app.user("desk@example.com", Role::Editor).await;
    let other = app.another_process().await;
    let id = id_of(&app, &desk).await;
    let session = sign_in(&app, "desk@example.com", PASSWORD).await.json;
    assert_eq!(me(&other, &desk).await.status, 200);
    let path = format!("{PEOPLE}/{id}/disable");
    let disabled = ask(&app, Method::POST, &path, &admin).await;
    assert_eq!(disabled.json["status"], "disabled");
    for process in [&app, &other] {
        assert_eq!(me(process, &desk).await.status, 401);
        let refresh = json!({"refresh_token": session["refresh_token"]});
        let renewed = process
            .request(Method::POST, "/v1/auth/refresh")
            .json(refresh)
            .await;
        assert_eq!(renewed.status, 401);
        assert_eq!(
            sign_in(process, "desk@example.com", PASSWORD).await.status,
            401
        );
    }
    // Once more changes nothing.
    let again = ask(&app, Method::POST, &path, &admin).await;
    assert_eq!(again.json, disabled.json);
    let enable = format!("{PEOPLE}/{id}/enable");
    let enabled = ask(&other, Method::POST, &enable, &admin).await;
    assert_eq!(enabled.json["status"], "active");
    // Sessions that have ended stay so.
    assert_eq!(me(&app, &desk).await.status, 401);
    assert_eq!(
        sign_in(&app, "desk@example.com", PASSWORD).await.status,
        200
    );
}

#[apply(both)]
async fn another_role_holds_from_the_next_request_on(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let desk = app.user("desk@example.com", Role::Viewer).await;
    let id = id_of(&app, &desk).await;
    let path = format!("{PEOPLE}/{id}");
    let read = ask(&app, Method::GET, &path, &admin).await;
    let edit = async |etag: &str, body: Value| {
        app.request(Method::PATCH, &path)
            .bearer(&admin)
            .header("if-match", etag)
            .json(body)
            .await
    };
    let changed = edit(&read.etag(), json!({"role": "editor"})).await;
    assert_eq!((changed.status.as_u16(), &*changed.etag()), (200, "\"v2\""));
    assert_eq!(me(&app, &desk).await.json["role"], "editor");
    assert_eq!(
        edit(&read.etag(), json!({"role": "admin"})).await.status,
        412
    );
    let unchanged = edit(&changed.etag(), json!({"role": "editor"})).await;
    assert_eq!(unchanged.etag(), changed.etag());
    for wrong in [
        json!({"role": null}),
        json!({"name": null}),
        json!({"name": " "}),
        json!({"email": "x@example.com"}),
        json!({"role": "king"}),
    ] {
        assert_eq!(edit("*", wrong.clone()).await.status, 422, "{wrong}");
    }
    let bare = app
        .request(Method::PATCH, &path)
        .bearer(&admin)
        .json(json!({}))
        .await;
    assert_eq!(bare.status, 428);
}

#[apply(both)]
async fn people_are_found_by_name_role_and_status(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    for (email, name) in [
        ("zoe@example.com", "Zoë ÅNGSTRÖM"),
        ("lee@other.example", "Lee"),
        ("kim@example.com", "Kim"),
    ] {
        let body = json!({"email": email, "name": name, "role": "author"});
        assert_eq!(post(&app, PEOPLE, &admin, body).await.status, 201);
    }
    for (query, emails) in [
        ("q=%C3%A5ngstr", vec!["zoe@example.com"]),
        ("q=OTHER.example", vec!["lee@other.example"]),
        ("q=nobody", vec![]),
        ("role=admin", vec!["admin@example.com"]),
        ("status=active", vec!["admin@example.com"]),
        ("status=disabled", vec![]),
        (
            "status=invited&role=author&q=example.com",
            vec!["zoe@example.com", "kim@example.com"],
        ),
    ] {
        let list = ask(&app, Method::GET, &format!("{PEOPLE}?{query}"), &admin).await;
        let data = list.json["data"].as_array().unwrap();
        let found: Vec<_> = data.iter().map(|person| text(&person["email"])).collect();
        assert_eq!(found, emails, "{query}");
    }
    // Page by page, there and back, everybody comes once.
    let mut found = Vec::new();
    let mut path = format!("{PEOPLE}?limit=1");
    let mut last = Value::Null;
    while found.len() < 4 {
        let page = ask(&app, Method::GET, &path, &admin).await.json;
        found.push(text(&page["data"][0]["email"]).to_owned());
        path = format!(
            "{PEOPLE}?limit=1&cursor={}",
            page["page"]["next_cursor"].as_str().unwrap_or("-")
        );
        last = page;
    }
    assert_eq!(last["page"]["next_cursor"], Value::Null);
    assert_eq!(
        found,
        [
            "admin@example.com",
            "zoe@example.com",
            "lee@other.example",
            "kim@example.com"
        ]
    );
    let back = format!(
        "{PEOPLE}?limit=1&cursor={}",
        text(&last["page"]["prev_cursor"])
    );
    let before = ask(&app, Method::GET, &back, &admin).await;
    assert_eq!(before.json["data"][0]["email"], "lee@other.example");
    for wrong in [
        "role=king",
        "status=asleep",
        "limit=0",
        "cursor=x",
        "email=x",
    ] {
        let reply = ask(&app, Method::GET, &format!("{PEOPLE}?{wrong}"), &admin).await;
        assert_eq!(reply.status, 400, "{wrong}");
    }
}

#[apply(both)]
async fn a_changed_password_ends_all_other_sessions(app: TestApp) {
    let here = app.user("desk@example.com", Role::Editor).await;
    let there = sign_in(&app, "desk@example.com", PASSWORD).await.json;
    let there = text(&there["access_token"]).to_owned();
    let change = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        post(&app, "/v1/auth/password", &here, body).await
    };
    let wrong = change("wrong password", NEW_PASSWORD).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.pointers()),
        (422, vec!["/current_password"])
    );
    let weak = change(PASSWORD, "short").await;
    assert_eq!(
        (weak.status.as_u16(), weak.pointers()),
        (422, vec!["/new_password"])
    );
    assert_eq!(me(&app, &there).await.status, 200);
    assert_eq!(change(PASSWORD, NEW_PASSWORD).await.status, 204);
    assert_eq!(me(&app, &here).await.status, 200);
    assert_eq!(me(&app, &there).await.status, 401);
    assert_eq!(
        sign_in(&app, "desk@example.com", PASSWORD).await.status,
        401
    );
    assert_eq!(
        sign_in(&app, "desk@example.com", NEW_PASSWORD).await.status,
        200
    );
    // A tool has no password.
    let tool = app.tool().await;
    let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    assert_eq!(
        post(&app, "/v1/auth/password", &tool, body).await.status,
        403
    );
    let sessions = ask(&app, Method::GET, "/v1/auth/sessions", &tool).await;
    assert_eq!(sessions.status, 403);
}

#[apply(both)]
async fn a_forgotten_password_is_reset_by_a_link(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let desk = app.user("desk@example.com", Role::Editor).await;
    let id = id_of(&app, &desk).await;
    let path = format!("{PEOPLE}/{id}/password-reset");
    let link = ask(&app, Method::POST, &path, &admin).await;
    assert_eq!(link.status, 200, "{}", link.text);
    // Nothing has changed until it is used.
    assert_eq!(me(&app, &desk).await.status, 200);
    let joining = format!("{PEOPLE}/{id}/invitation");
    assert_eq!(
        ask(&app, Method::POST, &joining, &admin).await.problem(),
        "wrong-state"
    );
    let reset = accept(&app, &link.json["token"], NEW_PASSWORD).await;
    assert_eq!(reset.status, 200);
    assert_eq!(me(&app, &desk).await.status, 401);
    assert_eq!(
        me(&app, text(&reset.json["access_token"])).await.status,
        200
    );
    assert_eq!(
        sign_in(&app, "desk@example.com", PASSWORD).await.status,
        401
    );
    // Whoever changes the password themselves ends the links.
    let link = ask(&app, Method::POST, &path, &admin).await;
    let body = json!({"current_password": NEW_PASSWORD, "new_password": PASSWORD});
    let own = text(&reset.json["access_token"]);
    assert_eq!(post(&app, "/v1/auth/password", own, body).await.status, 204);
    let late = accept(&app, &link.json["token"], NEW_PASSWORD).await;
    assert_eq!(late.status, 401);
}

#[apply(both)]
async fn sessions_are_listed_and_ended(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let here = app.user("desk@example.com", Role::Editor).await;
    let id = id_of(&app, &here).await;
    let phone = app
        .request(Method::POST, "/v1/auth/login")
        .header("user-agent", &"A phone ".repeat(100))
        .json(json!({"email": "desk@example.com", "password": PASSWORD}))
        .await
        .json;
    let list = ask(&app, Method::GET, "/v1/auth/sessions", &here).await;
    let data = list.json["data"].as_array().unwrap();
    assert_eq!(data.len(), 2, "{}", list.text);
    let own = data.iter().find(|one| one["current"] == true).unwrap();
    assert_eq!(own["user_agent"], "A reader's browser");
    let other = data.iter().find(|one| one["current"] == false).unwrap();
    assert_eq!(text(&other["user_agent"]).chars().count(), 199);
    assert!(!list.text.contains("127.0.0.1"));
    // A session that is renewed stays the same one.
    let renewed = app
        .request(Method::POST, "/v1/auth/refresh")
        .json(json!({"refresh_token": phone["refresh_token"]}))
        .await
        .json;
    let list = ask(&app, Method::GET, "/v1/auth/sessions", &here).await;
    let again = list.json["data"].as_array().unwrap();
    let again = again.iter().find(|one| one["id"] == other["id"]).unwrap();
    assert_eq!(again["created_at"], other["created_at"]);
    assert_eq!(again["user_agent"], other["user_agent"]);
    // Of others' nobody learns more than that there is none.
    let theirs = ask(&app, Method::GET, "/v1/auth/sessions", &admin).await;
    let theirs = format!("/v1/auth/sessions/{}", text(&theirs.json["data"][0]["id"]));
    assert_eq!(ask(&app, Method::DELETE, &theirs, &here).await.status, 404);
    let path = format!("/v1/auth/sessions/{}", text(&other["id"]));
    assert_eq!(ask(&app, Method::DELETE, &path, &here).await.status, 204);
    assert_eq!(ask(&app, Method::DELETE, &path, &here).await.status, 404);
    assert_eq!(me(&app, text(&renewed["access_token"])).await.status, 401);
    // All others, then those of somebody else by an admin.
    let third = sign_in(&app, "desk@example.com", PASSWORD).await.json;
    assert_eq!(
        ask(&app, Method::DELETE, "/v1/auth/sessions", &here)
            .await
            .status,
        204
    );
    assert_eq!(me(&app, text(&third["access_token"])).await.status, 401);
    assert_eq!(me(&app, &here).await.status, 200);
    let of_person = format!("{PEOPLE}/{id}/sessions");
    let list = ask(&app, Method::GET, &of_person, &admin).await;
    let data = list.json["data"].as_array().unwrap();
    assert_eq!((data.len(), &data[0]["current"]), (1, &json!(false)));
    let one = format!("{of_person}/{}", text(&data[0]["id"]));
    assert_eq!(ask(&app, Method::DELETE, &one, &admin).await.status, 204);
    assert_eq!(me(&app, &here).await.status, 401);
    let fourth = sign_in(&app, "desk@example.com", PASSWORD).await.json;
    assert_eq!(
        ask(&app, Method::DELETE, &of_person, &admin).await.status,
        204
    );
    assert_eq!(me(&app, text(&fourth["access_token"])).await.status, 401);
}

#[apply(both)]
async fn a_token_is_created_listed_and_revoked(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let other = app.another_process().await;
    let body = json!({
        "name": "importer", "scopes": ["articles:read", "tags:write"],
        "expires_at": "2100-01-01T00:00:00Z"
    });
    let created = post(&app, TOKENS, &admin, body).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let secret = text(&created.json["secret"]).to_owned();
    assert!(secret.starts_with("dl_"));
    let path = created.header("location").to_owned();
    assert_eq!(
        created.json["api_token"]["created_by"],
        json!(id_of(&app, &admin).await)
    );
    assert_eq!(created.json["api_token"]["last_used_at"], Value::Null);
    let who = me(&other, &secret).await;
    assert_eq!(who.json["rights"], json!(["articles:read", "tags:write"]));
    // The use is noted in the background.
    let mut read = ask(&app, Method::GET, &path, &admin).await;
    while read.json["last_used_at"].is_null() {
        read = ask(&app, Method::GET, &path, &admin).await;
    }
    // And not again within the minute.
    me(&app, &secret).await;
    let again = ask(&app, Method::GET, &path, &admin).await;
    assert_eq!(again.json["last_used_at"], read.json["last_used_at"]);
    let list = ask(&app, Method::GET, TOKENS, &admin).await;
    assert_eq!(list.json["data"], json!([again.json]));
    assert!(!list.text.contains(&secret));
    assert_eq!(ask(&app, Method::DELETE, &path, &admin).await.status, 204);
    for process in [&app, &other] {
        assert_eq!(me(process, &secret).await.status, 401);
    }
    assert_eq!(ask(&app, Method::DELETE, &path, &admin).await.status, 204);
    let read = ask(&app, Method::GET, &path, &admin).await;
    assert_eq!(read.json["status"], "revoked");
    let revocations = kinds(&app).await;
    let revocations = revocations.iter().filter(|kind| *kind == "token_revoked");
    assert_eq!(revocations.count(), 1);
    let past =
        json!({"name": "x", "scopes": ["articles:read"], "expires_at": "2020-01-01T00:00:00Z"});
    let refused = post(&app, TOKENS, &admin, past).await;
    assert_eq!(refused.pointers(), ["/expires_at"]);
}

// A token outlives the account of whoever created it.
#[apply(both)]
async fn tokens_go_on_when_their_creator_is_disabled(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let second = app.user("second@example.com", Role::Admin).await;
    let body = json!({"name": "importer", "scopes": ["articles:read"]});
    let created = post(&app, TOKENS, &second, body).await;
    let id = id_of(&app, &second).await;
    ask(
        &app,
        Method::POST,
        &format!("{PEOPLE}/{id}/disable"),
        &admin,
    )
    .await;
    assert_eq!(me(&app, &second).await.status, 401);
    assert_eq!(me(&app, text(&created.json["secret"])).await.status, 200);
    let list = ask(&app, Method::GET, TOKENS, &admin).await;
    assert_eq!(list.json["data"][0]["created_by"], json!(id));
}

// What happens to people and tokens is in the log, with who did it, and no secret is.
#[apply(both)]
async fn the_log_says_what_happened_and_no_secret(app: TestApp) {
    let admin = app.user("admin@example.com", Role::Admin).await;
    let admin_id = id_of(&app, &admin).await;
    let invited = invite(&app, &admin, "kim@example.com", "author").await;
    let kim = text(&invited.json["person"]["id"]).to_owned();
    let link = text(&invited.json["link"]["token"]).to_owned();
    let joined = accept(&app, &json!(link), NEW_PASSWORD).await.json;
    patch(&app, &kim, &admin, json!({"role": "editor"})).await;
    let body = json!({"current_password": NEW_PASSWORD, "new_password": PASSWORD});
    post(
        &app,
        "/v1/auth/password",
        text(&joined["access_token"]),
        body,
    )
    .await;
    app.request(Method::POST, "/v1/auth/logout")
        .json(json!({"refresh_token": joined["refresh_token"]}))
        .await;
    sign_in(&app, "kim@example.com", PASSWORD).await;
    let sessions = format!("{PEOPLE}/{kim}/sessions");
    let list = ask(&app, Method::GET, &sessions, &admin).await;
    let session = text(&list.json["data"][0]["id"]).to_owned();
    ask(
        &app,
        Method::DELETE,
        &format!("{sessions}/{session}"),
        &admin,
    )
    .await;
    for step in ["password-reset", "disable", "disable", "enable"] {
        ask(
            &app,
            Method::POST,
            &format!("{PEOPLE}/{kim}/{step}"),
            &admin,
        )
        .await;
    }
    let body = json!({"name": "importer", "scopes": ["articles:read"]});
    let token = post(&app, TOKENS, &admin, body).await;
    ask(&app, Method::DELETE, token.header("location"), &admin).await;
    let log = logged(&app).await;
    let kinds: Vec<_> = log.iter().map(|entry| &*entry.kind).collect();
    assert_eq!(
        kinds,
        [
            "signed_in",
            "person_invited",
            "person_joined",
            "signed_in",
            "person_changed",
            "password_changed",
            "signed_out",
            "signed_in",
            "session_revoked",
            "password_reset_created",
            "person_disabled",
            "person_enabled",
            "token_created",
            "token_revoked",
        ]
    );
    let of = |kind: &str| log.iter().find(|entry| entry.kind == kind).unwrap();
    let changed = of("person_changed");
    assert_eq!(changed.actor_id.unwrap().to_string(), admin_id);
    assert_eq!(
        (&*changed.resource, &*changed.resource_id.to_string()),
        ("person", &*kim)
    );
    let detail: Value = serde_json::from_str(&changed.detail).unwrap();
    assert_eq!(
        detail,
        json!({"role": {"before": "author", "after": "editor"}})
    );
    for own in ["person_joined", "password_changed", "signed_out"] {
        assert_eq!(of(own).actor_id.unwrap().to_string(), kim, "{own}");
        assert!(of(own).request_id.is_some());
    }
    let whole = format!("{log:?}");
    for secret in [
        &*link,
        NEW_PASSWORD,
        PASSWORD,
        "dl_",
        "dr_",
        "dk_",
        "argon2",
        "@example.com",
    ] {
        assert!(!whole.contains(secret), "{secret}: {whole}");
    }
    assert!(log.iter().all(|entry| entry.readers_see.is_none()));
}

#[apply(both)]
async fn failed_sign_ins_are_noted_once_a_minute_for_an_account(app: TestApp) {
    app.user("desk@example.com", Role::Editor).await;
    app.user("kim@example.com", Role::Editor).await;
    for email in ["desk@example.com", "kim@example.com"] {
        for _ in 0..5 {
            assert_eq!(sign_in(&app, email, "wrong password").await.status, 401);
        }
    }
    for _ in 0..5 {
        assert_eq!(
            sign_in(&app, "nobody@example.com", "wrong password")
                .await
                .status,
            401
        );
    }
    // In the background, so that an account that exists takes no longer.
    let failures = async || {
        let kinds = kinds(&app).await;
        kinds
            .iter()
            .filter(|kind| *kind == "sign_in_failed")
            .count()
    };
    while failures().await < 2 {}
    assert_eq!(failures().await, 2);
}

#[apply(both)]
async fn a_session_that_is_stolen_is_noted(app: TestApp) {
    use dateline::db::schema::refresh_tokens;
    app.user("desk@example.com", Role::Editor).await;
    let first = sign_in(&app, "desk@example.com", PASSWORD).await.json;
    let refresh = async || {
        let token = json!({"refresh_token": first["refresh_token"]});
        app.request(Method::POST, "/v1/auth/refresh")
            .json(token)
            .await
    };
    assert_eq!(refresh().await.status, 200);
    let then = Timestamp::now().plus(chrono::Duration::hours(-1));
    app.database
        .write(move |connection| {
            diesel::update(refresh_tokens::table)
                .set(refresh_tokens::used_at.eq(then))
                .execute(connection)?;
            Ok(())
        })
        .await
        .unwrap();
    for _ in 0..3 {
        assert_eq!(refresh().await.status, 401);
    }
    let log = logged(&app).await;
    let revoked: Vec<_> = log
        .iter()
        .filter(|entry| entry.kind == "session_revoked")
        .collect();
    assert_eq!(revoked.len(), 1);
    assert!(revoked[0].detail.contains("refresh_token_reused"));
}

// The page of the desk gets the token behind its #, where no server's log has it.
#[actix_web::test]
async fn a_link_leads_to_the_page_that_the_server_was_told_of() {
    let app = TestApp::start_with(On::Sqlite, |server| {
        server.invitation_url = Some("https://desk.example/join?from=mail".parse().unwrap());
        server.invitation_days = 3;
    })
    .await;
    let admin = app.user("admin@example.com", Role::Admin).await;
    let invited = invite(&app, &admin, "kim@example.com", "viewer").await;
    let link = &invited.json["link"];
    let token = text(&link["token"]);
    let url = format!("https://desk.example/join?from=mail#token={token}");
    assert_eq!(text(&link["url"]), url);
    let expires_at: Timestamp = text(&link["expires_at"]).parse().unwrap();
    let three_days = Timestamp::now().plus(chrono::Duration::days(3));
    assert!(expires_at <= three_days);
    assert!(expires_at > three_days.plus(chrono::Duration::hours(-1)));
}

// A sign-in whose password was changed while it was compared does not begin a session.
#[apply(both)]
async fn a_password_that_was_just_changed_signs_nobody_in(app: TestApp) {
    use dateline::auth::store::access;
    app.user("desk@example.com", Role::Editor).await;
    let user = app
        .database
        .read(|connection| users::find_by_email(connection, "desk@example.com"))
        .await
        .unwrap()
        .unwrap();
    let proven = user.password_hash().unwrap().to_owned();
    let hash = password::hash(NEW_PASSWORD).unwrap();
    let id = user.id;
    app.change(move |change| access::set_password(change, id, &hash))
        .await;
    let begun = app
        .change(move |change| access::sign_in(change, id, &proven, None))
        .await;
    assert!(begun.is_none());
}
