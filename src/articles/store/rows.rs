//! Rows of articles: the columns that editors write, and what readers and editors see alike.

use std::str::FromStr;

use diesel::prelude::*;
use serde_json::value::RawValue;

use crate::articles::byline::composed;
use crate::articles::input::{ArticleInput, DistinctList};
use crate::articles::model::{ArticleCommon, Correction};
use crate::articles::parts::{Custom, LeadImage, Seo};
use crate::authors::model::AuthorRef;
use crate::body::{Body, count_words, minutes_of_words, reading_minutes};
use crate::db::schema::{articles, full_articles};
use crate::db::{Id, Json, StoreResult, Timestamp, stored};
use crate::names::sort_name;
use crate::tags::model::{SectionRef, TagRef};
use crate::text::{Line, Prose, Slug, WebUrl};

/// The columns that editors write.
#[derive(PartialEq, Queryable, Selectable, AsChangeset, Insertable)]
#[diesel(table_name = articles, treat_none_as_null = true)]
pub(super) struct Content {
    pub(super) slug: String,
    kicker: Option<String>,
    genre: Option<String>,
    headline: Option<String>,
    standfirst: Option<String>,
    dateline: Option<String>,
    language: String,
    byline: Option<String>,
    canonical_url: Option<String>,
    pub(super) section_id: Option<Id>,
    pub(super) primary_tag_id: Option<Id>,
    lead_image: Option<Json<LeadImage>>,
    word_count: i32,
    reading_minutes: Option<i32>,
    seo: Json<Seo>,
    custom: Json<Custom>,
}

/// What an article refers to, and its body.
#[derive(Queryable, Selectable)]
#[diesel(table_name = full_articles)]
pub(super) struct References {
    pub(super) authors: Json<Vec<AuthorRef>>,
    pub(super) tags: Json<Vec<TagRef>>,
    section: Option<Json<SectionRef>>,
    body: Json<Body>,
    former_urls: Json<Vec<String>>,
}

impl References {
    /// A tag of the article, or its section, by key.
    fn tag(&self, id: Id) -> Option<TagRef> {
        let section = self.section.as_ref().map(|section| section.0.as_tag());
        let mut all = self.tags.0.iter().cloned().chain(section);
        all.find(|tag| tag.id == id)
    }
}

impl Content {
    /// What an input becomes in the table, and the body, which has a table of its own.
    pub(super) fn of(
        input: ArticleInput,
        slug: Slug,
        section_id: Option<Id>,
        primary_tag_id: Option<Id>,
    ) -> (Self, Body) {
        let body = input.body.body;
        let text = body.to_text();
        let content = Self {
            slug: slug.into_string(),
            kicker: input.kicker.map(|text| text.into_string()),
            genre: input.genre.map(|genre| genre.as_str().to_owned()),
            headline: input.headline.map(|text| text.into_string()),
            standfirst: input.standfirst.map(|text| text.into_string()),
            dateline: input.dateline.map(|text| text.into_string()),
            language: input.language.into_string(),
            byline: input.byline.map(|text| text.into_string()),
            canonical_url: input.canonical_url.map(|text| text.into_string()),
            section_id,
            primary_tag_id,
            lead_image: input.lead_image.map(Json),
            word_count: i32::try_from(count_words(&text)).unwrap_or(i32::MAX),
            reading_minutes: Some(stored_minutes(&text)),
            seo: Json(input.seo),
            custom: Json(input.custom),
        };
        (content, body)
    }

    /// What lists by headline are sorted by.
    pub(super) fn sort_headline(&self) -> String {
        sort_headline(self.headline.as_deref())
    }

    /// How many words the body has.
    pub(super) fn word_count(&self) -> i32 {
        self.word_count
    }

    /// The article as it was last written, for a patch to be applied to.
    pub(super) fn to_input(&self, refers_to: &References) -> StoreResult<ArticleInput> {
        let authors = refers_to.authors.0.iter().map(|author| &author.slug);
        let tags = refers_to.tags.0.iter().map(|tag| &tag.slug);
        let section = refers_to.section.as_ref().map(|section| &section.0.slug);
        Ok(ArticleInput {
            slug: Some(stored(&self.slug)?),
            kicker: self.kicker.as_ref().map(Line::as_stored),
            genre: self.genre.as_deref().map(stored).transpose()?,
            headline: self.headline.as_ref().map(Line::as_stored),
            status: None,
            standfirst: self.standfirst.as_ref().map(Prose::as_stored),
            dateline: self.dateline.as_ref().map(Line::as_stored),
            language: stored(&self.language)?,
            byline: self.byline.as_ref().map(Line::as_stored),
            canonical_url: self.canonical_url.as_ref().map(WebUrl::as_stored),
            authors: stored_list(authors)?,
            tags: stored_list(tags)?,
            former_urls: stored_list(refers_to.former_urls.0.iter())?,
            section: section.map(|slug| stored(slug)).transpose()?,
            primary_tag: self
                .primary_tag_id
                .and_then(|id| refers_to.tag(id))
                .map(|tag| stored(&tag.slug))
                .transpose()?,
            lead_image: self.lead_image.clone().map(|image| image.0),
            body: refers_to.body.0.clone().into(),
            seo: self.seo.0.clone(),
            custom: self.custom.0.clone(),
            note: None,
        })
    }
}

