//! How close Dateline comes to bare actix, and whether it stays there as the archive grows:
//! `scripts/bench`.
//!
//! The subject is driven with `wrk` in turns with the ceiling, a bare actix handler in a process of
//! its own that answers the same bytes with the same headers from the same number of workers.
//! Several rounds, medians, and ratios only: absolute rates say more about the machine than about
//! the code.
//!
//! - [`corpus`] – the archives
//! - [`ceiling`] – the bare handler
//! - [`drive`] – servers and the load on them

mod ceiling;
mod corpus;
mod drive;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dateline::db::DatabaseUrl;
use drive::{Load, Seen, Server, dateline, drive, median};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// Articles in the small archive.
const SMALL: usize = 10_000;

/// How often and how long each side of a row is driven.
#[derive(Clone, Copy)]
struct Effort {
    rounds: usize,
    seconds: u32,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(position) = arguments.iter().position(|argument| argument == "ceiling") {
        return ceiling::serve(&arguments[position + 1]);
    }
    // `cargo test --all-targets` builds and runs benches too: measuring is for `scripts/bench`.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let setting = |name: &str, otherwise: usize| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let effort = Effort {
        rounds: setting("DATELINE_BENCH_ROUNDS", 5),
        seconds: setting("DATELINE_BENCH_SECONDS", 4) as u32,
    };
    let large = setting("DATELINE_BENCH_ARTICLES", 1_000_000);
    let small = corpus::sqlite(SMALL);
    println!("| work | of the ceiling | p99, of the ceiling's |\n|---|---|---|");
    kept(&small, effort);
    not_kept("SQLite", &small, effort);
    if let Ok(url) = std::env::var("DATELINE_TEST_POSTGRES_URL") {
        let url: DatabaseUrl = url.parse().expect("a Postgres URL");
        corpus::fill(url.clone(), SMALL);
        not_kept("Postgres", &url, effort);
    }
    while_writing(&small, effort);
    growing(&small, large, effort);
}

/// Two servers in turns.
fn compare(
    subject: &Server,
    other: &Server,
    load: &Load,
    effort: Effort,
    row: &str,
) -> (Seen, Seen) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for round in 0..effort.rounds {
        eprint!("\r{row}: round {} of {}        ", round + 1, effort.rounds);
        left.push(drive(subject, load, effort.seconds));
        right.push(drive(other, load, effort.seconds));
    }
    eprint!("\r{:80}\r", "");
    (median(left), median(right))
}

/// One row: the subject against the ceiling for the answer to the load's path.
fn row(subject: &Server, load: &Load, effort: Effort, name: &str) {
    let plain: Vec<&str> = load
        .headers
        .iter()
        .map(String::as_str)
        .filter(|header| !header.starts_with("If-None-Match"))
        .collect();
    let bare = drive::ceiling(&subject.fetch(&load.path, &plain));
    let (seen, ceiling) = compare(subject, &bare, load, effort, name);
    println!(
        "| {name} | {:.2} | {:.2} |",
        seen.rate / ceiling.rate,
        seen.p99 / ceiling.p99
    );
}

fn at(path: &str) -> Load {
    Load {
        path: path.to_owned(),
        ..Load::default()
    }
}

/// Asks for many articles, as Zipf's law has readers do.
fn many(articles: usize, different: usize) -> Load {
    let random = &mut StdRng::seed_from_u64(7);
    let step = articles / different;
    let paths: Vec<String> = (0..20_000)
        .map(|_| corpus::zipf(random, different) * step)
        .map(|number| format!("\"/v1/articles/{}\"", corpus::slug(number)))
        .collect();
    Load {
        script: Some(format!(
            "local paths = {{{}}}\nlocal next = 0\nrequest = function()\n  next = next % #paths + 1\n  \
             return wrk.format(\"GET\", paths[next])\nend\n",
            paths.join(",")
        )),
        ..at(&format!("/v1/articles/{}", corpus::slug(0)))
    }
}

