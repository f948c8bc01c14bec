//! Which public articles a list has, in which order: keys only, read from indexes. What they say is
//! read afterwards, for one page.

use diesel::prelude::*;

use crate::articles::model::{ArticleFilter, ArticleSort, FacetBy, TagKey};
use crate::db::changes::CacheTag;
use crate::db::schema::{
    article_authors, article_tags, public_articles, public_articles_by_author,
    public_articles_by_tag, public_count,
};
use crate::db::total::{CEILING, Total, TotalIs};
use crate::db::{Connection, Id, MultiBackend, StoreError, StoreResult, Timestamp};
use crate::search::expression::{Dialect, ResolvedQuery};
use crate::search::store::{dialect, look_up};
use crate::tags::model::TagKind;
use crate::tags::store::tree::WithSubsections;
use crate::text::{Language, Slug};
use crate::{authors, tags};

/// What articles are counted by.
#[derive(Debug, Clone)]
pub enum FacetKey {
    /// A tag, an author or a section.
    Id(Id),
    /// A day, in UTC: `2026-03-01`.
    Day(String),
}

/// A filter with the keys of what it names.
#[derive(Debug, Clone)]
pub struct Selection {
    filter: ArticleFilter,
    tags: Vec<Vec<TagKey>>,
    authors: Vec<Id>,
    sections: Vec<Id>,
    /// The article that each slug names, if there is one.
    named: Vec<Option<Id>>,
    without: Without,
    search: Option<ResolvedQuery>,
    dialect: Dialect,
}

/// What articles of a list do not have, and those that are left out.
#[derive(Debug, Clone, Default)]
struct Without {
    tags: Vec<TagKey>,
    authors: Vec<Id>,
    sections: Vec<Id>,
    articles: Vec<Id>,
}

/// Which articles something takes that names tags by their keys.
#[derive(Debug, Clone, Default)]
pub struct Rule {
    /// One of these tags, if there are some.
    pub tags: Vec<TagKey>,
    /// In one of these sections, if there are some.
    pub sections: Vec<Id>,
    /// In this language, or a narrower one.
    pub language: Option<Language>,
    /// None of these tags.
    pub without_tags: Vec<TagKey>,
}

/// Narrows a query that has `public_articles` in it. A macro, since each of the queries below has
/// a type of its own.
macro_rules! narrowed {
    ($view:ident, $query:expr, $selection:expr) => {{
        let selection: &$crate::articles::store::selection::Selection = $selection;
        let filter = &selection.filter;
        let mut query = $query;
        for group in &selection.tags {
            let (sections, others) = $crate::articles::store::selection::parted(group);
            let tagged = diesel::dsl::exists(
                article_tags::table
                    .filter(article_tags::article_id.eq($view::id))
                    .filter(article_tags::tag_id.eq_any(others.clone())),
            );
            query = match (sections.is_empty(), others.is_empty()) {
                (true, _) => query.filter(tagged),
                (false, true) => query.filter($view::section_id.eq_any(sections)),
                (false, false) => {
                    query.filter(tagged.or($view::section_id.eq_any(sections).assume_not_null()))
                }
            };
        }
        if !selection.authors.is_empty() {
            query = query.filter(diesel::dsl::exists(
                article_authors::table
                    .filter(article_authors::article_id.eq($view::id))
                    .filter(article_authors::author_id.eq_any(selection.authors.clone())),
            ));
        }
        if !selection.sections.is_empty() {
            query = match selection.sections.as_slice() {
                [section] => query.filter($view::section_id.eq(*section)),
                several => query.filter($view::section_id.eq_any(several.to_vec())),
            };
        }
        if let Some(language) = &filter.language {
            let (from, below) = language.narrower();
            let narrower = $view::language.ge(from).and($view::language.lt(below));
            query = query.filter($view::language.eq(language.to_string()).or(narrower));
        }
        if let Some(instant) = filter.published_after {
            query = query.filter($view::published_at.gt(instant));
        }
        if let Some(instant) = filter.published_before {
            query = query.filter($view::published_at.lt(instant));
        }
        if let Some(instant) = filter.updated_after {
            query = query.filter($view::updated_at.gt(instant));
        }
        if !filter.slugs.is_empty() {
            let named: Vec<Id> = selection.named.iter().copied().flatten().collect();
            query = query.filter($view::id.eq_any(named));
        }
        if !filter.ids.is_empty() {
            query = query.filter($view::id.eq_any(filter.ids.clone()));
        }
        let without = &selection.without;
        if !without.articles.is_empty() {
            query = query.filter($view::id.ne_all(without.articles.clone()));
        }
        let (mut sections, others) = $crate::articles::store::selection::parted(&without.tags);
        if !others.is_empty() {
            query = query.filter(diesel::dsl::not(diesel::dsl::exists(
                article_tags::table
                    .filter(article_tags::article_id.eq($view::id))
                    .filter(article_tags::tag_id.eq_any(others)),
            )));
        }
        if !without.authors.is_empty() {
            query = query.filter(diesel::dsl::not(diesel::dsl::exists(
                article_authors::table
                    .filter(article_authors::article_id.eq($view::id))
                    .filter(article_authors::author_id.eq_any(without.authors.clone())),
            )));
        }
        sections.extend(&without.sections);
        if !sections.is_empty() {
            let elsewhere = $view::section_id.ne_all(sections).assume_not_null();
            query = query.filter($view::section_id.is_null().or(elsewhere));
        }
        if let Some(lookup) = &selection.search {
            query = query.filter(ranked::is_found(
                stringify!($view),
                lookup,
                selection.dialect,
            ));
        }
        query
    }};
}

