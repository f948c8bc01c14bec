//! What handlers are given, each by its type.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use tokio::sync::oneshot;

use super::StartError;
use crate::announcements::follower::Follower;
use crate::announcements::key_file::IndexNowKey;
use crate::announcements::service::{self, Service};
use crate::announcements::store as followers;
use crate::articles::previews::token::{PreviewKeys, PreviewLinks};
use crate::articles::public::ArticleLoader;
use crate::articles::telling::EditorialRules;
use crate::auth::denials::Denials;
use crate::auth::jwt::Signer;
use crate::auth::oidc::browser::{IdentityProvider, SignInService};
use crate::auth::oidc::provider::Provider;
use crate::auth::oidc::settings::ProviderSettings;
use crate::auth::oidc::state::StateKey;
use crate::auth::people::LinkSettings;
use crate::auth::throttle::LoginThrottle;
use crate::cache::fixed::FixedContent;
use crate::cache::response_cache::ResponseCache;
use crate::config::{MediaConfig, ServerConfig};
use crate::db::{Connection, Database, Id, Timestamp};
use crate::events::Writer;
use crate::gauges::Gauges;
use crate::ghost::key::GhostKey;
use crate::http::address::TrustedProxies;
use crate::http::body::BodyReaders;
use crate::http::cors::EditorialOrigins;
use crate::http::cursor::CursorKey;
use crate::http::observe::RequestTimeout;
use crate::http::path_prefix::PathPrefix;
use crate::idempotency::writer::InFlight;
use crate::keys::{self, Key, Purpose};
use crate::media::files::{MediaFiles, MediaSettings};
use crate::media::store::base;
use crate::metrics::Metrics;
use crate::objects::ObjectStore;
use crate::outbound;
use crate::publication::KnownPublication;
use crate::service::OpenApiJson;
use crate::shares::bot::Bots;
use crate::shares::limits::{ShareLimits, ShareQuotas};
use crate::shares::page::Sites;
use crate::shares::public::ShareService;
use crate::shares::slug_cache::SlugCache;
use crate::shares::store::{counting, rollups};
use crate::shares::time::Granularity;
use crate::shares::visitor::VisitorKey;
use crate::shares::writer::{Load, ShareWriter, WAITING};
use crate::streams::broadcast::{self, Streams};
use crate::webhooks::dispatcher::{Dispatcher, Webhooks};
use crate::webhooks::sender::Sender;
use crate::{jobs, openapi, projections};

/// The data of one server. Cheap to clone.
#[derive(Clone)]
pub(super) struct State {
    database: Data<Database>,
    writer: Data<Writer>,
    pub(super) responses: Data<ResponseCache>,
    pub(super) metrics: Data<Metrics>,
    pub(super) proxies: Data<TrustedProxies>,
    gauges: Data<Gauges>,
    signer: Data<Signer>,
    throttle: Data<LoginThrottle>,
    denials: Data<Denials>,
    cursors: Data<CursorKey>,
    shares: Data<ShareService>,
    shares_waiting: Data<Load>,
    articles: Data<ArticleLoader>,
    rules: Data<EditorialRules>,
    publication: Data<KnownPublication>,
    pub(super) origins: Data<EditorialOrigins>,
    path_prefix: Data<PathPrefix>,
    sites: Data<Sites>,
    document: Data<OpenApiJson>,
    timeout: Data<RequestTimeout>,
    readers: BodyReaders,
    links: Data<LinkSettings>,
    identity_provider: Data<IdentityProvider>,
    in_flight: Data<InFlight>,
    previews: Data<PreviewLinks>,
    media: Data<MediaFiles>,
    indexnow_key: Data<IndexNowKey>,
    pub(super) webhooks: Data<Webhooks>,
    pub(super) streams: Data<Streams>,
    ghost_key: Data<GhostKey>,
}

