//! Why a call came to nothing.

use thiserror::Error;

use super::Blocked;

/// Why there is no answer, or not a whole one. The sentences may be shown to whoever named the address: they tell
/// nothing about the network that the service is in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OutboundError {
    /// It must not be called.
    #[error("The URL {0}.")]
    Blocked(#[from] Blocked),
    /// Nobody knows the host's name.
    #[error("The host of the URL was not found.")]
    Resolve,
    /// No connection came about, or none that can be trusted.
    #[error("The host of the URL cannot be reached, or its certificate is not trusted.")]
    Connect,
    /// It took too long as a whole, or nothing came for too long.
    #[error("The host of the URL took too long to answer.")]
    TimedOut,
    /// It is larger than the caller wants.
    #[error("What the URL leads to is larger than {most} bytes.")]
    TooLarge {
        /// The most that were wanted.
        most: u64,
    },
    /// It answered with a status that is no success.
    #[error("The host of the URL answered with the status {0}.")]
    Status(u16),
    /// It redirects again and again.
    #[error("The URL redirects too often.")]
    Redirects,
    /// It does not answer as HTTP has it.
    #[error("The host of the URL {0}.")]
    Protocol(&'static str),
    /// TLS cannot be used on this machine. Only at the start.
    #[error("TLS cannot be used: {0}")]
    Unusable(String),
}

impl OutboundError {
    /// What an error of the client means.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        if let Some(blocked) = blocked(error) {
            return Self::Blocked(blocked);
        }
        if error.is_dns() {
            return Self::Resolve;
        }
        if error.is_timeout() {
            return Self::TimedOut;
        }
        if error.is_connect() {
            return Self::Connect;
        }
        if error.is_decode() || error.is_body() {
            return Self::Protocol("broke its answer off");
        }
        Self::Protocol("does not answer as HTTP has it")
    }
}

/// What the resolver said.
fn blocked(error: &(dyn std::error::Error + 'static)) -> Option<Blocked> {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .into_iter()
        .find_map(|cause| cause.downcast_ref().copied())
}
