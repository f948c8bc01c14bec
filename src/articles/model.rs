//! An article as readers and editors see it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::desk::model::ArticleLock;
use super::formats::jsonld::JsonLd;
use super::formats::meta::HeadTag;
use super::params::SlugOrNot;
use super::parts::{CorrectionKind, Custom, Genre, LeadImage, Seo};
use super::workflow::Status;
use super::working_copy::model::WorkingCopySummary;
use crate::authors::model::AuthorRef;
use crate::body::Block;
use crate::db::changes::CacheTag;
use crate::db::total::TotalIs;
use crate::db::{Id, Timestamp};
use crate::search::query::Query;
use crate::shares::model::{Shares, Trend};
use crate::tags::model::{SectionRef, TagKind, TagRef};
use crate::text::{Language, Slug};
use crate::validation::Warning;

/// A note to readers on what was changed after publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Correction {
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// What it is.
    pub kind: CorrectionKind,
    /// Its words, plain text.
    pub text: String,
    /// When it was added.
    pub published_at: Timestamp,
}

/// What readers and editors see alike.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ArticleCommon {
    /// A short label above the headline: "Analysis", "Letter from the coast".
    #[schema(required = true)]
    pub kicker: Option<String>,
    /// What kind of journalism it is; null where nobody has said it.
    #[schema(required = true)]
    pub genre: Option<Genre>,
    /// One or two sentences below the headline.
    #[schema(required = true)]
    pub standfirst: Option<String>,
    /// Where it was written: "New York, USA".
    #[schema(required = true)]
    pub dateline: Option<String>,
    /// Language tag (BCP 47).
    #[schema(example = "en")]
    pub language: String,
    /// As it was given, or composed from the authors in the article's language: "By A. Writer and
    /// B. Writer"; the names alone where the server does not know how that language writes it. Empty
    /// when there are neither.
    #[schema(example = "By Alex Writer and Sam Reporter")]
    pub byline: String,
    /// In the order of the byline.
    pub authors: Vec<AuthorRef>,
    /// The part of the paper.
    #[schema(required = true)]
    pub section: Option<SectionRef>,
    /// In the order their editors gave.
    pub tags: Vec<TagRef>,
    /// The tag or section that stands for it where there is room for one: that which its editors chose, or else its
    /// first tag, or else its section. Null without any of them.
    #[schema(required = true)]
    pub primary_tag: Option<TagRef>,
    /// The picture above it.
    #[schema(required = true)]
    pub lead_image: Option<LeadImage>,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Words of the body.
    #[schema(minimum = 0)]
    pub word_count: u32,
    /// Minutes that reading the body takes, rounded up: at 230 words a minute, in Chinese and Japanese at 500
    /// characters, in Thai, Lao, Khmer and Burmese at 1,000 letters; of a text in several scripts, together.
    #[schema(minimum = 0)]
    pub reading_minutes: u32,
}

/// What a public list shows of an article.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Summary {
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Where readers find it: as it was given, or the site's address and the slug; null when
    /// neither is known.
    #[schema(required = true)]
    pub canonical_url: Option<String>,
    /// The headline.
    pub headline: String,
    /// Plain text for a teaser: the standfirst, or without one the beginning of the body, as one line of at
    /// most 200 characters that ends after a word; `…` says that it goes on. Empty when the body has no words.
    #[schema(
        max_length = 200,
        example = "Twelve harbour cities will pay into one fund."
    )]
    pub excerpt: String,
    /// When it was or counts as published.
    pub published_at: Timestamp,
    /// What readers and editors see alike.
    #[serde(flatten)]
    pub story: ArticleCommon,
}

