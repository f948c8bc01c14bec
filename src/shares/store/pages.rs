//! Which article a URL is of, and what was observed of URLs that are no article's present address.
//!
//! Each of those keeps its counts, with the page that it is of and the article that had this page: an article's
//! counts of its former addresses are the sum over these.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::totals;
use crate::db::lock::{self, Lock};
use crate::db::schema::{articles, former_urls, share_counts, url_share_counts};
use crate::db::types::{IdSql, TimestampSql};
use crate::db::{Connection, Id, StoreResult, Timestamp, slugs};
use crate::shares::model::Network;
use crate::shares::page::{PageAddress, Sites};
use crate::text::{AbsoluteUrl, Slug};

/// The article that a URL is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It is its present address, as readers are given it.
    Present(Id),
    /// It is that in another spelling, or with a slug that it had before.
    OtherSpelling(Id),
    /// It is an address that it had elsewhere or before.
    Former(Id),
}

/// What a page's article is looked up by.
struct Wanted<'a> {
    url: &'a str,
    page: PageAddress,
    slug: Option<Slug>,
    former_slug: Option<Slug>,
}

/// The articles that URLs are of, of any status: the one whose present address it is, by its slug or its
/// `canonical_url`; else the one that names it among its `former_urls`; else the one whose slug it has on
/// a former site. URLs of none are left out.
///
/// # Errors
/// When the database fails.
pub fn articles_at<'a>(
    connection: &mut Connection,
    sites: &Sites,
    urls: impl IntoIterator<Item = &'a AbsoluteUrl>,
) -> StoreResult<HashMap<&'a str, Found>> {
    let wanted: Vec<Wanted<'_>> = urls.into_iter().map(|url| wanted(sites, url)).collect();
    let slugs: Vec<Slug> = wanted
        .iter()
        .flat_map(|wanted| [&wanted.slug, &wanted.former_slug])
        .flatten()
        .cloned()
        .collect();
    let by_slug = slugs::articles_named(connection, &slugs)?;
    let canonical = by_canonical_url(connection, sites, &wanted)?;
    let former = by_former_url(connection, &wanted)?;
    let named = |slug: &Option<Slug>| by_slug.get(slug.as_ref()?).copied();
    let present =
        |wanted: &Wanted<'_>| named(&wanted.slug).or_else(|| canonical.get(&wanted.page).copied());
    let before = |wanted: &Wanted<'_>| {
        let said = former.get(&wanted.page).copied();
        said.or_else(|| named(&wanted.former_slug))
            .map(Found::Former)
    };
    let urls = present_urls(connection, sites, wanted.iter().filter_map(present))?;
    let found = |wanted: &Wanted<'a>| match present(wanted) {
        Some(id) if urls.get(&id).is_some_and(|url| url == wanted.url) => Some(Found::Present(id)),
        Some(id) => Some(Found::OtherSpelling(id)),
        None => before(wanted),
    };
    let found = wanted
        .iter()
        .filter_map(|wanted| Some((wanted.url, found(wanted)?)));
    Ok(found.collect())
}

fn wanted<'a>(sites: &Sites, url: &'a AbsoluteUrl) -> Wanted<'a> {
    let page = PageAddress::of(url.as_str());
    Wanted {
        url: url.as_str(),
        slug: sites.slug(&page),
        former_slug: sites.former_slug(&page),
        page,
    }
}

