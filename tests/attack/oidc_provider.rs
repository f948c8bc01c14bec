//! An identity provider that is away, lies about itself or answers without end, and what it leaves in logs.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dateline::auth::model::Role;
use dateline::config::ServerConfig;
use dateline::db::identity_schema::provider_sign_ins;
use diesel::RunQueryDsl;
use macro_rules_attribute::apply;
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509Name};
use serde_json::json;

use super::oidc::open;
use crate::both;
use crate::harness::On;
use crate::identity_provider::{
    Browser, CALLBACK, CLIENT, Fault, PAGE, Provider, SECRET, START, Signed, SigningKey, TOKEN,
    base64url, desk, refused,
};
use crate::process::Place;

#[apply(both)]
async fn while_the_provider_is_away_only_sign_in_by_it_is(app: TestApp) {
    let provider = Provider::start().await;
    provider.is("s-1", "kim@news.example");
    const DISCOVERY: &str = "/.well-known/openid-configuration";
    // Nobody listens at its address.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let away = desk(&app, &provider, |server| {
        open(server);
        server.oidc.oidc_issuer = Some(nowhere.parse().unwrap());
    })
    .await;
    let mut browser = Browser::new();
    let reply = browser.start(&away).await;
    assert_eq!(
        (reply.status.as_u16(), reply.problem()),
        (503, "unavailable")
    );
    assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
    assert!(!reply.text.contains(&nowhere), "{}", reply.text);
    assert_eq!(away.get("/v1/articles").await.status, 200);
    app.user("lee@news.example", Role::Editor).await;
    // It answers, and not as it should.
    let quick = |server: &mut ServerConfig| {
        open(server);
        server.oidc.oidc_timeout = 1;
    };
    let desk = desk(&app, &provider, quick).await;
    let other = json!({"issuer": "https://id.example"}).to_string();
    for fault in [
        Fault::Status(500),
        Fault::Status(404),
        Fault::Huge,
        Fault::Stalled,
        Fault::Body("<html>".into()),
        Fault::Body("{}".into()),
        Fault::Body(other),
        Fault::RedirectTo(format!("{}/elsewhere", provider.url)),
    ] {
        provider.script().faults.insert(DISCOVERY, fault);
        let reply = browser.start(&desk).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem()),
            (503, "unavailable")
        );
    }
    assert_eq!(provider.asked("/elsewhere"), 0);
    provider.script().faults.clear();
    // What is not of this provider is not used.
    for metadata in [
        json!({"issuer": "https://id.example"}),
        json!({"issuer": format!("{}/", provider.url)}),
        json!({"token_endpoint": "http://id.example/token"}),
        json!({"jwks_uri": "ftp://id.example/jwks"}),
        json!({"authorization_endpoint": "javascript:alert(1)"}),
        json!({"userinfo_endpoint": "file:///etc/passwd"}),
    ] {
        provider.script().metadata = metadata.clone();
        assert_eq!(browser.start(&desk).await.status, 503, "{metadata}");
    }
    provider.script().metadata = json!({});
    // It is back, and away again when browsers come back from it.
    assert_eq!(browser.start(&desk).await.status, 302);
    for (path, fault, expected) in [
        ("/token", Fault::Status(503), "temporarily_unavailable"),
        ("/token", Fault::Status(429), "temporarily_unavailable"),
        ("/token", Fault::Stalled, "temporarily_unavailable"),
        ("/token", Fault::Status(400), "server_error"),
        ("/token", Fault::Huge, "server_error"),
        ("/token", Fault::Body("{}".into()), "server_error"),
        (
            "/token",
            Fault::RedirectTo(format!("{}/elsewhere", provider.url)),
            "server_error",
        ),
        ("/jwks", Fault::Status(500), "temporarily_unavailable"),
        ("/jwks", Fault::Huge, "server_error"),
        ("/jwks", Fault::Body("[]".into()), "server_error"),
    ] {
        provider.script().faults.insert(path, fault);
        assert_eq!(refused(&desk, &provider).await, expected, "{path}");
        provider.script().faults.clear();
    }
    assert_eq!(provider.asked("/elsewhere"), 0);
    let desk = crate::identity_provider::desk(&app, &provider, open).await;
    browser.sign_in(&desk, &provider).await;
}

