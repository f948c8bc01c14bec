//! What comes next.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::model::{SyncItem, SyncKind};
use super::position::{Progress, Stage};
use crate::articles::model::{ArticleFilter, ArticleSort, BodyFormat, Include};
use crate::articles::public::{place, unwritable};
use crate::articles::read_model::{Included, PublicArticle};
use crate::articles::store::public::{self, Additions, ListQuery, Site};
use crate::authors::model::AuthorFilter;
use crate::db::changes::CacheTagKey;
use crate::db::keyset::KeysetBound;
use crate::db::{Connection, Id, Resource, StoreError, stored};
use crate::events::log::{self, Entry, Seen};
use crate::problem::{Problem, SYNC_EXPIRED};
use crate::tags::model::TagFilter;
use crate::{authors, tags};

/// What articles come with.
const WHOLE: &[Include] = &[
    Include::Body,
    Include::Corrections,
    Include::Seo,
    Include::Custom,
];

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Most items.
    pub limit: i64,
    /// How bodies are wanted.
    pub body_format: BodyFormat,
    /// The newsroom's site.
    pub site: Site<'a>,
}

/// What comes next, and how far that is.
#[derive(Debug)]
pub struct Next {
    /// The items, in order.
    pub items: Vec<SyncItem>,
    /// How far the client has come then.
    pub progress: Progress,
    /// Whether more is there now.
    pub has_more: bool,
    /// What it shows.
    pub depends_on: Vec<CacheTagKey>,
}

/// What comes next for a client that has come so far, or begins.
///
/// # Errors
/// `sync-expired` when it knows of an entry of the log that this database does not have; when that fails.
pub fn next(
    connection: &mut Connection,
    progress: Option<Progress>,
    asked: &Asked<'_>,
) -> Result<Next, Problem> {
    let known = log::last_seen(connection)?;
    let progress = &match progress {
        Some(progress) if log::knows(connection, &progress.known)? => {
            Progress { known, ..progress }
        }
        Some(_) => return Err(Problem::new(&SYNC_EXPIRED, SYNC_EXPIRED.meaning)),
        // What is written from here on is in the log after this.
        None => Progress::at(Stage::Articles, known.sequence, known),
    };
    match progress.stage {
        Stage::Articles => {
            let all = ArticleFilter::default();
            articles(connection, progress, Stage::Tags, all, asked)
        }
        Stage::Tags => {
            let start = start(progress);
            let found = tags::store::list(connection, &TagFilter::default(), start, asked.limit)?;
            let found = found
                .into_iter()
                .map(|(tag, value)| (SyncItem::of_tag(tag), value));
            Ok(walked(progress, Stage::Authors, found.collect(), asked))
        }
        Stage::Authors => {
            let start = start(progress);
            let filter = AuthorFilter::default();
            let found = authors::store::list(connection, &filter, start, asked.limit)?;
            let found = found
                .into_iter()
                .map(|(author, value)| (SyncItem::of_author(author), value));
            Ok(walked(progress, Stage::Changes, found.collect(), asked))
        }
        Stage::Changes => changes(connection, progress, asked),
        Stage::OfTag(id) => {
            let filter = match tags::store::find(connection, id) {
                Ok((tag, _)) => ArticleFilter {
                    tags: vec![vec![stored(&tag.slug)?]],
                    ..ArticleFilter::default()
                },
                // What has become of it comes later in the log.
                Err(StoreError::NotFound) => return Ok(skipped(progress)),
                Err(error) => return Err(error.into()),
            };
            articles(connection, progress, Stage::Changes, filter, asked)
        }
        Stage::OfAuthor(id) => {
            let filter = match authors::store::find(connection, id) {
                Ok((author, _)) => ArticleFilter {
                    authors: vec![stored(&author.slug)?],
                    ..ArticleFilter::default()
                },
                Err(StoreError::NotFound) => return Ok(skipped(progress)),
                Err(error) => return Err(error.into()),
            };
            articles(connection, progress, Stage::Changes, filter, asked)
        }
    }
}

fn start(progress: &Progress) -> Option<KeysetBound<String>> {
    let (value, id) = progress.last.clone()?;
    Some(KeysetBound {
        value,
        id,
        backward: false,
        inclusive: false,
    })
}

/// Nothing of a stage: on with the log.
fn skipped(progress: &Progress) -> Next {
    Next {
        items: Vec::new(),
        progress: Progress::at(Stage::Changes, progress.sequence, progress.known),
        has_more: true,
        depends_on: Vec::new(),
    }
}

/// A page of a stage: the next one begins when this one is not full.
fn walked(
    progress: &Progress,
    next: Stage,
    found: Vec<(SyncItem, String)>,
    asked: &Asked<'_>,
) -> Next {
    let is_full = i64::try_from(found.len()).is_ok_and(|count| count >= asked.limit);
    let last = found.last().filter(|_| is_full);
    let progress = match last {
        Some((item, value)) => progress.after(value.clone(), item.id),
        None => Progress::at(next, progress.sequence, progress.known),
    };
    Next {
        items: found.into_iter().map(|(item, _)| item).collect(),
        progress,
        // Whether the log has gone on the next page says.
        has_more: true,
        depends_on: Vec::new(),
    }
}

