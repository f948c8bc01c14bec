//! Which settings do not go together.

use super::{PurgeHeader, ServerConfig};

impl ServerConfig {
    /// Refuses what clap cannot: settings that are right alone and wrong together, also where others have filled some in.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), &'static str> {
        let announced = &self.announcements;
        let purges_keys = announced.purge_fastly.is_some() || announced.purge_url.is_some();
        let purges_tags = announced.purge_cloudflare.is_some();
        let has_site = self.public_url.is_some();
        let has_api = announced.purge_fastly.is_some() || purges_tags;
        let wrong = [
            (
                announced.purge_token.is_some() && !has_api,
                "--purge-token needs --purge-fastly or --purge-cloudflare",
            ),
            (
                announced.purge_api.is_some() && !has_api,
                "--purge-api needs --purge-fastly or --purge-cloudflare",
            ),
            (
                !self.publication.websub_hubs.is_empty() && !has_site,
                "--websub-hubs needs --public-url",
            ),
            (
                purges_tags && self.purge_header == PurgeHeader::SurrogateKey,
                "--purge-cloudflare needs --purge-header cache-tag",
            ),
            (
                announced.purge_fastly.is_some() && self.purge_header == PurgeHeader::CacheTag,
                "--purge-fastly needs --purge-header surrogate-key",
            ),
            (
                (purges_keys || purges_tags) && self.purge_header == PurgeHeader::None,
                "what is to be purged needs another --purge-header than none",
            ),
            (
                announced.indexnow_key.is_some() && !has_site,
                "--indexnow-key needs --public-url",
            ),
            (
                self.ghost_key.is_some() && !has_site,
                "--ghost-key needs --public-url",
            ),
        ];
        match wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            Some((_, sentence)) => Err(sentence),
            None => Ok(()),
        }
    }
}
