//! Bodies that are made to be expensive.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{DOCUMENT, On, TestApp};
use crate::process::Place;

/// Answers may have so many bytes more than what they answer.
const ROOM: usize = 64 * 1024;

/// Operations that take a body: method and path, everything in it filled in.
fn operations() -> Vec<(Method, String)> {
    let id = "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11";
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let path = path
                .replace("{id}", id)
                .replace("{slug}", "one")
                .replace("{network}", "x");
            ["post", "put", "patch"]
                .into_iter()
                .filter(|method| item[*method].is_object())
                .map(move |method| {
                    let method = method.to_uppercase().parse().unwrap();
                    (method, path.clone())
                })
        })
        .collect()
}

fn text(random: &mut StdRng) -> String {
    let parts = [
        "a",
        "\0",
        "~",
        "/",
        "\"",
        "\\",
        "é",
        "<b>",
        "x".repeat(2_000).as_str(),
        "\u{1}",
    ]
    .map(str::to_owned);
    (0..random.random_range(0..40))
        .map(|_| parts.choose(random).unwrap().as_str())
        .collect()
}

/// Something that may stand anywhere, and is mostly wrong there.
fn value(depth: u32, random: &mut StdRng) -> Value {
    let names = [
        "headline", "tags", "body", "content", "format", "type", "counts", "html", "rows",
        "custom", "email", "network",
    ];
    match random.random_range(0..if depth == 0 { 4 } else { 7 }) {
        0 => json!(random.random::<i64>()),
        1 => Value::Null,
        2 => json!(text(random)),
        3 => json!(random.random_bool(0.5)),
        4 => (0..random.random_range(0..300))
            .map(|_| json!("\0"))
            .collect(),
        5 => (0..random.random_range(0..30))
            .map(|_| value(depth - 1, random))
            .collect(),
        _ => {
            let fields = (0..random.random_range(0..30)).map(|_| {
                let name = match names.choose(random) {
                    Some(name) if random.random_bool(0.7) => (*name).to_owned(),
                    _ => text(random),
                };
                (name, value(depth - 1, random))
            });
            Value::Object(fields.collect())
        }
    }
}

#[actix_web::test]
async fn what_is_answered_does_not_grow_with_what_is_wrong() {
    let app = TestApp::start(On::Sqlite).await;
    let token = app.tool().await;
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let random = &mut StdRng::seed_from_u64(seed);
    let long = "k\0".repeat(50_000);
    let mut bodies = vec![
        json!({ &long: vec!["\0"; 20_000] }),
        json!({ "k".repeat(400_000): vec![1; 20_000] }),
        json!({ "tags": vec![1; 100_000] }),
        json!({ "body": vec![json!({}); 2_000] }),
        json!({ "body": [{"type": "list", "items": vec![1; 100_000]}] }),
        json!({ "body": [{"type": "x".repeat(100_000)}] }),
        json!({ "body": {"format": "x".repeat(100_000)} }),
        json!({ "counts": vec![json!({"x": 1}); 1_100] }),
    ];
    bodies.extend((0..20).map(|_| value(4, random)));
    let operations = operations();
    assert!(operations.len() > 12);
    for body in bodies {
        let body = serde_json::to_vec(&body).unwrap();
        for (method, path) in &operations {
            let reply = app
                .request(method.clone(), path)
                .bearer(&token)
                .header("if-match", "*")
                .raw("application/json", body.clone())
                .send()
                .await;
            assert!(
                reply.text.len() <= body.len() + ROOM,
                "{method} {path}: {} of {}",
                reply.text.len(),
                body.len()
            );
            if let Some(errors) = reply.json["errors"].as_array() {
                assert!(errors.len() <= 100);
                assert!(
                    errors
                        .iter()
                        .all(|error| error["pointer"].as_str().unwrap().chars().count() <= 300)
                );
            }
        }
    }
}

