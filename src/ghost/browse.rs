//! Reading what is asked for.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::error::Failure;
use super::filter::{Names, Narrowed, is_by_count, of_names, of_posts, order_of_posts};
use super::params::GhostParams;
use super::resources::{self, Formats, Object, chosen};
use crate::articles::formats::published::Published;
use crate::articles::model::{ArticleFilter, ArticleSort, BodyFormat, Include};
use crate::articles::public::unwritable;
use crate::articles::store::public::{self, ListQuery};
use crate::authors::model::{Author, AuthorFilter, AuthorRef, AuthorSort};
use crate::cache::response::Payload;
use crate::db::changes::{CacheTag, CacheTagKey};
use crate::db::{Connection, Id, StoreError, StoreResult, Timestamp};
use crate::problem::Problem;
use crate::publication::Publication;
use crate::tags::model::{Standing, Tag, TagFilter, TagKind, TagSort};
use crate::text::Slug;
use crate::{authors, tags};

/// Sections that a navigation has at most.
const NAVIGATION: i64 = 50;
/// What a newsroom writes in when it has written nothing.
const USUAL_LANGUAGE: &str = "en";

/// What can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Articles.
    Posts,
    /// None.
    Pages,
    /// Tags and sections.
    Tags,
    /// Authors.
    Authors,
    /// The site.
    Settings,
    /// None.
    Tiers,
    /// None.
    Newsletters,
    /// None.
    Offers,
}

crate::closed_set!(Resource, Resource::ALL, "What is read.");

impl Resource {
    /// Every resource by name.
    pub const ALL: &[(&str, Self)] = &[
        ("posts", Self::Posts),
        ("pages", Self::Pages),
        ("tags", Self::Tags),
        ("authors", Self::Authors),
        ("settings", Self::Settings),
        ("tiers", Self::Tiers),
        ("newsletters", Self::Newsletters),
        ("offers", Self::Offers),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, resource)| *resource == self);
        found.map_or("", |(name, _)| *name)
    }

    /// What one of them is called.
    pub fn one(self) -> &'static str {
        self.name().trim_end_matches('s')
    }
}

impl std::str::FromStr for Resource {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, resource)| *resource).ok_or(())
    }
}

/// One of them.
#[derive(Debug, Clone)]
pub enum One {
    /// By its id.
    Id(Id),
    /// By its slug.
    Slug(Slug),
}

/// What is asked for, understood.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What.
    pub resource: Resource,
    /// One of them alone.
    pub one: Option<One>,
    /// How.
    pub params: GhostParams,
    /// How many items stand before the page.
    skipped: usize,
    posts: Narrowed,
    sort: ArticleSort,
    names: Names,
    /// Of tags and authors: by how many articles they have, and not by name.
    most_used_first: bool,
}

/// Items, and how many there are in all.
#[derive(Default)]
struct Items {
    items: Vec<Object>,
    total: usize,
    depends_on: Vec<CacheTagKey>,
}

impl Asked {
    /// Understands a request.
    ///
    /// # Errors
    /// What is not understood.
    pub fn read(
        resource: Resource,
        one: Option<One>,
        params: GhostParams,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let skipped = params.skipped()?;
        let (mut posts, mut sort, mut names) = (None, ArticleSort::default(), Names::All);
        let order = params.order.as_deref().filter(|_| one.is_none());
        let mut most_used_first = false;
        match resource {
            Resource::Posts => {
                posts = of_posts(params.filter.as_deref(), now).map_err(Failure::Request)?;
                match &one {
                    Some(One::Id(id)) => posts.get_or_insert_default().ids = vec![*id],
                    Some(One::Slug(slug)) => {
                        posts.get_or_insert_default().slugs = vec![slug.clone()];
                    }
                    None => {}
                }
                let filter = posts.clone().unwrap_or_default();
                sort = order_of_posts(order, &filter).map_err(Failure::Request)?;
            }
            Resource::Tags | Resource::Authors => {
                names = match &one {
                    Some(One::Id(id)) => Names::Ids(vec![*id]),
                    Some(One::Slug(slug)) => Names::Slugs(vec![slug.clone()]),
                    None => of_names(params.filter.as_deref()).map_err(Failure::Request)?,
                };
                most_used_first = is_by_count(order).map_err(Failure::Request)?;
            }
            _ => {}
        }
        Ok(Self {
            resource,
            one,
            params,
            skipped,
            posts,
            sort,
            names,
            most_used_first,
        })
    }

