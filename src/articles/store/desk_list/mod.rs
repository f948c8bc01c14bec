//! The desk's list of articles: keys first, from an index or of the few that can be on the page, then what they say.

use diesel::prelude::*;

use super::editorial::summaries;
use crate::articles::desk::filter::{Between, EditorialFilter, EditorialSort, SortValue};
use crate::articles::model::{EditorialSummary, TagKey};
use crate::articles::workflow::Status;
use crate::db::desk_schema::{scheduled_articles, working_copies};
use crate::db::keyset::KeysetBound;
use crate::db::schema::{article_authors, article_tags, full_articles};
use crate::db::total::{CEILING, Total, TotalIs};
use crate::db::{Connection, Id, MultiBackend, StoreResult, Timestamp, slugs};
use crate::tags::store::tree::WithSubsections;
use crate::text::Slug;
use crate::{authors, tags};

/// The articles of a page, each with its sort value, and how many there are in all.
pub type ArticlePage = (Vec<(EditorialSummary, String)>, Option<Total>);

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its order.
    pub sort: EditorialSort,
    /// Where it starts.
    pub start: Option<KeysetBound<SortValue>>,
    /// Most articles.
    pub limit: i64,
}

impl Window {
    /// Whether the page is read in the order in which sort values grow. Backward is forward in the opposite order.
    fn is_upwards(&self) -> bool {
        let backward = self.start.as_ref().is_some_and(|start| start.backward);
        self.sort.is_upwards() != backward
    }

    fn room(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(0)
    }
}

/// Where an article stands in a list.
type Place = (SortValue, Id);

/// All that an article can be sorted by.
type Keys = (Id, Timestamp, Timestamp, String);

fn place(sort: EditorialSort, (id, updated_at, published_at, words): Keys) -> Place {
    let value = match sort {
        EditorialSort::LastUpdatedFirst | EditorialSort::LastUpdatedLast => {
            SortValue::At(updated_at)
        }
        EditorialSort::NewestFirst | EditorialSort::OldestFirst => SortValue::At(published_at),
        EditorialSort::ByHeadline | EditorialSort::ByHeadlineBackward => SortValue::Words(words),
    };
    (value, id)
}

/// Up to `limit` articles from a start, backward those before it, each with its sort value; and how many there are in
/// all, as far as they are counted, when that is asked for.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    filter: &EditorialFilter,
    window: &Window,
    count: bool,
) -> StoreResult<ArticlePage> {
    let Some(selection) = Selection::find(connection, filter)? else {
        return Ok((Vec::new(), count.then_some(Total::exact(0))));
    };
    let (page, total) = match selection.few(connection, window.sort)? {
        Some((found, is)) => {
            let counted = Total::counted(found.len() as i64);
            let is = match is {
                TotalIs::Exact => counted.is,
                TotalIs::AtLeast => is,
            };
            let total = Total { is, ..counted };
            (page_of(found, window), count.then_some(total))
        }
        None => {
            let total = count.then(|| selection.count(connection)).transpose()?;
            (selection.page(connection, window)?, total)
        }
    };
    let ids: Vec<Id> = page.iter().map(|(_, id)| *id).collect();
    let mut found = summaries(connection, &ids)?;
    let listed = page
        .into_iter()
        .filter_map(|(value, id)| Some((found.remove(&id)?, value.to_string())));
    Ok((listed.collect(), total))
}

/// The page of some articles that begins there, in its order.
fn page_of(mut found: Vec<Place>, window: &Window) -> Vec<Place> {
    let upwards = window.is_upwards();
    if let Some(start) = &window.start {
        let bound = (start.value.clone(), start.bound(upwards));
        found.retain(|place| (*place > bound) == upwards && *place != bound);
    }
    sort(&mut found, upwards);
    found.truncate(window.room());
    found
}

fn sort(places: &mut [Place], upwards: bool) {
    places.sort_unstable();
    if !upwards {
        places.reverse();
    }
}

/// A filter with the keys of what it names; nothing of what it does not name.
struct Selection<'a> {
    filter: &'a EditorialFilter,
    authors: Option<Vec<Id>>,
    sections: Option<Vec<Id>>,
    tags: Option<Vec<Id>>,
    named: Option<Vec<Id>>,
}

type Articles = full_articles::BoxedQuery<'static, MultiBackend>;

