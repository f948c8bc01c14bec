//! What anyone may see. Everything here selects from the view `public_articles`; the table behind
//! it is not even imported, so a draft cannot leak.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::relations::{Relations, StoryColumns, corrections_of};

use crate::articles::model::{
    Article, ArticleFilter, ArticleSort, BodyFormat, BodyFormats, Include, ListedArticle, Summary,
    TagKey,
};
use crate::articles::parts::{Custom, Seo};
use crate::body::Body;
use crate::db::schema::{article_authors, article_tags, public_articles};
use crate::db::{Connection, Id, Json, MultiBackend, StoreResult, Timestamp};
use crate::tags::model::TagKind;
use crate::text::Slug;
use crate::{authors, shares, tags};

/// The address of the newsroom's site, to which slugs are added; `None` when it is not known.
pub type SiteUrl<'a> = Option<&'a str>;

type SummaryRow = (Id, String, Option<String>, String, Timestamp, StoryColumns);

macro_rules! summary_columns {
    () => {
        (
            public_articles::id,
            public_articles::slug,
            public_articles::canonical_url,
            public_articles::headline,
            public_articles::published_at,
            (
                public_articles::standfirst,
                public_articles::dateline,
                public_articles::language,
                public_articles::byline,
                public_articles::section_id,
                public_articles::lead_image,
                public_articles::updated_at,
                public_articles::word_count,
            ),
        )
    };
}

fn summary(relations: &mut Relations, row: SummaryRow, site: SiteUrl) -> Summary {
    let (id, slug, canonical_url, headline, published_at, story) = row;
    Summary {
        id,
        canonical_url: canonical_url.or_else(|| site.map(|site| format!("{site}/{slug}"))),
        slug,
        headline,
        published_at,
        story: relations.story(id, story),
    }
}

/// A filter with the keys of what it names.
struct Resolved {
    tags: Vec<Vec<TagKey>>,
    authors: Vec<Id>,
    sections: Vec<Id>,
}

/// `None` when the filter names something that does not exist, so that nothing can match.
fn resolve(connection: &mut Connection, filter: &ArticleFilter) -> StoreResult<Option<Resolved>> {
    let mut slugs: Vec<Slug> = filter.tags.iter().flatten().cloned().collect();
    slugs.extend(filter.sections.iter().cloned());
    let found = tags::store::by_slugs(connection, &slugs)?;
    let keys = |slugs: &[Slug]| -> Vec<TagKey> {
        slugs
            .iter()
            .filter_map(|slug| found.get(slug).copied())
            .collect()
    };
    let resolved = Resolved {
        tags: filter.tags.iter().map(|group| keys(group)).collect(),
        authors: authors::store::by_slugs(connection, &filter.authors)?
            .into_values()
            .collect(),
        sections: keys(&filter.sections)
            .into_iter()
            .map(|(id, _)| id)
            .collect(),
    };
    let impossible = resolved.tags.iter().any(Vec::is_empty)
        || (resolved.authors.is_empty() && !filter.authors.is_empty())
        || (resolved.sections.is_empty() && !filter.sections.is_empty());
    Ok((!impossible).then_some(resolved))
}

