//! How close Dateline comes to bare actix, and whether it stays there as the archive grows:
//! `scripts/bench`.
//!
//! The subject is driven with `wrk` in turns with the ceiling, a bare actix handler in a process of
//! its own that answers the same bytes with the same headers from the same number of workers.
//! Several rounds, medians, and ratios only: absolute rates say more about the machine than about
//! the code.
//!
//! - [`corpus`] – the archives
//! - [`attacked`] – what readers notice while strangers attack
//! - [`batches`] – many articles in one call
//! - [`ceiling`] – the bare handler
//! - [`client`] – one client that sends JSON
//! - [`outages`] – what everyone notices while Postgres is away
//! - [`outputs`] – feeds, sitemaps, structured data
//! - [`drive`] – servers and the load on them
//! - [`growing`] – the same reads from archives of several sizes
//! - [`importing`] – what an editor notices of an import
//! - [`sharing`] – shares counted, each durable
//! - [`syncing`] – a whole copy of an archive
//! - [`trending`] – what trends, from archives of several sizes
//! - [`plot`] – these as a picture
//!
//! `DATELINE_BENCH_ONLY` names a part of the rows that are wanted, for work on one of them.

mod attacked;
mod batches;
mod ceiling;
mod client;
#[path = "../../tests/faults/cluster.rs"]
#[expect(dead_code, reason = "tests do more with clusters")]
mod cluster;
mod corpus;
mod drive;
mod growing;
mod importing;
mod outages;
mod outputs;
mod plot;
mod sharing;
mod syncing;
mod trending;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use client::Client;
use dateline::db::DatabaseUrl;
use drive::{Load, Seen, Server, dateline, drive, median};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

/// Articles in the small archive.
const SMALL: usize = 10_000;

/// How often and how long each side of a row is driven.
#[derive(Clone)]
struct Effort {
    rounds: usize,
    seconds: u32,
    only: String,
}

