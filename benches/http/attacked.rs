//! What readers and the newsroom notice while strangers try to take the server down: from an archive of
//! a hundred thousand articles, nothing kept.
//!
//! Attackers run beside the server and the load, on the same processors, so a part of what is seen is
//! theirs. Addresses differ by `X-Forwarded-For`, which the server is told to believe.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dateline::app::open_database;
use dateline::auth::model::{Right, Role};
use dateline::auth::password;
use dateline::auth::store::{tokens, users};
use dateline::config::DatabaseConfig;
use dateline::db::DatabaseUrl;
use dateline::db::transaction::in_transaction;

use crate::drive::{Load, Seen, Server, dateline, drive, median};
use crate::{Effort, SMALL, at, corpus, many};

const ARTICLES: usize = 100_000;
const PASSWORD: &str = "correct horse battery";

/// The costliest questions that were found.
fn costly() -> Vec<String> {
    let tags = |groups: usize, of_each: usize| -> String {
        let group = |number: usize| {
            let tags: Vec<String> = (0..of_each)
                .map(|tag| format!("tag-{}", number * of_each + tag))
                .collect();
            format!("tag={}", tags.join(","))
        };
        (0..groups).map(group).collect::<Vec<_>>().join("&")
    };
    let words = |suffix: &str| -> String {
        (0..16)
            .map(|number| format!("{}{suffix}", corpus::word(number)))
            .collect::<Vec<_>>()
            .join("+")
    };
    let phrases: Vec<String> = (0..16)
        .map(|number| {
            format!(
                "%22{}+{}*%22",
                corpus::word(number),
                &corpus::word(number + 1)[..2]
            )
        })
        .collect();
    vec![
        format!("/v1/articles/facets?by=tag&{}", tags(5, 4)),
        format!("/v1/articles/facets?by=author&q={}", corpus::word(0)),
        format!("/v1/articles?count=true&q={}", phrases.join("+")),
        format!("/v1/articles?count=true&q={}", words("*")),
        "/v1/articles?language=zz&count=true".into(),
        format!("/v1/articles?sort=-updated_at&q={}", corpus::word(0)),
        format!("/v1/articles?sort=-shares&{}&language=zz", tags(5, 4)),
        "/v1/articles/facets?by=day&language=zz".into(),
        "/v1/tags?q=a&count=true&limit=100".into(),
    ]
}

/// Sends a request and reads what comes, for a while; the status.
fn ask(address: &str, request: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer)
        .split(' ')
        .nth(1)?
        .parse()
        .ok()
}

fn get(address: &str, path: &str) -> Option<u16> {
    ask(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
    )
}

fn post(address: &str, path: &str, from: &str, token: &str, body: &str) -> Option<u16> {
    ask(
        address,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {from}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    )
}

/// Runs work on so many threads until the rest is done.
fn beside<T>(
    threads: usize,
    attack: impl Fn(usize, &AtomicBool) + Sync,
    rest: impl FnOnce() -> T,
) -> T {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for number in 0..threads {
            let (attack, stop) = (&attack, &stop);
            scope.spawn(move || attack(number, stop));
        }
        // Whatever the attack is, it is under way.
        std::thread::sleep(Duration::from_millis(500));
        let done = rest();
        stop.store(true, Ordering::Relaxed);
        done
    })
}

fn readers() -> Vec<(&'static str, Load)> {
    let load = |load: Load| Load {
        connections: Some(4),
        ..load
    };
    vec![
        ("articles", load(many(ARTICLES, 1000))),
        ("the front page", load(at("/v1/articles"))),
    ]
}

fn seen(server: &Server, load: &Load, effort: &Effort) -> Seen {
    median(
        (0..effort.rounds)
            .map(|_| drive(server, load, effort.seconds))
            .collect(),
    )
}