fn filtered(
    filter: &ArticleFilter,
    resolved: &Resolved,
) -> public_articles::BoxedQuery<'static, MultiBackend> {
    let mut query = public_articles::table.into_boxed::<MultiBackend>();
    for group in &resolved.tags {
        let of_kind = |section: bool| -> Vec<Id> {
            group
                .iter()
                .filter(|(_, kind)| (*kind == TagKind::Section) == section)
                .map(|(id, _)| *id)
                .collect()
        };
        let (sections, others) = (of_kind(true), of_kind(false));
        let tagged = article_tags::table
            .filter(article_tags::tag_id.eq_any(others.clone()))
            .select(article_tags::article_id);
        query = match (sections.is_empty(), others.is_empty()) {
            (true, _) => query.filter(public_articles::id.eq_any(tagged)),
            (false, true) => query.filter(public_articles::section_id.eq_any(sections)),
            (false, false) => query.filter(
                public_articles::id
                    .eq_any(tagged)
                    .or(public_articles::section_id
                        .eq_any(sections)
                        .assume_not_null()),
            ),
        };
    }
    if !resolved.authors.is_empty() {
        let written = article_authors::table
            .filter(article_authors::author_id.eq_any(resolved.authors.clone()))
            .select(article_authors::article_id);
        query = query.filter(public_articles::id.eq_any(written));
    }
    if !resolved.sections.is_empty() {
        query = query.filter(public_articles::section_id.eq_any(resolved.sections.clone()));
    }
    if let Some(language) = &filter.language {
        query = query.filter(public_articles::language.eq(language.as_str().to_owned()));
    }
    if let Some(instant) = filter.published_after {
        query = query.filter(public_articles::published_at.gt(instant));
    }
    if let Some(instant) = filter.published_before {
        query = query.filter(public_articles::published_at.lt(instant));
    }
    if let Some(instant) = filter.updated_after {
        query = query.filter(public_articles::updated_at.gt(instant));
    }
    if !filter.slugs.is_empty() {
        let slugs: Vec<String> = filter.slugs.iter().map(Slug::to_string).collect();
        query = query.filter(public_articles::slug.eq_any(slugs));
    }
    if !filter.ids.is_empty() {
        query = query.filter(public_articles::id.eq_any(filter.ids.clone()));
    }
    query
}

/// One page of a list, as it is asked for.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Which articles.
    pub filter: ArticleFilter,
    /// Their order.
    pub sort: ArticleSort,
    /// What is added to summaries.
    pub include: Vec<Include>,
    /// How bodies are wanted.
    pub body_format: BodyFormat,
    /// Whether all are counted.
    pub count: bool,
    /// After which sort value and id.
    pub after: Option<(Timestamp, Id)>,
    /// Most articles.
    pub limit: i64,
}

/// The articles of a page, each with its sort value, and how many there are in all.
pub type Listed = (Vec<(ListedArticle, String)>, Option<i64>);

/// Lists articles: the same number of queries however many there are.
///
/// # Errors
/// When the database fails.
pub fn list(connection: &mut Connection, query: &ListQuery, site: SiteUrl) -> StoreResult<Listed> {
    let Some(resolved) = resolve(connection, &query.filter)? else {
        return Ok((Vec::new(), query.count.then_some(0)));
    };
    let total = if query.count {
        let all = filtered(&query.filter, &resolved);
        Some(all.select(count_star()).first(connection)?)
    } else {
        None
    };
    let rows: Vec<SummaryRow> = page(filtered(&query.filter, &resolved), query)
        .select(summary_columns!())
        .load(connection)?;
    if rows.is_empty() {
        return Ok((Vec::new(), total));
    }
    let ids: Vec<Id> = rows.iter().map(|row| row.0).collect();
    let mut relations = Relations::load(connection, &ids, rows.iter().map(|row| row.5.4))?;
    let mut extras = Extras::load(connection, &ids, query)?;
    let listed = rows
        .into_iter()
        .map(|row| {
            let value = match query.sort {
                ArticleSort::NewestFirst | ArticleSort::OldestFirst => row.4,
                ArticleSort::LastUpdatedFirst => row.5.6,
            };
            let summary = summary(&mut relations, row, site);
            (extras.add_to(summary), value.to_string())
        })
        .collect();
    Ok((listed, total))
}

/// Order, position and length. The bound on the sort value alone, which the keyset condition
/// implies, lets both databases begin in the index where the page begins.
fn page(
    query: public_articles::BoxedQuery<'static, MultiBackend>,
    asked: &ListQuery,
) -> public_articles::BoxedQuery<'static, MultiBackend> {
    use public_articles::{id, published_at, updated_at};
    let query = match (asked.sort, asked.after) {
        (ArticleSort::NewestFirst, Some((at, last))) => query
            .filter(published_at.le(at))
            .filter(published_at.lt(at).or(id.lt(last))),
        (ArticleSort::OldestFirst, Some((at, last))) => query
            .filter(published_at.ge(at))
            .filter(published_at.gt(at).or(id.gt(last))),
        (ArticleSort::LastUpdatedFirst, Some((at, last))) => query
            .filter(updated_at.le(at))
            .filter(updated_at.lt(at).or(id.lt(last))),
        (_, None) => query,
    };
    match asked.sort {
        ArticleSort::NewestFirst => query.order((published_at.desc(), id.desc())),
        ArticleSort::OldestFirst => query.order((published_at.asc(), id.asc())),
        ArticleSort::LastUpdatedFirst => query.order((updated_at.desc(), id.desc())),
    }
    .limit(asked.limit)
}

