//! What differs between two versions of an article.

use super::model::{Revision, RevisionDiff};
use crate::diff::Budget;

/// All that is another in the later one of two versions: the fields first, which are short, then the body with
/// what is left of the work that one answer may cost.
pub fn between(from: &Revision, to: &Revision) -> RevisionDiff {
    let mut budget = Budget::default();
    let (before, after) = (&from.article, &to.article);
    let fields = budget.members(&before.fields.members(), &after.fields.members());
    RevisionDiff {
        from: from.summary.version,
        to: to.summary.version,
        fields,
        body: before.body.changes(&after.body, &mut budget),
    }
}
