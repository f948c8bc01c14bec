//! What editors see: articles of any status.

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::relations::{Relations, StoryColumns, corrections_of};

use crate::articles::model::{EditorialArticle, EditorialFilter, EditorialSummary};
use crate::articles::parts::{Custom, Seo};
use crate::articles::workflow::Status;
use crate::body::Body;
use crate::db::schema::{article_authors, article_tags, articles};
use crate::db::{Connection, Id, Json, MultiBackend, StoreResult, Timestamp};
use crate::text::Slug;
use crate::{authors, tags};

type DeskRow = (
    Id,
    String,
    String,
    i64,
    Option<String>,
    Option<String>,
    Option<Timestamp>,
    Option<Timestamp>,
    Option<String>,
    Timestamp,
    Option<Id>,
    StoryColumns,
);

macro_rules! desk_columns {
    () => {
        (
            articles::id,
            articles::slug,
            articles::status,
            articles::version,
            articles::headline,
            articles::canonical_url,
            articles::published_at,
            articles::embargo_until,
            articles::retraction_reason,
            articles::created_at,
            articles::created_by,
            (
                articles::standfirst,
                articles::dateline,
                articles::language,
                articles::byline,
                articles::section_id,
                articles::lead_image,
                articles::updated_at,
                articles::word_count,
            ),
        )
    };
}

fn summary(relations: &mut Relations, row: DeskRow, now: Timestamp) -> EditorialSummary {
    let status = Status::from_name(&row.2);
    EditorialSummary {
        id: row.0,
        slug: row.1,
        status,
        version: row.3,
        headline: row.4,
        canonical_url: row.5,
        is_public: status == Status::Published
            && row.6.is_some_and(|instant| instant <= now)
            && row.7.is_none_or(|instant| instant <= now),
        published_at: row.6,
        embargo_until: row.7,
        retraction_reason: row.8,
        created_at: row.9,
        created_by: row.10,
        story: relations.story(row.0, row.11),
    }
}

fn filtered(
    connection: &mut Connection,
    filter: &EditorialFilter,
) -> StoreResult<articles::BoxedQuery<'static, MultiBackend>> {
    let mut query = articles::table.into_boxed::<MultiBackend>();
    query = if filter.statuses.is_empty() {
        query.filter(articles::status.ne(Status::Trashed.as_str()))
    } else {
        let statuses: Vec<&str> = filter
            .statuses
            .iter()
            .map(|status| status.as_str())
            .collect();
        query.filter(articles::status.eq_any(statuses))
    };
    if let Some(user) = filter.created_by {
        query = query.filter(articles::created_by.eq(user));
    }
    if !filter.authors.is_empty() {
        let ids: Vec<Id> = authors::store::by_slugs(connection, &filter.authors)?
            .into_values()
            .collect();
        let written = article_authors::table
            .filter(article_authors::author_id.eq_any(ids))
            .select(article_authors::article_id);
        query = query.filter(articles::id.eq_any(written));
    }
    let mut keys = |slugs: &[Slug]| -> StoreResult<Vec<Id>> {
        Ok(tags::store::by_slugs(connection, slugs)?
            .into_values()
            .map(|(id, _)| id)
            .collect())
    };
    if !filter.sections.is_empty() {
        query = query.filter(articles::section_id.eq_any(keys(&filter.sections)?));
    }
    if !filter.tags.is_empty() {
        let tagged = article_tags::table
            .filter(article_tags::tag_id.eq_any(keys(&filter.tags)?))
            .select(article_tags::article_id);
        query = query.filter(articles::id.eq_any(tagged));
    }
    Ok(query)
}

/// The articles of a page, each with its sort value, and how many there are in all.
pub type Listed = (Vec<(EditorialSummary, String)>, Option<i64>);

/// Up to `limit` articles after a position, the last changed first, each with its sort value; and
/// how many there are in all, when that is asked for.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    filter: &EditorialFilter,
    after: Option<(Timestamp, Id)>,
    limit: i64,
    count: bool,
) -> StoreResult<Listed> {
    let total = if count {
        let all = filtered(connection, filter)?;
        Some(all.select(count_star()).first(connection)?)
    } else {
        None
    };
    let mut query = filtered(connection, filter)?;
    if let Some((at, last)) = after {
        query = query
            .filter(articles::updated_at.le(at))
            .filter(articles::updated_at.lt(at).or(articles::id.lt(last)));
    }
    let rows: Vec<DeskRow> = query
        .order((articles::updated_at.desc(), articles::id.desc()))
        .limit(limit)
        .select(desk_columns!())
        .load(connection)?;
    let ids: Vec<Id> = rows.iter().map(|row| row.0).collect();
    let mut relations = Relations::load(connection, &ids, rows.iter().map(|row| row.11.4))?;
    let now = Timestamp::now();
    let listed = rows
        .into_iter()
        .map(|row| {
            let value = row.11.6.to_string();
            (summary(&mut relations, row, now), value)
        })
        .collect();
    Ok((listed, total))
}

/// An article by key. With `only_own`, another user's is not found.
///
/// # Errors
/// [`StoreError::NotFound`](crate::db::StoreError::NotFound).
pub fn find(
    connection: &mut Connection,
    id: Id,
    only_own: Option<Id>,
) -> StoreResult<EditorialArticle> {
    let mut query = articles::table
        .filter(articles::id.eq(id))
        .into_boxed::<MultiBackend>();
    if let Some(user) = only_own {
        query = query.filter(articles::created_by.eq(user));
    }
    let (row, body, seo, custom): (DeskRow, Json<Body>, Json<Seo>, Json<Custom>) = query
        .select((
            desk_columns!(),
            articles::body,
            articles::seo,
            articles::custom,
        ))
        .first(connection)?;
    let mut relations = Relations::load(connection, &[id], std::iter::once(row.11.4))?;
    Ok(EditorialArticle {
        summary: summary(&mut relations, row, Timestamp::now()),
        body_html: body.0.to_html(),
        body: body.0.blocks().to_vec(),
        corrections: corrections_of(connection, &[id])?
            .remove(&id)
            .unwrap_or_default(),
        seo: seo.0,
        custom: custom.0.0,
    })
}
