//! How sign-ins end that come to nothing, in the words of RFC 6749, section 4.1.2.1. Why exactly is for the log: a page is
//! told what somebody can do about it.

use super::provider::ProviderError;
use crate::auth::store::identities::Refused;
use crate::db::StoreError;

/// A word of the standard and a sentence to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure(pub &'static str, pub &'static str);

/// The browser did not begin it, or it is over.
pub const NOT_THIS_BROWSER: Failure = Failure(
    "invalid_request",
    "This sign-in was begun in another browser, was used already, or took too long. Begin again.",
);
/// The provider cannot be asked.
const PROVIDER_AWAY: Failure = Failure(
    "temporarily_unavailable",
    "The identity provider is away. Try again later.",
);
/// What the provider says proves nothing.
pub const PROVIDER_FAILED: Failure = Failure(
    "server_error",
    "The identity provider did not say who you are in a way that can be trusted.",
);
const SERVER_BUSY: Failure = Failure("temporarily_unavailable", "The server is busy. Try again.");
const SERVER_FAILED: Failure = Failure("server_error", "The server failed.");

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(..) | StoreError::Conflict | StoreError::TooSlow => {
                tracing::warn!(%error, "a sign-in was not written");
                SERVER_BUSY
            }
            error => {
                tracing::error!(%error, "a sign-in was not written");
                SERVER_FAILED
            }
        }
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        tracing::warn!(%error, "a sign-in by the identity provider failed");
        match error {
            ProviderError::Away(_) => PROVIDER_AWAY,
            ProviderError::Failed(_) | ProviderError::Code | ProviderError::Untrusted(_) => {
                PROVIDER_FAILED
            }
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let sentence = match refused {
            Refused::Unknown => {
                "Nobody was invited here with an address that the identity provider vouches for. Ask an admin."
            }
            Refused::Disabled(_) => "This account is disabled. Ask an admin.",
            Refused::OtherIdentity(_) => {
                "The account with your address belongs to another identity. Ask an admin."
            }
            Refused::NoRole(_) => "Your groups give you no role here any more. Ask an admin.",
        };
        Self("access_denied", sentence)
    }
}

impl Failure {
    /// What the provider said instead of a code: its word where it is one of the standard's (OpenID Connect Core 1.0,
    /// section 3.1.2.6), and never its sentence, which anybody can write.
    pub fn from_provider(error: &str) -> Self {
        const WORDS: [&str; 7] = [
            "access_denied",
            "account_selection_required",
            "consent_required",
            "interaction_required",
            "login_required",
            "server_error",
            "temporarily_unavailable",
        ];
        let word = WORDS.into_iter().find(|word| *word == error);
        Self(
            word.unwrap_or("server_error"),
            "The identity provider let nobody in.",
        )
    }
}
