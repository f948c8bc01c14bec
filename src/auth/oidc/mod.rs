//! Signing in by the newsroom's identity provider: OpenID Connect Core 1.0, the authorization code flow (section 3.1)
//! with PKCE (RFC 7636).
//!
//! A browser goes `start` → provider → `callback` → the page that it came from, which exchanges a one-time code for the
//! tokens that signing in with a password gives.
//!
//! - [`settings`] – the provider, and what it is trusted with
//! - [`state`] – what goes with the browser and comes back
//! - [`fetch`] – calls to the provider
//! - [`provider`] – its metadata, its keys, and who somebody is
//! - [`keys`] – the keys that it signs with
//! - [`id_token`] – what it signed
//! - [`account`] – who that is
//! - [`browser`] – addresses, parameters and cookies of browsers
//! - [`failure`] – how sign-ins end that come to nothing
//! - [`sign_in`] – the handlers of `/v1/auth/oidc`
//! - [`editorial`] – those of people's identities, for admins

pub mod account;
pub mod browser;
pub mod editorial;
pub mod failure;
pub mod fetch;
pub mod id_token;
pub mod keys;
pub mod provider;
pub mod settings;
pub mod sign_in;
pub mod state;

use crate::http::routes::Resource;

/// The resources of signing in by an identity provider.
pub fn resources() -> Vec<Resource> {
    let parts = [sign_in::resources(), editorial::resources()];
    parts.into_iter().flatten().collect()
}
