//! `dateline health`: what a container's health check runs, so that the image needs no other
//! program.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;

use super::CommandError;
use crate::config::socket_address;

/// Ask a running server whether it is ready.
#[derive(Debug, Args)]
pub struct Health {
    /// The address that the server listens on
    #[arg(long, env = "DATELINE_LISTEN", default_value = "127.0.0.1:8080", value_parser = socket_address)]
    listen: SocketAddr,
}

const PATIENCE: Duration = Duration::from_secs(5);

impl Health {
    /// Asks `/readyz`.
    ///
    /// # Errors
    /// What it answered instead of 200, or why it could not be asked.
    pub fn run(self) -> Result<(), CommandError> {
        let address = reachable(self.listen);
        let answer = ask(address).map_err(|error| CommandError::Io(address.to_string(), error))?;
        let status = answer.lines().next().unwrap_or_default();
        if status.split(' ').nth(1) == Some("200") {
            return Ok(());
        }
        Err(CommandError::NotReady(status.to_owned()))
    }
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A server that listens everywhere is asked on this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
