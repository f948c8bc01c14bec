//! What articles show of the newsroom's media: filled in when they are written, and again when an item says something else.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::load::load_for_server;
use super::write::apply_edit;
use crate::articles::input::ArticleInput;
use crate::articles::patch::ArticlePatch;
use crate::articles::telling::EditorialRules;
use crate::auth::model::Caller;
use crate::body::media::MediaKind;
use crate::body::media_uses::{checked, name_in};
use crate::db::lock::{self, Lock};
use crate::db::stale;
use crate::db::types::IdSql;
use crate::db::{Connection, Database, Id, StoreError, StoreResult, Timestamp};
use crate::events::{Actor, Change, Origin, Writer};
use crate::media::store::uses::{self, STALE, Shown};
use crate::validation::{Violation, Violations};

/// Articles that are written again in the change of an item itself. More of them are written afterwards.
const AT_ONCE: i64 = 50;
/// Articles that are written again in one transaction afterwards.
const BATCH: i64 = 20;

/// The items that an article shows, in its order, each where it is named.
pub(super) fn shown_by(input: &ArticleInput) -> Vec<(String, Id)> {
    let lead = input.lead_image.as_ref().and_then(|image| image.media_id);
    let lead = lead.map(|id| ("/lead_image/media_id".to_owned(), id));
    let body = input.body.body.media_places().into_iter();
    let body = body.map(|(pointer, id)| (format!("/body{pointer}/media_id"), id));
    lead.into_iter().chain(body).collect()
}

/// The keys alone.
pub(super) fn ids(input: &ArticleInput) -> Vec<Id> {
    shown_by(input).into_iter().map(|(_, id)| id).collect()
}

/// Fills in what an article shows of the media. Of an article that is, or is to be, published, the rights to what it did
/// not show `before` must not have expired.
///
/// # Errors
/// [`StoreError::Invalid`] for items that are not there, or of the wrong kind, and for expired rights.
pub(super) fn fill(
    connection: &mut Connection,
    input: &mut ArticleInput,
    published: Option<(&[Id], Timestamp)>,
) -> StoreResult<()> {
    adopt(connection, input)?;
    let named = shown_by(input);
    if named.is_empty() {
        // What was said to be of an item and is not.
        if let Some(image) = &mut input.lead_image {
            image.forget_media();
        }
        input.body.body.fill_media(|_| None);
        return Ok(());
    }
    // Until this ends no item is changed or deleted.
    lock::shared(connection, Lock::Merges)?;
    let keys: Vec<Id> = named.iter().map(|(_, id)| *id).collect();
    let found = uses::by_ids(connection, &keys)?;
    let mut wrong = fill_from(input, &found);
    if let Some((before, now)) = published {
        let is_new = |(_, id): &&(String, Id)| !before.contains(id);
        wrong.append(expired(named.iter().filter(is_new), &found, now));
    }
    wrong.into_result().map_err(StoreError::Invalid)
}

/// Makes uses of items of what shows them by address alone, as HTML and Markdown do.
fn adopt(connection: &mut Connection, input: &mut ArticleInput) -> StoreResult<()> {
    let lead = input
        .lead_image
        .as_ref()
        .filter(|image| image.media_id.is_none());
    let lead = lead.and_then(|image| name_in(image.url.as_str()).map(str::to_owned));
    let mut names = input.body.body.media_names();
    names.extend(lead.clone());
    if names.is_empty() {
        return Ok(());
    }
    let known = uses::by_names(connection, &names)?;
    input.body.body.adopt_media(|name| known.get(name).copied());
    if let (Some(name), Some(image)) = (lead, &mut input.lead_image) {
        image.media_id = known.get(&name).copied();
    }
    Ok(())
}

fn fill_from(input: &mut ArticleInput, found: &HashMap<Id, Shown>) -> Violations {
    let mut wrong = Violations::default();
    let file = |id: Id| found.get(&id).map(|shown| &shown.file);
    match input
        .lead_image
        .as_mut()
        .map(|image| (image.media_id, image))
    {
        Some((Some(id), image)) => match checked(file(id), MediaKind::Image) {
            Ok(file) => image.fill(file),
            Err((code, detail)) => {
                wrong.push(Violation::new("/lead_image/media_id", code, detail));
            }
        },
        Some((None, image)) => image.forget_media(),
        None => {}
    }
    wrong.append(input.body.body.fill_media(file).under("/body"));
    wrong
}

