//! Which addresses are those of the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// IPv4 networks that are not public: IANA's registry of special purposes, and what clouds answer their guests at.
const SPECIAL_V4: [Ipv4Net; 18] = [
    // This network, and this host.
    v4(0, 0, 0, 0, 8),
    // Private.
    v4(10, 0, 0, 0, 8),
    // Between a provider and its customers.
    v4(100, 64, 0, 0, 10),
    // This host.
    v4(127, 0, 0, 0, 8),
    // Link-local: the data of a cloud's guest among it.
    v4(169, 254, 0, 0, 16),
    // Azure's answers to its guests, though its number is a public one.
    v4(168, 63, 129, 16, 32),
    // Private.
    v4(172, 16, 0, 0, 12),
    // Protocol assignments.
    v4(192, 0, 0, 0, 24),
    // Documentation.
    v4(192, 0, 2, 0, 24),
    // Relays of 6to4, which are gone.
    v4(192, 88, 99, 0, 24),
    // Private.
    v4(192, 168, 0, 0, 16),
    // Benchmarks.
    v4(198, 18, 0, 0, 15),
    // Documentation.
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Multicast.
    v4(224, 0, 0, 0, 4),
    // Reserved, and broadcast.
    v4(240, 0, 0, 0, 4),
    // Direct delegation to sinks for reverse look-ups: nobody has a page there.
    v4(192, 31, 196, 0, 24),
    v4(192, 175, 48, 0, 24),
];

/// What is given out of IPv6. All else is private, local, multicast or nobody's.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Networks within it that are not public.
const SPECIAL_V6: [Ipv6Net; 3] = [
    // Protocol assignments, Teredo among them.
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    // Documentation.
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// An IPv4 address as a host of IPv6 sees it.
const MAPPED: Ipv6Net = v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96);
/// An IPv4 address as a translator of the network is asked for it.
const TRANSLATED: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
/// An IPv4 address and what lies behind it.
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(segments: [u16; 8], prefix: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

/// The addresses that may be called: those of the public internet, and networks that an operator allows besides.
/// The default allows no others.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    networks: Arc<[IpNet]>,
    /// Whether it is these networks alone.
    no_others: bool,
}

impl Allowed {
    /// The public internet and these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self {
            networks: networks.into(),
            no_others: false,
        }
    }

    /// These networks, and nothing of the public internet but what is in them.
    pub fn only(networks: Vec<IpNet>) -> Self {
        Self {
            no_others: true,
            ..Self::new(networks)
        }
    }

    /// Whether an address may be called. One that has an IPv4 address in it is held against what that may.
    pub fn is_allowed(&self, address: IpAddr) -> bool {
        let is_listed = |address: IpAddr| self.networks.iter().any(|net| net.contains(&address));
        if is_listed(address) {
            return true;
        }
        match address {
            IpAddr::V4(address) => !self.no_others && is_public_v4(address),
            IpAddr::V6(address) => match within(address) {
                Some(inner) => self.is_allowed(IpAddr::V4(inner)),
                None => !self.no_others && is_public_v6(address),
            },
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|net| net.contains(&address))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    GLOBAL_V6.contains(&address) && !SPECIAL_V6.iter().any(|net| net.contains(&address))
}

/// The IPv4 address that packets to an IPv6 address end at.
fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let at = |index: usize| {
        let [a, b, c, d] = [0, 1, 2, 3].map(|offset| octets[index + offset]);
        Ipv4Addr::new(a, b, c, d)
    };
    if MAPPED.contains(&address) || TRANSLATED.contains(&address) {
        return Some(at(12));
    }
    SIX_TO_FOUR.contains(&address).then(|| at(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(allowed: &[&str], address: &str) -> bool {
        let networks = allowed.iter().map(|text| text.parse().unwrap()).collect();
        Allowed::new(networks).is_allowed(address.parse().unwrap())
    }

    #[test]
    fn public_addresses_are_allowed() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(is_allowed(&[], address), "{address}");
        }
    }

    #[test]
    fn some_networks_alone_may_be_allowed() {
        let only = Allowed::only(vec!["10.0.0.0/8".parse().unwrap()]);
        for (address, allowed) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("8.8.8.8", false),
            ("::ffff:8.8.8.8", false),
            ("2606:4700::1111", false),
            ("192.168.1.1", false),
        ] {
            assert_eq!(
                only.is_allowed(address.parse().unwrap()),
                allowed,
                "{address}"
            );
        }
    }

    #[test]
    fn special_addresses_are_not() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!is_allowed(&[], address), "{address}");
            let inner: Ipv4Addr = address.parse().unwrap();
            let [a, b, c, d] = inner.octets();
            for form in [
                format!("::ffff:{address}"),
                format!("64:ff9b::{address}"),
                format!("::{address}"),
                format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1"),
                format!("64:ff9b:1::{address}"),
                format!("2001:0:{a:02x}{b:02x}:{c:02x}{d:02x}::"),
            ] {
                assert!(!is_allowed(&[], &form), "{form}");
            }
        }
        for address in [
            "::",
            "::1",
            "::2",
            "100::1",
            "2001::1",
            "2001:1::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_allowed(&[], address), "{address}");
        }
    }

    #[test]
    fn what_an_operator_allows_is_allowed_and_nothing_besides() {
        let allowed = ["127.0.0.0/8", "fd00::/8", "10.1.2.3/32"];
        for address in ["127.0.0.1", "::ffff:127.0.0.1", "fd12::1", "10.1.2.3"] {
            assert!(is_allowed(&allowed, address), "{address}");
        }
        for address in ["::1", "fc00::1", "10.1.2.4", "169.254.169.254"] {
            assert!(!is_allowed(&allowed, address), "{address}");
        }
    }
}
