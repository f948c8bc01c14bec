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

/// A working copy alone, its tags and authors as they are called now.
pub(super) fn as_named_now(
    connection: &mut Connection,
    stored: &Stored,
) -> StoreResult<WrittenArticle> {
    let mut fields = stored.document.written.clone();
    named_now(connection, &mut fields, &stored.document.named)?;
    Ok(WrittenArticle {
        fields,
        body: stored.body.clone(),
    })
}

/// Merges a working copy, [`as_named_now`], with what its article has become since; and where both were changed in
/// different ways, in which it is as the working copy has it. While the article stays as it was this costs nothing.
pub(super) fn merge(
    connection: &mut Connection,
    article: &Loaded,
    base_version: i64,
    copy: WrittenArticle,
) -> StoreResult<(WrittenArticle, Vec<MergeConflict>)> {
    if base_version == article.row.version {
        return Ok((copy, Vec::new()));
    }
    let base = Version(base_version);
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
    Ok((WrittenArticle { fields, body }, conflicts))
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
