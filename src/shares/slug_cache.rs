//! Which public article a slug names, remembered while that is provably so: under a stampede the
//! same few are asked for again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use quick_cache::sync::Cache;

use crate::db::changes::CacheTag;
use crate::db::{Database, Id, StoreError, StoreResult, slugs};
use crate::text::Slug;

/// Slugs that are remembered.
const REMEMBERED: usize = 10_000;

/// Public articles by slug.
pub struct SlugCache {
    database: Database,
    known: Cache<Slug, Arc<Known>>,
}

struct Known {
    article: Id,
    /// The write after which it was known to be so.
    after: AtomicU64,
    /// When it ends by itself.
    until: Option<Instant>,
}

impl SlugCache {
    /// Those of a database.
    pub fn new(database: Database) -> Self {
        Self {
            database,
            known: Cache::new(REMEMBERED),
        }
    }

    /// The article that a slug names or, when it names none, once named: a page that was opened
    /// before its slug changed is still one of this article.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn find(&self, slug: Slug) -> StoreResult<Id> {
        let changes = self.database.changes();
        let is_lease_valid = changes.is_lease_valid(Instant::now());
        if is_lease_valid
            && let Some(known) = self.known.get(&slug)
            && known.until.is_none_or(|until| Instant::now() < until)
        {
            let after = known.after.load(Ordering::Acquire);
            // What is public stays so until its time is over; besides that only a write can end it.
            let cache_tags = [CacheTag::Article(known.article).into()];
            if after == changes.sequence() {
                return Ok(known.article);
            }
            if let Some(checked) = changes.untouched_since(&cache_tags, after) {
                known.after.fetch_max(checked, Ordering::AcqRel);
                return Ok(known.article);
            }
        }
        let (after, asked) = (changes.sequence(), Instant::now());
        let wanted = slug.clone();
        let ((article, ends_in), named_now) = self
            .database
            .read_shortly(
                move |connection| match slugs::public_article(connection, &wanted) {
                    Err(StoreError::NotFound) => {
                        let (article, _) = slugs::public_article_once_named(connection, &wanted)?;
                        Ok(((article, None), false))
                    }
                    found => Ok((found?, true)),
                },
            )
            .await?;
        // A slug that it once had may be taken by another article without this one being touched.
        if is_lease_valid && named_now {
            let known = Known {
                article,
                after: AtomicU64::new(after),
                until: ends_in.and_then(|lasts| asked.checked_add(lasts)),
            };
            self.known.insert(slug, Arc::new(known));
        }
        Ok(article)
    }
}
