//! Posts, tags, authors and settings in Ghost's form. What it has and a newsroom here has not is null, as there.

use serde_json::{Map, Value, json};

use crate::articles::formats::published::Published;
use crate::articles::read_model::StoredBody;
use crate::authors::model::AuthorRef;
use crate::authors::profile::SocialLink;
use crate::body::escape;
use crate::db::Timestamp;
use crate::publication::Publication;
use crate::tags::model::{Tag, TagKind};

/// An object of Ghost.
pub type Object = Map<String, Value>;

/// Most characters of an excerpt that is made of a text.
const EXCERPT: usize = 500;

/// What Ghost has of posts, and nobody here.
const NULL_OF_POSTS: [&str; 11] = [
    "codeinjection_head",
    "codeinjection_foot",
    "custom_template",
    "og_image",
    "og_title",
    "og_description",
    "twitter_image",
    "twitter_title",
    "twitter_description",
    "email_subject",
    "frontmatter",
];
/// What Ghost has of tags, and nobody here.
const NULL_OF_TAGS: [&str; 13] = [
    "feature_image",
    "og_image",
    "og_title",
    "og_description",
    "twitter_image",
    "twitter_title",
    "twitter_description",
    "meta_title",
    "meta_description",
    "codeinjection_head",
    "codeinjection_foot",
    "canonical_url",
    "accent_color",
];
/// What Ghost has of authors, and nobody here.
const NULL_OF_AUTHORS: [&str; 4] = ["cover_image", "location", "meta_title", "meta_description"];
/// What Ghost has of a site, and nobody here.
const NULL_OF_SETTINGS: [&str; 19] = [
    "accent_color",
    "cover_image",
    "facebook",
    "twitter",
    "codeinjection_head",
    "codeinjection_foot",
    "meta_title",
    "meta_description",
    "og_image",
    "og_title",
    "og_description",
    "twitter_image",
    "twitter_title",
    "twitter_description",
    "firstpromoter_account",
    "portal_button_icon",
    "portal_signup_terms_html",
    "default_email_address",
    "support_email_address",
];

/// An object with these members, and others that are null.
fn object(null: &[&str], value: Value) -> Object {
    let mut object = match value {
        Value::Object(object) => object,
        _ => Object::new(),
    };
    object.extend(null.iter().map(|name| ((*name).to_owned(), Value::Null)));
    object
}

/// A time as Ghost writes it: with an offset, and never `Z`.
fn time(instant: Timestamp) -> String {
    instant
        .utc()
        .format("%Y-%m-%dT%H:%M:%S%.3f+00:00")
        .to_string()
}

/// Which texts a post has.
#[derive(Debug, Clone, Copy)]
pub struct Formats {
    /// `html`.
    pub html: bool,
    /// `plaintext`.
    pub plaintext: bool,
}

/// A post, without its tags and authors.
///
/// # Errors
/// When its body cannot be read: a mistake in the code.
pub fn post(
    article: &Published,
    body: Option<&StoredBody>,
    formats: Formats,
    publication: &Publication,
) -> serde_json::Result<Object> {
    let summary = &article.summary;
    let image = summary.lead_image.as_ref();
    let caption = image.and_then(|image| {
        let caption = image.caption.as_ref().map(|text| escape(text.as_str()));
        let credit = image.credit.as_ref().map(|text| escape(text.as_str()));
        match (caption, credit) {
            (Some(caption), Some(credit)) => Some(format!("{caption} <span>{credit}</span>")),
            (one, other) => one.or(other),
        }
    });
    let seo = &article.details.seo;
    let mut post = object(
        &NULL_OF_POSTS,
        json!({
            "id": article.id,
            "uuid": article.id,
            "title": summary.headline,
            "slug": article.slug,
            "comment_id": article.id,
            "feature_image": image.and_then(|image| publication.absolute(image.url.as_str())),
            "feature_image_alt": image.and_then(|image| image.alt.as_ref()),
            "feature_image_caption": caption,
            "featured": false,
            "visibility": "public",
            "created_at": time(summary.published_at),
            "updated_at": time(article.modified()),
            "published_at": time(summary.published_at),
            "custom_excerpt": summary.standfirst,
            "canonical_url": article.url,
            "url": article.url,
            "excerpt": summary.standfirst.clone().unwrap_or_else(|| article.description().to_owned()),
            "reading_time": summary.reading_minutes,
            "access": true,
            "comments": false,
            "meta_title": seo.title,
            "meta_description": seo.description,
        }),
    );
    if let Some(body) = body {
        if formats.html {
            let html = Published::html(body, publication);
            post.insert("html".into(), html.into());
        }
        let needs_text = summary.standfirst.is_none();
        if formats.plaintext || needs_text {
            let text = body.parse()?.to_text();
            if needs_text {
                let excerpt: String = text.chars().take(EXCERPT).collect();
                post.insert("excerpt".into(), excerpt.into());
            }
            if formats.plaintext {
                post.insert("plaintext".into(), text.into());
            }
        }
    }
    Ok(post)
}

