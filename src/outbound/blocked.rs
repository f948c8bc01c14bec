//! Which URLs are not called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;
use url::{Host, Url};

use super::Allowed;

/// Whether a URL may be called without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schemes {
    /// `http` and `https`.
    Any,
    /// `https` alone.
    HttpsOnly,
}

/// Why a URL is not called: what a sentence goes on with that begins with the URL. It may be shown to whoever named that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Blocked {
    /// It is neither `http` nor `https`.
    #[error("must begin with http:// or https://")]
    Scheme,
    /// It is `http` where TLS is required.
    #[error("must begin with https://")]
    NotHttps,
    /// It has a user's name or a password.
    #[error("must not have a user name or a password in it")]
    Userinfo,
    /// Its port belongs to something else than HTTP.
    #[error("must not name port {0}: only 80, 443 and those from 1024 on are called")]
    Port(u16),
    /// It has no host.
    #[error("must have a host")]
    NoHost,
    /// Its host is, or is known under, an address that is not one of the public internet.
    #[error("must lead to an address of the public internet")]
    Address,
}

impl Allowed {
    /// Whether a URL may be called, as far as that can be told without asking the network. Its name is looked at again
    /// when it is resolved.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn check_url(&self, url: &Url, schemes: Schemes) -> Result<(), Blocked> {
        match (url.scheme(), schemes) {
            ("https", _) | ("http", Schemes::Any) => {}
            ("http", Schemes::HttpsOnly) => return Err(Blocked::NotHttps),
            _ => return Err(Blocked::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Blocked::Userinfo);
        }
        match url.port_or_known_default() {
            Some(80 | 443 | 1024..) => {}
            port => return Err(Blocked::Port(port.unwrap_or_default())),
        }
        let is_allowed = match url.host().ok_or(Blocked::NoHost)? {
            Host::Ipv4(address) => self.is_allowed(address.into()),
            Host::Ipv6(address) => self.is_allowed(address.into()),
            Host::Domain(name) => !is_this_host(name) || self.is_this_host_allowed(),
        };
        is_allowed.then_some(()).ok_or(Blocked::Address)
    }

    fn is_this_host_allowed(&self) -> bool {
        let addresses: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        addresses
            .into_iter()
            .any(|address| self.is_allowed(address))
    }
}

/// Names that are this host by themselves (RFC 6761, section 6.3), so that they are refused before they are resolved.
fn is_this_host(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allowed: &Allowed, text: &str) -> Result<(), Blocked> {
        allowed.check_url(&text.parse().unwrap(), Schemes::Any)
    }

    #[test]
    fn a_public_address_over_http_is_not_blocked() {
        let allowed = Allowed::default();
        for text in [
            "http://example.org/a.jpg",
            "https://example.org:8443/?q#f",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]/",
            "http://localhost.example.org/",
        ] {
            assert_eq!(check(&allowed, text), Ok(()), "{text}");
        }
    }

    #[test]
    fn every_spelling_of_an_address_of_this_host_is_blocked_unless_it_is_allowed() {
        let loopback = Allowed::new(vec!["127.0.0.0/8".parse().unwrap()]);
        for text in [
            "http://127.0.0.1:9000",
            "http://localhost",
            "http://LOCALHOST./",
            "http://a.localhost",
            "http://2130706433",
            "http://0x7f.1",
            "http://0177.0.0.1",
            "http://127.1",
            "http://127.0.0.1.",
            "http://[::ffff:7f00:1]",
            "http://[::ffff:127.0.0.1]",
            "http://①②⑦.0.0.1",
            "http://127%2e0.0.1",
        ] {
            assert_eq!(
                check(&Allowed::default(), text),
                Err(Blocked::Address),
                "{text}"
            );
            assert_eq!(check(&loopback, text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_http_to_a_public_host_is_blocked() {
        let allowed = Allowed::default();
        for (text, reason) in [
            ("ftp://example.org/", Blocked::Scheme),
            ("file:///etc/passwd", Blocked::Scheme),
            ("data:image/png,x", Blocked::Scheme),
            ("http://user@example.org/", Blocked::Userinfo),
            ("http://:secret@example.org/", Blocked::Userinfo),
            ("http://example.org:25/", Blocked::Port(25)),
            ("http://example.org:0/", Blocked::Port(0)),
            ("http://example.org:1023/", Blocked::Port(1023)),
            ("http://127.0.0.1:9/", Blocked::Port(9)),
            ("http://169.254.169.254/latest", Blocked::Address),
            ("http://[::1]/", Blocked::Address),
            ("http://0/", Blocked::Address),
        ] {
            assert_eq!(check(&allowed, text), Err(reason), "{text}");
        }
        let url = "http://example.org".parse().unwrap();
        let result = allowed.check_url(&url, Schemes::HttpsOnly);
        assert_eq!(result, Err(Blocked::NotHttps));
    }
}
