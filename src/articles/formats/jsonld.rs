//! An article as JSON-LD with the words of schema.org: what search engines and assistants read.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::pictures::PublishedPicture;
use super::published::{NamedTag, Published};
use super::{list, object, text};
use crate::articles::parts::Genre;
use crate::publication::Publication;
use crate::shares::model::Shares;
use crate::tags::model::TagKind;

/// A `NewsArticle` of schema.org or one of its subtypes, as an object of JSON-LD 1.1. Members that say nothing are left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct JsonLd(pub Value);

impl PartialSchema for JsonLd {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some(
                "A `NewsArticle` of schema.org or one of its subtypes, by the article's genre, as an object of JSON-LD 1.1.",
            ))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .examples([json!({
                "@context": "https://schema.org", "@type": "ReportageNewsArticle",
                "headline": "Harbour cities agree on a flood fund"
            })])
            .into()
    }
}

impl ToSchema for JsonLd {}

/// What schema.org calls a genre.
fn type_of(genre: Option<Genre>) -> &'static str {
    match genre {
        None => "NewsArticle",
        Some(Genre::Report) => "ReportageNewsArticle",
        Some(Genre::Opinion) => "OpinionNewsArticle",
        Some(Genre::Analysis) => "AnalysisNewsArticle",
        Some(Genre::Background) => "BackgroundNewsArticle",
        Some(Genre::Review) => "ReviewNewsArticle",
        Some(Genre::Live) => "LiveBlogPosting",
        Some(Genre::Sponsored) => "AdvertiserContentArticle",
    }
}

/// Members of the IPTC's vocabulary that schema.org has as well.
const SOURCE_TYPES: &[&str] = &[
    "algorithmicallyEnhanced",
    "algorithmicMedia",
    "compositeCapture",
    "compositeSynthetic",
    "compositeWithTrainedAlgorithmicMedia",
    "dataDrivenMedia",
    "digitalArt",
    "digitalCapture",
    "minorHumanEdits",
    "negativeFilm",
    "positiveFilm",
    "print",
    "screenCapture",
    "trainedAlgorithmicMedia",
    "virtualRecording",
];

fn source_type(name: &str) -> Option<Value> {
    let known = SOURCE_TYPES.iter().find(|known| **known == name)?;
    let (first, rest) = known.split_at(1);
    let first = first.to_ascii_uppercase();
    Some(json!(format!(
        "https://schema.org/{first}{rest}DigitalSource"
    )))
}

impl JsonLd {
    /// Says an article; with counts, how often it was shared, if it was.
    pub fn of(article: &Published, shares: Option<&Shares>, publication: &Publication) -> Self {
        let (summary, details) = (&article.summary, &article.details);
        let kind = type_of(summary.genre);
        // Of other articles than news schema.org knows no dateline.
        let is_news = kind.ends_with("NewsArticle");
        let named = |kinds: &[TagKind], wanted: &str| {
            let tags = summary.tags.iter().filter(|tag| kinds.contains(&tag.kind));
            list(tags.map(|tag| thing(tag, wanted, publication)))
        };
        let about = [TagKind::Topic, TagKind::Event];
        let mentions = [TagKind::Person, TagKind::Organisation, TagKind::Place];
        let page = article.url.split('#').next().unwrap_or_default();
        let is_free = details.custom.get("is_accessible_for_free");
        Self(object([
            ("@context", Some(json!("https://schema.org"))),
            ("@type", Some(json!(kind))),
            ("@id", Some(json!(format!("{page}#article")))),
            (
                "mainEntityOfPage",
                Some(json!({"@type": "WebPage", "@id": article.url})),
            ),
            ("url", Some(json!(article.url))),
            ("headline", text(Some(&summary.headline))),
            (
                "alternativeHeadline",
                text(details.seo.title.as_ref().map(|title| title.as_str())),
            ),
            ("description", text(Some(article.summed_up()))),
            ("inLanguage", Some(json!(summary.language))),
            ("datePublished", Some(json!(summary.published_at))),
            ("dateModified", Some(json!(article.modified()))),
            (
                "dateline",
                text(summary.dateline.as_ref().filter(|_| is_news)),
            ),
            ("author", authors(article, publication)),
            ("publisher", Some(publisher(publication))),
            (
                "articleSection",
                text(summary.section.as_ref().map(|section| &section.name)),
            ),
            (
                "keywords",
                list(summary.tags.iter().map(|tag| json!(tag.name))),
            ),
            ("about", named(&about, "about")),
            ("mentions", named(&mentions, "mentions")),
            ("isPartOf", named(&[TagKind::Series], "isPartOf")),
            ("wordCount", Some(json!(summary.word_count))),
            (
                "timeRequired",
                (summary.reading_minutes > 0)
                    .then(|| json!(format!("PT{}M", summary.reading_minutes))),
            ),
            ("image", image(article, publication)),
            ("correction", corrections(article)),
            ("interactionStatistic", shares.and_then(shared)),
            (
                "isAccessibleForFree",
                Some(json!(is_free.and_then(Value::as_bool).unwrap_or(true))),
            ),
        ]))
    }

