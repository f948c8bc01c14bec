//! Reading messages from the log.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;

use super::kinds::{Audience, MessageKind};
use super::model::{Message, MessageData};
use crate::articles::store::outlines::{self, Outline};
use crate::articles::store::public::{Site, several};
use crate::db::{Connection, Id, Resource, StoreError, StoreResult, Timestamp};
use crate::events::log::{self, Entry, Said};
use crate::events::mark::Mark;
use crate::tags::model::TagLink;
use crate::tags::store::tree;

/// A message, written, with what it is chosen by.
#[derive(Debug, Clone)]
pub struct Written {
    /// The same for all that are told of it, however often; without a dot.
    pub id: String,
    /// The entry of the log that it tells of.
    pub mark: Mark,
    /// What it tells.
    pub kind: MessageKind,
    /// Whether it is of an article.
    pub is_of_article: bool,
    /// Of an article: the user who created it; `None` for a tool, and for one that is gone.
    pub owner: Option<Id>,
    /// Of an article: the sections that it stands in or below, stood in then, and left then; `None` where nobody knows, and of all else.
    pub sections: Option<BTreeSet<Id>>,
    /// The message as JSON.
    pub payload: String,
}

/// A part of the log.
#[derive(Debug, Clone)]
pub struct Part {
    /// What is told of it, in its order.
    pub messages: Vec<Written>,
    /// The number of its last entry.
    pub until: i64,
    /// Whether the log goes on.
    pub has_more: bool,
}

/// The sections that an article stood in after what happened, and before.
fn sections_of(said: &Said) -> impl Iterator<Item = Id> {
    [said.section, said.left_section].into_iter().flatten()
}

/// What is known of the articles that entries are of.
struct Articles {
    outlines: HashMap<Id, Outline>,
    /// What the sections that they stand in, stood in or have left stand below.
    above: HashMap<Id, Vec<TagLink>>,
    /// Where readers see those that are public, and what.
    public: HashMap<Id, (Option<String>, Summary)>,
}

/// What the read model says that readers see of an article now.
#[derive(Deserialize)]
struct Summary {
    headline: String,
    section: Option<SectionSlug>,
    published_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Deserialize)]
struct SectionSlug {
    slug: String,
}

/// Reads what is told of the log after a number, of at most so many entries; `None` where it ends.
///
/// # Errors
/// When the database fails.
pub fn after(
    connection: &mut Connection,
    sequence: i64,
    limit: i64,
    site: Site,
) -> StoreResult<Option<Part>> {
    let entries = log::after(connection, sequence, limit)?;
    let Some(last) = entries.last() else {
        return Ok(None);
    };
    let until = last.sequence;
    let has_more = i64::try_from(entries.len()).is_ok_and(|count| count == limit);
    let told: Vec<(MessageKind, &Entry, Said)> = entries.iter().flat_map(kinds_of).collect();
    let articles = Articles::of(connection, &told, site)?;
    let messages = told
        .into_iter()
        .map(|(kind, entry, said)| articles.write(kind, entry, said))
        .collect::<StoreResult<_>>()?;
    Ok(Some(Part {
        messages,
        until,
        has_more,
    }))
}

/// What is told of an entry: to the desk, and to readers.
fn kinds_of(entry: &Entry) -> impl Iterator<Item = (MessageKind, &Entry, Said)> {
    let said = entry.said();
    let desk = MessageKind::for_desk(entry, said.submitted);
    let readers = MessageKind::for_readers(entry, said.moved_from.is_some());
    let kinds = desk.into_iter().chain(readers);
    kinds.map(move |kind| (kind, entry, said.clone()))
}