/// All rows.
pub fn measure(effort: &Effort) {
    let rows = [
        "attacked: the costliest questions, 4 at a time",
        "attacked: 20 junk logins a second from 20 addresses",
        "attacked: 1,500 connections that never read",
        "attacked: bodies of 2 MB, 8 at once",
        "attacked: 100 tags",
    ];
    if !rows.iter().any(|row| effort.wants(row)) {
        return;
    }
    println!("\n| while | what | of that alone: rate | p99 |\n|---|---|---|---|");
    let archive = corpus::sqlite(ARTICLES);
    if effort.wants(rows[0]) {
        questions(rows[0], &archive, effort);
    }
    if effort.wants(rows[1]) {
        logins(rows[1], effort);
    }
    if effort.wants(rows[2]) {
        silent(rows[2], &archive, effort);
    }
    if effort.wants(rows[3]) {
        bodies(rows[3], &archive, effort);
    }
    if effort.wants(rows[4]) {
        let tags = Load {
            connections: Some(2),
            ..at("/v1/tags?limit=100")
        };
        let small = dateline(&corpus::sqlite(SMALL), &["--cache-size", "0"]);
        let large = dateline(&archive, &["--cache-size", "0"]);
        let (large, small) = (seen(&large, &tags, effort), seen(&small, &tags, effort));
        line(
            rows[4],
            &format!("at {ARTICLES} articles, of {SMALL}"),
            large,
            small,
        );
    }
}

fn line(row: &str, what: &str, attacked: Seen, alone: Seen) {
    println!(
        "| {row} | {what} | {:.2} | {:.2} |",
        attacked.rate / alone.rate,
        attacked.p99 / alone.p99
    );
}

