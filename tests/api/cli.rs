//! The binary itself: what its commands print, take and refuse, and how it stops.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::json;

use crate::harness::{GHOST_KEY, On, PASSWORD};
use crate::process::{Demo, Place, dateline, text};

#[test]
fn people_and_tools_are_set_up_from_the_command_line() {
    for on in [On::Sqlite, On::Postgres] {
        let place = Place::new(on);
        let added = place.run(
            &[
                "user",
                "add",
                "--email",
                "Desk@Example.com",
                "--name",
                "Desk",
                "--role",
                "editor",
                "--password-stdin",
            ],
            &format!("{PASSWORD}\n"),
        );
        assert!(added.status.success(), "{}", text(&added.stderr));
        let again = place.run(
            &[
                "user",
                "add",
                "--email",
                "desk@example.com",
                "--name",
                "D",
                "--role",
                "viewer",
                "--password-stdin",
            ],
            PASSWORD,
        );
        assert!(!again.status.success());
        assert!(text(&again.stderr).contains("desk@example.com is a user already"));
        let list = place.run(&["user", "list"], "");
        assert_eq!(text(&list.stdout), "editor    desk@example.com  Desk");

        let issued = place.run(
            &[
                "token",
                "issue",
                "--name",
                "importer",
                "--scope",
                "articles:read,articles:write",
            ],
            "",
        );
        let token = text(&issued.stdout);
        assert!(
            token.starts_with("dl_") && !token.contains(char::is_whitespace),
            "{token}"
        );
        let server = place.serve();
        let (status, me) = server.ask("GET", "/v1/auth/me", &token, None);
        assert_eq!(
            (status, &me["rights"]),
            (200, &json!(["articles:read", "articles:write"]))
        );
        let listed = text(&place.run(&["token", "list"], "").stdout);
        assert!(listed.contains("importer") && !listed.contains(&token));
        let id = listed.split_whitespace().next().unwrap();
        assert!(place.run(&["token", "revoke", id], "").status.success());
        assert_eq!(server.ask("GET", "/v1/auth/me", &token, None).0, 401);

        let credentials = json!({"email": "desk@example.com", "password": PASSWORD});
        let (status, session) = server.ask("POST", "/v1/auth/login", "", Some(credentials));
        assert_eq!(status, 200);
        let changed = place.run(
            &[
                "user",
                "passwd",
                "--email",
                "desk@example.com",
                "--password-stdin",
            ],
            "another long one",
        );
        assert!(changed.status.success(), "{}", text(&changed.stderr));
        let refresh = json!({"refresh_token": session["refresh_token"]});
        assert_eq!(
            server.ask("POST", "/v1/auth/refresh", "", Some(refresh)).0,
            401
        );
        let health = dateline()
            .args(["health", "--listen", &server.address])
            .output()
            .unwrap();
        assert!(health.status.success());
    }
}

#[test]
fn migrations_are_listed_and_run() {
    let place = Place::new(On::Sqlite);
    assert!(text(&place.run(&["migrate", "--status"], "").stdout).starts_with("pending"));
    assert!(text(&place.run(&["migrate"], "").stdout).starts_with("applied"));
    assert!(text(&place.run(&["migrate", "--status"], "").stdout).starts_with("applied"));
    assert_eq!(text(&place.run(&["migrate"], "").stdout), "nothing to do");
}

