//! What feeds, sitemaps and structured data say of the newsroom.

use clap::Args;
use url::Url;

use super::{ServerConfig, site};
use crate::publication::{Addresses, KnownPublication, PageTemplates, Publication, UrlTemplate};

/// The newsroom as the world knows it. Without `--public-url` none of it is used.
#[derive(Debug, Clone, Args)]
pub struct PublicationConfig {
    /// What readers call the publication, exactly as it is listed elsewhere; the host of --public-url when not set
    #[arg(long, env = "DATELINE_PUBLICATION_NAME")]
    pub publication_name: Option<String>,

    /// What the publication is, in a sentence
    #[arg(long, env = "DATELINE_PUBLICATION_DESCRIPTION")]
    pub publication_description: Option<String>,

    /// Who publishes it; the publication's name when not set
    #[arg(long, env = "DATELINE_PUBLISHER_NAME")]
    pub publisher_name: Option<String>,

    /// The publisher's own page; --public-url when not set
    #[arg(long, env = "DATELINE_PUBLISHER_URL", value_parser = site)]
    pub publisher_url: Option<Url>,

    /// The publisher's logo
    #[arg(long, env = "DATELINE_PUBLISHER_LOGO", value_parser = site)]
    pub publisher_logo: Option<Url>,

    /// Address of this server as readers and other services reach it, with the path that a proxy has put it below; on the
    /// host of --public-url when not set
    #[arg(long, env = "DATELINE_API_URL", value_parser = site)]
    pub api_url: Option<Url>,

    /// Address of the site's page of a tag, with {slug} in it
    #[arg(long, env = "DATELINE_TAG_URL")]
    pub tag_url: Option<UrlTemplate>,

    /// Address of the site's page of a section, with {slug} in it; --tag-url when not set
    #[arg(long, env = "DATELINE_SECTION_URL")]
    pub section_url: Option<UrlTemplate>,

    /// Address of the site's page of an author, with {slug} in it
    #[arg(long, env = "DATELINE_AUTHOR_URL")]
    pub author_url: Option<UrlTemplate>,

    /// Hubs of WebSub that tell subscribers of feeds, comma-separated
    #[arg(long, env = "DATELINE_WEBSUB_HUBS", value_delimiter = ',', value_parser = site)]
    pub websub_hubs: Vec<Url>,
}

impl ServerConfig {
    /// The newsroom as the world knows it.
    pub fn publication(&self) -> KnownPublication {
        let Some(site) = &self.public_url else {
            return KnownPublication::default();
        };
        let config = &self.publication;
        let prefix = self.path_prefix.before("");
        let mut publication = Publication::at(&Addresses {
            site,
            api: config.api_url.as_ref(),
            prefix: &prefix,
            media: &self.path_prefix.before("/media"),
        });
        if let Some(name) = &config.publication_name {
            publication.name.clone_from(name);
        }
        let publisher = config.publisher_name.as_ref();
        publication.publisher.name = publisher.unwrap_or(&publication.name).clone();
        if let Some(url) = &config.publisher_url {
            publication.publisher.url = url.to_string();
        }
        publication.publisher.logo = config.publisher_logo.as_ref().map(Url::to_string);
        publication
            .description
            .clone_from(&config.publication_description);
        publication.hubs = config.websub_hubs.iter().map(Url::to_string).collect();
        publication.pages = PageTemplates {
            tag: config.tag_url.clone(),
            section: config.section_url.clone(),
            author: config.author_url.clone(),
        };
        KnownPublication(Some(publication))
    }
}
