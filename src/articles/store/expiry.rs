//! Taking back articles whose time is over. The clock of the view `public_articles` has hidden them from readers
//! to the second; this makes it so in the tables, and the log say so.

use diesel::prelude::*;

use super::load::load_for_server;
use super::transitions::Transition;
use crate::articles::workflow::Status;
use crate::db::schema::{due_appearances, due_expiries};
use crate::db::{Id, StoreResult, Timestamp};
use crate::events::{ArticleEvent, Change, log};

/// Most articles that are taken back in one transaction.
const AT_ONCE: i64 = 20;

/// Records what the clock has done, in the order in which it did: that articles have appeared, and that others have
/// expired, which are unpublished with it. Each once, whatever other processes do. Returns how many there
/// were; called until it returns 0.
///
/// # Errors
/// When the database fails.
pub fn follow_the_clock(change: &mut Change<'_>) -> StoreResult<usize> {
    let first: Option<Timestamp> = due_expiries::table
        .order(due_expiries::due_at)
        .select(due_expiries::due_at)
        .first(change.connection)
        .optional()?;
    let appeared = log::appear(change, first)?;
    match first {
        Some(_) if appeared == 0 => expire(change),
        _ => Ok(appeared),
    }
}

/// Takes back what has expired before anything else appeared.
fn expire(change: &mut Change<'_>) -> StoreResult<usize> {
    let next: Option<Timestamp> = due_appearances::table
        .order(due_appearances::due_at)
        .select(due_appearances::due_at)
        .first(change.connection)
        .optional()?;
    let due: Vec<(Id, Timestamp)> = due_expiries::table
        .filter(due_expiries::due_at.lt(next.unwrap_or(Timestamp::LATEST)))
        .order((due_expiries::due_at, due_expiries::article_id))
        .limit(AT_ONCE)
        .select((due_expiries::article_id, due_expiries::due_at))
        .load(change.connection)?;
    for (id, due_at) in &due {
        let article = load_for_server(change.connection, *id)?;
        // Another process may have been faster, or an editor may have put it off.
        let is_due = article.row.unpublish_at == Some(*due_at);
        if article.status == Status::Published && is_due {
            Transition::to(Status::Unpublished, &article, change.now).save(
                change,
                article,
                ArticleEvent::Expired,
                None,
            )?;
        }
    }
    Ok(due.len())
}