impl Summary {
    /// What it shows of the article and of others.
    pub fn depends_on(&self) -> impl Iterator<Item = CacheTag> + '_ {
        let story = &self.story;
        let tags = story.tags.iter().map(|tag| tag.id);
        let section = story.section.iter();
        let section = section.flat_map(|section| {
            let above = section.ancestors.iter().map(|link| link.id);
            above.chain([section.id])
        });
        std::iter::once(CacheTag::Article(self.id))
            .chain(tags.chain(section).map(CacheTag::Tag))
            .chain(
                story
                    .authors
                    .iter()
                    .map(|author| CacheTag::Author(author.id)),
            )
    }
}

/// The body in the formats that were asked for.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct BodyFormats {
    /// The blocks. Left out with `body_format=html|markdown|text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Block>, required = false)]
    pub body: Option<Box<RawValue>>,
    /// The same as HTML. Left out with `body_format=blocks|markdown|text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub body_html: Option<String>,
    /// With `body_format=markdown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub body_markdown: Option<String>,
    /// With `body_format=text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub body_text: Option<String>,
}

/// How the body is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BodyFormat {
    /// Blocks and HTML.
    #[default]
    Both,
    /// Blocks only.
    Blocks,
    /// HTML only.
    Html,
    /// Markdown only.
    Markdown,
    /// Plain text only.
    Text,
}

impl BodyFormat {
    /// What `body_format=` takes.
    pub const ALL: &[(&str, Self)] = &[
        ("blocks", Self::Blocks),
        ("html", Self::Html),
        ("markdown", Self::Markdown),
        ("text", Self::Text),
    ];
}

crate::closed_set!(
    BodyFormat,
    Self::ALL,
    "How a body is wanted; as blocks and as HTML when nothing is said."
);

/// An article for readers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Article {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: Summary,
    /// The body.
    #[serde(flatten)]
    pub body: BodyFormats,
    /// The newest last.
    pub corrections: Vec<Correction>,
    /// What search engines show.
    pub seo: Seo,
    /// The newsroom's own JSON.
    #[schema(value_type = Custom)]
    pub custom: Map<String, Value>,
    /// With `include=shares`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shares: Option<Shares>,
    /// With `include=jsonld` or `include=meta`.
    #[serde(flatten)]
    pub head: PageHead,
}

/// What a page of an article has in its head, for machines.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct PageHead {
    /// With `include=jsonld`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub jsonld: Option<JsonLd>,
    /// With `include=jsonld`: the same as text that can be printed as it is in
    /// `<script type="application/ld+json">`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub jsonld_script: Option<String>,
    /// With `include=meta`: title, description, Open Graph, canonical address, feeds, in the order in which they are to
    /// be printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub meta: Option<Vec<HeadTag>>,
}

/// An article as all public lists show it: a summary, and what `include=` added.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ArticleSummary)]
pub struct ListedArticle {
    /// The summary.
    #[serde(flatten)]
    pub summary: Summary,
    /// With `include=body`.
    #[serde(flatten)]
    pub body: BodyFormats,
    /// With `include=corrections`; the newest last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub corrections: Option<Vec<Correction>>,
    /// With `include=seo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seo: Option<Seo>,
    /// With `include=custom`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Custom>)]
    #[schema(nullable = false)]
    pub custom: Option<Map<String, Value>>,
    /// With `include=shares`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shares: Option<Shares>,
    /// With `include=jsonld` or `include=meta`.
    #[serde(flatten)]
    pub head: PageHead,
    /// With `include=highlights`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub highlights: Option<Highlights>,
    /// In `/v1/trending`, always.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trend: Option<Trend>,
}

/// Where a search found what it was looking for: HTML whose text is escaped and whose only elements
/// are `<mark>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"headline": "Harbour cities agree on a <mark>flood</mark> fund", "standfirst": null, "body": []}))]
pub struct Highlights {
    /// The headline; null when nothing was found in it.
    #[schema(required = true)]
    pub headline: Option<String>,
    /// The standfirst; null when nothing was found in it.
    #[schema(required = true)]
    pub standfirst: Option<String>,
    /// Up to three pieces of the body.
    #[schema(max_items = 3)]
    pub body: Vec<String>,
}