type HeavyRow = (Json<Body>, Json<Seo>, Json<Custom>);

/// What `include=` adds, for a whole page at once.
struct Extras {
    include: Vec<Include>,
    body_format: BodyFormat,
    heavy: HashMap<Id, HeavyRow>,
    corrections: HashMap<Id, Vec<crate::articles::model::Correction>>,
    shares: HashMap<Id, shares::model::Shares>,
}

impl Extras {
    fn load(connection: &mut Connection, ids: &[Id], query: &ListQuery) -> StoreResult<Self> {
        let wants = |include| query.include.contains(&include);
        let heavy = if [Include::Body, Include::Seo, Include::Custom]
            .into_iter()
            .any(wants)
        {
            public_articles::table
                .filter(public_articles::id.eq_any(ids.to_vec()))
                .select((
                    public_articles::id,
                    (
                        public_articles::body,
                        public_articles::seo,
                        public_articles::custom,
                    ),
                ))
                .load::<(Id, HeavyRow)>(connection)?
                .into_iter()
                .collect()
        } else {
            HashMap::new()
        };
        Ok(Self {
            include: query.include.clone(),
            body_format: query.body_format,
            heavy,
            corrections: if wants(Include::Corrections) {
                corrections_of(connection, ids)?
            } else {
                HashMap::new()
            },
            shares: if wants(Include::Shares) {
                shares::store::of_articles(connection, ids)?
            } else {
                HashMap::new()
            },
        })
    }

    fn add_to(&mut self, summary: Summary) -> ListedArticle {
        let wants = |include| self.include.contains(&include);
        let id = summary.id;
        let heavy = self.heavy.remove(&id);
        let (body, seo, custom) = match heavy {
            Some((body, seo, custom)) => (
                wants(Include::Body).then(|| self.body_format.of(&body.0)),
                wants(Include::Seo).then_some(seo.0),
                wants(Include::Custom).then_some(custom.0.0),
            ),
            None => (None, None, None),
        };
        ListedArticle {
            summary,
            body: body.unwrap_or_default(),
            corrections: wants(Include::Corrections)
                .then(|| self.corrections.remove(&id).unwrap_or_default()),
            seo,
            custom,
            shares: wants(Include::Shares).then(|| {
                self.shares
                    .remove(&id)
                    .unwrap_or_else(shares::model::Shares::none)
            }),
        }
    }
}

/// The public article that a slug names.
///
/// # Errors
/// [`StoreError::NotFound`](crate::db::StoreError::NotFound), the same for unknown and unpublished ones.
pub fn find(
    connection: &mut Connection,
    slug: &Slug,
    body_format: BodyFormat,
    with_shares: bool,
    site: SiteUrl,
) -> StoreResult<Article> {
    let (row, heavy): (SummaryRow, HeavyRow) = public_articles::table
        .filter(public_articles::slug.eq(slug.as_str()))
        .select((
            summary_columns!(),
            (
                public_articles::body,
                public_articles::seo,
                public_articles::custom,
            ),
        ))
        .first(connection)?;
    let id = row.0;
    let mut relations = Relations::load(connection, &[id], std::iter::once(row.5.4))?;
    let (body, seo, custom) = heavy;
    let body: BodyFormats = body_format.of(&body.0);
    Ok(Article {
        summary: summary(&mut relations, row, site),
        body,
        corrections: corrections_of(connection, &[id])?
            .remove(&id)
            .unwrap_or_default(),
        seo: seo.0,
        custom: custom.0.0,
        shares: if with_shares {
            Some(
                shares::store::of_articles(connection, &[id])?
                    .remove(&id)
                    .unwrap_or_else(shares::model::Shares::none),
            )
        } else {
            None
        },
    })
}
