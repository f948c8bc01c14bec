//! Connections that are opened to be kept.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::json;
use socket2::{Domain, Socket, Type};

use crate::harness::On;
use crate::process::{Place, Server};

/// Connects from an address of this machine.
fn connect(server: &Server, from: &str) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let from: SocketAddr = format!("{from}:0").parse().unwrap();
    // A window that is soon full.
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind(&from.into()).unwrap();
    let to: SocketAddr = server.address.parse().unwrap();
    socket.connect(&to.into()).unwrap();
    socket.into()
}

fn answers(stream: &mut TcpStream) -> bool {
    let asked = stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut answer = [0; 12];
    asked.is_ok() && stream.read_exact(&mut answer).is_ok() && answer.ends_with(b"200")
}

#[test]
fn one_address_has_so_many_connections() {
    let place = Place::new(On::Sqlite);
    let server = place.serve_with(&["--connections-per-address", "20"]);
    let mut open: Vec<TcpStream> = (0..60).map(|_| connect(&server, "127.0.0.2")).collect();
    let answered = open
        .iter_mut()
        .filter_map(|stream| answers(stream).then_some(()))
        .count();
    assert_eq!(answered, 20);
    assert!(server.metric("dateline_connections_refused_total") >= 40.0);
    // Others are let in, and so is this one when it has closed what it had.
    assert!(answers(&mut connect(&server, "127.0.0.3")));
    drop(open);
    let mut left = 1_000;
    while !answers(&mut connect(&server, "127.0.0.2")) {
        left -= 1;
        assert!(left > 0, "closed connections still count");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Sockets that a process has open.
fn sockets(process: u32) -> usize {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    open.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok())
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}

#[test]
fn a_connection_that_never_reads_is_closed() {
    let place = Place::new(On::Sqlite);
    let scopes =
        "articles:read,articles:write,articles:publish,tags:write,authors:write,shares:write";
    let token = place.run(&["token", "issue", "--name", "t", "--scope", scopes], "");
    let token = crate::process::text(&token.stdout);
    let server = place.serve_with(&["--write-timeout", "1"]);
    let long = "word ".repeat(100_000);
    let article = json!({
        "headline": "Long", "slug": "long", "byline": "Desk",
        "body": {"format": "text", "content": long},
    });
    let (status, draft) = server.ask("POST", "/v1/editorial/articles", &token, Some(article));
    assert_eq!(status, 201, "{draft}");
    let publish = format!(
        "/v1/editorial/articles/{}/publish",
        draft["id"].as_str().unwrap()
    );
    assert_eq!(server.ask("POST", &publish, &token, None).0, 200);
    let before = sockets(server.child.id());
    let silent: Vec<TcpStream> = (0..30)
        .map(|_| {
            let mut stream = connect(&server, "127.0.0.2");
            let asked = "GET /v1/articles/long HTTP/1.1\r\nHost: x\r\n\r\n".repeat(8);
            stream.write_all(asked.as_bytes()).unwrap();
            stream
        })
        .collect();
    assert_eq!(server.ask("GET", "/v1/articles/long", "", None).0, 200);
    // They stay open here; the server gives them up.
    let mut left = 1_200;
    while sockets(server.child.id()) > before + 2 {
        left -= 1;
        assert!(
            left > 0,
            "{} sockets, {before} before",
            sockets(server.child.id())
        );
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    drop(silent);
}

#[test]
fn where_few_descriptors_are_allowed_fewer_connections_are() {
    let place = Place::new(On::Sqlite);
    let serve = place.command(&["--workers", "1", "--max-connections", "25000"]);
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "ulimit -n 400 && exec \"$0\" \"$@\""])
        .arg(serve.get_program())
        .args(serve.get_args())
        .env("DATABASE_URL", place.url());
    let (server, lines) = place.started_with_log(&mut command);
    std::thread::spawn(move || lines.for_each(drop));
    let warned = |line: &serde_json::Value| line["wanted"] == 25_000 && line["connections"] == 144;
    assert!(server.log.iter().any(warned), "{:?}", server.log);
    // More than there may be: those that are too many wait, and the server goes on.
    let mut open: Vec<TcpStream> = (0..300).map(|_| connect(&server, "127.0.0.2")).collect();
    assert!(open.iter_mut().take(100).all(answers));
    drop(open);
    assert_eq!(server.ask("GET", "/v1/articles", "", None).0, 200);
}