/// An article in an editorial list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = EditorialArticleSummary)]
pub struct EditorialSummary {
    /// Identifies it for good: an id never changes and is never used again.
    pub id: Id,
    /// Its name in URLs.
    pub slug: String,
    /// Where it stands in the workflow.
    pub status: Status,
    /// Counts its changes; `"v…"` of it is the ETag.
    #[schema(minimum = 1)]
    pub version: i64,
    /// The headline, once there is one.
    #[schema(required = true)]
    pub headline: Option<String>,
    /// As it was given.
    #[schema(required = true)]
    pub canonical_url: Option<String>,
    /// When it was, or will be, published.
    #[schema(required = true)]
    pub published_at: Option<Timestamp>,
    /// Until when it is kept back although published.
    #[schema(required = true)]
    pub embargo_until: Option<Timestamp>,
    /// Whether the public sees it now.
    pub is_public: bool,
    /// From when on readers do not see it any more, by itself. When that is over, its status is `unpublished`.
    #[schema(required = true)]
    pub unpublish_at: Option<Timestamp>,
    /// Why it was retracted, for editors.
    #[schema(required = true)]
    pub retraction_reason: Option<String>,
    /// What readers are told of the retraction; null when no notice was given.
    #[schema(required = true)]
    pub retraction_notice: Option<String>,
    /// When readers were told that it was retracted; null when it was not, or when they never knew it.
    #[schema(required = true)]
    pub retracted_at: Option<Timestamp>,
    /// Changes to it that readers do not see yet; null when there are none.
    #[schema(required = true)]
    pub working_copy: Option<WorkingCopySummary>,
    /// When it was first saved.
    pub created_at: Timestamp,
    /// The user who first saved it; null when a tool did.
    #[schema(required = true)]
    pub created_by: Option<Id>,
    /// Who edits it now, as far as they said; null when nobody does. It changes without the article's version.
    #[schema(required = true)]
    pub lock: Option<ArticleLock>,
    /// What readers and editors see alike.
    #[serde(flatten)]
    pub story: ArticleCommon,
}

/// An article for editors.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EditorialArticle {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: EditorialSummary,
    /// The blocks.
    #[schema(value_type = Vec<Block>)]
    pub body: Box<RawValue>,
    /// The same as HTML.
    pub body_html: String,
    /// The newest last.
    pub corrections: Vec<Correction>,
    /// What search engines show.
    pub seo: Seo,
    /// The newsroom's own JSON.
    #[schema(value_type = Custom)]
    pub custom: Map<String, Value>,
    /// Addresses that it had elsewhere or before.
    pub former_urls: Vec<String>,
    /// What a write changed or left out of what was sent, so that an editor sees it before readers do;
    /// left out where there is nothing to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub warnings: Vec<Warning>,
}

/// What `include=` can add to an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Include {
    /// The body.
    Body,
    /// Corrections.
    Corrections,
    /// What search engines show.
    Seo,
    /// The newsroom's own JSON.
    Custom,
    /// Share counts.
    Shares,
    /// JSON-LD for search engines.
    JsonLd,
    /// What stands in the head of its page.
    Meta,
    /// Where a search found what it was looking for.
    Highlights,
}

crate::closed_set!(
    Include,
    Self::ALL,
    "What can be added to articles; highlights only to those that are searched for."
);

impl Include {
    /// What `include=` takes.
    pub const ALL: &[(&str, Self)] = &[
        ("body", Self::Body),
        ("corrections", Self::Corrections),
        ("seo", Self::Seo),
        ("custom", Self::Custom),
        ("shares", Self::Shares),
        ("jsonld", Self::JsonLd),
        ("meta", Self::Meta),
        ("highlights", Self::Highlights),
    ];

