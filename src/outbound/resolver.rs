//! Names, resolved to addresses that may be called.

use std::io;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Allowed, Blocked};

/// Resolves by the system's resolver. The addresses are what is connected to, so that a name which is resolved to
/// something else a moment later gains nothing.
pub(super) struct Resolver {
    pub allowed: Allowed,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.allowed.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses = checked(&allowed, found.collect())?;
            if addresses.is_empty() {
                return Err(io::Error::from(io::ErrorKind::NotFound).into());
            }
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

/// The addresses, if all may be called: nobody has a reason to mix public ones with others.
fn checked(allowed: &Allowed, addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Blocked> {
    let is_allowed = |address: &SocketAddr| allowed.is_allowed(address.ip());
    match addresses.iter().all(is_allowed) {
        true => Ok(addresses),
        false => Err(Blocked::Address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_one_private_address_is_refused() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let allowed = Allowed::default();
        let public = addresses(&["8.8.8.8:0", "[2606:4700::1111]:0"]);
        assert_eq!(checked(&allowed, public).map(|found| found.len()), Ok(2));
        let mixed = addresses(&["8.8.8.8:0", "10.0.0.1:0"]);
        assert_eq!(checked(&allowed, mixed), Err(Blocked::Address));
    }
}