/// Cuts a page from a query. The bound on the sort value alone, which the keyset condition
/// implies, lets both databases begin in the index where the page begins.
macro_rules! page {
    ($view:ident, $query:expr, $window:expr) => {{
        use $view::{id, published_at, updated_at};
        let (query, window): (_, Window) = ($query, $window);
        let start = window.instant();
        let (by_update, forward_upwards) = match window.sort {
            ArticleSort::NewestFirst
            | ArticleSort::MostShared
            | ArticleSort::Given
            | ArticleSort::Relevance => (false, false),
            ArticleSort::OldestFirst => (false, true),
            ArticleSort::LastUpdatedFirst => (true, false),
            ArticleSort::LastUpdatedLast => (true, true),
        };
        // Backward is forward in the opposite order.
        let upwards = forward_upwards != start.is_some_and(|start| start.backward);
        let start = start.map(|start| (start.value, start.bound(upwards)));
        let query = match (by_update, upwards, start) {
            (false, false, Some((at, last))) => query
                .filter(published_at.le(at))
                .filter(published_at.lt(at).or(id.lt(last))),
            (false, true, Some((at, last))) => query
                .filter(published_at.ge(at))
                .filter(published_at.gt(at).or(id.gt(last))),
            (true, false, Some((at, last))) => query
                .filter(updated_at.le(at))
                .filter(updated_at.lt(at).or(id.lt(last))),
            (true, true, Some((at, last))) => query
                .filter(updated_at.ge(at))
                .filter(updated_at.gt(at).or(id.gt(last))),
            (_, _, None) => query,
        };
        match (by_update, upwards) {
            (false, false) => query.order((published_at.desc(), id.desc())),
            (false, true) => query.order((published_at.asc(), id.asc())),
            (true, false) => query.order((updated_at.desc(), id.desc())),
            (true, true) => query.order((updated_at.asc(), id.asc())),
        }
        .limit(window.limit)
        .select((id, published_at, updated_at))
    }};
}

/// Most tags, authors or sections, of which an article must have one, that a search looks for itself: with more, the
/// articles that it finds are looked at.
const MOST_SEARCHED: usize = 50;

/// Most sections of which a page is put together, each read from its own place in the index.
const MOST_MERGED: usize = 101;
/// The longest of such pages.
const LONGEST_MERGED: i64 = 200;

mod counted;
mod given;
mod ranked;
mod shared;
mod sort_key;

pub use sort_key::{SortKey, Window};

/// The names that a filter depends on: slugs lead to tags and authors, and searches look for their
/// names; which, others may change.
pub fn names_in(filter: &ArticleFilter) -> Vec<CacheTag> {
    let searched = filter.search.is_some();
    let mut cache_tags = Vec::new();
    let without = &filter.without;
    let named = [&filter.sections, &without.tags, &without.sections];
    if searched || !filter.tags.is_empty() || named.iter().any(|slugs| !slugs.is_empty()) {
        cache_tags.push(CacheTag::Tags);
    }
    if searched || !filter.authors.is_empty() || !without.authors.is_empty() {
        cache_tags.push(CacheTag::Authors);
    }
    cache_tags
}

