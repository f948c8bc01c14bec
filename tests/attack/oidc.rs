//! Sign-in by an identity provider, as somebody would attack it: with forged tokens, and with what other browsers and
//! other pages know.

use dateline::auth::model::Role;
use dateline::config::ServerConfig;
use dateline::db::Timestamp;
use dateline::db::identity_schema::provider_sign_ins;
use dateline::events::log;
use diesel::{ExpressionMethods, RunQueryDsl};
use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::json;

use crate::both;
use crate::harness::TestApp;
use crate::identity_provider::{
    Browser, CALLBACK, CLIENT, Provider, START, Signed, SigningKey, TOKEN, base64url, desk, told,
};

pub fn open(server: &mut ServerConfig) {
    server.oidc.oidc_default_role = Some(Role::Viewer);
}

async fn signed_in(app: &TestApp) -> usize {
    let all = app
        .database
        .read(|connection| log::after(connection, 0, 1_000));
    let all = all.await.unwrap().into_iter();
    all.filter(|entry| entry.kind == "signed_in").count()
}

#[apply(both)]
async fn a_forged_token_lets_nobody_in(app: TestApp) {
    app.user("kim@news.example", Role::Admin).await;
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, open).await;
    let (own, foreign) = (
        provider.script().keys[0].clone(),
        SigningKey::rsa("foreign"),
    );
    let now = chrono::Utc::now().timestamp();
    let by_own = || Signed::By(own.clone());
    let forged = [
        ("another nonce", json!({"nonce": "another"}), by_own()),
        ("no nonce", json!({"nonce": null}), by_own()),
        ("another audience", json!({"aud": "another"}), by_own()),
        ("no audience", json!({"aud": null}), by_own()),
        (
            "several audiences",
            json!({"aud": [CLIENT, "another"]}),
            by_own(),
        ),
        (
            "another party",
            json!({"aud": [CLIENT, "another"], "azp": "another"}),
            by_own(),
        ),
        (
            "another issuer",
            json!({"iss": "https://id.example"}),
            by_own(),
        ),
        (
            "an issuer with a slash",
            json!({"iss": format!("{}/", provider.url)}),
            by_own(),
        ),
        ("expired", json!({"exp": now - 3_600}), by_own()),
        ("no end", json!({"exp": null}), by_own()),
        (
            "from tomorrow",
            json!({"iat": now + 86_400, "exp": now + 90_000}),
            by_own(),
        ),
        ("nobody", json!({"sub": null}), by_own()),
        (
            "a subject of no database",
            json!({"sub": "a\u{0}b"}),
            by_own(),
        ),
        ("a long subject", json!({"sub": "s".repeat(256)}), by_own()),
        ("not signed", json!({}), Signed::Not),
        (
            "signed with the public key",
            json!({}),
            Signed::WithPublicKey,
        ),
        ("a foreign key", json!({}), Signed::By(foreign.clone())),
        (
            "a foreign key by the name of the own",
            json!({}),
            Signed::As(foreign.clone(), own.id),
        ),
        (
            "a foreign key without a name",
            json!({}),
            Signed::Unnamed(foreign),
        ),
        (
            "another kind of key",
            json!({}),
            Signed::As(SigningKey::p256("x"), own.id),
        ),
        ("no token", json!({}), Signed::Text(String::new())),
        ("three dots", json!({}), Signed::Text("...".into())),
        (
            "a header that is none",
            json!({}),
            Signed::Text(format!("{}.e30.", base64url("7"))),
        ),
    ];
    for (what, claims, signed) in forged {
        provider.is("s-1", "kim@news.example");
        provider.claim(claims);
        provider.script().signed = signed;
        let told = Browser::new().go(&desk, &provider).await;
        assert_eq!(
            told.get("error").map(String::as_str),
            Some("server_error"),
            "{what}: {told:?}"
        );
    }
    assert_eq!(signed_in(&app).await, 1, "with the password");
    provider.is("s-1", "kim@news.example");
    provider.script().signed = by_own();
    Browser::new().sign_in(&desk, &provider).await;
}

