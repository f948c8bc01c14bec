//! People who sign in by the newsroom's identity provider.

use dateline::auth::model::Role;
use dateline::events::log::{self, Entry};
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{PASSWORD, Reply, TestApp};
use crate::identity_provider::{API, Browser, PAGE, Provider, Signed, SigningKey, desk, refused};

const PEOPLE: &str = "/v1/editorial/people";

async fn me(app: &TestApp, token: &str) -> Value {
    let reply = app.request(Method::GET, "/v1/auth/me").bearer(token);
    let reply = reply.send().await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json
}

async fn invite(app: &TestApp, token: &str, email: &str, role: &str) -> Reply {
    let body = json!({"email": email, "name": "Kim", "role": role});
    app.create(token, PEOPLE, body).await
}

async fn ask(app: &TestApp, method: Method, path: &str, token: &str) -> Reply {
    app.request(method, path).bearer(token).send().await
}

async fn entries(app: &TestApp, kind: &str) -> Vec<Entry> {
    let all = app
        .database
        .read(|connection| log::after(connection, 0, 1_000));
    let all = all.await.unwrap().into_iter();
    all.filter(|entry| entry.kind == kind).collect()
}

async fn details(app: &TestApp, kind: &str) -> Vec<Value> {
    let path = format!("/v1/editorial/audit?kind={kind}&limit=100");
    let token = app.tool().await;
    let reply = ask(app, Method::GET, &path, &token).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let data = reply.json["data"].as_array().unwrap();
    data.iter().map(|entry| entry["detail"].clone()).collect()
}

#[apply(both)]
async fn an_invited_person_joins_by_the_provider(app: TestApp) {
    let admin = app.user("admin@news.example", Role::Admin).await;
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, |_| {}).await;
    let invited = invite(&app, &admin, "kim@news.example", "editor").await;
    let id = invited.json["person"]["id"].as_str().unwrap();
    provider.is("s-1", "Kim@News.example");
    let mut browser = Browser::new();
    let start = browser.start(&desk).await;
    assert_eq!(start.status, 302, "{}", start.text);
    let address = url::Url::parse(start.header("location")).unwrap();
    let redirect_uri = address
        .query_pairs()
        .find(|(name, _)| name == "redirect_uri");
    let expected = format!("{API}/v1/auth/oidc/sso/callback");
    assert_eq!(redirect_uri.unwrap().1, expected);
    let back = browser
        .back(&desk, &provider.sign_in_at(start.header("location")))
        .await;
    let told = crate::identity_provider::told(&back);
    assert!(
        back.header("location")
            .starts_with(&format!("{PAGE}&code=dc_"))
    );
    let tokens = browser.exchange(&desk, &told["code"]).await;
    assert_eq!(tokens.status, 200, "{}", tokens.text);
    assert!(tokens.header("cache-control").starts_with("no-store"));
    let who = me(&desk, tokens.json["access_token"].as_str().unwrap()).await;
    assert_eq!((&who["id"], &who["role"]), (&json!(id), &json!("editor")));
    // The session is like any other.
    let refreshed = desk
        .request(Method::POST, "/v1/auth/refresh")
        .json(json!({"refresh_token": tokens.json["refresh_token"]}))
        .await;
    assert_eq!(refreshed.status, 200);
    let person = ask(&app, Method::GET, &format!("{PEOPLE}/{id}"), &admin).await;
    assert_eq!(person.json["status"], "active");
    assert_eq!(person.json["link_expires_at"], Value::Null);
    assert_eq!(person.json["name"], "Kim");
    // There is no password, and the link that would have set one is good no more.
    for password in ["", "!", PASSWORD] {
        let body = json!({"email": "kim@news.example", "password": password});
        let reply = app.request(Method::POST, "/v1/auth/login").json(body).await;
        assert_eq!(reply.status, 401, "{password}");
    }
    let link = &invited.json["link"]["token"];
    let accepted = app
        .request(Method::POST, "/v1/auth/invitations/accept")
        .json(json!({"token": link, "password": "staple battery horse"}))
        .await;
    assert_eq!(accepted.status, 401);
    // They are known by their identity from now on, whatever their address is.
    provider.is("s-1", "other@elsewhere.example");
    let again = browser.sign_in(&desk, &provider).await;
    assert_eq!(me(&desk, &again).await["id"], id);
    let joined = details(&app, "person_joined").await;
    assert_eq!(joined, [json!({"by": "sso"})]);
    let linked = details(&app, "identity_linked").await;
    let identity = json!({"by": "sso", "issuer": provider.url, "subject": "s-1"});
    assert_eq!(linked, [identity]);
    let signed_in = details(&app, "signed_in").await;
    let by_provider = signed_in
        .iter()
        .filter(|detail| detail["by"] == "sso" && detail["session"].is_string());
    assert_eq!(by_provider.count(), 2);
    // An admin may still let them have a password.
    let reset = ask(
        &app,
        Method::POST,
        &format!("{PEOPLE}/{id}/password-reset"),
        &admin,
    )
    .await;
    assert_eq!(reset.status, 200, "{}", reset.text);
}

