//! One client that sends JSON and reads JSON, on one connection that stays open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::drive::Server;

/// A connection to a server under test, signed in where there is a token.
pub struct Client {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Client {
    /// Opens the connection.
    pub fn connect(server: &Server, token: &str) -> Self {
        let stream = TcpStream::connect(server.url.trim_start_matches("http://"));
        let stream = stream.expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        Self {
            stream: BufReader::with_capacity(64 * 1024, stream),
            token: token.to_owned(),
        }
    }

    /// What is at a path.
    pub fn get<T: DeserializeOwned>(&mut self, path: &str) -> T {
        self.send("GET", path, &[])
    }

    /// Sends JSON; what is answered.
    pub fn post(&mut self, path: &str, body: &Value) -> Value {
        self.send("POST", path, body.to_string().as_bytes())
    }

    /// Changes what is at a path, whatever its version.
    pub fn patch(&mut self, path: &str, body: &Value) -> Value {
        self.send("PATCH", path, body.to_string().as_bytes())
    }

    fn send<T: DeserializeOwned>(&mut self, method: &str, path: &str, body: &[u8]) -> T {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nIf-Match: *\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n",
            body.len()
        );
        if !self.token.is_empty() {
            request += &format!("Authorization: Bearer {}\r\n", self.token);
        }
        request += "\r\n";
        let mut request = request.into_bytes();
        request.extend_from_slice(body);
        let stream = self.stream.get_mut();
        stream.write_all(&request).expect("the request is sent");
        let (mut status, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            let read = self.stream.read_line(&mut line);
            assert!(read.expect("the answer is read") > 0, "the server closed");
            let line = line.trim_end();
            if line.is_empty() {
                break;
            } else if status.is_empty() {
                line.clone_into(&mut status);
            } else if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().expect("a length");
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).expect("the body");
        assert!(
            status.starts_with("HTTP/1.1 20"),
            "{method} {path}: {status} {}",
            String::from_utf8_lossy(&answer)
        );
        serde_json::from_slice(&answer).expect("JSON")
    }
}