/// A tag or a section.
pub fn tag(tag: &Tag, with_count: bool, publication: &Publication) -> Object {
    let page = match tag.kind {
        TagKind::Section => publication.section(&tag.slug),
        _ => publication.tag(&tag.slug),
    };
    let url = page.unwrap_or_else(|| format!("{}tag/{}/", publication.site(), tag.slug));
    let mut tagged = object(
        &NULL_OF_TAGS,
        json!({
            "id": tag.id,
            "name": tag.name,
            "slug": tag.slug,
            "description": tag.description,
            "visibility": "public",
            "url": url,
        }),
    );
    if with_count {
        tagged.insert("count".into(), json!({"posts": tag.article_count}));
    }
    tagged
}

/// An author; with the number of their articles where that is given.
pub fn author(author: &AuthorRef, count: Option<i64>, publication: &Publication) -> Object {
    let page = publication.author(&author.slug);
    let url = page.unwrap_or_else(|| format!("{}author/{}/", publication.site(), author.slug));
    let on = |network: &str| on(&author.social, network);
    let avatar = author.avatar_url.as_ref();
    let mut written = object(
        &NULL_OF_AUTHORS,
        json!({
            "id": author.id,
            "name": author.name,
            "slug": author.slug,
            "profile_image": avatar.and_then(|url| publication.absolute(url)),
            "bio": author.bio,
            "website": author.website,
            "facebook": on("facebook"),
            "twitter": on("x"),
            "threads": on("threads"),
            "bluesky": on("bluesky"),
            "mastodon": on("mastodon"),
            "tiktok": on("tiktok"),
            "youtube": on("youtube"),
            "instagram": on("instagram"),
            "linkedin": on("linkedin"),
            "url": url,
        }),
    );
    if let Some(count) = count {
        written.insert("count".into(), json!({"posts": count}));
    }
    written
}

/// Where else readers find an author.
fn on(social: &[SocialLink], network: &str) -> Option<String> {
    let known = social.iter().find(|link| link.network.as_str() == network);
    known.map(|link| link.url.to_string())
}

/// What the site is called, and what there is in its navigation.
pub fn settings(publication: &Publication, sections: &[Tag], language: &str) -> Object {
    let navigation = sections.iter().map(|section| {
        let page = publication.section(&section.slug);
        let url = page.unwrap_or_else(|| format!("{}tag/{}/", publication.site(), section.slug));
        json!({"label": section.name, "url": url})
    });
    object(
        &NULL_OF_SETTINGS,
        json!({
            "title": publication.name,
            "description": publication.description.as_deref().unwrap_or_default(),
            "logo": publication.publisher.logo,
            "icon": publication.publisher.logo,
            "lang": language,
            "locale": language,
            "timezone": "Etc/UTC",
            "navigation": navigation.collect::<Vec<_>>(),
            "secondary_navigation": [],
            "members_support_address": "",
        "members_enabled": false,
            "members_invite_only": false,
            "members_signup_access": "none",
            "paid_members_enabled": false,
            "allow_self_signup": false,
            "allow_external_signup": false,
            "portal_button": false,
            "portal_button_signup_text": "Subscribe",
            "portal_button_style": "icon-and-text",
            "portal_name": false,
            "portal_plans": [],
            "portal_signup_checkbox_required": false,
            "portal_default_plan": "yearly",
            "editor_default_email_recipients": "disabled",
            "comments_enabled": "off",
            "recommendations_enabled": false,
            "outbound_link_tagging": false,
            "web_analytics": false,
            "url": publication.site(),
            "version": "6.0",
        }),
    )
}

/// An object's fields that are wanted; all when none is named.
pub fn chosen(mut object: Object, fields: &[String]) -> Object {
    if !fields.is_empty() {
        object.retain(|name, _| fields.iter().any(|field| field == name));
    }
    object
}