    /// The same as text that can stand in an element `script` of HTML: nothing in it ends that, or a line of a script.
    ///
    /// # Errors
    /// When it cannot be written as JSON: a mistake in the code.
    pub fn to_script(&self) -> serde_json::Result<String> {
        let text = serde_json::to_string(&self.0)?;
        let mut safe = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                // All of them stand within strings only.
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    safe.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
                c => safe.push(c),
            }
        }
        Ok(safe)
    }
}

fn thing(tag: &NamedTag, wanted: &str, publication: &Publication) -> Value {
    let kind = match tag.kind {
        TagKind::Person => "Person",
        TagKind::Organisation => "Organization",
        TagKind::Place => "Place",
        TagKind::Event => "Event",
        TagKind::Series => "CreativeWorkSeries",
        TagKind::Topic | TagKind::Section => "Thing",
    };
    let page = publication.tag(&tag.slug);
    // What it is about has a page elsewhere; the page here is about it.
    let page = (wanted == "isPartOf").then_some(page).flatten();
    object([
        ("@type", Some(json!(kind))),
        ("name", Some(json!(tag.name))),
        ("url", text(page)),
    ])
}

fn authors(article: &Published, publication: &Publication) -> Option<Value> {
    let authors = article.summary.authors.iter().map(|author| {
        let image = author.avatar_url.as_deref();
        object([
            ("@type", Some(json!("Person"))),
            ("name", Some(json!(author.name))),
            (
                "url",
                text(publication.author(&author.slug).or(author.website.clone())),
            ),
            ("jobTitle", text(author.role.as_ref())),
            ("description", text(author.bio.as_ref())),
            (
                "image",
                text(image.and_then(|image| publication.absolute(image))),
            ),
            (
                "sameAs",
                list(author.social.iter().map(|link| json!(link.url))),
            ),
        ])
    });
    // A byline alone may be that of an agency, or of several.
    let byline = article
        .credited()
        .map(|name| json!([{"@type": "Organization", "name": name}]));
    list(authors).or(byline)
}

fn publisher(publication: &Publication) -> Value {
    let publisher = &publication.publisher;
    let logo = publisher.logo.as_ref();
    object([
        ("@type", Some(json!("NewsMediaOrganization"))),
        ("name", Some(json!(publisher.name))),
        ("url", Some(json!(publisher.url))),
        (
            "logo",
            logo.map(|url| json!({"@type": "ImageObject", "url": url})),
        ),
    ])
}

fn image(article: &Published, publication: &Publication) -> Option<Value> {
    let lead = article.summary.lead_image.as_ref()?;
    let picture = PublishedPicture::of_lead(lead, publication)?;
    let object = |url: &str, width: Option<u32>, height: Option<u32>| {
        object([
            ("@type", Some(json!("ImageObject"))),
            ("url", Some(json!(url))),
            ("width", width.map(Value::from)),
            ("height", height.map(Value::from)),
            ("caption", text(picture.caption.clone())),
            ("creditText", text(picture.credit.clone())),
            ("description", text(picture.alt.clone())),
            (
                "digitalSourceType",
                picture.digital_source_type.as_deref().and_then(source_type),
            ),
        ])
    };
    let crops = picture.crops.iter();
    let crops = crops.map(|crop| object(&crop.url, Some(crop.width), Some(crop.height)));
    let whole = object(&picture.url, picture.width, picture.height);
    list(std::iter::once(whole).chain(crops))
}

fn corrections(article: &Published) -> Option<Value> {
    let corrections = article.details.corrections.iter();
    list(corrections.map(|correction| {
        json!({
            "@type": "CorrectionComment", "text": correction.text,
            "datePublished": correction.published_at,
        })
    }))
}

fn shared(shares: &Shares) -> Option<Value> {
    let total = shares.total;
    (total > 0).then(|| {
        json!({
            "@type": "InteractionCounter", "interactionType": {"@type": "ShareAction"},
            "userInteractionCount": total,
        })
    })
}