    /// Whether a page costs more than reading from an index.
    pub fn is_costly(&self) -> bool {
        let skips = self.params.page > 10;
        skips
            || self
                .posts
                .as_ref()
                .is_some_and(|filter| !filter.is_by_index(self.sort))
    }

    /// The response.
    ///
    /// # Errors
    /// When the database fails.
    pub fn answer(
        &self,
        connection: &mut Connection,
        publication: &Publication,
    ) -> Result<Option<Payload>, Problem> {
        let found = match self.resource {
            Resource::Posts => self.posts(connection, publication)?,
            Resource::Tags => self.tags(connection, publication)?,
            Resource::Authors => self.authors(connection, publication)?,
            Resource::Settings if self.one.is_none() => {
                return settings(connection, publication).map(Some);
            }
            // There is one site, which has no id, and none of the others.
            Resource::Settings
            | Resource::Pages
            | Resource::Tiers
            | Resource::Newsletters
            | Resource::Offers => Items::default(),
        };
        let Items {
            items,
            total,
            depends_on,
        } = found;
        if self.one.is_some() && items.is_empty() {
            return Ok(None);
        }
        let fields = &self.params.fields;
        let items: Vec<Object> = items.into_iter().map(|item| chosen(item, fields)).collect();
        let mut answer = json!({self.resource.name(): items});
        if self.one.is_none() {
            answer["meta"] = json!({"pagination": self.pagination(total)});
        }
        let payload = Payload::json(&answer)?
            .depends_on([CacheTag::Articles, CacheTag::Tags, CacheTag::Authors])
            .depends_on(depends_on);
        let keys = ["articles", "tags", "authors"];
        Ok(Some(keys.into_iter().fold(payload, |payload, key| {
            payload.purge_key(key.into())
        })))
    }

    fn pagination(&self, total: usize) -> Value {
        let GhostParams { page, limit, .. } = self.params;
        let pages = total.div_ceil(limit).max(1);
        json!({
            "page": page, "limit": limit, "pages": pages, "total": total,
            "next": (page < pages).then_some(page + 1), "prev": (page > 1).then(|| page - 1),
        })
    }

    fn posts(
        &self,
        connection: &mut Connection,
        publication: &Publication,
    ) -> Result<Items, Problem> {
        let Some(filter) = &self.posts else {
            return Ok(Items::default());
        };
        let params = &self.params;
        let wants = |format: &str| params.formats.iter().any(|wanted| wanted == format);
        let names = |field: &str| params.fields.iter().any(|wanted| wanted == field);
        let formats = Formats {
            html: params.formats.is_empty() && params.fields.is_empty()
                || wants("html")
                || names("html"),
            plaintext: wants("plaintext") || names("plaintext"),
        };
        let needs_body =
            formats.html || formats.plaintext || params.fields.is_empty() || names("excerpt");
        let query = ListQuery {
            filter: filter.clone(),
            sort: self.sort,
            include: needs_body.then_some(Include::Body).into_iter().collect(),
            body_format: BodyFormat::Html,
            count: self.one.is_none(),
            start: None,
            limit: i64::try_from(params.limit).unwrap_or(1),
        };
        let found = public::list_after(connection, &query, self.skipped, Some(publication))?;
        let mut depends_on: Vec<CacheTagKey> = Vec::new();
        let mut read = Vec::new();
        for ((article, included), _) in &found.articles {
            depends_on.extend(article.depends_on());
            let published = Published::read(article, publication).map_err(unwritable)?;
            let body = included.body.as_ref().map(|(body, _)| body);
            let post =
                resources::post(&published, body, formats, publication).map_err(unwritable)?;
            read.push((published, post));
        }
        if params.includes("tags") {
            add_tags(connection, &mut read, publication)?;
        }
        if params.includes("authors") {
            for (article, post) in &mut read {
                let authors = article.summary.authors.iter();
                let authors: Vec<Object> = authors
                    .map(|author| resources::author(author, None, publication))
                    .collect();
                post.insert("primary_author".into(), json!(authors.first()));
                post.insert("authors".into(), json!(authors));
            }
        }
        let total = found.total.map_or(0, |total| total.items);
        Ok(Items {
            items: read.into_iter().map(|(_, post)| post).collect(),
            total: usize::try_from(total).unwrap_or_default(),
            depends_on,
        })
    }

