//! An article as readers would see it, from what was written.

use std::collections::HashMap;

use diesel::prelude::*;

use super::Text;
use crate::articles::byline::composed;
use crate::articles::model::ArticleCommon;
use crate::articles::read_model::PublicArticle;
use crate::articles::store::public::Site;
use crate::articles::store::read_models;
use crate::articles::store::rows::primary_tag;
use crate::authors::model::AuthorRef;
use crate::authors::profile::SocialLinks;
use crate::body::{count_words, reading_minutes};
use crate::db::schema::{authors, tags};
use crate::db::{Connection, Id, Json, StoreResult, Timestamp, stored};
use crate::tags::model::{SectionRef, TagRef};
use crate::tags::store::tree;

/// Renders it. Its tags and authors are as they are called now; those that are gone are left out.
pub(super) fn rendered(
    connection: &mut Connection,
    id: Id,
    text: &Text,
    site: Site<'_>,
) -> StoreResult<PublicArticle> {
    let (written, named) = (&text.written.fields, &text.named);
    let authors = authors_of(connection, &named.authors)?;
    let tags = tags_of(connection, &named.tags, named.primary)?;
    let section = section_of(connection, named.section, named.primary)?;
    let names: Vec<&str> = authors.iter().map(|author| author.name.as_str()).collect();
    let body = text.written.body.to_text();
    let story = ArticleCommon {
        kicker: written.kicker.clone(),
        genre: written.genre,
        standfirst: written.standfirst.clone(),
        dateline: written.dateline.clone(),
        byline: written
            .byline
            .clone()
            .unwrap_or_else(|| composed(&names, &written.language)),
        language: written.language.clone(),
        primary_tag: primary_tag(&tags, section.as_ref()),
        authors,
        section,
        tags,
        lead_image: written.lead_image.clone(),
        updated_at: Timestamp::EARLIEST,
        word_count: count_words(&body),
        reading_minutes: reading_minutes(&body),
    };
    let read_model = read_models::of_written(connection, id, &text.written, story)?;
    let address = || Some(site?.of_slug(&written.slug));
    Ok(PublicArticle {
        id,
        canonical_url: written.canonical_url.clone().or_else(address),
        slug: written.slug.clone(),
        read_model,
        ends_in: None,
    })
}

/// In an order, those that are there.
fn in_order<T>(ids: &[Id], mut found: HashMap<Id, T>) -> Vec<T> {
    ids.iter().filter_map(|id| found.remove(id)).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = authors)]
struct AuthorRow {
    id: Id,
    slug: String,
    name: String,
    role: Option<String>,
    bio: Option<String>,
    avatar_url: Option<String>,
    website: Option<String>,
    social: Json<SocialLinks>,
    contact_email: Option<String>,
}

fn authors_of(connection: &mut Connection, ids: &[Id]) -> StoreResult<Vec<AuthorRef>> {
    let rows: Vec<AuthorRow> = authors::table
        .filter(authors::id.eq_any(ids.to_vec()))
        .select(AuthorRow::as_select())
        .load(connection)?;
    let author = |row: AuthorRow| AuthorRef {
        id: row.id,
        slug: row.slug,
        name: row.name,
        role: row.role,
        bio: row.bio,
        avatar_url: row.avatar_url,
        website: row.website,
        social: row.social.0.0,
        contact_email: row.contact_email,
    };
    let found = rows.into_iter().map(|row| (row.id, author(row))).collect();
    Ok(in_order(ids, found))
}

fn tags_of(
    connection: &mut Connection,
    ids: &[Id],
    primary: Option<Id>,
) -> StoreResult<Vec<TagRef>> {
    let rows: Vec<(Id, String, String, String)> = tags::table
        .filter(tags::id.eq_any(ids.to_vec()))
        .select((tags::id, tags::slug, tags::name, tags::kind))
        .load(connection)?;
    let tag = |(id, slug, name, kind): (Id, String, String, String)| {
        let tag = TagRef {
            id,
            slug,
            name,
            kind: stored(&kind)?,
            is_primary: primary == Some(id),
        };
        Ok((id, tag))
    };
    let found = rows.into_iter().map(tag).collect::<StoreResult<_>>()?;
    Ok(in_order(ids, found))
}

fn section_of(
    connection: &mut Connection,
    id: Option<Id>,
    primary: Option<Id>,
) -> StoreResult<Option<SectionRef>> {
    let found = tags_of(connection, id.as_slice(), primary)?.pop();
    let Some(tag) = found else {
        return Ok(None);
    };
    let ancestors = tree::ancestors(connection, &[tag.id])?.remove(&tag.id);
    Ok(Some(SectionRef {
        id: tag.id,
        slug: tag.slug,
        name: tag.name,
        ancestors: ancestors.unwrap_or_default(),
        is_primary: tag.is_primary,
    }))
}