    /// Whether it can be added to an article by itself, which has the other parts anyway.
    pub fn adds_to_one(&self) -> bool {
        matches!(self, Self::Shares | Self::JsonLd | Self::Meta)
    }

    /// Whether it names addresses of the newsroom's site.
    pub fn needs_publication(&self) -> bool {
        matches!(self, Self::JsonLd | Self::Meta)
    }

    /// Whether the body is read for it.
    pub fn takes_body(&self) -> bool {
        matches!(self, Self::Body | Self::Highlights)
    }
}

/// The order of a public list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ArticleSort {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
    /// The last changed first.
    LastUpdatedFirst,
    /// The last changed last.
    LastUpdatedLast,
    /// The most shared first.
    MostShared,
    /// By the best part in which a search found them, of each part the newest first.
    Relevance,
    /// In the order in which they are named.
    Given,
}

impl ArticleSort {
    /// What `sort=` takes.
    pub const ALL: &[(&str, Self)] = &[
        ("-published_at", Self::NewestFirst),
        ("published_at", Self::OldestFirst),
        ("-updated_at", Self::LastUpdatedFirst),
        ("updated_at", Self::LastUpdatedLast),
        ("-shares", Self::MostShared),
        ("relevance", Self::Relevance),
        ("given", Self::Given),
    ];
}

crate::closed_set!(
    ArticleSort,
    Self::ALL,
    "The order of articles; `-` means the latest, or the most, first."
);

/// What articles are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FacetBy {
    /// By tag; sections are counted apart.
    Tag,
    /// By author.
    Author,
    /// By section.
    Section,
    /// By the day of publication, in UTC.
    Day,
}

impl FacetBy {
    /// What `by=` takes.
    pub const ALL: &[(&str, Self)] = &[
        ("tag", Self::Tag),
        ("author", Self::Author),
        ("section", Self::Section),
        ("day", Self::Day),
    ];
}

/// How many of some articles have one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"value": "climate", "name": "Climate", "count": 12}))]
pub struct Facet {
    /// What `tag`, `author` or `section` takes; of a day, its date.
    pub value: String,
    /// Its name for readers; of a day, its date.
    pub name: String,
    /// How many articles have it.
    #[schema(minimum = 1)]
    pub count: i64,
}

/// Articles counted by what they have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Facets {
    /// What they are counted by.
    #[schema(inline)]
    pub by: FacetBy,
    /// Whether all articles were counted, or the newest 10,000.
    pub counts_are: TotalIs,
    /// The most frequent first; days the latest first.
    pub data: Vec<Facet>,
}

/// Articles that belong to another one, the nearest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RelatedArticles {
    /// The articles.
    pub data: Vec<ListedArticle>,
}

/// Tags, authors and sections whose articles a list leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Without {
    /// None of these tags.
    pub tags: Vec<Slug>,
    /// None of these authors.
    pub authors: Vec<Slug>,
    /// In none of these sections.
    pub sections: Vec<Slug>,
}

