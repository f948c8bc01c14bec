//! An article as editors write it.

use std::borrow::Cow;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Serialize, Serializer};
use url::Url;
use utoipa::openapi::schema::OneOfBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::mentions::Resolved;
use super::parts::{Custom, Genre, LeadImage, Seo};
use super::workflow::WorkingStatus;
use crate::body::{BlockInputs, Body, Imported};
use crate::events::Remark;
use crate::text::{AbsoluteUrl, Language, Line, Prose, Slug, WebUrl};
use crate::validation::{Invalid, Violation, Violations, at_most, pointer, push_key, unknown};

/// The authors of one article.
pub type AuthorSlugs = DistinctList<Slug, 20>;
/// The tags of one article.
pub type TagSlugs = DistinctList<Slug, 50>;
/// The addresses that one article had before.
pub type FormerUrls = DistinctList<AbsoluteUrl, 50>;

/// What editors write of an article. Everything may be missing until it is published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
#[schema(example = json!({
    "headline": "Harbour cities agree on a flood fund",
    "standfirst": "Twelve ports will share the cost of higher walls.",
    "dateline": "New York, USA", "language": "en",
    "authors": ["alex-writer"], "section": "world", "tags": ["climate-adaptation"],
    "lead_image": {
        "url": "https://images.example.com/harbour.jpg", "alt": "Cranes over a harbour at dawn",
        "caption": "The harbour on Tuesday", "credit": "Harbour Pictures"
    },
    "body": {"format": "html", "content": "<p>Twelve harbour cities have agreed.</p>"}
}))]
pub struct ArticleInput {
    /// A short label above the headline: "Analysis", "Letter from the coast".
    #[deserr(default)]
    #[schema(required = false)]
    pub kicker: Option<Line<80>>,
    /// What kind of journalism it is: decides what search engines are told that it is.
    #[deserr(default)]
    #[schema(required = false)]
    pub genre: Option<Genre>,
    /// The headline.
    #[deserr(default)]
    #[schema(required = false)]
    pub headline: Option<Line<300>>,
    /// Its name in URLs; made from the headline when left out.
    #[deserr(default)]
    #[schema(required = false)]
    pub slug: Option<Slug>,
    /// `draft` or `in_review`; the other statuses are reached by `publish`, `unpublish`,
    /// `retract`, `DELETE` and `restore`.
    #[deserr(default)]
    #[schema(required = false, inline)]
    pub status: Option<WorkingStatus>,
    /// One or two sentences below the headline.
    #[deserr(default)]
    #[schema(required = false)]
    pub standfirst: Option<Prose<1000>>,
    /// Where it was written: "New York, USA".
    #[deserr(default)]
    #[schema(required = false)]
    pub dateline: Option<Line<120>>,
    /// Language tag; `en` when left out.
    #[deserr(default)]
    #[schema(required = false)]
    pub language: Language,
    /// Instead of the one composed from the authors.
    #[deserr(default)]
    #[schema(required = false)]
    pub byline: Option<Line<300>>,
    /// Slugs of authors, in the order of the byline.
    #[deserr(default)]
    #[schema(required = false)]
    pub authors: AuthorSlugs,
    /// Slug of a tag of kind `section`.
    #[deserr(default)]
    #[schema(required = false)]
    pub section: Option<Slug>,
    /// Slugs of tags.
    #[deserr(default)]
    #[schema(required = false)]
    pub tags: TagSlugs,
    /// Slug of one of its tags or of its section, which stands for it where there is room for one. When left out, that is
    /// its first tag, or else its section. A choice that a change takes from the tags is forgotten with it.
    #[deserr(default)]
    #[schema(required = false)]
    pub primary_tag: Option<Slug>,
    /// The picture above it.
    #[deserr(default)]
    #[schema(required = false)]
    pub lead_image: Option<LeadImage>,
    /// Where readers find it, when not at the site's address and the slug.
    #[deserr(default)]
    #[schema(required = false)]
    pub canonical_url: Option<WebUrl>,
    /// Addresses that it had elsewhere or before, for an article that is moved to this site: share
    /// counts that were observed of them are added to its own. Never shown to readers.
    #[deserr(default)]
    #[schema(required = false)]
    pub former_urls: FormerUrls,
    /// The text: blocks, or HTML, Markdown or plain text to be made into blocks.
    #[deserr(default)]
    #[schema(required = false, value_type = Option<BodyInput>)]
    pub body: BodyInput,
    /// What search engines show.
    #[deserr(default)]
    #[schema(required = false)]
    pub seo: Seo,
    /// The newsroom's own JSON: an object of at most 16 KiB.
    #[deserr(default)]
    #[schema(required = false)]
    pub custom: Custom,
    /// Why this is written, for the desk: it stands in the article's revisions, and is no part of the article.
    #[deserr(default)]
    #[serde(skip_serializing)]
    #[schema(required = false)]
    pub note: Option<Prose<1000>>,
}

