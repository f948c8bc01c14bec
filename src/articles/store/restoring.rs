//! Bringing back an earlier version of an article.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{revisions, write};
use crate::articles::patch::ArticlePatch;
use crate::articles::revisions::model::RestoreInput;
use crate::articles::telling::EditorialRules;
use crate::articles::written::{NamedIds, WrittenFields, members_to_restore};
use crate::auth::model::Caller;
use crate::body::Body;
use crate::db::schema::{authors, tags};
use crate::db::version::{Expected, Version};
use crate::db::{Connection, Id, Resource, StoreResult, slugs};
use crate::events::Change;
use crate::media::store::uses;
use crate::text::Slug;
use crate::validation::{Violation, Violations};

/// Writes an article as it was at a version, its addresses aside: a new version. What it named and is gone is left
/// out; returns what that is, with pointers into the article.
///
/// # Errors
/// [`StoreError::NotFound`](crate::db::StoreError::NotFound) for the article and the version, otherwise as
/// [`write::edit`].
pub fn restore(
    change: &mut Change<'_>,
    id: Id,
    caller: &Caller,
    expected: &Expected,
    (version, input): (Version, RestoreInput),
    rules: &EditorialRules,
) -> StoreResult<Violations> {
    let (revision, named) = revisions::load(change.connection, id, Some(version))?;
    let mut fields = revision.article.fields;
    let mut gone = named_now(change.connection, &mut fields, &named)?;
    let mut body = revision.article.body;
    gone.append(without_gone_media(
        change.connection,
        &mut fields,
        &mut body,
    )?);
    let members = members_to_restore(&fields);
    let patch = ArticlePatch::replacing(members, body, input.said());
    write::edit(
        change,
        id,
        caller,
        expected,
        patch.restoring(version.0),
        rules,
    )?;
    Ok(gone)
}

/// Leaves out what shows items of the media that have been deleted.
fn without_gone_media(
    connection: &mut Connection,
    fields: &mut WrittenFields,
    body: &mut Body,
) -> StoreResult<Violations> {
    let lead = fields.lead_image.as_ref().and_then(|image| image.media_id);
    let shown = body.media_places().into_iter().map(|(_, id)| id);
    let shown: Vec<Id> = shown.chain(lead).collect();
    let known = uses::by_ids(connection, &shown)?;
    let is_gone = |id: Id| !known.contains_key(&id);
    let mut places: Vec<String> = Vec::new();
    if lead.is_some_and(is_gone) {
        fields.lead_image = None;
        places.push("/lead_image".into());
    }
    let in_body = body.leave_out_media(is_gone).into_iter();
    places.extend(in_body.map(|pointer| format!("/body{pointer}")));
    let mut gone = Violations::default();
    for place in places {
        let detail = "the item of the media is gone and was left out";
        gone.push(Violation::new(place, "gone", detail));
    }
    Ok(gone)
}

/// Names tags and authors as they are called now: by their keys, and where these are gone, by the slugs that they had,
/// which lead to what they were merged into. Leaves out the others.
pub(super) fn named_now(
    connection: &mut Connection,
    fields: &mut WrittenFields,
    named: &NamedIds,
) -> StoreResult<Violations> {
    let mut gone = Violations::default();
    let known: HashMap<Id, String> = authors::table
        .filter(authors::id.eq_any(named.authors.clone()))
        .select((authors::id, authors::slug))
        .load::<(Id, String)>(connection)?
        .into_iter()
        .collect();
    let mut names = Names {
        connection,
        of: Resource::Author,
        known,
        gone: &mut gone,
    };
    fields.authors = names.list("authors", &fields.authors, &named.authors)?;
    let wanted: Vec<Id> = named.tags.iter().copied().chain(named.section).collect();
    names.known = tags::table
        .filter(tags::id.eq_any(wanted))
        .select((tags::id, tags::slug))
        .load::<(Id, String)>(names.connection)?
        .into_iter()
        .collect();
    names.of = Resource::Tag;
    fields.tags = names.list("tags", &fields.tags, &named.tags)?;
    if let Some(slug) = fields.section.take() {
        fields.section = names.one("/section", &slug, named.section)?;
    }
    if let Some(slug) = fields.primary_tag.take() {
        let (tags, section) = (&fields.tags, &fields.section);
        let now = names.now(&slug, named.primary)?;
        fields.primary_tag = now.filter(|now| tags.contains(now) || section.as_ref() == Some(now));
    }
    Ok(gone)
}

struct Names<'a> {
    connection: &'a mut Connection,
    of: Resource,
    /// The slugs that they have now.
    known: HashMap<Id, String>,
    gone: &'a mut Violations,
}

impl Names<'_> {
    fn list(&mut self, member: &str, slugs: &[String], ids: &[Id]) -> StoreResult<Vec<String>> {
        let mut found = Vec::new();
        for (index, slug) in slugs.iter().enumerate() {
            let pointer = format!("/{member}/{index}");
            // What was merged may be named twice now.
            if let Some(slug) = self.one(&pointer, slug, ids.get(index).copied())?
                && !found.contains(&slug)
            {
                found.push(slug);
            }
        }
        Ok(found)
    }

    /// What one is called now, or what it was merged into.
    fn now(&mut self, slug: &str, id: Option<Id>) -> StoreResult<Option<String>> {
        if let Some(now) = id.and_then(|id| self.known.get(&id)) {
            return Ok(Some(now.clone()));
        }
        let once: Option<Slug> = slug.parse().ok();
        let led = slugs::once_named(self.connection, self.of, once.as_slice())?;
        let id = led.into_values().next();
        id.map(|id| self.slug_of(id)).transpose()
    }

    fn one(&mut self, pointer: &str, slug: &str, id: Option<Id>) -> StoreResult<Option<String>> {
        let now = self.now(slug, id)?;
        if now.is_none() {
            let what = self.of.as_str();
            let detail = format!("the {what} \"{slug}\" is gone and was left out");
            self.gone.push(Violation::new(pointer, "gone", detail));
        }
        Ok(now)
    }

    fn slug_of(&mut self, id: Id) -> StoreResult<String> {
        let slug = match self.of {
            Resource::Author => authors::table
                .filter(authors::id.eq(id))
                .select(authors::slug)
                .first(self.connection)?,
            _ => tags::table
                .filter(tags::id.eq(id))
                .select(tags::slug)
                .first(self.connection)?,
        };
        Ok(slug)
    }
}
