//! Whose address a request comes from.

use std::net::{IpAddr, Ipv6Addr};

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
