//! Operations of a batch, in one transaction.

use diesel::prelude::*;

use super::{corrections, transitions, write};
use crate::articles::batch::input::{Operation, Step};
use crate::articles::telling::EditorialRules;
use crate::auth::model::Caller;
use crate::db::lock::{self, Lock};
use crate::db::schema::articles;
use crate::db::version::Expected;
use crate::db::{Id, StoreError, StoreResult};
use crate::events::Change;

/// Who asks for a batch, and what the newsroom asks of them.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Who.
    pub caller: Caller,
    /// What the newsroom's settings ask of those who write.
    pub rules: EditorialRules,
}

/// What an operation has made of an article.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its key.
    pub id: Id,
    /// Its slug.
    pub slug: String,
    /// Its version.
    pub version: i64,
}

/// Begins a batch: until the transaction ends no other one writes, since two that write articles of the same tags in
/// different orders would wait for each other.
///
/// # Errors
/// When the database fails.
pub fn begin(change: &mut Change<'_>) -> StoreResult<()> {
    lock::exclusive(change.connection, Lock::Batches)
}

/// Makes one operation.
///
/// # Errors
/// [`StoreError::Forbidden`] without its right, and those of the function that makes it.
pub fn make(
    change: &mut Change<'_>,
    operation: Operation,
    Asking { caller, rules }: &Asking,
) -> StoreResult<Written> {
    let right = operation.right();
    if !caller.may(right) {
        return Err(StoreError::Forbidden(format!(
            "This needs the right {right}."
        )));
    }
    let id = match operation {
        Operation::Create(article) => {
            let creation = article.read(false).map_err(StoreError::Invalid)?;
            write::create(change, creation, caller, rules.drafts)?
        }
        Operation::CreateRead(creation) => write::create(change, *creation, caller, rules.drafts)?,
        Operation::Change(target, step) => {
            take(change, target.id, &target.expected, step, (caller, rules))?;
            target.id
        }
    };
    written(change, id)
}

fn take(
    change: &mut Change<'_>,
    id: Id,
    expected: &Expected,
    step: Step,
    (caller, rules): (&Caller, &EditorialRules),
) -> StoreResult<()> {
    match step {
        Step::Patch(patch) => write::edit(change, id, caller, expected, *patch, rules),
        Step::Publish(input) => transitions::publish(change, id, caller, expected, &input),
        Step::Unpublish => transitions::unpublish(change, id, caller, expected),
        Step::Retract(input) => transitions::retract(change, id, caller, expected, input),
        Step::Restore => transitions::restore(change, id, caller, expected),
        Step::Trash => transitions::trash(change, id, caller, expected),
        Step::Correct(input) => corrections::add(change, id, caller, expected, input),
    }
}

/// What an article is now. A patch that changes nothing records nothing.
fn written(change: &mut Change<'_>, id: Id) -> StoreResult<Written> {
    if let Some((slug, version)) = change.recorded_of(id) {
        let slug = slug.to_owned();
        return Ok(Written { id, slug, version });
    }
    let (slug, version) = articles::table
        .filter(articles::id.eq(id))
        .select((articles::slug, articles::version))
        .first(change.connection)?;
    Ok(Written { id, slug, version })
}
