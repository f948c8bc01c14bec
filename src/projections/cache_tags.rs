//! Which cached responses are out of date.

use crate::db::changes::CacheTag;
use crate::db::{Id, Resource, StoreResult};
use crate::events::{ArticleEvent, ArticleState, Change, Event, NameEvent, Projection};

/// Marks what a change touches of what is public. The clock touches nothing: responses that it makes out
/// of date know when.
pub(super) struct CacheTags;

impl Projection for CacheTags {
    fn name(&self) -> &'static str {
        "cache_tags"
    }

    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()> {
        match event {
            Event::Appeared { .. } | Event::Desk(_) => {}
            Event::Article {
                event,
                id,
                before,
                after,
                ..
            } => {
                for state in [before, after] {
                    touch(change, *id, state);
                }
                if is_of_corrections(event) || !before.is_public_when(after) {
                    change.invalidate(CacheTag::Corrections);
                }
            }
            Event::Collection { id, .. } => {
                change.invalidate(CacheTag::Collection(*id));
                change.invalidate(CacheTag::Collections);
            }
            Event::Name { event, of, id, .. } => {
                change.invalidate(match of {
                    Resource::Author => CacheTag::Authors,
                    Resource::Tag | Resource::Article => CacheTag::Tags,
                });
                let of_author = *of == Resource::Author;
                let name = if of_author {
                    CacheTag::Author
                } else {
                    CacheTag::Tag
                };
                let articles = if of_author {
                    CacheTag::ArticlesOfAuthor
                } else {
                    CacheTag::ArticlesOfTag
                };
                match event {
                    NameEvent::Created(_) => {}
                    NameEvent::Edited(_) | NameEvent::Absorbed(_) => change.invalidate(name(*id)),
                    NameEvent::Deleted => {
                        change.invalidate(name(*id));
                        change.invalidate(articles(*id));
                    }
                    NameEvent::Merged(into) => {
                        for merged in [*id, *into] {
                            change.invalidate(name(merged));
                            change.invalidate(articles(merged));
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether readers are told of a mistake, or not any more.
fn is_of_corrections(event: &ArticleEvent) -> bool {
    matches!(
        event,
        ArticleEvent::Corrected
            | ArticleEvent::CorrectionChanged(_)
            | ArticleEvent::CorrectionWithdrawn(_)
            | ArticleEvent::Retracted
    )
}

/// What shows a published article, one that is scheduled or under embargo included.
fn touch(change: &mut Change<'_>, id: Id, article: &ArticleState) {
    if !article.is_published {
        return;
    }
    change.invalidate(CacheTag::Article(id));
    change.invalidate(CacheTag::Articles);
    for tag in article.tags.iter().chain(&article.section) {
        change.invalidate(CacheTag::ArticlesOfTag(*tag));
    }
    for author in &article.authors {
        change.invalidate(CacheTag::ArticlesOfAuthor(*author));
    }
}