    fn tags(&self, connection: &mut Connection, publication: &Publication) -> StoreResult<Items> {
        let sort = match self.most_used_first {
            true => TagSort::ArticleCount,
            false => TagSort::Name,
        };
        let filter = TagFilter {
            sort,
            ..TagFilter::default()
        };
        let all = |connection: &mut Connection, limit| {
            let found = tags::store::list(connection, &filter, None, limit)?;
            let total = tags::store::count(connection, &filter)?;
            Ok((found.into_iter().map(|(tag, _)| tag).collect(), total.items))
        };
        let by_slug =
            |connection: &mut Connection, slug: &Slug| tags::store::find_by_slug(connection, slug);
        let by_id =
            |connection: &mut Connection, id| tags::store::find(connection, id).map(|(tag, _)| tag);
        let (found, total) = self.named(connection, all, by_slug, by_id)?;
        let counts = self.params.includes("count.posts");
        Ok(items(found, total, |one| {
            resources::tag(one, counts, publication)
        }))
    }

    fn authors(
        &self,
        connection: &mut Connection,
        publication: &Publication,
    ) -> StoreResult<Items> {
        let sort = match self.most_used_first {
            true => AuthorSort::ArticleCount,
            false => AuthorSort::Name,
        };
        let filter = AuthorFilter {
            sort,
            ..AuthorFilter::default()
        };
        let all = |connection: &mut Connection, limit| {
            let found = authors::store::list(connection, &filter, None, limit)?;
            let total = authors::store::count(connection, &filter)?;
            Ok((
                found.into_iter().map(|(author, _)| author).collect(),
                total.items,
            ))
        };
        let by_slug = |connection: &mut Connection, slug: &Slug| {
            authors::store::find_by_slug(connection, slug)
        };
        let by_id = |connection: &mut Connection, id| {
            authors::store::find(connection, id).map(|(author, _)| author)
        };
        let (found, total) = self.named(connection, all, by_slug, by_id)?;
        let counts = self.params.includes("count.posts");
        Ok(items(found, total, |one: &Author| {
            let count = counts.then_some(one.article_count);
            resources::author(&AuthorRef::from(one), count, publication)
        }))
    }

