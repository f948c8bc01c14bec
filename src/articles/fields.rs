//! Which fields `fields=` can choose, and what else must be asked for to have them.

use super::model::{BodyFormat, Include};
use crate::http::fields::{Known, Selection};
use crate::http::params::Params;
use crate::problem::{INVALID_PARAMETER, Problem};

/// Where articles are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// One by itself.
    Alone,
    /// In a list.
    Listed,
    /// In a list of what trends.
    Trending,
    /// As related to another one, of which nothing can be added.
    Related,
    /// In a collection.
    Collected,
}

/// What is asked for besides fields.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Where.
    pub shown: Shown,
    /// What is added.
    pub include: &'a [Include],
    /// How the body is wanted.
    pub body_format: BodyFormat,
}

impl Asked<'_> {
    /// Reads `fields=`: every field that it names is in the answer.
    ///
    /// # Errors
    /// `invalid-parameter` with the near miss of a field that is not known, or with what brings one that is
    /// not there.
    pub fn fields(&self, params: &mut Params) -> Result<Option<Selection>, Problem> {
        let selection = Selection::read(params, self.known())?;
        for name in selection.iter().flat_map(Selection::names) {
            let lacks = self.lacks(name);
            if !lacks.is_empty() {
                let detail = format!(
                    "Parameter \"fields\": \"{name}\" is there only with {}.",
                    lacks.join("&")
                );
                return Err(Problem::new(&INVALID_PARAMETER, detail));
            }
        }
        Ok(selection)
    }

    fn known(&self) -> Known {
        let place = |name: &str| {
            let place = FIELDS.iter().position(|(known, _)| *known == name);
            place.unwrap_or(FIELDS.len())
        };
        let of_article = place("id");
        match self.shown {
            Shown::Collected => &FIELDS[..place("highlights")],
            Shown::Related => &FIELDS[of_article..place("body")],
            Shown::Alone => &FIELDS[of_article..place("highlights")],
            Shown::Listed => &FIELDS[of_article..place("trend")],
            Shown::Trending => &FIELDS[of_article..],
        }
    }

    /// The parameters that must be added to have a field.
    fn lacks(&self, field: &str) -> Vec<String> {
        let formats: &[BodyFormat] = match field {
            "body" => &[BodyFormat::Blocks, BodyFormat::Both],
            "body_html" => &[BodyFormat::Html, BodyFormat::Both],
            "body_markdown" => &[BodyFormat::Markdown],
            "body_text" => &[BodyFormat::Text],
            _ => &[],
        };
        let included = match field {
            _ if !formats.is_empty() => "body",
            "jsonld_script" => "jsonld",
            field => field,
        };
        let include = Include::ALL.iter().find(|(name, _)| *name == included);
        let mut lacks = Vec::new();
        if let Some((name, include)) = include
            && !self.include.contains(include)
            && (self.shown != Shown::Alone || include.adds_to_one())
        {
            lacks.push(format!("include={name}"));
        }
        if !formats.is_empty() && !formats.contains(&self.body_format) {
            let named = BodyFormat::ALL
                .iter()
                .find(|(_, format)| *format == formats[0]);
            lacks.extend(named.map(|(name, _)| format!("body_format={name}")));
        }
        lacks
    }
}

/// Every field that an article can have: what collections add, what summaries show, what else one has, and what lists
/// add.
const FIELDS: Known = &[
    ("label", &[]),
    ("placement", &[]),
    ("id", &[]),
    ("slug", &[]),
    ("canonical_url", &[]),
    ("headline", &[]),
    ("excerpt", &[]),
    ("published_at", &[]),
    ("kicker", &[]),
    ("genre", &[]),
    ("standfirst", &[]),
    ("dateline", &[]),
    ("language", &[]),
    ("byline", &[]),
    (
        "authors",
        &[
            "id",
            "slug",
            "name",
            "role",
            "bio",
            "avatar_url",
            "website",
            "social",
            "contact_email",
        ],
    ),
    ("section", &["slug", "name", "ancestors"]),
    ("tags", &["slug", "name", "kind"]),
    ("primary_tag", &["slug", "name", "kind"]),
    (
        "lead_image",
        &[
            "url",
            "alt",
            "caption",
            "credit",
            "width",
            "height",
            "focal_point",
            "media_id",
            "overrides",
            "srcset",
            "crops",
            "thumbhash",
            "digital_source_type",
        ],
    ),
    ("updated_at", &[]),
    ("word_count", &[]),
    ("reading_minutes", &[]),
    ("body", &[]),
    ("body_html", &[]),
    ("body_markdown", &[]),
    ("body_text", &[]),
    ("corrections", &["id", "kind", "text", "published_at"]),
    ("seo", &["title", "description"]),
    ("custom", &[]),
    (
        "shares",
        &["total", "by_network", "first_party", "external", "as_of"],
    ),
    (
        "jsonld",
        &[
            "@context",
            "@type",
            "@id",
            "mainEntityOfPage",
            "url",
            "headline",
            "alternativeHeadline",
            "description",
            "inLanguage",
            "datePublished",
            "dateModified",
            "dateline",
            "author",
            "publisher",
            "articleSection",
            "keywords",
            "about",
            "mentions",
            "isPartOf",
            "wordCount",
            "timeRequired",
            "image",
            "correction",
            "interactionStatistic",
            "isAccessibleForFree",
        ],
    ),
    ("jsonld_script", &[]),
    (
        "meta",
        &[
            "element", "name", "property", "content", "rel", "href", "type", "title",
        ],
    ),
    ("highlights", &["headline", "standfirst", "body"]),
    ("trend", &["score", "shares"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_field_lacks_is_said() {
        use BodyFormat::{Both, Html, Text};
        use Shown::{Alone, Listed, Trending};
        let asked = |shown, include, body_format| Asked {
            shown,
            include,
            body_format,
        };
        for (shown, include, format, field, lacks) in [
            (Alone, &[][..], Both, "body", ""),
            (Alone, &[], Both, "seo", ""),
            (Alone, &[], Both, "shares", "include=shares"),
            (Alone, &[], Text, "body_html", "body_format=html"),
            (Alone, &[], Text, "body_text", ""),
            (Listed, &[], Both, "headline", ""),
            (Listed, &[], Both, "custom", "include=custom"),
            (
                Listed,
                &[],
                Both,
                "body_markdown",
                "include=body&body_format=markdown",
            ),
            (Listed, &[Include::Body], Html, "body_html", ""),
            (Trending, &[], Both, "trend", ""),
            (Trending, &[Include::Seo], Both, "seo", ""),
        ] {
            let found = asked(shown, include, format).lacks(field).join("&");
            assert_eq!(found, lacks, "{shown:?} {field}");
        }
        let known = |shown| asked(shown, &[], BodyFormat::Both).known().len();
        assert!(known(Shown::Related) < known(Shown::Alone));
        assert_eq!(known(Shown::Alone) + 2, known(Shown::Trending));
        assert_eq!(known(Shown::Listed) + 1, known(Shown::Trending));
        assert_eq!(known(Shown::Alone) + 2, known(Shown::Collected));
    }
}