impl Effort {
    fn wants(&self, row: &str) -> bool {
        row.contains(&self.only)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(position) = arguments.iter().position(|argument| argument == "ceiling") {
        return ceiling::serve(&arguments[position + 1]);
    }
    if let Some(position) = arguments
        .iter()
        .position(|argument| argument == "one-by-one")
    {
        return sharing::serve_one_by_one(&arguments[position + 1]);
    }
    if arguments.iter().any(|argument| argument == "receiver") {
        return importing::receive();
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
        only: std::env::var("DATELINE_BENCH_ONLY").unwrap_or_default(),
    };
    let effort = &effort;
    let large = setting("DATELINE_BENCH_ARTICLES", 1_000_000);
    let small = corpus::sqlite(SMALL);
    println!("| work | of the ceiling | p99, of the ceiling's |\n|---|---|---|");
    kept(&small, effort);
    not_kept("SQLite", effort, || small.clone());
    if let Ok(url) = std::env::var("DATELINE_TEST_POSTGRES_SOCKET_URL") {
        not_kept("Postgres", effort, || {
            let url: DatabaseUrl = url.parse().expect("a Postgres URL");
            corpus::fill(url.clone(), SMALL);
            url
        });
    }
    while_writing(&small, effort);
    outputs::measure(&small, effort);
    batches::measure(effort);
    let folder = std::env::temp_dir().join(format!("dateline-shares-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("room for a database");
    let file = DatabaseUrl::Sqlite(folder.join("shares.db"));
    sharing::measure("SQLite", &file, effort);
    let _ = std::fs::remove_dir_all(&folder);
    if let Ok(url) = std::env::var("DATELINE_TEST_POSTGRES_SOCKET_URL") {
        sharing::measure("Postgres", &corpus::new_database(&url, "shares"), effort);
    }
    attacked::measure(effort);
    outages::measure(effort);
    importing::measure(large / 10, effort);
    syncing::measure(large, effort);
    trending::measure(large, effort);
    growing::measure(large, effort);
}

/// Two servers in turns.
fn compare(
    subject: &Server,
    other: &Server,
    load: &Load,
    effort: &Effort,
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
fn row(subject: &Server, load: &Load, effort: &Effort, name: &str) {
    if !effort.wants(name) {
        return;
    }
    let plain: Vec<&str> = load
        .headers
        .iter()
        .map(String::as_str)
        .filter(|header| !header.starts_with("If-None-Match"))
        .collect();
    let bare = drive::ceiling(&subject.fetch(&load.path, &plain));
    print(compare(subject, &bare, load, effort, name), name);
}

fn print((seen, other): (Seen, Seen), name: &str) {
    println!(
        "| {name} | {:.2} | {:.2} |",
        seen.rate / other.rate,
        seen.p99 / other.p99
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

fn kept(archive: &DatabaseUrl, effort: &Effort) {
    let server = dateline(archive, &[]);
    let article = format!("/v1/articles/{}", corpus::slug(SMALL / 2));
    row(&server, &at(&article), effort, "article by slug, kept");
    let name = "article by slug, kept, of nginx with a file";
    if effort.wants(name) {
        let nginx = drive::nginx(&article, &server.fetch(&article, &[]));
        print(compare(&server, &nginx, &at(&article), effort, name), name);
    }
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

fn not_kept(database: &str, effort: &Effort, archive: impl FnOnce() -> DatabaseUrl) {
    let rows: Vec<(String, Load)> = [
        ("article by slug", many(SMALL, 1000)),
        ("list of 20 with tags and authors", at("/v1/articles")),
        ("list of 20 of a common tag", at("/v1/articles?tag=tag-0")),
    ]
    .into_iter()
    .map(|(name, load)| (format!("{name}, nothing kept, {database}"), load))
    .filter(|(name, _)| effort.wants(name))
    .collect();
    if rows.is_empty() {
        return;
    }
    let server = dateline(&archive(), &["--cache-size", "0"]);
    for (name, load) in rows {
        row(&server, &load, effort, &name);
    }
}

/// Reads with and without ten editorial writes a second.
fn while_writing(archive: &DatabaseUrl, effort: &Effort) {
    let server = dateline(archive, &[]);
    let token = token(archive);
    let name = "kept reads beside 10 writes/s, of those alone";
    if !effort.wants(name) {
        return;
    }
    let load = many(SMALL, 1000);
    drive(&server, &load, 2);
    let writing = AtomicBool::new(false);
    let stop = AtomicBool::new(false);
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let mut written = 0_u32;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut client = Client::connect(&server, &token);
            let mut count = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                let began = Instant::now();
                if writing.load(Ordering::Relaxed) {
                    write(&mut client, count);
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
    print((beside, alone), &format!("{name} ({written} writes)"));
}

/// An API token with all rights.
fn token(archive: &DatabaseUrl) -> String {
    let database = dateline::app::open_database(
        &dateline::config::DatabaseConfig::at(archive.clone()),
        dateline::app::Opening::AsItIs,
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let mut connection = database.connection().expect("a connection");
    dateline::db::transaction::in_transaction(&mut connection, |connection| {
        let rights = dateline::auth::model::Right::ALL;
        dateline::auth::store::tokens::issue(connection, "bench", rights, None)
    })
    .expect("a token")
}

/// Where editors change an article.
fn desk_path(client: &mut Client, slug: &str) -> String {
    let found: Value = client.get(&format!("/v1/articles/{slug}?fields=id"));
    format!(
        "/v1/editorial/articles/{}",
        found["id"].as_str().expect("an id")
    )
}

/// Changes the headline of one article or another.
fn write(client: &mut Client, number: u32) {
    let place = (number as usize * 37) % 1000 * (SMALL / 1000);
    let path = desk_path(client, &corpus::slug(place));
    client.patch(
        &path,
        &json!({"headline": format!("Written {number} times")}),
    );
}