#[apply(both)]
async fn people_with_a_password_are_linked_and_keep_it(app: TestApp) {
    app.user("kim@news.example", Role::Author).await;
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, |_| {}).await;
    provider.is("s-1", "kim@news.example");
    let token = Browser::new().sign_in(&desk, &provider).await;
    assert_eq!(me(&desk, &token).await["role"], "author");
    let body = json!({"email": "kim@news.example", "password": PASSWORD});
    let login = app.request(Method::POST, "/v1/auth/login").json(body).await;
    assert_eq!(login.status, 200);
    assert!(entries(&app, "person_joined").await.is_empty());
}

#[apply(both)]
async fn strangers_enter_only_where_a_role_is_given_to_them(app: TestApp) {
    let provider = Provider::start().await;
    provider.is("s-1", "kim@news.example");
    let strict = desk(&app, &provider, |_| {}).await;
    assert_eq!(refused(&strict, &provider).await, "access_denied");
    let mapped = desk(&app, &provider, |server| {
        server.oidc.oidc_roles = vec!["editors=editor".parse().unwrap()];
    })
    .await;
    assert_eq!(refused(&mapped, &provider).await, "access_denied");
    let failed = details(&app, "sign_in_failed").await;
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert_eq!(failed[0]["reason"], "unknown");
    assert_eq!(failed[0]["subject"], "s-1");
    provider.claim(json!({"groups": ["others", "editors"]}));
    let token = Browser::new().sign_in(&mapped, &provider).await;
    let who = me(&mapped, &token).await;
    assert_eq!(
        (&who["role"], &who["name"], &who["email"]),
        (
            &json!("editor"),
            &json!("Kim Newcomer"),
            &json!("kim@news.example")
        )
    );
    let open = desk(&app, &provider, |server| {
        server.oidc.oidc_default_role = Some(Role::Viewer);
    })
    .await;
    provider.is("s-2", "lee@news.example");
    let token = Browser::new().sign_in(&open, &provider).await;
    assert_eq!(me(&open, &token).await["role"], "viewer");
    let joined = details(&app, "person_joined").await;
    assert_eq!(joined[0], json!({"role": "viewer", "by": "sso"}));
}

#[apply(both)]
async fn an_address_links_nobody_unless_it_is_verified_and_trusted(app: TestApp) {
    app.user("kim@news.example", Role::Admin).await;
    app.user("kim@other.example", Role::Admin).await;
    let provider = Provider::start().await;
    let open = |server: &mut dateline::config::ServerConfig| {
        server.oidc.oidc_default_role = Some(Role::Viewer);
    };
    let desk_of_news = desk(&app, &provider, open).await;
    for claims in [
        json!({"sub": "s", "email": "kim@news.example", "email_verified": false}),
        json!({"sub": "s", "email": "kim@news.example"}),
        json!({"sub": "s", "email": "kim@news.example", "xms_edov": true}),
        json!({"sub": "s", "email": "kim@other.example", "email_verified": true}),
        json!({"sub": "s", "email": "kim@sub.news.example", "email_verified": true}),
        json!({"sub": "s", "email": ["kim@news.example"], "email_verified": true}),
        json!({"sub": "s", "email": "kim@news.example\u{0}", "email_verified": true}),
        json!({"sub": "s"}),
    ] {
        provider.script().claims = claims.clone();
        let word = refused(&desk_of_news, &provider).await;
        assert_eq!(word, "access_denied", "{claims}");
    }
    // Without a trusted domain nobody is linked by an address.
    let trusting_none = desk(&app, &provider, |server| {
        open(server);
        server.oidc.oidc_email_domains = Vec::new();
    })
    .await;
    provider.is("s", "kim@news.example");
    assert_eq!(refused(&trusting_none, &provider).await, "access_denied");
    assert!(entries(&app, "identity_linked").await.is_empty());
}