/// Which articles a public list has: all conditions hold at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ArticleFilter {
    /// Slugs of tags; a comma means any of them, repeating the parameter means all: at most 5 times, and
    /// 20 slugs in all. `-` before a slug leaves out the articles that have the tag: `energy,-sport`. Of sections this means
    /// what `section` means; of other tags only articles that have the tag itself.
    #[param(rename = "tag", value_type = Option<Vec<String>>, example = json!(["climate-adaptation,energy"]))]
    pub tags: Vec<Vec<Slug>>,
    /// Slugs of authors, comma-separated: any of them. `-` before a slug leaves out the author's articles.
    #[param(inline, rename = "author", value_type = Option<Vec<SlugOrNot>>, style = Form, explode = false, max_items = 20, example = json!(["alex-writer"]))]
    pub authors: Vec<Slug>,
    /// Slugs of sections, comma-separated: any of them, or of the sections below them. `-` before a slug leaves out the
    /// articles of the section and of those below it.
    #[param(inline, rename = "section", value_type = Option<Vec<SlugOrNot>>, style = Form, explode = false, max_items = 20, example = json!(["world"]))]
    pub sections: Vec<Slug>,
    /// The tags of `tag`, the authors of `author` and the sections of `section` whose articles are left out.
    #[param(ignore)]
    pub without: Without,
    /// Only articles in this language (BCP 47), in whatever script, region or variant unless that is
    /// named: `pt` finds `pt-BR` (RFC 4647, section 3.3.1). Case makes no difference.
    #[param(value_type = Option<Language>, example = "en")]
    pub language: Option<Language>,
    /// Only articles published later than this instant.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-01T00:00:00Z")]
    pub published_after: Option<Timestamp>,
    /// Only articles published earlier than this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    pub published_before: Option<Timestamp>,
    /// Only articles changed later than this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    pub updated_after: Option<Timestamp>,
    /// Only these slugs, comma-separated, at most 100: in this order unless `sort` says another.
    #[param(value_type = Option<Vec<Slug>>, style = Form, explode = false, max_items = 100)]
    pub slugs: Vec<Slug>,
    /// Only these ids, comma-separated, at most 100: in this order unless `sort` or `slugs` say another.
    #[param(value_type = Option<Vec<Id>>, style = Form, explode = false, max_items = 100)]
    pub ids: Vec<Id>,
    /// Not these slugs, comma-separated, at most 100: what stands elsewhere on the page.
    #[param(value_type = Option<Vec<Slug>>, style = Form, explode = false, max_items = 100)]
    pub exclude: Vec<Slug>,
    /// Not these ids, comma-separated, at most 100.
    #[param(value_type = Option<Vec<Id>>, style = Form, explode = false, max_items = 100)]
    pub exclude_ids: Vec<Id>,
    /// Only articles in which all these words are found: in headline, standfirst, body, or the names
    /// of tags, section and authors. `"a phrase"`, `-without`, `beginning*`; case and accents make
    /// no difference, and nothing is an error. At most 32 words are read, and 4 beginnings.
    #[param(rename = "q", value_type = Option<String>, example = "\"flood fund\" harbour* -volcano")]
    pub search: Option<Query>,
}

impl ArticleFilter {
    /// Whether articles are named one by one.
    pub fn names_articles(&self) -> bool {
        !self.slugs.is_empty() || !self.ids.is_empty()
    }

    /// The order of a list when none is asked for: that in which articles are named, or else the newest
    /// first.
    pub fn usual_sort(&self) -> ArticleSort {
        match self.names_articles() {
            true => ArticleSort::Given,
            false => ArticleSort::NewestFirst,
        }
    }

    /// Whether a page in this order is read from one index, however large the archive is: of all
    /// articles, of one tag, author or section between two dates, or of articles that are named; but for a
    /// hundred of each.
    pub fn is_by_index(&self, sort: ArticleSort) -> bool {
        let by_publication = matches!(
            sort,
            ArticleSort::NewestFirst | ArticleSort::OldestFirst | ArticleSort::Given
        );
        let tags: usize = self.tags.iter().map(Vec::len).sum();
        let is_one_list = tags + self.authors.len() + self.sections.len() <= 1;
        let is_named = self.names_articles();
        let looks_at_articles = self.language.is_some()
            || self.updated_after.is_some()
            || self.without != Without::default();
        let by_publication = by_publication && (is_named || (is_one_list && !looks_at_articles));
        self.search.is_none() && (by_publication || self.leaves_nearly_all())
    }

    /// Whether it leaves all articles but for some that are named.
    pub fn leaves_nearly_all(&self) -> bool {
        let rest = Self {
            exclude: Vec::new(),
            exclude_ids: Vec::new(),
            ..self.clone()
        };
        rest == Self::default()
    }
}

/// A tag's key and kind, as filters and articles refer to it.
pub type TagKey = (Id, TagKind);
