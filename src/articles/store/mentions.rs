//! Finding what an article refers to by slug or name, and creating what is not there.

use std::collections::HashMap;

use super::references::{is_no_section, is_section};
use crate::articles::mentions::{Mention, Mentions, Resolved};
use crate::auth::model::{Caller, Right};
use crate::authors::model::AuthorInput;
use crate::authors::profile::SocialLinks;
use crate::db::lock::{self, Lock};
use crate::db::{Connection, Id, Resource, StoreError, StoreResult, stored};
use crate::events::Change;
use crate::names::{self, compared};
use crate::tags::model::{TagInput, TagKind};
use crate::text::{Line, Slug};
use crate::validation::{Violation, Violations};
use crate::{authors, tags};

/// Finds all of it, and creates what there is not, for a caller who may.
///
/// # Errors
/// [`StoreError::Forbidden`] for the first that is not there when the caller may not create it, and
/// [`StoreError::Invalid`] with everything that cannot be referred to.
pub fn resolve(
    change: &mut Change<'_>,
    mentions: &Mentions,
    caller: &Caller,
) -> StoreResult<Resolved> {
    // What is found stays until the transaction ends.
    lock::shared(change.connection, Lock::Merges)?;
    let mut wrong = Violations::default();
    // Tags first: the lock of their names comes before that of slugs, which authors take too.
    let (tags, section) = resolve_tags(change, mentions, caller, &mut wrong)?;
    let authors = resolve_authors(change, mentions, caller, &mut wrong)?;
    wrong.into_result().map_err(StoreError::Invalid)?;
    let mut all = tags.clone();
    all.extend(section);
    let tag_slugs = slugs_of(change, Resource::Tag, &all)?;
    let author_slugs = slugs_of(change, Resource::Author, &authors)?;
    let of = |ids: &[Id], slugs: &HashMap<Id, Slug>| -> Vec<Slug> {
        ids.iter().filter_map(|id| slugs.get(id).cloned()).collect()
    };
    Ok(Resolved {
        authors: mentions
            .authors
            .as_ref()
            .map(|_| of(&authors, &author_slugs)),
        tags: mentions.tags.as_ref().map(|_| of(&tags, &tag_slugs)),
        section: section.and_then(|id| tag_slugs.get(&id).cloned()),
    })
}

fn slugs_of(change: &mut Change<'_>, of: Resource, ids: &[Id]) -> StoreResult<HashMap<Id, Slug>> {
    let found = names::by_ids(change.connection, of, ids)?.into_values();
    found
        .map(|named| Ok((named.id, stored(&named.slug)?)))
        .collect()
}

/// What of one kind is known by the slugs and the names that are mentioned.
struct Known<T> {
    /// By the slugs that they have or once had.
    by_slug: HashMap<Slug, T>,
    /// By their names.
    alike: Vec<(String, T)>,
}

impl<T: Copy> Known<T> {
    /// All that a mention may mean: the one with its slug alone, or those with its name, a slug first where the
    /// text is one.
    fn meant(&self, mention: &Mention) -> Vec<T> {
        let by_slug = || {
            mention
                .slug()
                .and_then(|slug| self.by_slug.get(&slug).copied())
        };
        let names = mention.names();
        let named = self.alike.iter();
        let named = named.filter(|(name, _)| names.contains(&compared(name)));
        let by_name: Vec<T> = named.map(|(_, value)| *value).collect();
        let is_slug = matches!(mention, Mention::Slug(_));
        match (is_slug.then(by_slug).flatten(), by_name.is_empty()) {
            (Some(one), _) => vec![one],
            (None, false) => by_name,
            (None, true) => by_slug().into_iter().collect(),
        }
    }

    fn add(&mut self, mention: &Mention, name: &str, value: T) {
        if let Mention::Slug(slug) = mention {
            self.by_slug.insert(slug.clone(), value);
        }
        self.alike.push((name.to_owned(), value));
    }
}

/// The slugs and the names by which some are looked for.
fn asked<'a>(mentions: impl Iterator<Item = &'a Mention> + Clone) -> (Vec<Slug>, Vec<String>) {
    let slugs = mentions.clone().filter_map(Mention::slug).collect();
    (slugs, mentions.flat_map(Mention::names).collect())
}

/// What is known; where something is not, looked up again when nobody else can be creating it, so that of two
/// who create the same the second finds it.
fn look_up<'a, T: Copy>(
    connection: &mut Connection,
    creating: Lock,
    mut mentions: impl Iterator<Item = &'a Mention>,
    known: impl Fn(&mut Connection) -> StoreResult<Known<T>>,
) -> StoreResult<Known<T>> {
    let found = known(connection)?;
    if mentions.all(|mention| !found.meant(mention).is_empty()) {
        return Ok(found);
    }
    lock::exclusive(connection, creating)?;
    known(connection)
}

