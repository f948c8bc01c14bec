//! Writing articles. Each function is one change and runs in one transaction.

use diesel::prelude::*;

use super::bodies;
use super::corrections;
use super::holder::{holder, with_holder};
use super::load::{Loaded, changed_one, load_for_update};
use super::media_uses;
use super::mentions;
use super::references::References;
use super::rows::Content;
use super::transitions::appears_at;
use super::trash;
use crate::articles::input::{ArticleInput, FormerUrls};
use crate::articles::mentions::{Mentions, Resolved};
use crate::articles::new_article::Creation;
use crate::articles::parts::CorrectionInput;
use crate::articles::patch::ArticlePatch;
use crate::articles::telling::{EditorialRules, Telling};
use crate::articles::workflow::{Embargo, Expiry, Status, Step, WorkingStatus, check_expiry};
use crate::auth::model::{Caller, Right};
use crate::body::Body;
use crate::db::schema::articles;
use crate::db::slugs;
use crate::db::version::Expected;
use crate::db::{Connection, Id, Resource, StoreError, StoreResult, Timestamp};
use crate::events::{ArticleEvent, ArticleState, Change, Event, Remark};
use crate::media::store::uses::{self, Place};
use crate::on_each_database;
use crate::shares::page::PageAddress;
use crate::shares::store::pages;
use crate::text::{AbsoluteUrl, Slug};
use crate::validation::{Violation, Violations};

/// Inserts the row of an article, unless its slug is taken; returns how many were inserted.
macro_rules! insert {
    ($connection:ident, $row:expr) => {
        on_each_database!($connection, inner => {
            diesel::insert_into(articles::table)
                .values($row)
                .on_conflict(articles::slug)
                .do_nothing()
                .execute(inner)?
        })
    };
}

/// Adds an article, published where that is asked for; returns its key.
///
/// # Errors
/// [`StoreError::SlugTaken`], [`StoreError::Invalid`], and [`StoreError::Forbidden`] when somebody who cannot
/// publish has as many drafts as `quota` allows.
pub fn create(
    change: &mut Change<'_>,
    creation: impl Into<Creation>,
    caller: &Caller,
    quota: i64,
) -> StoreResult<Id> {
    within_quota(change.connection, caller, quota)?;
    let creation = creation.into();
    if !creation.input.former_urls.is_empty() {
        pages::claim(change.connection)?;
    }
    let (input, references, standing) = prepared(change, creation, caller)?;
    let connection = &mut *change.connection;
    let id = Id::generate();
    let slug = new_slug(connection, id, &input)?;
    let former_urls = input.former_urls.clone();
    let shown = media_uses::ids(&input);
    let remark = Remark {
        submitted: standing.status == Status::InReview,
        ..input.remark()
    };
    let (content, body) = Content::of(input, slug.clone(), references.section, references.primary);
    let sort_headline = content.sort_headline();
    let row = (
        articles::id.eq(id),
        articles::status.eq(standing.status.as_str()),
        articles::version.eq(1),
        articles::created_by.eq(caller.user()),
        articles::created_at.eq(change.now),
        articles::updated_at.eq(change.now),
        articles::published_at.eq(standing.published_at),
        articles::embargo_until.eq(standing.embargo_until),
        articles::unpublish_at.eq(standing.unpublish_at),
        articles::sort_headline.eq(&sort_headline),
        &content,
    );
    let mut inserted = insert!(connection, row);
    if inserted == 0 && trash::vacate(change, &slug)? {
        let connection = &mut *change.connection;
        inserted = insert!(connection, row);
    }
    let connection = &mut *change.connection;
    if inserted == 0 {
        let taken = slugs::taken(connection, Resource::Article, slug)?;
        return Err(with_holder(connection, taken, caller));
    }
    bodies::insert(connection, id, body)?;
    references.insert(connection, id)?;
    uses::replace(connection, id, Place::Article, (&[], &shown))?;
    if !former_urls.0.is_empty() {
        recover(connection, id, &former_urls, caller)?;
    }
    record_created(
        change,
        id,
        &content.slug,
        references.into_state(),
        &standing,
        remark,
    );
    Ok(id)
}

/// The status that a new article has, and from when readers see it.
struct Standing {
    status: Status,
    published_at: Option<Timestamp>,
    embargo_until: Option<Timestamp>,
    unpublish_at: Option<Timestamp>,
}

