//! Webhooks in the database.
//!
//! - [`dispatch`] – what is to be sent, and what came of it
//! - [`deliveries`] – what was sent, for those who look
//! - [`sections`] – the sections that webhooks are told of

pub mod deliveries;
pub mod dispatch;
pub mod sections;

use diesel::prelude::*;
use serde_json::{Value, json};

use self::sections::{Section, StoredSection};
use super::input::{WantedEvents, WebhookInput};
use super::model::Webhook;
use super::signature;
use crate::articles::input::DistinctList;
use crate::db::desk_schema::webhooks;
use crate::db::keyset::KeysetBound;
use crate::db::schema::events;
use crate::db::version::Expected;
use crate::db::{Connection, Id, MultiBackend, StoreError, StoreResult, Timestamp};
use crate::events::{Change, DeskEvent, Event, log};
use crate::merge_patch::MergePatch;
use crate::messages::kinds::MessageKind;
use crate::page_by_id;
use crate::text::{AbsoluteUrl, Line};
use crate::validation::Violation;

/// Most webhooks of a newsroom.
const MOST: i64 = 100;
/// How many entries of the log are looked at to find the first since an instant: they are not quite in the order of their times.
const LOOKED_AT: i64 = 1_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhooks)]
struct Row {
    id: Id,
    url: String,
    description: Option<String>,
    events: String,
    sections: String,
    previous_until: Option<Timestamp>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    failing_since: Option<Timestamp>,
    failures: i64,
    held_until: Option<Timestamp>,
    disabled_at: Option<Timestamp>,
    disabled_reason: Option<String>,
}

/// The words of a list as it is stored. Those that this version does not know are left out.
fn words<T: std::str::FromStr>(stored: &str) -> Vec<T> {
    let words = stored.split(' ').filter(|word| !word.is_empty());
    words.filter_map(|word| word.parse().ok()).collect()
}

fn joined<T: ToString>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(T::to_string).collect();
    words.join(" ")
}

impl Row {
    fn input(&self, sections: &[Section]) -> WebhookInput {
        let sections = sections
            .iter()
            .filter_map(|section| section.slug.parse().ok());
        WebhookInput {
            url: AbsoluteUrl::as_stored(self.url.clone()),
            description: self.description.clone().map(Line::as_stored),
            events: WantedEvents(words(&self.events)),
            sections: DistinctList(sections.collect()),
            enabled: self.disabled_at.is_none(),
        }
    }

    fn into_webhook(self, sections: Vec<Section>) -> Webhook {
        let (row, now) = (self, Timestamp::now());
        Webhook {
            id: row.id,
            url: row.url,
            description: row.description,
            events: words::<MessageKind>(&row.events),
            sections: sections.into_iter().map(|section| section.slug).collect(),
            enabled: row.disabled_at.is_none(),
            disabled_at: row.disabled_at,
            disabled_reason: row.disabled_reason,
            failing_since: row.failing_since,
            failures: row.failures,
            held_until: row.held_until.filter(|until| *until > now),
            previous_secret_until: row.previous_until.filter(|until| *until > now),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

fn shown(connection: &mut Connection, row: Row) -> StoreResult<Webhook> {
    let sections = sections::current(connection, &words(&row.sections))?;
    Ok(row.into_webhook(sections))
}

/// Up to `limit` webhooks from a start, the oldest first.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    start: Option<KeysetBound<String>>,
    limit: i64,
) -> StoreResult<Vec<Webhook>> {
    let query = webhooks::table.into_boxed::<MultiBackend>();
    let rows: Vec<Row> = page_by_id!(query, webhooks::id, start, false)
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| shown(connection, row)).collect()
}

fn row(connection: &mut Connection, id: Id) -> StoreResult<Row> {
    Ok(webhooks::table
        .filter(webhooks::id.eq(id))
        .select(Row::as_select())
        .first(connection)?)
}

/// A webhook.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn find(connection: &mut Connection, id: Id) -> StoreResult<Webhook> {
    let row = row(connection, id)?;
    shown(connection, row)
}

/// Creates a webhook, which is told what happens from now on; returns its key and its secret, this once.
///
/// # Errors
/// [`StoreError::Invalid`]: when a section is none, or there are too many webhooks.
pub fn create(change: &mut Change<'_>, input: &WebhookInput) -> StoreResult<(Id, String)> {
    let connection = &mut *change.connection;
    let sections = sections::stored(connection, &input.sections.0)?;
    let count: i64 = webhooks::table.count().get_result(connection)?;
    if count >= MOST {
        let detail = format!("there are {MOST} webhooks already; delete one first");
        return Err(StoreError::Invalid(
            Violation::whole("too_many", detail).into(),
        ));
    }
    let (id, secret) = (Id::generate(), signature::new_secret());
    let head = log::head(connection)?.sequence;
    diesel::insert_into(webhooks::table)
        .values((
            webhooks::id.eq(id),
            webhooks::url.eq(input.url.as_str()),
            webhooks::description.eq(input.description.as_ref().map(Line::as_str)),
            webhooks::events.eq(joined(&input.events.0)),
            webhooks::sections.eq(joined(&sections)),
            webhooks::secret.eq(&secret),
            webhooks::version.eq(1),
            webhooks::created_at.eq(change.now),
            webhooks::updated_at.eq(change.now),
            webhooks::sequence.eq(head),
            webhooks::failures.eq(0),
            webhooks::disabled_at.eq((!input.enabled).then_some(change.now)),
        ))
        .execute(connection)?;
    record(
        change,
        "webhook_created",
        id,
        input.url.as_str(),
        json!({"events": input.events}),
    );
    Ok((id, secret))
}

