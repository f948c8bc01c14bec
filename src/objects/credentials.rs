//! Who the service is to a storage that asks.

use std::fmt;

/// What requests to S3 are signed with, as the environment of AWS's tools has it.
#[derive(Clone)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`; `None` for keys that do not run out.
    pub session_token: Option<String>,
    /// `AWS_REGION`; the region in a location wins over it.
    pub region: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &"…")
            .field("session_token", &self.session_token.as_ref().map(|_| "…"))
            .field("region", &self.region)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let credentials = Credentials {
            access_key_id: "AKIA".into(),
            secret_access_key: "hush".into(),
            session_token: Some("quiet".into()),
            region: None,
        };
        let text = format!("{credentials:?}");
        assert!(text.contains("AKIA"));
        assert!(!text.contains("hush") && !text.contains("quiet"), "{text}");
    }
}