fn kept(archive: &DatabaseUrl, effort: Effort) {
    let server = dateline(archive, &[]);
    let article = format!("/v1/articles/{}", corpus::slug(SMALL / 2));
    row(&server, &at(&article), effort, "article by slug, kept");
    let brotli = Load {
        headers: vec!["Accept-Encoding: br".into()],
        ..at(&article)
    };
    row(&server, &brotli, effort, "article by slug, kept, br");
    row(&server, &at("/v1/articles"), effort, "list of 20, kept");
    let answer = String::from_utf8_lossy(&server.fetch(&article, &[])).into_owned();
    let etag = answer
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .expect("an ETag")
        .to_owned();
    let known = Load {
        headers: vec![format!("If-None-Match: {etag}")],
        ..at(&article)
    };
    row(&server, &known, effort, "304");
    let load = many(SMALL, 1000);
    drive(&server, &load, 2);
    row(
        &server,
        &load,
        effort,
        "1,000 different slugs by Zipf, kept",
    );
    row(
        &server,
        &at("/livez"),
        effort,
        "liveness: what middleware costs",
    );
}

fn not_kept(database: &str, archive: &DatabaseUrl, effort: Effort) {
    let server = dateline(archive, &["--cache-size", "0"]);
    for (name, load) in [
        ("article by slug", many(SMALL, 1000)),
        ("list of 20 with tags and authors", at("/v1/articles")),
        ("list of 20 of a common tag", at("/v1/articles?tag=tag-0")),
    ] {
        row(
            &server,
            &load,
            effort,
            &format!("{name}, nothing kept, {database}"),
        );
    }
}

/// Reads with and without ten editorial writes a second.
fn while_writing(archive: &DatabaseUrl, effort: Effort) {
    let server = dateline(archive, &[]);
    let database = dateline::app::open_database(
        &dateline::config::DatabaseConfig::at(archive.clone()),
        false,
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let token = {
        let mut connection = database.connection().expect("a connection");
        dateline::db::pool::in_transaction(&mut connection, |connection| {
            let rights = dateline::auth::model::Right::ALL;
            dateline::auth::store::issue_api_token(connection, "bench", rights, None)
        })
        .expect("a token")
    };
    drop(database);
    let load = many(SMALL, 1000);
    drive(&server, &load, 2);
    let writing = AtomicBool::new(false);
    let stop = AtomicBool::new(false);
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let mut written = 0_u32;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut count = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                let began = Instant::now();
                if writing.load(Ordering::Relaxed) {
                    write(&server, &token, count);
                    count += 1;
                }
                std::thread::sleep(Duration::from_millis(100).saturating_sub(began.elapsed()));
            }
            count
        });
        for _ in 0..effort.rounds {
            writing.store(false, Ordering::Relaxed);
            alone.push(drive(&server, &load, effort.seconds));
            writing.store(true, Ordering::Relaxed);
            beside.push(drive(&server, &load, effort.seconds));
        }
        stop.store(true, Ordering::Relaxed);
        written = writer.join().expect("the writer ends");
    });
    let (alone, beside) = (median(alone), median(beside));
    println!(
        "| kept reads beside 10 writes/s, of those alone ({written} writes) | {:.2} | {:.2} |",
        beside.rate / alone.rate,
        beside.p99 / alone.p99
    );
}

