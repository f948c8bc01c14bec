//! Guessing passwords, and keeping others from signing in.

use std::io::Write;
use std::net::TcpStream;

use dateline::auth::model::Role;
use reqwest::Method;
use serde_json::json;

use super::bodies::memory;
use crate::harness::{On, PASSWORD, TestApp};
use crate::process::Place;

#[actix_web::test]
async fn guesses_from_elsewhere_do_not_lock_the_owner_out() {
    let app = TestApp::start(On::Sqlite).await;
    app.user("owner@example.com", Role::Editor).await;
    let login = |address: String, password: &'static str| {
        let request = app.request(Method::POST, "/v1/auth/login");
        let request = request.header("x-forwarded-for", &address);
        request.json(json!({"email": "owner@example.com", "password": password}))
    };
    let mut wrong = 0;
    for guesser in 1..=4 {
        for _ in 0..15 {
            match login(format!("203.0.113.{guesser}"), "not the password")
                .await
                .status
                .as_u16()
            {
                401 => wrong += 1,
                // On a slow machine each has more guesses than ten.
                429 => {}
                other => panic!("{other}"),
            }
        }
    }
    // Each guesser has ten guesses at least.
    assert!(wrong >= 40, "{wrong}");
    assert_eq!(login("198.51.100.7".into(), PASSWORD).await.status, 200);
}

#[test]
fn logins_that_are_abandoned_take_little_memory() {
    let place = Place::new(On::Sqlite);
    let add = [
        "user",
        "add",
        "--email",
        "owner@example.com",
        "--name",
        "Owner",
        "--role",
        "editor",
        "--password-stdin",
    ];
    assert!(place.run(&add, &format!("{PASSWORD}\n")).status.success());
    let server = place.serve_with(&["--trusted-proxies", "127.0.0.1"]);
    assert_eq!(server.ask("GET", "/v1/articles", "", None).0, 200);
    let before = memory(server.child.id(), "VmRSS");
    let body = r#"{"email":"owner@example.com","password":"not the password"}"#;
    for number in 0..200 {
        let request = format!(
            "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.{number}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
    }
    let credentials = json!({"email": "owner@example.com", "password": PASSWORD});
    let mut left = 600;
    // While the queue is full, it says so.
    loop {
        let (status, _) = server.ask("POST", "/v1/auth/login", "", Some(credentials.clone()));
        if status == 200 {
            break;
        }
        assert!(matches!(status, 429 | 503) && left > 0, "{status}");
        left -= 1;
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let grown = (memory(server.child.id(), "VmHWM") - before) / 1024;
    println!("{grown} MiB more at most");
    assert!(grown <= 150, "{grown} MiB");
}
