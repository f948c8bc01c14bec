//! Which services are told what readers see has changed.

use clap::Args;
use url::Url;

use super::{ServerConfig, page, site};
use crate::announcements::key_file::is_key;
use crate::announcements::service::{PurgeToken, Service};

/// Where Fastly takes purges.
const FASTLY: &str = "https://api.fastly.com";
/// Where Cloudflare does.
const CLOUDFLARE: &str = "https://api.cloudflare.com";

/// Services that are told what has changed, besides the hubs of feeds.
#[derive(Debug, Clone, Args)]
pub struct AnnouncementConfig {
    /// Fastly service to purge by key when something changes; needs --purge-token
    #[arg(long, env = "DATELINE_PURGE_FASTLY", value_parser = name, requires = "purge_token")]
    pub purge_fastly: Option<String>,

    /// Cloudflare zone to purge by tag when something changes; needs --purge-token, and --purge-header cache-tag
    #[arg(long, env = "DATELINE_PURGE_CLOUDFLARE", value_parser = name, requires = "purge_token", conflicts_with = "purge_fastly")]
    pub purge_cloudflare: Option<String>,

    /// Address that takes PURGE when something changes, such as http://varnish:6081/ with the keys in xkey-purge, or with
    /// {key} in it one request for each key
    #[arg(long, env = "DATELINE_PURGE_URL", value_parser = template)]
    pub purge_url: Option<String>,

    /// Token by which the CDN lets this server purge
    #[arg(long, env = "DATELINE_PURGE_TOKEN", hide_env_values = true)]
    pub purge_token: Option<PurgeToken>,

    /// Where the CDN's API is, if not at its usual address
    #[arg(long, env = "DATELINE_PURGE_API", value_parser = site)]
    pub purge_api: Option<Url>,

    /// Key of IndexNow (8 to 128 letters, digits and hyphens): search engines are told what has changed, and find the key at
    /// /KEY.txt of the site
    #[arg(long, env = "DATELINE_INDEXNOW_KEY", value_parser = indexnow_key)]
    pub indexnow_key: Option<String>,

    /// Where IndexNow is told
    #[arg(
        long,
        env = "DATELINE_INDEXNOW_URL",
        default_value = "https://api.indexnow.org/indexnow",
        value_parser = site
    )]
    pub indexnow_url: Url,
}

impl ServerConfig {
    /// The services that are told what has changed.
    pub fn services(&self) -> Vec<Service> {
        let config = &self.announcements;
        let api = |usual: &str| {
            let set = config.purge_api.as_ref().map(Url::as_str);
            set.unwrap_or(usual).trim_end_matches('/').to_owned()
        };
        let mut services = Vec::new();
        if let Some(token) = &config.purge_token {
            services.extend(config.purge_fastly.as_ref().map(|service| Service::Fastly {
                api: api(FASTLY),
                service: service.clone(),
                token: token.clone(),
            }));
            services.extend(
                config
                    .purge_cloudflare
                    .as_ref()
                    .map(|zone| Service::Cloudflare {
                        api: api(CLOUDFLARE),
                        zone: zone.clone(),
                        token: token.clone(),
                    }),
            );
        }
        services.extend(config.purge_url.clone().map(Service::Purge));
        // Those need the addresses of what has changed.
        if self.public_url.is_some() {
            let hubs = self.publication.websub_hubs.iter();
            services.extend(hubs.cloned().map(Service::Hub));
            services.extend(config.indexnow_key.clone().map(|key| Service::IndexNow {
                endpoint: config.indexnow_url.clone(),
                key,
            }));
        }
        services
    }
}

/// The name of a service or of a zone, which becomes part of a path.
fn name(text: &str) -> Result<String, String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    match !text.is_empty() && text.bytes().all(known) {
        true => Ok(text.to_owned()),
        false => Err("it takes letters, digits, - and _".into()),
    }
}

/// An address, with or without `{key}`.
fn template(text: &str) -> Result<String, String> {
    const TAKES: &str = "it takes an http or https URL without #, such as http://varnish:6081/ or http://cache/purge/{key}";
    match page(&text.replace("{key}", "key")) {
        Ok(_) => Ok(text.trim().to_owned()),
        Err(_) => Err(TAKES.into()),
    }
}

fn indexnow_key(text: &str) -> Result<String, String> {
    match is_key(text) {
        true => Ok(text.to_owned()),
        false => Err("it takes 8 to 128 letters, digits and hyphens".into()),
    }
}