#[apply(both)]
async fn a_disabled_person_stays_out(app: TestApp) {
    let admin = app.user("admin@news.example", Role::Admin).await;
    let invited = invite(&app, &admin, "kim@news.example", "editor").await;
    let path = format!(
        "{PEOPLE}/{}",
        invited.json["person"]["id"].as_str().unwrap()
    );
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, |_| {}).await;
    provider.is("s-1", "kim@news.example");
    ask(&app, Method::POST, &format!("{path}/disable"), &admin).await;
    // Before they are linked.
    assert_eq!(refused(&desk, &provider).await, "access_denied");
    ask(&app, Method::POST, &format!("{path}/enable"), &admin).await;
    let token = Browser::new().sign_in(&desk, &provider).await;
    // While they are signing in.
    let mut browser = Browser::new();
    let told = browser.go(&desk, &provider).await;
    ask(&app, Method::POST, &format!("{path}/disable"), &admin).await;
    let late = browser.exchange(&desk, &told["code"]).await;
    assert_eq!(
        (late.status.as_u16(), late.problem()),
        (401, "unauthenticated")
    );
    // And once they are.
    assert_eq!(
        ask(&desk, Method::GET, "/v1/auth/me", &token).await.status,
        401
    );
    assert_eq!(refused(&desk, &provider).await, "access_denied");
    let failed = details(&app, "sign_in_failed").await;
    assert_eq!(failed[0]["reason"], "disabled");
    assert_eq!(
        entries(&app, "signed_in").await.len(),
        2,
        "the admin and they, once"
    );
}

#[apply(both)]
async fn another_identity_takes_over_nobody(app: TestApp) {
    let admin = app.user("admin@news.example", Role::Admin).await;
    let invited = invite(&app, &admin, "kim@news.example", "editor").await;
    let path = format!(
        "{PEOPLE}/{}",
        invited.json["person"]["id"].as_str().unwrap()
    );
    let provider = Provider::start().await;
    let desk_of_first = desk(&app, &provider, |_| {}).await;
    provider.is("s-1", "kim@news.example");
    let token = Browser::new().sign_in(&desk_of_first, &provider).await;
    // The address is somebody else's by now, at this provider or at another one.
    provider.is("s-2", "kim@news.example");
    assert_eq!(refused(&desk_of_first, &provider).await, "access_denied");
    let other = Provider::start().await;
    let desk_of_other = desk(&app, &other, |_| {}).await;
    other.is("s-1", "kim@news.example");
    assert_eq!(refused(&desk_of_other, &other).await, "access_denied");
    let failed = details(&app, "sign_in_failed").await;
    assert_eq!(failed[0]["reason"], "other_identity");
    // An admin may say that it is the same person.
    let editor = app.user("editor@news.example", Role::Editor).await;
    let identity = format!("{path}/identity");
    let denied = ask(&app, Method::DELETE, &identity, &editor).await;
    assert_eq!(denied.status, 403);
    let unlinked = ask(&app, Method::DELETE, &identity, &admin).await;
    assert_eq!(unlinked.status, 204, "{}", unlinked.text);
    let gone = ask(&app, Method::GET, "/v1/auth/me", &token).await;
    assert_eq!(gone.status, 401);
    let none = ask(&app, Method::DELETE, &identity, &admin).await;
    assert_eq!(none.status, 404);
    provider.is("s-2", "kim@news.example");
    let token = Browser::new().sign_in(&desk_of_first, &provider).await;
    assert_eq!(
        me(&desk_of_first, &token).await["id"],
        invited.json["person"]["id"]
    );
    provider.is("s-1", "kim@news.example");
    assert_eq!(refused(&desk_of_first, &provider).await, "access_denied");
    assert_eq!(entries(&app, "identity_unlinked").await.len(), 1);
}

