//! The authors, tags and section that an article names by slug.

use diesel::prelude::*;

use crate::articles::input::ArticleInput;
use crate::db::schema::{
    article_authors, article_tags, authors as authors_table, tags as tags_table,
};
use crate::db::{Connection, Id, StoreError, StoreResult};
use crate::events::ArticleState;
use crate::tags::model::TagKind;
use crate::text::Slug;
use crate::validation::{Violation, Violations, near_miss};
use crate::{authors, on_each_database, tags};

/// What an input names, found in the database.
pub struct References {
    authors: Vec<Id>,
    tags: Vec<Id>,
    /// The section.
    pub section: Option<Id>,
    /// The tag or section that was chosen to stand for the article.
    pub primary: Option<Id>,
}

impl References {
    /// Finds all of it. Where nobody `chooses` a primary tag, one that was chosen before and is not among the tags any
    /// more is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] with everything that was not found.
    pub fn find(
        connection: &mut Connection,
        input: &ArticleInput,
        chooses: bool,
    ) -> StoreResult<Self> {
        let mut wrong = Violations::default();
        let known_authors = authors::store::by_slugs(connection, &input.authors.0)?;
        let mut wanted = input.tags.0.clone();
        wanted.extend(input.section.clone());
        wanted.extend(input.primary_tag.clone());
        let known_tags = tags::store::by_slugs(connection, &wanted)?;

        let mut author_ids = Vec::new();
        for (index, slug) in input.authors.0.iter().enumerate() {
            match known_authors.get(slug) {
                Some(id) if author_ids.contains(id) => {}
                Some(id) => author_ids.push(*id),
                None => wrong.push(not_found(
                    connection,
                    format!("/authors/{index}"),
                    "author",
                    slug,
                )?),
            }
        }
        let mut tag_ids = Vec::new();
        for (index, slug) in input.tags.0.iter().enumerate() {
            let pointer = format!("/tags/{index}");
            match known_tags.get(slug) {
                Some((_, TagKind::Section)) => wrong.push(is_section(&pointer, slug.as_str())),
                Some((id, _)) if tag_ids.contains(id) => {}
                Some((id, _)) => tag_ids.push(*id),
                None => wrong.push(not_found(connection, pointer, "tag", slug)?),
            }
        }
        let mut section = None;
        if let Some(slug) = &input.section {
            match known_tags.get(slug) {
                Some((id, TagKind::Section)) => section = Some(*id),
                Some(_) => wrong.push(is_no_section("/section", slug.as_str())),
                None => wrong.push(not_found(connection, "/section".into(), "tag", slug)?),
            }
        }
        let mut primary = None;
        if let Some(slug) = &input.primary_tag {
            let found = known_tags.get(slug).map(|(id, _)| *id);
            primary = found.filter(|id| tag_ids.contains(id) || section == Some(*id));
            if primary.is_none() && chooses {
                let detail = format!("\"{slug}\" is neither one of /tags nor /section");
                wrong.push(Violation::new("/primary_tag", "not_among_tags", detail));
            }
        }
        if !wrong.is_empty() {
            return Err(StoreError::Invalid(wrong));
        }
        Ok(Self {
            authors: author_ids,
            tags: tag_ids,
            section,
            primary,
        })
    }

    /// What an article refers to already, with the tag that was chosen to stand for it.
    pub fn of(article: &ArticleState, primary: Option<Id>) -> Self {
        Self {
            primary,
            authors: article.authors.clone(),
            tags: article.tags.clone(),
            section: article.section,
        }
    }

    /// Whether an article refers to all of it already, in this order.
    pub fn are_those_of(&self, article: &ArticleState) -> bool {
        self.section == article.section
            && self.tags == article.tags
            && self.authors == article.authors
    }

    /// Of an article that is not published.
    pub fn into_state(self) -> ArticleState {
        ArticleState {
            section: self.section,
            tags: self.tags,
            authors: self.authors,
            ..ArticleState::default()
        }
    }

