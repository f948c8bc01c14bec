//! Loading an article for a change.

use diesel::prelude::*;

use crate::articles::parts::{Custom, LeadImage, Seo};
use crate::articles::workflow::Status;
use crate::auth::model::{Caller, Right};
use crate::authors::model::AuthorRef;
use crate::body::Body;
use crate::db::schema::{articles, full_articles};
use crate::db::version::{Expected, without_merges};
use crate::db::{Connection, Id, Json, StoreError, StoreResult, Timestamp};
use crate::events::ArticleState;
use crate::tags::model::{SectionRef, TagRef};

/// The columns that editors write.
#[derive(Queryable, Selectable)]
#[diesel(table_name = articles)]
pub(super) struct Row {
    pub(super) slug: String,
    pub(super) status: String,
    pub(super) version: i64,
    pub(super) headline: Option<String>,
    pub(super) standfirst: Option<String>,
    pub(super) dateline: Option<String>,
    pub(super) language: String,
    pub(super) byline: Option<String>,
    pub(super) canonical_url: Option<String>,
    pub(super) section_id: Option<Id>,
    pub(super) lead_image: Option<Json<LeadImage>>,
    pub(super) seo: Json<Seo>,
    pub(super) custom: Json<Custom>,
    pub(super) created_by: Option<Id>,
    pub(super) published_at: Option<Timestamp>,
    pub(super) embargo_until: Option<Timestamp>,
    pub(super) retraction_reason: Option<String>,
    pub(super) trashed_from: Option<String>,
}

/// What the row refers to.
#[derive(Queryable, Selectable)]
#[diesel(table_name = full_articles)]
pub(super) struct References {
    pub(super) authors: Json<Vec<AuthorRef>>,
    pub(super) tags: Json<Vec<TagRef>>,
    pub(super) section: Option<Json<SectionRef>>,
    pub(super) body: Json<Body>,
    pub(super) former_urls: Json<Vec<String>>,
}

/// An article as it stands. On Postgres its row is locked until the transaction ends.
pub(super) struct Loaded {
    pub(super) id: Id,
    pub(super) status: Status,
    pub(super) row: Row,
    pub(super) refers_to: References,
}

impl Loaded {
    /// What others depend on.
    pub(super) fn state(&self) -> ArticleState {
        let References { authors, tags, .. } = &self.refers_to;
        ArticleState {
            is_published: self.status == Status::Published,
            published_at: self.row.published_at,
            embargo_until: self.row.embargo_until,
            section: self.row.section_id,
            tags: tags.0.iter().map(|tag| tag.id).collect(),
            authors: authors.0.iter().map(|author| author.id).collect(),
        }
    }

    /// Whether readers have seen it, now or before.
    pub(super) fn was_public(&self, now: Timestamp) -> bool {
        self.row.published_at.is_some_and(|instant| instant <= now)
            && self.row.embargo_until.is_none_or(|instant| instant <= now)
    }

    /// What is public, only those who may publish change.
    pub(super) fn may_be_changed_by(&self, caller: &Caller) -> StoreResult<()> {
        if self.status == Status::Published && !caller.may(Right::ArticlesPublish) {
            return Err(StoreError::Forbidden(format!(
                "The article is published; changing it needs the right {}.",
                Right::ArticlesPublish
            )));
        }
        Ok(())
    }
}

/// Loads an article for a change: it must exist for the caller and have the expected version.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Stale`].
pub(super) fn load_for_update(
    connection: &mut Connection,
    id: Id,
    caller: &Caller,
    expected: &Expected,
) -> StoreResult<Loaded> {
    without_merges(connection)?;
    let found = articles::table.filter(articles::id.eq(id));
    let row = match connection {
        // There is one writer.
        Connection::Sqlite(sqlite) => found.select(Row::as_select()).first(sqlite)?,
        Connection::Postgres(postgres) => found
            .select(Row::as_select())
            .for_update()
            .first(postgres)?,
    };
    if caller
        .only_own()
        .is_some_and(|user| row.created_by != Some(user))
    {
        return Err(StoreError::NotFound);
    }
    expected.check(row.version)?;
    // After the lock: what it refers to stands until the transaction ends.
    let refers_to = full_articles::table
        .filter(full_articles::id.eq(id))
        .select(References::as_select())
        .first(connection)?;
    Ok(Loaded {
        id,
        status: Status::from_name(&row.status),
        row,
        refers_to,
    })
}

/// The row was locked when it was read: this is for the day on which it is not.
pub(super) fn changed_one(changed: usize, current: i64) -> StoreResult<()> {
    if changed == 0 {
        return Err(StoreError::Stale { current });
    }
    Ok(())
}
