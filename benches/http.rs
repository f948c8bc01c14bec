//! How close Dateline comes to bare actix: `scripts/bench`.
//!
//! For each endpoint, the subject is driven with `wrk` in turns with the ceiling, a bare actix
//! handler in a process of its own that answers the same bytes with the same headers from the same
//! number of workers. Several rounds, medians, and ratios only: absolute rates say more about the
//! machine than about the code.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};

const ROUNDS: usize = 3;
const SECONDS: u32 = 3;
const CONNECTIONS: u32 = 32;

const ENDPOINTS: &[(&str, &str)] = &[
    (
        "article by slug",
        "/v1/articles/harbour-cities-agree-flood-fund",
    ),
    (
        "article by slug, with shares",
        "/v1/articles/harbour-cities-agree-flood-fund?include=shares",
    ),
    ("list of 20", "/v1/articles"),
    ("list of 20 by tag", "/v1/articles?tag=climate-adaptation"),
    ("tags", "/v1/tags"),
    (
        "share counts",
        "/v1/articles/harbour-cities-agree-flood-fund/shares",
    ),
    ("liveness (no database)", "/livez"),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(position) = arguments.iter().position(|argument| argument == "ceiling") {
        return ceiling(&arguments[position + 1]);
    }
    // `cargo test --all-targets` builds and runs benches too: measuring is for `scripts/bench`.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    compare();
}

/// Serves one file's bytes, which hold headers, an empty line and a body, on a free port.
fn ceiling(file: &str) {
    let answer = std::fs::read(file).expect("the answer to serve");
    let split = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("an empty line after the headers");
    let body = web::Bytes::copy_from_slice(&answer[split + 4..]);
    let headers: Vec<(String, String)> = String::from_utf8_lossy(&answer[..split])
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| !["content-length", "date", "connection"].contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let (body, headers) = (body.clone(), headers.clone());
            App::new().default_service(web::to(move || {
                let mut response = HttpResponse::Ok();
                for (name, value) in &headers {
                    response.insert_header((name.as_str(), value.as_str()));
                }
                let response = response.body(body.clone());
                async move { response }
            }))
        })
        .workers(2)
        .bind("127.0.0.1:0")
        .expect("a free port");
        println!("http://{}", server.addrs()[0]);
        server.run().await.expect("the ceiling runs");
    });
}

/// A server process that ends with its owner.
struct Server {
    child: Child,
    url: String,
    ready_after: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(command: &mut Command, address_in: impl Fn(&str) -> Option<String>) -> Server {
    let started = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let url = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| address_in(&line))
        .expect("the server says where it listens");
    // Goes on reading, so that the server never waits for room in the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Server {
        child,
        url,
        ready_after: started.elapsed(),
    }
}

fn subject(database: Option<&str>) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
    command.args(["demo", "--listen", "127.0.0.1:0", "--workers", "2"]);
    if let Some(url) = database {
        command.args(["--database-url", url]);
    }
    start(&mut command, |line| {
        line.split_once("a small newsroom at ")
            .map(|(_, url)| url.to_owned())
    })
}

/// The whole answer to a GET, headers and body.
fn fetch(url: &str, path: &str) -> Vec<u8> {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("the server listens");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .expect("the request is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer is read");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}");
    answer
}

/// Requests per second.
fn drive(url: &str, path: &str) -> f64 {
    let output = Command::new("wrk")
        .args([
            "-t",
            "1",
            "-c",
            &CONNECTIONS.to_string(),
            "-d",
            &format!("{SECONDS}s"),
        ])
        .arg(format!("{url}{path}"))
        .output()
        .expect("wrk is installed (Debian: apt-get install wrk)");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!text.contains("Non-2xx"), "{path}: {text}");
    text.lines()
        .find_map(|line| line.strip_prefix("Requests/sec:"))
        .and_then(|rate| rate.trim().parse().ok())
        .unwrap_or_else(|| panic!("wrk said nothing of a rate: {text}"))
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn resident_mebibytes(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |kibibytes| kibibytes / 1024.0)
}

fn compare() {
    let postgres = std::env::var("DATELINE_TEST_POSTGRES_URL").ok();
    let subjects: Vec<(&str, Server)> = [("SQLite", None), ("Postgres", postgres.as_deref())]
        .into_iter()
        .filter(|(name, url)| *name == "SQLite" || url.is_some())
        .map(|(name, url)| (name, subject(url)))
        .collect();
    for (name, server) in &subjects {
        println!(
            "{name}: listening after {} ms, sample newsroom included; idle memory {:.0} MiB",
            server.ready_after.as_millis(),
            resident_mebibytes(server.child.id())
        );
    }
    println!(
        "\n| endpoint | {} |",
        subjects
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(" | ")
    );
    println!("|---|{}", "---|".repeat(subjects.len()));
    for (label, path) in ENDPOINTS {
        let mut cells = Vec::new();
        for (_, server) in &subjects {
            let file =
                std::env::temp_dir().join(format!("dateline-ceiling-{}", std::process::id()));
            std::fs::write(&file, fetch(&server.url, path)).expect("room for the answer");
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            command.arg("ceiling").arg(&file);
            let bare = start(&mut command, |line| Some(line.to_owned()));
            let (mut subject_rates, mut bare_rates) = (Vec::new(), Vec::new());
            for round in 0..ROUNDS {
                eprint!("\r{label}: round {} of {ROUNDS}    ", round + 1);
                subject_rates.push(drive(&server.url, path));
                bare_rates.push(drive(&bare.url, path));
            }
            let _ = std::fs::remove_file(&file);
            cells.push(format!("{:.3}", median(subject_rates) / median(bare_rates)));
        }
        eprintln!();
        println!("| {label} | {} |", cells.join(" | "));
    }
    for (name, server) in &subjects {
        println!(
            "{name}: memory after the load {:.0} MiB",
            resident_mebibytes(server.child.id())
        );
    }
}
