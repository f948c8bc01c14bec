//! Denied access, in the log.

use serde_json::{Map, Value};

use super::actors;
use crate::auth::actor::ActorKind;
use crate::auth::model::{Caller, Right};
use crate::db::StoreResult;
use crate::events::{Actor, Change, DeskEvent, Event};

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
    let (kind, id) = Actor::from(caller).parts();
    let known = actors::named(change.connection, [(ActorKind::from_stored(kind), id)])?;
    let name = known.into_iter().find_map(|actor| actor.name);
    let mut detail = Map::new();
    detail.insert("operation".into(), operation.into());
    detail.extend(right.map(|right| ("right".to_owned(), Value::from(right.as_str()))));
    change.record(Event::Desk(DeskEvent {
        kind: "access_denied",
        resource: kind,
        id: caller.id(),
        name: name.unwrap_or_default(),
        detail: Value::Object(detail),
    }));
    Ok(())
}
