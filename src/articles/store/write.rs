//! Writing articles. Each function is one change and runs in one transaction.

use std::str::FromStr;

use diesel::prelude::*;

use super::bodies;
use super::indexing::index;
use super::references::References;
use super::renditions;
use super::standing::{changed_one, leave, may_change_public, standing};
use crate::articles::input::{ArticleInput, ArticlePatch, BodyInput, DistinctList, FormerUrls};
use crate::articles::parts::{Custom, LeadImage, Seo};
use crate::articles::workflow::{Status, Step, WorkingStatus};
use crate::auth::model::{Caller, Right};
use crate::body::Body;
use crate::db::changes::Touched;
use crate::db::schema::{
    article_authors, article_tags, articles, authors as authors_table, tags as tags_table,
};
use crate::db::slugs::{self, Named};
use crate::db::version::Expected;
use crate::db::{Connection, Id, Json, StoreError, StoreResult, Timestamp};
use crate::shares::store::{external, totals};
use crate::text::{AbsoluteUrl, Slug};
use crate::validation::Violation;

/// What an input becomes in the table.
#[derive(AsChangeset, Insertable)]
#[diesel(table_name = articles, treat_none_as_null = true)]
struct Written {
    slug: String,
    headline: Option<String>,
    standfirst: Option<String>,
    dateline: Option<String>,
    language: String,
    byline: Option<String>,
    canonical_url: Option<String>,
    section_id: Option<Id>,
    lead_image: Option<Json<LeadImage>>,
    word_count: i32,
    seo: Json<Seo>,
    custom: Json<Custom>,
    updated_at: Timestamp,
}

impl Written {
    fn new(input: ArticleInput, slug: Slug, section_id: Option<Id>) -> (Self, Body) {
        let body = input.body.0;
        let written = Self {
            slug: slug.into_string(),
            headline: input.headline.map(|text| text.into_string()),
            standfirst: input.standfirst.map(|text| text.into_string()),
            dateline: input.dateline.map(|text| text.into_string()),
            language: input.language.into_string(),
            byline: input.byline.map(|text| text.into_string()),
            canonical_url: input.canonical_url.map(|text| text.into_string()),
            section_id,
            lead_image: input.lead_image.map(Json),
            word_count: i32::try_from(body.word_count()).unwrap_or(i32::MAX),
            seo: Json(input.seo),
            custom: Json(input.custom),
            updated_at: Timestamp::now(),
        };
        (written, body)
    }
}

/// Adds an article; answers its key.
///
/// # Errors
/// [`StoreError::SlugTaken`], [`StoreError::Invalid`], and [`StoreError::Forbidden`] when somebody who cannot
/// publish has as many drafts as `quota` allows.
pub fn create(
    connection: &mut Connection,
    input: ArticleInput,
    caller: &Caller,
    quota: i64,
) -> StoreResult<Id> {
    within_quota(connection, caller, quota)?;
    let id = Id::generate();
    let references = References::find(connection, &input)?;
    let slug = match &input.slug {
        Some(slug) => slugs::claim(connection, Named::Article, slug.clone(), None)?,
        None => {
            let title = input.headline.as_ref().map_or("", |text| text.as_str());
            let wanted = Slug::from_title(title, &format!("article-{id}"));
            slugs::claim_nearest(connection, Named::Article, wanted)?
        }
    };
    let status = input.status.map_or(Status::Draft, WorkingStatus::status);
    let former_urls = input.former_urls.clone();
    let (written, body) = Written::new(input, slug, references.section);
    diesel::insert_into(articles::table)
        .values((
            articles::id.eq(id),
            articles::status.eq(status.as_str()),
            articles::version.eq(1),
            articles::created_by.eq(caller.user()),
            articles::created_at.eq(written.updated_at),
            &written,
        ))
        .execute(connection)?;
    bodies::insert(connection, id, body)?;
    references.save(connection, id)?;
    totals::open(connection, id)?;
    recover(connection, id, &former_urls, caller)?;
    Ok(id)
}