impl Standing {
    fn of(creation: &Creation, now: Timestamp) -> Self {
        let Some(publish) = &creation.publish else {
            let status = creation.input.status;
            return Self {
                status: status.map_or(Status::Draft, WorkingStatus::status),
                published_at: None,
                embargo_until: None,
                unpublish_at: None,
            };
        };
        let embargo_until = match publish.embargo_until {
            Embargo::Until(instant) => Some(instant),
            Embargo::Kept | Embargo::Lifted => None,
        };
        let appears_at = || appears_at(now, embargo_until);
        Self {
            status: Status::Published,
            published_at: Some(publish.published_at.unwrap_or_else(appears_at)),
            embargo_until,
            unpublish_at: publish.unpublish_at.of(None, now),
        }
    }

    /// What others depend on of an article that stands so, where it is published.
    fn of_published(&self, state: ArticleState) -> ArticleState {
        ArticleState {
            is_published: self.status == Status::Published,
            published_at: self.published_at,
            embargo_until: self.embargo_until,
            unpublish_at: self.unpublish_at,
            ..state
        }
    }
}

/// What is to be written of a new article: all that it refers to is there, and all that it needs to be
/// published, where it is to be.
///
/// # Errors
/// [`StoreError::Forbidden`], and [`StoreError::Invalid`] with everything that is wrong or missing.
fn prepared(
    change: &mut Change<'_>,
    creation: Creation,
    caller: &Caller,
) -> StoreResult<(ArticleInput, References, Standing)> {
    if creation.publish.is_some() && !caller.may(Right::ArticlesPublish) {
        let right = Right::ArticlesPublish;
        return Err(StoreError::Forbidden(format!(
            "This needs the right {right}."
        )));
    }
    let standing = Standing::of(&creation, change.now);
    let Creation {
        mut input,
        mentions,
        publish,
    } = creation;
    let mut missing = Violations::default();
    let seen = standing.of_published(ArticleState::default()).public_from();
    let seen = seen.map_or(change.now, |from| from.max(change.now));
    let published: Option<(&[Id], Timestamp)> = publish.is_some().then_some((&[], seen));
    match media_uses::fill(change.connection, &mut input, published) {
        Err(StoreError::Invalid(wrong)) => missing.append(wrong),
        filled => filled?,
    }
    if publish.is_some() {
        let mentioned = mentions.as_ref().is_some_and(Mentions::has_author);
        // Of a picture that is not there nothing else is said.
        let unknown: Vec<String> = missing
            .listed()
            .iter()
            .map(|wrong| wrong.pointer.trim_end_matches("media_id").to_owned())
            .collect();
        let more = input.missing_with(mentioned || !input.authors.is_empty());
        let of_unknown =
            |wrong: &&Violation| unknown.iter().any(|place| wrong.pointer.starts_with(place));
        for wrong in more.listed().iter().filter(|wrong| !of_unknown(wrong)) {
            missing.push(wrong.clone());
        }
        let state = standing.of_published(ArticleState::default());
        if let Err(StoreError::Invalid(wrong)) = check_expiry(&state, change.now) {
            missing.append(wrong);
        }
    }
    let resolved = match &mentions {
        Some(mentions) => mentions::resolve(change, mentions, caller),
        None => Ok(Resolved::default()),
    };
    let references = resolved.and_then(|resolved| {
        input.refer_to(resolved);
        References::find(change.connection, &input, true)
    });
    match references {
        Err(StoreError::Invalid(wrong)) => {
            missing.append(wrong);
            Err(StoreError::Invalid(missing))
        }
        Ok(_) if !missing.is_empty() => Err(StoreError::Invalid(missing)),
        found => found.map(|references| (input, references, standing)),
    }
}

/// The slug of a new article: the one that was asked for, or else the nearest free one to its headline.
fn new_slug(connection: &mut Connection, id: Id, input: &ArticleInput) -> StoreResult<Slug> {
    let slug = match &input.slug {
        Some(slug) => slug.clone(),
        None => {
            let title = input.headline.as_ref().map_or("", |text| text.as_str());
            let wanted = Slug::from_title(title, Some(&input.language), &format!("article-{id}"));
            slugs::claim_nearest(connection, Resource::Article, wanted)?
        }
    };
    slugs::refuse_reserved(connection, Resource::Article, &slug)?;
    Ok(slug)
}