fn questions(row: &str, archive: &DatabaseUrl, effort: &Effort) {
    let server = dateline(archive, &["--cache-size", "0"]);
    let address = server.url.trim_start_matches("http://").to_owned();
    for question in costly() {
        let began = Instant::now();
        let status = get(&address, &question);
        eprintln!(
            "{status:?} in {} ms: {question:.100}",
            began.elapsed().as_millis()
        );
    }
    for (what, load) in readers() {
        let alone = seen(&server, &load, effort);
        for (number, question) in costly().into_iter().enumerate() {
            let answered = AtomicU64::new(0);
            let ask = |_: usize, stop: &AtomicBool| {
                while !stop.load(Ordering::Relaxed) {
                    get(&address, &question);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            };
            // wrk fails on any answer that is not 2xx: readers see none.
            let attacked = beside(4, ask, || seen(&server, &load, effort));
            line(row, &format!("{what}, question {number}"), attacked, alone);
        }
    }
}

fn logins(row: &str, effort: &Effort) {
    let folder = std::env::temp_dir().join(format!("dateline-logins-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("room for a database");
    let url = DatabaseUrl::Sqlite(folder.join("logins.db"));
    let database = open_database(
        &DatabaseConfig::at(url.clone()),
        dateline::app::Opening::Created,
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let hash = password::hash(PASSWORD).expect("a hash");
    in_transaction(
        &mut database.connection().expect("a connection"),
        |connection| {
            users::add(
                connection,
                "owner@example.com",
                "Owner",
                Role::Editor,
                &hash,
            )
        },
    )
    .expect("a user");
    drop(database);
    let server = dateline(&url, &["--trusted-proxies", "127.0.0.1"]);
    let address = server.url.trim_start_matches("http://").to_owned();
    let before = server.mebibytes();
    let junk = r#"{"email":"owner@example.com","password":"not the password"}"#;
    let guess = |number: usize, stop: &AtomicBool| {
        while !stop.load(Ordering::Relaxed) {
            post(
                &address,
                "/v1/auth/login",
                &format!("203.0.113.{number}"),
                "",
                junk,
            );
            std::thread::sleep(Duration::from_secs(1));
        }
    };
    let (slowest, most) = beside(20, guess, || {
        let (mut slowest, mut most) = (Duration::ZERO, before);
        for owner in 0..10 * effort.seconds {
            let began = Instant::now();
            let right = format!(r#"{{"email":"owner@example.com","password":"{PASSWORD}"}}"#);
            let status = post(
                &address,
                "/v1/auth/login",
                &format!("198.51.100.{owner}"),
                "",
                &right,
            );
            assert_eq!(status, Some(200), "the owner signs in");
            slowest = slowest.max(began.elapsed());
            most = most.max(server.mebibytes());
            std::thread::sleep(Duration::from_millis(300));
        }
        (slowest, most)
    });
    println!(
        "| {row} | the owner signs in within {:.2} s, memory + {:.0} MiB | | |",
        slowest.as_secs_f64(),
        most - before
    );
    drop(server);
    let _ = std::fs::remove_dir_all(&folder);
}

fn silent(row: &str, archive: &DatabaseUrl, effort: &Effort) {
    let server = dateline(archive, &[]);
    let address = server.url.trim_start_matches("http://").to_owned();
    for (what, load) in readers() {
        let alone = seen(&server, &load, effort);
        let never_read = |_: usize, stop: &AtomicBool| {
            let asked = "GET /v1/articles?limit=100 HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20);
            let silent: Vec<TcpStream> = (0..1_500)
                .filter_map(|_| {
                    let mut stream = TcpStream::connect(&address).ok()?;
                    stream.set_nonblocking(true).ok()?;
                    let _ = stream.write(asked.as_bytes());
                    Some(stream)
                })
                .collect();
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(50));
            }
            drop(silent);
        };
        // What they asked for is answered first; then they are there, and nothing else.
        let attacked = beside(1, never_read, || {
            std::thread::sleep(Duration::from_secs(5));
            seen(&server, &load, effort)
        });
        line(row, what, attacked, alone);
    }
}

fn bodies(row: &str, archive: &DatabaseUrl, effort: &Effort) {
    let database = open_database(
        &DatabaseConfig::at(archive.clone()),
        dateline::app::Opening::AsItIs,
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let token = in_transaction(
        &mut database.connection().expect("a connection"),
        |connection| tokens::issue(connection, "bench", Right::ALL, None),
    )
    .expect("a token");
    drop(database);
    let server = dateline(archive, &[]);
    let address = server.url.trim_start_matches("http://").to_owned();
    let load = many(ARTICLES, 1000);
    drive(&server, &load, 2);
    let alone = seen(&server, &load, effort);
    let before = server.mebibytes();
    let bodies = [
        format!(
            "{{\"{}\":[{}]}}",
            "k\\u0000".repeat(100_000),
            vec!["\"\\u0000\""; 100_000].join(",")
        ),
        format!("[{}]", vec!["0"; 1_000_000].join(",")),
        format!(
            "{{\"body\":{{\"format\":\"html\",\"content\":\"{}\"}}}}",
            "<b><i><u>".repeat(100_000)
        ),
        format!(
            "{{\"body\":{{\"format\":\"markdown\",\"content\":\"{}\"}}}}",
            "> ".repeat(500_000)
        ),
    ];
    let paths = [
        "/v1/editorial/articles",
        "/v1/articles/article-1/shares",
        "/v1/auth/login",
        "/v1/editorial/tags",
        "/v1/editorial/shares/external",
    ];
    let most = AtomicU64::new(0);
    let send = |number: usize, stop: &AtomicBool| {
        let mut turn = number;
        while !stop.load(Ordering::Relaxed) {
            let token = if number.is_multiple_of(2) {
                token.as_str()
            } else {
                "none"
            };
            post(
                &address,
                paths[turn % paths.len()],
                "203.0.113.1",
                token,
                &bodies[turn % bodies.len()],
            );
            most.fetch_max(server.mebibytes() as u64, Ordering::Relaxed);
            turn += 1;
        }
    };
    let attacked = beside(8, send, || seen(&server, &load, effort));
    line(row, "kept articles", attacked, alone);
    println!(
        "| {row} | memory + {:.0} MiB | | |",
        most.into_inner() as f64 - before
    );
}