    /// The page of all of them, or of those that are named.
    fn named<T>(
        &self,
        connection: &mut Connection,
        all: impl FnOnce(&mut Connection, i64) -> StoreResult<(Vec<T>, i64)>,
        by_slug: impl Fn(&mut Connection, &Slug) -> StoreResult<T>,
        by_id: impl Fn(&mut Connection, Id) -> StoreResult<T>,
    ) -> StoreResult<(Vec<T>, usize)> {
        let (skipped, limit) = (self.skipped, self.params.limit);
        let mut found = Vec::new();
        let mut add = |one: StoreResult<T>| match one {
            Ok(one) => {
                found.push(one);
                Ok(())
            }
            Err(StoreError::NotFound) => Ok(()),
            Err(error) => Err(error),
        };
        let total = match &self.names {
            Names::All => {
                let most = i64::try_from(skipped + limit).unwrap_or(i64::MAX);
                let (some, total) = all(connection, most)?;
                found = some;
                usize::try_from(total).unwrap_or_default()
            }
            Names::Slugs(slugs) => {
                for slug in slugs.iter().take(limit) {
                    add(by_slug(connection, slug))?;
                }
                found.len()
            }
            Names::Ids(ids) => {
                for id in ids.iter().take(limit) {
                    add(by_id(connection, *id))?;
                }
                found.len()
            }
        };
        Ok((found.into_iter().skip(skipped).take(limit).collect(), total))
    }
}

fn items<T>(found: Vec<T>, total: usize, write: impl Fn(&T) -> Object) -> Items {
    Items {
        items: found.iter().map(write).collect(),
        total,
        depends_on: Vec::new(),
    }
}

/// Adds the tags of posts: the section first, which is what Ghost calls the primary tag.
fn add_tags(
    connection: &mut Connection,
    posts: &mut [(Published, Object)],
    publication: &Publication,
) -> StoreResult<()> {
    let slugs_of = |article: &Published| -> Vec<String> {
        let section = article.summary.section.iter();
        let section = section.map(|section| section.slug.clone());
        let tags = article.summary.tags.iter().map(|tag| tag.slug.clone());
        section.chain(tags).collect()
    };
    let mut slugs: Vec<Slug> = Vec::new();
    for (article, _) in posts.iter() {
        slugs.extend(
            slugs_of(article)
                .iter()
                .filter_map(|slug| slug.parse().ok()),
        );
    }
    slugs.sort_unstable();
    slugs.dedup();
    let known = tags::store::by_slugs(connection, &slugs)?;
    let ids: Vec<Id> = known.values().map(|(id, _)| *id).collect();
    let tags: HashMap<String, Tag> = tags::store::several(connection, &ids)?
        .into_iter()
        .map(|tag| (tag.slug.clone(), tag))
        .collect();
    for (article, post) in posts {
        let slugs = slugs_of(article);
        let tags = slugs.iter().filter_map(|slug| tags.get(slug));
        let tags: Vec<Object> = tags
            .map(|tag| resources::tag(tag, false, publication))
            .collect();
        post.insert("primary_tag".into(), json!(tags.first()));
        post.insert("tags".into(), json!(tags));
    }
    Ok(())
}

fn settings(connection: &mut Connection, publication: &Publication) -> Result<Payload, Problem> {
    let filter = TagFilter {
        kind: Some(TagKind::Section),
        standing: Some(Standing::Top),
        sort: TagSort::Position,
        ..TagFilter::default()
    };
    let found = tags::store::list(connection, &filter, None, NAVIGATION)?;
    let sections: Vec<Tag> = found.into_iter().map(|(tag, _)| tag).collect();
    // What was published last says in which language.
    let newest = ListQuery {
        filter: ArticleFilter::default(),
        sort: ArticleSort::NewestFirst,
        include: Vec::new(),
        body_format: BodyFormat::default(),
        count: false,
        start: None,
        limit: 1,
    };
    let newest = public::list(connection, &newest, Some(publication))?;
    let language = newest.articles.first().map(|((article, _), _)| {
        Published::read(article, publication).map(|article| article.summary.language)
    });
    let language = language.transpose().map_err(unwritable)?;
    let language = language.as_deref().unwrap_or(USUAL_LANGUAGE);
    let settings = resources::settings(publication, &sections, language);
    Ok(Payload::json(&json!({"settings": settings, "meta": {}}))?
        .depends_on([CacheTag::Articles, CacheTag::Tags])
        .purge_key("articles".into())
        .purge_key("tags".into()))
}