impl ArticleInput {
    /// What the desk is told of this.
    pub fn remark(&self) -> Remark {
        Remark::of(self.note.as_ref().map(|note| note.as_str().to_owned()))
    }

    /// Everything that an article lacks to be published.
    pub fn missing_to_publish(&self) -> Violations {
        self.missing_with(!self.authors.is_empty())
    }

    /// The same where its authors are known otherwise.
    pub fn missing_with(&self, has_author: bool) -> Violations {
        let mut missing = Violations::default();
        let mut need = |lacks: bool, pointer: &str, detail: &str| {
            if lacks {
                missing.push(Violation::new(pointer, "needed_to_publish", detail));
            }
        };
        need(
            self.headline.is_none(),
            "/headline",
            "is required to publish",
        );
        need(
            self.body.body.is_empty(),
            "/body",
            "must not be empty to publish",
        );
        need(
            !has_author && self.byline.is_none(),
            "/authors",
            "or a byline is required to publish",
        );
        if let Some(image) = &self.lead_image {
            need(
                image.alt.is_none(),
                "/lead_image/alt",
                "is required to publish",
            );
            need(
                image.credit.is_none(),
                "/lead_image/credit",
                "is required to publish",
            );
        }
        for picture in self.body.body.pictures() {
            let lacks = [("alt", picture.lacks_alt), ("credit", picture.lacks_credit)];
            for (name, _) in lacks.iter().filter(|(_, lacks)| *lacks) {
                let (pointer, detail) = picture.violation(name);
                missing.push(Violation::new(
                    format!("/body{pointer}"),
                    "needed_to_publish",
                    detail,
                ));
            }
        }
        missing
    }
}

impl ArticleInput {
    /// Refers to what was found or created, where that was said.
    pub fn refer_to(&mut self, resolved: Resolved) {
        if let Some(authors) = resolved.authors {
            self.authors = DistinctList(authors);
        }
        if let Some(tags) = resolved.tags {
            self.tags = DistinctList(tags);
        }
        self.section = resolved.section.or(self.section.take());
    }
}

/// Up to `MAX` different values in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DistinctList<T, const MAX: usize>(pub Vec<T>);

impl<T, const MAX: usize> Default for DistinctList<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> DistinctList<T, MAX> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T, const MAX: usize> Deserr<Violations> for DistinctList<T, MAX>
where
    T: Deserr<Violations> + PartialEq + std::fmt::Display,
{
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let values = Vec::<T>::deserialize_from_value(value, location)?;
        let values = at_most(values, MAX, location)?;
        for (index, value) in values.iter().enumerate() {
            if values[..index].contains(value) {
                let invalid = Invalid::new("repeated", format!("names \"{value}\" twice"));
                return Err(Violations::at(location.push_index(index), invalid));
            }
        }
        Ok(Self(values))
    }
}

impl<T: PartialSchema, const MAX: usize> PartialSchema for DistinctList<T, MAX> {
    fn schema() -> RefOr<Schema> {
        utoipa::openapi::schema::ArrayBuilder::new()
            .items(T::schema())
            .max_items(Some(MAX))
            .unique_items(true)
            .into()
    }
}

impl<T: ToSchema, const MAX: usize> ToSchema for DistinctList<T, MAX> {
    fn name() -> Cow<'static, str> {
        format!("{}List{MAX}", T::name()).into()
    }
}

/// A body in any of the ways it can be written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BodyInput {
    /// The body.
    pub body: Body,
    /// What is not as it was sent, with pointers relative to the article.
    pub warnings: Violations,
}

impl From<Body> for BodyInput {
    fn from(body: Body) -> Self {
        Self {
            body,
            warnings: Violations::default(),
        }
    }
}

impl Serialize for BodyInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.body.serialize(serializer)
    }
}

/// The formats that a body can be written in.
const FORMATS: &[&str] = &["blocks", "html", "markdown", "text"];

