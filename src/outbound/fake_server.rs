//! A server of HTTP for tests that answers as badly as it is told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is done with a connection after its request was read. It is closed in the end.
pub(crate) enum Answer {
    /// These bytes.
    Bytes(Vec<u8>),
    /// These parts with a pause before each.
    Slowly(Duration, Vec<Vec<u8>>),
    /// These bytes, and then the second ones again and again.
    Endless(Vec<u8>, Vec<u8>),
    /// These bytes, and the connection stays open.
    Hanging(Vec<u8>),
    /// Nothing, and the connection stays open.
    Silence,
}

/// An answer with a length.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Answer {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    Answer::Bytes([head.as_bytes(), body].concat())
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// All before the body.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// It ends when it is dropped.
pub(crate) struct FakeServer {
    /// Where it listens.
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FakeServer {
    /// Answers each request by its number, from 0, and its head.
    pub async fn start(answers: impl Fn(usize, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let connections: Arc<AtomicUsize> = Arc::default();
        let (seen, counted) = (requests.clone(), connections.clone());
        let answers = Arc::new(answers);
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (seen, answers) = (seen.clone(), answers.clone());
                tokio::spawn(async move {
                    let _ = serve(connection, &seen, &*answers).await;
                });
            }
        });
        Self {
            address,
            connections,
            requests,
            task,
        }
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// An address on it.
    pub fn url(&self, path: &str) -> url::Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }
}

async fn serve(
    mut connection: TcpStream,
    seen: &Mutex<Vec<Request>>,
    answers: &(impl Fn(usize, &str) -> Answer + Sync),
) -> std::io::Result<()> {
    let request = read(&mut connection).await?;
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len() - 1
    };
    match answers(number, &request.head) {
        Answer::Bytes(bytes) => connection.write_all(&bytes).await?,
        Answer::Slowly(pause, parts) => {
            for part in parts {
                tokio::time::sleep(pause).await;
                connection.write_all(&part).await?;
            }
        }
        Answer::Endless(first, again) => {
            connection.write_all(&first).await?;
            loop {
                connection.write_all(&again).await?;
            }
        }
        Answer::Hanging(bytes) => {
            connection.write_all(&bytes).await?;
            std::future::pending().await
        }
        Answer::Silence => std::future::pending().await,
    }
    connection.shutdown().await
}

async fn read(connection: &mut TcpStream) -> std::io::Result<Request> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length.then(|| value.parse::<usize>().unwrap())
            });
            let mut body = bytes.split_off(end + 4);
            while body.len() < length.unwrap_or_default() {
                // Slowly, so that a large body is not taken up by buffers at once.
                tokio::time::sleep(Duration::from_millis(1)).await;
                some(connection, &mut body).await?;
            }
            return Ok(Request { head, body });
        }
        some(connection, &mut bytes).await?;
    }
}

async fn some(connection: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    match connection.read(&mut buffer).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        count => {
            bytes.extend_from_slice(&buffer[..count]);
            Ok(())
        }
    }
}
