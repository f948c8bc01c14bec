//! How many articles the months have, for sitemaps.

use diesel::prelude::*;

use crate::db::changes::CacheTag;
use crate::db::month_counts::{Month, add};
use crate::db::schema::articles;
use crate::db::{Id, StoreResult, Timestamp};
use crate::events::{ArticleEvent, ArticleState, Change, Event, Projection};

/// Notes what months gain and lose, and when readers see it.
pub(super) struct Months;

impl Projection for Months {
    fn name(&self) -> &'static str {
        "months"
    }

    fn apply(&self, change: &mut Change<'_>, event: &Event) -> StoreResult<()> {
        match event {
            Event::Article {
                event,
                before,
                after,
                ..
            } => {
                // One that the clock took back was seen until then.
                let was_seen = |state: &ArticleState| {
                    state.is_public(change.now) || *event == ArticleEvent::Expired
                };
                let is_seen = was_seen(before) || was_seen(after);
                let seen_at = is_seen.then_some(change.now);
                match (month_of(before), month_of(after)) {
                    (None, None) => {}
                    (Some(month), Some(same)) if month == same => {
                        if is_seen {
                            add(change.connection, month, 0, seen_at)?;
                        }
                    }
                    (old, new) => {
                        for (month, gain) in [(old, -1), (new, 1)] {
                            if let Some(month) = month {
                                add(change.connection, month, gain, seen_at)?;
                            }
                        }
                    }
                }
                for month in [month_of(before), month_of(after)].into_iter().flatten() {
                    change.invalidate(CacheTag::ArticlesOfMonth(month));
                    change.invalidate(CacheTag::Months);
                }
            }
            Event::Appeared { id, .. } => {
                if let Some(at) = published_at(change, *id)? {
                    let now = change.now;
                    add(change.connection, Month::of(at), 0, Some(now))?;
                    change.invalidate(CacheTag::Months);
                }
            }
            Event::Name { .. } | Event::Collection { .. } | Event::Desk(_) => {}
        }
        Ok(())
    }
}

/// The month that has it among its published articles.
fn month_of(article: &ArticleState) -> Option<Month> {
    let at = article.published_at.filter(|_| article.is_published)?;
    Some(Month::of(at))
}

fn published_at(change: &mut Change<'_>, id: Id) -> StoreResult<Option<Timestamp>> {
    let at: Option<Option<Timestamp>> = articles::table
        .filter(articles::id.eq(id))
        .select(articles::published_at)
        .first(change.connection)
        .optional()?;
    Ok(at.flatten())
}
