//! Articles that belong to another one: those that share its tags, rare ones before common ones,
//! published around the same time.
//!
//! The score of a candidate is the sum over the shared tags (the section is one of them) of
//! `ln(1 + RARE / n)`, where `n` is how many published articles have the tag, at most `RARE`, times
//! `0.5 ^ (days between the two / HALF_LIFE)`. It depends on nothing but the two articles and how
//! common their tags are. Candidates are the newest of each tag, so the cost does not grow with the
//! archive.

use std::collections::HashMap;

use diesel::prelude::*;

use super::public::{Site, several};
use crate::articles::read_model::PublicArticle;
use crate::db::changes::CacheTag;
use crate::db::schema::{public_articles, public_articles_by_tag};
use crate::db::slugs::public_articles_named;
use crate::db::{Connection, Id, StoreResult, Timestamp};
use crate::tags;
use crate::text::Slug;

/// How many of the newest articles of each tag are looked at.
const CANDIDATES: i64 = 200;
/// A tag of so many articles says nothing any more.
const RARE: f64 = 10_000.0;
/// Days in which nearness in time loses half its weight.
const HALF_LIFE: f64 = 60.0;

/// The articles that belong to the public article that a slug names, but for some that slugs name, and what
/// decides which.
///
/// # Errors
/// [`StoreError::NotFound`](crate::db::StoreError::NotFound) when no public article has the slug.
pub fn related(
    connection: &mut Connection,
    slug: &Slug,
    exclude: &[Slug],
    limit: usize,
    site: Site,
) -> StoreResult<(Vec<PublicArticle>, Vec<CacheTag>)> {
    let (id, published_at, section): (Id, Timestamp, Option<Id>) = public_articles::table
        .filter(public_articles::slug.eq(slug.as_str()))
        .select((
            public_articles::id,
            public_articles::published_at,
            public_articles::section_id,
        ))
        .first(connection)?;
    let tags: Vec<Id> = public_articles_by_tag::table
        .filter(public_articles_by_tag::id.eq(id))
        .select(public_articles_by_tag::tag_id)
        .load(connection)?;
    let mut cache_tags = vec![CacheTag::Article(id)];
    let mut scores: HashMap<Id, (f64, Timestamp)> = HashMap::new();
    let counts = tags::store::published_articles(connection, &tags)?;
    for tag in &tags {
        use public_articles_by_tag::{id as article, published_at as at, table, tag_id};
        let of_tag = table.filter(tag_id.eq(tag));
        let newest: Vec<(Id, Timestamp)> = of_tag
            .order((at.desc(), article.desc()))
            .limit(CANDIDATES)
            .select((article, at))
            .load(connection)?;
        let count = counts.get(tag).map_or(0.0, |count| *count as f64);
        add(&mut scores, newest, count.min(RARE));
        cache_tags.extend([CacheTag::ArticlesOfTag(*tag), CacheTag::Tag(*tag)]);
    }
    if let Some(section) = section {
        use public_articles::{id as article, published_at as at, section_id, table};
        let newest: Vec<(Id, Timestamp)> = table
            .filter(section_id.eq(section))
            .order((at.desc(), article.desc()))
            .limit(CANDIDATES)
            .select((article, at))
            .load(connection)?;
        // A section is as common as a tag can be: it decides only where nothing else does.
        add(&mut scores, newest, RARE);
        cache_tags.extend([CacheTag::ArticlesOfTag(section), CacheTag::Tag(section)]);
    }
    scores.remove(&id);
    if !exclude.is_empty() {
        // Any article may take a slug that another one had.
        cache_tags.push(CacheTag::Articles);
        for left_out in public_articles_named(connection, exclude)?.values() {
            scores.remove(left_out);
        }
    }
    let mut ranked: Vec<(f64, Id)> = scores
        .into_iter()
        .map(|(candidate, (weight, at))| {
            let millis = (at.utc() - published_at.utc()).num_milliseconds().abs();
            let days = millis as f64 / 86_400_000.0;
            (weight * 0.5_f64.powf(days / HALF_LIFE), candidate)
        })
        .collect();
    ranked.sort_by(|left, right| right.0.total_cmp(&left.0).then(right.1.cmp(&left.1)));
    let ids: Vec<Id> = ranked.into_iter().take(limit).map(|(_, id)| id).collect();
    Ok((several(connection, &ids, site)?, cache_tags))
}

fn add(scores: &mut HashMap<Id, (f64, Timestamp)>, found: Vec<(Id, Timestamp)>, count: f64) {
    let weight = (1.0 + RARE / count.max(1.0)).ln();
    for (id, at) in found {
        scores.entry(id).or_insert((0.0, at)).0 += weight;
    }
}