fn document(prefix: &PathPrefix) -> OpenApiJson {
    let prefix = prefix.clone();
    OpenApiJson::new(move || FixedContent::new("application/json", openapi::json_below(&prefix)))
}

impl State {
    /// Loads the keys and brings counts up to what was acknowledged; with what ends once the shares that this
    /// server was sent are written.
    pub(super) async fn build(
        config: &ServerConfig,
        database: Database,
    ) -> Result<(Self, oneshot::Receiver<()>), StartError> {
        let Keys {
            signing,
            cursors,
            visitors,
            previews,
        } = Keys::load(&database).await?;
        let identity_provider = identity_provider(config.oidc.provider(), &database).await?;
        if identity_provider.0.is_some() && config.editorial_origins.is_empty() {
            tracing::warn!(
                "nobody signs in by the identity provider: without --editorial-origins there is no page to return to"
            );
        }
        let metrics = Data::new(Metrics::new(database.metrics()).map_err(StartError::Metrics)?);
        let publication = config.publication();
        if let Some(known) = &publication.0 {
            tracing::info!(
                "the canonical_url of an article is {} and its slug",
                known.site()
            );
        }
        let publication = Data::new(publication);
        let media = media_files(config, &database).await?;
        database.listen().await?;
        catch_up(&database).await?;
        let names: Vec<String> = config.services().iter().map(Service::to_string).collect();
        let forget =
            move |connection: &mut Connection| followers::forget_others(connection, &names);
        database.write(forget).await?;
        let (writer, counted) = ShareWriter::open(
            database.clone(),
            WAITING,
            config.installations_per_address as usize,
        )
        .map_err(StartError::Thread)?;
        let sender = Sender::new(config.webhooks.webhook_allow.clone())
            .map_err(|error| StartError::Tls(error.to_string()))?;
        let shares = Data::new(share_service(config, &database, &newest(&visitors), writer));
        let responses = ResponseCache::new(
            database.clone(),
            u64::from(config.cache_size) * 1024 * 1024,
            config.clock.clone(),
            config.policies(),
            metrics.clone(),
        );
        let state = Self {
            writer: Data::new(Writer::new(database.clone(), projections::ALL)),
            responses: Data::new(responses),
            proxies: Data::new(TrustedProxies::new(config.trusted_proxies.clone())),
            gauges: Data::new(Gauges::new(metrics.registry()).map_err(StartError::Metrics)?),
            signer: Data::new(Signer::new(signing)),
            throttle: Data::new(LoginThrottle::default()),
            denials: Data::new(Denials::default()),
            cursors: Data::new(CursorKey::new(&newest(&cursors))),
            shares_waiting: Data::from(shares.counter.load()),
            shares,
            articles: Data::new(ArticleLoader::of(&database, &publication)),
            rules: Data::new(EditorialRules {
                drafts: config.drafts_per_author.into(),
                correction_after: config
                    .require_correction_after
                    .map(|hours| chrono::Duration::hours(hours.into())),
            }),
            publication,
            origins: Data::new(EditorialOrigins(config.editorial_origins.clone())),
            path_prefix: Data::new(config.path_prefix.clone()),
            document: Data::new(document(&config.path_prefix)),
            sites: Data::new(Sites::new(config.public_url.as_ref(), &config.former_sites)),
            timeout: Data::new(RequestTimeout(Duration::from_secs(config.request_timeout))),
            readers: BodyReaders::start().map_err(StartError::Thread)?,
            previews: Data::new(PreviewLinks {
                keys: PreviewKeys::new(&previews),
                page: config.preview_url.clone(),
            }),
            links: Data::new(LinkSettings {
                page: config.invitation_url.clone(),
                invitations: chrono::Duration::days(config.invitation_days.into()),
            }),
            identity_provider: Data::new(identity_provider),
            metrics,
            database: Data::new(database),
            in_flight: Data::default(),
            media: Data::new(media),
            indexnow_key: Data::new(IndexNowKey(config.announcements.indexnow_key.clone())),
            webhooks: Data::new(Webhooks::new(sender)),
            ghost_key: Data::new(GhostKey(config.ghost_key.clone())),
            streams: Data::new(Streams::new(config.event_streams)),
        };
        Ok((state, counted))
    }