/// That an article was created and, where it was, published: two events of one change, as of two calls.
fn record_created(
    change: &mut Change<'_>,
    id: Id,
    slug: &str,
    state: ArticleState,
    standing: &Standing,
    remark: Remark,
) {
    let mut record = |event, before, after| {
        change.record(Event::Article {
            event,
            id,
            slug: slug.to_owned(),
            version: 1,
            before,
            after,
            remark: remark.clone(),
        });
    };
    record(
        ArticleEvent::Created,
        ArticleState::default(),
        state.clone(),
    );
    if standing.status == Status::Published {
        let published = standing.of_published(state.clone());
        record(ArticleEvent::Published, state, published);
    }
}

/// What an article names: while it stays the same nothing is looked up.
fn named(input: &ArticleInput) -> impl PartialEq + use<> {
    (
        input.authors.clone(),
        input.tags.clone(),
        input.section.clone(),
        input.primary_tag.clone(),
    )
}

/// Applies a merge patch to an article. One that changes nothing leaves it as it is: its version too.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::InvalidTransition`],
/// [`StoreError::SlugTaken`], [`StoreError::Invalid`]: among others when a published article would
/// lack what publishing needs.
pub fn edit(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    patch: ArticlePatch,
    rules: &EditorialRules,
) -> StoreResult<()> {
    let connection = &mut *change.connection;
    if patch.has_former_urls() {
        pages::claim(connection)?;
    }
    let article = load_for_update(connection, id, caller, expected)?;
    Step::Edit.check(article.status)?;
    article.may_be_changed_by(caller)?;
    if patch.telling().correction.is_some() {
        Step::Correct.check(article.status)?;
    }
    apply_edit(change, article, caller, patch, rules)
}

/// Applies a merge patch to an article that may be changed.
///
/// # Errors
/// As [`edit`].
pub(super) fn apply_edit(
    change: &mut Change<'_>,
    article: Loaded,
    caller: &Caller,
    patch: ArticlePatch,
    rules: &EditorialRules,
) -> StoreResult<()> {
    let telling = patch.telling().clone();
    let is_of_media = patch.is_of_changed_media();
    let patch = with_mentions(change, patch, caller)?;
    let restored_from = patch.restored_from();
    let connection = &mut *change.connection;
    let before = article.input()?;
    let media_before = media_uses::ids(&before);
    let may_change = patch.has_body() || !media_before.is_empty();
    let body_before = may_change.then(|| before.body.body.clone());
    let (named_before, former_urls) = (named(&before), before.former_urls.clone());
    let chooses = patch.has_primary_tag();
    let unpublish_at = ends_at(&article, patch.expiry(), change.now)?;
    let mut input = patch.apply(before).map_err(StoreError::Invalid)?;
    let is_published = article.status == Status::Published;
    let published = is_published.then_some((media_before.as_slice(), change.now));
    media_uses::fill(connection, &mut input, published)?;
    let media_after = media_uses::ids(&input);
    if is_published && !is_of_media {
        complete(&input)?;
    }
    let status = status_after(article.status, &input)?;
    let state = article.state();
    let references = match named(&input) == named_before {
        true => References::of(&state, article.row.content.primary_tag_id),
        false => References::find(connection, &input, chooses)?,
    };
    let slug = claim_slug(change, &article, &input, caller)?;
    let former_urls = (input.former_urls != former_urls).then(|| input.former_urls.clone());
    let remark = Remark {
        restored_from,
        silent: telling.silent,
        submitted: status == Status::InReview && article.status != Status::InReview,
        moved_from: Some(article.row.content.slug.clone()).filter(|before| slug.as_str() != before),
        ..input.remark()
    };
    let (content, body) = Content::of(input, slug, references.section, references.primary);
    let is_other_body = body_before.is_some_and(|before| before != body);
    check_telling(&article, &telling, is_other_body, (change.now, rules))?;
    let edited = Edited {
        content,
        body: is_other_body.then_some(body),
        status,
        references,
        former_urls,
        remark,
        unpublish_at,
        correction: telling.correction,
        media: (media_before, media_after),
        // In the trash its days are counted from when it was thrown away.
        updated_at: match is_of_media && article.status == Status::Trashed {
            true => article.row.updated_at,
            false => change.now,
        },
    };
    if !edited.is_as_it_was(&article, &state) {
        return write_edited(change, &article, state, edited, caller);
    }
    edited.correction.map_or(Ok(()), |correction| {
        corrections::add_to(change, article, correction)
    })
}

