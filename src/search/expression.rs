//! A query in the language of FTS5, or of `tsquery`.

use super::entry::{AUTHOR, BYLINE, HEADLINE, Rank, STANDFIRST, TAG, TEXT, key};
use super::query::Term;
use crate::db::Id;

/// The language of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Fts5,
    /// Postgres.
    Tsquery,
}

/// A term with the keys of the tags and authors whose names have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedTerm {
    /// The term.
    pub term: Term,
    /// Tags and sections.
    pub tags: Vec<Id>,
    /// Authors.
    pub authors: Vec<Id>,
}

/// A query whose names have been looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedQuery {
    /// All of these are found; never empty.
    pub wanted: Vec<ResolvedTerm>,
    /// None of these is.
    pub unwanted: Vec<ResolvedTerm>,
    /// From each group, the article has at least one tag, section or author: what a filter asks
    /// for, so that it narrows the lists of words as well.
    pub tagged: Vec<Vec<Id>>,
}

impl ResolvedQuery {
    /// The articles that match.
    pub fn all(&self, dialect: Dialect) -> String {
        self.narrowed(dialect, self.found_by(dialect, Rank::Authors))
    }

    /// The articles that have just this rank; `None` when there cannot be any, because nothing
    /// more is looked at than for the rank above.
    pub fn ranked(&self, dialect: Dialect, rank: Rank) -> Option<String> {
        let here = self.found_by(dialect, rank);
        let above = Rank::ALL.iter().rev().find(|above| **above < rank);
        let ranked = match above.map(|above| self.found_by(dialect, *above)) {
            None => here,
            Some(above) if above == here => return None,
            Some(above) => dialect.except(&here, &above),
        };
        Some(self.narrowed(dialect, ranked))
    }

    fn found_by(&self, dialect: Dialect, rank: Rank) -> String {
        let terms = self.wanted.iter().map(|found| found.places(dialect, rank));
        dialect.all(terms.collect())
    }

    fn narrowed(&self, dialect: Dialect, found: String) -> String {
        let groups = self.tagged.iter().map(|group| {
            let keys = group
                .iter()
                .flat_map(|id| [key(TAG, *id), key(AUTHOR, *id)]);
            dialect.any(keys.map(|key| dialect.word(&key)).collect())
        });
        let narrowed = dialect.all(std::iter::once(found).chain(groups).collect());
        let unwanted = self
            .unwanted
            .iter()
            .map(|found| found.places(dialect, Rank::Authors));
        match dialect.any(unwanted.collect()) {
            none if none.is_empty() => narrowed,
            unwanted => dialect.except(&narrowed, &unwanted),
        }
    }
}

impl ResolvedTerm {
    /// Where the term may be found for a rank.
    fn places(&self, dialect: Dialect, rank: Rank) -> String {
        let marker = match rank {
            Rank::Headline => HEADLINE,
            Rank::Standfirst => STANDFIRST,
            Rank::Body | Rank::Tags | Rank::Authors => TEXT,
        };
        let mut places = vec![dialect.term(marker, &self.term)];
        if rank >= Rank::Tags {
            places.extend(self.tags.iter().map(|id| dialect.word(&key(TAG, *id))));
        }
        if rank >= Rank::Authors {
            places.push(dialect.term(BYLINE, &self.term));
            places.extend(
                self.authors
                    .iter()
                    .map(|id| dialect.word(&key(AUTHOR, *id))),
            );
        }
        dialect.any(places)
    }
}

/// Words have letters, digits and full-width signs only, so nothing is escaped. Every part is in parentheses: the
/// languages disagree on which operator binds tighter.
impl Dialect {
    fn word(self, word: &str) -> String {
        match self {
            Self::Fts5 => format!("\"{word}\""),
            Self::Tsquery => format!("'{word}'"),
        }
    }

    /// Either form of a term.
    fn term(self, marker: char, term: &Term) -> String {
        let forms = term.forms.iter();
        self.any(
            forms
                .map(|form| self.phrase(marker, form, term.prefix))
                .collect(),
        )
    }

    fn phrase(self, marker: char, form: &[String], prefix: bool) -> String {
        let words: Vec<String> = form.iter().map(|word| format!("{marker}{word}")).collect();
        match self {
            Self::Fts5 => {
                let beginning = if prefix { " *" } else { "" };
                format!("\"{}\"{beginning}", words.join(" "))
            }
            Self::Tsquery => {
                let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                let beginning = if prefix { ":*" } else { "" };
                format!("({}{beginning})", words.join(" <-> "))
            }
        }
    }

    fn joined(self, parts: Vec<String>, fts5: &str, tsquery: &str) -> String {
        let operator = match self {
            Self::Fts5 => fts5,
            Self::Tsquery => tsquery,
        };
        match parts.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            several => format!("({})", several.join(operator)),
        }
    }

    fn all(self, parts: Vec<String>) -> String {
        self.joined(parts, " AND ", " & ")
    }

    fn any(self, parts: Vec<String>) -> String {
        self.joined(parts, " OR ", " | ")
    }

    fn except(self, these: &str, those: &str) -> String {
        match self {
            Self::Fts5 => format!("({these} NOT {those})"),
            Self::Tsquery => format!("({these} & !({those}))"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::query::Query;

    fn lookup(text: &str) -> ResolvedQuery {
        let found = |term| ResolvedTerm {
            term,
            tags: vec![],
            authors: vec![],
        };
        let query = Query::parse(text);
        ResolvedQuery {
            wanted: query.wanted.into_iter().map(found).collect(),
            unwanted: query.unwanted.into_iter().map(found).collect(),
            tagged: vec![],
        }
    }

    #[test]
    fn both_languages_say_the_same() {
        let query = lookup("flood \"new yo\"* -tax");
        assert_eq!(
            query.ranked(Dialect::Fts5, Rank::Headline).unwrap(),
            "((\"hflood\" AND \"hnew hyo\" *) NOT (\"ttax\" OR \"btax\"))"
        );
        assert_eq!(
            query.ranked(Dialect::Tsquery, Rank::Headline).unwrap(),
            "((('hflood') & ('hnew' <-> 'hyo':*)) & !((('ttax') | ('btax'))))"
        );
        let joined = lookup("co-op*");
        assert_eq!(
            joined.ranked(Dialect::Fts5, Rank::Headline).unwrap(),
            "(\"hco hop\" * OR \"hcoop\" *)"
        );
        assert_eq!(
            joined.ranked(Dialect::Tsquery, Rank::Headline).unwrap(),
            "(('hco' <-> 'hop':*) | ('hcoop':*))"
        );
        assert!(query.ranked(Dialect::Fts5, Rank::Tags).is_none());
        assert!(
            query
                .ranked(Dialect::Fts5, Rank::Standfirst)
                .unwrap()
                .contains("\"sflood\"")
        );
    }
}