#[actix_web::test]
async fn a_body_is_as_large_as_its_resource_takes() {
    let app = TestApp::start(On::Sqlite).await;
    let token = app.tool().await;
    for (method, path, most) in [
        (Method::POST, "/v1/articles/one/shares", 1024),
        (Method::POST, "/v1/auth/login", 4 * 1024),
        (Method::POST, "/v1/auth/refresh", 4 * 1024),
        (Method::POST, "/v1/editorial/tags", 64 * 1024),
        (Method::POST, "/v1/editorial/authors", 64 * 1024),
        (Method::POST, "/v1/editorial/shares/external", 1024 * 1024),
        (Method::POST, "/v1/editorial/articles", 2 * 1024 * 1024),
    ] {
        for (size, refused) in [(most, false), (most + 1, true)] {
            let body = format!("\"{}\"", "x".repeat(size - 2));
            let request = app.request(method.clone(), path).bearer(&token);
            let reply = request.raw("application/json", body).send().await;
            assert_eq!(
                reply.status == 413,
                refused,
                "{path} {size}: {}",
                reply.text
            );
        }
    }
}

/// Who asks first (RFC 9110, section 10.1.1) is told before it sends anything.
#[test]
fn a_body_that_is_announced_as_too_large_is_not_waited_for() {
    use std::io::{Read, Write};
    let place = Place::new(On::Sqlite);
    let server = place.serve();
    let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
    let head = "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Expect: 100-continue\r\nContent-Length: 99999\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    while !answer.contains("HTTP/1.1 413") {
        let mut some = [0; 1024];
        let read = stream.read(&mut some).unwrap();
        assert!(read > 0, "{answer}");
        answer.push_str(&String::from_utf8_lossy(&some[..read]));
    }
}

/// Kibibytes of a process, by name (`VmRSS`, `VmHWM`).
pub fn memory(process: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    line.trim_matches([':', ' ', '\t', 'k', 'B'])
        .trim()
        .parse()
        .unwrap()
}

#[test]
fn hostile_bodies_of_two_megabytes_take_little_memory() {
    let place = Place::new(On::Sqlite);
    let token = place.run(
        &[
            "token",
            "issue",
            "--name",
            "t",
            "--scope",
            "articles:read,articles:write,articles:publish,tags:write,authors:write,shares:write",
        ],
        "",
    );
    let token = crate::process::text(&token.stdout);
    let server = place.serve();
    assert_eq!(server.ask("GET", "/v1/articles", "", None).0, 200);
    let before = memory(server.child.id(), "VmRSS");
    let bodies = [
        format!(
            "{{\"{}\":[{}]}}",
            "k\\u0000".repeat(100_000),
            vec!["\"\\u0000\""; 100_000].join(",")
        ),
        format!("[{}]", vec!["0"; 1_000_000].join(",")),
        format!("{{\"tags\":[{}]}}", vec!["0"; 900_000].join(",")),
        format!(
            "{{\"body\":{{\"format\":\"html\",\"content\":\"{}\"}}}}",
            "<b><i><u>".repeat(100_000)
        ),
    ];
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (server, bodies, token) = (&server, &bodies, &token);
            scope.spawn(move || {
                for (method, path) in operations() {
                    let body = &bodies[number % bodies.len()];
                    let token = if number % 2 == 0 {
                        token.as_str()
                    } else {
                        "none"
                    };
                    let status = server.send(method.as_str(), &path, token, body);
                    // None: the server does not read to the end what it refuses.
                    assert!(
                        status.is_none_or(|status| (400..500).contains(&status) || status == 503),
                        "{method} {path}: {status:?}"
                    );
                }
            });
        }
    });
    assert_eq!(server.ask("GET", "/v1/articles", "", None).0, 200);
    let grown = (memory(server.child.id(), "VmHWM") - before) / 1024;
    println!("{grown} MiB more at most");
    assert!(grown <= 100, "{grown} MiB");
}