/// Cuts a page from a query, in the order of one column. The bound on the column alone, which the keyset condition
/// implies, lets both databases begin in the index where the page begins.
macro_rules! walked {
    ($query:expr, $column:ident, $start:expr, $upwards:expr, $limit:expr) => {{
        use full_articles::{id, $column};
        let query = match ($start, $upwards) {
            (Some((value, last)), true) => $query
                .filter($column.ge(value.clone()))
                .filter($column.gt(value).or(id.gt(last))),
            (Some((value, last)), false) => $query
                .filter($column.le(value.clone()))
                .filter($column.lt(value).or(id.lt(last))),
            (None, _) => $query,
        };
        let query = match $upwards {
            true => query.order(($column.asc(), id.asc())),
            false => query.order(($column.desc(), id.desc())),
        };
        query.limit($limit).select(($column, id))
    }};
}

/// Published articles that readers do not see yet, of the time that is asked for. A macro, since its type is long.
macro_rules! scheduled {
    ($between:expr) => {{
        let between: Between = $between;
        scheduled_articles::table
            .filter(scheduled_articles::due_at.gt(between.after.unwrap_or(Timestamp::EARLIEST)))
            .filter(scheduled_articles::due_at.lt(between.before.unwrap_or(Timestamp::LATEST)))
            .select(scheduled_articles::article_id)
    }};
}

mod found;

impl<'a> Selection<'a> {
    /// Finds what a filter names; `None` when it names something and nothing of that is there, so that nothing can be
    /// found.
    fn find(connection: &mut Connection, filter: &'a EditorialFilter) -> StoreResult<Option<Self>> {
        fn asked<T>(
            slugs: &[Slug],
            find: impl FnOnce(&[Slug]) -> StoreResult<T>,
        ) -> StoreResult<Option<T>> {
            (!slugs.is_empty()).then(|| find(slugs)).transpose()
        }
        let selection = Self {
            filter,
            authors: asked(&filter.authors, |slugs| {
                let found = authors::store::by_slugs(connection, slugs)?;
                Ok(found.into_values().collect())
            })?,
            sections: asked(&filter.sections, |slugs| tag_keys(connection, slugs))?,
            tags: asked(&filter.tags, |slugs| tag_keys(connection, slugs))?,
            named: asked(&filter.slugs, |slugs| {
                let found = slugs::articles_named(connection, slugs)?;
                Ok(found.into_values().collect())
            })?,
        };
        let all = [
            &selection.authors,
            &selection.sections,
            &selection.tags,
            &selection.named,
        ];
        let impossible = all.into_iter().flatten().any(Vec::is_empty);
        Ok((!impossible).then_some(selection))
    }

    /// The articles that fit, of one status, or of all that the filter takes.
    fn articles(&self, status: Option<Status>) -> Articles {
        let filter = self.filter;
        let mut query = full_articles::table.into_boxed::<MultiBackend>();
        query = match (status, filter.statuses.as_slice()) {
            (Some(one), _) | (None, &[one]) => query.filter(full_articles::status.eq(one.as_str())),
            (None, []) => query.filter(full_articles::status.ne(Status::Trashed.as_str())),
            (None, several) => {
                let names: Vec<&str> = several.iter().map(|status| status.as_str()).collect();
                query.filter(full_articles::status.eq_any(names))
            }
        };
        if let Some(user) = filter.created_by {
            query = query.filter(full_articles::created_by.eq(user));
        }
        if let Some(ids) = &self.named {
            query = query.filter(full_articles::id.eq_any(ids.clone()));
        }
        if let Some(has_one) = filter.has_working_copy {
            query = match has_one {
                true => query.filter(full_articles::id.eq_any(with_working_copy())),
                false => query.filter(full_articles::id.ne_all(with_working_copy())),
            };
        }
        self.narrowed_by_time(self.narrowed_by_names(query))
    }

    fn narrowed_by_names(&self, mut query: Articles) -> Articles {
        if let Some(ids) = &self.authors {
            let written = article_authors::table
                .filter(article_authors::author_id.eq_any(ids.clone()))
                .select(article_authors::article_id);
            query = query.filter(full_articles::id.eq_any(written));
        }
        if let Some(ids) = &self.sections {
            query = query.filter(full_articles::section_id.eq_any(ids.clone()));
        }
        if let Some(ids) = &self.tags {
            let tagged = article_tags::table
                .filter(article_tags::tag_id.eq_any(ids.clone()))
                .select(article_tags::article_id);
            // Sections are tags that articles name in a column of their own.
            let in_section = full_articles::section_id
                .eq_any(ids.clone())
                .assume_not_null();
            query = query.filter(full_articles::id.eq_any(tagged).or(in_section));
        }
        if let Some(language) = &self.filter.language {
            let (from, below) = language.narrower();
            let narrower = full_articles::language
                .ge(from)
                .and(full_articles::language.lt(below));
            query = query.filter(
                full_articles::language
                    .eq(language.to_string())
                    .or(narrower),
            );
        }
        query
    }