/// Sections, which articles name in a column of their own, and other tags.
fn parted(group: &[TagKey]) -> (Vec<Id>, Vec<Id>) {
    let of = |section: bool| {
        group
            .iter()
            .filter(|(_, kind)| (*kind == TagKind::Section) == section)
            .map(|(id, _)| *id)
            .collect()
    };
    (of(true), of(false))
}

impl Selection {
    /// Finds what a filter names; `None` when it names something that does not exist, so that
    /// nothing can match.
    ///
    /// # Errors
    /// When the database fails.
    pub fn find(connection: &mut Connection, filter: &ArticleFilter) -> StoreResult<Option<Self>> {
        let mut slugs: Vec<Slug> = filter.tags.iter().flatten().cloned().collect();
        let without = &filter.without;
        for more in [&filter.sections, &without.tags, &without.sections] {
            slugs.extend(more.iter().cloned());
        }
        let found = tags::store::by_slugs(connection, &slugs)?;
        let subsections = WithSubsections::find(connection, found.values().copied())?;
        let keys = |slugs: &[Slug]| -> Vec<TagKey> {
            let named = slugs.iter().filter_map(|slug| found.get(slug).copied());
            subsections.of(&named.collect::<Vec<_>>())
        };
        let mut selection = Self {
            tags: filter.tags.iter().map(|group| keys(group)).collect(),
            authors: authors::store::by_slugs(connection, &filter.authors)?
                .into_values()
                .collect(),
            sections: keys(&filter.sections)
                .into_iter()
                .map(|(id, _)| id)
                .collect(),
            named: given::named(connection, &filter.slugs)?,
            without: Without {
                tags: keys(&without.tags),
                authors: authors::store::by_slugs(connection, &without.authors)?
                    .into_values()
                    .collect(),
                sections: keys(&without.sections)
                    .into_iter()
                    .map(|(id, _)| id)
                    .collect(),
                articles: given::left_out(connection, filter)?,
            },
            filter: filter.clone(),
            search: None,
            dialect: dialect(connection),
        };
        let impossible = selection.tags.iter().any(Vec::is_empty)
            || (selection.authors.is_empty() && !filter.authors.is_empty())
            || (selection.sections.is_empty() && !filter.sections.is_empty())
            || (selection.named.iter().all(Option::is_none) && !filter.slugs.is_empty());
        if impossible {
            return Ok(None);
        }
        if let Some(query) = &filter.search {
            // What the filter asks for narrows the search as well.
            let tags = selection.tags.iter();
            let mut groups: Vec<Vec<Id>> = tags
                .map(|group| group.iter().map(|(id, _)| *id).collect())
                .collect();
            let chosen = [&selection.authors, &selection.sections];
            groups.extend(chosen.into_iter().filter(|ids| !ids.is_empty()).cloned());
            groups.retain(|group| group.len() <= MOST_SEARCHED);
            selection.search = look_up(connection, query, groups)?;
            if selection.search.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(selection))
    }

    /// The articles that a rule takes.
    pub fn of(connection: &Connection, rule: Rule) -> Self {
        let filter = ArticleFilter {
            language: rule.language,
            ..ArticleFilter::default()
        };
        let tags = if rule.tags.is_empty() {
            Vec::new()
        } else {
            vec![rule.tags]
        };
        Self {
            tags,
            authors: Vec::new(),
            sections: rule.sections,
            named: Vec::new(),
            without: Without {
                tags: rule.without_tags,
                ..Without::default()
            },
            filter,
            search: None,
            dialect: dialect(connection),
        }
    }

    /// What decides which articles there are, and in which order.
    pub fn depends_on(&self) -> Vec<CacheTag> {
        let named = |id: Id| [CacheTag::Tag(id), CacheTag::ArticlesOfTag(id)];
        let mut cache_tags: Vec<CacheTag> = if let Some(group) = self.tags.first() {
            group.iter().flat_map(|(id, _)| named(*id)).collect()
        } else if !self.sections.is_empty() {
            self.sections.iter().copied().flat_map(named).collect()
        } else if !self.authors.is_empty() {
            let of_author = |id: &Id| [CacheTag::Author(*id), CacheTag::ArticlesOfAuthor(*id)];
            self.authors.iter().flat_map(of_author).collect()
        } else {
            vec![CacheTag::Articles]
        };
        let without = self.without.tags.iter();
        cache_tags.extend(without.flat_map(|(id, _)| named(*id)));
        // Any article may take a slug that this one had, of whichever tag it is.
        if !self.filter.slugs.is_empty() || !self.filter.exclude.is_empty() {
            cache_tags.push(CacheTag::Articles);
        }
        cache_tags.extend(names_in(&self.filter));
        cache_tags
    }

