//! An article as IPTC ninjs 3.1 (iptc.org/std/ninjs), which agencies and partners read.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::corrections::corrections;
use super::pictures::PublishedPicture;
use super::published::{NamedTag, Published};
use super::{list, object, text};
use crate::articles::parts::Genre;
use crate::articles::read_model::StoredBody;
use crate::http::page::List;
use crate::publication::Publication;
use crate::tags::model::TagKind;

/// An item of IPTC ninjs 3.1. Members that say nothing are left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Ninjs(pub Value);

impl PartialSchema for Ninjs {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some(
                "An item of IPTC ninjs 3.1, as its JSON Schema has it (https://iptc.org/std/ninjs/).",
            ))
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .examples([json!({
                "uri": "urn:uuid:019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11", "type": "text", "pubStatus": "usable",
                "headlines": [{"role": "main", "contentType": "text/plain", "value": "Harbour cities agree on a flood fund"}]
            })])
            .into()
    }
}

impl ToSchema for Ninjs {}

/// A page of the list of articles with `format=ninjs`.
pub type NinjsPage = List<Ninjs>;

/// A genre in the IPTC's vocabulary `genre`: its last part, and its name. Live texts and paid ones have none there.
fn genre(genre: Genre) -> Option<(&'static str, &'static str)> {
    match genre {
        Genre::Report => Some(("Current", "Current")),
        Genre::Opinion => Some(("Opinion", "Opinion")),
        Genre::Analysis => Some(("Analysis", "Analysis")),
        Genre::Background => Some(("Background", "Background")),
        Genre::Review => Some(("Review", "Review")),
        Genre::Live | Genre::Sponsored => None,
    }
}

impl Ninjs {
    /// Says an article, with its body where there is one.
    ///
    /// # Errors
    /// When the body cannot be read, which those that were written can.
    pub fn of(
        article: &Published,
        body: Option<&StoredBody>,
        publication: &Publication,
    ) -> serde_json::Result<Self> {
        let summary = &article.summary;
        let of_kind = |kinds: &[TagKind]| {
            let tags = summary.tags.iter().filter(|tag| kinds.contains(&tag.kind));
            tags.map(|tag| named(tag, publication)).collect::<Vec<_>>()
        };
        let section = summary.section.iter().map(|section| {
            object([
                ("name", Some(json!(section.name))),
                ("rel", Some(json!("section"))),
                ("uri", text(publication.section(&section.slug))),
                ("literal", Some(json!(section.slug))),
            ])
        });
        let subjects = section.chain(of_kind(&[TagKind::Topic, TagKind::Series]));
        let genre = summary.genre.and_then(genre);
        Ok(Self(object([
            ("standard", Some(json!({"name": "ninjs", "version": "3.1"}))),
            ("uri", Some(json!(article.urn()))),
            ("type", Some(json!("text"))),
            (
                "representationType",
                Some(json!(if body.is_some() { "full" } else { "partial" })),
            ),
            ("firstCreated", Some(json!(summary.published_at))),
            ("versionCreated", Some(json!(article.modified()))),
            ("pubStatus", Some(json!("usable"))),
            ("language", Some(json!(summary.language))),
            ("title", text(Some(&summary.headline))),
            ("headlines", headlines(article)),
            ("descriptions", descriptions(article)),
            ("by", text(Some(&summary.byline))),
            ("slugline", Some(json!(article.slug))),
            ("located", text(summary.dateline.as_ref())),
            (
                "bodies",
                body.map(|body| bodies(article, body, publication)),
            ),
            ("people", list(of_kind(&[TagKind::Person]))),
            ("organisations", list(of_kind(&[TagKind::Organisation]))),
            ("places", list(of_kind(&[TagKind::Place]))),
            ("events", list(of_kind(&[TagKind::Event]))),
            ("subjects", list(subjects)),
            (
                "genres",
                genre.map(|(code, name)| {
                    let uri = format!("http://cv.iptc.org/newscodes/genre/{code}");
                    json!([{"name": name, "uri": uri}])
                }),
            ),
            ("infoSources", sources(article, publication)),
            (
                "renditions",
                Some(json!([{"name": "page", "href": article.url, "contentType": "text/html"}])),
            ),
            ("associations", associations(article, body, publication)?),
            (
                "altIds",
                Some(json!([{"role": "slug", "value": article.slug}])),
            ),
        ])))
    }
}

