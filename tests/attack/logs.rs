//! A log that cannot be written.

use std::net::TcpListener;
use std::process::Command;

use serde_json::json;

use crate::harness::On;
use crate::process::{Place, Server, text};

fn token(place: &Place) -> String {
    let issued = place.run(
        &[
            "token",
            "issue",
            "--name",
            "t",
            "--scope",
            "articles:read,articles:write",
        ],
        "",
    );
    text(&issued.stdout)
}

/// Every request is answered and a signal ends the server, whatever becomes of its log.
fn works_and_stops(mut server: Server, token: &str) {
    for number in 0..20 {
        let article = json!({"headline": format!("Number {number}")});
        let (status, _) = server.ask("POST", "/v1/editorial/articles", token, Some(article));
        assert_eq!(status, 201);
        assert_eq!(server.ask("GET", "/nowhere", "", None).0, 404);
    }
    assert_eq!(server.ask("GET", "/readyz", "", None).0, 200);
    if !server.ops.is_empty() {
        let mut left = 1_000;
        while server.metric("dateline_log_lines_lost") < 1.0 {
            left -= 1;
            assert!(left > 0, "lost lines are not counted");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
    let terminated = Command::new("kill")
        .arg(server.child.id().to_string())
        .status()
        .unwrap();
    assert!(terminated.success());
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn when_nobody_reads_the_log_requests_are_answered() {
    let place = Place::new(On::Sqlite);
    let token = token(&place);
    let (server, lines) = place.started_with_log(&mut place.command(&["--log", "debug"]));
    // Its reader has died.
    drop(lines);
    works_and_stops(server, &token);
}

/// A server whose log goes to a file, on ports that were free a moment ago.
fn logging_to(place: &Place, file: &str) -> Server {
    for _ in 0..20 {
        let port = || {
            TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .to_string()
        };
        let (address, ops) = (port(), port());
        let log = std::fs::OpenOptions::new().write(true).open(file).unwrap();
        let mut child = crate::process::dateline()
            .args([
                "serve",
                "--listen",
                &address,
                "--ops-listen",
                &ops,
                "--log",
                "debug",
            ])
            .env("DATABASE_URL", place.url())
            .stderr(log)
            .spawn()
            .unwrap();
        for _ in 0..600 {
            if std::net::TcpStream::connect(&address).is_ok() {
                let server = Server {
                    child,
                    address,
                    ops,
                    log: Vec::new(),
                };
                // It listens before it is ready.
                while server.ask("GET", "/readyz", "", None).0 != 200 {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                return server;
            }
            if child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    panic!("the server does not start");
}

#[test]
fn when_the_disk_of_the_log_is_full_requests_are_answered() {
    let place = Place::new(On::Sqlite);
    let token = token(&place);
    works_and_stops(logging_to(&place, "/dev/full"), &token);
}