    /// How many articles there are: of all, of one tag, section or author what is kept; of others up to
    /// [`CEILING`].
    ///
    /// # Errors
    /// When the database fails.
    pub fn count(&self, connection: &mut Connection) -> StoreResult<Total> {
        if self.filter == ArticleFilter::default() {
            let counted = public_count::table.select(public_count::articles);
            return Ok(Total::exact(counted.first(connection)?));
        }
        if let Some(total) = self.kept_count(connection)? {
            return Ok(Total::exact(total));
        }
        if let (Some(lookup), true) = (&self.search, self.is_searched_only()) {
            return ranked::count(connection, lookup, self.dialect);
        }
        let counted = self.newest(connection, CEILING + 1)?;
        Ok(Total::counted(counted.len() as i64))
    }

    /// The number that is kept with the only tag, section or author that is asked for.
    fn kept_count(&self, connection: &mut Connection) -> StoreResult<Option<i64>> {
        let rest = ArticleFilter {
            tags: Vec::new(),
            authors: Vec::new(),
            sections: Vec::new(),
            ..self.filter.clone()
        };
        if rest != ArticleFilter::default() {
            return Ok(None);
        }
        let tags = self.tags.iter().map(Vec::as_slice).collect::<Vec<_>>();
        let count = match (tags.as_slice(), &*self.authors, &*self.sections) {
            ([[(tag, _)]], [], []) | ([], [], [tag]) => tags::store::count_of(connection, *tag),
            ([], [author], []) => authors::store::count_of(connection, *author),
            _ => return Ok(None),
        };
        match count {
            Ok(count) => Ok(Some(count)),
            // Merged since it was looked up.
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The newest of the articles, up to so many.
    pub(super) fn newest(&self, connection: &mut Connection, most: i64) -> StoreResult<Vec<Id>> {
        let window = Window {
            sort: ArticleSort::NewestFirst,
            start: None,
            limit: most,
        };
        let found = self.clone().page(connection, window)?;
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }

    /// Whether the search index knows all that is asked for.
    fn is_searched_only(&self) -> bool {
        let groups = self.tags.iter().map(Vec::len);
        let largest = groups.chain([self.sections.len()]).max();
        if largest.is_some_and(|largest| largest > MOST_SEARCHED) {
            return false;
        }
        let known = ArticleFilter {
            tags: self.filter.tags.clone(),
            authors: self.filter.authors.clone(),
            sections: self.filter.sections.clone(),
            search: self.filter.search.clone(),
            ..ArticleFilter::default()
        };
        self.filter == known
    }

    /// How many of the articles have each tag, author, section or day: the most frequent first, of
    /// equally frequent ones the smallest key; days the latest first. The newest [`CEILING`] articles
    /// are looked at; of all articles together, the numbers of tags, authors and sections are kept.
    ///
    /// # Errors
    /// When the database fails.
    pub fn facets(
        &self,
        connection: &mut Connection,
        by: FacetBy,
        limit: i64,
    ) -> StoreResult<(Vec<(FacetKey, i64)>, TotalIs)> {
        let keyed = |counts: Vec<(Id, i64)>| {
            let counts = counts.into_iter();
            counts
                .map(|(id, count)| (FacetKey::Id(id), count))
                .collect()
        };
        if self.filter == ArticleFilter::default() && by != FacetBy::Day {
            let counts = match by {
                FacetBy::Author => authors::store::most_published(connection, limit)?,
                _ => tags::store::most_used(connection, by == FacetBy::Section, limit)?,
            };
            return Ok((keyed(counts), TotalIs::Exact));
        }
        let mut articles = self.newest(connection, CEILING + 1)?;
        let total = Total::counted(articles.len() as i64);
        articles.truncate(CEILING as usize);
        let counts = match by {
            FacetBy::Day => counted::days(connection, &articles, limit)?
                .into_iter()
                .map(|(day, count)| (FacetKey::Day(day), count))
                .collect(),
            by => keyed(counted::owners(connection, &articles, by, limit)?),
        };
        Ok((counts, total.is))
    }

    /// The keys of a page, in order, each with the value that it is sorted by.
    ///
    /// # Errors
    /// When the database fails.
    pub fn page(
        mut self,
        connection: &mut Connection,
        window: Window,
    ) -> StoreResult<Vec<(Id, SortKey)>> {
        match window.sort {
            ArticleSort::MostShared => return shared::page(connection, &self, window),
            ArticleSort::Given => return given::page(connection, &self, window),
            _ => {}
        }
        let by_index = matches!(
            window.sort,
            ArticleSort::Relevance | ArticleSort::NewestFirst | ArticleSort::OldestFirst
        );
        if by_index && let Some(lookup) = self.search.take() {
            return ranked::page(connection, &self, &lookup, window);
        }
        let rows = match self.is_merged(window) {
            true => self.merged(connection, window)?,
            false => self.instants(connection, window)?,
        };
        Ok(rows
            .into_iter()
            .map(|(id, published_at, updated_at)| match window.sort {
                ArticleSort::LastUpdatedFirst | ArticleSort::LastUpdatedLast => {
                    (id, SortKey::At(updated_at))
                }
                _ => (id, SortKey::At(published_at)),
            })
            .collect())
    }

    /// Whether a page is that of several sections, by publication, where no tag and no author leads to fewer articles.
    fn is_merged(&self, window: Window) -> bool {
        let by_publication = matches!(
            window.sort,
            ArticleSort::NewestFirst | ArticleSort::OldestFirst
        );
        by_publication
            && window.limit <= LONGEST_MERGED
            && (2..=MOST_MERGED).contains(&self.sections.len())
            && self.tags.is_empty()
            && self.authors.is_empty()
            && self.search.is_none()
            && !self.filter.names_articles()
    }

    /// A page of several sections, put together of one of each, so that no more articles are looked at however rare
    /// one of them is.
    fn merged(
        &self,
        connection: &mut Connection,
        window: Window,
    ) -> StoreResult<Vec<(Id, Timestamp, Timestamp)>> {
        let mut all = Vec::new();
        for section in &self.sections {
            let one = Self {
                sections: vec![*section],
                ..self.clone()
            };
            all.extend(one.instants(connection, window)?);
        }
        all.sort_unstable_by_key(|(id, published_at, _)| (*published_at, *id));
        let backward = window.start.is_some_and(|start| start.backward);
        let upwards = (window.sort == ArticleSort::OldestFirst) != backward;
        if !upwards {
            all.reverse();
        }
        all.truncate(usize::try_from(window.limit).unwrap_or(0));
        Ok(all)
    }

    /// The keys of a page, each with the instants of publication and of the last change.
    fn instants(
        mut self,
        connection: &mut Connection,
        window: Window,
    ) -> StoreResult<Vec<(Id, Timestamp, Timestamp)>> {
        let rows: Vec<(Id, Timestamp, Timestamp)> = if let Some(tag) = self.take_tag() {
            let query = public_articles_by_tag::table
                .filter(public_articles_by_tag::tag_id.eq(tag))
                .into_boxed::<MultiBackend>();
            let query = narrowed!(public_articles_by_tag, query, &self);
            page!(public_articles_by_tag, query, window).load(connection)?
        } else if let Some(author) = self.take_author() {
            let query = public_articles_by_author::table
                .filter(public_articles_by_author::author_id.eq(author))
                .into_boxed::<MultiBackend>();
            let query = narrowed!(public_articles_by_author, query, &self);
            page!(public_articles_by_author, query, window).load(connection)?
        } else {
            let query = public_articles::table.into_boxed::<MultiBackend>();
            let query = narrowed!(public_articles, query, &self);
            page!(public_articles, query, window).load(connection)?
        };
        Ok(rows)
    }

    /// A tag that all must have and whose index the list can be read from; the other conditions
    /// stay.
    fn take_tag(&mut self) -> Option<Id> {
        let position = self.tags.iter().position(
            |group| matches!(group.as_slice(), [(_, kind)] if *kind != TagKind::Section),
        )?;
        Some(self.tags.remove(position)[0].0)
    }

    fn take_author(&mut self) -> Option<Id> {
        match self.authors.as_slice() {
            [author] => {
                let author = *author;
                self.authors.clear();
                Some(author)
            }
            _ => None,
        }
    }
}