/// What can be known now of an edit that is made to a published article later: that it is complete, and that readers are
/// told of it as the newsroom asks.
///
/// # Errors
/// [`StoreError::Invalid`].
pub(super) fn check_edit(
    connection: &mut Connection,
    article: &Loaded,
    patch: ArticlePatch,
    at: Timestamp,
    rules: &EditorialRules,
) -> StoreResult<()> {
    let before = article.input()?;
    let body_before = before.body.body.clone();
    let media_before = media_uses::ids(&before);
    let telling = patch.telling().clone();
    let mut input = patch.apply(before).map_err(StoreError::Invalid)?;
    media_uses::fill(connection, &mut input, Some((&media_before, at)))?;
    complete(&input)?;
    let is_other_body = input.body.body != body_before;
    check_telling(article, &telling, is_other_body, (at, rules))
}

/// That readers are told of an edit as the newsroom asks.
fn check_telling(
    article: &Loaded,
    telling: &Telling,
    is_other_body: bool,
    (at, rules): (Timestamp, &EditorialRules),
) -> StoreResult<()> {
    telling.check().map_err(StoreError::Invalid)?;
    match article.public_since(at) {
        Some(since) if is_other_body => {
            let checked = telling.check_correction(since, at, rules);
            checked.map_err(StoreError::Invalid)
        }
        _ => Ok(()),
    }
}

/// A patch in which all that it mentions is named by slug, found or created.
pub(super) fn with_mentions(
    change: &mut Change<'_>,
    mut patch: ArticlePatch,
    caller: &Caller,
) -> StoreResult<ArticlePatch> {
    if let Some(mentions) = patch.take_mentions() {
        let resolved = mentions::resolve(change, &mentions, caller)?;
        patch.refer_to(resolved);
    }
    Ok(patch)
}

/// What an article is to be written as.
struct Edited {
    content: Content,
    /// The body, where it is another one.
    body: Option<Body>,
    status: Status,
    references: References,
    /// The addresses that it had before, where they are others.
    former_urls: Option<FormerUrls>,
    remark: Remark,
    /// When it ends by itself.
    unpublish_at: Option<Timestamp>,
    /// What readers are told was corrected.
    correction: Option<CorrectionInput>,
    /// The items of the media that it showed, and those that it shows.
    media: (Vec<Id>, Vec<Id>),
    updated_at: Timestamp,
}

impl Edited {
    /// Whether it changes nothing, a correction aside. What would be written is compared: a slug that a tag once had names the
    /// same tag.
    fn is_as_it_was(&self, article: &Loaded, state: &ArticleState) -> bool {
        self.body.is_none()
            && self.former_urls.is_none()
            && self.status == article.status
            && self.unpublish_at == article.row.unpublish_at
            && self.content == article.row.content
            && self.references.are_those_of(state)
    }
}

fn write_edited(
    change: &mut Change<'_>,
    article: &Loaded,
    before: ArticleState,
    edited: Edited,
    caller: &Caller,
) -> StoreResult<()> {
    let (connection, id) = (&mut *change.connection, article.id);
    let version = article.row.version + 1;
    let changed = diesel::update(
        articles::table
            .filter(articles::id.eq(id))
            .filter(articles::version.eq(version - 1)),
    )
    .set((
        &edited.content,
        articles::sort_headline.eq(edited.content.sort_headline()),
        articles::status.eq(edited.status.as_str()),
        articles::version.eq(version),
        articles::updated_at.eq(edited.updated_at),
        articles::told_updated_at.eq(edited.remark.silent.then_some(article.told_updated_at())),
        articles::unpublish_at.eq(edited.unpublish_at),
    ))
    .execute(connection)?;
    changed_one(changed, version)?;
    if let Some(body) = edited.body {
        bodies::replace(connection, id, body)?;
    }
    edited.references.replace(connection, id, &before)?;
    let (shown_before, shown) = &edited.media;
    uses::replace(connection, id, Place::Article, (shown_before, shown))?;
    if let Some(urls) = edited.former_urls {
        recover(connection, id, &urls, caller)?;
    }
    let after = ArticleState {
        unpublish_at: edited.unpublish_at,
        ..edited.references.into_state_of(&before)
    };
    let mut record = |event, before, after, remark| {
        change.record(Event::Article {
            event,
            id,
            slug: edited.content.slug.clone(),
            version,
            before,
            after,
            remark,
        });
    };
    // Two events of one change and one version, as of two calls.
    record(ArticleEvent::Edited, before, after.clone(), edited.remark);
    if let Some(correction) = edited.correction {
        let remark = Remark::of(Some(correction.text.as_str().to_owned()));
        record(ArticleEvent::Corrected, after.clone(), after, remark);
        corrections::insert(change, id, &correction)?;
    }
    Ok(())
}

