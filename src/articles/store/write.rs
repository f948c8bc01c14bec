//! Creating and changing articles. Each function is one change and runs in one transaction.

use std::str::FromStr;

use diesel::prelude::*;

use super::bodies;
use super::references::{References, place};
use crate::articles::input::{ArticleInput, ArticlePatch, BodyInput, SlugList};
use crate::articles::parts::{CorrectionInput, Custom, LeadImage, Seo};

use crate::articles::workflow::{
    Embargo, PublishInput, RetractInput, Status, Step, WorkingStatus, restored,
};
use crate::auth::model::{Caller, Right};
use crate::body::Body;
use crate::db::changes::{Mark, Touched};
use crate::db::schema::{
    article_authors, article_tags, articles, authors as authors_table, corrections,
    tags as tags_table,
};
use crate::db::slugs::{self, Named};
use crate::db::version::{Expected, Locked, lock};
use crate::db::{Connection, Id, Json, StoreError, StoreResult, Timestamp};
use crate::text::Slug;
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
/// [`StoreError::SlugTaken`], [`StoreError::Invalid`].
pub fn create(
    connection: &mut Connection,
    input: ArticleInput,
    created_by: Option<Id>,
) -> StoreResult<Id> {
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
    let (written, body) = Written::new(input, slug, references.section);
    diesel::insert_into(articles::table)
        .values((
            articles::id.eq(id),
            articles::status.eq(status.as_str()),
            articles::version.eq(1),
            articles::created_by.eq(created_by),
            articles::created_at.eq(written.updated_at),
            &written,
        ))
        .execute(connection)?;
    bodies::insert(connection, id, body)?;
    references.save(connection, id)?;
    Ok(id)
}

/// What a change needs to know of an article before it.
struct Standing {
    status: Status,
    version: i64,
    slug: String,
    published_at: Option<Timestamp>,
    embargo_until: Option<Timestamp>,
    retraction_reason: Option<String>,
    trashed_from: Option<Status>,
}

impl Standing {
    /// Whether readers have seen it, now or before.
    fn was_public(&self) -> bool {
        let now = Timestamp::now();
        self.published_at.is_some_and(|instant| instant <= now)
            && self.embargo_until.is_none_or(|instant| instant <= now)
    }
}

