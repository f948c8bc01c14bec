//! What articles refer to, loaded for a whole page at once: three queries however long the page.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::articles::model::{Correction, Story};
use crate::articles::parts::{CorrectionKind, LeadImage};
use crate::authors::model::AuthorRef;
use crate::body::reading_minutes;
use crate::db::schema::corrections;
use crate::db::{Connection, Id, Json, StoreResult, Timestamp};
use crate::tags::model::{SectionRef, TagRef};
use crate::{authors, tags};

/// The columns that become a [`Story`].
pub type StoryColumns = (
    Option<String>,
    Option<String>,
    String,
    Option<String>,
    Option<Id>,
    Option<Json<LeadImage>>,
    Timestamp,
    i32,
);

/// What the articles of one page refer to.
pub struct Relations {
    authors: HashMap<Id, Vec<AuthorRef>>,
    tags: HashMap<Id, Vec<TagRef>>,
    sections: HashMap<Id, SectionRef>,
}

impl Relations {
    /// Loads what these articles, standing in these sections, refer to.
    pub fn load(
        connection: &mut Connection,
        articles: &[Id],
        sections: impl Iterator<Item = Option<Id>>,
    ) -> StoreResult<Self> {
        let mut sections: Vec<Id> = sections.flatten().collect();
        sections.sort_unstable();
        sections.dedup();
        Ok(Self {
            authors: authors::store::of_articles(connection, articles)?,
            tags: tags::store::of_articles(connection, articles)?,
            sections: tags::store::sections(connection, sections)?,
        })
    }

    /// The story of one of them; each can be taken once.
    pub fn story(&mut self, article: Id, columns: StoryColumns) -> Story {
        let (standfirst, dateline, language, byline, section, lead_image, updated_at, words) =
            columns;
        let authors = self.authors.remove(&article).unwrap_or_default();
        let word_count = u32::try_from(words).unwrap_or(0);
        Story {
            standfirst,
            dateline,
            language,
            byline: Story::byline(byline, &authors),
            authors,
            section: section.and_then(|id| self.sections.get(&id).cloned()),
            tags: self.tags.remove(&article).unwrap_or_default(),
            lead_image: lead_image.map(|image| image.0),
            updated_at,
            word_count,
            reading_minutes: reading_minutes(word_count),
        }
    }
}

/// The corrections of articles, the newest last.
pub fn corrections_of(
    connection: &mut Connection,
    articles: &[Id],
) -> StoreResult<HashMap<Id, Vec<Correction>>> {
    let rows: Vec<(Id, Id, String, String, Timestamp)> = corrections::table
        .filter(corrections::article_id.eq_any(articles.to_vec()))
        .order((
            corrections::article_id,
            corrections::published_at,
            corrections::id,
        ))
        .select((
            corrections::article_id,
            corrections::id,
            corrections::kind,
            corrections::text,
            corrections::published_at,
        ))
        .load(connection)?;
    let mut found: HashMap<Id, Vec<Correction>> = HashMap::new();
    for (article, id, kind, text, published_at) in rows {
        found.entry(article).or_default().push(Correction {
            id,
            kind: CorrectionKind::from_name(&kind),
            text,
            published_at,
        });
    }
    Ok(found)
}
