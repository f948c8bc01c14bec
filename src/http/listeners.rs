//! The addresses that a server listens on, bound before anything else is done: a port that is taken is
//! said at once.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};
use thiserror::Error;

/// Where operators are answered unless something is said.
const USUAL_OPS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

/// Connections that wait to be accepted.
const BACKLOG: i32 = 2048;

/// Listeners of one server.
pub struct Listeners {
    /// For everyone.
    pub public: TcpListener,
    /// For operators.
    pub ops: TcpListener,
}

/// Why an address cannot be listened on.
#[derive(Debug, Error)]
#[error("cannot listen on {address} ({setting}): {}", why(.error))]
pub struct ListenError {
    address: SocketAddr,
    setting: &'static str,
    error: io::Error,
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the port is taken by another program; choose another".into(),
        _ => error.to_string(),
    }
}

impl Listeners {
    /// Binds both addresses. Where the usual port for operators is taken and none is named, as by another
    /// server on this machine, that is a free one: the log says which.
    ///
    /// # Errors
    /// Which address cannot be listened on, and why.
    pub fn bind(public: SocketAddr, ops: Option<SocketAddr>) -> Result<Self, ListenError> {
        let failed = |address, setting| {
            move |error| ListenError {
                address,
                setting,
                error,
            }
        };
        let public = listen(public).map_err(failed(public, "--listen"))?;
        let ops = match ops {
            Some(address) => listen(address).map_err(failed(address, "--ops-listen"))?,
            None => listen(USUAL_OPS)
                .or_else(|_| listen(SocketAddr::new(USUAL_OPS.ip(), 0)))
                .map_err(failed(USUAL_OPS, "--ops-listen"))?,
        };
        Ok(Self { public, ops })
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