fn resolve_tags(
    change: &mut Change<'_>,
    mentions: &Mentions,
    caller: &Caller,
    wrong: &mut Violations,
) -> StoreResult<(Vec<Id>, Option<Id>)> {
    let tags = || mentions.tags.iter().flat_map(|tags| &tags.0);
    let (slugs, names) = asked(tags().chain(&mentions.section));
    if slugs.is_empty() && names.is_empty() {
        return Ok((Vec::new(), None));
    }
    let mut known = look_up(
        change.connection,
        Lock::TagNames,
        tags().chain(&mentions.section),
        |connection| {
            Ok(Known {
                by_slug: tags::store::by_slugs(connection, &slugs)?,
                alike: tags::store::called(connection, &names)?,
            })
        },
    )?;
    let mut ids = Vec::new();
    for (index, mention) in tags().enumerate() {
        let pointer = format!("/tags/{index}");
        let found = tag(
            change,
            &mut known,
            mention,
            (&pointer, false),
            caller,
            wrong,
        )?;
        ids.extend(found.filter(|id| !ids.contains(id)));
    }
    let section = match &mentions.section {
        Some(mention) => tag(
            change,
            &mut known,
            mention,
            ("/section", true),
            caller,
            wrong,
        )?,
        None => None,
    };
    Ok((ids, section))
}

/// The tag, or the section, that a mention means, created where there is none. `None` where it is wrong.
fn tag(
    change: &mut Change<'_>,
    known: &mut Known<(Id, TagKind)>,
    mention: &Mention,
    (pointer, wants_section): (&str, bool),
    caller: &Caller,
    wrong: &mut Violations,
) -> StoreResult<Option<Id>> {
    // Kinds have names of their own: one of the right kind, then a topic, then the oldest.
    let rank = |(id, kind): &(Id, TagKind)| {
        let is_section = *kind == TagKind::Section;
        (is_section != wants_section, *kind != TagKind::Topic, *id)
    };
    let found = known.meant(mention).into_iter().min_by_key(rank);
    match found {
        Some((_, TagKind::Section)) if !wants_section => {
            wrong.push(is_section(pointer, mention.as_str()));
            Ok(None)
        }
        Some((_, kind)) if wants_section && kind != TagKind::Section => {
            wrong.push(is_no_section(pointer, mention.as_str()));
            Ok(None)
        }
        Some((id, _)) => Ok(Some(id)),
        None => {
            let (what, kind) = match wants_section {
                true => ("section", TagKind::Section),
                false => ("tag", TagKind::Topic),
            };
            may_create(caller, Right::TagsWrite, pointer, what, mention)?;
            let Some(name) = new_name(mention, false, pointer, wrong) else {
                return Ok(None);
            };
            let input = TagInput {
                name: name.clone(),
                slug: given_slug(mention),
                kind,
                description: None,
                parent: None,
                position: None,
            };
            let id = tags::store::create(change, input)?;
            known.add(mention, name.as_str(), (id, kind));
            Ok(Some(id))
        }
    }
}

fn resolve_authors(
    change: &mut Change<'_>,
    mentions: &Mentions,
    caller: &Caller,
    wrong: &mut Violations,
) -> StoreResult<Vec<Id>> {
    let authors = || mentions.authors.iter().flat_map(|authors| &authors.0);
    let (slugs, names) = asked(authors());
    if slugs.is_empty() && names.is_empty() {
        return Ok(Vec::new());
    }
    // Authors have no lock of their names: all who need a slug for one queue here.
    let mut known = look_up(change.connection, Lock::Slugs, authors(), |connection| {
        Ok(Known {
            by_slug: authors::store::by_slugs(connection, &slugs)?,
            alike: authors::store::called(connection, &names)?,
        })
    })?;
    let mut ids = Vec::new();
    for (index, mention) in authors().enumerate() {
        let pointer = format!("/authors/{index}");
        let found = author(change, &mut known, mention, &pointer, caller, wrong)?;
        ids.extend(found.filter(|id| !ids.contains(id)));
    }
    Ok(ids)
}

/// The author whom a mention means, created where there is none. `None` where it is wrong.
fn author(
    change: &mut Change<'_>,
    known: &mut Known<Id>,
    mention: &Mention,
    pointer: &str,
    caller: &Caller,
    wrong: &mut Violations,
) -> StoreResult<Option<Id>> {
    match known.meant(mention)[..] {
        [id] => Ok(Some(id)),
        [] => {
            may_create(caller, Right::AuthorsWrite, pointer, "author", mention)?;
            let Some(name) = new_name(mention, true, pointer, wrong) else {
                return Ok(None);
            };
            let input = AuthorInput {
                name: name.clone(),
                slug: given_slug(mention),
                role: None,
                bio: None,
                avatar_url: None,
                website: None,
                social: SocialLinks::default(),
                contact_email: None,
            };
            let id = authors::store::create(change, input)?;
            known.add(mention, name.as_str(), id);
            Ok(Some(id))
        }
        ref several => {
            let detail = format!(
                "\"{mention}\" is the name of {} authors; give the slug of one",
                several.len()
            );
            wrong.push(Violation::new(pointer, "ambiguous", detail));
            Ok(None)
        }
    }
}

fn given_slug(mention: &Mention) -> Option<Slug> {
    match mention {
        Mention::Slug(slug) => Some(slug.clone()),
        Mention::Name(_) => None,
    }
}

fn may_create(
    caller: &Caller,
    right: Right,
    pointer: &str,
    what: &str,
    mention: &Mention,
) -> StoreResult<()> {
    if caller.may(right) {
        return Ok(());
    }
    Err(StoreError::Forbidden(format!(
        "{pointer}: there is no {what} \"{mention}\" yet; creating it needs the right {right}."
    )))
}

fn new_name(
    mention: &Mention,
    all: bool,
    pointer: &str,
    wrong: &mut Violations,
) -> Option<Line<120>> {
    match mention.new_name(all) {
        Ok(name) => Some(name),
        Err(invalid) => {
            wrong.push(Violation::new(pointer, invalid.code, invalid.detail));
            None
        }
    }
}