    /// Begins what a server does besides answering.
    ///
    /// # Errors
    /// When TLS cannot be used on this machine.
    pub(super) fn begin_jobs(&self, config: &ServerConfig) -> Result<(), StartError> {
        jobs::sweep(&self.database, &self.signer, &self.throttle);
        jobs::rebuild(&self.database);
        jobs::render(&self.database);
        jobs::follow_the_clock(&self.database, &self.writer, **self.rules);
        jobs::thin_revisions(&self.database, config.keep_draft_revisions);
        jobs::empty_trash(&self.database, &self.writer, config.keep_trash);
        jobs::keep_shares(&self.database, &self.shares, config.hourly_shares_days);
        self.dispatch(config);
        broadcast::start(
            self.streams.clone(),
            self.database.clone(),
            self.publication.clone(),
        );
        self.announce_to(config.services())
    }

    /// Sends messages to webhooks, from now on.
    fn dispatch(&self, config: &ServerConfig) {
        let dispatcher = Dispatcher {
            database: self.database.clone(),
            writer: self.writer.clone(),
            publication: self.publication.clone(),
            metrics: self.metrics.clone(),
            webhooks: self.webhooks.clone(),
            waits: config.webhooks.webhook_retries.clone(),
            process: Id::generate(),
        };
        dispatcher.start();
    }

    /// Tells these services what has changed, from now on.
    fn announce_to(&self, services: Vec<Service>) -> Result<(), StartError> {
        if services.is_empty() {
            return Ok(());
        }
        let has_caches = services.iter().any(Service::is_told_twice);
        let client = service::client().map_err(|error| StartError::Tls(error.to_string()))?;
        let process = Id::generate();
        for service in services {
            tracing::info!(%service, "it is told what readers see has changed");
            let follower = Follower {
                client: client.clone(),
                database: self.database.clone(),
                publication: self.publication.clone(),
                metrics: self.metrics.clone(),
                process,
                waits_for_caches: has_caches && !service.is_told_twice(),
                service,
            };
            follower.start();
        }
        Ok(())
    }

    /// Gives all of it to an application's handlers and middleware.
    pub(super) fn add_to(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.database.clone())
            .app_data(self.writer.clone())
            .app_data(self.responses.clone())
            .app_data(self.metrics.clone())
            .app_data(self.proxies.clone())
            .app_data(self.gauges.clone())
            .app_data(self.signer.clone())
            .app_data(self.throttle.clone())
            .app_data(self.denials.clone())
            .app_data(self.cursors.clone())
            .app_data(self.shares.clone())
            .app_data(self.shares_waiting.clone())
            .app_data(self.articles.clone())
            .app_data(self.rules.clone())
            .app_data(self.publication.clone())
            .app_data(self.path_prefix.clone())
            .app_data(self.sites.clone())
            .app_data(self.document.clone())
            .app_data(self.timeout.clone())
            .app_data(self.readers.clone())
            .app_data(self.links.clone())
            .app_data(self.identity_provider.clone())
            .app_data(self.in_flight.clone())
            .app_data(self.previews.clone())
            .app_data(self.media.clone())
            .app_data(self.indexnow_key.clone())
            .app_data(self.webhooks.clone())
            .app_data(self.streams.clone())
            .app_data(self.ghost_key.clone());
    }
}

/// The keys of each purpose, the newest first.
struct Keys {
    signing: Vec<Key>,
    cursors: Vec<Key>,
    visitors: Vec<Key>,
    previews: Vec<Key>,
}