    fn narrowed_by_time(&self, mut query: Articles) -> Articles {
        let filter = self.filter;
        if let Some(instant) = filter.updated.after {
            query = query.filter(full_articles::updated_at.gt(instant));
        }
        if let Some(instant) = filter.updated.before {
            query = query.filter(full_articles::updated_at.lt(instant));
        }
        if let Some(instant) = filter.published.after {
            query = query.filter(full_articles::sort_published_at.gt(instant));
        }
        if let Some(instant) = filter.published.before {
            query = query
                .filter(full_articles::sort_published_at.lt(instant))
                .filter(full_articles::published_at.is_not_null());
        }
        if !filter.scheduled.is_any() {
            query = query.filter(full_articles::id.eq_any(scheduled!(filter.scheduled)));
        }
        query
    }

    /// How many there are, up to [`CEILING`].
    fn count(&self, connection: &mut Connection) -> StoreResult<Total> {
        let found: Vec<Id> = self
            .articles(None)
            .limit(CEILING + 1)
            .select(full_articles::id)
            .load(connection)?;
        Ok(Total::counted(found.len() as i64))
    }

    /// A page, in the order of an index: of several statuses put together of one of each, so that no more articles are
    /// looked at however rare one of them is.
    fn page(&self, connection: &mut Connection, window: &Window) -> StoreResult<Vec<Place>> {
        let (several, one);
        let statuses: &[Option<Status>] = match self.filter.statuses.as_slice() {
            [] => &[None],
            [status] => {
                one = [Some(*status)];
                &one
            }
            statuses => {
                several = statuses.iter().copied().map(Some).collect::<Vec<_>>();
                &several
            }
        };
        let upwards = window.is_upwards();
        let mut page = Vec::new();
        for status in statuses {
            page.extend(self.walk(connection, *status, window)?);
        }
        if statuses.len() > 1 {
            sort(&mut page, upwards);
            page.truncate(window.room());
        }
        Ok(page)
    }

    /// A page of one status.
    fn walk(
        &self,
        connection: &mut Connection,
        status: Option<Status>,
        window: &Window,
    ) -> StoreResult<Vec<Place>> {
        let (query, upwards, limit) = (self.articles(status), window.is_upwards(), window.limit);
        let start = window.start.as_ref();
        let start = start.map(|start| (start.value.clone(), start.bound(upwards)));
        let instant = || match &start {
            Some((SortValue::At(instant), id)) => Some((*instant, *id)),
            _ => None,
        };
        let words = || match &start {
            Some((SortValue::Words(words), id)) => Some((words.clone(), *id)),
            _ => None,
        };
        Ok(match window.sort {
            EditorialSort::LastUpdatedFirst | EditorialSort::LastUpdatedLast => {
                let query = walked!(query, updated_at, instant(), upwards, limit);
                places(query.load(connection)?, SortValue::At)
            }
            EditorialSort::NewestFirst | EditorialSort::OldestFirst => {
                let query = walked!(query, sort_published_at, instant(), upwards, limit);
                places(query.load(connection)?, SortValue::At)
            }
            EditorialSort::ByHeadline | EditorialSort::ByHeadlineBackward => {
                let query = walked!(query, sort_headline, words(), upwards, limit);
                places(query.load(connection)?, SortValue::Words)
            }
        })
    }
}

fn places<T>(rows: Vec<(T, Id)>, value: impl Fn(T) -> SortValue) -> Vec<Place> {
    let rows = rows.into_iter();
    rows.map(|(sorted_by, id)| (value(sorted_by), id)).collect()
}

/// Articles that have a working copy.
#[diesel::dsl::auto_type]
fn with_working_copy() -> _ {
    working_copies::table
        .filter(working_copies::base_version.is_not_null())
        .select(working_copies::article_id)
}

/// Sections and tags by slug, with all that stands below them.
fn tag_keys(connection: &mut Connection, slugs: &[Slug]) -> StoreResult<Vec<Id>> {
    let found = tags::store::by_slugs(connection, slugs)?.into_values();
    let found: Vec<TagKey> = found.collect();
    let subsections = WithSubsections::find(connection, found.iter().copied())?;
    let all = subsections.of(&found).into_iter();
    Ok(all.map(|(id, _)| id).collect())
}