/// A page of articles, the oldest first.
fn articles(
    connection: &mut Connection,
    progress: &Progress,
    next: Stage,
    filter: ArticleFilter,
    asked: &Asked<'_>,
) -> Result<Next, Problem> {
    let query = ListQuery {
        filter,
        sort: ArticleSort::OldestFirst,
        include: WHOLE.to_vec(),
        body_format: asked.body_format,
        count: false,
        start: place(start(progress))?,
        limit: asked.limit,
    };
    let found = public::list(connection, &query, asked.site)?;
    let mut depends_on = Vec::new();
    let mut items = Vec::with_capacity(found.articles.len());
    for ((article, included), value) in &found.articles {
        depends_on.extend(article.depends_on());
        items.push((item(article, included)?, value.clone()));
    }
    let page = walked(progress, next, items, asked);
    Ok(Next { depends_on, ..page })
}

fn item(article: &PublicArticle, included: &Included) -> Result<SyncItem, Problem> {
    let json = article.listed(included).map_err(unwritable)?;
    let json = String::from_utf8(json).unwrap_or_default();
    Ok(SyncItem {
        article: Some(RawValue::from_string(json).map_err(unwritable)?),
        ..SyncItem::new(SyncKind::Article, article.id)
    })
}

/// What the log says that readers saw, each thing once and as it is now.
fn changes(
    connection: &mut Connection,
    progress: &Progress,
    asked: &Asked<'_>,
) -> Result<Next, Problem> {
    // One more, to see whether there is one.
    let mut entries = log::seen_after(connection, progress.sequence, asked.limit + 1)?;
    let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
    let mut has_more = entries.len() > limit;
    entries.truncate(limit);
    let mut next = Progress::at(Stage::Changes, progress.sequence, progress.known);
    let mut told = Vec::new();
    for entry in entries {
        next.sequence = entry.sequence;
        let shown_by = shown_by(&entry);
        told.push(entry);
        if let Some(stage) = shown_by {
            // The articles that show it come before what happened later.
            next.stage = stage;
            has_more = true;
            break;
        }
    }
    let (items, depends_on) = current(connection, told, asked)?;
    Ok(Next {
        items,
        progress: next,
        has_more,
        depends_on,
    })
}

/// The articles that show something else since, of a tag or an author that was changed.
fn shown_by(entry: &Entry) -> Option<Stage> {
    let stage = match entry.resource.as_str() {
        kind if kind == Resource::Tag.as_str() => Stage::OfTag,
        kind if kind == Resource::Author.as_str() => Stage::OfAuthor,
        _ => return None,
    };
    match entry.readers_see.as_deref().and_then(Seen::stored)? {
        Seen::Appeared => None,
        // They have just come.
        Seen::Changed if entry.said().merged.is_some() => None,
        Seen::Changed => Some(stage(entry.resource_id)),
        // Nothing shows what was deleted; what was merged goes on under another name.
        Seen::Disappeared => entry.said().into.map(stage),
    }
}

/// Each thing that entries are of, once, as it is now, and what that depends on.
fn current(
    connection: &mut Connection,
    entries: Vec<Entry>,
    asked: &Asked<'_>,
) -> Result<(Vec<SyncItem>, Vec<CacheTagKey>), Problem> {
    let is_article = |entry: &&Entry| entry.resource == Resource::Article.as_str();
    let ids: BTreeSet<Id> = entries
        .iter()
        .filter(is_article)
        .map(|entry| entry.resource_id)
        .collect();
    let ids: Vec<Id> = ids.into_iter().collect();
    let additions = Additions {
        include: WHOLE,
        body_format: asked.body_format,
        search: None,
    };
    let mut found = public::whole(connection, &ids, additions, asked.site)?;
    let mut depends_on = Vec::new();
    let mut items: Vec<SyncItem> = Vec::new();
    let mut said = BTreeSet::new();
    // The last entry of each says what became of it.
    for entry in entries.into_iter().rev() {
        let id = entry.resource_id;
        if !said.insert(id) {
            continue;
        }
        let gone = |kind, entry: &Entry| SyncItem {
            slug: Some(entry.slug.clone()),
            merged_into: entry.said().into,
            deleted_at: Some(entry.recorded_at),
            ..SyncItem::new(kind, id)
        };
        let one = match entry.resource.as_str() {
            kind if kind == Resource::Article.as_str() => match found.remove(&id) {
                Some((article, included)) => {
                    depends_on.extend(article.depends_on());
                    item(&article, &included)?
                }
                None => gone(SyncKind::DeletedArticle, &entry),
            },
            kind if kind == Resource::Tag.as_str() => match tags::store::find(connection, id) {
                Ok((tag, _)) => SyncItem::of_tag(tag),
                Err(StoreError::NotFound) => gone(SyncKind::DeletedTag, &entry),
                Err(error) => return Err(error.into()),
            },
            _ => match authors::store::find(connection, id) {
                Ok((author, _)) => SyncItem::of_author(author),
                Err(StoreError::NotFound) => gone(SyncKind::DeletedAuthor, &entry),
                Err(error) => return Err(error.into()),
            },
        };
        items.push(one);
    }
    items.reverse();
    Ok((items, depends_on))
}
