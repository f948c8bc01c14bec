//! What a part of the log has changed for readers.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::articles::formats::published::Published;
use crate::articles::public::EVERY_ARTICLE;
use crate::articles::store::public::several;
use crate::db::{Connection, Id, Resource, StoreResult, dialect};
use crate::events::log::{self, Seen};
use crate::publication::Publication;

/// Most entries of the log that are told of at once.
const MOST_ENTRIES: i64 = 1_000;

/// What of tags or authors has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TouchedNames {
    /// Which of them, each with the slug that it had last.
    pub ids: BTreeMap<Id, String>,
    /// Whether articles show another name than before.
    pub are_shown: bool,
}

impl TouchedNames {
    fn add(&mut self, id: Id, slug: String, seen: Seen) {
        self.ids.insert(id, slug);
        self.are_shown |= seen != Seen::Appeared;
    }
}

/// Slugs of what articles are listed under.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Of tags and sections, and of what these stand below.
    pub tags: BTreeSet<String>,
    /// Of authors.
    pub authors: BTreeSet<String>,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    slug: String,
}

impl Names {
    /// Adds those of articles.
    fn add(&mut self, connection: &mut Connection, articles: &[Id]) -> StoreResult<()> {
        let these = dialect::these(connection);
        let mut slugs = |query: String| -> StoreResult<Vec<String>> {
            let found: Vec<Name> = diesel::sql_query(query)
                .bind::<Text, _>(dialect::ids(articles))
                .load(connection)?;
            Ok(found.into_iter().map(|name| name.slug).collect())
        };
        self.tags.extend(slugs(format!(
            "SELECT t.slug FROM article_tags x JOIN tags t ON t.id = x.tag_id WHERE x.article_id IN ({these}) \
             UNION SELECT t.slug FROM articles a JOIN tags t ON t.id = a.section_id WHERE a.id IN ({these}) \
             UNION SELECT t.slug FROM articles a JOIN tag_ancestors x ON x.tag_id = a.section_id \
             JOIN tags t ON t.id = x.ancestor_id WHERE a.id IN ({these})"
        ))?);
        self.authors.extend(slugs(format!(
            "SELECT w.slug FROM article_authors x JOIN authors w ON w.id = x.author_id WHERE x.article_id IN ({these})"
        ))?);
        Ok(())
    }
}

/// What readers see that has changed.
#[derive(Debug, Clone, Default)]
pub struct Touched {
    /// Articles, each with the slug that it had last.
    pub articles: BTreeMap<Id, String>,
    /// Slugs that readers knew and that articles have no more.
    pub left: BTreeSet<String>,
    /// What those say that are public, where that is [read](Reads).
    pub published: Vec<Published>,
    /// What all of them are listed under, where that is read.
    pub names: Names,
    /// Tags and sections.
    pub tags: TouchedNames,
    /// Authors.
    pub authors: TouchedNames,
    /// Collections.
    pub collections: BTreeSet<Id>,
}

/// A part of the log.
#[derive(Debug, Clone)]
pub struct Part {
    /// What it has changed.
    pub touched: Touched,
    /// The number of its last entry.
    pub until: i64,
    /// Whether the log goes on.
    pub has_more: bool,
}

impl Touched {
    /// The keys by which a CDN purges all responses that show any of it (docs/CDN.md).
    pub fn purge_keys(&self) -> Vec<String> {
        let mut keys = BTreeSet::new();
        keys.extend(self.articles.keys().map(|id| format!("article-{id}")));
        for (names, one, all) in [
            (&self.tags, "tag", "tags"),
            (&self.authors, "author", "authors"),
        ] {
            keys.extend(names.ids.keys().map(|id| format!("{one}-{id}")));
            if !names.ids.is_empty() {
                keys.insert(all.to_owned());
            }
            // Articles show their names.
            if names.are_shown {
                keys.insert(EVERY_ARTICLE.to_owned());
                keys.insert("articles".to_owned());
            }
        }
        keys.extend(self.collections.iter().map(|id| format!("collection-{id}")));
        if !self.collections.is_empty() {
            keys.insert("collections".to_owned());
        }
        if !self.articles.is_empty() {
            // Numbers of articles stand with tags and authors.
            for all in ["articles", "tags", "authors"] {
                keys.insert(all.to_owned());
            }
        }
        keys.into_iter().collect()
    }

