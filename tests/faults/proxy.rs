//! A TCP proxy before Postgres that does what networks do.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often a connection looks what it is to do.
const LOOK: Duration = Duration::from_millis(10);

/// What the proxy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// Everything goes through.
    Pass,
    /// Nothing does, and nobody is told.
    Stall,
    /// Connections end at once.
    Refuse,
    /// A commit of what names the marker does not arrive, and the connection is reset.
    CutBeforeCommit,
    /// It arrives; its answer does not.
    CutAfterCommit,
    /// It arrives; its answer does only in another mode.
    HoldCommit,
    /// Nothing arrives any more at those who listen for notifications.
    Deaf,
}

const MODES: [Mode; 7] = [
    Mode::Pass,
    Mode::Stall,
    Mode::Refuse,
    Mode::CutBeforeCommit,
    Mode::CutAfterCommit,
    Mode::HoldCommit,
    Mode::Deaf,
];

/// What a transaction has to name to be cut.
pub const MARKER: &str = "cut-here";

pub struct Proxy {
    pub address: SocketAddr,
    mode: Arc<AtomicU8>,
}

impl Proxy {
    /// A proxy before a port of this machine.
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mode = Arc::new(AtomicU8::new(Mode::Pass as u8));
        let of_connections = Arc::clone(&mode);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let mode = Mode::now(&of_connections);
                let (Ok(client), true) = (client, mode != Mode::Refuse) else {
                    continue;
                };
                if let Ok(server) = TcpStream::connect(("127.0.0.1", port)) {
                    connect(client, server, &of_connections);
                }
            }
        });
        Self { address, mode }
    }

    pub fn set(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::SeqCst);
    }

    /// The URL of a database behind it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", self.address)
    }
}

impl Mode {
    fn now(mode: &AtomicU8) -> Self {
        MODES[usize::from(mode.load(Ordering::SeqCst))]
    }
}

/// One connection, both ways.
struct Link {
    client: TcpStream,
    server: TcpStream,
    mode: Arc<AtomicU8>,
    listens: AtomicBool,
    marked: AtomicBool,
    swallows: AtomicBool,
    holds: AtomicBool,
    sent: Mutex<Vec<u8>>,
}

fn connect(client: TcpStream, server: TcpStream, mode: &Arc<AtomicU8>) {
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(LOOK)).unwrap();
    }
    let link = Arc::new(Link {
        client,
        server,
        mode: Arc::clone(mode),
        listens: AtomicBool::new(false),
        marked: AtomicBool::new(false),
        swallows: AtomicBool::new(false),
        holds: AtomicBool::new(false),
        sent: Mutex::default(),
    });
    let other = Arc::clone(&link);
    std::thread::spawn(move || {
        link.pump(&link.client, &link.server, |link, bytes| {
            link.to_server(bytes)
        })
    });
    std::thread::spawn(move || {
        other.pump(&other.server, &other.client, |link, bytes| {
            link.to_client(bytes)
        });
    });
}

impl Link {
    fn pump(&self, mut from: &TcpStream, to: &TcpStream, send: impl Fn(&Self, &[u8]) -> bool) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match Mode::now(&self.mode) {
                Mode::Stall => {
                    std::thread::sleep(LOOK);
                    continue;
                }
                Mode::Refuse => break,
                _ => {}
            }
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    while Mode::now(&self.mode) == Mode::Stall {
                        std::thread::sleep(LOOK);
                    }
                    if !send(self, &buffer[..read]) {
                        break;
                    }
                }
                Err(error)
                    if [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut]
                        .contains(&error.kind()) => {}
                Err(_) => break,
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    }

    fn to_server(&self, bytes: &[u8]) -> bool {
        let commits = {
            let mut sent = self.sent.lock().unwrap();
            sent.extend_from_slice(bytes);
            let contains = |what: &[u8]| sent.windows(what.len()).any(|part| part == what);
            if contains(b"LISTEN dateline") {
                self.listens.store(true, Ordering::SeqCst);
            }
            if contains(MARKER.as_bytes()) {
                self.marked.store(true, Ordering::SeqCst);
            }
            let commits = contains(b"COMMIT\0");
            // Words may be parted between two reads.
            let parted = sent.len().saturating_sub(32);
            let rest = sent.split_off(parted);
            *sent = if commits { Vec::new() } else { rest };
            commits
        };
        if commits && self.marked.load(Ordering::SeqCst) {
            match Mode::now(&self.mode) {
                Mode::CutBeforeCommit => return false,
                Mode::CutAfterCommit => self.swallows.store(true, Ordering::SeqCst),
                Mode::HoldCommit => self.holds.store(true, Ordering::SeqCst),
                _ => {}
            }
        }
        (&self.server).write_all(bytes).is_ok()
    }

    fn to_client(&self, bytes: &[u8]) -> bool {
        if self.swallows.load(Ordering::SeqCst) {
            return false;
        }
        while self.holds.load(Ordering::SeqCst) && Mode::now(&self.mode) == Mode::HoldCommit {
            std::thread::sleep(LOOK);
        }
        let deaf = Mode::now(&self.mode) == Mode::Deaf && self.listens.load(Ordering::SeqCst);
        deaf || (&self.client).write_all(bytes).is_ok()
    }
}
