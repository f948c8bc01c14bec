//! What a working copy makes of its article.

use serde_json::Value;

use super::rows::Stored;
use crate::articles::store::load::Loaded;
use crate::articles::store::restoring::named_now;
use crate::articles::store::revisions;
use crate::articles::written::{WrittenArticle, WrittenFields};
use crate::body::Body;
use crate::db::version::Version;
use crate::db::{Connection, StoreError, StoreResult};
use crate::merge::{self, MergeConflict, Sides};

/// A working copy beside its article.
pub(super) struct Merging {
    /// The working copy alone, its tags and authors as they are called now.
    pub copy: WrittenArticle,
    /// Merged with what the article has become since; where both were changed in different ways, as the working copy
    /// has it.
    pub merged: WrittenArticle,
    /// Where that is.
    pub conflicts: Vec<MergeConflict>,
}

/// Merges a working copy with its article. What neither has changed since one began as the other costs nothing.
pub(super) fn merge(
    connection: &mut Connection,
    article: &Loaded,
    stored: &Stored,
) -> StoreResult<Merging> {
    let mut fields = stored.document.written.clone();
    named_now(connection, &mut fields, &stored.document.named)?;
    let copy = WrittenArticle {
        fields,
        body: stored.body.clone(),
    };
    if stored.base_version == article.row.version {
        return Ok(Merging {
            merged: copy.clone(),
            copy,
            conflicts: Vec::new(),
        });
    }
    let base = Version(stored.base_version);
    let (revision, named) = revisions::load(connection, article.id, Some(base))?;
    let mut base = revision.article;
    named_now(connection, &mut base.fields, &named)?;
    let input = article.input()?;
    let now = WrittenArticle {
        fields: WrittenFields::of(&input),
        body: input.body.body,
    };
    let mut conflicts = Vec::new();
    let (of_base, of_now, of_copy) = (
        base.fields.members(),
        now.fields.members(),
        copy.fields.members(),
    );
    let members = Sides {
        base: &of_base,
        article: &of_now,
        copy: &of_copy,
    };
    let members = merge::members(members, &mut conflicts);
    let body = merged_body(&base.body, &now.body, &copy.body, &mut conflicts)?;
    let fields = serde_json::from_value(Value::Object(members)).map_err(StoreError::unreadable)?;
    Ok(Merging {
        copy,
        merged: WrittenArticle { fields, body },
        conflicts,
    })
}

fn merged_body(
    base: &Body,
    article: &Body,
    copy: &Body,
    conflicts: &mut Vec<MergeConflict>,
) -> StoreResult<Body> {
    let blocks = |body: &Body| match serde_json::to_value(body) {
        Ok(Value::Array(blocks)) => Ok(blocks),
        Ok(_) => Ok(Vec::new()),
        Err(error) => Err(StoreError::unreadable(error)),
    };
    let (base, article, copy) = (blocks(base)?, blocks(article)?, blocks(copy)?);
    let sides = Sides {
        base: base.as_slice(),
        article: article.as_slice(),
        copy: copy.as_slice(),
    };
    let merged = merge::blocks("/body", sides, conflicts);
    serde_json::from_value(Value::Array(merged)).map_err(StoreError::unreadable)
}
