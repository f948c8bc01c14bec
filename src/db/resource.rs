//! What editors write: articles, tags, authors.

use std::fmt;

/// A kind of row that has a slug, a version and a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// An article.
    Article,
    /// A tag; a section is one.
    Tag,
    /// An author.
    Author,
}

impl Resource {
    /// Its name, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Tag => "tag",
            Self::Author => "author",
        }
    }

    /// The table of such rows.
    pub fn table(self) -> &'static str {
        match self {
            Self::Article => "articles",
            Self::Tag => "tags",
            Self::Author => "authors",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