/// The article as it was last written, for a patch to be applied to.
pub(super) fn written_input(connection: &mut Connection, id: Id) -> StoreResult<ArticleInput> {
    fn stored<T: FromStr>(text: String) -> StoreResult<T> {
        text.parse()
            .map_err(|_| StoreError::Database(diesel::result::Error::NotFound))
    }
    type Row = (
        String,
        Option<String>,
        Option<String>,
        Option<String>,
        String,
        Option<String>,
        Option<String>,
        Option<Id>,
        Option<Json<LeadImage>>,
        Json<Seo>,
        Json<Custom>,
    );
    let row: Row = articles::table
        .filter(articles::id.eq(id))
        .select((
            articles::slug,
            articles::headline,
            articles::standfirst,
            articles::dateline,
            articles::language,
            articles::byline,
            articles::canonical_url,
            articles::section_id,
            articles::lead_image,
            articles::seo,
            articles::custom,
        ))
        .first(connection)?;
    let authors: Vec<String> = article_authors::table
        .inner_join(authors_table::table)
        .filter(article_authors::article_id.eq(id))
        .order(article_authors::position)
        .select(authors_table::slug)
        .load(connection)?;
    let tags: Vec<String> = article_tags::table
        .inner_join(tags_table::table)
        .filter(article_tags::article_id.eq(id))
        .order(article_tags::position)
        .select(tags_table::slug)
        .load(connection)?;
    let section: Option<String> = match row.7 {
        Some(section) => Some(
            tags_table::table
                .filter(tags_table::id.eq(section))
                .select(tags_table::slug)
                .first(connection)?,
        ),
        None => None,
    };
    fn stored_list<T: FromStr, const MAX: usize>(
        texts: Vec<String>,
    ) -> StoreResult<DistinctList<T, MAX>> {
        Ok(DistinctList(
            texts.into_iter().map(stored).collect::<StoreResult<_>>()?,
        ))
    }
    Ok(ArticleInput {
        slug: Some(stored(row.0)?),
        headline: row.1.map(stored).transpose()?,
        status: None,
        standfirst: row.2.map(stored).transpose()?,
        dateline: row.3.map(stored).transpose()?,
        language: stored(row.4)?,
        byline: row.5.map(stored).transpose()?,
        canonical_url: row.6.map(stored).transpose()?,
        authors: stored_list(authors)?,
        tags: stored_list(tags)?,
        former_urls: stored_list(external::former_urls_of(connection, id)?)?,
        section: section.map(stored).transpose()?,
        lead_image: row.8.map(|image| image.0),
        body: BodyInput(bodies::find(connection, id)?),
        seo: row.9.0,
        custom: row.10.0,
    })
}

/// Applies a merge patch to an article.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`],
/// [`StoreError::SlugTaken`], [`StoreError::Invalid`]: among others when a published article would
/// lack what publishing needs.
pub fn edit(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    patch: ArticlePatch,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Edit.check(standing.status)?;
    may_change_public(caller, &standing)?;
    let has_body = patch.has_body();
    let input = patch
        .apply(written_input(connection, id)?)
        .map_err(StoreError::Invalid)?;
    if standing.status == Status::Published {
        complete(&input)?;
    }
    let status = match input.status.map(WorkingStatus::status) {
        None => standing.status,
        Some(status) if matches!(standing.status, Status::Draft | Status::InReview) => status,
        Some(status) if status == standing.status => status,
        Some(status) => {
            return Err(StoreError::WrongState {
                detail: format!(
                    "An article that is {} cannot become {status} again.",
                    standing.status
                ),
                allowed: Vec::new(),
            });
        }
    };
    let references = References::find(connection, &input)?;
    let slug = match &input.slug {
        Some(slug) => slugs::claim(connection, Named::Article, slug.clone(), Some(id))?,
        None => {
            return Err(StoreError::Invalid(
                Violation::new("/slug", "required", "cannot be removed").into(),
            ));
        }
    };
    if slug.as_str() != standing.slug {
        // Nobody outside knows a slug that was never public. That of a redirect can be taken: the
        // redirect goes on until the article is public.
        if standing.was_public() {
            slugs::redirect(
                connection,
                Named::Article,
                &standing.slug,
                slug.as_str(),
                id,
            )?;
        }
    }
    let former_urls = input.former_urls.clone();
    let (written, body) = Written::new(input, slug, references.section);
    let changed = diesel::update(
        articles::table
            .filter(articles::id.eq(id))
            .filter(articles::version.eq(standing.version)),
    )
    .set((
        &written,
        articles::status.eq(status.as_str()),
        articles::version.eq(standing.version + 1),
    ))
    .execute(connection)?;
    changed_one(changed, standing.version + 1)?;
    if has_body {
        bodies::replace(connection, id, body)?;
    }
    references.save(connection, id)?;
    recover(connection, id, &former_urls, caller)?;
    if standing.status == Status::Published {
        index(connection, id)?;
        renditions::keep(connection, id)?;
    }
    leave(connection, touched, id, standing)
}