#[apply(both)]
async fn a_state_is_one_browser_s_and_good_once(app: TestApp) {
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, open).await;
    provider.is("s-1", "kim@news.example");
    let mut browser = Browser::new();
    let start = browser.start(&desk).await;
    let cookie = start.header("set-cookie");
    for part in [
        "__Host-",
        "; Secure",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Path=/;",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let with = provider.sign_in_at(start.header("location"));
    // Somebody is lured to come back with what another one began: a browser without a cookie, and one with its own.
    let mut other = Browser::new();
    let error = |told: std::collections::HashMap<String, String>| told["error"].clone();
    assert_eq!(
        error(told(&other.back(&desk, &with).await)),
        "invalid_request"
    );
    other.start(&desk).await;
    assert_eq!(
        error(told(&other.back(&desk, &with).await)),
        "invalid_request"
    );
    // That used nothing up.
    let first = told(&browser.back(&desk, &with).await);
    assert!(first.contains_key("code"), "{first:?}");
    let asked = provider.asked("/token");
    assert_eq!(
        error(told(&browser.back(&desk, &with).await)),
        "invalid_request"
    );
    assert_eq!(provider.asked("/token"), asked);
    // Also when nothing came of it, the code of somebody else cannot be tried next.
    let start = browser.start(&desk).await;
    let mut with = provider.sign_in_at(start.header("location"));
    let code = std::mem::replace(&mut with[0].1, "guess".into());
    assert_eq!(
        error(told(&browser.back(&desk, &with).await)),
        "server_error"
    );
    with[0].1 = code;
    assert_eq!(
        error(told(&browser.back(&desk, &with).await)),
        "invalid_request"
    );
    // What this server has not signed leads nowhere.
    let start = browser.start(&desk).await;
    let with = provider.sign_in_at(start.header("location"));
    let state = with[1].1.clone();
    let mut tampered = state.clone().into_bytes();
    let last = tampered.len() - 5;
    tampered[last] = if tampered[last] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(tampered).unwrap();
    for wrong in ["", "x", &tampered, &state[..60], &"A".repeat(4_000), "%00"] {
        let with = [
            ("code".to_owned(), "c".to_owned()),
            ("state".to_owned(), wrong.to_owned()),
        ];
        let reply = browser.back(&desk, &with).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem()),
            (400, "invalid-parameter"),
            "{wrong}"
        );
        assert!(reply.header("location").is_empty());
    }
    for query in ["", "?code=c", "?state=a&state=b", "?error=access_denied"] {
        let reply = desk.get(&format!("{CALLBACK}{query}")).await;
        assert_eq!(reply.status, 400, "{query}");
    }
}

#[apply(both)]
async fn a_code_is_one_client_s_and_good_once(app: TestApp) {
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, open).await;
    provider.is("s-1", "kim@news.example");
    let mut browser = Browser::new();
    // Somebody sends their own code to another one's page, to have them write into a foreign account.
    let told = browser.go(&desk, &provider).await;
    let stranger = Browser::new().exchange(&desk, &told["code"]).await;
    assert_eq!(
        (stranger.status.as_u16(), stranger.problem()),
        (401, "unauthenticated")
    );
    // Nobody guesses on: the code is gone, also for whoever has the verifier.
    assert_eq!(browser.exchange(&desk, &told["code"]).await.status, 401);
    let told = browser.go(&desk, &provider).await;
    assert_eq!(browser.exchange(&desk, &told["code"]).await.status, 200);
    assert_eq!(browser.exchange(&desk, &told["code"]).await.status, 401);
    // After a minute.
    let told = browser.go(&desk, &provider).await;
    let past = Timestamp::now().plus(chrono::Duration::seconds(-1));
    app.database
        .write(move |connection| {
            diesel::update(provider_sign_ins::table)
                .set(provider_sign_ins::code_expires_at.eq(past))
                .execute(connection)?;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(browser.exchange(&desk, &told["code"]).await.status, 401);
    for wrong in ["", "dc_", "dc_x", "code", &"x".repeat(2_000)] {
        assert_eq!(
            browser.exchange(&desk, wrong).await.status,
            401,
            "{wrong:?}"
        );
    }
    // What the provider said, and what is stored, are no codes.
    let start = browser.start(&desk).await;
    let with = provider.sign_in_at(start.header("location"));
    assert_eq!(browser.exchange(&desk, &with[0].1).await.status, 401);
    let wrong = desk
        .request(Method::POST, TOKEN)
        .json(json!({"code": "dc_x"}))
        .await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.pointers()),
        (422, vec!["/code_verifier"])
    );
    assert_eq!(signed_in(&app).await, 1);
}

