//! What the audit trail can be narrowed to.

use std::fmt;
use std::str::FromStr;

use utoipa::IntoParams;

use super::kinds::EventKind;
use crate::db::{Id, Timestamp};
use crate::text::Slug;
use crate::validation::unknown;

/// Most characters of the name of a kind of resource.
const MOST_NAME: usize = 40;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByActor {
    /// This person.
    User(Id),
    /// This API token.
    Token(Id),
    /// The server, or the command line.
    System,
}

impl FromStr for ByActor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = |id: &str| id.parse::<Id>().ok();
        let found = match text.split_once(':') {
            Some(("user", id)) => read(id).map(Self::User),
            Some(("token", id)) => read(id).map(Self::Token),
            None if text == "system" => Some(Self::System),
            _ => None,
        };
        found.ok_or_else(|| "must be user:{id}, token:{id} or system".into())
    }
}

impl fmt::Display for ByActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Token(id) => write!(f, "token:{id}"),
            Self::System => f.write_str("system"),
        }
    }
}

/// To what it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToResource {
    /// Anything of this kind.
    Kind(String),
    /// This one.
    Id(String, Id),
    /// The one that a slug names, now or once.
    Slug(SlugKind, Slug),
}

/// The kinds of resources that slugs name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlugKind {
    /// An article.
    Article,
    /// A tag; a section is one.
    Tag,
    /// An author.
    Author,
    /// A collection.
    Collection,
}

impl SlugKind {
    const ALL: &[(&str, Self)] = &[
        ("article", Self::Article),
        ("tag", Self::Tag),
        ("author", Self::Author),
        ("collection", Self::Collection),
    ];

    fn as_str(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, kind)| *kind == self);
        found.map_or("article", |(word, _)| word)
    }
}

impl FromStr for ToResource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, which) = match text.split_once(':') {
            Some((kind, which)) => (kind, Some(which)),
            None => (text, None),
        };
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        if kind.is_empty() || kind.len() > MOST_NAME || !kind.bytes().all(is_word) {
            return Err("must be a kind such as article, article:{id} or article:{slug}".into());
        }
        let Some(which) = which else {
            return Ok(Self::Kind(kind.to_owned()));
        };
        if let Ok(id) = which.parse() {
            return Ok(Self::Id(kind.to_owned(), id));
        }
        let known: Vec<&str> = SlugKind::ALL.iter().map(|(word, _)| *word).collect();
        let of = SlugKind::ALL.iter().find(|(word, _)| *word == kind);
        let Some((_, of)) = of else {
            let reason = unknown("kind of resource with slugs", kind, &known);
            return Err(format!("must have an id after the colon: {reason}"));
        };
        let slug = which
            .parse()
            .map_err(|_| format!("must have an id or a slug after \"{kind}:\""))?;
        Ok(Self::Slug(*of, slug))
    }
}

impl fmt::Display for ToResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => f.write_str(kind),
            Self::Id(kind, id) => write!(f, "{kind}:{id}"),
            Self::Slug(kind, slug) => write!(f, "{}:{}", kind.as_str(), slug.as_str()),
        }
    }
}

/// Orders of the audit trail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AuditSort {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

impl AuditSort {
    /// Every order by name.
    pub const ALL: &[(&str, Self)] = &[
        ("-sequence", Self::NewestFirst),
        ("sequence", Self::OldestFirst),
    ];
}

crate::closed_set!(
    AuditSort,
    AuditSort::ALL,
    "In which order entries come: `-` means the newest first."
);

/// Which entries a list has.
#[derive(Debug, Clone, Default, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// Only what this one did: `user:{id}`, `token:{id}` or `system`.
    #[param(value_type = Option<String>, example = "system")]
    pub actor: Option<ByActor>,
    /// Only what happened to this: a kind such as `article`, one of them as `article:{id}`, or as `article:{slug}` where
    /// slugs name them (articles, tags, authors and collections), present ones and former ones.
    #[param(value_type = Option<String>, example = "article")]
    pub resource: Option<ToResource>,
    /// Only these kinds of events, comma-separated.
    #[param(inline, rename = "kind", value_type = Option<Vec<EventKind>>, style = Form, explode = false, max_items = 20, example = json!(["article_published", "article_appeared"]))]
    pub kinds: Vec<EventKind>,
    /// Only what was recorded later than this instant.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-01T00:00:00Z")]
    pub recorded_after: Option<Timestamp>,
    /// Only what was recorded earlier than this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    pub recorded_before: Option<Timestamp>,
}

impl AuditFilter {
    /// Whether a page is read from one index, however long the log is: at most one of actor, resource and kinds.
    pub fn is_by_index(&self) -> bool {
        let narrowed = [
            self.actor.is_some(),
            self.resource.is_some(),
            !self.kinds.is_empty(),
        ];
        narrowed.into_iter().filter(|by| *by).count() <= 1
    }

    /// The list that cursors belong to: its filters.
    pub fn list(&self) -> String {
        format!("audit {self:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "019a8f3c-5d1e-7c44-9d5b-0c6f0f7f6a11";

    #[test]
    fn actors_and_resources_are_read_as_they_are_written() {
        for text in [format!("user:{ID}"), format!("token:{ID}"), "system".into()] {
            assert_eq!(text.parse::<ByActor>().unwrap().to_string(), text);
        }
        for text in [
            "article".into(),
            format!("user:{ID}"),
            "tag:climate".into(),
            format!("preview_link:{ID}"),
        ] {
            assert_eq!(text.parse::<ToResource>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_names_nobody_is_refused() {
        for wrong in [
            "",
            "user",
            "user:",
            "user:alex",
            "system:",
            "alex@example.com",
        ] {
            assert!(wrong.parse::<ByActor>().is_err(), "{wrong}");
        }
        for wrong in [
            "",
            ":",
            "Article",
            "article:",
            "article:Not A Slug",
            "user:alex",
            "a b",
        ] {
            assert!(wrong.parse::<ToResource>().is_err(), "{wrong}");
        }
    }
}