/// A server with a certificate that nobody trusts; with how many connected, and how many said something all the same.
fn self_signed() -> (String, Arc<[AtomicUsize; 2]>) {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_text("CN", "localhost").unwrap();
    let name = name.build();
    let mut certificate = X509::builder().unwrap();
    certificate.set_version(2).unwrap();
    certificate.set_subject_name(&name).unwrap();
    certificate.set_issuer_name(&name).unwrap();
    certificate.set_pubkey(&key).unwrap();
    let (begin, end) = (Asn1Time::days_from_now(0), Asn1Time::days_from_now(365));
    certificate.set_not_before(&begin.unwrap()).unwrap();
    certificate.set_not_after(&end.unwrap()).unwrap();
    let names = SubjectAlternativeName::new()
        .dns("localhost")
        .build(&certificate.x509v3_context(None, None));
    certificate.append_extension(names.unwrap()).unwrap();
    certificate.sign(&key, MessageDigest::sha256()).unwrap();
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
    acceptor.set_private_key(&key).unwrap();
    acceptor.set_certificate(&certificate.build()).unwrap();
    let acceptor = acceptor.build();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let counted = Arc::clone(&counts);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            counted[0].fetch_add(1, Ordering::SeqCst);
            if let Ok(mut stream) = acceptor.accept(stream) {
                let read = stream.read(&mut [0]);
                let said = usize::from(read.is_ok_and(|bytes| bytes > 0));
                counted[1].fetch_add(said, Ordering::SeqCst);
            }
        }
    });
    (format!("https://localhost:{port}"), counts)
}

#[apply(both)]
async fn a_provider_whose_certificate_nobody_trusts_is_told_nothing(app: TestApp) {
    let provider = Provider::start().await;
    let (issuer, counts) = self_signed();
    let desk = desk(&app, &provider, |server| {
        open(server);
        server.oidc.oidc_issuer = Some(issuer.parse().unwrap());
    })
    .await;
    let reply = Browser::new().start(&desk).await;
    assert_eq!(
        (reply.status.as_u16(), reply.problem()),
        (503, "unavailable")
    );
    assert_ne!(counts[0].load(Ordering::SeqCst), 0);
    assert_eq!(counts[1].load(Ordering::SeqCst), 0);
}

#[apply(both)]
async fn a_provider_changes_its_keys_and_nobody_else_does(app: TestApp) {
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, open).await;
    provider.is("s-1", "kim@news.example");
    let mut browser = Browser::new();
    browser.sign_in(&desk, &provider).await;
    browser.sign_in(&desk, &provider).await;
    assert_eq!(provider.asked("/jwks"), 1);
    let next = SigningKey::rsa("next");
    provider.script().keys = vec![next.clone()];
    provider.script().signed = Signed::By(next.clone());
    browser.sign_in(&desk, &provider).await;
    assert_eq!(provider.asked("/jwks"), 2);
    // Names that somebody makes up do not have the provider asked each time.
    provider.script().signed = Signed::As(next.clone(), "made-up");
    let attempts = 40;
    for _ in 0..attempts {
        assert_eq!(refused(&desk, &provider).await, "server_error");
    }
    let asked = provider.asked("/jwks");
    assert!(asked < attempts / 2, "{asked}");
    assert_eq!(provider.asked("/token"), 3 + attempts);
    assert_eq!(provider.asked("/.well-known/openid-configuration"), 1);
    provider.script().signed = Signed::By(next);
    browser.sign_in(&desk, &provider).await;
}