#[apply(both)]
async fn nobody_is_sent_to_a_page_that_is_not_the_newsroom_s(app: TestApp) {
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, open).await;
    let mut browser = Browser::new();
    for page in [
        "",
        "/signed-in",
        "//desk.example/in",
        "https://evil.example/",
        "http://desk.example/in",
        "https://desk.example:8443/in",
        "https://desk.example.evil.example/",
        "https://evil.example/?https://desk.example",
        "https://desk.example@evil.example/",
        "https://evil.example\\@desk.example/",
        "https://user:secret@desk.example/",
        "https://desk.example/#token",
        "javascript:alert(document.domain)//desk.example",
        "data:text/html,desk.example",
        "https://desk.example/?code=dc_mine",
        "https://desk.example/?error=none",
        "https://desk.example/\u{0}\u{fffd}",
        &format!("https://desk.example/{}", "x".repeat(1_000)),
    ] {
        let reply = browser.start_for(&desk, page).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem()),
            (400, "invalid-parameter"),
            "{page}"
        );
        assert!(reply.header("location").is_empty(), "{page}");
        assert!(!reply.text.contains("evil.example"), "{page}");
    }
    for query in [
        "",
        "?return_to=https%3A%2F%2Fdesk.example",
        "?return_to=https%3A%2F%2Fdesk.example&code_challenge=short",
        "?return_to=https%3A%2F%2Fdesk.example&code_challenge=x&redirect_uri=https%3A%2F%2Fevil.example",
    ] {
        let reply = desk.get(&format!("{START}{query}")).await;
        assert_eq!(reply.problem(), "invalid-parameter", "{query}");
    }
    // A header names neither where the provider sends browsers back to, nor where they go then.
    let reply = desk
        .request(Method::GET, START)
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example");
    drop(reply.send().await);
    let start = browser
        .start_for(&desk, "https://DESK.example:443/in")
        .await;
    assert_eq!(start.status, 302, "{}", start.text);
    assert!(start.header("location").starts_with(&provider.url));
    assert!(!start.header("location").contains("evil.example"));
    // Origins that were taken off the list since are not returned to.
    let start = browser.start(&desk).await;
    let with = provider.sign_in_at(start.header("location"));
    let without = crate::identity_provider::desk(&app, &provider, |server| {
        open(server);
        server.editorial_origins = Vec::new();
    })
    .await;
    let reply = browser.back(&without, &with).await;
    assert_eq!(reply.status, 400, "{}", reply.header("location"));
}

#[apply(both)]
async fn what_the_provider_refuses_is_told_in_the_words_of_the_standard(app: TestApp) {
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, open).await;
    let mut browser = Browser::new();
    for (error, expected) in [
        ("access_denied", "access_denied"),
        ("login_required", "login_required"),
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("<script>alert(1)</script>", "server_error"),
        ("", "server_error"),
    ] {
        let start = browser.start(&desk).await;
        let state = provider.sign_in_at(start.header("location"))[1].clone();
        let sentence = (
            "error_description".to_owned(),
            "Call 555-0100 now".to_owned(),
        );
        let with = [("error".to_owned(), error.to_owned()), sentence, state];
        let reply = browser.back(&desk, &with).await;
        assert_eq!(told(&reply)["error"], expected);
        assert!(!reply.header("location").contains("555"));
    }
    // A code of another provider is not tried at this one (RFC 9207).
    provider.script().metadata = json!({"authorization_response_iss_parameter_supported": true});
    let desk = crate::identity_provider::desk(&app, &provider, open).await;
    provider.is("s-1", "kim@news.example");
    for (issuer, is_let_in) in [
        (Some(provider.url.as_str()), true),
        (Some("https://id.example"), false),
        (None, false),
    ] {
        let start = browser.start(&desk).await;
        let mut with = provider.sign_in_at(start.header("location"));
        with.extend(issuer.map(|issuer| ("iss".to_owned(), issuer.to_owned())));
        let told = told(&browser.back(&desk, &with).await);
        assert_eq!(told.contains_key("code"), is_let_in, "{issuer:?}");
    }
}
