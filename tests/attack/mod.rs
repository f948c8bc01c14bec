//! What a stranger may try: each fault that was found once is a scenario here, which says what still
//! holds while it goes on. None depends on how fast the machine is; `scripts/bench` measures the same
//! for longer (docs/SECURITY-TESTS.md).

mod bodies;
mod connections;
mod costly;
mod logs;
mod oidc;
mod oidc_provider;
mod proxies;
mod sign_in;
