//! The newsroom's site, where readers find articles.

/// The address of the newsroom's site, without a slash at its end; `None` when it is not known.
#[derive(Debug, Clone, Default)]
pub struct PublicUrl(pub Option<String>);
