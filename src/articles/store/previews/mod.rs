//! Preview links, and what they show.

mod rendering;

use diesel::prelude::*;

use super::load::{Loaded, known_slug, load_for_update};
use super::revisions;
use super::working_copies;
use crate::articles::previews::model::{PreviewLinkInput, PreviewMark};
use crate::articles::read_model::{PublicArticle, StoredBody};
use crate::articles::store::public::Site;
use crate::articles::workflow::{Status, Step};
use crate::articles::written::{NamedIds, WrittenArticle, WrittenFields};
use crate::auth::actor::{ActorKind, ActorRef};
use crate::auth::model::Caller;
use crate::auth::store::actors;
use crate::body::Body;
use crate::db::desk_schema::preview_links;
use crate::db::version::{Expected, Version};
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp};
use crate::events::{Change, Event};
use crate::shares::model::Shares;
use crate::validation::{Violation, Violations};
use crate::{on_each_database, shares};

/// Most links of one article that are good.
const MOST: i64 = 50;
/// How long a link is good when nothing is said.
const USUAL: chrono::Duration = chrono::Duration::days(7);
/// How long it may be.
const LONGEST: chrono::Duration = chrono::Duration::days(90);
/// How long a link that is over is remembered, to say so.
const REMEMBERED: chrono::Duration = chrono::Duration::days(30);

/// A link that is good.
#[derive(Debug, Clone)]
pub struct Link {
    /// Its key, which its token is made of.
    pub id: Id,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The version that it shows; `None` for the newest text.
    pub revision: Option<i64>,
    /// What it is for.
    pub note: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: ActorRef,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = preview_links)]
struct Row {
    id: Id,
    version: Option<i64>,
    note: Option<String>,
    created_at: Timestamp,
    created_by_kind: String,
    created_by_id: Option<Id>,
    expires_at: Timestamp,
}

fn links(connection: &mut Connection, rows: Vec<Row>) -> StoreResult<Vec<Link>> {
    let actors = rows.iter().map(|row| {
        (
            ActorKind::from_stored(&row.created_by_kind),
            row.created_by_id,
        )
    });
    let actors = actors::named(connection, actors)?;
    let link = |(row, created_by): (Row, ActorRef)| Link {
        id: row.id,
        expires_at: row.expires_at,
        revision: row.version,
        note: row.note,
        created_at: row.created_at,
        created_by,
    };
    Ok(rows.into_iter().zip(actors).map(link).collect())
}

/// The links of an article that are good now, the newest first. With `only_own`, another user's article is not found.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn list(
    connection: &mut Connection,
    article: Id,
    only_own: Option<Id>,
) -> StoreResult<Vec<Link>> {
    known_slug(connection, article, only_own)?;
    let rows = preview_links::table
        .filter(preview_links::article_id.eq(article))
        .filter(preview_links::revoked_at.is_null())
        .filter(preview_links::expires_at.gt(Timestamp::now()))
        .order((preview_links::created_at.desc(), preview_links::id.desc()))
        .limit(MOST)
        .select(Row::as_select())
        .load(connection)?;
    links(connection, rows)
}

/// A link.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(connection: &mut Connection, id: Id) -> StoreResult<Link> {
    let row = preview_links::table
        .filter(preview_links::id.eq(id))
        .select(Row::as_select())
        .first(connection)?;
    links(connection, vec![row])?
        .pop()
        .ok_or(StoreError::NotFound)
}

/// Makes a link to an article; returns its key.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::InvalidTransition`], [`StoreError::Invalid`] for a time that is over or too
/// far away, and for a revision that is not there.
pub fn create(
    change: &mut Change<'_>,
    article: Id,
    caller: &Caller,
    input: PreviewLinkInput,
) -> StoreResult<Id> {
    let loaded = load_for_update(change.connection, article, caller, &Expected::Any)?;
    Step::Preview.check(loaded.status)?;
    let expires_at = input.expires_at.unwrap_or_else(|| change.now.plus(USUAL));
    check(change, article, expires_at, input.revision)?;
    let id = Id::generate();
    let (kind, actor) = change.origin.actor.parts();
    let row = (
        preview_links::id.eq(id),
        preview_links::article_id.eq(article),
        preview_links::version.eq(input.revision.map(|version| version.0)),
        preview_links::note.eq(input.note.map(|note| note.into_string())),
        preview_links::created_at.eq(change.now),
        preview_links::created_by_kind.eq(kind),
        preview_links::created_by_id.eq(actor),
        preview_links::expires_at.eq(expires_at),
    );
    on_each_database!(change.connection, inner => {
        diesel::insert_into(preview_links::table).values(row).execute(inner)?
    });
    record(
        change,
        "preview_link_created",
        (article, loaded.row.content.slug),
        id,
    );
    Ok(id)
}

