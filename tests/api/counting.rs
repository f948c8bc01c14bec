//! Counts are right: what was acknowledged is counted, exactly, whatever happens to the server.
//!
//! `DATELINE_TEST_KILLS` says how often a server is killed (3); `scripts/bench` asks for 20.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dateline::app::open_database;
use diesel::RunQueryDsl;
use rand::Rng;
use serde_json::{Value, json};

use crate::harness::On;
use crate::process::{Place, Server, text};

const ARTICLES: usize = 3;
const CLIENTS: usize = 12;
/// Many visitors come from here.
const UNLIMITED: [&str; 4] = ["--shares-per-address", "0", "--shares-per-article", "0"];

/// Sends one share on a connection that is kept. `None` when there was no answer: it may be counted
/// or not.
fn share(stream: &mut TcpStream, article: usize, visitor: &str) -> Option<bool> {
    let body = "{\"network\":\"x\"}";
    let request = format!(
        "POST /v1/articles/a-{article}/shares HTTP/1.1\r\nHost: x\r\nUser-Agent: {visitor}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut buffer = [0; 2048];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        answer.extend_from_slice(&buffer[..read]);
        let whole = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = whole.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str::<Value>(body)
        {
            if head.starts_with("HTTP/1.1 503") {
                return None;
            }
            assert!(head.starts_with("HTTP/1.1 200"), "{whole}");
            return body["counted"].as_bool();
        }
    }
}

fn publish(place: &Place, server: &Server) {
    let scopes = "articles:read,articles:write,articles:publish,authors:write";
    let token = text(
        &place
            .run(&["token", "issue", "--name", "t", "--scope", scopes], "")
            .stdout,
    );
    for number in 0..ARTICLES {
        let slug = format!("a-{number}");
        let article = json!({"headline": slug, "slug": slug, "byline": "By us", "body": {"format": "text", "content": "x"}});
        let (_, article) = server.ask("POST", "/v1/editorial/articles", &token, Some(article));
        let path = format!(
            "/v1/editorial/articles/{}/publish",
            article["id"].as_str().unwrap()
        );
        assert_eq!(server.ask("POST", &path, &token, Some(json!({}))).0, 200);
    }
}

/// Readers share while the server is killed and started again. Each of them is a new visitor, who
/// tries again until there is an answer: so exactly as many are counted as there were.
fn counted_exactly(on: On) {
    let kills = std::env::var("DATELINE_TEST_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(3);
    let place = Place::new(on);
    let mut server = place.serve_with(&UNLIMITED);
    publish(&place, &server);
    let address = Mutex::new(server.address.clone());
    let stop = AtomicBool::new(false);
    let answered: Vec<AtomicUsize> = (0..ARTICLES).map(|_| AtomicUsize::new(0)).collect();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (address, stop, answered) = (&address, &stop, &answered);
            scope.spawn(move || {
                let connect = || TcpStream::connect(&*address.lock().unwrap()).ok();
                let mut connection = connect();
                let mut number = 0;
                while !stop.load(Ordering::Relaxed) {
                    // Most of them share the same article.
                    let article = if number % 4 == 0 {
                        client % ARTICLES
                    } else {
                        0
                    };
                    let visitor = format!("visitor {client}-{number}");
                    let mut first_try = true;
                    loop {
                        let counted = connection
                            .as_mut()
                            .and_then(|stream| share(stream, article, &visitor));
                        if let Some(counted) = counted {
                            assert!(counted || !first_try, "{visitor} was new");
                            break;
                        }
                        first_try = false;
                        std::thread::sleep(Duration::from_millis(5));
                        connection = connect();
                    }
                    answered[article].fetch_add(1, Ordering::Relaxed);
                    number += 1;
                }
            });
        }
        for _ in 0..kills {
            std::thread::sleep(Duration::from_millis(rand::rng().random_range(100..500)));
            server.child.kill().unwrap();
            server.child.wait().unwrap();
            server = place.serve_with(&UNLIMITED);
            address.lock().unwrap().clone_from(&server.address);
        }
        // However slow the machine is: enough to lose some of.
        let sum = || {
            answered
                .iter()
                .map(|count| count.load(Ordering::Relaxed))
                .sum::<usize>()
        };
        while sum() <= 100 {
            std::thread::sleep(Duration::from_millis(10));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let expected: Vec<usize> = answered.into_iter().map(AtomicUsize::into_inner).collect();
    let totals = || -> Vec<usize> {
        let (_, counts) = server.ask("GET", "/v1/shares?slugs=a-0,a-1,a-2", "", None);
        let articles = counts["data"].as_array().unwrap().iter();
        articles
            .map(|article| article["total"].as_u64().unwrap() as usize)
            .collect()
    };
    // Answers are kept for seconds.
    let deadline = Instant::now() + Duration::from_secs(15);
    while totals() != expected && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(totals(), expected);
    drop(server);
    sums_agree(&place);
}

/// Every total is the sum of its buckets.
fn sums_agree(place: &Place) {
    #[derive(diesel::QueryableByName)]
    struct Wrong {
        #[diesel(sql_type = diesel::sql_types::Text)]
        network: String,
    }
    let database = open_database(&place.config, dateline::app::Opening::AsItIs)
        .unwrap_or_else(|error| panic!("{error}"));
    let mut connection = database.connection().unwrap();
    let wrong: Vec<Wrong> = diesel::sql_query(
        "SELECT coalesce(c.network, b.network) AS network FROM share_counts c FULL JOIN \
         (SELECT article_id, network, sum(shares) AS shares FROM share_buckets GROUP BY 1, 2) b \
         ON b.article_id = c.article_id AND b.network = c.network \
         WHERE coalesce(c.first_party, 0) <> coalesce(b.shares, 0)",
    )
    .load(&mut *connection)
    .unwrap();
    assert!(wrong.is_empty(), "of {}", wrong[0].network);
}

#[test]
fn a_server_that_is_killed_has_counted_what_it_acknowledged_on_sqlite() {
    counted_exactly(On::Sqlite);
}

#[test]
fn a_server_that_is_killed_has_counted_what_it_acknowledged_on_postgres() {
    counted_exactly(On::Postgres);
}

/// Shares that were sent when the server was told to stop are counted and answered.
#[test]
fn a_server_that_stops_counts_what_it_was_sent() {
    for on in [On::Sqlite, On::Postgres] {
        let place = Place::new(on);
        let mut server = place.serve_with(&UNLIMITED);
        publish(&place, &server);
        let answered = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (answered, address) = (&answered, &server.address);
                scope.spawn(move || {
                    let mut stream = TcpStream::connect(address).unwrap();
                    for number in 0.. {
                        let visitor = format!("visitor {client}-{number}");
                        if share(&mut stream, 0, &visitor).is_none() {
                            break;
                        }
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(200));
            let pid = server.child.id().to_string();
            let told = std::process::Command::new("kill").arg(pid).status();
            assert!(told.unwrap().success());
        });
        assert!(server.child.wait().unwrap().success());
        let server = place.serve();
        let (_, counts) = server.ask("GET", "/v1/articles/a-0/shares", "", None);
        assert_eq!(counts["total"], answered.into_inner());
    }
}
