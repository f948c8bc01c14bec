//! The newsroom's site, where readers find articles.

use url::Url;

/// The address of the newsroom's site, without a slash at its end; `None` when it is not known.
#[derive(Debug, Clone, Default)]
pub struct PublicUrl(pub Option<String>);

impl PublicUrl {
    /// Of the setting.
    pub fn new(url: Option<&Url>) -> Self {
        Self(url.map(|url| url.as_str().trim_end_matches('/').to_owned()))
    }
}