impl Articles {
    fn of(
        connection: &mut Connection,
        told: &[(MessageKind, &Entry, Said)],
        site: Site,
    ) -> StoreResult<Self> {
        let ids: BTreeSet<Id> = told
            .iter()
            .filter(|(_, entry, _)| is_of_article(entry))
            .map(|(_, entry, _)| entry.resource_id)
            .collect();
        let ids: Vec<Id> = ids.into_iter().collect();
        let outlines = outlines::find(connection, &ids)?;
        let standing = outlines
            .values()
            .filter_map(|outline| outline.section.as_ref());
        let then = told.iter().flat_map(|(_, _, said)| sections_of(said));
        let sections: BTreeSet<Id> = standing.map(|(id, _)| *id).chain(then).collect();
        let sections: Vec<Id> = sections.into_iter().collect();
        let above = tree::ancestors(connection, &sections)?;
        let mut public = HashMap::new();
        for article in several(connection, &ids, site)? {
            let summary = format!("{{{}}}", article.read_model.summary);
            let summary: Summary =
                serde_json::from_str(&summary).map_err(StoreError::unreadable)?;
            public.insert(article.id, (article.canonical_url, summary));
        }
        Ok(Self {
            outlines,
            above,
            public,
        })
    }

    fn write(&self, kind: MessageKind, entry: &Entry, said: Said) -> StoreResult<Written> {
        let then: Vec<Id> = sections_of(&said).collect();
        let mut data = MessageData {
            slug: Some(entry.slug.clone()),
            previous_slug: said.moved_from,
            version: said.version,
            merged_into: said.into,
            ..MessageData::of(entry.resource_id)
        };
        let (mut sections, mut owner) = (None, None);
        if is_of_article(entry) {
            let outline = self.outlines.get(&entry.resource_id);
            self.describe(&mut data, kind, outline);
            owner = outline.and_then(|outline| outline.created_by);
            sections = outline.map(|outline| self.sections(outline, then));
        }
        let message = Message {
            kind,
            timestamp: entry.recorded_at,
            sequence: entry.sequence,
            data,
        };
        let payload = serde_json::to_string(&message).map_err(StoreError::unreadable)?;
        Ok(Written {
            id: id_of(kind, entry),
            mark: Mark::of(entry.sequence, entry.hash.as_deref()),
            kind,
            is_of_article: is_of_article(entry),
            owner,
            sections,
            payload,
        })
    }

    /// The sections that an article stands in now, stood in then and left then, with what those stand below.
    fn sections(&self, outline: &Outline, then: Vec<Id>) -> BTreeSet<Id> {
        let standing = outline.section.as_ref().map(|(id, _)| *id);
        let mut sections = BTreeSet::new();
        for section in standing.into_iter().chain(then) {
            sections.insert(section);
            let above = self.above.get(&section).into_iter().flatten();
            sections.extend(above.map(|link| link.id));
        }
        sections
    }

    fn describe(&self, data: &mut MessageData, kind: MessageKind, outline: Option<&Outline>) {
        match (kind.audience(), self.public.get(&data.id), outline) {
            (Audience::Desk, _, Some(outline)) => {
                data.status = Some(outline.status);
                data.headline = outline.headline.clone();
                data.section = outline.section.as_ref().map(|(_, slug)| slug.clone());
                data.published_at = outline.published_at;
                data.updated_at = Some(outline.updated_at);
            }
            (Audience::Readers, Some((url, public)), _) => {
                data.url = url.clone();
                data.headline = Some(public.headline.clone());
                data.section = public.section.as_ref().map(|section| section.slug.clone());
                data.published_at = Some(public.published_at);
                data.updated_at = Some(public.updated_at);
            }
            _ => {}
        }
    }
}

fn is_of_article(entry: &Entry) -> bool {
    entry.resource == Resource::Article.as_str()
}

/// An id that stays what it is, also after the log was brought back from a backup and went on differently.
fn id_of(kind: MessageKind, entry: &Entry) -> String {
    use std::fmt::Write;

    let audience = match kind.audience() {
        Audience::Readers => "evt",
        Audience::Desk => "desk",
    };
    let mut id = format!("{audience}_{}_", entry.sequence);
    match &entry.hash {
        Some(hash) => hash.iter().take(8).for_each(|byte| {
            let _ = write!(id, "{byte:02x}");
        }),
        // From before the log had hashes.
        None => id.push_str(&entry.resource_id.0.simple().to_string()),
    }
    id
}
