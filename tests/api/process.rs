//! The binary in a process of its own.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use dateline::config::DatabaseConfig;
use dateline::db::DatabaseUrl;
use serde_json::{Value, json};

use crate::harness::{Disposable, On, fresh_database};

pub fn dateline() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dateline"));
    command.env_remove("DATABASE_URL");
    command
}

/// A fresh database and how commands are pointed at it.
pub struct Place {
    pub config: DatabaseConfig,
    url: String,
    disposable: Disposable,
}

impl Place {
    pub fn new(on: On) -> Self {
        let (config, disposable) = fresh_database(on);
        let url = match &config.database_url {
            DatabaseUrl::Sqlite(path) => {
                // As empty as a database of Postgres that was just made.
                dateline::db::file::create(path).unwrap();
                format!("sqlite://{}", path.display())
            }
            DatabaseUrl::Postgres(url) => url.clone(),
        };
        Self {
            config,
            url,
            disposable,
        }
    }

    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = dateline()
            .args(arguments)
            .env("DATABASE_URL", &self.url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    pub fn serve_with(&self, arguments: &[&str]) -> Server {
        self.started(self.command(&["--workers", "1"]).args(arguments))
    }

    /// A server with settings from the environment.
    pub fn serve_in(&self, environment: &[(&str, &str)]) -> Server {
        self.started(self.command(&[]).envs(environment.iter().copied()))
    }

    /// What starts a server here, on free ports.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = dateline();
        command
            .args([
                "serve",
                "--create",
                "--listen",
                "127.0.0.1:0",
                "--ops-listen",
                "127.0.0.1:0",
            ])
            .args(arguments)
            .env("DATABASE_URL", &self.url);
        command
    }

    /// Where the database is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of a SQLite database.
    pub fn folder(&self) -> &std::path::Path {
        match &self.disposable {
            Disposable::Folder(folder) => folder,
            Disposable::Database(_) => panic!("not SQLite"),
        }
    }

    /// Runs a statement on a SQLite database.
    pub fn execute(&self, sql: &str) {
        use diesel::Connection;
        use diesel::connection::SimpleConnection;
        let DatabaseUrl::Sqlite(path) = &self.config.database_url else {
            panic!("not SQLite");
        };
        let mut connection = diesel::SqliteConnection::establish(&path.to_string_lossy()).unwrap();
        connection.batch_execute(sql).unwrap();
    }

    /// Starts a server whose log is read to its end.
    fn started(&self, command: &mut Command) -> Server {
        let (server, lines) = self.started_with_log(command);
        std::thread::spawn(move || lines.for_each(drop));
        server
    }

    /// Starts a server, with what it will log from then on.
    pub fn started_with_log(
        &self,
        command: &mut Command,
    ) -> (Server, Lines<BufReader<ChildStderr>>) {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut log = Vec::new();
        let (address, ops) = lines
            .by_ref()
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
            .find_map(|line| {
                let address = |name: &str| {
                    Some(
                        line[name]
                            .as_str()?
                            .trim_start_matches("http://")
                            .to_owned(),
                    )
                };
                let addresses = (address("address"), address("ops"));
                log.push(line);
                Some((addresses.0?, addresses.1?))
            })
            .unwrap();
        let server = Server {
            child,
            address,
            ops,
            log,
        };
        (server, lines)
    }
}

pub struct Server {
    pub child: Child,
    pub address: String,
    /// Where operators are answered.
    pub ops: String,
    /// What it logged until it listened.
    pub log: Vec<Value>,
}

/// The sample newsroom.
pub struct Demo {
    pub server: Server,
    credentials: Value,
}

impl Demo {
    pub fn start() -> Self {
        let mut child = dateline()
            .args([
                "demo",
                "--listen",
                "127.0.0.1:0",
                "--ops-listen",
                "127.0.0.1:0",
                "--workers",
                "1",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut after = |words: &str| {
            lines
                .by_ref()
                .find_map(|line| Some(line.unwrap().split_once(words)?.1.to_owned()))
                .unwrap()
        };
        let address = after("a small newsroom at http://");
        let signs_in = after("Sign in with");
        let mut signs_in = signs_in.split_whitespace();
        Self {
            credentials: json!({"email": signs_in.next(), "password": signs_in.next()}),
            server: Server {
                child,
                address,
                ops: String::new(),
                log: Vec::new(),
            },
        }
    }

    /// An access token of an administrator.
    pub fn token(&self) -> String {
        let credentials = Some(self.credentials.clone());
        let (_, session) = self.server.ask("POST", "/v1/auth/login", "", credentials);
        session["access_token"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// The value of a metric without labels.
    pub fn metric(&self, name: &str) -> f64 {
        let mut stream = TcpStream::connect(&self.ops).unwrap();
        let request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let line = answer.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse().ok())
            .unwrap_or_else(|| panic!("no metric {name}: {answer}"))
    }

    /// Sends a body of JSON and answers the status; `None` when the server is gone, or closed before all was sent or
    /// without an answer.
    pub fn send(&self, method: &str, path: &str, token: &str, body: &str) -> Option<u16> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIf-Match: *\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.write_all(head.as_bytes()).ok()?;
        let _ = stream.write_all(body.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        answer.split(' ').nth(1)?.parse().ok()
    }

    /// Sends a request and answers the status and the body.
    pub fn ask(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: A browser\r\nConnection: close\r\nIf-Match: *\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