#[apply(both)]
async fn roles_follow_groups(app: TestApp) {
    let admin = app.user("admin@news.example", Role::Admin).await;
    invite(&app, &admin, "kim@news.example", "author").await;
    let provider = Provider::start().await;
    let roles = ["viewers=viewer", "editors=editor", "admins=admin"];
    let mapped = |server: &mut dateline::config::ServerConfig| {
        server.oidc.oidc_roles = roles.iter().map(|role| role.parse().unwrap()).collect();
    };
    let with_groups = desk(&app, &provider, mapped).await;
    let mut browser = Browser::new();
    // Whom no group gives a role keeps the one of the invitation.
    provider.is("s-1", "kim@news.example");
    let token = browser.sign_in(&with_groups, &provider).await;
    assert_eq!(me(&app, &token).await["role"], "author");
    for (groups, role) in [
        (json!(["editors"]), "editor"),
        (json!(["viewers", "admins", "editors"]), "admin"),
        (json!("viewers"), "viewer"),
    ] {
        provider.claim(json!({"groups": groups}));
        let token = browser.sign_in(&with_groups, &provider).await;
        assert_eq!(me(&app, &token).await["role"], role);
    }
    let changed = details(&app, "person_changed").await;
    assert_eq!(changed.len(), 3);
    assert_eq!(
        changed[0],
        json!({"role": {"before": "admin", "after": "viewer"}})
    );
    // Whose groups gave a role, and give none any more, has none.
    provider.claim(json!({"groups": []}));
    assert_eq!(refused(&with_groups, &provider).await, "access_denied");
    provider.claim(json!({"groups": null}));
    assert_eq!(refused(&with_groups, &provider).await, "access_denied");
    assert_eq!(
        details(&app, "sign_in_failed").await[0]["reason"],
        "no_role"
    );
    let with_default = desk(&app, &provider, |server| {
        mapped(server);
        server.oidc.oidc_default_role = Some(Role::Author);
    })
    .await;
    let token = browser.sign_in(&with_default, &provider).await;
    assert_eq!(me(&app, &token).await["role"], "author");
    // The claim is a setting.
    let elsewhere = desk(&app, &provider, |server| {
        mapped(server);
        server.oidc.oidc_groups_claim = "roles".into();
    })
    .await;
    provider.claim(json!({"groups": ["admins"], "roles": ["editors"]}));
    let token = browser.sign_in(&elsewhere, &provider).await;
    assert_eq!(me(&app, &token).await["role"], "editor");
}

#[apply(both)]
async fn the_last_admin_stays_one_whatever_groups_say(app: TestApp) {
    app.user("kim@news.example", Role::Admin).await;
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, |server| {
        server.oidc.oidc_roles = vec!["viewers=viewer".parse().unwrap()];
    })
    .await;
    provider.is("s-1", "kim@news.example");
    provider.claim(json!({"groups": ["viewers"]}));
    let mut browser = Browser::new();
    let token = browser.sign_in(&desk, &provider).await;
    assert_eq!(me(&app, &token).await["role"], "admin");
    assert!(entries(&app, "person_changed").await.is_empty());
    app.user("lee@news.example", Role::Admin).await;
    let token = browser.sign_in(&desk, &provider).await;
    assert_eq!(me(&app, &token).await["role"], "viewer");
}

#[apply(both)]
async fn several_processes_are_one_server(app: TestApp) {
    let provider = Provider::start().await;
    let open = |server: &mut dateline::config::ServerConfig| {
        server.oidc.oidc_default_role = Some(Role::Viewer);
    };
    let one = desk(&app, &provider, open).await;
    let two = desk(&app, &provider, open).await;
    let three = desk(&app, &provider, open).await;
    provider.is("s-1", "kim@news.example");
    let mut browser = Browser::new();
    let start = browser.start(&one).await;
    let with = provider.sign_in_at(start.header("location"));
    // Of two that it reaches at once, one lets it in.
    let (first, second) = tokio::join!(browser.back(&two, &with), browser.back(&three, &with));
    let told = [first, second].map(|reply| crate::identity_provider::told(&reply));
    let codes: Vec<&String> = told.iter().filter_map(|told| told.get("code")).collect();
    assert_eq!(codes.len(), 1, "{told:?}");
    let (first, second) = tokio::join!(
        browser.exchange(&one, codes[0]),
        browser.exchange(&three, codes[0])
    );
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    // Two browsers of somebody who comes for the first time.
    provider.is("s-2", "lee@news.example");
    let (mut here, mut there) = (Browser::new(), Browser::new());
    let (one, two) = tokio::join!(
        here.sign_in(&one, &provider),
        there.sign_in(&two, &provider)
    );
    assert_eq!(me(&app, &one).await["id"], me(&app, &two).await["id"]);
    assert_eq!(entries(&app, "identity_linked").await.len(), 2);
}

#[apply(both)]
async fn two_tabs_of_a_browser_both_sign_in(app: TestApp) {
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, |server| {
        server.oidc.oidc_default_role = Some(Role::Viewer);
    })
    .await;
    provider.is("s-1", "kim@news.example");
    let mut browser = Browser::new();
    let first = browser.start(&desk).await;
    let second = browser.start(&desk).await;
    for start in [first, second] {
        let with = provider.sign_in_at(start.header("location"));
        let told = crate::identity_provider::told(&browser.back(&desk, &with).await);
        assert_eq!(browser.exchange(&desk, &told["code"]).await.status, 200);
    }
}