/// Changes a webhook. A patch that changes nothing leaves it as it is: its version too. One that is enabled again goes on where
/// it stopped.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`], [`StoreError::Invalid`], and what `check` says of it as it will be.
pub fn edit(
    change: &mut Change<'_>,
    id: Id,
    expected: &Expected,
    patch: MergePatch,
    check: impl FnOnce(&WebhookInput) -> StoreResult<()>,
) -> StoreResult<()> {
    let connection = &mut *change.connection;
    let row = row(connection, id)?;
    expected.check(row.version)?;
    let sections: Vec<StoredSection> = words(&row.sections);
    let before = row.input(&sections::current(connection, &sections)?);
    let input: WebhookInput = patch.apply(&before).map_err(StoreError::Invalid)?;
    if input == before {
        return Ok(());
    }
    check(&input)?;
    let sections = match input.sections == before.sections {
        true => sections,
        false => sections::stored(connection, &input.sections.0)?,
    };
    let is_enabled_again = input.enabled && !before.enabled;
    let is_elsewhere = input.url != before.url;
    let starts_anew = is_enabled_again || is_elsewhere;
    let now = change.now;
    let held = webhooks::table
        .filter(webhooks::id.eq(id))
        .filter(webhooks::version.eq(row.version));
    let changed = diesel::update(held)
        .set((
            webhooks::url.eq(input.url.as_str()),
            webhooks::description.eq(input.description.as_ref().map(Line::as_str)),
            webhooks::events.eq(joined(&input.events.0)),
            webhooks::sections.eq(joined(&sections)),
            webhooks::version.eq(row.version + 1),
            webhooks::updated_at.eq(now),
            webhooks::disabled_at.eq(match input.enabled {
                true => None,
                false => row.disabled_at.or(Some(now)),
            }),
            webhooks::disabled_reason.eq(row.disabled_reason.filter(|_| !input.enabled)),
            webhooks::failing_since.eq(row.failing_since.filter(|_| !starts_anew)),
            webhooks::failures.eq(if starts_anew { 0 } else { row.failures }),
            webhooks::held_until.eq(row.held_until.filter(|_| !starts_anew)),
        ))
        .execute(connection)?;
    if changed == 0 {
        let current = row.version + 1;
        return Err(StoreError::VersionMismatch { current });
    }
    let detail = json!({"version": row.version + 1, "enabled": input.enabled});
    record(change, "webhook_changed", id, input.url.as_str(), detail);
    Ok(())
}

/// Deletes a webhook with all that is and was to be sent to it.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::VersionMismatch`].
pub fn delete(change: &mut Change<'_>, id: Id, expected: &Expected) -> StoreResult<()> {
    let row = row(change.connection, id)?;
    expected.check(row.version)?;
    let held = webhooks::table
        .filter(webhooks::id.eq(id))
        .filter(webhooks::version.eq(row.version));
    if diesel::delete(held).execute(change.connection)? == 0 {
        let current = row.version + 1;
        return Err(StoreError::VersionMismatch { current });
    }
    record(change, "webhook_deleted", id, &row.url, json!({}));
    Ok(())
}

/// Gives a webhook another secret; that of before signs as well until an instant, if one is given. Returns it, this once.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn rotate(
    change: &mut Change<'_>,
    id: Id,
    previous_until: Option<Timestamp>,
) -> StoreResult<String> {
    let row = row(change.connection, id)?;
    let secret = signature::new_secret();
    let one = webhooks::table.filter(webhooks::id.eq(id));
    diesel::update(one)
        .set((
            webhooks::previous_secret.eq(webhooks::secret.nullable()),
            webhooks::previous_until.eq(previous_until),
            webhooks::version.eq(webhooks::version + 1),
            webhooks::updated_at.eq(change.now),
        ))
        .execute(change.connection)?;
    diesel::update(one)
        .set(webhooks::secret.eq(&secret))
        .execute(change.connection)?;
    let detail = json!({"previous_until": previous_until});
    record(change, "webhook_secret_rotated", id, &row.url, detail);
    Ok(secret)
}

/// Takes a webhook back to where the log was at an instant, so that all since then is sent again.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn replay(change: &mut Change<'_>, id: Id, since: Timestamp) -> StoreResult<()> {
    let row = row(change.connection, id)?;
    let first: Vec<i64> = events::table
        .filter(events::recorded_at.ge(since))
        .order((events::recorded_at, events::sequence))
        .limit(LOOKED_AT)
        .select(events::sequence)
        .load(change.connection)?;
    let Some(first) = first.into_iter().min() else {
        return Ok(());
    };
    let ahead = webhooks::table
        .filter(webhooks::id.eq(id))
        .filter(webhooks::sequence.ge(first));
    diesel::update(ahead)
        .set(webhooks::sequence.eq(first - 1))
        .execute(change.connection)?;
    // What has been sent already is sent anew: the dispatcher finds its row and begins again.
    record(
        change,
        "webhook_replayed",
        id,
        &row.url,
        json!({"since": since}),
    );
    Ok(())
}

pub(super) fn record(
    change: &mut Change<'_>,
    kind: &'static str,
    id: Id,
    url: &str,
    detail: Value,
) {
    change.record(Event::Desk(DeskEvent {
        kind,
        resource: "webhook",
        id,
        name: url.to_owned(),
        detail,
    }));
}