/// Whoever cannot publish may have only so many articles that are not published.
fn within_quota(connection: &mut Connection, caller: &Caller, quota: i64) -> StoreResult<()> {
    let Some(user) = caller
        .user()
        .filter(|_| !caller.may(Right::ArticlesPublish))
    else {
        return Ok(());
    };
    let drafts: Vec<Id> = articles::table
        .filter(articles::created_by.eq(user))
        .filter(articles::status.eq_any([Status::Draft.as_str(), Status::InReview.as_str()]))
        .select(articles::id)
        .limit(quota)
        .load(connection)?;
    if (drafts.len() as i64) < quota {
        return Ok(());
    }
    Err(StoreError::Forbidden(format!(
        "You have {quota} drafts, which are as many as there may be; have some published, or throw \
         some away."
    )))
}

/// The shares of what is public now belong to it: whoever cannot publish cannot say otherwise.
fn names_nothing_public(
    connection: &mut Connection,
    id: Id,
    urls: &FormerUrls,
    caller: &Caller,
) -> StoreResult<()> {
    if caller.may(Right::ArticlesPublish) {
        return Ok(());
    }
    // What was said before is not said now.
    let before = external::former_urls_of(connection, id)?;
    let added: Vec<&str> = urls.0.iter().map(AbsoluteUrl::as_str).collect();
    let added: Vec<&str> = added
        .into_iter()
        .filter(|url| !before.iter().any(|known| known == url))
        .collect();
    if added.is_empty() {
        return Ok(());
    }
    let named: Vec<&str> = added
        .iter()
        .filter_map(|url| url.trim_end_matches('/').rsplit('/').next())
        .collect();
    let public = || {
        articles::table
            .filter(articles::status.eq(Status::Published.as_str()))
            .filter(articles::id.ne(id))
            .select(articles::id)
    };
    let by_slug: Option<Id> = public()
        .filter(articles::slug.eq_any(named))
        .first(connection)
        .optional()?;
    let by_address: Option<Id> = public()
        .filter(articles::canonical_url.eq_any(added))
        .first(connection)
        .optional()?;
    if by_slug.or(by_address).is_none() {
        return Ok(());
    }
    Err(StoreError::Forbidden(format!(
        "/former_urls has the address of a published article; saying that needs the right {}.",
        Right::ArticlesPublish
    )))
}

/// Adds the counts of addresses that an article had before.
fn recover(
    connection: &mut Connection,
    id: Id,
    urls: &FormerUrls,
    caller: &Caller,
) -> StoreResult<()> {
    names_nothing_public(connection, id, urls, caller)?;
    let Some(place) = external::recover(connection, id, &urls.0)? else {
        return Ok(());
    };
    Err(StoreError::Invalid(
        Violation::new(
            format!("/former_urls/{place}"),
            "taken",
            "is a former address of another article",
        )
        .into(),
    ))
}

pub(super) fn complete(input: &ArticleInput) -> StoreResult<()> {
    let missing = input.missing_to_publish();
    if missing.is_empty() {
        return Ok(());
    }
    Err(StoreError::Invalid(missing))
}
