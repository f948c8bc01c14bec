//! `dateline demo`: the server with a small newsroom in a throw-away database.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use url::Url;

use super::CommandError;
use super::serve::run_server;
use crate::app::{Opening, StartError, open_database};
use crate::articles::input::ArticleInput;
use crate::articles::parts::CorrectionInput;
use crate::articles::store::{corrections, transitions, write};
use crate::articles::workflow::{Embargo, Expiry, PublishInput, RetractInput, Status};
use crate::auth::model::{Caller, Role};
use crate::auth::store::users;
use crate::auth::{password, secret};
use crate::authors::model::AuthorInput;
use crate::collections::input::CollectionInput;
use crate::config::{DatabaseConfig, ServerConfig};
use crate::db::changes::Invalidation;
use crate::db::slugs::public_articles_named;
use crate::db::transaction::in_transaction;
use crate::db::version::{Expected, Precondition};
use crate::db::{Connection, DatabaseUrl, Id, Outage, StoreError, StoreResult, Timestamp};
use crate::events::{self, Change, Origin};
use crate::http::listeners::Listeners;
use crate::media::store::write::NewItem;
use crate::shares::journal::Increments;
use crate::shares::model::Network;
use crate::shares::store::counting;
use crate::shares::store::totals;
use crate::tags::model::TagInput;
use crate::text::Slug;
use crate::validation::{Violations, from_json};
use crate::{authors, collections, log, media, projections, tags};

mod pictures;

const NEWSROOM: &str = include_str!("newsroom.json");

/// Where the sample newsroom's readers would find it, unless something is said.
const SITE: &str = "https://courier.example/";

/// What they would call it.
const NAME: &str = "The Example Courier";

/// The key of Ghost's Content API.
const GHOST_KEY: &str = "0123456789abcdef0123456789";

/// Who signs in to the demo.
const EMAIL: &str = "editor@example.com";

/// Run the server with a small newsroom of sample articles.
#[derive(Debug, Args)]
pub struct Demo {
    #[command(flatten)]
    server: ServerConfig,

    /// Where to put the sample newsroom instead of a temporary file: an empty database
    #[arg(long, env = "DATELINE_DEMO_DATABASE_URL", hide_env_values = true)]
    database_url: Option<DatabaseUrl>,
}

/// The sample newsroom as it is written down.
#[derive(Deserialize)]
struct Newsroom {
    authors: Vec<serde_json::Value>,
    tags: Vec<serde_json::Value>,
    articles: Vec<Sample>,
    /// Slugs of the articles that an editor has put on top.
    front_page: Vec<Slug>,
    /// What is said of the pictures.
    #[serde(default)]
    pictures: Vec<pictures::SamplePicture>,
}