/// Articles whose editors say that they are found at one of these pages.
fn by_canonical_url(
    connection: &mut Connection,
    sites: &Sites,
    wanted: &[Wanted<'_>],
) -> StoreResult<HashMap<PageAddress, Id>> {
    let mut pages: HashMap<String, &PageAddress> = HashMap::new();
    for Wanted { page, .. } in wanted {
        let spellings = sites.spellings(page).into_iter();
        pages.extend(spellings.map(|spelling| (spelling, page)));
    }
    let spellings: Vec<&String> = pages.keys().collect();
    let rows: Vec<(Option<String>, Id)> = articles::table
        .filter(articles::canonical_url.eq_any(spellings))
        .select((articles::canonical_url, articles::id))
        // Of several the first.
        .order(articles::id.desc())
        .load(connection)?;
    let rows = rows.into_iter();
    Ok(rows
        .filter_map(|(url, id)| Some(((*pages.get(&url?)?).clone(), id)))
        .collect())
}

fn by_former_url(
    connection: &mut Connection,
    wanted: &[Wanted<'_>],
) -> StoreResult<HashMap<PageAddress, Id>> {
    let pages: Vec<&str> = wanted.iter().map(|wanted| wanted.page.as_str()).collect();
    // An older version beside this one writes no addresses.
    let urls: Vec<&str> = wanted.iter().map(|wanted| wanted.url).collect();
    let rows: Vec<(String, Id)> = former_urls::table
        .filter(
            former_urls::address
                .eq_any(pages)
                .or(former_urls::url.eq_any(urls)),
        )
        .select((former_urls::url, former_urls::article_id))
        .load(connection)?;
    let rows = rows.into_iter();
    Ok(rows.map(|(url, id)| (PageAddress::of(&url), id)).collect())
}

/// Where readers are told to find articles.
fn present_urls(
    connection: &mut Connection,
    sites: &Sites,
    of: impl Iterator<Item = Id>,
) -> StoreResult<HashMap<Id, String>> {
    let of: BTreeSet<Id> = of.collect();
    let rows: Vec<(Id, String, Option<String>)> = articles::table
        .filter(articles::id.eq_any(of.into_iter().collect::<Vec<Id>>()))
        .select((articles::id, articles::slug, articles::canonical_url))
        .load(connection)?;
    let rows = rows.into_iter();
    Ok(rows
        .filter_map(|(id, slug, canonical)| Some((id, canonical.or_else(|| sites.url_of(&slug))?)))
        .collect())
}

/// Takes the counts of URLs away from articles that they are not former addresses of any more. Returns all
/// articles that have or had one of them.
///
/// # Errors
/// When the database fails.
pub fn release(
    connection: &mut Connection,
    urls: &BTreeMap<&str, Option<Id>>,
) -> StoreResult<BTreeSet<Id>> {
    let at = |urls: Vec<&str>| {
        let urls: Vec<String> = urls.into_iter().map(str::to_owned).collect();
        url_share_counts::table
            .filter(url_share_counts::article_id.is_not_null())
            .filter(url_share_counts::url.eq_any(urls))
    };
    let rows: Vec<(String, Option<Id>)> = at(urls.keys().copied().collect())
        .select((url_share_counts::url, url_share_counts::article_id))
        .distinct()
        .load(connection)?;
    let is_gone = |(url, owner): &&(String, Option<Id>)| urls.get(url.as_str()) != Some(owner);
    let gone: Vec<&str> = rows
        .iter()
        .filter(is_gone)
        .map(|(url, _)| url.as_str())
        .collect();
    if !gone.is_empty() {
        diesel::update(at(gone))
            .set(url_share_counts::article_id.eq(None::<Id>))
            .execute(connection)?;
    }
    Ok(rows.iter().filter_map(|(_, owner)| *owner).collect())
}

/// Keeps what was observed of a URL, for the article that it is of if there is one. Returns whether it was
/// kept: nothing newer is.
///
/// # Errors
/// When the database fails.
pub fn keep(
    connection: &mut Connection,
    url: &str,
    article: Option<Id>,
    network: Network,
    external: Option<i64>,
    observed_at: Timestamp,
) -> StoreResult<bool> {
    let kept = diesel::sql_query(
        "INSERT INTO url_share_counts (url, network, external, observed_at, address, article_id) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (url, network) \
         DO UPDATE SET external = excluded.external, observed_at = excluded.observed_at, \
                       address = excluded.address, article_id = excluded.article_id \
         WHERE url_share_counts.observed_at <= excluded.observed_at",
    )
    .bind::<Text, _>(url)
    .bind::<Text, _>(network.as_str())
    .bind::<Nullable<BigInt>, _>(external)
    .bind::<TimestampSql, _>(observed_at)
    .bind::<Text, _>(PageAddress::of(url).as_str())
    .bind::<Nullable<IdSql>, _>(article)
    .execute(connection)?;
    Ok(kept > 0)
}

/// Adds up what was observed of an article's former addresses.
///
/// # Errors
/// When the database fails.
pub fn add_up(connection: &mut Connection, article: Id) -> StoreResult<()> {
    diesel::update(share_counts::table.filter(share_counts::article_id.eq(article)))
        .set((
            share_counts::former_external.eq(None::<i64>),
            share_counts::former_observed_at.eq(None::<Timestamp>),
        ))
        .execute(connection)?;
    diesel::sql_query(
        "INSERT INTO share_counts \
         (article_id, network, first_party, former_external, former_observed_at) \
         SELECT u.article_id, u.network, 0, CAST(sum(u.external) AS bigint), max(u.observed_at) \
         FROM url_share_counts u \
         WHERE u.article_id = $1 AND u.external IS NOT NULL GROUP BY u.article_id, u.network ORDER BY u.network \
         ON CONFLICT (article_id, network) \
         DO UPDATE SET former_external = excluded.former_external, \
                       former_observed_at = excluded.former_observed_at",
    )
    .bind::<IdSql, _>(article)
    .execute(connection)?;
    Ok(())
}

/// The addresses that an article had before, in the order their editors gave.
///
/// # Errors
/// When the database fails.
pub fn former_urls_of(connection: &mut Connection, article: Id) -> StoreResult<Vec<String>> {
    Ok(former_urls::table
        .filter(former_urls::article_id.eq(article))
        .order(former_urls::position)
        .select(former_urls::url)
        .load(connection)?)
}

/// Waits until nobody else says which addresses articles had before, or keeps counts of such. It is
/// taken before rows of articles are locked, as those who keep counts take it.
///
/// # Errors
/// When the database fails, or it is waited for too long.
pub fn claim(connection: &mut Connection) -> StoreResult<()> {
    lock::exclusive(connection, Lock::FormerUrls)
}

/// Says which addresses an article had before, in place of what was said: the counts that were
/// observed of them, however they were spelled, are added to its own. Returns the place of one that is
/// another article's, and whose.
///
/// # Errors
/// When the database fails.
pub fn recover(
    connection: &mut Connection,
    article: Id,
    urls: &[AbsoluteUrl],
) -> StoreResult<Option<(usize, Id)>> {
    let before = former_urls_of(connection, article)?;
    if before.iter().eq(urls.iter().map(AbsoluteUrl::as_str)) {
        return Ok(None);
    }
    diesel::delete(former_urls::table.filter(former_urls::article_id.eq(article)))
        .execute(connection)?;
    let wanted: Vec<PageAddress> = urls
        .iter()
        .map(|url| PageAddress::of(url.as_str()))
        .collect();
    if let Some(taken) = taken(connection, urls, &wanted)? {
        return Ok(Some(taken));
    }
    for ((position, url), page) in (0_i32..).zip(urls).zip(&wanted) {
        diesel::insert_into(former_urls::table)
            .values((
                former_urls::url.eq(url.as_str()),
                former_urls::article_id.eq(article),
                former_urls::position.eq(position),
                former_urls::address.eq(page.as_str()),
            ))
            .execute(connection)?;
    }
    let before: Vec<PageAddress> = before.iter().map(|url| PageAddress::of(url)).collect();
    let at = |pages: &[PageAddress]| {
        let pages: Vec<String> = pages.iter().map(|page| page.as_str().to_owned()).collect();
        url_share_counts::table.filter(url_share_counts::address.eq_any(pages))
    };
    diesel::update(at(&before).filter(url_share_counts::article_id.eq(article)))
        .set(url_share_counts::article_id.eq(None::<Id>))
        .execute(connection)?;
    // Some had the counts by the slug of the address on a former site: what an editor says goes before.
    let owners: Vec<Option<Id>> = at(&wanted)
        .select(url_share_counts::article_id)
        .distinct()
        .load(connection)?;
    diesel::update(at(&wanted))
        .set(url_share_counts::article_id.eq(Some(article)))
        .execute(connection)?;
    let touched: BTreeSet<Id> = owners.into_iter().flatten().chain([article]).collect();
    for touched in &touched {
        add_up(connection, *touched)?;
    }
    totals::place(connection, &touched.into_iter().collect::<Vec<Id>>())?;
    Ok(None)
}

/// The place of the first that is another article's, and whose.
fn taken(
    connection: &mut Connection,
    urls: &[AbsoluteUrl],
    pages: &[PageAddress],
) -> StoreResult<Option<(usize, Id)>> {
    let texts: Vec<&str> = pages.iter().map(PageAddress::as_str).collect();
    let same: Vec<&str> = urls.iter().map(AbsoluteUrl::as_str).collect();
    let taken: Vec<(String, Id)> = former_urls::table
        .filter(
            former_urls::address
                .eq_any(texts)
                .or(former_urls::url.eq_any(same)),
        )
        .select((former_urls::url, former_urls::article_id))
        .load(connection)?;
    let taken = taken.iter().map(|(url, id)| (PageAddress::of(url), *id));
    let taken: HashMap<PageAddress, Id> = taken.collect();
    let mut places = pages.iter().enumerate();
    Ok(places.find_map(|(place, page)| Some((place, *taken.get(page)?))))
}