/// Finds an article for a change: it must exist for the caller and have the expected version.
fn standing(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<Standing> {
    type Row = (
        String,
        i64,
        String,
        Option<Timestamp>,
        Option<Timestamp>,
        Option<String>,
        Option<String>,
        Option<Id>,
    );
    lock(connection, Locked::Article, id)?;
    let (
        status,
        version,
        slug,
        published_at,
        embargo_until,
        retraction_reason,
        trashed_from,
        created_by,
    ): Row = articles::table
        .filter(articles::id.eq(id))
        .select((
            articles::status,
            articles::version,
            articles::slug,
            articles::published_at,
            articles::embargo_until,
            articles::retraction_reason,
            articles::trashed_from,
            articles::created_by,
        ))
        .first(connection)?;
    if caller
        .only_own()
        .is_some_and(|user| created_by != Some(user))
    {
        return Err(StoreError::NotFound);
    }
    expected.check(version)?;
    touch(connection, touched, id)?;
    Ok(Standing {
        status: Status::from_name(&status),
        version,
        slug,
        published_at,
        embargo_until,
        retraction_reason,
        trashed_from: trashed_from.as_deref().map(Status::from_name),
    })
}

/// Marks what shows a published article, one that is scheduled or under embargo included: before a
/// change and after it.
fn touch(connection: &mut Connection, touched: &mut Touched, id: Id) -> StoreResult<()> {
    let published: Option<Option<Id>> = articles::table
        .filter(articles::id.eq(id))
        .filter(articles::status.eq(Status::Published.as_str()))
        .select(articles::section_id)
        .first(connection)
        .optional()?;
    let Some(section) = published else {
        return Ok(());
    };
    touched.add(Mark::Article(id));
    touched.add(Mark::Articles);
    let tags: Vec<Id> = article_tags::table
        .filter(article_tags::article_id.eq(id))
        .select(article_tags::tag_id)
        .load(connection)?;
    for tag in tags.into_iter().chain(section) {
        touched.add(Mark::ArticlesOfTag(tag));
    }
    let authors: Vec<Id> = article_authors::table
        .filter(article_authors::article_id.eq(id))
        .select(article_authors::author_id)
        .load(connection)?;
    for author in authors {
        touched.add(Mark::ArticlesOfAuthor(author));
    }
    Ok(())
}

/// What a step writes besides the content.
#[derive(AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true)]
struct Stepped {
    status: String,
    published_at: Option<Timestamp>,
    embargo_until: Option<Timestamp>,
    retraction_reason: Option<String>,
    trashed_from: Option<String>,
    updated_at: Timestamp,
    version: i64,
}

impl Stepped {
    fn new(status: Status, standing: &Standing) -> Self {
        Self {
            status: status.as_str().into(),
            // A publication that never came about is forgotten.
            published_at: standing.published_at.filter(|_| standing.was_public()),
            embargo_until: standing.embargo_until,
            retraction_reason: standing.retraction_reason.clone(),
            trashed_from: None,
            updated_at: Timestamp::now(),
            version: standing.version + 1,
        }
    }

    fn save(self, connection: &mut Connection, touched: &mut Touched, id: Id) -> StoreResult<()> {
        let current = self.version;
        let changed = diesel::update(
            articles::table
                .filter(articles::id.eq(id))
                .filter(articles::version.eq(current - 1)),
        )
        .set(&self)
        .execute(connection)?;
        changed_one(changed, current)?;
        place(connection, id)?;
        touch(connection, touched, id)
    }
}

/// The row was locked when it was read: this is for the day on which it is not.
fn changed_one(changed: usize, current: i64) -> StoreResult<()> {
    if changed == 0 {
        return Err(StoreError::Stale { current });
    }
    Ok(())
}

/// The article as it was last written, for a patch to be applied to.
fn written_input(connection: &mut Connection, id: Id) -> StoreResult<ArticleInput> {
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
    fn slug_list<const MAX: usize>(slugs: Vec<String>) -> StoreResult<SlugList<MAX>> {
        Ok(SlugList(
            slugs.into_iter().map(stored).collect::<StoreResult<_>>()?,
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
        authors: slug_list(authors)?,
        tags: slug_list(tags)?,
        section: section.map(stored).transpose()?,
        lead_image: row.8.map(|image| image.0),
        body: BodyInput(bodies::find(connection, id)?),
        seo: row.9.0,
        custom: row.10.0,
    })
}

/// What is public, only those who may publish change.
fn may_change_public(caller: &Caller, standing: &Standing) -> StoreResult<()> {
    if standing.status == Status::Published && !caller.may(Right::ArticlesPublish) {
        return Err(StoreError::Forbidden(format!(
            "The article is published; changing it needs the right {}.",
            Right::ArticlesPublish
        )));
    }
    Ok(())
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
        .map_err(|violations| StoreError::Invalid(violations.0))?;
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
            return Err(StoreError::Invalid(vec![Violation::new(
                "/slug",
                "required",
                "cannot be removed",
            )]));
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
    touch(connection, touched, id)
}

fn complete(input: &ArticleInput) -> StoreResult<()> {
    let missing = input.missing_to_publish();
    if missing.is_empty() {
        return Ok(());
    }
    Err(StoreError::Invalid(missing))
}

/// Publishes an article, now or in the future.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`],
/// [`StoreError::Invalid`] with everything that is missing.
pub fn publish(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    input: &PublishInput,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Publish.check(standing.status)?;
    complete(&written_input(connection, id)?)?;
    let now = Timestamp::now();
    Stepped {
        published_at: Some(
            input
                .published_at
                .or(standing.published_at.filter(|instant| *instant <= now))
                .unwrap_or(now),
        ),
        embargo_until: match input.embargo_until {
            Embargo::Kept => standing.embargo_until,
            Embargo::Lifted => None,
            Embargo::Until(instant) => Some(instant),
        },
        ..Stepped::new(Status::Published, &standing)
    }
    .save(connection, touched, id)
}

/// Takes an article back.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`].
pub fn unpublish(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Unpublish.check(standing.status)?;
    Stepped::new(Status::Unpublished, &standing).save(connection, touched, id)
}

/// Withdraws an article for a reason.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`].
pub fn retract(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    input: RetractInput,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Retract.check(standing.status)?;
    Stepped {
        retraction_reason: Some(input.reason.into_string()),
        ..Stepped::new(Status::Retracted, &standing)
    }
    .save(connection, touched, id)
}

/// Throws an article away; it can be restored.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`].
pub fn trash(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Trash.check(standing.status)?;
    may_change_public(caller, &standing)?;
    Stepped {
        trashed_from: Some(standing.status.as_str().into()),
        ..Stepped::new(Status::Trashed, &standing)
    }
    .save(connection, touched, id)
}

/// Brings an article back from the trash, never to the public.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`].
pub fn restore(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Restore.check(standing.status)?;
    let status = restored(standing.trashed_from.unwrap_or(Status::Draft));
    Stepped::new(status, &standing).save(connection, touched, id)
}

/// Adds a correction to an article that is or was public.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`], [`StoreError::WrongState`].
pub fn correct(
    connection: &mut Connection,
    touched: &mut Touched,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    input: CorrectionInput,
) -> StoreResult<()> {
    let standing = standing(connection, touched, id, caller, expected)?;
    Step::Correct.check(standing.status)?;
    let now = Timestamp::now();
    diesel::insert_into(corrections::table)
        .values((
            corrections::id.eq(Id::generate()),
            corrections::article_id.eq(id),
            corrections::kind.eq(input.kind.as_str()),
            corrections::text.eq(input.text.as_str()),
            corrections::published_at.eq(now),
        ))
        .execute(connection)?;
    let changed = diesel::update(
        articles::table
            .filter(articles::id.eq(id))
            .filter(articles::version.eq(standing.version)),
    )
    .set((
        articles::version.eq(standing.version + 1),
        articles::updated_at.eq(now),
    ))
    .execute(connection)?;
    changed_one(changed, standing.version + 1)?;
    touch(connection, touched, id)
}