#[derive(Deserialize)]
struct Sample {
    status: Status,
    /// Hours from publication to the start of the demo.
    hours_ago: Option<f64>,
    /// Hours from the start of the demo to the end of the embargo.
    embargo_hours: Option<f64>,
    corrections: Vec<SampleCorrection>,
    shares: BTreeMap<String, i64>,
    #[serde(flatten)]
    article: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct SampleCorrection {
    kind: serde_json::Value,
    text: serde_json::Value,
}

impl Demo {
    /// Fills the database and runs until it is told to stop. A temporary file is deleted then.
    ///
    /// # Errors
    /// Why it could not start, in words.
    pub fn run(mut self) -> Result<(), CommandError> {
        self.name_the_publication();
        let listeners = Listeners::bind(self.server.listen, self.server.ops_listen)
            .map_err(StartError::from)?;
        let throw_away = match self.database_url {
            None => Some(ThrowAway::new()?),
            Some(_) => None,
        };
        let url = self.database_url.unwrap_or_else(|| {
            DatabaseUrl::Sqlite(
                throw_away
                    .as_ref()
                    .map(|folder| folder.0.join("demo.db"))
                    .unwrap_or_default(),
            )
        });
        let password = secret::generate("").chars().take(16).collect::<String>();
        let hash = password::hash(&password)?;
        let media = self.server.media.clone();
        let open = move || {
            let config = DatabaseConfig::at(url);
            let database = open_database(&config, Opening::Created)?;
            let newsroom: Newsroom = serde_json::from_str(NEWSROOM)
                .map_err(|error| StoreError::unavailable(Outage::Unsuitable, error.to_string()))?;
            let items = pictures::store(&newsroom.pictures, &media.location(database.url()))?;
            let mut connection = database.connection()?;
            let fill = |connection: &mut Connection| fill(connection, &hash, newsroom, items);
            in_transaction(&mut connection, fill)
                .map_err(|error| CommandError::About("the sample newsroom".into(), error))?;
            drop(connection);
            Ok(database)
        };
        run_server(listeners, &self.server, open, |url| {
            print_tour(url, &password);
        })
    }
}

impl Demo {
    /// So that feeds and all that names addresses of a site can be tried as well.
    fn name_the_publication(&mut self) {
        let server = &mut self.server;
        server.ghost_key.get_or_insert(GHOST_KEY.to_owned());
        // Whoever tries webhooks has a receiver on this machine.
        if server.webhooks.webhook_allow.is_empty() {
            let loopback = ["127.0.0.0/8", "::1/128"];
            let networks = loopback.iter().filter_map(|network| network.parse().ok());
            server.webhooks.webhook_allow = networks.collect();
        }
        if server.public_url.is_some() {
            return;
        }
        server.public_url = Url::parse(SITE).ok();
        let publication = &mut server.publication;
        publication.publication_name.get_or_insert(NAME.to_owned());
        for (page, template) in [
            (&mut publication.tag_url, "tags/{slug}"),
            (&mut publication.author_url, "authors/{slug}"),
        ] {
            if page.is_none() {
                *page = format!("{SITE}{template}").parse().ok();
            }
        }
    }
}

/// A folder that is deleted when the demo ends.
struct ThrowAway(PathBuf);

impl ThrowAway {
    fn new() -> Result<Self, CommandError> {
        let folder = std::env::temp_dir().join(format!("dateline-demo-{}", Id::generate()));
        std::fs::create_dir(&folder)
            .map_err(|error| CommandError::Io(folder.display().to_string(), error))?;
        Ok(Self(folder))
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn wrong(violations: Violations) -> StoreError {
    StoreError::Invalid(violations)
}

/// Writes the sample newsroom through the same stores that the editorial API uses.
fn fill(
    connection: &mut Connection,
    password_hash: &str,
    newsroom: Newsroom,
    pictures: Vec<(String, NewItem)>,
) -> StoreResult<()> {
    let user = users::add(connection, EMAIL, "Demo Editor", Role::Admin, password_hash)?;
    let caller = Caller::User {
        id: user,
        role: Role::Admin,
    };
    for author in newsroom.authors {
        let author: AuthorInput = from_json(author).map_err(wrong)?;
        change(connection, |change| authors::store::create(change, author))?;
    }
    for tag in newsroom.tags {
        let tag: TagInput = from_json(tag).map_err(wrong)?;
        change(connection, |change| tags::store::create(change, tag))?;
    }
    let mut items = HashMap::new();
    for (name, item) in pictures {
        let (id, _) = change(connection, |change| media::store::write::add(change, item))?;
        items.insert(name, id);
    }
    let now = Timestamp::now();
    for mut sample in newsroom.articles {
        sample
            .article
            .values_mut()
            .for_each(|value| pictures::name(value, &items));
        add(connection, &caller, sample, now)?;
    }
    add_front_page(connection, &newsroom.front_page)
}

/// Makes the collection `home`: some articles by their slugs, and the newest below them.
fn add_front_page(connection: &mut Connection, pinned: &[Slug]) -> StoreResult<()> {
    let found = public_articles_named(connection, pinned)?;
    let ids = pinned.iter().filter_map(|slug| found.get(slug));
    let slots: Vec<_> = ids.map(|id| serde_json::json!({"article": id})).collect();
    let home = serde_json::json!({"title": "Home", "slots": slots, "fill": {"limit": 12}});
    let home: CollectionInput = from_json(home).map_err(wrong)?;
    let slug = Slug::from_title("home", None, "home");
    let nothing = Precondition {
        expected: None,
        is_new: true,
    };
    change(connection, |change| {
        collections::store::write::put(change, &slug, &nothing, home)
    })?;
    Ok(())
}

fn change<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Change<'_>) -> StoreResult<T>,
) -> StoreResult<T> {
    // Nobody has read anything yet.
    let touched = &mut Invalidation::default();
    events::writer::run(connection, touched, projections::ALL, Origin::SYSTEM, work)
}

fn hours(hours: f64) -> chrono::Duration {
    chrono::Duration::seconds((hours * 3600.0) as i64)
}

fn add(
    connection: &mut Connection,
    caller: &Caller,
    sample: Sample,
    now: Timestamp,
) -> StoreResult<()> {
    let mut article = sample.article;
    if sample.status == Status::InReview {
        article.insert("status".into(), "in_review".into());
    }
    let input: ArticleInput = from_json(article.into()).map_err(wrong)?;
    let id = change(connection, |change| {
        write::create(change, input, caller, i64::MAX)
    })?;
    let any = &Expected::Any;
    if let Some(ago) = sample.hours_ago {
        let publish = PublishInput {
            published_at: Some(now.plus(-hours(ago))),
            embargo_until: sample.embargo_hours.map_or(Embargo::Kept, |until| {
                Embargo::Until(now.plus(hours(until)))
            }),
            note: None,
            unpublish_at: Expiry::Kept,
        };
        change(connection, |change| {
            transitions::publish(change, id, caller, any, &publish)
        })?;
    }
    for correction in sample.corrections {
        let input = serde_json::json!({"kind": correction.kind, "text": correction.text});
        let input: CorrectionInput = from_json(input).map_err(wrong)?;
        change(connection, |change| {
            corrections::add(change, id, caller, any, input)
        })?;
    }
    let published = now.plus(-hours(sample.hours_ago.unwrap_or(0.0)));
    share(connection, id, sample.shares, published, now)?;
    match sample.status {
        Status::Draft | Status::InReview | Status::Published => Ok(()),
        Status::Unpublished => change(connection, |change| {
            transitions::unpublish(change, id, caller, any)
        }),
        Status::Retracted => {
            let reason = serde_json::json!({
                "reason": "The main source withdrew the statement.",
                "notice": "We have retracted this article: a central statement in it could not be confirmed.",
            });
            let reason: RetractInput = from_json(reason).map_err(wrong)?;
            change(connection, |change| {
                transitions::retract(change, id, caller, any, reason)
            })
        }
        Status::Trashed => change(connection, |change| {
            transitions::trash(change, id, caller, any)
        }),
    }
}

/// Counts an article's shares as they come: half of them in the first eighth of the time since its
/// publication, half of the rest in the next, and so on.
fn share(
    connection: &mut Connection,
    id: Id,
    shares: BTreeMap<String, i64>,
    published: Timestamp,
    now: Timestamp,
) -> StoreResult<()> {
    const PARTS: i32 = 8;
    let part = (now.utc() - published.utc()) / PARTS;
    let mut increments = Increments::default();
    for (network, mut left) in shares {
        let Ok(network) = network.parse::<Network>() else {
            continue;
        };
        for number in 1..=PARTS {
            let counted = if number == PARTS {
                left
            } else {
                left - left / 2
            };
            left -= counted;
            if counted > 0 {
                increments.add(id, network, counted, published.plus(part * number));
            }
        }
    }
    counting::add(connection, &increments)?;
    totals::place(connection, &[id])
}

fn print_tour(url: &str, password: &str) {
    log::say(format_args!(
        r#"
Dateline demo: a small newsroom at {url}
  API documentation   {url}/docs/
  Sign in with        {EMAIL}  {password}

Read:
  curl -s '{url}/v1/articles?limit=3&include=shares&fields=slug,headline,byline,shares'
  curl -s '{url}/v1/articles/harbour-cities-agree-flood-fund?fields=headline,dateline,lead_image,body_html'

What trends:
  curl -s '{url}/v1/trending?limit=3&fields=slug,trend'

Share:
  curl -s -X POST '{url}/v1/articles/harbour-cities-agree-flood-fund/shares' -H 'Content-Type: application/json' -d '{{"network":"x"}}'

Write and publish:
  TOKEN=$(curl -s '{url}/v1/auth/login' -H 'Content-Type: application/json' -d '{{"email":"{EMAIL}","password":"{password}"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  ID=$(curl -s '{url}/v1/editorial/articles' -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{{"headline":"Hello, newsroom","authors":["alex-writer"],"body":{{"format":"html","content":"<p>It <em>works</em>.</p>"}}}}' | sed 's/{{"id":"\([^"]*\)".*/\1/')
  curl -s -X POST "{url}/v1/editorial/articles/$ID/publish" -H "Authorization: Bearer $TOKEN" -H 'If-Match: "v1"'
  curl -s '{url}/v1/articles/hello-newsroom'

Stop with Ctrl-C; the sample database is deleted then.
"#
    ));
}