/// What may not be published any more.
fn expired<'a>(
    named: impl Iterator<Item = &'a (String, Id)>,
    found: &HashMap<Id, Shown>,
    now: Timestamp,
) -> Violations {
    let mut wrong = Violations::default();
    for (pointer, id) in named {
        let expiry = found.get(id).and_then(|shown| shown.rights_expire_at);
        if let Some(expiry) = expiry.filter(|expiry| *expiry <= now) {
            let detail = format!("may not be published: the rights to it expired at {expiry}");
            wrong.push(Violation::new(pointer, "rights_expired", detail));
        }
    }
    wrong
}

/// That nothing an article shows has expired, to publish it.
///
/// # Errors
/// [`StoreError::Invalid`].
pub(super) fn check_rights(
    connection: &mut Connection,
    input: &ArticleInput,
    now: Timestamp,
) -> StoreResult<()> {
    let named = shown_by(input);
    let keys: Vec<Id> = named.iter().map(|(_, id)| *id).collect();
    let found = uses::by_ids(connection, &keys)?;
    let wrong = expired(named.iter(), &found, now);
    wrong.into_result().map_err(StoreError::Invalid)
}

/// Writes articles again that show an item which says something else by now: in the same change when they are few, and
/// otherwise afterwards.
///
/// # Errors
/// When the database fails.
pub fn refresh(change: &mut Change<'_>, item: Id) -> StoreResult<()> {
    let articles = uses::articles_after(change.connection, item, None, AT_ONCE + 1)?;
    if articles.len() as i64 > AT_ONCE {
        stale::add(change.connection, STALE, STALE, item)?;
        change.schedule();
        return Ok(());
    }
    write_all_again(change, &articles, &EditorialRules::default())
}

/// Writes articles again. One that cannot be, since it breaks a rule that came later, stays as it is: nobody else waits for
/// it.
fn write_all_again(
    change: &mut Change<'_>,
    articles: &[Id],
    rules: &EditorialRules,
) -> StoreResult<()> {
    for article in articles {
        let written = change.attempt(|change| write_again(change, *article, rules))?;
        if let Err(refused) = written {
            tracing::warn!(%article, %refused, "an article goes on showing what an item of the media said before");
        }
    }
    Ok(())
}

/// Fills in anew what an article shows. Readers are told of no change: it is nothing that its editors changed.
fn write_again(change: &mut Change<'_>, article: Id, rules: &EditorialRules) -> StoreResult<()> {
    let article = load_for_server(change.connection, article)?;
    let caller = Caller::publishing_for(Actor::System);
    let patch = ArticlePatch::of_changed_media();
    apply_edit(change, article, &caller, patch, rules)
}

#[derive(Clone, QueryableByName)]
struct Stale {
    #[diesel(sql_type = IdSql)]
    id: Id,
    #[diesel(sql_type = BigInt)]
    serial: i64,
}

/// Writes articles again that show what has changed, batch by batch, until none is left.
///
/// # Errors
/// When the database fails; what was done before stays.
pub async fn catch_up(
    database: &Database,
    writer: &Writer,
    rules: EditorialRules,
) -> StoreResult<()> {
    loop {
        let next = database.read(|connection| {
            let found =
                diesel::sql_query("SELECT id, serial FROM stale WHERE projection = $1 LIMIT 1")
                    .bind::<Text, _>(STALE)
                    .get_result::<Stale>(connection);
            Ok(found.optional()?)
        });
        let Some(found) = next.await? else {
            return Ok(());
        };
        let mut after = None;
        loop {
            let (item, from) = (found.id, after);
            let batch = move |change: &mut Change<'_>| {
                // Others lock articles in other orders.
                lock::exclusive(change.connection, Lock::Batches)?;
                let articles = uses::articles_after(change.connection, item, from, BATCH)?;
                write_all_again(change, &articles, &rules)?;
                Ok(articles.last().copied())
            };
            match writer
                .change(Origin::SYSTEM, batch, |_, last| Ok(last))
                .await?
            {
                None => break,
                last => after = last,
            }
        }
        // Unless it has changed again.
        let done = database.write(move |connection| {
            diesel::sql_query(
                "DELETE FROM stale WHERE projection = $1 AND id = $2 AND serial = $3",
            )
            .bind::<Text, _>(STALE)
            .bind::<IdSql, _>(found.id)
            .bind::<BigInt, _>(found.serial)
            .execute(connection)?;
            Ok(())
        });
        done.await?;
    }
}