    /// Of an article that is published as it was before.
    pub fn into_state_of(self, before: &ArticleState) -> ArticleState {
        ArticleState {
            is_published: before.is_published,
            published_at: before.published_at,
            embargo_until: before.embargo_until,
            unpublish_at: before.unpublish_at,
            ..self.into_state()
        }
    }

    /// Writes what an article refers to, in place of what it referred to before.
    pub fn replace(
        &self,
        connection: &mut Connection,
        article: Id,
        before: &ArticleState,
    ) -> StoreResult<()> {
        if self.authors != before.authors {
            diesel::delete(article_authors::table.filter(article_authors::article_id.eq(article)))
                .execute(connection)?;
            self.insert_authors(connection, article)?;
        }
        if self.tags != before.tags {
            diesel::delete(article_tags::table.filter(article_tags::article_id.eq(article)))
                .execute(connection)?;
            self.insert_tags(connection, article)?;
        }
        Ok(())
    }

    /// Writes what a new article refers to.
    pub fn insert(&self, connection: &mut Connection, article: Id) -> StoreResult<()> {
        self.insert_authors(connection, article)?;
        self.insert_tags(connection, article)
    }

    fn insert_authors(&self, connection: &mut Connection, article: Id) -> StoreResult<()> {
        let rows: Vec<_> = (0_i32..)
            .zip(&self.authors)
            .map(|(position, author)| {
                (
                    article_authors::article_id.eq(article),
                    article_authors::author_id.eq(author),
                    article_authors::position.eq(position),
                )
            })
            .collect();
        if !rows.is_empty() {
            on_each_database!(connection, inner => {
                diesel::insert_into(article_authors::table).values(&rows).execute(inner)?;
            });
        }
        Ok(())
    }

    fn insert_tags(&self, connection: &mut Connection, article: Id) -> StoreResult<()> {
        let rows: Vec<_> = (0_i32..)
            .zip(&self.tags)
            .map(|(position, tag)| {
                (
                    article_tags::article_id.eq(article),
                    article_tags::tag_id.eq(tag),
                    article_tags::position.eq(position),
                )
            })
            .collect();
        if !rows.is_empty() {
            on_each_database!(connection, inner => {
                diesel::insert_into(article_tags::table).values(&rows).execute(inner)?;
            });
        }
        Ok(())
    }
}

/// That a section is named among the tags.
pub(super) fn is_section(pointer: &str, named: &str) -> Violation {
    let detail = format!("\"{named}\" is a section; it belongs in /section");
    Violation::new(pointer, "wrong_kind", detail)
}

/// That another tag is named as the section.
pub fn is_no_section(pointer: &str, named: &str) -> Violation {
    let detail = format!("\"{named}\" is a tag, but not of kind section");
    Violation::new(pointer, "wrong_kind", detail)
}

/// That a slug names no author, or no tag; with the one that may be meant.
///
/// # Errors
/// When the database fails.
pub fn not_found(
    connection: &mut Connection,
    pointer: String,
    what: &str,
    slug: &Slug,
) -> StoreResult<Violation> {
    // Only those that begin alike: a newsroom may have thousands.
    let pattern = format!("{}%", slug.as_str().chars().next().unwrap_or('a'));
    let known: Vec<String> = if what == "author" {
        authors_table::table
            .filter(authors_table::slug.like(pattern))
            .select(authors_table::slug)
            .limit(500)
            .load(connection)?
    } else {
        tags_table::table
            .filter(tags_table::slug.like(pattern))
            .select(tags_table::slug)
            .limit(500)
            .load(connection)?
    };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let meant = near_miss(slug.as_str(), &known)
        .map(|meant| format!("; did you mean \"{meant}\"?"))
        .unwrap_or_default();
    Ok(Violation::new(
        pointer,
        "not_found",
        format!("\"{slug}\" is not the slug of any {what}{meant}"),
    ))
}