impl Deserr<Violations> for BodyInput {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Violations> {
        let here = pointer(location);
        let value =
            <serde_json::Value as Deserr<Violations>>::deserialize_from_value(value, location)?;
        let (below, read) = match value {
            serde_json::Value::Null => return Ok(Self::default()),
            serde_json::Value::Array(_) => ("", Body::from_blocks(value)),
            serde_json::Value::Object(fields) => {
                let source = Source::read(fields).map_err(|wrong| wrong.under(&here))?;
                ("/content", source.import())
            }
            _ => {
                let detail = "must be an array of blocks or an object with format and content";
                return Err(Violation::new(here, "wrong_type", detail).into());
            }
        };
        let place = format!("{here}{below}");
        let Imported { body, warnings } = read.map_err(|wrong| wrong.under(&place))?;
        let warnings = warnings.under(&place);
        Ok(Self { body, warnings })
    }
}

/// A text and the format that it is written in.
struct Source {
    format: String,
    content: serde_json::Value,
    base: Option<Url>,
}

impl Source {
    /// # Errors
    /// What is wrong with the members, apart from the text.
    fn read(mut fields: serde_json::Map<String, serde_json::Value>) -> Result<Self, Violations> {
        let wrong = |place: &str, code, detail: &str| {
            Err(Violations::from(Violation::new(place, code, detail)))
        };
        let format = fields.remove("format");
        let content = fields.remove("content");
        let base = fields.remove("base_url");
        if let Some(name) = fields.keys().next() {
            let mut place = String::new();
            push_key(&mut place, name);
            let detail = unknown("field", name, &["format", "content", "base_url"]);
            return wrong(&place, "unknown_field", &detail);
        }
        let Some(format) = format.as_ref().and_then(|format| format.as_str()) else {
            let detail = format!("is required: one of {}", FORMATS.join(", "));
            return wrong("/format", "required", &detail);
        };
        if !FORMATS.contains(&format) {
            return wrong(
                "/format",
                "unknown_value",
                &unknown("format", format, FORMATS),
            );
        }
        let Some(content) = content else {
            return wrong("/content", "required", "is required");
        };
        if format != "blocks" && !content.is_string() {
            return wrong("/content", "wrong_type", "must be a string");
        }
        Ok(Self {
            format: format.to_owned(),
            content,
            base: base_url(base)?,
        })
    }

    fn import(self) -> Result<Imported, Violations> {
        let base = self.base.as_ref();
        match (self.format.as_str(), self.content) {
            ("html", serde_json::Value::String(text)) => Body::from_html(&text, base),
            ("markdown", serde_json::Value::String(text)) => Body::from_markdown(&text, base),
            ("text", serde_json::Value::String(text)) => Body::from_text(&text),
            (_, content) => Body::from_blocks(content),
        }
    }
}

/// The address of the page that a text stood on, for its relative addresses.
fn base_url(value: Option<serde_json::Value>) -> Result<Option<Url>, Violations> {
    let wrong = |code, detail| Err(Violation::new("/base_url", code, detail).into());
    match value {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(serde_json::Value::String(text)) => match Url::parse(text.trim()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(url)),
            _ => wrong("invalid_url", "must be an http or https URL"),
        },
        Some(_) => wrong("wrong_type", "must be a string"),
    }
}

/// The written form of a body, for the OpenAPI document.
#[derive(ToSchema)]
#[schema(example = json!({"format": "html", "content": "<p>Twelve harbour cities have agreed.</p>"}))]
#[expect(dead_code, reason = "describes what BodyInput reads by hand")]
pub struct FormattedBody {
    #[schema(inline)]
    format: TextFormat,
    /// The text.
    #[schema(max_length = 1048576)]
    content: String,
    /// Where the text stood: its relative links and pictures are made whole by it.
    #[schema(
        required = false,
        nullable = false,
        example = "https://old-site.example/2026/harbour"
    )]
    base_url: Option<String>,
}

/// How a text is written.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum TextFormat {
    /// HTML; what cannot run safely is taken out.
    Html,
    /// CommonMark with tables, strikethrough and footnotes.
    Markdown,
    /// Plain text; blank lines part paragraphs.
    Text,
}

/// Blocks in the written form of a body, for the OpenAPI document.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what BodyInput reads by hand")]
pub struct BlocksBody {
    #[schema(inline)]
    format: BlocksFormat,
    /// The blocks.
    #[schema(value_type = BlockInputs, inline)]
    content: BlockInputs,
}

/// Says that content is blocks.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum BlocksFormat {
    /// Blocks.
    Blocks,
}

impl PartialSchema for BodyInput {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(BlockInputs::schema())
            .item(Ref::from_schema_name(BlocksBody::name()))
            .item(Ref::from_schema_name(FormattedBody::name()))
            .into()
    }
}

impl ToSchema for BodyInput {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((BlocksBody::name().into_owned(), BlocksBody::schema()));
        schemas.push((FormattedBody::name().into_owned(), FormattedBody::schema()));
        BlockInputs::schemas(schemas);
    }
}