impl Keys {
    async fn load(database: &Database) -> Result<Self, StartError> {
        let load = |connection: &mut Connection| {
            Ok(Self {
                signing: keys::find_or_make(connection, Purpose::AccessTokens)?,
                cursors: keys::find_or_make(connection, Purpose::Cursors)?,
                visitors: keys::find_or_make(connection, Purpose::Visitors)?,
                previews: keys::find_or_make(connection, Purpose::Previews)?,
            })
        };
        Ok(database.write(load).await?)
    }
}

/// Nothing is asked of the provider yet: it may be away while servers start.
async fn identity_provider(
    settings: Option<ProviderSettings>,
    database: &Database,
) -> Result<IdentityProvider, StartError> {
    let Some(settings) = settings else {
        return Ok(IdentityProvider::default());
    };
    let load =
        |connection: &mut Connection| keys::find_or_make(connection, Purpose::ProviderSignIns);
    let key = StateKey::new(&newest(&database.write(load).await?));
    tracing::info!(
        redirect_uri = settings.redirect_uri(),
        "people sign in by the identity provider as well, which sends them to redirect_uri"
    );
    let provider = Provider::new(settings).map_err(|error| StartError::Tls(error.to_string()))?;
    let service = SignInService { provider, key };
    Ok(IdentityProvider(Some(Arc::new(service))))
}

/// The files of the media. What articles show of them is written again where they are at another address than before.
async fn media_files(config: &ServerConfig, database: &Database) -> Result<MediaFiles, StartError> {
    let location = config.media.location(database.url());
    let objects = match ObjectStore::open(&location, MediaConfig::credentials()) {
        Ok(objects) => Some(objects),
        // Nobody has asked for it: readers are served without.
        Err(error) if config.media.media_store.is_none() => {
            tracing::warn!(%error, "no files can be uploaded; --media-store says where they are kept");
            None
        }
        Err(error) => return Err(error.into()),
    };
    let base = config.media.base(&config.path_prefix);
    let wanted = base.clone();
    let set = move |connection: &mut Connection| base::set(connection, &wanted);
    if database.write(set).await? {
        tracing::info!(url = base, "files of the media are at another address now");
    }
    let settings = MediaSettings {
        most_bytes: config.media.max_media_bytes,
        keeps_metadata: config.media.keep_media_metadata,
    };
    let allowed = outbound::Allowed::new(config.media.fetch_allow.clone());
    let outbound = outbound::Client::new(allowed, outbound::Schemes::Any)
        .map_err(|error| StartError::Tls(error.to_string()))?;
    MediaFiles::new(objects, settings, outbound).map_err(StartError::Thread)
}

fn newest(keys: &[Key]) -> Vec<u8> {
    let newest = keys.first().map(|key| key.secret.clone());
    newest.unwrap_or_default()
}

/// What a server that was killed had acknowledged is in the counts before they are read.
async fn catch_up(database: &Database) -> Result<(), StartError> {
    database.write(counting::apply).await?;
    let mut position = Some((Granularity::Hour, Timestamp::EARLIEST));
    while let Some(from) = position {
        let build = move |connection: &mut Connection| rollups::build_missing(connection, from);
        position = database.write(build).await?;
    }
    Ok(())
}

fn share_service(
    config: &ServerConfig,
    database: &Database,
    key: &[u8],
    writer: ShareWriter,
) -> ShareService {
    let per_minute = config.shares_per_article;
    ShareService {
        articles: SlugCache::new(database.clone()),
        limits: ShareLimits::new(ShareQuotas {
            address: config.shares_per_address,
            article: per_minute,
            article_hour: config
                .shares_per_article_hour
                .unwrap_or_else(|| per_minute.saturating_mul(5)),
        }),
        bots: Bots::new(config.own_apps.clone(), config.other_bots.clone()),
        key: VisitorKey::new(key),
        has_installations: config.installations_per_address > 0,
        counter: writer,
    }
}
