//! What a store could not do, as a problem.

use std::time::Duration;

use actix_web::http::header::{self, HeaderValue};

use super::{
    CONFLICT, Existing, FORBIDDEN, IN_USE, INTERNAL, KEY_IN_FLIGHT, KEY_REUSED, LOCKED,
    MERGE_CONFLICT, NAME_TAKEN, OUTCOME_UNKNOWN, PRECONDITION_FAILED, PRECONDITION_REQUIRED,
    Problem, SHOWN_ONCE, SLUG_TAKEN, TOO_SLOW, UNAVAILABLE, WRONG_STATE,
};
use crate::db::total::{Total, TotalIs};
use crate::db::{LockedBy, Outage, Resource, StoreError, Timestamp};
use crate::etag::{self, PRIVATE};
use crate::log::Repeated;
use crate::validation::{MOST_DETAIL, cut};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found(),
            StoreError::VersionMismatch { current } => Self::precondition_failed(
                current,
                "It was changed since you read it; the ETag header names the current version.",
            ),
            StoreError::WeakVersion { current } => Self::precondition_failed(
                current,
                "If-Match has a weak ETag (W/\"…\"), which never matches (RFC 9110, section 13.1.1). A proxy \
                 that compresses responses may have made it weak: send it without W/, as in the ETag header.",
            ),
            StoreError::SlugTaken {
                slug,
                suggestion,
                existing,
            } => {
                let mut problem = Self::new(
                    &SLUG_TAKEN,
                    format!("The slug \"{slug}\" is taken; \"{suggestion}\" is free."),
                );
                problem.0.suggestion = Some(suggestion);
                problem.0.existing = existing.map(|article| Existing::from(*article));
                problem
            }
            StoreError::NameTaken { id, slug, name } => {
                let detail = format!("The tag \"{slug}\" has the name \"{name}\" already.");
                let mut problem = Self::new(&NAME_TAKEN, detail);
                problem.0.existing = Some(Existing {
                    id,
                    slug,
                    name: Some(name),
                    headline: None,
                });
                problem
            }
            StoreError::Taken(violations, holder) => {
                let mut problem = Self::validation(violations);
                problem.0.existing = Some((*holder).into());
                problem
            }
            StoreError::InUse { of, slug, articles } => {
                let mut problem = Self::new(&IN_USE, in_use(of, &slug, articles));
                problem.0.article_count = Some(articles.items);
                problem
            }
            StoreError::MediaInUse {
                articles,
                has_more,
                slugs,
            } => {
                let more = if has_more { "More than " } else { "" };
                let named = match slugs.is_empty() {
                    true => String::new(),
                    false => format!(": {}", slugs.join(", ")),
                };
                let detail = format!(
                    "{more}{articles} articles or working copies show it{named}. /uses lists them."
                );
                let mut problem = Self::new(&IN_USE, detail);
                problem.0.article_count = i64::try_from(articles).ok();
                problem
            }
            StoreError::FillsCollections { slug, collections } => Self::new(
                &IN_USE,
                format!(
                    "Collections are filled by the tag \"{slug}\": {}. Change their rules first, or merge the \
                     tag into another.",
                    collections.join(", ")
                ),
            ),
            StoreError::HasBelow { slug, below } => Self::new(
                &IN_USE,
                format!(
                    "Other tags stand below the tag \"{slug}\": {}. Give them another parent first, or merge the \
                     tag into another.",
                    below.join(", ")
                ),
            ),
            StoreError::VersionRequired => Self::new(
                &PRECONDITION_REQUIRED,
                "There is one already: send If-Match with the ETag that you read.",
            ),
            StoreError::NoVersion => Self::new(
                &PRECONDITION_FAILED,
                "There is none, so that If-Match cannot name its version; leave it out to create one.",
            )
            .with_header(header::CACHE_CONTROL, HeaderValue::from_static(PRIVATE)),
            StoreError::Exists { current } => Self::precondition_failed(
                current,
                "There is one already, and If-None-Match asked for a new one; the ETag header names its version.",
            ),
            StoreError::InvalidTransition { detail, allowed } => {
                let mut problem = Self::new(&WRONG_STATE, detail);
                problem.0.allowed = Some(allowed);
                problem
            }
            StoreError::Diverged {
                article_version,
                conflicts,
            } => {
                let detail = match conflicts.is_empty() {
                    true => format!("The article has version {article_version} by now: look at it first."),
                    false => MERGE_CONFLICT.meaning.to_owned(),
                };
                let mut problem = Self::new(&MERGE_CONFLICT, detail);
                problem.0.diverged = Some((article_version, conflicts));
                problem
            }
            StoreError::Forbidden(detail) => Self::new(&FORBIDDEN, detail),
            StoreError::Locked(by) => Self::locked(*by),
            StoreError::Conflict => Self::new(&CONFLICT, CONFLICT.meaning),
            StoreError::Invalid(violations) => Self::validation(violations),
            StoreError::TooSlow => Self::new(
                &TOO_SLOW,
                "This takes longer than one request gets, and was ended. Narrow it: fewer words in q, \
                 no beginnings, a tag, a section, an author, dates, or no count.",
            ),
            StoreError::KeyReused => Self::new(&KEY_REUSED, KEY_REUSED.meaning),
            StoreError::KeyInFlight => Self::new(&KEY_IN_FLIGHT, KEY_IN_FLIGHT.meaning)
                .with_header(header::RETRY_AFTER, HeaderValue::from(1)),
            StoreError::ShownOnce(location) => Self::new(
                &SHOWN_ONCE,
                match location {
                    Some(location) => format!(
                        "It was done: see {location}. The secret in its response is not kept; delete it and make \
                         another one."
                    ),
                    None => SHOWN_ONCE.meaning.to_owned(),
                },
            ),
            StoreError::TooManyKeys => Self::rate_limited(
                "The responses stored under your idempotency keys today are as many as a day (UTC) has. Send this \
                 without a key, or many articles in one batch.",
                until_tomorrow(),
            ),
            StoreError::Operation {
                index,
                pointer,
                error,
            } => Self::of_operation(index, pointer, *error),
            StoreError::Unavailable(outage, reason) => Self::of_outage(outage, &reason),
            StoreError::OutcomeUnknown(reason) => {
                tracing::warn!(%reason, "whether a write was committed is unknown");
                Self::new(&OUTCOME_UNKNOWN, OUTCOME_UNKNOWN.meaning)
            }
            StoreError::Corrupt(reason) => {
                tracing::error!(%reason, "what is stored cannot be read");
                Self::new(&INTERNAL, INTERNAL.meaning)
            }
            StoreError::Database(error) => {
                tracing::error!(%error, "database");
                Self::new(&INTERNAL, INTERNAL.meaning)
            }
        }
    }
}

