//! Whose address a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};
use ipnet::IpNet;

/// The network that counts as one: an IPv4 address itself, an IPv6 address's /64, which is what one
/// household or device has.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

/// The site (/48) that an IPv6 address belongs to: what one customer of a provider is given at most.
pub fn site(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Some(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into())
        }
        IpAddr::V4(_) => None,
    }
}

/// The proxies in front of this server, which are believed when they say whom they speak for.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    networks: Arc<[IpNet]>,
    /// Whether somebody else said so and was not believed.
    ignored: Arc<AtomicBool>,
}

impl TrustedProxies {
    /// Those of some networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self {
            networks: networks.into(),
            ignored: Arc::default(),
        }
    }

    /// Whether a proxy that is not trusted, or somebody who plays one, has said for whom it asks.
    pub fn ignores_some(&self) -> bool {
        self.ignored.load(Ordering::Relaxed)
    }

    /// Whether a request comes from a trusted proxy.
    pub fn sent(&self, peer: Option<SocketAddr>) -> bool {
        peer.is_some_and(|peer| self.trusts(peer.ip().to_canonical()))
    }

    /// The address of the client: of the connection or, when that is a trusted proxy's, the last
    /// one in `Forwarded` (RFC 7239) or `X-Forwarded-For` that no trusted proxy has.
    ///
    /// A proxy that knows one of the two passes the other on as the client sent it. So when both
    /// are there and differ, neither is believed.
    pub fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip().to_canonical();
        Some(self.client_behind(peer, request.headers()))
    }

    fn client_behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusts(peer) {
            self.ignore(peer, headers);
            return peer;
        }
        let forwarded = elements(headers, FORWARDED)
            .map(|elements| self.last_untrusted(peer, elements.iter().map(|text| node(text))));
        let forwarded_for = elements(headers, X_FORWARDED_FOR)
            .map(|elements| self.last_untrusted(peer, elements.iter().map(|text| address(text))));
        match (forwarded, forwarded_for) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(client), _) | (None, Some(client)) => client,
            (None, None) => peer,
        }
    }

    /// Says, once, that a proxy may have been forgotten: then all of its readers have its address.
    fn ignore(&self, peer: IpAddr, headers: &HeaderMap) {
        let says = headers.contains_key(FORWARDED) || headers.contains_key(X_FORWARDED_FOR);
        if says && !self.ignored.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                "Forwarded or X-Forwarded-For came from an address that is not a trusted proxy; \
                 if it is a proxy, name it in --trusted-proxies (TRUSTED_PROXIES)"
            );
        }
    }

    /// Whether an address is a trusted proxy's.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// The way back from the server: what a proxy could not name ends it.
    fn last_untrusted(
        &self,
        peer: IpAddr,
        hops: impl DoubleEndedIterator<Item = Option<IpAddr>>,
    ) -> IpAddr {
        let mut client = peer;
        for hop in hops.rev() {
            match hop {
                Some(address) => client = address,
                None => return client,
            }
            if !self.trusts(client) {
                return client;
            }
        }
        client
    }
}

/// The elements of a list that may be spread over several lines; `None` when there is none.
fn elements(headers: &HeaderMap, name: HeaderName) -> Option<Vec<&str>> {
    let elements: Vec<&str> = headers
        .get_all(name)
        // What is no text is an element that cannot be read.
        .flat_map(|line| line.to_str().unwrap_or("?").split(','))
        .map(str::trim)
        .collect();
    (!elements.is_empty()).then_some(elements)
}

/// The address after `for=` in an element of `Forwarded`; `None` when it is hidden.
fn node(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for")
            .then(|| address(value.trim_matches('"')))?
    })
}

/// An address, with or without a port; one of IPv6 with a port stands in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let alone = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => match text.split_once(':') {
            Some((before, after)) if !after.contains(':') => before,
            _ => text,
        },
    };
    alone
        .parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn client(peer: &str, headers: &[(HeaderName, &'static str)]) -> String {
        let proxies = TrustedProxies::new(vec![
            "10.0.0.0/8".parse().unwrap(),
            "2001:db8:ffff::/48".parse().unwrap(),
        ]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.clone(), HeaderValue::from_static(value));
        }
        proxies
            .client_behind(peer.parse().unwrap(), &map)
            .to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let forged = [(X_FORWARDED_FOR, "192.0.2.1"), (FORWARDED, "for=192.0.2.1")];
        assert_eq!(client("203.0.113.7", &forged), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &forged), "192.0.2.1");
        assert_eq!(client("2001:db8:ffff::1", &forged), "192.0.2.1");
    }

    #[test]
    fn what_the_client_put_in_front_is_not_believed() {
        let appended = [(X_FORWARDED_FOR, "1.1.1.1, 192.0.2.1, 10.0.0.9")];
        assert_eq!(client("10.0.0.1", &appended), "192.0.2.1");
        let lines = [
            (FORWARDED, "for=1.1.1.1"),
            (
                FORWARDED,
                "for=192.0.2.1:4711;proto=https, For=\"10.0.0.9\"",
            ),
        ];
        assert_eq!(client("10.0.0.1", &lines), "192.0.2.1");
    }

    #[test]
    fn when_the_two_headers_differ_neither_is_believed() {
        let both = [(FORWARDED, "for=1.1.1.1"), (X_FORWARDED_FOR, "192.0.2.1")];
        assert_eq!(client("10.0.0.1", &both), "10.0.0.1");
    }

    #[test]
    fn addresses_come_with_ports_brackets_and_disguise() {
        for (value, found) in [
            ("for=\"[2001:db8::17]:4711\"", "2001:db8::17"),
            ("for=\"[2001:db8::17]\"", "2001:db8::17"),
            ("by=10.0.0.3;for=192.0.2.43", "192.0.2.43"),
            ("for=unknown", "10.0.0.1"),
            ("for=_hidden, for=10.0.0.2", "10.0.0.2"),
            ("nonsense;;=", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[(FORWARDED, value)]), found, "{value}");
        }
        let mapped = [(X_FORWARDED_FOR, "::ffff:192.0.2.1")];
        assert_eq!(client("10.0.0.1", &mapped), "192.0.2.1");
    }
}