/// Changes the headline of one article or another.
fn write(server: &Server, token: &str, number: u32) {
    use std::io::{Read, Write};
    let address = server.url.trim_start_matches("http://");
    let send = |head: String, body: &str| {
        let mut stream = std::net::TcpStream::connect(address).expect("the server listens");
        write!(
            stream,
            "{head} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nIf-Match: *\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .expect("the request is sent");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("the answer is read");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer
    };
    let place = (number as usize * 37) % 1000 * (SMALL / 1000);
    let path = format!("/v1/articles/{}?fields=id", corpus::slug(place));
    let found = send(format!("GET {path}"), "");
    let id = found
        .rsplit("\"id\":\"")
        .next()
        .and_then(|rest| rest.split('"').next())
        .expect("an id");
    let body = format!("{{\"headline\":\"Written {number} times\"}}");
    send(format!("PATCH /v1/editorial/articles/{id}"), &body);
}

/// The same reads from a small and a large archive.
fn growing(small: &DatabaseUrl, articles: usize, effort: Effort) {
    let large = corpus::sqlite(articles);
    let off = &["--cache-size", "0"];
    let (near, far) = (dateline(small, off), dateline(&large, off));
    println!("\n| work, nothing kept | {articles} articles, of {SMALL} | p99 |\n|---|---|---|");
    let deep = |server: &Server, pages: usize| {
        // Page 5,000 of 200 articles each; in the small archive the last that there is.
        let mut path = "/v1/articles?fields=slug&limit=100".to_owned();
        for _ in 0..pages {
            let answer = String::from_utf8_lossy(&server.fetch(&path, &[])).into_owned();
            let Some(cursor) = answer
                .split("\"next_cursor\":\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
            else {
                break;
            };
            path = format!("/v1/articles?cursor={cursor}&fields=slug&limit=100");
        }
        let cursor = path
            .split("cursor=")
            .nth(1)
            .and_then(|rest| rest.split('&').next());
        format!("/v1/articles?cursor={}", cursor.expect("a second page"))
    };
    for (name, left, right) in [
        ("article by slug", many(SMALL, 1000), many(articles, 1000)),
        (
            "first page of the list",
            at("/v1/articles"),
            at("/v1/articles"),
        ),
        (
            "a page by a cursor deep in the list",
            at(&deep(&near, 50)),
            at(&deep(&far, articles / 200)),
        ),
        (
            "list of a common tag",
            at("/v1/articles?tag=tag-0"),
            at("/v1/articles?tag=tag-0"),
        ),
        (
            "list of a rare tag",
            at("/v1/articles?tag=tag-250"),
            at("/v1/articles?tag=tag-250"),
        ),
        (
            "list of a section",
            at("/v1/articles?section=section-1"),
            at("/v1/articles?section=section-1"),
        ),
    ] {
        let (mut of_small, mut of_large) = (Vec::new(), Vec::new());
        drive(&far, &right, 2);
        for round in 0..effort.rounds {
            eprint!("\r{name}: round {} of {}        ", round + 1, effort.rounds);
            of_large.push(drive(&far, &right, effort.seconds));
            of_small.push(drive(&near, &left, effort.seconds));
        }
        eprint!("\r{:80}\r", "");
        let (of_large, of_small) = (median(of_large), median(of_small));
        println!(
            "| {name} | {:.2} | {:.2} |",
            of_large.rate / of_small.rate,
            of_large.p99 / of_small.p99
        );
    }
    drop((near, far));

    let server = dateline(&large, &[]);
    println!("\n| {articles} articles | |\n|---|---|");
    println!("| idle memory | {:.0} MiB |", server.mebibytes());
    let large_start = server.ready_after;
    drive(
        &server,
        &many(articles, articles.min(50_000)),
        effort.seconds * 3,
    );
    drive(&server, &at("/v1/articles?limit=100"), effort.seconds);
    println!(
        "| memory after the load, cache of 64 MiB | {:.0} MiB |",
        server.mebibytes()
    );
    drop(server);
    let mut starts: Vec<Duration> = (0..5)
        .map(|_| {
            let folder =
                std::env::temp_dir().join(format!("dateline-empty-{}", std::process::id()));
            std::fs::create_dir_all(&folder).expect("room for an empty database");
            let empty = DatabaseUrl::Sqlite(folder.join("empty.db"));
            drop(dateline(&empty, &[]));
            let again = dateline(&empty, &[]).ready_after;
            let _ = std::fs::remove_dir_all(&folder);
            again
        })
        .collect();
    starts.sort();
    let mut large_starts: Vec<Duration> = (0..4)
        .map(|_| dateline(&large, &[]).ready_after)
        .chain([large_start])
        .collect();
    large_starts.sort();
    println!(
        "| cold start to the first 200, of that on an empty database | {:.2} |",
        large_starts[2].as_secs_f64() / starts[2].as_secs_f64()
    );
}
