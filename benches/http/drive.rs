//! Servers under test, and the load on them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dateline::db::DatabaseUrl;

/// A server process that ends with its owner.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub url: String,
    /// From its start to its first answer.
    pub ready_after: Duration,
    /// What goes with it.
    folder: Option<PathBuf>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.folder.is_some() {
            // nginx ends its workers when it is asked to end.
            let pid = self.child.id().to_string();
            let _ = Command::new("kill").args(["-TERM", &pid]).status();
        } else {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// `dateline serve` on a free port.
pub fn dateline(database: &DatabaseUrl, arguments: &[&str]) -> Server {
    let url = match database {
        DatabaseUrl::Sqlite(file) => format!("sqlite://{}", file.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    let address = format!("127.0.0.1:{}", free_port());
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_dateline"))
        .args(["serve", "--create", "--listen", &address, "--workers", "2"])
        .args(["--log", "warn", "--database-url", &url])
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .expect("the server starts");
    // It listens before it is ready.
    while !is_ready(&address) {
        let ended = child.try_wait().expect("its state");
        assert!(
            ended.is_none(),
            "the server ended; is an archive older than the migrations?"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut server = Server {
        child,
        url: format!("http://{address}"),
        ready_after: Duration::ZERO,
        folder: None,
    };
    server.fetch("/v1/articles", &[]);
    server.ready_after = started.elapsed();
    server
}

fn is_ready(address: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// The ceiling for an answer: this program again, in a process of its own.
pub fn ceiling(answer: &[u8]) -> Server {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("dateline-ceiling-{}-{number}", std::process::id());
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, answer).expect("room for the answer");
    let server = program(&["ceiling", &file.display().to_string()]);
    let _ = std::fs::remove_file(&file);
    server
}

/// This program again, in a process of its own, as a server.
pub fn program(arguments: &[&str]) -> Server {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output"))
        .read_line(&mut line)
        .expect("it says where it listens");
    Server {
        child,
        url: line.trim().to_owned(),
        ready_after: Duration::ZERO,
        folder: None,
    }
}

/// nginx with as many workers, serving the body of an answer from a file at its path.
pub fn nginx(path: &str, answer: &[u8]) -> Server {
    let folder = std::env::temp_dir().join(format!("dateline-nginx-{}", std::process::id()));
    let file = folder.join(format!("files{path}"));
    let parent = file.parent().expect("a path has a parent");
    std::fs::create_dir_all(parent).expect("room for files");
    let body = answer
        .windows(4)
        .position(|bytes| bytes == b"\r\n\r\n")
        .map(|end| &answer[end + 4..])
        .expect("an answer has a body");
    std::fs::write(&file, body).expect("room for the answer");
    let port = free_port();
    let place = folder.display();
    let configuration = format!(
        "daemon off; worker_processes 2; pid {place}/pid; error_log {place}/error.log;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;\n  \
         open_file_cache max=100; default_type application/json; client_body_temp_path {place}/body;\n  \
         proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi; uwsgi_temp_path {place}/uwsgi;\n  \
         scgi_temp_path {place}/scgi;\n  server {{ listen 127.0.0.1:{port}; root {place}/files; }}\n}}\n"
    );
    let settings = folder.join("nginx.conf");
    std::fs::write(&settings, configuration).expect("room for settings");
    // Its workers run as another user.
    let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&folder, everyone).expect("the folder is ours");
    let child = Command::new("nginx")
        .arg("-c")
        .arg(&settings)
        .stderr(Stdio::null())
        .spawn()
        .expect("nginx is installed (Debian: apt-get install nginx-light)");
    let address = format!("127.0.0.1:{port}");
    // It listens before it is ready.
    while !is_ready(&address) {
        std::thread::sleep(Duration::from_millis(2));
    }
    Server {
        child,
        url: format!("http://{address}"),
        ready_after: Duration::ZERO,
        folder: Some(folder),
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

impl Server {
    /// The whole answer to a GET, headers and body.
    pub fn fetch(&self, path: &str, headers: &[&str]) -> Vec<u8> {
        let address = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("the server listens");
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n"
        )
        .expect("the request is sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the answer is read");
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}");
        answer
    }

    /// Open descriptors.
    pub fn descriptors(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        open.map_or(0, Iterator::count)
    }

    /// Resident memory, in mebibytes.
    pub fn mebibytes(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .unwrap_or_default();
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok())
            .map_or(0.0, |kibibytes| kibibytes / 1024.0)
    }
}

/// What is asked for.
#[derive(Clone, Default)]
pub struct Load {
    /// One path, or the first of those that the script asks for.
    pub path: String,
    /// Request headers.
    pub headers: Vec<String>,
    /// A Lua script for wrk that chooses paths.
    pub script: Option<String>,
    /// Connections at once; 32 when left out.
    pub connections: Option<u32>,
}

/// What wrk saw.
#[derive(Clone, Copy)]
pub struct Seen {
    /// Answers per second.
    pub rate: f64,
    /// The slowest of the fastest 99 %, in microseconds.
    pub p99: f64,
}

/// Drives a server for some seconds.
pub fn drive(server: &Server, load: &Load, seconds: u32) -> Seen {
    let mut command = Command::new("wrk");
    let connections = format!("-c{}", load.connections.unwrap_or(32));
    command.args(["-t1", &connections, "--latency", &format!("-d{seconds}s")]);
    for header in &load.headers {
        command.args(["-H", header]);
    }
    // Two loads can run at the same time.
    let script = format!("dateline-bench-{}-{}.lua", std::process::id(), free_port());
    let script = std::env::temp_dir().join(script);
    if let Some(text) = &load.script {
        std::fs::write(&script, text).expect("room for a script");
        command.arg("-s").arg(&script);
    }
    let output = command
        .arg(format!("{}{}", server.url, load.path))
        .output()
        .expect("wrk is installed (Debian: apt-get install wrk)");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = std::fs::remove_file(&script);
    assert!(!text.contains("Non-2xx"), "{}: {text}", load.path);
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.trim().strip_prefix(name))
            .map(|rest| rest.trim().to_owned())
            .unwrap_or_else(|| panic!("wrk said nothing of {name}: {text}"))
    };
    Seen {
        rate: value("Requests/sec:").parse().expect("a rate"),
        p99: micros(&value("99%")),
    }
}

fn micros(text: &str) -> f64 {
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number.parse().expect("a latency");
    number
        * match unit {
            "us" => 1.0,
            "ms" => 1e3,
            _ => 1e6,
        }
}

/// The middle of several runs, rate and latency each for itself.
pub fn median(mut seen: Vec<Seen>) -> Seen {
    seen.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let rate = seen[seen.len() / 2].rate;
    seen.sort_by(|a, b| a.p99.total_cmp(&b.p99));
    let p99 = seen[seen.len() / 2].p99;
    Seen { rate, p99 }
}