fn check(
    change: &mut Change<'_>,
    article: Id,
    expires_at: Timestamp,
    revision: Option<Version>,
) -> StoreResult<()> {
    let mut wrong = Violations::default();
    if expires_at <= change.now || expires_at > change.now.plus(LONGEST) {
        let detail = "must be in the future, and in 90 days at most";
        wrong.push(Violation::new("/expires_at", "out_of_range", detail));
    }
    if let Some(version) = revision
        && !revisions::is_kept(change.connection, article, version)?
    {
        let detail = "is no version of this article";
        wrong.push(Violation::new("/revision", "not_found", detail));
    }
    if !wrong.is_empty() {
        return Err(StoreError::Invalid(wrong));
    }
    let of_article = preview_links::table.filter(preview_links::article_id.eq(article));
    diesel::delete(of_article.filter(preview_links::expires_at.lt(change.now.plus(-REMEMBERED))))
        .execute(change.connection)?;
    let good: i64 = of_article
        .filter(preview_links::revoked_at.is_null())
        .filter(preview_links::expires_at.gt(change.now))
        .count()
        .get_result(change.connection)?;
    if good < MOST {
        return Ok(());
    }
    Err(StoreError::InvalidTransition {
        detail: format!("The article has {MOST} preview links that are good; revoke some first."),
        allowed: Vec::new(),
    })
}

/// Revokes a link; one that is over already is not found.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn revoke(
    change: &mut Change<'_>,
    (article, link): (Id, Id),
    caller: &Caller,
) -> StoreResult<()> {
    let slug = known_slug(change.connection, article, caller.only_own())?;
    let revoked = diesel::update(
        preview_links::table
            .filter(preview_links::id.eq(link))
            .filter(preview_links::article_id.eq(article))
            .filter(preview_links::revoked_at.is_null())
            .filter(preview_links::expires_at.gt(change.now)),
    )
    .set(preview_links::revoked_at.eq(change.now))
    .execute(change.connection)?;
    if revoked == 0 {
        return Err(StoreError::NotFound);
    }
    record(change, "preview_link_revoked", (article, slug), link);
    Ok(())
}

fn record(change: &mut Change<'_>, kind: &'static str, article: (Id, String), link: Id) {
    let detail = serde_json::json!({"preview_link": link});
    change.record(Event::of_desk(kind, article, detail));
}

/// What a link shows.
#[derive(Debug)]
pub struct Preview {
    /// The article.
    pub article: PublicArticle,
    /// Its body.
    pub body: StoredBody,
    /// Its share counts, where they were asked for.
    pub shares: Option<Shares>,
    /// That it is a preview.
    pub mark: PreviewMark,
}

/// What a link that this service has signed is good for.
#[derive(Debug)]
pub enum LinkState {
    /// Reading an article.
    Open(Box<Preview>),
    /// Nothing any more: its time is over.
    Expired,
    /// Nothing any more: somebody has revoked it.
    Revoked,
}

/// What a link shows now.
///
/// # Errors
/// [`StoreError::NotFound`] for one that is forgotten, and whose article is in the trash, retracted or gone.
pub fn read(
    connection: &mut Connection,
    link: Id,
    with_shares: bool,
    site: Site<'_>,
) -> StoreResult<LinkState> {
    let (article, version, expires_at, revoked_at): (
        Id,
        Option<i64>,
        Timestamp,
        Option<Timestamp>,
    ) = preview_links::table
        .filter(preview_links::id.eq(link))
        .select((
            preview_links::article_id,
            preview_links::version,
            preview_links::expires_at,
            preview_links::revoked_at,
        ))
        .first(connection)?;
    if revoked_at.is_some() {
        return Ok(LinkState::Revoked);
    }
    let now = Timestamp::now();
    if expires_at <= now {
        return Ok(LinkState::Expired);
    }
    let loaded = super::load::as_it_stands(connection, article)?;
    if matches!(loaded.status, Status::Trashed | Status::Retracted) {
        return Err(StoreError::NotFound);
    }
    let text = text(connection, &loaded, version)?;
    let article = rendering::rendered(connection, article, &text, site)?;
    let shares = with_shares
        .then(|| shares::store::of_article(connection, article.id))
        .transpose()?;
    Ok(LinkState::Open(Box::new(Preview {
        body: stored_body(&text.written.body)?,
        article,
        shares,
        mark: PreviewMark {
            status: loaded.status,
            is_public: loaded.state().is_public(now),
            revision: text.revision,
            is_working_copy: text.is_working_copy,
            expires_at,
        },
    })))
}

/// What an article says at a revision, or newest.
struct Text {
    written: WrittenArticle,
    named: NamedIds,
    revision: i64,
    is_working_copy: bool,
}

fn text(connection: &mut Connection, article: &Loaded, version: Option<i64>) -> StoreResult<Text> {
    if let Some(revision) = version {
        let (found, named) = revisions::load(connection, article.id, Some(Version(revision)))?;
        return Ok(Text {
            written: found.article,
            named,
            revision,
            is_working_copy: false,
        });
    }
    if let Some((written, named, revision)) = working_copies::text_of(connection, article.id)? {
        return Ok(Text {
            written,
            named,
            revision,
            is_working_copy: true,
        });
    }
    let input = article.input()?;
    Ok(Text {
        named: article.named(),
        revision: article.row.version,
        is_working_copy: false,
        written: WrittenArticle {
            fields: WrittenFields::of(&input),
            body: input.body.body,
        },
    })
}

fn stored_body(body: &Body) -> StoreResult<StoredBody> {
    Ok(StoredBody {
        blocks: serde_json::to_string(body).map_err(StoreError::unreadable)?,
        html: body.to_html(),
    })
}