#[test]
fn a_wrong_setting_says_which_and_what_it_takes() {
    for (arguments, parts) in [
        (
            &["serve", "--database-url", "sqlite::memory:"][..],
            &["--database-url", "sqlite::memory:", "sqlite://dateline.db"][..],
        ),
        (
            &["serve", "--database-url", "mysql://x"],
            &["--database-url", "mysql://x", "postgres://"],
        ),
        (
            &["serve", "--listen", "8080"],
            &["--listen", "8080", "socket address"],
        ),
        (
            &["serve", "--workers", "0"],
            &["--workers", "0", "1..=1024"],
        ),
        (
            &["serve", "--public-url", "news"],
            &["--public-url", "news", "https://news.example"],
        ),
        (
            &["serve", "--public-url", "https:///path"],
            &["--public-url", "https://news.example"],
        ),
        (
            &["serve", "--public-url", "https://a.example/?page=1"],
            &["--public-url", "query"],
        ),
        (
            &["serve", "--public-url", "https://a.example/#top"],
            &["--public-url", "fragment"],
        ),
        (
            &["serve", "--public-url", "https://user@a.example"],
            &["--public-url", "user"],
        ),
        (
            &["serve", "--path-prefix", "api"],
            &["--path-prefix", "begins with /"],
        ),
        (&["serve", "--log", "=loud="], &["--log", "info"]),
        (
            &["serve", "--log", "verbose"],
            &["--log", "verbose", "debug"],
        ),
        (
            &["serve", "--log", "dateline=loud"],
            &["--log", "loud", "debug"],
        ),
        (
            &["serve", "--listen", "localhost:8080"],
            &["--listen", "127.0.0.1:8080"],
        ),
        (
            &["serve", "--ops-listen", ":9000"],
            &["--ops-listen", "127.0.0.1:9000"],
        ),
        (
            &["serve", "--editorial-origins", "https://desk.example/app"],
            &["--editorial-origins", "https://desk.example/app", "no path"],
        ),
        (
            &["serve", "--editorial-origins", "desk.example"],
            &[
                "--editorial-origins",
                "desk.example",
                "https://desk.example",
            ],
        ),
        (
            &["serve", "--editorial-origins", "https://a.example,*"],
            &["--editorial-origins", "'*'", "https://desk.example"],
        ),
        (
            &["serve", "--trusted-proxies", "nginx"],
            &["--trusted-proxies", "nginx", "10.0.0.0/8"],
        ),
        (
            &["serve", "--database-url", "sqlite:///no/such/place/x.db"],
            &["no database at /no/such/place/x.db", "--create"],
        ),
        (
            &["token", "issue", "--name", "x", "--scope", "article:read"],
            &["--scope", "did you mean \"articles:read\"?"],
        ),
        (
            &["serve", "--indexnow-key", "0123456789abcdef"],
            &["--indexnow-key needs --public-url"],
        ),
        (
            &["serve", "--ghost-key", GHOST_KEY],
            &["--ghost-key needs --public-url"],
        ),
        (
            &[
                "serve",
                "--purge-cloudflare",
                "zone",
                "--purge-token",
                "secret",
            ],
            &["--purge-header cache-tag"],
        ),
        (
            &[
                "serve",
                "--purge-url",
                "http://127.0.0.1:1/",
                "--purge-header",
                "none",
            ],
            &["--purge-header than none"],
        ),
        (
            &[
                "user", "add", "--email", "x", "--name", "x", "--role", "chief",
            ],
            &["e-mail"],
        ),
    ] {
        let output = dateline().args(arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        let message = text(&output.stderr);
        for part in parts {
            assert!(message.contains(part), "{arguments:?}: {message}");
        }
    }
    let output = dateline()
        .args([
            "migrate",
            "--database-url",
            "postgres://desk:sesame@127.0.0.1:1/x",
            "--database-wait",
            "1",
        ])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let message = text(&output.stderr) + &text(&output.stdout);
    assert!(
        message.contains("postgres://127.0.0.1:1/x") && !message.contains("sesame"),
        "{message}"
    );
}

#[test]
fn settings_from_the_environment_are_read_as_people_write_them() {
    let place = Place::new(On::Sqlite);
    // As files for containers pass what is not set: an empty value is none.
    let server = place.serve_in(&[
        ("DATELINE_LOG", ""),
        ("DATELINE_PUBLIC_URL", ""),
        ("DATELINE_WORKERS", ""),
        ("DATELINE_EDITORIAL_ORIGINS", ""),
        ("TRUSTED_PROXIES", ""),
        ("DATELINE_MAX_CONNECTIONS", ""),
    ]);
    assert_eq!(server.ask("GET", "/readyz", "", None).0, 200);
    drop(server);
    for yes in ["1", "yes", "true", "on"] {
        let server = place.serve_in(&[("DATELINE_NO_MIGRATE", yes)]);
        assert_eq!(server.ask("GET", "/livez", "", None).0, 200, "{yes}");
    }
    let server = place.serve_in(&[
        (
            "DATELINE_EDITORIAL_ORIGINS",
            "https://desk.example/, http://localhost:3000",
        ),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1"),
    ]);
    assert_eq!(server.ask("GET", "/livez", "", None).0, 200);
}

#[test]
fn a_port_that_is_taken_is_named_before_anything_is_done() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ["--listen", "--ops-listen"] {
        let place = Place::new(On::Sqlite);
        let mut arguments = vec!["serve", flag, &address];
        if flag == "--ops-listen" {
            arguments.extend(["--listen", "127.0.0.1:0"]);
        }
        let output = place.run(&arguments, "");
        let message = text(&output.stderr);
        assert!(!output.status.success());
        assert!(
            message.contains(&address) && message.contains(flag),
            "{message}"
        );
        assert!(text(&place.run(&["migrate", "--status"], "").stdout).starts_with("pending"));
    }
}

