//! Articles that something leads to, and that are so few that they are looked at one by one: by words, by a time that
//! is to come, or by a working copy.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::{Keys, Place, Selection, place, with_working_copy};
use crate::articles::desk::filter::{Between, EditorialSort, SearchedWords};
use crate::articles::workflow::Status;
use crate::db::desk_schema::scheduled_articles;
use crate::db::schema::full_articles;
use crate::db::total::{CEILING, Total, TotalIs};
use crate::db::{Connection, Id, StoreResult, Timestamp, dialect};
use crate::search::store::{Index, look_up, newest};

/// Most tags, authors or sections, of which an article must have one, that a search looks for itself.
const MOST_SEARCHED: usize = 50;

impl Selection<'_> {
    /// All that fit, in no order, and whether these are all, where something leads to so few that they are looked at one
    /// by one: words, a time that is to come, or a working copy.
    pub(super) fn few(
        &self,
        connection: &mut Connection,
        sort: EditorialSort,
    ) -> StoreResult<Option<(Vec<Place>, TotalIs)>> {
        let (ids, is) = if let Some(words) = &self.filter.words {
            self.found_by_words(connection, words)?
        } else if !self.filter.scheduled.is_any() {
            let query = scheduled!(self.filter.scheduled).order(scheduled_articles::due_at);
            bounded(query.limit(CEILING + 1).load(connection)?)
        } else if self.filter.has_working_copy == Some(true) {
            bounded(with_working_copy().limit(CEILING + 1).load(connection)?)
        } else {
            return Ok(None);
        };
        let mut found = self.among(connection, &ids, sort)?;
        if let Some(words) = &self.filter.words {
            found.extend(self.found_by_parts(connection, words, sort)?);
            found.sort_unstable();
            found.dedup();
        }
        Ok(Some((found, is)))
    }

    /// Those of some articles that fit.
    fn among(
        &self,
        connection: &mut Connection,
        ids: &[Id],
        sort: EditorialSort,
    ) -> StoreResult<Vec<Place>> {
        use full_articles::{id, sort_headline, sort_published_at, updated_at};
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // As one parameter: there may be thousands.
        let these = dialect::these(connection);
        let (before, after) = these.split_once("$1").unwrap_or((these, ""));
        let is_one = sql::<Bool>(&format!("full_articles.id IN ({before}"))
            .bind::<Text, _>(dialect::ids(ids))
            .sql(&format!("{after})"));
        let rows: Vec<Keys> = self
            .articles(None)
            .filter(is_one)
            .select((id, updated_at, sort_published_at, sort_headline))
            .load(connection)?;
        Ok(rows.into_iter().map(|keys| place(sort, keys)).collect())
    }

    /// What the indexes find, the newest of each first, up to a ceiling of either, and whether that is all.
    fn found_by_words(
        &self,
        connection: &mut Connection,
        words: &SearchedWords,
    ) -> StoreResult<(Vec<Id>, TotalIs)> {
        // What the filter names narrows the search as well.
        let groups = [&self.authors, &self.sections, &self.tags];
        let groups = groups.into_iter().flatten();
        let groups = groups.filter(|group| group.len() <= MOST_SEARCHED).cloned();
        let Some(query) = look_up(connection, &words.query, groups.collect())? else {
            return Ok((Vec::new(), TotalIs::Exact));
        };
        let statuses = &self.filter.statuses;
        let (mut all, mut all_is) = (Vec::new(), TotalIs::Exact);
        for index in [Index::Published, Index::Drafts] {
            let has = |status: &Status| match index {
                Index::Published => *status == Status::Published,
                Index::Drafts => !matches!(status, Status::Published | Status::Trashed),
            };
            if !statuses.is_empty() && !statuses.iter().any(has) {
                continue;
            }
            let (ids, is) = bounded(newest(connection, index, &query, CEILING + 1)?);
            all.extend(ids);
            if is == TotalIs::AtLeast {
                all_is = is;
            }
        }
        Ok((all, all_is))
    }

    /// Of the articles that fit and were changed last, those that have words in the headline as parts of others. No index
    /// has these, so only so many are looked at.
    fn found_by_parts(
        &self,
        connection: &mut Connection,
        words: &SearchedWords,
        sort: EditorialSort,
    ) -> StoreResult<Vec<Place>> {
        use full_articles::{headline, id, sort_headline, sort_published_at, updated_at};
        let Some(parts) = &words.parts else {
            return Ok(Vec::new());
        };
        let mut rows: Vec<(Keys, Option<String>)> = Vec::new();
        let statuses = self.filter.statuses.iter().copied().map(Some);
        let mut statuses: Vec<Option<Status>> = statuses.collect();
        if statuses.is_empty() {
            statuses.push(None);
        }
        for status in &statuses {
            let of_status: Vec<(Keys, Option<String>)> = self
                .articles(*status)
                .order((updated_at.desc(), id.desc()))
                .limit(CEILING)
                .select(((id, updated_at, sort_published_at, sort_headline), headline))
                .load(connection)?;
            rows.extend(of_status);
        }
        if statuses.len() > 1 {
            rows.sort_unstable_by(|((a, at, ..), _), ((b, bt, ..), _)| (bt, b).cmp(&(at, a)));
            rows.truncate(usize::try_from(CEILING).unwrap_or(0));
        }
        let found = rows.into_iter().filter(|(_, title)| {
            let title = title.as_deref();
            title.is_some_and(|title| parts.are_in(title))
        });
        Ok(found.map(|(keys, _)| place(sort, keys)).collect())
    }
}

/// What was read up to one more than [`CEILING`], without that one, and whether it is all.
fn bounded(mut ids: Vec<Id>) -> (Vec<Id>, TotalIs) {
    let total = Total::counted(ids.len() as i64);
    ids.truncate(usize::try_from(total.items).unwrap_or(0));
    (ids, total.is)
}
