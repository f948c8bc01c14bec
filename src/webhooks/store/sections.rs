//! The sections that webhooks are told of: by their keys, so that they are followed under any name, and by the slugs that
//! they were given, under which a section that was deleted may be created again.

use std::fmt;
use std::str::FromStr;

use diesel::prelude::*;
use uuid::Uuid;

use super::{joined, words};
use crate::db::desk_schema::webhooks;
use crate::db::{Connection, Id, Resource, StoreError, StoreResult};
use crate::tags::model::TagKind;
use crate::text::Slug;
use crate::validation::{Violation, Violations};
use crate::{names, tags};

/// A section as it is stored: its key, a slash and its slug; of earlier versions the slug alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSection {
    id: Option<Id>,
    slug: Slug,
}

impl fmt::Display for StoredSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(f, "{id}/{}", self.slug),
            None => write!(f, "{}", self.slug),
        }
    }
}

impl FromStr for StoredSection {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (id, slug) = match text.split_once('/') {
            Some((id, slug)) => (Some(Id(id.parse::<Uuid>().map_err(|_| ())?)), slug),
            None => (None, text),
        };
        let slug = slug.parse().map_err(|_| ())?;
        Ok(Self { id, slug })
    }
}

/// A section as it is now; without a key when it was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Which one.
    pub id: Option<Id>,
    /// Its slug.
    pub slug: String,
}

/// Sections as they are now, in the same order; of two that were merged, one.
///
/// # Errors
/// When the database fails.
pub fn current(
    connection: &mut Connection,
    sections: &[StoredSection],
) -> StoreResult<Vec<Section>> {
    let ids: Vec<Id> = sections.iter().filter_map(|section| section.id).collect();
    let mut named = names::by_ids(connection, Resource::Tag, &ids)?;
    let is_known = |section: &&StoredSection| section.id.is_some_and(|id| named.contains_key(&id));
    let others = sections.iter().filter(|section| !is_known(section));
    let others: Vec<Slug> = others.map(|section| section.slug.clone()).collect();
    let mut by_slug = tags::store::by_slugs(connection, &others)?;
    by_slug.retain(|_, (_, kind)| *kind == TagKind::Section);
    let ids: Vec<Id> = by_slug.values().map(|(id, _)| *id).collect();
    named.extend(names::by_ids(connection, Resource::Tag, &ids)?);
    let mut found: Vec<Section> = Vec::new();
    for section in sections {
        let id = section.id.filter(|id| named.contains_key(id));
        let id = id.or_else(|| by_slug.get(&section.slug).map(|(id, _)| *id));
        let now = Section {
            id,
            slug: match id.and_then(|id| named.get(&id)) {
                Some(named) => named.slug.clone(),
                None => section.slug.to_string(),
            },
        };
        if !found.contains(&now) {
            found.push(now);
        }
    }
    Ok(found)
}

/// Slugs of sections as they are to be stored.
///
/// # Errors
/// A violation for each that is no section.
pub fn stored(connection: &mut Connection, slugs: &[Slug]) -> StoreResult<Vec<StoredSection>> {
    let known = tags::store::by_slugs(connection, slugs)?;
    let mut sections = Vec::new();
    let mut wrong = Violations::default();
    for (index, slug) in slugs.iter().enumerate() {
        match known.get(slug) {
            Some((id, TagKind::Section)) => sections.push(StoredSection {
                id: Some(*id),
                slug: slug.clone(),
            }),
            _ => {
                let detail = format!("\"{slug}\" is no section");
                wrong.push(Violation::new(
                    format!("/sections/{index}"),
                    "not_found",
                    detail,
                ));
            }
        }
    }
    wrong.into_result().map_err(StoreError::Invalid)?;
    Ok(sections)
}

/// Lets webhooks go on with the section that another was merged into.
///
/// # Errors
/// When the database fails.
pub fn follow_merge(connection: &mut Connection, merged: Id, into: Id) -> StoreResult<()> {
    let with_it: Vec<(Id, String)> = webhooks::table
        .filter(webhooks::sections.like(format!("%{merged}/%")))
        .select((webhooks::id, webhooks::sections))
        .load(connection)?;
    for (webhook, sections) in with_it {
        let mut sections: Vec<StoredSection> = words(&sections);
        for section in &mut sections {
            section.id = section.id.map(|id| if id == merged { into } else { id });
        }
        diesel::update(webhooks::table.filter(webhooks::id.eq(webhook)))
            .set(webhooks::sections.eq(joined(&sections)))
            .execute(connection)?;
    }
    Ok(())
}
