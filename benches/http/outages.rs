//! What readers, editors and those who share notice while Postgres is away: from a cluster of its own,
//! with the server's default settings.
//!
//! Each kind of client sends the next request when the last one was answered, at most every few
//! milliseconds. What the database has afterwards is held against what was acknowledged.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dateline::app::{Opening, open_database};
use dateline::auth::model::Right;
use dateline::auth::store::tokens;
use dateline::config::DatabaseConfig;
use dateline::db::DatabaseUrl;
use dateline::db::transaction::in_transaction;

use crate::cluster::Cluster;
use crate::drive::{Server, dateline};
use crate::{Effort, corpus};

const ARTICLES: usize = 2_000;

/// How long each kind of client waits after an answer.
const PAUSE: Duration = Duration::from_millis(5);

/// How long a database is away, unless it restarts.
fn away() -> Duration {
    let seconds = std::env::var("DATELINE_BENCH_AWAY").ok();
    Duration::from_secs(seconds.and_then(|text| text.parse().ok()).unwrap_or(60))
}

/// One answer: when it was asked for, how long it took, and whether it was one.
#[derive(Debug, Clone, Copy)]
struct Seen {
    asked: Instant,
    took: Duration,
    failed: bool,
}

/// What one kind of client saw.
#[derive(Default)]
struct Log(Mutex<Vec<Seen>>);

/// The clients, and what they know.
#[derive(Default)]
struct Clients {
    cached: Log,
    uncached: Log,
    editors: Log,
    shares: Log,
    ended: AtomicBool,
    /// The last headline that was acknowledged.
    headline: AtomicU64,
    counted: AtomicU64,
    unknown: AtomicU64,
}

/// A connection that is opened again when it ends.
struct Connection<'a> {
    address: &'a str,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection<'_> {
    /// The status and the body; `None` when the server closed.
    fn ask(&mut self, request: &str) -> Option<(u16, String)> {
        if self.stream.is_none() {
            self.stream = TcpStream::connect(self.address).ok().map(BufReader::new);
        }
        let answer = self
            .stream
            .as_mut()
            .and_then(|stream| exchange(stream, request));
        if answer.is_none() {
            self.stream = None;
        }
        answer
    }
}

fn exchange(stream: &mut BufReader<TcpStream>, request: &str) -> Option<(u16, String)> {
    stream.get_mut().write_all(request.as_bytes()).ok()?;
    let mut line = String::new();
    stream.read_line(&mut line).ok()?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).ok()?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((status, String::from_utf8(body).ok()?))
}

impl Log {
    /// Sends requests until it is over.
    fn fill(
        &self,
        address: &str,
        ended: &AtomicBool,
        mut request: impl FnMut(u64) -> String,
        mut answered: impl FnMut(u64, Option<&(u16, String)>),
    ) {
        let mut connection = Connection {
            address,
            stream: None,
        };
        for number in 1.. {
            if ended.load(Ordering::Relaxed) {
                return;
            }
            let asked = Instant::now();
            let answer = connection.ask(&request(number));
            let failed = answer.as_ref().is_none_or(|(status, _)| *status >= 400);
            answered(number, answer.as_ref());
            let took = asked.elapsed();
            let mut seen = self.0.lock().expect("no panic");
            seen.push(Seen {
                asked,
                took,
                failed,
            });
            drop(seen);
            std::thread::sleep(PAUSE);
        }
    }

    /// What was seen, as a cell of a table: failures, the time from the first to the last, how long the
    /// slowest of them took (99 of 100), and how long after the end of the fault there were some.
    fn cell(&self, over: Instant) -> String {
        let seen = self.0.lock().expect("no panic");
        let failures: Vec<&Seen> = seen.iter().filter(|seen| seen.failed).collect();
        let slowest = seen.iter().map(|seen| seen.took).max().unwrap_or_default();
        let (Some(first), Some(last)) = (failures.first(), failures.last()) else {
            return format!("0 of {}, slowest {slowest:.0?}", seen.len());
        };
        let mut took: Vec<Duration> = failures.iter().map(|seen| seen.took).collect();
        took.sort();
        let end = last.asked + last.took;
        format!(
            "{} of {} in {:.1?}, each {:.0?} (p99 {:.0?}), back after {:.1?}",
            failures.len(),
            seen.len(),
            end - first.asked,
            took[took.len() / 2],
            took[took.len() * 99 / 100],
            end.saturating_duration_since(over),
        )
    }
}