#[test]
fn somebody_who_is_there_already_is_not_added_again() {
    let place = Place::new(On::Sqlite);
    let add = [
        "user",
        "add",
        "--email",
        "desk@example.com",
        "--name",
        "Desk",
        "--role",
        "editor",
        "--password-stdin",
    ];
    assert!(place.run(&add, "a long password\n").status.success());
    let again = place.run(&add, "another password\n");
    assert!(!again.status.success());
    let message = text(&again.stderr);
    assert!(
        message.contains("desk@example.com is a user already"),
        "{message}"
    );
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let place = Place::new(On::Sqlite);
    assert!(place.run(&["migrate"], "").status.success());
    place.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000001')");
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
        let output = place.run(command, "");
        assert!(!output.status.success());
        let message = text(&output.stderr);
        assert!(
            message.contains("newer version") && message.contains("20990101000001"),
            "{message}"
        );
    }
    let status = place.run(&["migrate", "--status"], "");
    assert!(status.status.success());
    assert!(text(&status.stdout).ends_with("unknown  20990101000001"));
}

#[test]
fn nobody_else_on_the_machine_reads_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new(On::Sqlite);
    let server = place.serve();
    assert_eq!(server.ask("GET", "/v1/articles", "", None).0, 200);
    let mut files = 0;
    for file in std::fs::read_dir(place.folder()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file:?}: {mode:o}");
        files += 1;
    }
    assert!(files >= 2, "the database and what SQLite puts beside it");
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    for on in [On::Sqlite, On::Postgres] {
        let place = Place::new(on);
        let scopes = "articles:read,articles:write,articles:publish,authors:write";
        let token = text(
            &place
                .run(&["token", "issue", "--name", "t", "--scope", scopes], "")
                .stdout,
        );
        let mut acknowledged = Vec::new();
        for round in 0..3 {
            let mut server = place.serve();
            for number in 0..5 {
                let slug = format!("a-{round}-{number}");
                let (status, article) = server.ask("POST", "/v1/editorial/articles", &token, Some(json!({
                    "headline": slug, "slug": slug, "byline": "By us", "body": {"format": "text", "content": "x"}
                })));
                assert_eq!(status, 201, "{article}");
                let path = format!(
                    "/v1/editorial/articles/{}/publish",
                    article["id"].as_str().unwrap()
                );
                assert_eq!(server.ask("POST", &path, &token, Some(json!({}))).0, 200);
                let share = server.ask(
                    "POST",
                    &format!("/v1/articles/{slug}/shares"),
                    "",
                    Some(json!({"network": "x"})),
                );
                assert_eq!(share.1["counted"], true);
                acknowledged.push(slug);
            }
            // SIGKILL: nothing can be tidied up.
            server.child.kill().unwrap();
            server.child.wait().unwrap();
        }
        let server = place.serve();
        for slug in acknowledged {
            let (status, article) = server.ask(
                "GET",
                &format!("/v1/articles/{slug}?include=shares"),
                "",
                None,
            );
            assert_eq!(
                (status, &article["shares"]["total"]),
                (200, &json!(1)),
                "{slug}"
            );
        }
    }
}

#[test]
fn a_request_in_flight_is_finished_when_the_server_stops() {
    let place = Place::new(On::Sqlite);
    let token = text(
        &place
            .run(
                &["token", "issue", "--name", "t", "--scope", "articles:write"],
                "",
            )
            .stdout,
    );
    let mut server = place.serve();
    let body = json!({"headline": "Late"}).to_string();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST /v1/editorial/articles HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body.as_bytes()[..5]).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let terminated = Command::new("kill")
        .arg(server.child.id().to_string())
        .status()
        .unwrap();
    assert!(terminated.success());
    std::thread::sleep(std::time::Duration::from_millis(300));
    stream.write_all(&body.as_bytes()[5..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn the_demo_is_a_newsroom_one_can_read() {
    let server = Demo::start().server;
    let total = |path: &str| {
        server.ask("GET", path, "", None).1["page"]["total"]
            .as_i64()
            .unwrap()
    };
    assert!(total("/v1/articles?count=true") >= 40);
    assert!(total("/v1/authors?count=true") >= 3);
    assert!(total("/v1/tags?count=true") >= 20);
    assert!(total("/v1/tags?count=true&kind=section") >= 3);
    let first = server
        .ask("GET", "/v1/articles?limit=1&include=shares", "", None)
        .1;
    assert!(first["data"][0]["shares"]["total"].as_i64().unwrap() > 0);
    assert!(first["data"][0]["lead_image"]["credit"].is_string());
}
