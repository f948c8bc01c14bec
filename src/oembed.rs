//! oEmbed (oembed.com, version 1.0): what other sites show where somebody pastes the address of an article.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::articles::formats::published::Published;
use crate::articles::parts::LeadImage;
use crate::articles::public::{EVERY_ARTICLE, unwritable};
use crate::articles::store::public;
use crate::cache::response::{Lookup, Payload};
use crate::cache::response_cache::{CacheRequest, Kind, ResponseCache};
use crate::db::changes::CacheTag;
use crate::db::slugs::public_article_once_named;
use crate::db::{Connection, StoreError};
use crate::http::params::{FromParams, KeyedQuery, Params};
use crate::problem::{Problem, ProblemDocument};
use crate::publication::{KnownPublication, Publication};
use crate::xml::XmlWriter;

/// How long those who show it are to keep it (seconds).
const CACHE_AGE: u32 = 3_600;
/// The widest thumbnail when nothing is said (pixels).
const USUAL_WIDTH: u32 = 1_280;

crate::operations! {
    self::get_oembed,
}

/// What an answer is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OembedFormat {
    /// JSON.
    #[default]
    Json,
    /// XML.
    Xml,
}

crate::closed_set!(
    OembedFormat,
    OembedFormat::ALL,
    "What an answer of oEmbed is written as."
);

impl OembedFormat {
    const ALL: &[(&str, Self)] = &[("json", Self::Json), ("xml", Self::Xml)];
}

/// Parameters of oEmbed.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OembedParams {
    /// The address of an article on the newsroom's site.
    #[param(value_type = String, example = "https://courier.example/harbour-cities-agree-flood-fund")]
    pub url: String,
    /// The widest thumbnail that is wanted, in pixels.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 10000)]
    pub maxwidth: Option<u32>,
    /// The highest thumbnail that is wanted, in pixels.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 10000)]
    pub maxheight: Option<u32>,
    /// Changes nothing: readers are never followed. Sites that embed send it.
    #[param(value_type = Option<String>)]
    pub dnt: (),
    /// `json` (default) or `xml`.
    #[param(value_type = Option<OembedFormat>, inline)]
    pub format: OembedFormat,
}

/// Most pixels of a side that can be asked for.
const MOST_PIXELS: i64 = 10_000;

impl FromParams for OembedParams {
    fn from_params(params: &mut Params) -> Result<Self, Problem> {
        let url = params.text("url")?;
        params.ignore("dnt");
        let mut pixels = |name: &str| -> Result<Option<u32>, Problem> {
            let pixels = params.number_or(name, 0, MOST_PIXELS)?;
            Ok(u32::try_from(pixels).ok().filter(|pixels| *pixels > 0))
        };
        Ok(Self {
            url: url.ok_or_else(|| Problem::parameter("url", "is missing"))?,
            dnt: (),
            maxwidth: pixels("maxwidth")?,
            maxheight: pixels("maxheight")?,
            format: params
                .choice("format", OembedFormat::ALL)?
                .unwrap_or_default(),
        })
    }
}

/// What a page shows instead of an article's bare address: a `link` of oEmbed 1.0.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Oembed {
    /// Always `link`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Always `1.0`.
    version: &'static str,
    /// The headline.
    title: String,
    /// Who wrote it, as the byline has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    author_name: Option<String>,
    /// The author's page, of one author.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    author_url: Option<String>,
    /// The publication.
    provider_name: String,
    /// Its front page.
    provider_url: String,
    /// How long to keep this (seconds).
    cache_age: u32,
    /// The picture above it, no larger than asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    thumbnail_url: Option<String>,
    /// Pixels from left to right.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    thumbnail_width: Option<u32>,
    /// Pixels from top to bottom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    thumbnail_height: Option<u32>,
}

/// The widest form of a picture that is no larger than asked for, of those whose sizes are known: address, width, height.
fn thumbnail(
    image: &LeadImage,
    params: &OembedParams,
    publication: &Publication,
) -> Option<(String, u32, u32)> {
    let (width, height) = (image.width?.get(), image.height?.get());
    let renditions = image.srcset.iter().map(|one| {
        // The same as JPEG, which everybody can show.
        let url = one
            .url
            .strip_suffix(".webp")
            .map(|name| format!("{name}.jpg"));
        let url = url.unwrap_or_else(|| one.url.clone());
        (url, u32::from(one.width), u32::from(one.height))
    });
    let whole = (image.url.as_str().to_owned(), width, height);
    let most = (
        params.maxwidth.unwrap_or(USUAL_WIDTH),
        params.maxheight.unwrap_or(u32::MAX),
    );
    renditions
        .chain([whole])
        .filter(|(_, width, height)| *width <= most.0 && *height <= most.1)
        .max_by_key(|(_, width, _)| *width)
        .and_then(|(url, width, height)| Some((publication.absolute(&url)?, width, height)))
}