/// A request on a connection that stays.
fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Lets all clients work while something happens; the row of the table.
fn through(
    server: &Server,
    token: &str,
    (article, slug): (&str, &str),
    name: &str,
    mut happens: impl FnMut() -> Instant,
) {
    let address = server.url.trim_start_matches("http://");
    let clients = Clients::default();
    let known = counted(server, slug);
    let over = std::thread::scope(|scope| {
        let clients = &clients;
        let (ended, article) = (&clients.ended, format!("/v1/editorial/articles/{article}"));
        let read = format!("/v1/articles/{slug}");
        scope.spawn({
            let read = read.clone();
            move || {
                let ask = |_| request("GET", &read, "", "");
                clients.cached.fill(address, ended, ask, |_, _| {});
            }
        });
        scope.spawn(move || {
            let ask = |number| request("GET", &format!("/v1/articles?q=x{number}"), "", "");
            clients.uncached.fill(address, ended, ask, |_, _| {});
        });
        scope.spawn(move || {
            let headers = format!("If-Match: *\r\nAuthorization: Bearer {token}\r\n");
            let ask = |number| {
                let patch = format!("{{\"standfirst\":\"{number}\"}}");
                request("PATCH", &article, &headers, &patch)
            };
            clients.editors.fill(address, ended, ask, |number, answer| {
                if answer.is_some_and(|(status, _)| *status == 200) {
                    clients.headline.store(number, Ordering::Relaxed);
                }
            });
        });
        scope.spawn(move || {
            let path = format!("{read}/shares");
            let ask = |number| {
                let reader = format!("User-Agent: {name} {number}\r\n");
                request("POST", &path, &reader, "{\"network\":\"x\"}")
            };
            clients.shares.fill(address, ended, ask, |_, answer| {
                let counter = match answer {
                    Some((200, _)) => &clients.counted,
                    _ => &clients.unknown,
                };
                counter.fetch_add(1, Ordering::Relaxed);
            });
        });
        std::thread::sleep(Duration::from_secs(3));
        let over = happens();
        std::thread::sleep(Duration::from_secs(15));
        ended.store(true, Ordering::Relaxed);
        over
    });
    let counts = counted(server, slug) - known;
    let (least, unknown) = (
        clients.counted.load(Ordering::Relaxed),
        clients.unknown.load(Ordering::Relaxed),
    );
    assert!(
        (least..=least + unknown).contains(&counts),
        "{counts} shares are counted of {least} acknowledged and {unknown} unknown"
    );
    let now = ask(server, &editorial_read(article, token));
    let standfirst: u64 = now["standfirst"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let acknowledged = clients.headline.load(Ordering::Relaxed);
    assert!(standfirst >= acknowledged, "{standfirst} of {acknowledged}");
    println!(
        "| {name} | {} | {} | {} | {} |",
        clients.cached.cell(over),
        clients.uncached.cell(over),
        clients.editors.cell(over),
        clients.shares.cell(over)
    );
}

fn ask(server: &Server, request: &str) -> serde_json::Value {
    let mut connection = Connection {
        address: server.url.trim_start_matches("http://"),
        stream: None,
    };
    for _ in 0..200 {
        if let Some((200, body)) = connection.ask(request) {
            return serde_json::from_str(&body).expect("JSON");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("never answered: {request}");
}

fn counted(server: &Server, slug: &str) -> u64 {
    // Counts may be a few seconds old.
    std::thread::sleep(Duration::from_secs(7));
    let shares = ask(
        server,
        &request("GET", &format!("/v1/articles/{slug}/shares"), "", ""),
    );
    shares["total"].as_u64().expect("a count")
}

/// How long after a write was acknowledged by one process another one still serves what was before, from its
/// cache.
fn staleness(url: &DatabaseUrl, server: &Server, token: &str, id: &str) {
    let other = dateline(url, &[]);
    let slug = ask(server, &editorial_read(id, token))["slug"]
        .as_str()
        .expect("a slug")
        .to_owned();
    let read = request("GET", &format!("/v1/articles/{slug}"), "", "");
    let headers = format!("If-Match: *\r\nAuthorization: Bearer {token}\r\n");
    let mut late = Vec::new();
    for number in 0..300 {
        ask(&other, &read);
        let standfirst = format!("stale {number}");
        let patch = format!("{{\"standfirst\":\"{standfirst}\"}}");
        let path = format!("/v1/editorial/articles/{id}");
        ask(server, &request("PATCH", &path, &headers, &patch));
        let acknowledged = Instant::now();
        while ask(&other, &read)["standfirst"] != standfirst.as_str() {}
        late.push(acknowledged.elapsed());
    }
    late.sort();
    println!(
        "\nAnother process serves what was before a write for {:.1?} (median), {:.1?} (p99), {:.1?} at most.",
        late[late.len() / 2],
        late[late.len() * 99 / 100],
        late[late.len() - 1]
    );
}

fn editorial_read(id: &str, token: &str) -> String {
    let headers = format!("Authorization: Bearer {token}\r\n");
    request("GET", &format!("/v1/editorial/articles/{id}"), &headers, "")
}

/// All kinds of clients for some minutes: memory, descriptors and failures.
fn soak(server: &Server, token: &str, article: (&str, &str)) {
    let seconds = std::env::var("DATELINE_BENCH_SOAK").ok();
    let time = Duration::from_secs(seconds.and_then(|text| text.parse().ok()).unwrap_or(300));
    let mut seen = Vec::new();
    through(server, token, article, "nothing happens", || {
        let begun = Instant::now();
        while begun.elapsed() < time {
            std::thread::sleep(time / 10);
            seen.push((server.mebibytes(), server.descriptors()));
        }
        Instant::now()
    });
    let (first, last) = (seen[1], seen[seen.len() - 1]);
    println!(
        "\nIn {time:?} of that, memory went from {:.0} to {:.0} MiB, descriptors from {} to {}.",
        first.0, last.0, first.1, last.1
    );
}

/// The rules that drop all packets of a port of this machine, put in or taken out.
fn drop_packets(port: u16, put_in: bool) -> bool {
    let port = port.to_string();
    ["--dport", "--sport"].iter().all(|direction| {
        Command::new("iptables")
            .args([if put_in { "-I" } else { "-D" }, "INPUT", "-p", "tcp"])
            .args([direction, &*port, "-j", "DROP"])
            .status()
            .is_ok_and(|status| status.success())
    })
}

/// Measures all outages.
pub fn measure(effort: &Effort) {
    if !effort.wants("outages") || std::env::var_os("DATELINE_TEST_POSTGRES_BIN").is_none() {
        return;
    }
    let primary = Cluster::start();
    let standby = primary.standby("heir");
    primary.execute("postgres", "CREATE DATABASE news");
    let url: DatabaseUrl = format!(
        "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/news?target_session_attrs=read-write",
        primary.port, standby.port
    )
    .parse()
    .expect("a URL");
    corpus::fill(url.clone(), ARTICLES);
    let database = open_database(&DatabaseConfig::at(url.clone()), Opening::AsItIs)
        .unwrap_or_else(|error| panic!("{error}"));
    let token = {
        let mut connection = database.connection().expect("a connection");
        in_transaction(&mut connection, |connection| {
            tokens::issue(connection, "bench", Right::ALL, None)
        })
        .expect("a token")
    };
    drop(database);
    primary.configure("synchronous_standby_names = 'heir'\n");
    primary.execute("postgres", "SELECT pg_reload_conf()");
    let server = dateline(
        &url,
        &["--shares-per-address", "0", "--shares-per-article", "0"],
    );
    // Editors change another article than the one that is read: what is known to be changed does not go out.
    let some = ask(&server, &request("GET", "/v1/articles?limit=2", "", ""));
    let text = |number: usize, name: &str| {
        some["data"][number][name]
            .as_str()
            .expect("text")
            .to_owned()
    };
    let (id, slug) = (text(1, "id"), text(0, "slug"));
    let article = (id.as_str(), slug.as_str());
    let pause = |time: Duration| std::thread::sleep(time);

    staleness(&url, &server, &token, &id);
    println!(
        "\n| outages | cached reads that failed | other reads | writes | shares |\n|---|---|---|---|---|"
    );
    soak(&server, &token, article);
    through(&server, &token, article, "Postgres restarted", || {
        primary.stop_fast();
        primary.start_again();
        Instant::now()
    });
    let name = format!("Postgres away {:?}", away());
    through(&server, &token, article, &name, || {
        primary.crash();
        pause(away());
        primary.start_again();
        Instant::now()
    });
    let name = format!("packets dropped {:?}", away());
    if drop_packets(primary.port, true) && drop_packets(primary.port, false) {
        through(&server, &token, article, &name, || {
            drop_packets(primary.port, true);
            pause(away());
            drop_packets(primary.port, false);
            Instant::now()
        });
    } else {
        eprintln!("not measured: {name} (needs iptables and root)");
    }
    let drops = drop_packets(primary.port, true) && drop_packets(primary.port, false);
    let name = if drops {
        "primary vanishes, standby promoted"
    } else {
        "primary ends, standby promoted"
    };
    through(&server, &token, article, name, || {
        if drops {
            drop_packets(primary.port, true);
        } else {
            primary.crash();
        }
        standby.promote();
        Instant::now()
    });
    drop(server);
    if drops {
        drop_packets(primary.port, false);
    }
}