/// Most bytes of a headline's words that lists are sorted by: what an index and a cursor have room for.
const MOST_SORTED: usize = 600;

/// The words of a headline as lists of names are sorted by them, as far as lists by headline are; empty without one.
pub fn sort_headline(headline: Option<&str>) -> String {
    let mut words = headline.map(sort_name).unwrap_or_default();
    while words.len() > MOST_SORTED {
        words.pop();
    }
    words
}

/// How long a text takes to read, as the table has it.
pub(super) fn stored_minutes(text: &str) -> i32 {
    i32::try_from(reading_minutes(text)).unwrap_or(i32::MAX)
}

fn stored_list<'a, T: FromStr, const MAX: usize>(
    texts: impl Iterator<Item = &'a String>,
) -> StoreResult<DistinctList<T, MAX>> {
    let values = texts.map(|text| stored(text));
    Ok(DistinctList(values.collect::<StoreResult<_>>()?))
}

/// What becomes an [`ArticleCommon`].
#[derive(Queryable, Selectable)]
#[diesel(table_name = full_articles)]
pub(super) struct ArticleCommonRow {
    kicker: Option<String>,
    genre: Option<String>,
    standfirst: Option<String>,
    dateline: Option<String>,
    language: String,
    byline: Option<String>,
    lead_image: Option<Json<LeadImage>>,
    pub(super) updated_at: Timestamp,
    word_count: i32,
    reading_minutes: Option<i32>,
    authors: Json<Vec<AuthorRef>>,
    tags: Json<Vec<TagRef>>,
    section: Option<Json<SectionRef>>,
}

/// The tag that stands for an article: the one that was chosen, or else its first tag, or else its section.
pub(super) fn primary_tag(tags: &[TagRef], section: Option<&SectionRef>) -> Option<TagRef> {
    let section = section.map(SectionRef::as_tag);
    let all = || tags.iter().chain(&section);
    let chosen = all().find(|tag| tag.is_primary);
    chosen.or_else(|| all().next()).cloned()
}

impl From<ArticleCommonRow> for ArticleCommon {
    fn from(row: ArticleCommonRow) -> Self {
        let word_count = u32::try_from(row.word_count).unwrap_or(0);
        // Of an article of before they were counted, which the rebuild does, the words are all that is known.
        let minutes = row
            .reading_minutes
            .map(|minutes| u32::try_from(minutes).unwrap_or(0));
        let authors = row.authors.0.iter();
        let names: Vec<&str> = authors.map(|author| author.name.as_str()).collect();
        let section = row.section.map(|section| section.0);
        Self {
            primary_tag: primary_tag(&row.tags.0, section.as_ref()),
            kicker: row.kicker,
            // One of a later version is not known here.
            genre: row.genre.and_then(|genre| genre.parse().ok()),
            standfirst: row.standfirst,
            dateline: row.dateline,
            byline: row
                .byline
                .unwrap_or_else(|| composed(&names, &row.language)),
            language: row.language,
            authors: row.authors.0,
            section,
            tags: row.tags.0,
            lead_image: row.lead_image.map(|image| image.0),
            updated_at: row.updated_at,
            word_count,
            reading_minutes: minutes.unwrap_or_else(|| minutes_of_words(word_count)),
        }
    }
}

/// What summaries leave out, but for the body.
#[derive(Queryable, Selectable)]
#[diesel(table_name = full_articles)]
pub(super) struct DetailRow {
    pub(super) corrections: Json<Vec<Correction>>,
    pub(super) seo: Json<Seo>,
    pub(super) custom: Json<Custom>,
}

/// The body, as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = full_articles)]
pub(super) struct BodyRow {
    pub(super) body: Json<Box<RawValue>>,
    pub(super) body_html: String,
}
