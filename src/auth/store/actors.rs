//! The names of those who did something.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::auth::actor::{ActorKind, ActorRef};
use crate::db::schema::{api_tokens, users};
use crate::db::{Connection, Id, StoreResult};

/// Actors with the names that they have now, in the order in which they are asked for. Two queries, however many there are.
///
/// # Errors
/// When the database fails.
pub fn named(
    connection: &mut Connection,
    actors: impl IntoIterator<Item = (ActorKind, Option<Id>)>,
) -> StoreResult<Vec<ActorRef>> {
    let actors: Vec<(ActorKind, Option<Id>)> = actors.into_iter().collect();
    let of = |wanted: ActorKind| -> Vec<Id> {
        let of_kind = actors.iter().filter(|(kind, _)| *kind == wanted);
        let mut ids: Vec<Id> = of_kind.filter_map(|(_, id)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let mut names: HashMap<Id, String> = HashMap::new();
    let people = of(ActorKind::User);
    if !people.is_empty() {
        let found: Vec<(Id, String)> = users::table
            .filter(users::id.eq_any(people))
            .select((users::id, users::name))
            .load(connection)?;
        names.extend(found);
    }
    let tools = of(ActorKind::Token);
    if !tools.is_empty() {
        let found: Vec<(Id, String)> = api_tokens::table
            .filter(api_tokens::id.eq_any(tools))
            .select((api_tokens::id, api_tokens::name))
            .load(connection)?;
        names.extend(found);
    }
    let named = |(kind, id): (ActorKind, Option<Id>)| ActorRef {
        kind,
        id,
        name: id.and_then(|id| names.get(&id).cloned()),
    };
    Ok(actors.into_iter().map(named).collect())
}
