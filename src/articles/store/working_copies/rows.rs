//! What is kept of a working copy.

use diesel::prelude::*;

use crate::articles::store::revisions::unpacked;
use crate::articles::working_copy::model::WorkingCopySummary;
use crate::articles::written::Document;
use crate::auth::model::{Caller, Right};
use crate::body::Body;
use crate::db::desk_schema::working_copies;
use crate::db::version::Expected;
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp};

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = working_copies)]
pub(super) struct Row {
    pub version: i64,
    /// `None` when it was published or discarded.
    pub base_version: Option<i64>,
    document: Option<Vec<u8>>,
    blocks: Option<Vec<u8>>,
    pub note: Option<String>,
    pub created_at: Timestamp,
    pub created_by_kind: String,
    pub created_by_id: Option<Id>,
    updated_at: Timestamp,
    pub updated_by_kind: String,
    pub updated_by_id: Option<Id>,
    pub publish_at: Option<Timestamp>,
    pub scheduled_with: Option<String>,
    failure: Option<String>,
}

/// When a working copy is published by itself, by whom that was said, and what was said with it as JSON; and why that did
/// not come about. By default nothing of it.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = working_copies, treat_none_as_null = true)]
pub(super) struct Schedule {
    pub publish_at: Option<Timestamp>,
    pub scheduled_by_kind: Option<&'static str>,
    pub scheduled_by_id: Option<Id>,
    pub scheduled_with: Option<String>,
    pub failure: Option<String>,
}

/// A working copy that is there.
#[derive(Debug)]
pub(super) struct Stored {
    pub row: Row,
    pub base_version: i64,
    pub document: Document,
    pub body: Body,
}

impl Row {
    pub(super) fn load(connection: &mut Connection, article: Id) -> StoreResult<Option<Self>> {
        Ok(working_copies::table
            .filter(working_copies::article_id.eq(article))
            .select(Self::as_select())
            .first(connection)
            .optional()?)
    }

    /// What it holds; `None` when it was published or discarded.
    pub(super) fn stored(&self) -> StoreResult<Option<Stored>> {
        let (Some(base_version), Some(document), Some(blocks)) =
            (self.base_version, &self.document, &self.blocks)
        else {
            return Ok(None);
        };
        Ok(Some(Stored {
            base_version,
            document: unpacked(document)?,
            body: unpacked(blocks)?,
            row: self.clone(),
        }))
    }

    pub(super) fn summary(self, base_version: i64) -> StoreResult<WorkingCopySummary> {
        let failure = self.failure.as_deref().map(serde_json::from_str);
        Ok(WorkingCopySummary {
            version: self.version,
            base_version,
            updated_at: self.updated_at,
            publish_at: self.publish_at,
            failure: failure.transpose().map_err(StoreError::unreadable)?,
        })
    }
}

impl Stored {
    pub(super) fn load(connection: &mut Connection, article: Id) -> StoreResult<Option<Self>> {
        match Row::load(connection, article)? {
            Some(row) => row.stored(),
            None => Ok(None),
        }
    }

    /// That a caller may change it, who read this version. Its versions count downwards where they are compared with
    /// those of articles, so that neither is taken for the other.
    pub(super) fn check(&self, caller: &Caller, expected: &Expected) -> StoreResult<()> {
        expected.check(-self.row.version)?;
        if self.row.publish_at.is_some() && !caller.may(Right::ArticlesPublish) {
            return Err(StoreError::Forbidden(format!(
                "The working copy is scheduled; changing it needs the right {}.",
                Right::ArticlesPublish
            )));
        }
        Ok(())
    }
}