    /// The pages of articles on the newsroom's own site that have changed, those that are gone included.
    pub fn pages(&self, publication: &Publication) -> Vec<String> {
        let mut pages: BTreeSet<String> = self
            .articles
            .values()
            .chain(&self.left)
            .map(|slug| publication.of_slug(slug))
            .collect();
        for article in &self.published {
            if article.url != publication.of_slug(&article.slug) {
                pages.remove(&publication.of_slug(&article.slug));
            }
            if publication.is_below_site(&article.url) {
                pages.insert(article.url.clone());
            }
        }
        pages.into_iter().collect()
    }

    /// The feeds that have changed: that of all articles, and those of the tags, the sections with what they stand below,
    /// and the authors that articles have now, also those that readers do not see any more.
    pub fn feeds(&self, publication: &Publication) -> Vec<String> {
        if self.articles.is_empty() && !self.tags.are_shown && !self.authors.are_shown {
            return Vec::new();
        }
        let mut names = self.names.clone();
        if self.tags.are_shown {
            names.tags.extend(self.tags.ids.values().cloned());
        }
        if self.authors.are_shown {
            names.authors.extend(self.authors.ids.values().cloned());
        }
        let mut queries = BTreeSet::from([String::new()]);
        for slug in &names.tags {
            // Sections are tags as well.
            queries.insert(format!("?section={slug}"));
            queries.insert(format!("?tag={slug}"));
        }
        queries.extend(names.authors.iter().map(|slug| format!("?author={slug}")));
        let of = |query: &String| {
            ["rss", "atom", "json"]
                .map(|kind| publication.of_api(&format!("/feeds/articles.{kind}{query}")))
        };
        queries.iter().flat_map(of).collect()
    }
}

/// What is read of the articles that have changed, besides which they are.
#[derive(Debug, Clone, Copy)]
pub enum Reads<'p> {
    /// Nothing.
    Nothing,
    /// What they are listed under.
    Names,
    /// What those say that are public, on the newsroom's site.
    Articles(&'p Publication),
}

/// Reads the log on from a number; `None` where it ends.
///
/// # Errors
/// When the database fails.
pub fn read(
    connection: &mut Connection,
    after: i64,
    reads: Reads<'_>,
) -> StoreResult<Option<Part>> {
    let entries = log::after(connection, after, MOST_ENTRIES)?;
    let Some(last) = entries.last() else {
        return Ok(None);
    };
    let until = last.sequence;
    let has_more = entries.len() as i64 == MOST_ENTRIES;
    let mut touched = Touched::default();
    for entry in entries {
        let Some(seen) = entry.readers_see.as_deref().and_then(Seen::stored) else {
            continue;
        };
        let id = entry.resource_id;
        match entry.resource.as_str() {
            kind if kind == Resource::Article.as_str() => {
                if seen == Seen::Changed {
                    touched.left.extend(entry.said().moved_from);
                }
                touched.articles.insert(id, entry.slug);
            }
            kind if kind == Resource::Tag.as_str() => touched.tags.add(id, entry.slug, seen),
            kind if kind == Resource::Author.as_str() => touched.authors.add(id, entry.slug, seen),
            "collection" => {
                touched.collections.insert(id);
            }
            _ => {}
        }
    }
    let ids: Vec<Id> = touched.articles.keys().copied().collect();
    for some in ids.chunks(100) {
        match reads {
            Reads::Nothing => {}
            Reads::Names => touched.names.add(connection, some)?,
            Reads::Articles(publication) => {
                for article in &several(connection, some, Some(publication))? {
                    match Published::read(article, publication) {
                        Ok(published) => touched.published.push(published),
                        // The others are told all the same.
                        Err(error) => {
                            tracing::error!(%error, id = %article.id, "an article cannot be read")
                        }
                    }
                }
            }
        }
    }
    Ok(Some(Part {
        touched,
        until,
        has_more,
    }))
}
