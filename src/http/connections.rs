//! Connections, from when they are accepted: how many one address may have, and how long one that does
//! not read is waited for.

use std::any::Any;
use std::collections::HashMap;
use std::net::{IpAddr, Shutdown};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use prometheus::IntCounter;
use socket2::SockRef;

use super::address::{TrustedProxies, network};

/// Bytes for one connection that wait in the kernel to be sent.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT_BYTES: u32 = 128 * 1024;

/// The connections of one server.
pub struct Connections {
    /// Most of one address; 0 is without limit.
    most: u32,
    /// How long what was sent may stay unread.
    write_timeout: Duration,
    proxies: TrustedProxies,
    open: Mutex<HashMap<IpAddr, u32>>,
    refused: IntCounter,
}

/// A connection that is counted while it is open.
struct Open {
    connections: Arc<Connections>,
    address: IpAddr,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.connections.locked();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

impl Connections {
    /// None yet.
    pub fn new(
        most: u32,
        write_timeout: Duration,
        proxies: TrustedProxies,
        refused: IntCounter,
    ) -> Arc<Self> {
        Arc::new(Self {
            most,
            write_timeout,
            proxies,
            open: Mutex::default(),
            refused,
        })
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a connection that was just accepted: one too many is closed at once. What is in
    /// `data` lives as long as the connection.
    pub fn accepted(self: &Arc<Self>, connection: &dyn Any, data: &mut Extensions) {
        let Some(stream) = connection.downcast_ref::<TcpStream>() else {
            return;
        };
        let socket = SockRef::from(stream);
        // TCP_USER_TIMEOUT: also closes what acknowledges and never reads. TCP_NOTSENT_LOWAT: what such a
        // client does not take stays with the server, which stops working for it, and not in megabytes
        // of the kernel's memory, for which all connections would wait.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        for set in [
            socket.set_tcp_user_timeout(Some(self.write_timeout)),
            socket.set_tcp_notsent_lowat(UNSENT_BYTES),
        ] {
            if let Err(error) = set {
                tracing::debug!(%error, "a connection is not bounded");
            }
        }
        let Ok(peer) = stream.peer_addr() else {
            return;
        };
        match self.count(peer.ip()) {
            Ok(Some(open)) => {
                data.insert(open);
            }
            Ok(None) => {}
            Err(()) => {
                self.refused.inc();
                let _ = socket.shutdown(Shutdown::Both);
            }
        }
    }

    /// Counts a connection; `None` where that is not done: one address of this machine, or a proxy's,
    /// stands for many readers.
    fn count(self: &Arc<Self>, peer: IpAddr) -> Result<Option<Open>, ()> {
        let peer = peer.to_canonical();
        let is_local = matches!(peer.to_string().as_str(), "127.0.0.1" | "::1");
        if self.most == 0 || is_local || self.proxies.trusts(peer) {
            return Ok(None);
        }
        let address = network(peer);
        let mut open = self.locked();
        let count = open.entry(address).or_default();
        if *count >= self.most {
            return Err(());
        }
        *count += 1;
        Ok(Some(Open {
            connections: Arc::clone(self),
            address,
        }))
    }
}

/// Descriptors that are not for connections: the database's files, logs, listeners, and what is opened
/// in passing.
const OTHER_DESCRIPTORS: u64 = 256;

/// Raises the limit of open descriptors as far as it may be, and says how many connections fit.
pub fn connections_that_fit() -> u32 {
    let descriptors = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1024);
    let fit = descriptors.saturating_sub(OTHER_DESCRIPTORS).max(64);
    u32::try_from(fit).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(most: u32) -> Arc<Connections> {
        Connections::new(
            most,
            Duration::from_secs(1),
            TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]),
            IntCounter::new("refused", "refused").unwrap(),
        )
    }

    #[test]
    fn one_address_has_so_many_and_then_others_are_let_in() {
        let connections = connections(2);
        let one: IpAddr = "203.0.113.7".parse().unwrap();
        let first = connections.count(one).unwrap();
        let _second = connections.count(one).unwrap();
        assert!(connections.count(one).is_err());
        assert!(connections.count("203.0.113.8".parse().unwrap()).is_ok());
        drop(first);
        assert!(connections.count(one).is_ok());
    }

    #[test]
    fn addresses_of_one_household_count_together_and_proxies_do_not() {
        let connections = connections(1);
        let _first = connections.count("2001:db8::1".parse().unwrap()).unwrap();
        assert!(connections.count("2001:db8::2".parse().unwrap()).is_err());
        assert!(
            connections
                .count("2001:db8:0:1::2".parse().unwrap())
                .is_ok()
        );
        for many in ["10.0.0.1", "127.0.0.1", "::1"] {
            for _ in 0..3 {
                let counted = connections.count(many.parse().unwrap());
                assert!(counted.is_ok_and(|open| open.is_none()));
            }
        }
    }
}