/// When an edited article ends by itself.
fn ends_at(article: &Loaded, said: Expiry, now: Timestamp) -> StoreResult<Option<Timestamp>> {
    let unpublish_at = match said {
        Expiry::Kept => return Ok(article.row.unpublish_at),
        Expiry::Removed => return Ok(None),
        Expiry::At(instant) => Some(instant),
    };
    if article.status != Status::Published {
        let detail = "is taken of a published article only; others get it when they are published";
        return Err(StoreError::Invalid(
            Violation::new("/unpublish_at", "not_published", detail).into(),
        ));
    }
    let state = ArticleState {
        unpublish_at,
        ..article.state()
    };
    check_expiry(&state, now)?;
    Ok(unpublish_at)
}

/// The status that an edit leads to.
fn status_after(status: Status, input: &ArticleInput) -> StoreResult<Status> {
    match input.status.map(WorkingStatus::status) {
        None => Ok(status),
        Some(wanted) if matches!(status, Status::Draft | Status::InReview) => Ok(wanted),
        Some(wanted) if wanted == status => Ok(status),
        Some(wanted) => Err(StoreError::InvalidTransition {
            detail: format!("An article that is {status} cannot become {wanted} again."),
            allowed: Vec::new(),
        }),
    }
}

/// The slug that an edited article has; the one before leads to it.
fn claim_slug(
    change: &mut Change<'_>,
    article: &Loaded,
    input: &ArticleInput,
    caller: &Caller,
) -> StoreResult<Slug> {
    let Some(slug) = input.slug.clone() else {
        return Err(StoreError::Invalid(
            Violation::new("/slug", "required", "cannot be removed").into(),
        ));
    };
    if slug.as_str() == article.row.content.slug {
        return Ok(slug);
    }
    let (connection, id) = (&mut *change.connection, article.id);
    let claimed = slugs::claim(connection, Resource::Article, slug, Some(id));
    let slug = claimed.map_err(|error| with_holder(connection, error, caller))?;
    trash::vacate(change, &slug)?;
    let connection = &mut *change.connection;
    // Nobody outside knows a slug that was never public. That of a redirect can be taken: the
    // redirect goes on until the article is public.
    if article.was_public(change.now) {
        let old = &article.row.content.slug;
        slugs::give_up(connection, Resource::Article, old, id)?;
        if article.status == Status::Published {
            slugs::forget(connection, Resource::Article, slug.as_str())?;
        }
    }
    Ok(slug)
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
    let before = pages::former_urls_of(connection, id)?;
    let added: Vec<&str> = urls.0.iter().map(AbsoluteUrl::as_str).collect();
    let added: Vec<&str> = added
        .into_iter()
        .filter(|url| !before.iter().any(|known| known == url))
        .collect();
    if added.is_empty() {
        return Ok(());
    }
    let added: Vec<PageAddress> = added.into_iter().map(PageAddress::of).collect();
    let named: Vec<String> = added
        .iter()
        .filter_map(|page| Some(page.slug()?.into_string()))
        .collect();
    let spellings: Vec<String> = added.iter().flat_map(PageAddress::spellings).collect();
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
        .filter(articles::canonical_url.eq_any(spellings))
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
    let Some((place, of)) = pages::recover(connection, id, &urls.0)? else {
        return Ok(());
    };
    let detail = "is a former address of another article";
    let taken = Violation::new(format!("/former_urls/{place}"), "taken", detail).into();
    Err(match holder(connection, of, caller)? {
        Some(holder) => StoreError::Taken(taken, Box::new(holder)),
        None => StoreError::Invalid(taken),
    })
}

pub(super) fn complete(input: &ArticleInput) -> StoreResult<()> {
    let missing = input.missing_to_publish();
    if missing.is_empty() {
        return Ok(());
    }
    Err(StoreError::Invalid(missing))
}
