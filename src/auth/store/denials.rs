//! Denied access, in the log.

use diesel::prelude::*;
use serde_json::{Map, Value};

use crate::auth::model::{Caller, Right};
use crate::db::schema::{api_tokens, users};
use crate::db::{Id, StoreResult};
use crate::events::{Change, DeskEvent, Event};

/// Records that a caller was denied an operation, for want of a right or for something that was in the request.
///
/// # Errors
/// When the database fails.
pub fn record(
    change: &mut Change<'_>,
    caller: &Caller,
    operation: &str,
    right: Option<Right>,
) -> StoreResult<()> {
    let id: Id = caller.id();
    let (resource, name) = match caller {
        Caller::User { .. } => {
            let found = users::table.filter(users::id.eq(id)).select(users::name);
            ("user", found.first::<String>(change.connection).optional()?)
        }
        Caller::Tool { .. } => {
            let found = api_tokens::table
                .filter(api_tokens::id.eq(id))
                .select(api_tokens::name);
            (
                "token",
                found.first::<String>(change.connection).optional()?,
            )
        }
    };
    let mut detail = Map::new();
    detail.insert("operation".into(), operation.into());
    detail.extend(right.map(|right| ("right".to_owned(), Value::from(right.scope()))));
    change.record(Event::Desk(DeskEvent {
        kind: "access_denied",
        resource,
        id,
        name: name.unwrap_or_default(),
        detail: Value::Object(detail),
    }));
    Ok(())
}