#[apply(both)]
async fn clients_and_keys_of_every_kind_are_taken(app: TestApp) {
    let provider = Provider::start().await;
    let open = |server: &mut dateline::config::ServerConfig| {
        server.oidc.oidc_default_role = Some(Role::Viewer);
    };
    provider.is("s-1", "kim@news.example");
    let public = desk(&app, &provider, |server| {
        open(server);
        server.oidc.oidc_client_secret = None;
        server.oidc.oidc_scopes = "email".into();
    })
    .await;
    provider.script().client = "none";
    Browser::new().sign_in(&public, &provider).await;
    provider.script().client = "post";
    provider.script().metadata =
        json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]});
    let by_form = desk(&app, &provider, open).await;
    let mut browser = Browser::new();
    browser.sign_in(&by_form, &provider).await;
    for key in [SigningKey::p256("p256"), SigningKey::ed25519("ed25519")] {
        provider.script().keys.push(key.clone());
        provider.script().signed = Signed::By(key);
        browser.sign_in(&by_form, &provider).await;
    }
    // One of each kind: a token needs not name its key.
    let keys = provider.script().keys.clone();
    for key in keys {
        provider.script().signed = Signed::Unnamed(key);
        browser.sign_in(&by_form, &provider).await;
    }
    provider.claim(json!({"aud": ["dateline", "another"], "azp": "dateline"}));
    browser.sign_in(&by_form, &provider).await;
}

#[apply(both)]
async fn what_the_id_token_lacks_is_asked_for(app: TestApp) {
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, |server| {
        server.oidc.oidc_roles = vec!["editors=editor".parse().unwrap()];
    })
    .await;
    provider.script().claims = json!({"sub": "s-1"});
    provider.script().userinfo = json!({
        "sub": "s-1", "email": "kim@news.example", "email_verified": true, "groups": ["editors"],
        "nonce": "another", "name": "Kim"
    });
    let token = Browser::new().sign_in(&desk, &provider).await;
    assert_eq!(me(&app, &token).await["role"], "editor");
    // Of somebody else it counts for nothing.
    provider.script().userinfo["sub"] = json!("s-2");
    assert_eq!(refused(&desk, &provider).await, "server_error");
    provider.is("s-1", "kim@news.example");
    provider.claim(json!({"groups": ["editors"]}));
    let asked = provider.asked("/userinfo");
    Browser::new().sign_in(&desk, &provider).await;
    assert_eq!(provider.asked("/userinfo"), asked);
}

#[apply(both)]
async fn without_a_provider_there_is_nothing(app: TestApp) {
    let mut browser = Browser::new();
    assert_eq!(browser.start(&app).await.problem(), "not-found");
    assert_eq!(browser.back(&app, &[]).await.problem(), "not-found");
    assert_eq!(
        browser.exchange(&app, "dc_x").await.problem(),
        "unauthenticated"
    );
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, |server| {
        server.oidc.oidc_provider = "google".parse().unwrap();
    })
    .await;
    assert_eq!(browser.start(&desk).await.problem(), "not-found");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let place = crate::process::Place::new(crate::harness::On::Sqlite);
    let client = ["--oidc-client-id", "dateline"];
    let api = ["--oidc-api-url", "https://api.example"];
    let issuer = ["--oidc-issuer", "https://id.example"];
    for (settings, said) in [
        (issuer.to_vec(), "--oidc-client-id"),
        ([issuer, client].concat(), "--oidc-api-url"),
        (
            [["--oidc-issuer", "http://id.example"], client, api].concat(),
            "https",
        ),
        (
            [["--oidc-api-url", "http://api.example"], client, issuer].concat(),
            "https",
        ),
        (vec!["--oidc-provider", "My provider"], "lower-case letters"),
        (vec!["--oidc-email-domains", "*"], "news.example"),
        (vec!["--oidc-roles", "editors=boss"], "boss"),
        (vec!["--oidc-roles", "editors"], "group=role"),
        (vec!["--oidc-default-role", "boss"], "boss"),
    ] {
        let arguments = [["serve", "--create"].to_vec(), settings].concat();
        let output = place.run(&arguments, "");
        let error = crate::process::text(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}