impl Oembed {
    fn of(article: Published, params: &OembedParams, publication: &Publication) -> Self {
        let image = article.summary.lead_image.as_ref();
        let thumbnail = image.and_then(|image| thumbnail(image, params, publication));
        let (url, size) = thumbnail
            .map(|(url, width, height)| (url, (width, height)))
            .unzip();
        let (width, height) = size.unzip();
        let author_url = match article.summary.authors.as_slice() {
            [author] => publication.author(&author.slug).or(author.website.clone()),
            _ => None,
        };
        Self {
            kind: "link",
            version: "1.0",
            author_name: article.credited().map(str::to_owned),
            author_url,
            provider_name: publication.name.clone(),
            provider_url: publication.site().to_owned(),
            cache_age: CACHE_AGE,
            thumbnail_url: url,
            thumbnail_width: width,
            thumbnail_height: height,
            title: article.summary.headline,
        }
    }

    fn to_xml(&self) -> Vec<u8> {
        let mut writer = XmlWriter::new();
        writer.open("oembed", &[]);
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        for (name, value) in [
            ("type", Some(self.kind.to_owned())),
            ("version", Some(self.version.to_owned())),
            ("title", Some(self.title.clone())),
            ("author_name", self.author_name.clone()),
            ("author_url", self.author_url.clone()),
            ("provider_name", Some(self.provider_name.clone())),
            ("provider_url", Some(self.provider_url.clone())),
            ("cache_age", number(Some(self.cache_age))),
            ("thumbnail_url", self.thumbnail_url.clone()),
            ("thumbnail_width", number(self.thumbnail_width)),
            ("thumbnail_height", number(self.thumbnail_height)),
        ] {
            if let Some(value) = value {
                writer.text(name, &value);
            }
        }
        writer.close("oembed");
        writer.finish()
    }
}

/// Read what other sites show of an article
///
/// oEmbed 1.0 for the address of an article on the newsroom's own site: its headline, who wrote it, and its picture. Any other
/// address answers 404.
#[utoipa::path(
    get, path = "/oembed", operation_id = "getOembed", tag = "feeds",
    params(OembedParams),
    responses(
        (status = 200, description = "What to show; with `format=xml`, the same as `text/xml`.", content(
            (Oembed = "application/json"),
            (String = "text/xml"),
        ), headers(("ETag" = String, description = "Strong; for `If-None-Match`."))),
        (status = 404, description = "It is not the address of a public article of this newsroom.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "The server does not know the site's address.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_oembed(
    request: HttpRequest,
    responses: Data<ResponseCache>,
    publication: Data<KnownPublication>,
    query: KeyedQuery<OembedParams>,
) -> Result<HttpResponse, Problem> {
    let KeyedQuery { params, canonical } = query;
    let known = publication.get()?;
    if !known.is_own(&params.url) {
        return Err(Problem::not_found());
    }
    let slug = known.slug_at(&params.url);
    let wanted = CacheRequest::new(&request, Kind::Article, &canonical);
    let work = move |connection: &mut Connection| {
        let publication = publication.get()?;
        // An address that was given goes before what only looks like a slug.
        let slug = match (public::slug_of(connection, &params.url), slug) {
            (Err(StoreError::NotFound), Some(slug)) => slug,
            (found, _) => found?,
        };
        let article = match public::find(connection, &slug, false, Some(publication)) {
            Err(StoreError::NotFound) => {
                let (_, now) = public_article_once_named(connection, &slug)?;
                let now = now.parse().map_err(|_| Problem::not_found())?;
                public::find(connection, &now, false, Some(publication))?.0
            }
            found => found?.0,
        };
        let published = Published::read(&article, publication).map_err(unwritable)?;
        let oembed = Oembed::of(published, &params, publication);
        let payload = match params.format {
            OembedFormat::Json => Payload::json(&oembed)?,
            OembedFormat::Xml => Payload::of("text/xml; charset=utf-8", oembed.to_xml()),
        };
        Ok(Lookup::Here(
            payload
                .depends_on(article.depends_on())
                // Another article may come to have the address.
                .depends_on([CacheTag::Articles])
                .changing_in(article.ends_in)
                .purge_key(format!("article-{}", article.id))
                .purge_key(EVERY_ARTICLE.into())
                .purge_key("articles".into()),
        ))
    };
    responses.answer(&request, wanted, work).await
}
