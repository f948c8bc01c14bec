//! The articles that the rule of a collection takes: the newest that do not stand above.
//!
//! Candidates are read from one index: those of the tags, or else of the section, or else all. Which of them have
//! what else the rule asks for is looked up, for more and more of them. So what a rule costs has a bound,
//! however rare what it asks for is.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::rows::{Row, RuleTag, RuleTags};
use crate::articles::model::{ArticleSort, TagKey};
use crate::articles::store::selection::{Rule, Selection, SortKey, Window};
use crate::db::changes::CacheTag;
use crate::db::{Connection, Id, StoreResult, Timestamp};
use crate::tags::model::TagKind;
use crate::tags::store::tree::WithSubsections;

/// How many candidates are looked at, and how many more when these are too few. A page has at most 100 articles, and as
/// many can stand above.
const CANDIDATES: [i64; 2] = [200, 10_000];

/// The rule of a collection.
pub(super) struct Filling {
    rule: Rule,
    /// Its tags one by one, each with the sections below it where it is one.
    places: Vec<Vec<TagKey>>,
    /// Whether what it takes depends on which sections stand below which.
    names_sections: bool,
}

fn keys(tags: Vec<RuleTag>) -> Vec<TagKey> {
    tags.into_iter().map(|tag| (tag.id, tag.kind)).collect()
}

impl Filling {
    /// What a collection's row and its tags say. A section stands for those below it as well.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn find(
        connection: &mut Connection,
        row: &Row,
        tags: RuleTags,
    ) -> StoreResult<Self> {
        let (with, without) = (keys(tags.with), keys(tags.without));
        let section = row.fill_section_id.map(|id| (id, TagKind::Section));
        let named = with.iter().chain(&without).copied().chain(section);
        let subsections = WithSubsections::find(connection, named.clone())?;
        let sections = subsections.of(section.as_slice());
        let names_sections = named.into_iter().any(|(_, kind)| kind == TagKind::Section);
        Ok(Self {
            places: with.iter().map(|tag| subsections.of(&[*tag])).collect(),
            names_sections,
            rule: Rule {
                tags: subsections.of(&with),
                sections: sections.into_iter().map(|(id, _)| id).collect(),
                language: row
                    .fill_language
                    .as_deref()
                    .and_then(|tag| tag.parse().ok()),
                without_tags: subsections.of(&without),
            },
        })
    }

    /// What decides which articles it takes.
    pub(super) fn depends_on(&self, connection: &Connection) -> Vec<CacheTag> {
        let mut cache_tags = Selection::of(connection, self.rule.clone()).depends_on();
        if self.names_sections {
            cache_tags.push(CacheTag::Tags);
        }
        cache_tags
    }

    /// Where candidates are looked for, each place in an index of its own.
    fn places(&self) -> Vec<Rule> {
        if self.places.is_empty() {
            let sections = self.rule.sections.clone();
            return vec![Rule {
                sections,
                ..Rule::default()
            }];
        }
        let of_one =
            |tags: &Vec<TagKey>| match tags.iter().any(|(_, kind)| *kind == TagKind::Section) {
                true => Rule {
                    sections: tags.iter().map(|(id, _)| *id).collect(),
                    ..Rule::default()
                },
                false => Rule {
                    tags: tags.clone(),
                    ..Rule::default()
                },
            };
        self.places.iter().map(of_one).collect()
    }

    /// The newest candidates, and whether there are no others.
    fn candidates(&self, connection: &mut Connection, most: i64) -> StoreResult<(Vec<Id>, bool)> {
        let window = Window {
            sort: ArticleSort::NewestFirst,
            start: None,
            limit: most,
        };
        let mut found: Vec<(Timestamp, Id)> = Vec::new();
        for place in self.places() {
            let page = Selection::of(connection, place).page(connection, window)?;
            found.extend(page.into_iter().filter_map(|(id, key)| match key {
                SortKey::At(at) => Some((at, id)),
                _ => None,
            }));
        }
        found.sort_unstable_by_key(|place| Reverse(*place));
        found.dedup();
        let is_all = (found.len() as i64) < most;
        found.truncate(usize::try_from(most).unwrap_or(0));
        Ok((found.into_iter().map(|(_, id)| id).collect(), is_all))
    }

    /// Whether candidates have all that it asks for.
    fn is_one_place(&self) -> bool {
        let rule = &self.rule;
        let section = rule.tags.is_empty() || rule.sections.is_empty();
        section && rule.language.is_none() && rule.without_tags.is_empty()
    }

    /// Up to `wanted` articles that it takes besides those that are `above`.
    pub(super) fn articles(
        &self,
        connection: &mut Connection,
        above: &HashSet<Id>,
        wanted: usize,
    ) -> StoreResult<Vec<Id>> {
        let mut taken = Vec::new();
        for most in CANDIDATES {
            let (candidates, is_all) = self.candidates(connection, most)?;
            let fitting = match self.is_one_place() {
                true => None,
                false => {
                    let rule = Selection::of(connection, self.rule.clone());
                    Some(rule.among(connection, &candidates)?)
                }
            };
            let fits = |id: &Id| {
                !above.contains(id) && fitting.as_ref().is_none_or(|these| these.contains(id))
            };
            taken = candidates.into_iter().filter(fits).take(wanted).collect();
            if taken.len() == wanted || is_all {
                break;
            }
        }
        Ok(taken)
    }
}