fn headlines(article: &Published) -> Option<Value> {
    let seo = article
        .details
        .seo
        .title
        .as_ref()
        .map(|title| title.as_str());
    let all = [("main", Some(&*article.summary.headline)), ("seo", seo)];
    list(all.into_iter().filter_map(|(role, value)| {
        Some(json!({"role": role, "contentType": "text/plain", "value": value?}))
    }))
}

fn descriptions(article: &Published) -> Option<Value> {
    let seo = article
        .details
        .seo
        .description
        .as_ref()
        .map(|text| text.as_str());
    let standfirst = article.summary.standfirst.as_deref();
    let excerpt =
        Some(&*article.summary.excerpt).filter(|text| standfirst.is_none() && !text.is_empty());
    let all = [
        ("standfirst", standfirst),
        ("excerpt", excerpt),
        ("seo", seo),
    ];
    list(all.into_iter().filter_map(|(role, value)| {
        Some(json!({"role": role, "contentType": "text/plain", "value": value?}))
    }))
}

fn bodies(article: &Published, body: &StoredBody, publication: &Publication) -> Value {
    let html = corrections(article) + &Published::html(body, publication);
    json!([{
        "role": "main", "contentType": "text/html", "wordCount": article.summary.word_count,
        "value": html,
    }])
}

fn named(tag: &NamedTag, publication: &Publication) -> Value {
    object([
        ("name", Some(json!(tag.name))),
        (
            "rel",
            Some(json!(if tag.kind == TagKind::Series {
                "series"
            } else {
                "about"
            })),
        ),
        ("uri", text(publication.tag(&tag.slug))),
        ("literal", Some(json!(tag.slug))),
    ])
}

fn sources(article: &Published, publication: &Publication) -> Option<Value> {
    let authors = article.summary.authors.iter().map(|author| {
        object([
            ("name", Some(json!(author.name))),
            ("role", Some(json!("author"))),
            ("uri", text(publication.author(&author.slug))),
            ("literal", Some(json!(author.slug))),
        ])
    });
    let publisher = object([
        ("name", Some(json!(publication.publisher.name))),
        ("role", Some(json!("publisher"))),
        ("uri", Some(json!(publication.publisher.url))),
    ]);
    list(authors.chain([publisher]))
}

/// The pictures that it shows, each an item of its own.
fn associations(
    article: &Published,
    body: Option<&StoredBody>,
    publication: &Publication,
) -> serde_json::Result<Option<Value>> {
    let lead = article.summary.lead_image.as_ref();
    let lead = lead.and_then(|image| PublishedPicture::of_lead(image, publication));
    let body = body.map(StoredBody::parse).transpose()?;
    let blocks = body.as_ref().map_or(&[][..], |body| body.blocks());
    let inside = PublishedPicture::of_body(blocks, publication);
    let lead = lead
        .into_iter()
        .map(|picture| ("lead_image".to_owned(), picture));
    let inside = inside.into_iter().enumerate();
    let inside = inside.map(|(index, picture)| (format!("image-{}", index + 1), picture));
    Ok(list(lead.chain(inside).map(|(name, picture)| {
        let described = [("caption", &picture.caption), ("alt", &picture.alt)];
        let described = described.into_iter().filter_map(|(role, words)| {
            let words = text(words.clone())?;
            Some(json!({"role": role, "contentType": "text/plain", "value": words}))
        });
        let source = picture.digital_source_type.as_ref().map(|name| {
            let uri = format!("http://cv.iptc.org/newscodes/digitalsourcetype/{name}");
            json!({"name": name, "uri": uri})
        });
        object([
            ("name", Some(json!(name))),
            ("uri", Some(json!(picture.url))),
            ("type", Some(json!("picture"))),
            ("pubStatus", Some(json!("usable"))),
            ("by", text(picture.credit.clone())),
            ("descriptions", list(described)),
            ("renditions", Some(json!([rendition(&picture)]))),
            ("digitalSourceType", source),
        ])
    })))
}

fn rendition(picture: &PublishedPicture) -> Value {
    let pixels = |part: f64, side: u32| (part * f64::from(side)).round() as i64;
    let point = picture.focal_point.zip(picture.width.zip(picture.height));
    object([
        ("name", Some(json!("original"))),
        ("href", Some(json!(picture.url))),
        ("width", picture.width.map(Value::from)),
        ("height", picture.height.map(Value::from)),
        (
            "poi",
            point.map(|(point, (width, height))| {
                json!({"x": pixels(point.x, width), "y": pixels(point.y, height)})
            }),
        ),
    ])
}