#[apply(both)]
async fn attempts_to_begin_are_limited(app: TestApp) {
    let provider = Provider::start().await;
    let desk = desk(&app, &provider, open).await;
    let mut browser = Browser::new();
    let mut statuses = Vec::new();
    for _ in 0..35 {
        statuses.push(browser.start(&desk).await.status.as_u16());
    }
    assert_eq!(statuses[0], 302);
    assert_eq!(statuses.last(), Some(&429));
    assert_eq!(Browser::new().start(&desk).await.status, 302);
    // Nothing is written before somebody comes back.
    let rows: i64 = app
        .database
        .read(|connection| {
            use diesel::QueryDsl;
            Ok(provider_sign_ins::table.count().get_result(connection)?)
        })
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[actix_web::test]
async fn nothing_secret_is_in_the_log() {
    let provider = Provider::start().await;
    let place = Place::new(On::Sqlite);
    let arguments = [
        "--log",
        "trace",
        "--workers",
        "1",
        "--oidc-issuer",
        &provider.url,
        "--oidc-client-id",
        CLIENT,
        "--oidc-api-url",
        "https://api.example",
        "--editorial-origins",
        "https://desk.example",
        "--oidc-default-role",
        "viewer",
        "--oidc-email-domains",
        "news.example",
    ];
    let mut command = place.command(&arguments);
    command.env("DATELINE_OIDC_CLIENT_SECRET", SECRET);
    let (mut server, lines) = place.started_with_log(&mut command);
    let log = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = client.build().unwrap();
    let base = format!("http://{}", server.address);
    let challenge = base64url(<sha2::Sha256 as sha2::Digest>::digest(
        "the-verifier-of-the-page",
    ));
    let mut secrets = vec![
        SECRET.to_owned(),
        "the-verifier-of-the-page".into(),
        "access-token-of-the-provider".into(),
    ];
    provider.is("s-1", "kim@news.example");
    for round in 0..2 {
        if round == 1 {
            provider.script().signed = Signed::Not;
        }
        let start = client
            .get(format!("{base}{START}"))
            .query_pairs(&[("return_to", PAGE), ("code_challenge", &challenge)]);
        let start = start.send().await.unwrap();
        let header = |name: &str| start.headers()[name].to_str().unwrap().to_owned();
        let cookie = header("set-cookie").split(';').next().unwrap().to_owned();
        let with = provider.sign_in_at(&header("location"));
        let pairs: Vec<(&str, &str)> = with.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let back = client
            .get(format!("{base}{CALLBACK}"))
            .query_pairs(&pairs)
            .header("cookie", &cookie);
        let back = back.send().await.unwrap();
        let location = url::Url::parse(back.headers()["location"].to_str().unwrap()).unwrap();
        secrets.push(cookie.split_once('=').unwrap().1.to_owned());
        secrets.extend([with[0].1.clone(), with[1].1.clone()]);
        let Some((_, code)) = location.query_pairs().find(|(name, _)| name == "code") else {
            assert_eq!(round, 1);
            continue;
        };
        let body = json!({"code": code, "code_verifier": "the-verifier-of-the-page"});
        let tokens = client
            .post(format!("{base}{TOKEN}"))
            .json(&body)
            .send()
            .await
            .unwrap();
        let tokens: serde_json::Value = tokens.json().await.unwrap();
        secrets.push(code.into_owned());
        for token in ["access_token", "refresh_token"] {
            secrets.push(tokens[token].as_str().unwrap().to_owned());
        }
    }
    let id = server.child.id().to_string();
    let terminated = std::process::Command::new("kill").arg(id).status();
    assert!(terminated.unwrap().success());
    server.child.wait().unwrap();
    let log = log.join().unwrap();
    assert!(
        log.iter().any(|line| line.contains("ID token was refused")),
        "{}",
        log.len()
    );
    let first = server.log.iter().map(ToString::to_string);
    for line in first.chain(log) {
        for secret in &secrets {
            assert!(!line.contains(secret.as_str()), "{secret} in {line}");
        }
    }
}

trait QueryPairs {
    fn query_pairs(self, pairs: &[(&str, &str)]) -> Self;
}

impl QueryPairs for reqwest::RequestBuilder {
    fn query_pairs(self, pairs: &[(&str, &str)]) -> Self {
        let (client, request) = self.build_split();
        let mut request = request.unwrap();
        request.url_mut().query_pairs_mut().extend_pairs(pairs);
        Self::from_parts(client, request)
    }
}