impl Problem {
    /// The database cannot do it now.
    fn of_outage(outage: Outage, reason: &str) -> Self {
        // Each kind for itself: one must not hide another.
        static LOGS: [Repeated; Outage::COUNT] = [const { Repeated::new() }; Outage::COUNT];
        LOGS[outage as usize].warn(&format!("database unavailable ({outage:?}): {reason}"));
        let (detail, seconds) = match outage {
            Outage::Unreachable => ("The database cannot be reached.", 1),
            Outage::Busy => ("The database is busy.", 1),
            Outage::QueueFull => ("Too much waits to be written.", 1),
            Outage::DiskFull => ("The database's disk is full: nothing can be written.", 60),
            Outage::ReadOnly => ("The database can only be read at present.", 10),
            Outage::Unsuitable => ("The database is not ready for this server.", 10),
        };
        let mut problem = Self::new(&UNAVAILABLE, detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from(seconds));
        problem.0.is_outage = outage == Outage::Unreachable;
        problem
    }

    /// Why one operation of several cannot be made, and so none of them.
    fn of_operation(index: usize, pointer: Option<&str>, error: StoreError) -> Self {
        let mut problem = Self::from(error);
        if let Some(pointer) = pointer {
            problem = problem.of_one_operation(index, pointer);
        }
        problem.0.detail = cut(
            &format!(
                "Operation {index}: {} Nothing was changed.",
                problem.0.detail
            ),
            MOST_DETAIL,
        );
        problem.0.operation = Some(index);
        problem
    }

    /// 412 with the version that stands.
    fn precondition_failed(current: i64, detail: &str) -> Self {
        let problem = Self::new(&PRECONDITION_FAILED, detail)
            .with_header(header::CACHE_CONTROL, HeaderValue::from_static(PRIVATE));
        match HeaderValue::try_from(etag::of_version(current)) {
            Ok(tag) => problem.with_header(header::ETAG, tag),
            Err(_) => problem,
        }
    }

    /// The answer for an article that somebody else edits.
    fn locked(by: LockedBy) -> Self {
        let who = by.name.as_deref().unwrap_or("somebody else");
        let detail = format!("It is being edited by {who}, until {}.", by.until);
        let mut problem = Self::new(&LOCKED, detail);
        problem.0.lock = Some(by.into());
        problem
    }
}

fn in_use(of: Resource, slug: &str, articles: Total) -> String {
    let number = match (articles.items, articles.is) {
        (1, _) => "1 article refers".to_owned(),
        (number, TotalIs::Exact) => format!("{number} articles refer"),
        (number, TotalIs::AtLeast) => format!("More than {number} articles refer"),
    };
    format!(
        "{number} to the {of} \"{slug}\", of any status; merge it into another, or change them first."
    )
}

/// How long the day lasts (UTC).
fn until_tomorrow() -> Duration {
    let now = Timestamp::now();
    let day = chrono::Duration::days(1);
    let left = now.cut_to(day).plus(day).utc() - now.utc();
    left.to_std().unwrap_or_default()
}
